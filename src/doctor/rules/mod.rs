//! The rules: facts → findings. Pure, one file for each station of the walk.

mod blast;
mod case;
mod cluster;
mod containers;
mod id;
mod jobs;
mod logs;
mod mishap;
mod pods;
mod row;

use self::case::Case;
use super::{ClusterFacts, Facts, Finding};
use crate::{
    discover::age::human,
    k8s::{ContainerKind, JobCondition, Role, is_batch},
    numbers::counted,
};

/// Everything there is to find.
pub(super) fn all(facts: &Facts) -> Vec<Finding> {
    let mut findings = row::alone(facts);
    findings.extend(id::find(facts));
    findings.extend(cluster::find(facts));
    let ClusterFacts::Seen(seen) = &facts.cluster else { return findings };
    let Some(id) = facts.row.id() else { return findings };
    let case = Case::new(facts, seen, id);
    findings.extend(row::against_cluster(&case));
    findings.extend(id::against_cluster(&case));
    findings.extend(jobs::find(&case));
    findings.extend(pods::find(&case));
    findings.extend(containers::find(&case));
    findings.extend(blast::find(&case));
    findings.extend(logs::find(&case));
    findings
}

/// The one line about a job without a problem.
pub(super) fn healthy(facts: &Facts) -> String {
    let (ClusterFacts::Seen(seen), Some(id)) = (&facts.cluster, facts.row.id()) else {
        let wait = facts.row.row.as_ref().and_then(|row| crate::row::Wait::of(row, facts.now));
        return wait.map_or("no problem: the job is not submitted yet".to_owned(), |wait| id::waits(&wait));
    };
    let case = Case::new(facts, seen, id);
    if seen.pods().is_empty() {
        return match jobs::done_without_pods(&case) {
            Some(done) => format!("{id} has ended well: {done} done, its pods are gone"),
            None => "no problem: the job has no pods yet".to_owned(),
        };
    }
    let containers: usize = seen.pods().iter().map(|found| crate::k8s::targets(&found.pod).len()).sum();
    let batches: Vec<_> = seen.jobs().iter().filter(|job| is_batch(job)).collect();
    let done = batches.iter().filter(|job| matches!(JobCondition::of(job), JobCondition::Complete { .. })).count();
    let over = seen.pods().iter().all(|found| case::is_over(&found.pod));
    let finalized =
        seen.pods().iter().any(|found| Role::of(&found.pod) == Role::Finalizer && case::is_over(&found.pod));
    let leaves = seen.pods().iter().all(|found| found.pod.is_deleted() || case::is_over(&found.pod));
    let runs = seen.pods().iter().any(case::runs_main);
    let waits = waiting_for(&case);
    let stages =
        seen.pods().iter().all(|found| matches!(Role::of(&found.pod), Role::Setup | Role::Warmup | Role::Submit));
    let word = match () {
        () if over && (finalized || case.row_is_terminal()) => "has ended well",
        () if over => "is healthy, no pod runs at present",
        () if leaves => "is healthy, its pods are being deleted",
        () if waits.is_some() && !runs => "is healthy and starting",
        () if stages => "is healthy, staging its database",
        () if runs => "is healthy and running",
        () => "is healthy and starting",
    };
    let batches = match batches.len() {
        0 => String::new(),
        all => format!("{done} of {} done, ", counted(all, "batch Job")),
    };
    let (pods, containers) = (counted(seen.pods().len(), "pod"), counted(containers, "container"));
    format!("{id} {word}: {batches}{pods}, {containers}{}", waits.unwrap_or_default())
}

/// The init containers that run, and since when: the others of their pods wait for them.
fn waiting_for(case: &Case<'_>) -> Option<String> {
    let pods = case
        .seen
        .pods()
        .iter()
        .filter(|found| !found.pod.is_deleted() && !case::is_over(&found.pod) && !case::runs_main(found));
    let running = pods.flat_map(|found| {
        // A sidecar goes on beside the others: nobody waits for it.
        let all = crate::k8s::targets(&found.pod);
        let waits = move |status: &&crate::k8s::pod::ContainerStatus| {
            all.iter().any(|it| it.kind == ContainerKind::Init && it.container == status.name)
        };
        found.pod.status.init_container_statuses.iter().filter(waits).filter_map(|status| {
            let running = status.state.running.as_ref()?;
            Some((status.name.as_str(), running.started_at))
        })
    });
    let mut by_name = std::collections::BTreeMap::<&str, Vec<Option<jiff::Timestamp>>>::new();
    for (name, since) in running {
        by_name.entry(name).or_default().push(since);
    }
    let waits: Vec<String> = by_name
        .into_iter()
        .map(|(name, since)| {
            let whose = counted(since.len(), "pod");
            let first = since.into_iter().flatten().min();
            let since = first.map(|at| format!(", for {} (since {at})", human(case.ago(at)))).unwrap_or_default();
            format!("init container {} of {whose}{since}", crate::render::plain(name, 80))
        })
        .collect();
    (!waits.is_empty()).then(|| format!("; waits for {}", waits.join(" and ")))
}
