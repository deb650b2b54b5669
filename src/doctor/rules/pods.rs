//! The pods: have they a node, and is it still there?

use jiff::SignedDuration;

use super::{
    case::{Case, is_over, reason, said},
    mishap::{Mishap, group},
};
use crate::{
    discover::Match,
    doctor::{Code, Finding},
    k8s::{JobCondition, Pod, job_name},
    numbers::counted,
};

/// What the kubelet and the cloud call the end of a node.
const NODE_ENDS: [&str; 5] = ["Shutdown", "NodeShutdown", "Terminated", "Preempting", "Preempted"];
/// Reasons of a pod's failure before it ran: the node would not have it.
const REJECTED: [&str; 6] =
    ["UnexpectedAdmissionError", "OutOfcpu", "OutOfmemory", "OutOfpods", "NodeAffinity", "Taint"];
/// Reasons of the condition `DisruptionTarget`.
const DISRUPTED: [&str; 5] = [
    "PreemptionByScheduler",
    "DeletionByTaintManager",
    "EvictionByEvictionAPI",
    "DeletionByPodGC",
    "TerminationByKubelet",
];
/// Starting takes longer than this only with a reason.
const SLOW: SignedDuration = SignedDuration::from_mins(10);

/// What is to be said of the pods.
pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = group(case.seen.pods().iter().filter_map(|found| mishap(case, found)).collect());
    findings.extend(vanished(case));
    findings.extend(near(case));
    findings
}

/// Whether the pod's own mishap explains that of its containers.
pub(super) fn is_troubled(found: &Match) -> bool {
    let pod = &found.pod;
    let word = pod.status.reason.as_deref().unwrap_or_default();
    word == "Evicted"
        || word == "NodeLost"
        || NODE_ENDS.contains(&word)
        || REJECTED.contains(&word)
        || (is_over(pod) && disruption(pod).is_some())
}

fn mishap<'a>(case: &Case<'a>, found: &'a Match) -> Option<Mishap<'a>> {
    let pod = &found.pod;
    let describe = case.describe("pod", pod.name());
    let word = pod.status.reason.as_deref().unwrap_or_default();
    let message = pod.status.message.clone().unwrap_or_default();
    let made_good = case.is_made_good(pod);
    let mishap = |code: Code, is_problem: bool, what: String, shown: String, next: String| {
        let (is_problem, what) = match made_good {
            true => (false, format!("{what}; another try made it good")),
            false => (is_problem, what),
        };
        Some(Mishap { code, is_problem, found, container: String::new(), what, shown, words: Vec::new(), next })
    };
    if word == "Evicted" {
        let next = case.describe("node", node(pod));
        return mishap(Code::PodEvicted, true, "{} <was|were> evicted".to_owned(), message, next);
    }
    let lost = pod.status.conditions.iter().any(|it| it.kind == "Ready" && it.status == "Unknown");
    if word == "NodeLost" || pod.status.phase.as_deref() == Some("Unknown") || lost {
        let what = format!("{{}} <is|are> on node {}, which does not answer", node(pod));
        let next = case.describe("node", node(pod));
        return mishap(Code::PodNodeLost, true, what, message, next);
    }
    let disrupted = disruption(pod);
    if NODE_ENDS.contains(&word) || (disrupted.is_some() && (is_over(pod) || pod.is_deleted())) {
        let successor = case.successor(pod);
        let next_pod = successor.map(|found| format!("; pod {} took over", found.pod.name()));
        let what =
            format!("{{}} lost the node{}", next_pod.clone().unwrap_or("; no pod has taken over yet".to_owned()));
        let shown = match disrupted {
            Some((reason, text)) => format!("DisruptionTarget {reason}: {text}"),
            None => format!("{word}: {message}"),
        };
        let next = match successor {
            Some(found) => case.elbtail_logs(&found.pod, "blast"),
            None => describe,
        };
        return mishap(Code::PodReclaimed, successor.is_none(), what, shown, next);
    }
    if REJECTED.contains(&word) {
        let what = format!("{{}} <was|were> refused by node {}: {word}", node(pod));
        return mishap(Code::PodRejected, true, what, message, describe);
    }
    if is_over(pod) || pod.is_deleted() {
        return None;
    }
    if let Some(condition) = pod.status.conditions.iter().find(|it| it.kind == "PodScheduled" && it.status == "False") {
        let text = condition.message.clone().unwrap_or_default();
        let scaling = case.event(pod.name(), &["TriggeredScaleUp"]);
        let (why, next) = why_unschedulable(case, &text, &describe);
        return match scaling {
            Some(event) => mishap(
                Code::PodUnschedulable,
                false,
                "{} <waits|wait> for a node that is being added".to_owned(),
                said(event),
                describe,
            ),
            None => mishap(Code::PodUnschedulable, true, format!("{{}} <has|have> no node: {why}"), text, next),
        };
    }
    starting(case, found)
        .and_then(|(code, what, shown)| mishap(code, code != Code::PodSlowStart, what, shown, describe))
}

