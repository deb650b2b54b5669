//! [`snapshot`]: everything there is to read now.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Drivers, Outlet, RunEvent, Wanted, news};
use crate::{
    cluster::Cluster,
    discover::{Match, targets},
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

/// Reads the logs of `pods` as they are and sends what they say to `out`. Returns when all has been sent, or when nobody takes
/// it any more.
pub async fn snapshot(cluster: &Cluster, pods: &[Match], wanted: &Wanted, order: Order, out: Outlet) {
    let Wanted { filter, scope, resume } = wanted;
    let (mut drivers, _standings) = Drivers::new(cluster, *scope, resume.clone());
    let mut inputs = Vec::new();
    for found in pods {
        for target in targets(&found.pod).into_iter().filter(|target| filter.admits(target)) {
            let news = news(&found.pod, &target);
            if scope.previous && news.status.before().is_none() {
                continue;
            }
            let target = Arc::new(target);
            // Known before its first line: drivers send straight to `out`.
            if out.send(RunEvent::Found(target.clone())).await.is_err() {
                return;
            }
            match order {
                Order::Arrival => drop(drivers.start(target, news, out.clone())),
                Order::Time => {
                    let (sender, input) = mpsc::channel(1);
                    inputs.push(input);
                    drivers.start(target, news, sender);
                }
            }
        }
    }
    merge::by_time(inputs, out).await;
    while drivers.tasks.join_next().await.is_some() {}
}
