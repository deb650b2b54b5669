//! [`snapshot`]: everything there is to read now.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Drivers, UPDATES, Update, filter::Filter, news};
use crate::{
    cluster::Cluster,
    discover::{Match, targets},
    follow::{drive::Told, follower::Scope},
    merge,
};

/// In which order lines of different containers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Order {
    /// By their stamps.
    Time,
    /// As they arrive.
    Arrival,
}

/// Reads the logs of `pods` as they are and sends what they say to `out`. Returns when all has been sent, or when nobody takes
/// it any more.
pub async fn snapshot(
    cluster: &Cluster,
    pods: &[Match],
    filter: &Filter,
    scope: Scope,
    order: Order,
    out: mpsc::Sender<Update>,
) {
    let (mut drivers, _settled) = Drivers::new(cluster, scope);
    let (merged, mut told) = mpsc::channel(UPDATES);
    let mut inputs = Vec::new();
    for found in pods {
        for target in targets(&found.pod).into_iter().filter(|target| filter.admits(target)) {
            let target = Arc::new(target);
            let sender = match order {
                Order::Arrival => merged.clone(),
                Order::Time => {
                    let (sender, input) = mpsc::channel(1);
                    inputs.push(input);
                    sender
                }
            };
            let (source, _) = drivers.start(target.clone(), news(&found.pod, &target, true), sender);
            if out.send(Update::Source(source, target)).await.is_err() {
                return;
            }
        }
    }
    match order {
        Order::Arrival => drop(merged),
        Order::Time => drop(drivers.tasks.spawn(merge::by_time(inputs, merged))),
    }
    forward(&mut told, &out).await;
}

/// Hands on what drivers tell until they have ended.
async fn forward(told: &mut mpsc::Receiver<Told>, out: &mpsc::Sender<Update>) {
    while let Some(told) = told.recv().await {
        if out.send(Update::Told(told)).await.is_err() {
            return;
        }
    }
}
