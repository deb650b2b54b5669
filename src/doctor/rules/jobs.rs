//! The Jobs: are they here, and well?

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::Job;

use super::scene::{JobState, Scene, count, ended_at, is_batch, is_over, is_search, name, reason, said, state};
use crate::{
    discover::{Role, age::human},
    doctor::{Code, Finding},
    row::Row,
};

/// Phases of a row before its batch Jobs exist.
const BEFORE_JOBS: [&str; 8] =
    ["queued", "preparing", "configuring", "submitting", "submitted", "warming_up", "staging_db", "pending"];
/// A Job's controller makes its pods within this time.
const CONTROLLER: SignedDuration = SignedDuration::from_secs(30);
/// A quarter of an hour before their removal is the time to save logs.
const SOON: SignedDuration = SignedDuration::from_mins(30);

/// The TTL of finished Jobs, and a little.
const REMOVED: SignedDuration = SignedDuration::from_mins(40);

/// Whether a phase is one in which Jobs have been there.
pub(super) fn has_started(phase: &str) -> bool {
    !BEFORE_JOBS.iter().any(|early| phase.eq_ignore_ascii_case(early))
}

/// What is to be said of the job's Jobs.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let pods_known = matches!(scene.seen.pods, Some(Ok(_)));
    let nothing = pods_known && scene.seen.pods().is_empty() && scene.seen.jobs().is_empty();
    let mut findings = Vec::new();
    if nothing {
        findings.extend(missing(scene));
    } else {
        findings.extend(partly_gone(scene));
    }
    findings.extend(scene.seen.jobs().iter().filter_map(|job| without_pods(scene, job)));
    findings.extend(failed(scene));
    findings.extend(ttl(scene));
    findings.extend(shared(scene));
    findings
}

/// Neither Jobs nor pods: where are they?
fn missing(scene: &Scene<'_>) -> Vec<Finding> {
    let id = scene.id;
    let mut findings = Vec::new();
    for found in &scene.seen.elsewhere {
        let pods = match found.pods {
            1 => "1 pod of the job is".to_owned(),
            several => format!("{several} pods of the job are"),
        };
        let namespace = &found.namespace;
        findings.push(match &found.context {
            None => Finding::problem(
                Code::K8sNamespace,
                format!("wrong namespace: {pods} in {namespace}, none in {}", scene.ns()),
            )
            .next(format!("elbtail logs {id} -n {namespace}")),
            Some(context) => Finding::problem(
                Code::K8sContext,
                format!("wrong cluster: {pods} in context {context}, namespace {namespace}"),
            )
            .next(format!("elbtail logs {id} --context {context} -n {namespace}")),
        });
    }
    let row = scene.facts.row.row.as_ref();
    let phase = row.and_then(|row| row.phase().or(row.status()));
    let terminal = row.is_some_and(Row::is_terminal);
    let early = phase.is_some_and(|phase| !terminal && !has_started(phase));
    // Before the first Job and after the last one any cluster is empty.
    let removed = terminal && row.and_then(Row::updated_at).is_some_and(|at| scene.ago(at) > REMOVED);
    findings.extend(row.and_then(|row| other_cluster(scene, row, !early && !removed)));
    if findings.iter().any(Finding::is_problem) {
        return findings;
    }
    let searched =
        format!("no Job and no pod labelled elb-job-id={id} in namespace {} at {}", scene.ns(), scene.facts.place.host);
    let searched =
        if scene.seen.asked_everywhere { format!("{searched}, nor in any other namespace") } else { searched };
    let finding = match phase {
        Some(phase) if early => {
            let summary = format!("the job has no Jobs yet: its row is in phase {phase}");
            Finding::note(Code::K8sNoJobsYet, summary)
                .next(format!("elbtail logs {id} -n {} -f waits for them", scene.ns()))
        }
        Some(phase) if terminal || row.is_some_and(|row| ran_long_ago(scene, row)) => {
            let summary = format!(
                "the job's Jobs and pods are gone: finished ones are removed after half an hour (row: {phase})"
            );
            let next = "what was printed last is kept in the dashboard (execution-steps/logs); next time: elbtail save JOB DEST -f";
            Finding::problem(Code::K8sJobsGone, summary).next(next)
        }
        _ => {
            let summary = format!("nothing of {id} is in namespace {} at {}", scene.ns(), scene.facts.place.host);
            let next = if scene.facts.place.other_contexts.is_empty() || scene.facts.place.all_contexts {
                format!("kubectl get pods -A -l elb-job-id={id}")
            } else {
                format!("elbtail doctor {id} --all-contexts")
            };
            Finding::problem(Code::K8sNotFound, summary)
                .evidence(
                    "finished pods are removed half an hour after they end; other namespaces and clusters may have it",
                )
                .next(next)
        }
    };
    findings.push(finding.evidence(searched));
    findings
}

