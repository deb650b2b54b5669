//! [`FollowedPods`]: the pods of a run, and how far their containers were read.

use std::collections::{BTreeMap, HashMap};

use tokio::{sync::watch, time::Instant};

use crate::{
    follow::drive::{ContainerNews, DriverProgress},
    k8s::status::{LogPlace, PodLife},
    session::{ending::PodFacts, unfinished::UnfinishedContainers},
};

/// A container's driver: its number, and whom its news is told.
type Driver = (usize, watch::Sender<ContainerNews>);

#[derive(Default)]
pub(super) struct FollowedPods {
    /// By uid.
    pods: BTreeMap<String, FollowedPod>,
    /// Containers not read to the end of what there is.
    unfinished: UnfinishedContainers,
}

struct FollowedPod {
    facts: PodFacts,
    /// When it was first seen to have ended.
    ended: Option<Instant>,
    containers: HashMap<String, Driver>,
}

/// What a look at a pod has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PodUpdate {
    /// It is new, or its facts have changed.
    pub(super) is_news: bool,
    /// It has ended since the last look.
    pub(super) has_ended: bool,
}

impl FollowedPods {
    pub(super) fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pods.len()
    }

    /// What is known of each.
    pub(super) fn facts(&self) -> Vec<PodFacts> {
        self.pods.values().map(|pod| pod.facts).collect()
    }

    /// Whether everything there is was read.
    pub(super) fn are_read(&self) -> bool {
        self.unfinished.is_empty()
    }

    /// Takes how far a driver is.
    pub(super) fn take(&mut self, report: DriverProgress) {
        self.unfinished.take(report);
    }

    /// Takes what a pod is now.
    pub(super) fn update(&mut self, uid: &str, facts: PodFacts) -> PodUpdate {
        let is_news = self.pods.get(uid).is_none_or(|known| known.facts != facts);
        let new = || FollowedPod { facts, ended: None, containers: HashMap::new() };
        let pod = self.pods.entry(uid.to_owned()).or_insert_with(new);
        pod.facts = facts;
        let has_ended = pod.ended.is_none() && facts.life == PodLife::Finished;
        if has_ended {
            pod.ended = Some(Instant::now());
        }
        PodUpdate { is_news, has_ended }
    }

    /// The pod is gone.
    pub(super) fn gone(&mut self, uid: &str) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        pod.facts.life = PodLife::Gone;
        for driver in pod.containers.values() {
            tell(&mut self.unfinished, driver, |news| news.status.pod = PodLife::Gone);
        }
    }

    /// Tells a container's driver its news; `false` when it has none yet.
    pub(super) fn tell(&mut self, uid: &str, container: &str, news: &ContainerNews) -> bool {
        let Some(driver) = self.pods.get(uid).and_then(|pod| pod.containers.get(container)) else { return false };
        tell(&mut self.unfinished, driver, |known| known.clone_from(news));
        true
    }

    /// A container has a driver now.
    pub(super) fn add(&mut self, uid: &str, container: String, driver: Driver) {
        self.unfinished.add(driver.0);
        if let Some(pod) = self.pods.get_mut(uid) {
            pod.containers.insert(container, driver);
        }
    }

    /// When each pod has ended that is still there and has unread containers, and how many of them.
    pub(super) fn lagging(&self) -> impl Iterator<Item = (Instant, usize)> {
        self.pods.values().filter(|pod| pod.facts.life != PodLife::Gone).filter_map(|pod| {
            let unread = pod.containers.values().filter(|(driver, _)| self.unfinished.contains(*driver)).count();
            Some((pod.ended?, unread)).filter(|(_, unread)| *unread > 0)
        })
    }

    /// How many containers have started and were not read to their end, and how many have not started.
    pub(super) fn unread_and_waiting(&self) -> (usize, usize) {
        let (mut unread, mut waiting) = (0, 0);
        for (driver, news) in self.pods.values().flat_map(|pod| pod.containers.values()) {
            if news.borrow().status.place(0) == LogPlace::Future {
                waiting += 1;
            } else {
                unread += usize::from(self.unfinished.contains(*driver));
            }
        }
        (unread, waiting)
    }
}

