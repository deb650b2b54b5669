//! What is said where there is nothing to show: why nothing was found, nothing chosen, or nothing left.

use super::args::SelectArgs;
use crate::{
    cluster::Cluster,
    discover::{Selection, watch as pods},
    job_id::JobId,
    numbers::counted,
    session::{
        filter::ContainerFilter,
        unchosen::{NOTHING, OtherwiseLabelled, Unchosen},
    },
};

/// What was searched, when nothing was found.
pub fn found(selection: &Selection, namespace: &str, cluster: &Cluster) -> String {
    let (id, host) = (&selection.id, cluster.host());
    let labels = selection.labels.as_ref().map(ToString::to_string);
    let labels = labels.map(|labels| format!("; of these, those with -l {labels:?}")).unwrap_or_default();
    format!(
        "no pods of {id} in namespace {namespace} at {host}\n  searched: pods labelled elb-job-id={id}, and ElasticBLAST's pods \
         without that label whose BLAST_ELB_JOB_ID, owner or name says {}{labels}\n  finished Jobs are removed with their pods \
         after their TTL; if the job runs elsewhere, name its place with -n and --context",
        id.short()
    )
}

/// That no pod has the labels that are asked for, where the job has others.
pub async fn so_labelled(selection: &Selection, namespace: &str, cluster: &Cluster) -> Option<String> {
    let others = OtherwiseLabelled::find(cluster, namespace, selection).await?;
    let labels = selection.labels.as_ref()?.to_string();
    Some(format!("{NOTHING}: -l {labels:?} leaves none; without it: {others}"))
}

/// Why nothing was found: no pod has the labels, or there is none where was searched.
pub async fn found_or_so_labelled(selection: &Selection, namespace: &str, cluster: &Cluster) -> String {
    let unlabelled = so_labelled(selection, namespace, cluster).await;
    unlabelled.unwrap_or_else(|| found(selection, namespace, cluster))
}

/// That nothing was chosen of pods that are gone.
pub fn chosen_of_gone(pods: usize) -> String {
    format!("{NOTHING}; the job had {}, now gone", counted(pods, "pod"))
}

/// What there was of a job that was followed until it had ended, and of which the flags have chosen none; nothing where they had none
/// to choose from.
pub async fn chosen_of(
    id: Option<&JobId>,
    pods: usize,
    select: &SelectArgs,
    filter: &ContainerFilter,
    namespace: &str,
    cluster: &Cluster,
) -> Option<String> {
    if pods == 0 && select.selector.is_none() {
        return None;
    }
    let Some(id) = id else { return Some(chosen_of_gone(pods)) };
    let selection = select.selection(id.clone());
    // What cannot be asked any more is gone, as far as anybody can tell.
    let found = pods::list(&cluster.client(), namespace, &selection).await.unwrap_or_default();
    Some(match (found.is_empty(), pods) {
        (true, 0) => found_or_so_labelled(&selection, namespace, cluster).await + &but_archived(id, namespace).await,
        (true, pods) => chosen_of_gone(pods),
        (false, _) => Unchosen::of(&found, filter).to_string(),
    })
}

/// That a job which has ended has no pods any more.
pub async fn left_of(id: Option<&JobId>, namespace: &str) -> String {
    let (name, archived) = match id {
        Some(id) => (id.to_string(), but_archived(id, namespace).await),
        None => ("the job".to_owned(), String::new()),
    };
    format!(
        "the job has ended and no pods of {name} are left in namespace {namespace}; finished Jobs are removed with their pods after their TTL{archived}"
    )
}

/// That an archive holds a job whose pods are gone, if one is known.
pub async fn but_archived(id: &JobId, namespace: &str) -> String {
    #[cfg(feature = "archive")]
    return super::archive::hint(id, namespace).await;
    #[cfg(not(feature = "archive"))]
    {
        let _ = (id, namespace);
        String::new()
    }
}
