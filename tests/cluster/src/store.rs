//! The objects, their common resourceVersion, and the recent history that watches read.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::resource::Resource;

/// Namespace and name; the namespace of cluster-wide objects is empty.
pub(crate) type Key = (String, String);

/// The objects of one kind.
pub(crate) type Objects = BTreeMap<Key, Kept>;

/// An object and, as in the watch cache, its labels beside it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) object: Arc<Value>,
    labels: Vec<(String, String)>,
}

impl Kept {
    fn new(object: &Arc<Value>) -> Self {
        let labels = object["metadata"]["labels"].as_object().into_iter().flatten();
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        Self { object: Arc::clone(object), labels: labels.filter_map(text).collect() }
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|label| label.0 == key).map(|label| label.1.as_str())
    }
}

/// The objects in key order, optionally of one namespace.
pub(crate) fn of_namespace<'a>(
    objects: &'a Objects,
    namespace: Option<&'a str>,
) -> impl Iterator<Item = (&'a Key, &'a Kept)> {
    let start = (namespace.unwrap_or_default().to_owned(), String::new());
    objects.range(start..).take_while(move |(key, _)| namespace.is_none_or(|namespace| key.0 == namespace))
}

/// What happened to an object.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) resource: &'static Resource,
    pub(crate) before: Option<Arc<Value>>,
    /// For a deletion this is the last state, stamped with the deletion's version.
    pub(crate) after: Arc<Value>,
    pub(crate) deleted: bool,
}

/// Everything the API server would keep in etcd and its watch cache.
#[derive(Debug)]
pub(crate) struct Store {
    version: u64,
    objects: HashMap<&'static str, Arc<Objects>>,
    history: VecDeque<Change>,
    window: usize,
    floor: u64,
}

impl Store {
    pub(crate) fn new(window: usize) -> Self {
        Self { version: 500, objects: HashMap::new(), history: VecDeque::new(), window, floor: 500 }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The oldest version a watch can start from.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Forgets the history: a watch from any earlier version is answered with 410.
    pub(crate) fn compact(&mut self, floor: Option<u64>) {
        self.version = self.version.max(floor.unwrap_or(0));
        self.floor = floor.unwrap_or(self.version);
    }

    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        Some(&self.objects.get(resource.plural)?.get(&(namespace.to_owned(), name.to_owned()))?.object)
    }

    /// All objects of a kind in key order, optionally of one namespace.
    pub(crate) fn list<'a>(
        &'a self,
        resource: &Resource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Kept)> + use<'a> {
        self.objects.get(resource.plural).into_iter().flat_map(move |objects| of_namespace(objects, namespace))
    }

    /// All objects of a kind as they are now; what changes later does not show.
    pub(crate) fn snapshot(&self, resource: &Resource) -> Arc<Objects> {
        self.objects.get(resource.plural).cloned().unwrap_or_default()
    }

    /// Adds or replaces an object.
    pub(crate) fn put(&mut self, resource: &'static Resource, mut object: Value) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = Value::String(self.version.to_string());
        let object = Arc::new(object);
        let objects = Arc::make_mut(self.objects.entry(resource.plural).or_default());
        let before = objects.insert(key(resource, &object), Kept::new(&object)).map(|kept| kept.object);
        self.remember(Change { version: self.version, resource, before, after: Arc::clone(&object), deleted: false });
        object
    }

    pub(crate) fn remove(&mut self, resource: &'static Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let objects = Arc::make_mut(self.objects.get_mut(resource.plural)?);
        let before = objects.remove(&(namespace.to_owned(), name.to_owned()))?.object;
        self.version += 1;
        let mut last = (*before).clone();
        last["metadata"]["resourceVersion"] = Value::String(self.version.to_string());
        let last = Arc::new(last);
        self.remember(Change {
            version: self.version,
            resource,
            before: Some(before),
            after: Arc::clone(&last),
            deleted: true,
        });
        Some(last)
    }

    /// The changes after a version, oldest first; `None` when they are forgotten.
    pub(crate) fn since(&self, version: u64) -> Option<impl Iterator<Item = &Change>> {
        let oldest = self.history.front().map_or(self.version, |change| change.version - 1);
        if version < oldest.min(self.version) {
            return None;
        }
        let from = self.history.partition_point(|change| change.version <= version);
        Some(self.history.range(from..))
    }

    fn remember(&mut self, change: Change) {
        self.history.push_back(change);
        // Watches that already run may lag behind the window that new ones are held to.
        while self.history.len() > self.window * 2 + 64 {
            self.history.pop_front();
        }
        if let Some(index) = self.history.len().checked_sub(self.window + 1) {
            self.floor = self.floor.max(self.history[index].version);
        }
    }
}

fn key(resource: &Resource, object: &Value) -> Key {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    let namespace = if resource.namespaced { text(&metadata["namespace"]) } else { String::new() };
    (namespace, text(&metadata["name"]))
}
