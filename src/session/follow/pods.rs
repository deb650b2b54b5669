//! [`FollowedPods`]: the pods of a run, and how far their containers were read.

use std::collections::{BTreeMap, HashMap};

use tokio::{sync::watch, time::Instant};

use crate::{
    follow::drive::{ContainerNews, DriverReport},
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
    pub(super) fn take(&mut self, report: DriverReport) {
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
            let unread = pod.containers.values().filter(|(source, _)| self.unfinished.contains(*source)).count();
            Some((pod.ended?, unread)).filter(|(_, unread)| *unread > 0)
        })
    }

    /// How many containers have started and were not read to their end, and how many have not started.
    pub(super) fn unread_and_waiting(&self) -> (usize, usize) {
        let (mut unread, mut waiting) = (0, 0);
        for (source, news) in self.pods.values().flat_map(|pod| pod.containers.values()) {
            if news.borrow().status.place(0) == LogPlace::Future {
                waiting += 1;
            } else {
                unread += usize::from(self.unfinished.contains(*source));
            }
        }
        (unread, waiting)
    }
}

/// Tells a driver something. One that has ended needs no news; one that ends just now says so by its last report.
fn tell(unfinished: &mut UnfinishedContainers, (source, sender): &Driver, change: impl FnOnce(&mut ContainerNews)) {
    if sender.is_closed() {
        return;
    }
    let number = unfinished.tell(*source);
    sender.send_modify(|news| {
        change(news);
        news.number = number;
    });
}
