//! [`UnfinishedContainers`]: which containers are not read to the end of what there is.

use std::collections::{HashMap, HashSet};

use crate::follow::drive::DriverProgress;

/// Containers that are not read to the end of what there is, as far as they are known to have heard of it.
///
/// A driver's report counts only when it has taken the latest it was told: one that has settled an instance says nothing
/// about the next, of which news may be on their way to it.
#[derive(Debug, Default)]
pub struct UnfinishedContainers {
    /// The number of the latest news, by container; 0 for what a driver starts with.
    latest: HashMap<usize, u64>,
    open: HashSet<usize>,
}

impl UnfinishedContainers {
    /// Takes note of a driver that has just started.
    pub fn add(&mut self, driver: usize) {
        self.open.insert(driver);
    }

    /// Takes note that a driver is told something, and returns the number of the news.
    pub fn tell(&mut self, driver: usize) -> u64 {
        self.open.insert(driver);
        let latest = self.latest.entry(driver).or_default();
        *latest += 1;
        *latest
    }

    /// Takes what a driver says of itself.
    pub fn take(&mut self, DriverProgress { driver, settled, news }: DriverProgress) {
        if news < self.latest.get(&driver).copied().unwrap_or_default() {
            return;
        }
        if settled {
            self.open.remove(&driver);
        } else {
            self.open.insert(driver);
        }
    }

    /// Whether `driver` is one of them.
    pub fn contains(&self, driver: usize) -> bool {
        self.open.contains(&driver)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_earlier_news_settles_nothing() {
        let mut unfinished = UnfinishedContainers::default();
        unfinished.add(3);
        unfinished.take(DriverProgress { driver: 3, settled: true, news: 0 });
        assert!(unfinished.is_empty());
        let first = unfinished.tell(3);
        let second = unfinished.tell(3);
        unfinished.take(DriverProgress { driver: 3, settled: true, news: first });
        assert!(unfinished.contains(3));
        unfinished.take(DriverProgress { driver: 3, settled: true, news: second });
        assert!(unfinished.is_empty());
        unfinished.take(DriverProgress { driver: 3, settled: false, news: second });
        assert!(unfinished.contains(3), "it found something by itself");
    }

    #[test]
    fn a_driver_that_has_ended_needs_no_news() {
        let mut unfinished = UnfinishedContainers::default();
        unfinished.tell(0);
        unfinished.tell(0);
        unfinished.take(DriverProgress::ended(0));
        assert!(unfinished.is_empty());
    }

    #[test]
    fn each_container_is_unfinished_by_itself() {
        let mut unfinished = UnfinishedContainers::default();
        assert!(unfinished.is_empty() && !unfinished.contains(1));
        unfinished.add(1);
        assert!(!unfinished.is_empty() && unfinished.contains(1) && !unfinished.contains(2));
        unfinished.take(DriverProgress { driver: 2, settled: true, news: 0 });
        assert!(unfinished.contains(1));
    }
}