/// Tells a driver something. One that has ended needs no news; one that ends just now says so by its last report.
fn tell(unfinished: &mut UnfinishedContainers, (driver, sender): &Driver, change: impl FnOnce(&mut ContainerNews)) {
    if sender.is_closed() {
        return;
    }
    let number = unfinished.tell(*driver);
    sender.send_modify(|news| {
        change(news);
        news.number = number;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::{
        Role,
        status::{InstanceState, Status},
    };

    fn facts(life: PodLife) -> PodFacts {
        PodFacts { role: Role::Batch, life, failed: false }
    }

    fn news(state: InstanceState, number: u64) -> ContainerNews {
        ContainerNews { status: Status { state, ..Status::default() }, node: None, number }
    }

    fn running() -> ContainerNews {
        news(InstanceState::Running { started: None }, 0)
    }

    fn waiting() -> ContainerNews {
        news(InstanceState::Waiting { reason: String::new() }, 0)
    }

    /// A pod of this uid with a container for each of `drivers`, whose driver is told `news` at its start. Returns what drivers hear.
    fn pod(
        pods: &mut FollowedPods,
        uid: &str,
        drivers: &[usize],
        news: &ContainerNews,
    ) -> Vec<watch::Receiver<ContainerNews>> {
        pods.update(uid, facts(PodLife::Active));
        let add = |driver: &usize| {
            let (sender, heard) = watch::channel(news.clone());
            pods.add(uid, format!("c{driver}"), (*driver, sender));
            heard
        };
        drivers.iter().map(add).collect()
    }

    fn settled(driver: usize, news: u64) -> DriverProgress {
        DriverProgress { driver, settled: true, news }
    }

    #[test]
    fn a_pod_is_news_when_its_facts_change_and_ends_once() {
        let mut pods = FollowedPods::default();
        assert!(pods.is_empty() && pods.facts().is_empty());
        let failed = PodFacts { failed: true, ..facts(PodLife::Finished) };
        for (uid, facts, is_news, has_ended) in [
            ("1", facts(PodLife::Active), true, false),
            ("1", facts(PodLife::Active), false, false),
            ("2", facts(PodLife::Finished), true, true),
            ("1", facts(PodLife::Terminating), true, false),
            ("1", facts(PodLife::Finished), true, true),
            ("1", facts(PodLife::Finished), false, false),
            ("1", failed, true, false),
        ] {
            assert_eq!(pods.update(uid, facts), PodUpdate { is_news, has_ended }, "{uid} {facts:?}");
        }
        assert_eq!((pods.len(), pods.is_empty()), (2, false));
        assert_eq!(pods.facts(), [failed, facts(PodLife::Finished)]);
    }

    #[test]
    fn a_driver_is_told_its_own_news_by_number_and_that_its_pod_is_gone() {
        let mut pods = FollowedPods::default();
        let heard = pod(&mut pods, "1", &[0, 1], &waiting());
        let other = pod(&mut pods, "2", &[2], &waiting());
        assert!(pods.tell("1", "c0", &running()));
        for (uid, container) in [("1", "c2"), ("2", "c0"), ("3", "c0")] {
            assert!(!pods.tell(uid, container, &running()), "{uid} {container} has no driver");
        }
        assert_eq!((heard[0].borrow().number, heard[1].borrow().number), (1, 0));
        assert_eq!(heard[0].borrow().status, running().status);
        pods.gone("1");
        pods.gone("3");
        assert_eq!((heard[0].borrow().number, heard[1].borrow().number), (2, 1));
        assert!(heard.iter().all(|heard| heard.borrow().status.pod == PodLife::Gone));
        assert_eq!((other[0].borrow().number, other[0].borrow().status.pod), (0, PodLife::Active));
        assert_eq!(pods.facts(), [facts(PodLife::Gone), facts(PodLife::Active)]);
    }

    #[test]
    fn all_is_read_when_each_driver_has_settled_its_latest_news_or_has_ended() {
        let mut pods = FollowedPods::default();
        assert!(pods.are_read());
        let mut heard = pod(&mut pods, "1", &[0, 1], &running());
        assert!(!pods.are_read());
        pods.take(settled(0, 0));
        pods.take(settled(1, 0));
        assert!(pods.are_read());
        assert!(pods.tell("1", "c0", &running()));
        pods.take(settled(0, 0));
        assert!(!pods.are_read(), "it has not taken the latest");
        pods.take(settled(0, 1));
        assert!(pods.are_read());
        // Nobody hears the news of a driver that has ended, so that nobody would ever say that they were taken.
        drop(heard.remove(1));
        assert!(pods.tell("1", "c1", &running()));
        assert!(pods.are_read());
    }

    #[test]
    fn of_what_has_ended_and_is_there_it_is_known_how_much_is_unread_since_when() {
        let mut pods = FollowedPods::default();
        let _heard = [("1", &[0, 1][..]), ("2", &[2]), ("3", &[3]), ("4", &[])]
            .map(|(uid, drivers)| pod(&mut pods, uid, drivers, &running()));
        assert_eq!(pods.lagging().count(), 0, "none has ended");
        for uid in ["1", "2", "4"] {
            pods.update(uid, facts(PodLife::Finished));
        }
        let unread = |pods: &FollowedPods| pods.lagging().map(|(_, unread)| unread).collect::<Vec<_>>();
        assert_eq!(unread(&pods), [2, 1]);
        pods.take(settled(0, 0));
        assert_eq!(unread(&pods), [1, 1]);
        pods.take(settled(1, 0));
        assert_eq!(unread(&pods), [1]);
        pods.gone("2");
        assert!(unread(&pods).is_empty(), "nothing of it will be removed");
    }

    #[test]
    fn what_has_not_started_is_told_from_what_is_unread() {
        let mut pods = FollowedPods::default();
        assert_eq!(pods.unread_and_waiting(), (0, 0));
        let _runs = pod(&mut pods, "1", &[0, 1, 2], &running());
        let _waits = pod(&mut pods, "2", &[3, 4], &waiting());
        assert_eq!(pods.unread_and_waiting(), (3, 2));
        pods.take(settled(1, 0));
        pods.take(settled(3, 0));
        assert_eq!(pods.unread_and_waiting(), (2, 2), "what waits is not read however settled");
    }
}
