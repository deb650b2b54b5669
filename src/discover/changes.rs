//! [`Changes`]: which entries are news.

use std::collections::BTreeMap;

use super::{Match, TargetEntry, TargetsFormat, entry::sort};

/// Remembers the entries of each pod and tells which of them a format would show differently: `targets -w`.
#[derive(Debug)]
pub struct Changes {
    format: TargetsFormat,
    /// By the pod's uid: a pod of the same name is another pod.
    seen: BTreeMap<String, Vec<TargetEntry>>,
}

impl Changes {
    /// Nothing is known yet, so everything is news.
    pub fn new(format: TargetsFormat) -> Changes {
        Changes { format, seen: BTreeMap::new() }
    }

    /// A pod appeared or changed: its entries that are news.
    pub fn apply(&mut self, matched: &Match) -> Vec<TargetEntry> {
        let entries = TargetEntry::of(matched);
        let before = self.seen.remove(matched.pod.uid()).unwrap_or_default();
        let is_news = |entry: &&TargetEntry| {
            let old = before.iter().find(|old| old.target.container == entry.target.container);
            old.is_none_or(|old| self.format.shows(old, entry))
        };
        let news = entries.iter().filter(is_news).cloned().collect();
        self.seen.insert(matched.pod.uid().to_owned(), entries);
        news
    }

    /// Whether a pod of this uid has appeared.
    pub fn knows(&self, uid: &str) -> bool {
        self.seen.contains_key(uid)
    }

    /// A pod is gone: its entries for the last time, as `Deleted`.
    pub fn remove(&mut self, uid: &str) -> Vec<TargetEntry> {
        self.seen.remove(uid).into_iter().flatten().map(TargetEntry::deleted).collect()
    }

    /// All pods there are, after a list or a new start of the watch: what is gone, then what is news.
    pub fn replace<'a>(&mut self, matches: impl IntoIterator<Item = &'a Match>) -> Vec<TargetEntry> {
        let matches: BTreeMap<&str, &Match> = matches.into_iter().map(|matched| (matched.pod.uid(), matched)).collect();
        let gone: Vec<String> = self.seen.keys().filter(|uid| !matches.contains_key(uid.as_str())).cloned().collect();
        let mut deleted: Vec<TargetEntry> = gone.iter().flat_map(|uid| self.remove(uid)).collect();
        let mut news: Vec<TargetEntry> = matches.values().flat_map(|matched| self.apply(matched)).collect();
        sort(&mut deleted);
        sort(&mut news);
        deleted.append(&mut news);
        deleted
    }
}