fn ran_long_ago(scene: &Scene<'_>, row: &Row) -> bool {
    row.updated_at().is_some_and(|at| scene.ago(at) > SignedDuration::from_mins(15))
}

/// The row names another cluster than the one that was asked.
pub(super) fn other_cluster(scene: &Scene<'_>, row: &Row, is_problem: bool) -> Option<Finding> {
    let wanted = row.cluster_name()?;
    let place = &scene.facts.place;
    let lower = wanted.to_ascii_lowercase();
    let is_it = |text: &String| text.to_ascii_lowercase().contains(&lower);
    if place.names.is_empty() || place.names.iter().chain([&place.host]).any(is_it) {
        return None;
    }
    let here = place.names.first().map_or("", String::as_str);
    let summary =
        format!("the row's cluster is {wanted}, but the context {here} was asked, which has nothing of the job");
    let context = place.other_contexts.iter().find(|name| is_it(name));
    let group = row.column("resource_group").unwrap_or("GROUP");
    Some(Finding::graded(Code::K8sClusterName, is_problem, summary).next(match context {
        Some(context) => format!("elbtail doctor {} --context {context}", scene.id),
        None => format!("az aks get-credentials -g {group} -n {wanted}, then --context {wanted}"),
    }))
}

/// Some pods are left, but those that searched are gone.
fn partly_gone(scene: &Scene<'_>) -> Option<Finding> {
    let pods = scene.seen.pods();
    let searched = pods.iter().any(|found| is_search(&found.pod)) || scene.seen.jobs().iter().any(is_batch);
    if searched || !matches!(scene.seen.jobs, Some(Ok(_))) {
        return None;
    }
    let finalizer = pods.iter().find(|found| Role::of(&found.pod) == Role::Finalizer);
    let ended = finalizer.is_some_and(|found| is_over(&found.pod)) || scene.row_is_terminal();
    if ended {
        let summary = format!(
            "the search's Jobs and pods are gone: they are removed half an hour after they finish; {} left",
            count(pods.len(), "other pod")
        );
        let next = "what blast printed last is kept in the dashboard (execution-steps/logs); next time: elbtail save JOB DEST -f";
        return Some(Finding::problem(Code::K8sJobsGone, summary).next(next));
    }
    None
}

/// A Job that should have pods and has none.
fn without_pods(scene: &Scene<'_>, job: &Job) -> Option<Finding> {
    let job_name = name(job);
    let state = state(job);
    if state == JobState::Suspended {
        let summary = format!("Job {job_name} is suspended");
        let next = scene.kubectl(&format!("patch job {job_name} -p '{{\"spec\":{{\"suspend\":false}}}}'"));
        return Some(Finding::problem(Code::K8sSuspended, summary).about(job_name).next(next));
    }
    let has_pods = scene.seen.pods().iter().any(|found| found.pod.jobs().any(|owner| owner == job_name));
    if state != JobState::Active || has_pods || !matches!(scene.seen.pods, Some(Ok(_))) {
        return None;
    }
    let refused: Vec<_> = scene.events_of(job_name).filter(|event| reason(event) == "FailedCreate").collect();
    let created = job.metadata.creation_timestamp.as_ref().map(|time| time.0);
    if refused.is_empty() && created.is_none_or(|at| scene.ago(at) < CONTROLLER) {
        return None;
    }
    let quota =
        refused.iter().any(|event| event.message.as_deref().is_some_and(|text| text.contains("exceeded quota")));
    // A pod that was there, and whose node was taken away, is a matter of its own.
    if refused.is_empty() && scene.events_of(job_name).any(|event| reason(event) == "SuccessfulCreate") {
        return None;
    }
    let finding = if quota {
        Finding::problem(
            Code::K8sQuota,
            format!("a quota of namespace {} keeps Job {job_name} from making its pod", scene.ns()),
        )
        .next(scene.kubectl("describe resourcequota"))
    } else {
        Finding::problem(Code::K8sNoPods, format!("Job {job_name} has no pod"))
            .next(scene.kubectl(&format!("describe job {job_name}")))
    };
    Some(finding.about(job_name).evidences(refused.into_iter().map(said)))
}

