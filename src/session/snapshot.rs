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
    let (mut drivers, _reports) = Drivers::new(cluster, scope.node_logs, resume.clone());
    for (target, news) in logs {
        let target = Arc::new(target);
        // Known before its first line: drivers send straight to `out`.
        if out.send(RunEvent::Found(target.clone())).await.is_err() {
            return;
        }
        match order {
            Order::Arrival => drop(drivers.start(target, news, *scope, out.clone())),
            Order::Time => {
                let (sender, input) = merge::input();
                inputs.push((input, reached.get(&target.id()).copied()));
                drivers.start(target, news, *scope, sender);
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

#[cfg(test)]
mod tests {
    use testcluster::Access;

    use super::*;
    use crate::{
        follow::follower::Scope,
        session::{
            filter::ContainerFilter,
            fixtures::{Scene, outlet, sorted_lines},
        },
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn the_logs_that_are_wanted_are_read_in_either_order_and_each_is_found_first() {
        let scene = Scene::new(Access::all()).await;
        let (first, second) = ("blastn-batch-s03-job-000-3ed51a95-p9vp5", "elb-finalizer-3ed51a95-7vvqw");
        scene.ended(first, "blast", 0);
        scene.pod(second, "finalizer").terminate("c", 1).restart("c").print("c", "again");
        let pods = scene.pods().await;
        let all = ContainerFilter::default;
        let (one, two) = (format!("line of {first}"), format!("line of {second}"));
        for (filter, scope, found, lines) in [
            (all(), Scope::default(), 2, vec!["again", &one, &two]),
            (all(), Scope { previous: true, ..Scope::default() }, 1, vec![&*two]),
            (ContainerFilter { states: vec![StateName::Running], ..all() }, Scope::default(), 1, vec!["again", &two]),
            (ContainerFilter { states: vec![StateName::Waiting], ..all() }, Scope::default(), 0, vec![]),
            (ContainerFilter { pods: vec!["blastn".parse().unwrap()], ..all() }, Scope::default(), 1, vec![&*one]),
            (
                ContainerFilter { fields: "status.phase=Succeeded".parse().unwrap(), ..all() },
                Scope::default(),
                1,
                vec![&*one],
            ),
        ] {
            let wanted = WantedLogs { filter, scope, resume: None, hold: None, pods: None };
            for order in [Order::Time, Order::Arrival] {
                let (out, said) = outlet();
                snapshot(&scene.cluster, &pods, &wanted, order, out).await;
                let events = said.all().await;
                let merged = events.iter().filter(|event| matches!(event, RunEvent::Merged(_))).count();
                assert_eq!(merged > 0, order == Order::Time && !lines.is_empty(), "{order:?}");
                let known = events.iter().filter(|event| matches!(event, RunEvent::Found(_))).count();
                assert_eq!((known, sorted_lines(&events)), (found, lines.iter().map(ToString::to_string).collect()));
            }
        }
    }
}
