//! Watches.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::body;
use crate::call::Call;
use crate::counts::Inside;
use crate::handle::{Answer, Outcome};
use crate::list::{Selection, scope, typed};
use crate::resource::Resource;
use crate::status::Failure;
use crate::store::Change;
use crate::world::World;

pub(crate) fn watch(world: &Arc<World>, call: &Call, resource: &'static Resource) -> Outcome {
    let selection = Selection::of(call, resource)?;
    let version = call.parameter("resourceVersion").unwrap_or_default();
    let version: u64 = if version.is_empty() {
        0
    } else {
        let problem = || Failure::bad_request(&format!("strconv.ParseUint: parsing \"{version}\": invalid syntax"));
        version.parse().map_err(|_| problem())?
    };
    let bookmarks = call.flag("allowWatchBookmarks");
    let asked = call.parameter("sendInitialEvents");
    let initial = match asked {
        Some(_) => call.flag("sendInitialEvents"),
        None => version == 0,
    };
    let now = Instant::now();
    let mut watching = Watching {
        changed: world.changed.subscribe(),
        world: Arc::clone(world),
        resource,
        selection,
        scope: scope(call).map(str::to_owned),
        version,
        bookmarks,
        next_bookmark: now + world.options.bookmark_interval,
        deadline: call
            .parameter("timeoutSeconds")
            .and_then(|seconds| seconds.parse().ok())
            .filter(|seconds| *seconds > 0)
            .map(|seconds| now + Duration::from_secs(seconds)),
        queue: VecDeque::new(),
        done: false,
        _inside: world.counters.watches.enter(),
    };
    if initial {
        // A watch that allows bookmarks and names no version gets the closing bookmark unasked.
        let unasked = bookmarks && call.parameter("resourceVersion").is_none();
        watching.initial(call.flag("sendInitialEvents") || unasked);
    } else {
        watching.check_age();
    }
    Ok(Answer::Events(body::stream(futures::stream::unfold(watching, |mut watching| async move {
        let bytes = watching.next().await?;
        Some((bytes, watching))
    }))))
}

struct Watching {
    world: Arc<World>,
    changed: tokio::sync::watch::Receiver<u64>,
    resource: &'static Resource,
    selection: Selection,
    scope: Option<String>,
    version: u64,
    bookmarks: bool,
    next_bookmark: Instant,
    deadline: Option<Instant>,
    queue: VecDeque<Bytes>,
    done: bool,
    _inside: Inside,
}

impl Watching {
    fn initial(&mut self, bookmark: bool) {
        let world = Arc::clone(&self.world);
        let state = world.lock();
        for (_, kept) in state.store.list(self.resource, self.scope.as_deref()) {
            if self.selection.matches_kept(kept) {
                self.queue.push_back(event("ADDED", &kept.object, self.resource));
            }
        }
        self.version = self.version.max(state.store.version());
        if bookmark {
            self.bookmark(true);
        }
    }

    fn check_age(&mut self) {
        let (floor, current) = {
            let state = self.world.lock();
            (state.store.floor(), state.store.version())
        };
        if self.version < floor.min(current) {
            self.expire(floor);
        }
    }

    fn expire(&mut self, floor: u64) {
        let failure = Failure::expired(&format!("too old resource version: {} ({floor})", self.version));
        self.queue.push_back(Bytes::from(format!("{}\n", failure.to_event())));
        self.done = true;
    }

    fn bookmark(&mut self, initial: bool) {
        let mut metadata = json!({"resourceVersion": self.version.to_string()});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let mut object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(), "metadata": metadata,
        });
        match self.resource.kind {
            "Pod" => {
                object["spec"] = json!({"containers": null});
                object["status"] = json!({});
            }
            "Job" => {
                object["spec"] = json!({"template": {"metadata": {}, "spec": {"containers": null}}});
                object["status"] = json!({});
            }
            _ => {}
        }
        self.queue.push_back(Bytes::from(format!("{}\n", json!({"type": "BOOKMARK", "object": object}))));
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(first) = self.queue.pop_front() {
                return Some(first);
            }
            if self.done {
                return None;
            }
            self.changed.mark_unchanged();
            self.collect();
            if !self.queue.is_empty() {
                continue;
            }
            let deadline = self.deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400));
            tokio::select! {
                _ = self.changed.changed() => {}
                () = tokio::time::sleep_until(self.next_bookmark), if self.bookmarks => {
                    self.bookmark(false);
                    self.next_bookmark = Instant::now() + self.world.options.bookmark_interval;
                }
                () = tokio::time::sleep_until(deadline) => {
                    // The server says where the client can go on, then ends.
                    if self.bookmarks {
                        self.bookmark(false);
                    }
                    self.done = true;
                }
            }
        }
    }

    fn collect(&mut self) {
        let world = Arc::clone(&self.world);
        let state = world.lock();
        let Some(changes) = state.store.since(self.version) else {
            self.expire(state.store.floor());
            return;
        };
        let mut events = Vec::new();
        for change in changes {
            if change.resource == self.resource {
                events.extend(self.event(change));
            }
        }
        self.queue.extend(events);
        self.version = self.version.max(state.store.version());
    }

    fn event(&self, change: &Change) -> Option<Bytes> {
        let namespace = &change.after["metadata"]["namespace"];
        if self.scope.as_deref().is_some_and(|scope| namespace != scope) {
            return None;
        }
        let before = change.before.as_ref().filter(|object| self.selection.matches(object));
        let after = !change.deleted && self.selection.matches(&change.after);
        match (before, after) {
            (None, false) => None,
            (None, true) => Some(event("ADDED", &change.after, self.resource)),
            (Some(_), true) => Some(event("MODIFIED", &change.after, self.resource)),
            (Some(_), false) if change.deleted => Some(event("DELETED", &change.after, self.resource)),
            (Some(before), false) => {
                // It left the selection: the client sees its last matching state go.
                let mut last = (**before).clone();
                last["metadata"]["resourceVersion"] = change.version.to_string().into();
                Some(event("DELETED", &last, self.resource))
            }
        }
    }
}

fn event(kind: &str, object: &Value, resource: &Resource) -> Bytes {
    Bytes::from(format!("{}\n", json!({"type": kind, "object": typed(object, resource)})))
}
