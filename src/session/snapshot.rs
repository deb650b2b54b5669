//! [`snapshot`]: everything there is to read now.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::mpsc;

use super::{Drivers, Outlet, RunEvent, WantedLogs, news};
use crate::{
    cluster::Cluster,
    discover::Match,
    follow::drive::{ContainerNews, DriverEvent},
    k8s::{ContainerId, Stamp, StateName, Target, targets},
    merge,
};

/// In which order lines of different containers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By their stamps.
    Time,
    /// As they arrive.
    Arrival,
}

/// Lines that come before those of a cluster, in the order of time, and what is told among them.
pub struct Ahead {
    /// They.
    pub events: mpsc::Receiver<DriverEvent>,
    /// Of each container that has some, the latest stamp of them.
    pub reached: HashMap<ContainerId, Stamp>,
}

/// Reads the logs of `pods` as they are and sends what they say to `out`. Returns when all has been sent, or when nobody takes
/// it any more.
pub async fn snapshot(cluster: &Cluster, pods: &[Match], wanted: &WantedLogs, order: Order, out: Outlet) {
    read(cluster, pods, wanted, order, None, out).await;
}

/// [`snapshot`] in the order of time, of what comes after `ahead`.
pub async fn snapshot_after(cluster: &Cluster, pods: &[Match], wanted: &WantedLogs, ahead: Ahead, out: Outlet) {
    read(cluster, pods, wanted, Order::Time, Some(ahead), out).await;
}

async fn read(cluster: &Cluster, pods: &[Match], wanted: &WantedLogs, order: Order, ahead: Option<Ahead>, out: Outlet) {
    let WantedLogs { scope, resume, .. } = wanted;
    let (mut inputs, reached) = match ahead {
        // The first of the inputs: of equal stamps, its lines come first.
        Some(Ahead { events, reached }) => (vec![(events, None)], reached),
        None => (Vec::new(), HashMap::new()),
    };
    let pods = pods.iter().filter(|found| wanted.filter.admits_pod(&found.pod));
    let logs: Vec<_> = pods.flat_map(|found| wanted_of(found, wanted)).collect();
    if order == Order::Time {
        cluster.expect_waiting_logs(logs.len());
    }
    let (mut drivers, _standings) = Drivers::new(cluster, *scope, resume.clone());
    for (target, news) in logs {
        let target = Arc::new(target);
        // Known before its first line: drivers send straight to `out`.
        if out.send(RunEvent::Found(target.clone())).await.is_err() {
            return;
        }
        match order {
            Order::Arrival => drop(drivers.start(target, news, out.clone())),
            Order::Time => {
                let (sender, input) = merge::input();
                inputs.push((input, reached.get(&target.id()).copied()));
                drivers.start(target, news, sender);
            }
        }
    }
    merge::by_time_after(inputs, out).await;
    while drivers.tasks.join_next().await.is_some() {}
}

/// The containers of a pod whose logs are wanted, with what is known of them.
fn wanted_of(
    found: &Match,
    WantedLogs { filter, scope, .. }: &WantedLogs,
) -> impl Iterator<Item = (Target, ContainerNews)> {
    let with_news = |target| {
        let news = news(&found.pod, &target);
        (target, news)
    };
    let is_wanted = |(target, news): &(Target, ContainerNews)| {
        filter.admits(target)
            && filter.admits_state(StateName::of(&news.status.state))
            && (!scope.previous || news.status.before().is_some())
    };
    targets(&found.pod).into_iter().map(with_news).filter(is_wanted)
}
