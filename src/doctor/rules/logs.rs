//! The logs: can they be read, and are they whole?

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{
    scene::{Scene, count},
    trouble::{Trouble, group},
};
use crate::{
    cluster::ClusterError,
    discover::Match,
    doctor::{Answer, Code, Finding, LogFacts, Part},
};

/// The first line that is left may come so much later than the start.
const LATE: SignedDuration = SignedDuration::from_secs(30);
/// A search without a word for so long is odd.
const SILENT: SignedDuration = SignedDuration::from_mins(10);
/// How the logs of these containers begin, whatever they do.
const BEGIN: [(&str, &[&str]); 2] =
    [("blast", &["BASH version", "run start"]), ("finalizer", &["ElasticBLAST Finalizer", "Detected "])];

/// What is to be said of the logs that were looked at.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = kubelets(scene);
    let mut troubles: Vec<Trouble<'_>> = Vec::new();
    for log in &scene.seen.logs {
        let Some(found) = scene.seen.pods().iter().find(|found| found.pod.uid() == log.target.uid) else { continue };
        troubles.extend(trouble(scene, log, found));
    }
    // One log may have been asked for in several pieces.
    troubles
        .sort_by(|a, b| (a.code, a.found.pod.name(), &a.container).cmp(&(b.code, b.found.pod.name(), &b.container)));
    troubles.dedup_by(|a, b| (a.code, a.found.pod.uid(), &a.container) == (b.code, b.found.pod.uid(), &b.container));
    findings.extend(group(troubles));
    findings
}

fn trouble<'a>(scene: &Scene<'a>, log: &LogFacts, found: &'a Match) -> Option<Trouble<'a>> {
    let container = &log.target.container;
    let make = |code, is_problem, what: &str, shown: String, next: String| {
        let (container, what, words) = (container.clone(), what.to_owned(), Vec::new());
        Some(Trouble { code, is_problem, found, container, what, shown, words, next })
    };
    match &log.answer {
        Answer::InBand(text) if log.part == Part::Previous => {
            make(Code::LogFileGone, false, "{}: the log of its instance before is gone", text.clone(), String::new())
        }
        Answer::InBand(text) => {
            let next = "the dashboard keeps the last lines (execution-steps/logs); next time: elbtail save JOB DEST -f";
            make(Code::LogFileGone, true, "{}: its log is gone from the node", text.clone(), next.to_owned())
        }
        Answer::Lines(lines) if log.part == Part::Head => {
            let status = found.pod.container(container);
            let started = status.started(status.restart)?.to_timestamp();
            let Some(first) = lines.first() else {
                let runs = matches!(status.state, crate::follow::status::State::Running { .. });
                let silent = runs && container == "blast" && scene.ago(started) > SILENT;
                let shown = format!("it has been running for {}", crate::discover::age::human(scene.ago(started)));
                let next = scene.kubectl(&format!("top pod {} --containers", found.pod.name()));
                return if silent {
                    make(Code::LogSilent, false, "{} runs without printing a line", shown, next)
                } else {
                    None
                };
            };
            let (_, begin) = BEGIN.iter().find(|(name, _)| name == container)?;
            let stamp = first.stamp?;
            let late = stamp.duration_since(started) > LATE;
            if !late || begin.iter().any(|begin| first.text.starts_with(begin)) {
                return None;
            }
            let shown = format!("started {started}, the first line that is left is from {stamp}");
            let next = format!("elbtail save {} DEST -f, started early, keeps what the node rotates away", scene.id);
            make(Code::LogRotated, false, "{}: the beginning of its log was rotated away", shown, next)
        }
        Answer::Refused(error) => match error {
            // Told of the node, of the permission, or of the cluster already.
            ClusterError::Forbidden(_) | ClusterError::Unauthenticated(_) => None,
            error if is_kubelet(error) => None,
            // It started to wait, or vanished, since it was listed.
            ClusterError::Rejected(rejection) if matches!(rejection.code, 400 | 404) => None,
            error => {
                // Where other logs can be read, it is a busy moment and not the state of things.
                let others = scene.seen.logs.iter().any(|log| matches!(log.answer, Answer::Lines(_)));
                let is_problem = !(others && error.is_transient());
                let next = scene.elbtail_logs(&found.pod, container);
                make(Code::LogUnreadable, is_problem, "{}: its log cannot be read", error.to_string(), next)
            }
        },
        Answer::Lines(_) | Answer::NotScheduled => None,
    }
}

fn is_kubelet(error: &ClusterError) -> bool {
    let text = |it: &crate::cluster::Rejection| it.message.contains("dial tcp") || it.message.contains("containerLogs");
    matches!(error, ClusterError::Rejected(rejection) if matches!(rejection.code, 500..=504) && text(rejection))
}

/// Nodes whose kubelet does not answer.
fn kubelets(scene: &Scene<'_>) -> Vec<Finding> {
    let mut silent: BTreeMap<&str, Vec<(&LogFacts, String)>> = BTreeMap::new();
    for log in &scene.seen.logs {
        if let Answer::Refused(error) = &log.answer
            && is_kubelet(error)
        {
            silent.entry(log.node.as_deref().unwrap_or("?")).or_default().push((log, error.to_string()));
        }
    }
    let finding = |(node, logs): (&str, Vec<(&LogFacts, String)>)| {
        let pods = scene.seen.pods().iter().filter(|found| found.pod.spec.node_name.as_deref() == Some(node));
        let pods: Vec<&str> = pods.map(|found| found.pod.name()).collect();
        let whose = count(pods.len(), "pod");
        let summary = format!("the kubelet of node {node} does not answer: the logs of {whose} cannot be read");
        let finding = Finding::problem(Code::LogKubelet, summary)
            .evidences(logs.first().map(|(_, error)| error))
            .next(format!("kubectl describe node {node}"));
        pods.iter().fold(finding, |finding, pod| finding.about(pod))
    };
    silent.into_iter().map(finding).collect()
}