/// A pod whose containers are being made: what its events say of it.
fn starting(case: &Case<'_>, found: &Match) -> Option<(Code, String, String)> {
    let pod = &found.pod;
    let creating = |status: &crate::k8s::pod::ContainerStatus| {
        let waiting = status.state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
        matches!(waiting, Some("ContainerCreating" | "PodInitializing"))
    };
    let (init, all) = (&pod.status.init_container_statuses, &pod.status.container_statuses);
    // While an init container runs, it is not the pod that is slow.
    let first = init.iter().find(|status| status.state.terminated.is_none()).or(all.first())?;
    if !creating(first) {
        return None;
    }
    let volume = ["FailedMount", "FailedAttachVolume", "FailedMapVolume"];
    if let Some(event) = case.event(pod.name(), &volume) {
        return Some((Code::PodVolume, "{} cannot mount a volume".to_owned(), said(event)));
    }
    if let Some(event) = case.event(pod.name(), &["FailedCreatePodSandBox", "NetworkNotReady"]) {
        return Some((Code::PodSandbox, "{} cannot get a sandbox or network".to_owned(), said(event)));
    }
    let age = pod.created().map(|at| case.ago(at)).filter(|age| *age > SLOW)?;
    let what = "{} <has|have> been starting for a long time".to_owned();
    Some((Code::PodSlowStart, what, format!("created {} ago, no event says why", crate::discover::age::human(age))))
}

fn node(pod: &Pod) -> &str {
    pod.spec.node_name.as_deref().unwrap_or("?")
}

fn disruption(pod: &Pod) -> Option<(String, String)> {
    let target = |it: &&crate::k8s::pod::Condition| it.kind == "DisruptionTarget" && it.status == "True";
    let condition = pod.status.conditions.iter().find(target)?;
    let reason = condition.reason.clone().filter(|reason| DISRUPTED.contains(&reason.as_str()))?;
    Some((reason, condition.message.clone().unwrap_or_default()))
}

/// The scheduler's message in a few words, and what to look at.
fn why_unschedulable(case: &Case<'_>, text: &str, describe: &str) -> (String, String) {
    const CAUSES: [(&str, &str, &str); 8] = [
        ("affinity/selector", "no node has the labels that are asked for", "get nodes --show-labels"),
        ("Insufficient memory", "not enough memory on any node", "describe nodes"),
        ("Insufficient cpu", "not enough CPU on any node", "describe nodes"),
        ("Insufficient ephemeral-storage", "not enough disk on any node", "describe nodes"),
        (
            "untolerated taint",
            "taints keep pods off",
            "get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints",
        ),
        ("Too many pods", "the nodes are full of pods", "describe nodes"),
        ("volume node affinity conflict", "the volume is in another zone", "describe pv"),
        ("persistentvolumeclaim", "the volume claim is not bound", "get pvc"),
    ];
    let hits: Vec<_> = CAUSES.iter().filter(|(sign, ..)| text.contains(sign)).collect();
    let why: Vec<&str> = hits.iter().map(|(_, why, _)| *why).collect();
    match hits.first() {
        Some((.., command)) => (why.join(", "), case.kubectl(command)),
        None => ("the scheduler finds none".to_owned(), describe.to_owned()),
    }
}

/// Pods that a Job made and that are not there any more, as after the loss of a Spot node.
fn vanished(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for job in case.seen.jobs().iter().filter(|job| !JobCondition::of(job).is_finished()) {
        let made = case.events_of(job_name(job)).filter(|event| reason(event) == "SuccessfulCreate");
        let made = made.filter_map(|event| event.message.as_deref()?.strip_prefix("Created pod: "));
        let gone: Vec<&str> = made.filter(|made| case.seen.pods().iter().all(|it| it.pod.name() != *made)).collect();
        let Some(first) = gone.first() else { continue };
        let successor = case.seen.pods().iter().find(|found| found.pod.jobs().any(|owner| owner == job_name(job)));
        let then = match successor {
            Some(found) => format!("pod {} took over", found.pod.name()),
            None => "no pod has taken over yet".to_owned(),
        };
        let whom =
            if gone.len() == 1 { format!("pod {first} is") } else { format!("{} are", counted(gone.len(), "pod")) };
        let summary = format!("{whom} gone with its log, as when a Spot node is reclaimed; {then}");
        let events = gone.iter().flat_map(|gone| case.events_of(gone)).map(said);
        let finding = Finding::graded(Code::PodReclaimed, successor.is_none(), summary)
            .evidence(format!("Job {} made {}", job_name(job), gone.join(", ")))
            .evidences(events)
            .about(job_name(job));
        findings.push(match successor {
            Some(found) => finding.next(case.elbtail_logs(&found.pod, "blast")),
            None => finding.next(case.describe("job", job_name(job))),
        });
    }
    findings
}

/// Near misses, when they may be what somebody is looking for.
fn near(case: &Case<'_>) -> Option<Finding> {
    if case.seen.near.is_empty() {
        return None;
    }
    let whom = match case.seen.near.as_slice() {
        [(name, _)] => format!("pod {name} looks"),
        several => format!("{} look", counted(several.len(), "pod")),
    };
    let lines = case.seen.near.iter().map(|(name, why)| format!("{name}: {why}"));
    Some(Finding::note(Code::PodNotTaken, format!("{whom} like the job's, but belongs elsewhere")).evidences(lines))
}
