//! The logs: can they be read, and are they whole?

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{
    case::Case,
    mishap::{Mishap, group},
};
use crate::{
    cluster::ClusterError,
    discover::Match,
    doctor::{
        Code, Finding, LogFacts, NodeHolds, TailAnswer, TailPart,
        kept::{Missing, missing},
    },
    follow::refusal::Refusal,
    k8s::kubelet_error::{KubeletError, is_kubelet_unreachable, is_kubelets_refusal},
    numbers::counted,
    shell::quote,
};

/// A search without a word for so long is odd.
const SILENT: SignedDuration = SignedDuration::from_mins(10);
/// What is to be said of the logs that were looked at.
pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = kubelets(case);
    let mut troubles: Vec<Mishap<'_>> = Vec::new();
    for log in &case.seen.logs {
        let Some(found) = case.seen.pods().iter().find(|found| found.pod.uid() == log.target.uid) else { continue };
        troubles.extend(mishap(case, log, found));
    }
    // One log may have been asked for in several pieces.
    troubles
        .sort_by(|a, b| (a.code, a.found.pod.name(), &a.container).cmp(&(b.code, b.found.pod.name(), &b.container)));
    troubles.dedup_by(|a, b| (a.code, a.found.pod.uid(), &a.container) == (b.code, b.found.pod.uid(), &b.container));
    // Whoever may read one node's files may read all.
    let mut hinted = false;
    let hint = |it: &Mishap<'_>| {
        case.seen.kept.iter().any(|kept| kept.uid == it.found.pod.uid() && matches!(kept.kept, NodeHolds::NotPermitted))
    };
    for mishap in &mut troubles {
        if hint(mishap) && std::mem::replace(&mut hinted, true) {
            mishap.words.clear();
        }
    }
    findings.extend(group(troubles));
    findings
}

fn mishap<'a>(case: &Case<'a>, log: &LogFacts, found: &'a Match) -> Option<Mishap<'a>> {
    let container = &log.target.container;
    let mut kept = case.seen.kept.iter();
    let kept = kept.find(|kept| kept.uid == log.target.uid && kept.container == *container);
    let make = |code, is_problem, what: &str, shown: String, next: String| {
        let (container, what) = (container.clone(), what.to_owned());
        Some(Mishap { code, is_problem, found, container, what, shown, words: Vec::new(), next })
    };
    let with_files = |mishap: Option<Mishap<'a>>| {
        let words: Vec<String> = kept.iter().map(ToString::to_string).collect();
        mishap.map(|mishap| Mishap { words, ..mishap })
    };
    let status = found.pod.container(container);
    match missing(log, found) {
        Some(Missing::File(text)) => {
            let what = "{}: its log is gone from the node; the dashboard keeps the last lines (execution-steps/logs)";
            let next = match kept {
                Some(kept) if kept.has_files() => case.elbtail_logs(&found.pod, container),
                _ => case.describe("pod", found.pod.name()),
            };
            return with_files(make(Code::LogFileGone, true, what, text, next));
        }
        Some(Missing::Beginning { .. }) if kept.is_some_and(|kept| kept.is_whole(status.restart)) => return None,
        Some(Missing::Beginning { started, first }) => {
            let what = match kept {
                Some(kept) if kept.has_files() => {
                    "{}: the log API has lost the beginning of its log to rotation; what its node still holds, elbtail logs reads"
                }
                _ => "{}: the beginning of its log was rotated away; who follows from the start has all",
            };
            let shown = format!("started {started}, the first line that is left is from {first}");
            return with_files(make(Code::LogRotated, false, what, shown, case.keep(" -f")));
        }
        None => {}
    }
    let unreadable =
        |shown: String, next: String| make(Code::LogUnreadable, true, "{}: its log cannot be read", shown, next);
    match &log.answer {
        TailAnswer::Lines(lines) if log.part == TailPart::Head && lines.is_empty() => {
            let started = status.started(status.restart)?.to_timestamp();
            let runs = matches!(status.state, crate::k8s::status::InstanceState::Running { .. });
            if !runs || container != "blast" || case.ago(started) <= SILENT {
                return None;
            }
            let shown = format!("it has been running for {}", crate::discover::age::human(case.ago(started)));
            let next = case.kubectl(&format!("top pod {} --containers", quote(found.pod.name())));
            make(Code::LogSilent, false, "{} runs without printing a line", shown, next)
        }
        TailAnswer::Refused(error) => match error {
            // Told of the node.
            error if kubelet(error).is_some() => None,
            // Told of the permission.
            ClusterError::Forbidden(_) if !case.may("get", "pods/log") => None,
            error if has_none(error) => None,
            ClusterError::Forbidden(_) => {
                unreadable(error.to_string(), case.kubectl("auth can-i get pods --subresource=log"))
            }
            error => unreadable(error.to_string(), case.elbtail_logs(&found.pod, container)),
        },
        TailAnswer::InBand(KubeletError::Passing, text) => {
            unreadable(format!("the kubelet answered: {text}"), case.elbtail_logs(&found.pod, container))
        }
        TailAnswer::Lines(_) | TailAnswer::InBand(..) | TailAnswer::NotScheduled => None,
    }
}