/// Jobs that failed, by why.
fn failed(scene: &Scene<'_>) -> Vec<Finding> {
    let mut by_reason: BTreeMap<String, Vec<(&Job, String)>> = BTreeMap::new();
    for job in scene.seen.jobs() {
        if let JobState::Failed { reason, message, at } = state(job) {
            let at = at.map(|at| format!(", {}", scene.ago_text(at))).unwrap_or_default();
            by_reason.entry(reason).or_default().push((job, format!("{}: {message}{at}", name(job))));
        }
    }
    let finding = |(reason, jobs): (String, Vec<(&Job, String)>)| {
        let whom = match jobs.as_slice() {
            [(job, _)] => format!("Job {}", name(job)),
            several => count(several.len(), "Job"),
        };
        let (code, what) = match reason.as_str() {
            "BackoffLimitExceeded" | "PodFailurePolicy" => {
                (Code::K8sBackoffLimit, "gave up: its pods failed too often")
            }
            "DeadlineExceeded" => (Code::K8sDeadline, "ran longer than it may (activeDeadlineSeconds) and was stopped"),
            _ => (Code::K8sJobFailed, "failed"),
        };
        let first = jobs.first().map(|(job, _)| name(job).to_owned()).unwrap_or_default();
        let finding = Finding::problem(code, format!("{whom} {what}"))
            .evidences(jobs.iter().map(|(_, line)| line))
            .next(scene.kubectl(&format!("describe job {first}")));
        jobs.iter().fold(finding, |finding, (job, _)| finding.about(name(job)))
    };
    by_reason.into_iter().map(finding).collect()
}

/// How long the logs of what has finished are left.
fn ttl(scene: &Scene<'_>) -> Option<Finding> {
    let left = |job: &Job| -> Option<(Timestamp, SignedDuration)> {
        let ttl = job.spec.as_ref()?.ttl_seconds_after_finished?;
        let at = ended_at(job)?.checked_add(SignedDuration::from_secs(ttl.into())).ok()?;
        Some((at, at.duration_since(scene.facts.now)))
    };
    let soon: Vec<_> = scene.seen.jobs().iter().filter_map(left).filter(|(_, left)| *left < SOON).collect();
    let (at, first) = soon.iter().min()?;
    let first = (*first).max(SignedDuration::ZERO);
    let first = human(first);
    let when = if soon.len() == 1 { format!("in {first}") } else { format!("the first in {first}") };
    let whose = count(soon.len(), "finished Job");
    let summary = format!("{whose} will be removed with pods and logs, {when} ({at})");
    Some(Finding::note(Code::K8sTtl, summary).next(format!("elbtail save {} DEST -n {}", scene.id, scene.ns())))
}

/// Other searches in the same namespace.
fn shared(scene: &Scene<'_>) -> Option<Finding> {
    if scene.seen.others.is_empty() || scene.seen.pods().is_empty() {
        return None;
    }
    let lines = scene.seen.others.iter().map(|(id, pods)| format!("{id}: {}", count(*pods, "pod")));
    let whose = match scene.seen.others.len() {
        1 => "another search has pods".to_owned(),
        several => format!("{several} other searches have pods"),
    };
    let summary = format!("{whose} in namespace {} as well; they are not taken for this job's", scene.ns());
    Some(Finding::note(Code::K8sShared, summary).evidences(lines))
}
