//! The job's pods from the cluster: once, with [`list`], or as they come and go, with [`watch`].

use std::{collections::HashMap, time::Duration};

use futures::{Stream, StreamExt, future, stream};
use k8s_openapi::api::batch::v1::Job;
use kube::{
    Api, Client,
    api::ListParams,
    runtime::{
        WatchStreamExt,
        utils::Backoff,
        watcher::{self, watcher},
    },
};

use super::{ID_LABEL, Match, Pod, Selection, judge};
use crate::{cluster::ClusterError, job_id::JobId};

/// Pods asked for at a time: client-go's page size.
const PAGE: u32 = 500;
/// How long one watch goes on before it is asked for again, in seconds. A watch may stall without an end, and the transport
/// gives it no more time than this and a request's.
const WATCH: u32 = 30;
/// HTTP 410: the list's continue token has expired.
const EXPIRED: u16 = 410;

/// Attempts to list before a busy server's answer is the answer.
const ATTEMPTS: usize = 6;

/// The job's pods now. A server that is busy is asked again for a few seconds.
pub async fn list(client: &Client, namespace: &str, selection: &Selection) -> Result<Vec<Match>, ClusterError> {
    let lists = selection.selectors().map(|selector| async move {
        let mut pauses = Pauses::default().take(ATTEMPTS - 1);
        loop {
            match (list_all(client, namespace, selector.clone()).await, pauses.next()) {
                (Err(error), Some(pause)) if is_busy(&error) => {
                    let asked = error.rejection().and_then(|rejection| rejection.retry_after);
                    tokio::time::sleep(asked.unwrap_or_default().max(pause)).await;
                }
                (pods, _) => return pods,
            }
        }
    });
    let pods = future::try_join_all(lists).await?;
    Ok(pods.into_iter().flatten().filter_map(|pod| matched(pod, selection)).collect())
}

/// Whether the server answered, but had no time.
fn is_busy(error: &ClusterError) -> bool {
    matches!(error, ClusterError::Rejected(_) | ClusterError::Broken { .. }) && error.is_transient()
}

/// A pod as the API has it now; `None` when there is none of that name. Asked for as a list, which needs no permission
/// beyond those for finding pods at all.
pub async fn get(client: &Client, namespace: &str, name: &str) -> Result<Option<Pod>, ClusterError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let params = ListParams::default().fields(&format!("metadata.name={name}"));
    let found = pods.list(&params).await.map_err(|error| ClusterError::from(&error))?;
    Ok(found.items.into_iter().next().map(Pod::slim))
}

/// The Jobs that carry one of `ids`.
pub async fn jobs(client: &Client, namespace: &str, ids: &[JobId]) -> Result<Vec<Job>, ClusterError> {
    let ids: Vec<&str> = ids.iter().map(JobId::as_str).collect();
    let api: Api<Job> = Api::namespaced(client.clone(), namespace);
    let params = ListParams::default().labels(&format!("{ID_LABEL} in ({})", ids.join(",")));
    Ok(api.list(&params).await.map_err(|error| ClusterError::from(&error))?.items)
}

async fn list_all(client: &Client, namespace: &str, selector: String) -> Result<Vec<Pod>, ClusterError> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let first = ListParams::default().labels(&selector).limit(PAGE);
    let mut params = first.clone();
    let mut pods = Vec::new();
    loop {
        let page = match api.list(&params).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == EXPIRED && params.continue_token.is_some() => {
                pods.clear();
                params = first.clone();
                continue;
            }
            Err(error) => return Err(ClusterError::from(&error)),
        };
        pods.extend(page.items.into_iter().map(Pod::slim));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = first.clone().continue_token(&token),
            None => return Ok(pods),
        }
    }
}

fn matched(pod: Pod, selection: &Selection) -> Option<Match> {
    let evidence = judge(&pod, selection)?;
    Some(Match { pod, evidence })
}

/// What a watch tells.
#[derive(Debug)]
pub enum Change {
    /// A pod of the job, new or changed. `listed`: as a list has it at this moment, not as a watch may be late to say.
    Pod {
        /// The pod and why it is the job's.
        found: Box<Match>,
        /// Whether it comes from a list.
        listed: bool,
    },
    /// A pod of the job is gone, by its uid.
    Gone(String),
    /// One of the two questions has been answered in full for the first time.
    Listed,
    /// The watch is interrupted and goes on by itself.
    Trouble(ClusterError),
}

/// The job's pods as they come and go, without end. It survives expired versions, resyncs and lost connections, and tells a
/// pod that vanished while it could not look. Whether an error ends the run is the caller's to decide.
pub fn watch(client: &Client, namespace: &str, selection: &Selection) -> impl Stream<Item = Change> + Send + use<> {
    let [by_label, others] = selection.selectors().map(|selector| {
        let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let config = watcher::Config::default().labels(&selector).page_size(PAGE).timeout(WATCH);
        let events = watcher(api, config).backoff(Pauses::default());
        let mut known = Known::default();
        let selection = selection.clone();
        events.flat_map(move |event| stream::iter(known.take(event, &selection)))
    });
    stream::select(by_label, others)
}

/// The pods one watch has told of, to notice those that a resync does not list any more.
#[derive(Default)]
struct Known {
    /// By uid; whether the resync in progress has listed it.
    pods: HashMap<String, bool>,
    listing: bool,
    listed_once: bool,
}

impl Known {
    fn take(&mut self, event: watcher::Result<watcher::Event<Pod>>, selection: &Selection) -> Vec<Change> {
        match event {
            Ok(watcher::Event::Init) => {
                self.listing = true;
                self.pods.values_mut().for_each(|listed| *listed = false);
                Vec::new()
            }
            Ok(watcher::Event::InitApply(pod) | watcher::Event::Apply(pod)) => {
                let Some(found) = matched(pod.slim(), selection) else { return Vec::new() };
                self.pods.insert(found.pod.uid().to_owned(), true);
                vec![Change::Pod { found: Box::new(found), listed: self.listing }]
            }
            Ok(watcher::Event::Delete(pod)) => {
                // Its last state may never have been told otherwise.
                let Some(uid) = self.pods.remove_entry(pod.uid()).map(|(uid, _)| uid) else { return Vec::new() };
                let last = matched(pod.slim(), selection);
                let last = last.map(|found| Change::Pod { found: Box::new(found), listed: false });
                last.into_iter().chain([Change::Gone(uid)]).collect()
            }
            Ok(watcher::Event::InitDone) => {
                self.listing = false;
                let gone: Vec<String> = self.pods.extract_if(|_, listed| !*listed).map(|(uid, _)| uid).collect();
                let first = !std::mem::replace(&mut self.listed_once, true);
                gone.into_iter().map(Change::Gone).chain(first.then_some(Change::Listed)).collect()
            }
            Err(error) => vec![Change::Trouble(ClusterError::from(&error))],
        }
    }
}

/// Pauses between attempts to watch: from 0.2 s, doubling to 5 s, with up to half of each taken off so that many clients of a
/// recovering server do not act in step. A job's pods may live for seconds only, so kube's default of up to 30 s is too long.
#[derive(Default)]
struct Pauses {
    attempts: u32,
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let full = Duration::from_millis(200).saturating_mul(1 << self.attempts.min(8)).min(Duration::from_secs(5));
        self.attempts += 1;
        let part = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.subsec_nanos() % 1000);
        Some(full.mul_f64(0.5 + f64::from(part) / 2000.0))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.attempts = 0;
    }
}
