//! The Jobs: are they here, and well?

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::Job;

use super::case::{Case, is_over, is_search, reason, said};
use crate::{
    discover::age::human,
    doctor::{Code, CommandWords, Finding, SearchedPlace},
    k8s::{JobCondition, Role, is_batch, job_name},
    numbers::counted,
    row::{Row, Wait, is_before_jobs},
    shell::quote,
};

/// A Job's controller makes its pods within this time.
const CONTROLLER: SignedDuration = SignedDuration::from_secs(30);
/// A quarter of an hour before their removal is the time to save logs.
const SOON: SignedDuration = SignedDuration::from_mins(30);

/// What is left of a job that ended so long ago may have been removed: ElasticBLAST's usual TTL, and a little. Nobody knows the
/// TTL of Jobs that are gone.
const REMOVED: SignedDuration = SignedDuration::from_mins(40);

/// Where the last lines are when the pods are gone.
const KEPT: &str =
    "what was printed last is kept in the dashboard (execution-steps/logs); follow the next job from its start";

/// What is to be said of the job's Jobs.
pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let pods_known = matches!(case.seen.pods, Some(Ok(_)));
    let nothing = pods_known && case.seen.pods().is_empty() && case.seen.jobs().is_empty();
    let mut findings = Vec::new();
    if nothing {
        findings.extend(missing(case));
    } else {
        findings.extend(partly_gone(case));
        findings.extend(pods_gone(case));
    }
    findings.extend(case.seen.jobs().iter().filter_map(|job| without_pods(case, job)));
    findings.extend(failed(case));
    findings.extend(ttl(case));
    findings.extend(shared(case));
    findings
}

/// Neither Jobs nor pods: where are they?
fn missing(case: &Case<'_>) -> Vec<Finding> {
    let id = case.id;
    let mut findings = Vec::new();
    for found in &case.seen.elsewhere {
        let pods = match found.pods {
            1 => "1 pod of the job is".to_owned(),
            several => format!("{} of the job are", counted(several, "pod")),
        };
        let namespace = &found.namespace;
        findings.push(match &found.context {
            None => Finding::problem(
                Code::K8sNamespace,
                format!("wrong namespace: {pods} in {namespace}, none in {}", case.ns()),
            )
            .next(in_namespace(case, namespace)),
            Some(context) => Finding::problem(
                Code::K8sContext,
                format!("wrong cluster: {pods} in context {context}, namespace {namespace}"),
            )
            .next(in_context(case, "logs", context, Some(namespace))),
        });
    }
    let row = case.facts.row.row.as_ref();
    let phase = row.and_then(|row| row.phase().or(row.status()));
    let terminal = row.is_some_and(Row::is_terminal);
    let early = phase.is_some_and(|phase| !terminal && is_before_jobs(phase));
    // Before the first Job and after the last one any cluster is empty.
    let removed = terminal && row.and_then(Row::updated_at).is_some_and(|at| case.ago(at) > REMOVED);
    // Pods of another namespace show that the cluster is the right one.
    let here = case.seen.elsewhere.iter().any(|found| found.context.is_none());
    findings.extend(row.filter(|_| !here).and_then(|row| other_cluster(case, row, !early && !removed)));
    if findings.iter().any(Finding::is_problem) {
        return findings;
    }
    let searched =
        format!("no Job and no pod labelled elb-job-id={id} in namespace {} at {}", case.ns(), case.facts.place.host);
    let searched =
        if case.seen.asked_everywhere { format!("{searched}, nor in any other namespace") } else { searched };
    let finding = match phase {
        Some(phase) if early => {
            let wait = row.and_then(|row| Wait::of(row, case.facts.now)).filter(Wait::is_overdue);
            let since =
                wait.as_ref().and_then(|wait| wait.untouched).map(|age| format!(", untouched for {}", human(age)));
            let summary = format!("the job has no Jobs yet: its row is in phase {phase}{}", since.unwrap_or_default());
            Finding::graded(Code::K8sNoJobsYet, wait.is_some(), summary)
                .advice("wait for them: logs -f does")
                .next(case.elbtail("logs", " -f"))
        }
        Some(phase) if terminal || row.is_some_and(|row| ran_long_ago(case, row)) => {
            let summary =
                format!("the job's Jobs and pods are gone: finished ones are removed after their TTL (row: {phase})");
            Finding::problem(Code::K8sJobsGone, summary).advice(KEPT).next(case.storage().unwrap_or_default())
        }
        _ => {
            let summary = format!("nothing of {id} is in namespace {} at {}", case.ns(), case.facts.place.host);
            let next = if case.facts.place.other_contexts.is_empty() || case.facts.place.all_contexts {
                case.facts.place.kubectl(&format!("get pods -A -l elb-job-id={id}"))
            } else {
                case.elbtail("doctor", " --all-contexts")
            };
            let where_else =
                if case.seen.asked_everywhere { "other clusters" } else { "other namespaces and clusters" };
            Finding::problem(Code::K8sNotFound, summary)
                .evidence(format!(
                    "finished Jobs are removed with their pods after their TTL (ttlSecondsAfterFinished); {where_else} may have it"
                ))
                .next(next)
        }
    };
    findings.push(finding.evidence(searched));
    findings
}

