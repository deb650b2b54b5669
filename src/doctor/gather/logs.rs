//! Pieces of logs: the last lines of what is suspicious, and the first bytes of a sample of the rest.

use std::{collections::HashSet, time::Duration};

use futures::{StreamExt, stream};
use tokio::time::timeout;

use crate::{
    cluster::{Cluster, ClusterError, LogAnswer, LogQuery, Obstacle},
    discover::Match,
    doctor::{LogFacts, TailAnswer, TailPart},
    k8s::{
        ContainerKind, Role, Target,
        status::{InstanceState, LogPlace},
        targets,
    },
};

/// Lines of a suspicious container.
const LINES: u64 = 200;
/// Bytes of them that are kept at most.
const MOST: usize = 256 << 10;
/// Bytes of a log's head: a stamp and the start of a line.
const HEAD: u64 = 160;
/// Suspicious pods that are read at most, and heads.
const SUSPECTS: usize = 40;
const SAMPLE: usize = 64;
/// Questions under way at once.
const AT_ONCE: usize = 32;
/// How long one log may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The pause before a log is asked for once more, unless the server asks for a longer one.
const PAUSE: Duration = Duration::from_millis(300);

/// A question for a piece of a log.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) target: Target,
    pub(super) node: Option<String>,
    pub(super) part: TailPart,
}

/// Reads what is worth reading of these pods.
pub(super) async fn read(cluster: &Cluster, pods: &[Match]) -> Vec<LogFacts> {
    let asks = stream::iter(plan(pods));
    asks.map(|ask| one(cluster, ask)).buffer_unordered(AT_ONCE).collect().await
}

/// What is asked: the tails of every container of a pod that is in trouble, the finalizer's and `submit-jobs`'s in any case, and
/// of the others the heads, one on each node at least.
pub(super) fn plan(pods: &[Match]) -> Vec<Ask> {
    let mut tails = Vec::new();
    let mut heads = Vec::new();
    let failed = pods.iter().filter(|found| has_failed(found));
    let suspects: Vec<&str> = failed
        .chain(pods.iter().filter(|found| is_exporting(found)))
        .map(|found| found.pod.uid())
        .take(SUSPECTS)
        .collect();
    for found in pods {
        let role = Role::of(&found.pod);
        let read_tails = matches!(role, Role::Finalizer | Role::Submit) || suspects.contains(&found.pod.uid());
        for target in targets(&found.pod) {
            let status = found.pod.container(&target.container);
            let node = found.pod.spec.node_name.clone();
            let here = status.place(status.restart);
            let ask = |part| Ask { target: target.clone(), node: node.clone(), part };
            if read_tails && matches!(here, LogPlace::Live | LogPlace::Latest) {
                tails.push(ask(TailPart::Tail));
            }
            if read_tails && status.restart > 0 && status.place(status.restart - 1) == LogPlace::Previous {
                tails.push(ask(TailPart::Previous));
            }
            if matches!(status.state, InstanceState::Running { .. } | InstanceState::Ended(_))
                && here != LogPlace::Nowhere
            {
                heads.push((has_known_start(&target), status.started(status.restart), ask(TailPart::Head)));
            }
        }
    }
    // The longest running first: they have had the time to be rotated.
    heads.sort_by_key(|(known, started, _)| (!known, *started));
    let mut nodes = HashSet::new();
    let (first, rest): (Vec<Ask>, Vec<Ask>) =
        heads.into_iter().map(|(_, _, ask)| ask).partition(|ask| nodes.insert(ask.node.clone()));
    tails.into_iter().chain(first.into_iter().chain(rest).take(SAMPLE)).collect()
}

/// Containers whose first line is known, so that a missing beginning shows.
fn has_known_start(target: &Target) -> bool {
    target.kind == ContainerKind::Regular && matches!(target.container.as_str(), "blast" | "finalizer")
}

/// Whether its BLAST has ended, which in NCBI's layout says nothing of how: that is in its log.
fn is_exporting(found: &Match) -> bool {
    let state = |container| found.pod.status_of(container).map(|status| &status.state);
    state("blast").is_some_and(|state| state.terminated.is_some())
        && state("results-export").is_some_and(|state| state.running.is_some())
}

/// Whether an instance of one of its containers failed.
fn has_failed(found: &Match) -> bool {
    let status = &found.pod.status;
    let all = status.init_container_statuses.iter().chain(&status.container_statuses);
    all.into_iter().any(|container| {
        let ended = |state: &crate::k8s::pod::ContainerState| {
            state.terminated.as_ref().is_some_and(|ended| ended.exit_code != 0)
        };
        ended(&container.state) || ended(&container.last_state)
    })
}

async fn one(cluster: &Cluster, ask: Ask) -> LogFacts {
    let query = LogQuery {
        container: ask.target.container.clone(),
        previous: ask.part == TailPart::Previous,
        timestamps: true,
        tail_lines: (ask.part != TailPart::Head).then_some(LINES),
        limit_bytes: (ask.part == TailPart::Head).then_some(HEAD),
        ..LogQuery::default()
    };
    let ask_once = async || {
        let _place = cluster.limiter().enter(false).await;
        match timeout(PATIENCE, answer(cluster, &ask.target, &query)).await {
            Ok(answer) => answer,
            Err(_) => TailAnswer::Refused(ClusterError::Unreachable {
                host: cluster.host(),
                why: Obstacle::Timeout { what: "reading a log", after: PATIENCE },
            }),
        }
    };
    let mut answer = ask_once().await;
    // A busy moment passes; what is refused twice is told.
    if answer.may_pass() {
        tokio::time::sleep(PAUSE).await;
        answer = ask_once().await;
    }
    LogFacts { target: ask.target, node: ask.node, part: ask.part, answer }
}

async fn answer(cluster: &Cluster, target: &Target, query: &LogQuery) -> TailAnswer {
    match cluster.log(&target.namespace, &target.pod, query).await {
        Ok(LogAnswer::NotScheduled) => TailAnswer::NotScheduled,
        Ok(LogAnswer::Body(mut body)) => {
            let mut bytes = Vec::new();
            while let Some(piece) = body.next().await {
                match piece {
                    Ok(piece) => bytes.extend_from_slice(&piece),
                    Err(error) => return TailAnswer::Refused(error),
                }
                // The last words count. Twice as much may be held, so that little is moved.
                if bytes.len() > 2 * MOST {
                    bytes.drain(..bytes.len() - MOST);
                }
            }
            TailAnswer::read(&bytes)
        }
        Err(error) => TailAnswer::Refused(error),
    }
}

/// The last lines of every started container of these pods, for a bundle: the instance before too.
pub async fn read_all(cluster: &Cluster, pods: &[Match]) -> Vec<LogFacts> {
    let mut asks = Vec::new();
    for found in pods {
        for target in targets(&found.pod) {
            let status = found.pod.container(&target.container);
            let node = found.pod.spec.node_name.clone();
            let ask = |part| Ask { target: target.clone(), node: node.clone(), part };
            if matches!(status.place(status.restart), LogPlace::Live | LogPlace::Latest) {
                asks.push(ask(TailPart::Tail));
            }
            if status.restart > 0 && status.place(status.restart - 1) == LogPlace::Previous {
                asks.push(ask(TailPart::Previous));
            }
        }
    }
    stream::iter(asks).map(|ask| one(cluster, ask)).buffer_unordered(AT_ONCE).collect().await
}
