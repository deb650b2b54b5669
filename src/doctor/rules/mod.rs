//! The rules: facts → findings. Pure, one file for each station of the walk.

mod blast;
mod cluster;
mod containers;
mod id;
mod jobs;
mod logs;
mod pods;
mod row;
mod scene;
mod trouble;

use self::scene::{JobState, Scene};
use super::{ClusterFacts, Facts, Finding};
use crate::discover::Role;

/// Everything there is to find.
pub(super) fn all(facts: &Facts) -> Vec<Finding> {
    let mut findings = row::alone(facts);
    findings.extend(id::find(facts));
    findings.extend(cluster::find(facts));
    let ClusterFacts::Seen(seen) = &facts.cluster else { return findings };
    let Some(id) = facts.row.id() else { return findings };
    let scene = Scene::new(facts, seen, id);
    findings.extend(row::against_cluster(&scene));
    findings.extend(id::against_cluster(&scene));
    findings.extend(jobs::find(&scene));
    findings.extend(pods::find(&scene));
    findings.extend(containers::find(&scene));
    findings.extend(blast::find(&scene));
    findings.extend(logs::find(&scene));
    findings
}

/// The one line about a job without a problem.
pub(super) fn healthy(facts: &Facts) -> String {
    let (ClusterFacts::Seen(seen), Some(id)) = (&facts.cluster, facts.row.id()) else {
        return "no problem: the job is not submitted yet".to_owned();
    };
    let scene = Scene::new(facts, seen, id);
    if seen.pods().is_empty() {
        return "no problem: the job has no pods yet".to_owned();
    }
    let containers: usize = seen.pods().iter().map(|found| crate::discover::targets(&found.pod).len()).sum();
    let batches: Vec<_> = seen.jobs().iter().filter(|job| scene::is_batch(job)).collect();
    let done = batches.iter().filter(|job| matches!(scene::state(job), JobState::Complete { .. })).count();
    let over = seen.pods().iter().all(|found| scene::is_over(&found.pod));
    let finalized =
        seen.pods().iter().any(|found| Role::of(&found.pod) == Role::Finalizer && scene::is_over(&found.pod));
    let runs = seen.pods().iter().any(scene::is_running);
    let stages =
        seen.pods().iter().all(|found| matches!(Role::of(&found.pod), Role::Setup | Role::Warmup | Role::Submit));
    let word = match () {
        () if over && (finalized || scene.row_is_terminal()) => "has ended well",
        () if over => "is healthy, no pod runs at present",
        () if stages => "is healthy, staging its database",
        () if runs => "is healthy and running",
        () => "is healthy and starting",
    };
    let batches = match batches.len() {
        0 => String::new(),
        all => format!("{done} of {} done, ", scene::count(all, "batch Job")),
    };
    let (pods, containers) = (scene::count(seen.pods().len(), "pod"), scene::count(containers, "container"));
    format!("{id} {word}: {batches}{pods}, {containers}")
}