/// Whether there is no log to be read: the container started to wait, or vanished, since it was listed. A proxy's answer has no reason.
fn has_none(error: &ClusterError) -> bool {
    let says_so =
        matches!(Refusal::of(error, false), Refusal::Waiting(_) | Refusal::NoInstance(_) | Refusal::NotFound(_));
    says_so && error.rejection().is_some_and(|it| !it.reason.is_empty())
}

/// What a kubelet does that gives no log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kubelet {
    /// It does not answer.
    Silent,
    /// It answers, and does not let the API server in: no matter of the user's credentials.
    Refuses,
}

/// Whether an error is the kubelet's, which the API server passes on.
fn kubelet(error: &ClusterError) -> Option<Kubelet> {
    match error {
        ClusterError::Rejected(it) if matches!(it.code, 500..=504) && is_kubelet_unreachable(&it.message) => {
            Some(Kubelet::Silent)
        }
        ClusterError::Rejected(it) | ClusterError::Forbidden(it) => {
            is_kubelets_refusal(&it.message).then_some(Kubelet::Refuses)
        }
        _ => None,
    }
}

/// Nodes whose kubelet does not answer, or refuses.
fn kubelets(case: &Case<'_>) -> Vec<Finding> {
    let mut silent: BTreeMap<(&str, Kubelet), Vec<(&LogFacts, String)>> = BTreeMap::new();
    for log in &case.seen.logs {
        if let TailAnswer::Refused(error) = &log.answer
            && let Some(what) = kubelet(error)
        {
            silent.entry((log.node.as_deref().unwrap_or("?"), what)).or_default().push((log, error.to_string()));
        }
    }
    let finding = |((node, what), logs): ((&str, Kubelet), Vec<(&LogFacts, String)>)| {
        let pods = case.seen.pods().iter().filter(|found| found.pod.spec.node_name.as_deref() == Some(node));
        let pods: Vec<&str> = pods.map(|found| found.pod.name()).collect();
        let whose = counted(pods.len(), "pod");
        let summary = match what {
            Kubelet::Silent => {
                format!("the kubelet of node {node} does not answer: the logs of {whose} cannot be read")
            }
            Kubelet::Refuses => format!(
                "the kubelet of node {node} does not let the API server in: the logs of {whose} cannot be read; your own \
                 credentials are not the reason"
            ),
        };
        let finding = Finding::problem(Code::LogKubelet, summary)
            .evidences(logs.first().map(|(_, error)| error))
            .next(case.describe("node", node));
        pods.iter().fold(finding, |finding, pod| finding.about(pod))
    };
    silent.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Rejection;

    #[test]
    fn what_a_kubelet_refuses_is_not_the_users_fault() {
        let rejection = |code, message: &str| Rejection {
            code,
            reason: String::new(),
            message: message.to_owned(),
            retry_after: None,
        };
        let refused = "Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)";
        assert_eq!(kubelet(&rejection(403, refused).into()), Some(Kubelet::Refuses));
        let refused = "the server has asked for the client to provide credentials ( pods/log blastn-0)";
        assert_eq!(kubelet(&rejection(401, refused).into()), Some(Kubelet::Refuses));
        assert_eq!(
            kubelet(&rejection(500, "dial tcp 10.0.0.1:10250: connection refused").into()),
            Some(Kubelet::Silent)
        );
        assert_eq!(kubelet(&rejection(502, "No agent available").into()), Some(Kubelet::Silent));
        assert_eq!(kubelet(&rejection(403, "pods \"x\" is forbidden: User \"me\" cannot get").into()), None);
        assert_eq!(kubelet(&rejection(401, "Unauthorized").into()), None);
        assert_eq!(kubelet(&rejection(503, "busy").into()), None);
    }
}
