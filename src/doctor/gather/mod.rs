//! Asking: the row's file, the API server and the kubelets. Everything independent is asked at once, and nothing twice.

mod access;
#[cfg(feature = "archive")]
mod archived;
mod contexts;
mod elsewhere;
mod kept;
mod logs;
mod row;

use std::time::Duration;

use futures::{join, try_join};
use http::{Request, header};
use jiff::Timestamp;
use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{Event, Pod},
};
use kube::{
    Api, Client,
    api::{ListParams, ObjectMeta},
    client::Body,
    core::PartialObjectMeta,
};

#[cfg(feature = "archive")]
pub use archived::archived;
pub use contexts::contexts_of;
pub use logs::read_all;
pub use row::{row, row_from};

use super::{ClusterAnswers, ClusterFacts, Failed, RowFacts, SearchedPlace};
use crate::{
    cluster::{Cluster, ClusterError, ConnectEnvironment, ConnectOptions, watching},
    discover::{Evidence, Match, Selection, watch as pods},
    job_id::JobId,
    k8s::{ID_LABEL, labels},
};

/// Asks the cluster everything the rules want to know about the job of `row`.
pub async fn cluster(
    cluster: &Cluster,
    flags: &ConnectOptions,
    environment: &ConnectEnvironment,
    row: &RowFacts,
    place: &SearchedPlace,
) -> ClusterFacts {
    let client = cluster.client();
    let namespace = place.namespace.as_str();
    let id = row.id();
    let (clock, grants, found, jobs, events, others) = join!(
        clock(&client),
        access::ask(&client, namespace),
        maybe(id, |id| list(&client, namespace, id)),
        maybe(id, |id| list_jobs(&client, namespace, id)),
        list_events(&client, namespace),
        others(&client, namespace, id),
    );
    let first_error =
        [clock.as_ref().err(), grants.as_ref().err(), found.as_ref().and_then(|found| found.as_ref().err())];
    let mut failed: Vec<Failed> = Vec::new();
    if let Some(error) = first_error.into_iter().flatten().find(|error| is_fatal(error)) {
        return ClusterFacts::Failed(error.clone());
    }
    let grants = grants.unwrap_or_else(|error| {
        failed.push(Failed { what: "your permissions".to_owned(), error });
        Vec::new()
    });
    let unknown = grants.iter().filter(|grant| grant.allowed.is_none()).count();
    if let Some(grant) = grants.iter().find(|grant| grant.allowed.is_none() && unknown == grants.len()) {
        failed.push(Failed {
            what: "your permissions".to_owned(),
            error: ClusterError::Unexpected(grant.reason.clone()),
        });
    }
    let denied =
        |resource: &str| grants.iter().any(|it| (it.verb, it.resource, it.allowed) == ("list", resource, Some(false)));
    let mut note = |what: &str, resource: &str, error: Option<&ClusterError>| {
        // What is known to be forbidden is told as that.
        let error = error.filter(|error| !(matches!(error, ClusterError::Forbidden(_)) && denied(resource)));
        failed.extend(error.map(|error| Failed { what: what.to_owned(), error: error.clone() }));
    };
    note("pods", "pods", found.as_ref().and_then(|it| it.as_ref().err()));
    note("Jobs", "jobs", jobs.as_ref().and_then(|it| it.as_ref().err()));
    note("events", "events", events.as_ref().err());
    note("other searches' pods", "pods", others.as_ref().err());
    let (others, mut near) = others.unwrap_or_default();
    let mut found = found;
    if let Some(Ok(found)) = &mut found {
        // NCBI's setup pods carry no id: they are this job's if nobody else searches here.
        if !others.is_empty() {
            found.retain(|found| found.evidence != Evidence::Setup);
        }
        near.retain(|(name, _)| found.iter().all(|found| found.pod.name() != name));
    }
    let mut seen = ClusterAnswers {
        skew: clock.as_ref().ok().and_then(|clock| clock.map(|(skew, _)| skew)),
        behind: clock.as_ref().is_ok_and(|clock| clock.is_some_and(|(_, behind)| behind)),
        grants,
        pods: found,
        jobs,
        events: events.unwrap_or_default(),
        others,
        near,
        failed,
        ..ClusterAnswers::default()
    };
    let (elsewhere, of_other_ids, logs) = join!(
        elsewhere::search(cluster, flags, environment, row, place, &seen),
        elsewhere::of_each(&client, namespace, row.other_ids()),
        logs::read(cluster, seen.pods()),
    );
    (seen.elsewhere, seen.asked_everywhere) = elsewhere;
    (seen.of_other_ids, seen.logs) = (of_other_ids, logs);
    seen.kept = kept::find(cluster, seen.pods(), &seen.logs).await;
    ClusterFacts::Seen(Box::new(seen))
}