fn ran_long_ago(case: &Case<'_>, row: &Row) -> bool {
    row.updated_at().is_some_and(|at| case.ago(at) > SignedDuration::from_mins(15))
}

/// The row names another cluster than the one that was asked.
pub(super) fn other_cluster(case: &Case<'_>, row: &Row, is_problem: bool) -> Option<Finding> {
    let wanted = row.cluster_name()?;
    let place = &case.facts.place;
    let lower = wanted.to_ascii_lowercase();
    let is_it = |text: &String| text.to_ascii_lowercase().contains(&lower);
    if place.names.is_empty() || place.names.iter().chain([&place.host]).any(is_it) {
        return None;
    }
    let here = place.names.first().map_or("", String::as_str);
    let summary =
        format!("the row's cluster is {wanted}, but the context {here} was asked, which has nothing of the job");
    let context = place.other_contexts.iter().find(|name| is_it(name));
    Some(
        Finding::graded(Code::K8sClusterName, is_problem, summary)
            .next(match context {
                Some(context) => in_context(case, "doctor", context, None),
                None => match row.column("resource_group") {
                    Some(group) => format!("az aks get-credentials -g {} -n {}", quote(group), quote(wanted)),
                    None => {
                        format!("az aks list --query {}", quote(&format!("[?name=='{wanted}'].[name, resourceGroup]")))
                    }
                },
            })
            .advice(if context.is_none() { "make a context of that cluster, then name it with --context" } else { "" }),
    )
}

/// The job's lines in another namespace of the same cluster.
fn in_namespace(case: &Case<'_>, namespace: &str) -> String {
    let place = SearchedPlace { namespace: namespace.to_owned(), ..case.facts.place.clone() };
    place.elbtail("logs", case.id.as_str(), "")
}

/// The same in the cluster of another context: the flags that chose this one are left out.
fn in_context(case: &Case<'_>, command: &str, context: &str, namespace: Option<&str>) -> String {
    let asked = &case.facts.place.asked;
    let connect = format!(" --context {}{}", quote(context), asked.connect_elsewhere);
    let asked = CommandWords { connect, ..asked.clone() };
    let namespace = namespace.unwrap_or_default().to_owned();
    SearchedPlace { namespace, asked, ..SearchedPlace::default() }.elbtail(command, case.id.as_str(), "")
}

/// Some pods are left, but those that searched are gone.
fn partly_gone(case: &Case<'_>) -> Option<Finding> {
    let pods = case.seen.pods();
    let searched = pods.iter().any(|found| is_search(&found.pod)) || case.seen.jobs().iter().any(is_batch);
    if searched || !matches!(case.seen.jobs, Some(Ok(_))) {
        return None;
    }
    let finalizer = pods.iter().find(|found| Role::of(&found.pod) == Role::Finalizer);
    let ended = finalizer.is_some_and(|found| is_over(&found.pod)) || case.row_is_terminal();
    if ended {
        let left = counted(pods.len(), "other pod");
        let success = finalizer.and_then(|found| super::blast::success(case, found));
        let summary = match success {
            Some(_) => format!(
                "the job has finished well; the search's Jobs were removed with their pods after their TTL; {left} left"
            ),
            None => format!("the search's Jobs and pods are gone: they are removed after their TTL; {left} left"),
        };
        return Some(
            Finding::graded(Code::K8sJobsGone, success.is_none(), summary)
                .evidences(success.map(|line| format!("| {}", line.text.trim())))
                .advice(KEPT)
                .next(case.storage().unwrap_or_default()),
        );
    }
    None
}

/// All batch Jobs have completed, and no pod is left of them; `5 batch Jobs`.
pub(super) fn done_without_pods(case: &Case<'_>) -> Option<String> {
    let mut batches = case.seen.jobs().iter().filter(|job| is_batch(job)).peekable();
    let seen = matches!(case.seen.pods, Some(Ok(_))) && case.seen.pods().is_empty();
    if !seen
        || batches.peek().is_none()
        || !batches.clone().all(|job| matches!(JobCondition::of(job), JobCondition::Complete { .. }))
    {
        return None;
    }
    Some(counted(batches.count(), "batch Job"))
}

/// The Jobs are still there, but someone removed their pods: a node that left, a collector, a person.
fn pods_gone(case: &Case<'_>) -> Option<Finding> {
    let done = done_without_pods(case)?;
    let summary = format!("the job has finished well ({done}), but its pods were removed, and their logs with them");
    Some(Finding::note(Code::K8sJobsGone, summary).advice(KEPT).next(case.storage().unwrap_or_default()))
}

