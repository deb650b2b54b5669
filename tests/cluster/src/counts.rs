//! What the server has seen, for tests to assert on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::call::{Call, Kind};

/// The newest requests are remembered up to this many.
const SEEN: usize = 200_000;

/// A snapshot of the server's counters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted so far.
    pub connections: usize,
    /// Connections open now.
    pub connections_open: usize,
    /// The most connections that were ever open at once.
    pub connections_most: usize,
    /// Log answers being sent now.
    pub logs_open: usize,
    /// The most log answers that were ever being sent at once.
    pub logs_most: usize,
    /// Watches open now.
    pub watches_open: usize,
    /// Requests so far, by kind.
    pub requests: BTreeMap<Kind, usize>,
}

impl Counts {
    /// Requests of one kind so far.
    pub fn requests(&self, kind: Kind) -> usize {
        self.requests.get(&kind).copied().unwrap_or(0)
    }
}

/// A number that goes up and down and remembers its peak.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    total: AtomicUsize,
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    pub(crate) fn enter(self: &Arc<Self>) -> Inside {
        self.total.fetch_add(1, Ordering::Relaxed);
        let open = self.open.fetch_add(1, Ordering::AcqRel) + 1;
        self.most.fetch_max(open, Ordering::AcqRel);
        Inside(Arc::clone(self))
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }
}

/// Counts as open until dropped.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Gauge>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// All counters of a server.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: Arc<Gauge>,
    pub(crate) logs: Arc<Gauge>,
    pub(crate) watches: Arc<Gauge>,
    requests: Mutex<(BTreeMap<Kind, usize>, Vec<String>)>,
    asked: Mutex<BTreeSet<(String, [String; 3])>>,
}

impl Counters {
    /// Counts a request and says the how-manieth of its kind it is, from 1.
    pub(crate) fn request(&self, call: &Call) -> usize {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.1.len() < SEEN {
            requests.1.push(format!("{} {}", call.method, call.target()));
        }
        let count = requests.0.entry(call.kind).or_default();
        *count += 1;
        *count
    }

    /// Remembers what a user has asked for, as RBAC knows it: verb, API group and resource.
    pub(crate) fn ask(&self, user: &str, what: [&str; 3]) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert((user.to_owned(), what.map(str::to_owned)));
    }

    pub(crate) fn asked(&self, user: &str) -> BTreeSet<[String; 3]> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|(who, _)| who == user).map(|(_, what)| what.clone()).collect()
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    pub(crate) fn snapshot(&self) -> Counts {
        Counts {
            connections: self.connections.total.load(Ordering::Relaxed),
            connections_open: self.connections.open(),
            connections_most: self.connections.most.load(Ordering::Relaxed),
            logs_open: self.logs.open(),
            logs_most: self.logs.most.load(Ordering::Relaxed),
            watches_open: self.watches.open(),
            requests: self.requests.lock().unwrap_or_else(PoisonError::into_inner).0.clone(),
        }
    }
}