/// Whether nothing else can be asked after this.
fn is_fatal(error: &ClusterError) -> bool {
    matches!(
        error,
        ClusterError::Unreachable { .. }
            | ClusterError::Broken { .. }
            | ClusterError::Unauthenticated(_)
            | ClusterError::NoCluster(_)
            | ClusterError::Config(_)
    )
}

async fn maybe<'a, T, F: Future<Output = T>>(id: Option<&'a JobId>, ask: impl FnOnce(&'a JobId) -> F) -> Option<T> {
    match id {
        Some(id) => Some(ask(id).await),
        None => None,
    }
}

/// How far the server's clock is from ours, and whether it is behind; `None` when it does not tell.
async fn clock(client: &Client) -> Result<Option<(Duration, bool)>, ClusterError> {
    let request = Request::get("/version").body(Body::empty());
    let request = request.map_err(|error| ClusterError::Unexpected(error.to_string()))?;
    let before = Timestamp::now();
    let answer = client.send(request).await.map_err(|error| ClusterError::from(&error))?;
    // In the middle of the question, for a slow answer is no skew.
    let now = before + Timestamp::now().duration_since(before) / 2;
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|date| date.timestamp());
    Ok(theirs.map(|theirs| {
        let skew = theirs.duration_since(now);
        (skew.unsigned_abs(), skew.is_negative())
    }))
}

/// The job's pods, NCBI's setup pods included.
async fn list(client: &Client, namespace: &str, id: &JobId) -> Result<Vec<Match>, ClusterError> {
    pods::list(client, namespace, &Selection { id: id.clone(), include_setup: true, labels: None }).await
}

/// The job's Jobs: those labelled with its id, and in NCBI's layout none.
async fn list_jobs(client: &Client, namespace: &str, id: &JobId) -> Result<Vec<Job>, ClusterError> {
    pods::jobs(client, namespace, std::slice::from_ref(id)).await
}

/// Warnings of all kinds, and what the Job controller says of Jobs: which pods it made.
async fn list_events(client: &Client, namespace: &str) -> Result<Vec<Event>, ClusterError> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let ask = |fields| watching::list(&api, ListParams::default().fields(fields), |event| event);
    let (warnings, of_jobs, of_pods) = try_join!(
        ask("type=Warning"),
        ask("type=Normal,involvedObject.kind=Job"),
        ask("type=Normal,reason=TriggeredScaleUp")
    )?;
    Ok([warnings, of_jobs, of_pods].into_iter().flatten().collect())
}

/// Other jobs with how many pods they have, and near misses with the reason.
type Others = (Vec<(String, usize)>, Vec<(String, String)>);

/// Other jobs' pods in the namespace by id, and pods whose name holds the short id though they are another job's or nobody's.
async fn others(client: &Client, namespace: &str, id: Option<&JobId>) -> Result<Others, ClusterError> {
    let api: Api<PartialObjectMeta<Pod>> = Api::namespaced(client.clone(), namespace);
    let not_ours = id.map(labels::of_others).unwrap_or_default();
    let pods = watching::list(&api, ListParams::default().labels_from(&not_ours), |pod| pod.metadata).await?;
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut near = Vec::new();
    for ObjectMeta { name, labels, .. } in pods {
        let name = name.unwrap_or_default();
        let label = labels.unwrap_or_default().remove(ID_LABEL).filter(|label| !label.is_empty());
        if let Some(label) = &label {
            *counts.entry(label.clone()).or_default() += 1;
        }
        if let Some(id) = id.filter(|id| name.contains(id.short())) {
            let why = match label {
                Some(label) => format!("its label {ID_LABEL} says {label}"),
                None => format!("{} is part of its name, but not where ElasticBLAST writes an id", id.short()),
            };
            near.push((name, why));
        }
    }
    Ok((counts.into_iter().collect(), near))
}