/// A Job that should have pods and has none.
fn without_pods(case: &Case<'_>, job: &Job) -> Option<Finding> {
    let job_name = job_name(job);
    let condition = JobCondition::of(job);
    if condition == JobCondition::Suspended {
        let summary = format!("Job {job_name} is suspended");
        let next = case.kubectl(&format!("patch job {} -p '{{\"spec\":{{\"suspend\":false}}}}'", quote(job_name)));
        return Some(Finding::problem(Code::K8sSuspended, summary).about(job_name).next(next));
    }
    let has_pods = case.seen.pods().iter().any(|found| found.pod.jobs().any(|owner| owner == job_name));
    if condition != JobCondition::Active || has_pods || !matches!(case.seen.pods, Some(Ok(_))) {
        return None;
    }
    let refused: Vec<_> = case.events_of(job_name).filter(|event| reason(event) == "FailedCreate").collect();
    let created = job.metadata.creation_timestamp.as_ref().map(|time| time.0);
    if refused.is_empty() && created.is_none_or(|at| case.ago(at) < CONTROLLER) {
        return None;
    }
    let quota =
        refused.iter().any(|event| event.message.as_deref().is_some_and(|text| text.contains("exceeded quota")));
    // A pod that was there, and whose node was taken away, is a matter of its own.
    if refused.is_empty() && case.events_of(job_name).any(|event| reason(event) == "SuccessfulCreate") {
        return None;
    }
    let finding = if quota {
        Finding::problem(
            Code::K8sQuota,
            format!("a quota of namespace {} keeps Job {job_name} from making its pod", case.ns()),
        )
        .next(case.kubectl("describe resourcequota"))
    } else {
        Finding::problem(Code::K8sNoPods, format!("Job {job_name} has no pod")).next(case.describe("job", job_name))
    };
    Some(finding.about(job_name).evidences(refused.into_iter().map(said)))
}

/// Jobs that failed, by why.
fn failed(case: &Case<'_>) -> Vec<Finding> {
    let mut by_reason: BTreeMap<String, Vec<(&Job, String)>> = BTreeMap::new();
    for job in case.seen.jobs() {
        if let JobCondition::Failed { reason, message, at } = JobCondition::of(job) {
            let at = at.map(|at| format!(", {}", case.ago_text(at))).unwrap_or_default();
            by_reason.entry(reason).or_default().push((job, format!("{}: {message}{at}", job_name(job))));
        }
    }
    let finding = |(reason, jobs): (String, Vec<(&Job, String)>)| {
        let whom = match jobs.as_slice() {
            [(job, _)] => format!("Job {}", job_name(job)),
            several => counted(several.len(), "Job"),
        };
        let (code, what) = match reason.as_str() {
            "BackoffLimitExceeded" | "PodFailurePolicy" => {
                (Code::K8sBackoffLimit, "gave up: its pods failed too often")
            }
            "DeadlineExceeded" => (Code::K8sDeadline, "ran longer than it may (activeDeadlineSeconds) and was stopped"),
            _ => (Code::K8sJobFailed, "failed"),
        };
        let first = jobs.first().map(|(job, _)| job_name(job).to_owned()).unwrap_or_default();
        let finding = Finding::problem(code, format!("{whom} {what}"))
            .evidences(jobs.iter().map(|(_, line)| line))
            .next(case.describe("job", &first));
        jobs.iter().fold(finding, |finding, (job, _)| finding.about(job_name(job)))
    };
    by_reason.into_iter().map(finding).collect()
}

/// How long the logs of what has finished are left.
fn ttl(case: &Case<'_>) -> Option<Finding> {
    let left = |job: &Job| -> Option<(Timestamp, SignedDuration)> {
        let ttl = job.spec.as_ref()?.ttl_seconds_after_finished?;
        let at = JobCondition::of(job).ended_at()?.checked_add(SignedDuration::from_secs(ttl.into())).ok()?;
        Some((at, at.duration_since(case.facts.now)))
    };
    let soon: Vec<_> = case.seen.jobs().iter().filter_map(left).filter(|(_, left)| *left < SOON).collect();
    let (at, first) = soon.iter().min()?;
    let first = (*first).max(SignedDuration::ZERO);
    let first = human(first);
    let when = if soon.len() == 1 { format!("in {first}") } else { format!("the first in {first}") };
    let whose = counted(soon.len(), "finished Job");
    let summary = format!("{whose} will be removed with pods and logs, {when} ({at})");
    Some(Finding::note(Code::K8sTtl, summary).next(case.keep("")))
}

/// Other searches in the same namespace.
fn shared(case: &Case<'_>) -> Option<Finding> {
    if case.seen.others.is_empty() || case.seen.pods().is_empty() {
        return None;
    }
    let lines = case.seen.others.iter().map(|(id, pods)| format!("{id}: {}", counted(*pods, "pod")));
    let whose = match case.seen.others.len() {
        1 => "another search has pods".to_owned(),
        several => format!("{several} other searches have pods"),
    };
    let summary = format!("{whose} in namespace {} as well; they are not taken for this job's", case.ns());
    Some(Finding::note(Code::K8sShared, summary).evidences(lines))
}
