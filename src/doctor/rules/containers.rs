//! The containers: do they run, and how did they end?

use super::{
    case::Case,
    mishap::{Mishap, group},
    pods::is_troubled,
};
use crate::{
    discover::Match,
    doctor::{Code, Finding},
    k8s::{
        Role,
        pod::{ContainerStatus, Terminated},
    },
};

/// Waiting for an image that does not come.
const IMAGE: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "RegistryUnavailable",
    "ImageInspectError",
];
/// A configuration from which no container can be made.
const CONFIG: [&str; 4] =
    ["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError"];
/// Ends of a container that never ran.
const NOT_STARTED: [&str; 2] = ["StartError", "ContainerCannotRun"];
/// Last words that are shown.
const WORDS: usize = 6;

/// What is to be said of the containers.
pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let mut troubles = Vec::new();
    for found in case.seen.pods().iter().filter(|found| !is_troubled(found)) {
        let status = &found.pod.status;
        let init = status.init_container_statuses.iter().map(|status| (true, status));
        let rest = status.container_statuses.iter().map(|status| (false, status));
        troubles.extend(init.chain(rest).filter_map(|(init, status)| mishap(case, found, init, status)));
    }
    group(troubles)
}

fn mishap<'a>(case: &Case<'a>, found: &'a Match, init: bool, status: &'a ContainerStatus) -> Option<Mishap<'a>> {
    let pod = &found.pod;
    let waiting = status.state.waiting.as_ref();
    let waits = waiting.and_then(|waiting| waiting.reason.as_deref()).unwrap_or_default();
    let message = waiting.and_then(|waiting| waiting.message.clone()).unwrap_or_default();
    let describe = case.describe("pod", pod.name());
    let logs = case.elbtail_logs(pod, &status.name);
    let kind = if init { "init " } else { "" };
    let make = |code: Code, is_problem: bool, what: String, shown: String, words: Vec<String>, next: String| {
        let made_good = case.is_made_good(pod);
        let what = if made_good { format!("{what}; another try made it good") } else { what };
        let container = status.name.clone();
        Some(Mishap {
            code,
            is_problem: is_problem && !made_good,
            found,
            container,
            what: format!("{kind}{what}"),
            shown,
            words,
            next,
        })
    };
    if IMAGE.contains(&waits) {
        let shown = match case.event(pod.name(), &["Failed"]) {
            Some(event) => format!("{waits}: {}", event.message.as_deref().unwrap_or(&message)),
            None => format!("{waits}: {message}"),
        };
        return make(Code::PodImage, true, "{} cannot get its image".to_owned(), shown, vec![], describe);
    }
    if CONFIG.contains(&waits) {
        let what = "{} cannot be made from its configuration".to_owned();
        return make(Code::PodConfig, true, what, format!("{waits}: {message}"), vec![], describe);
    }
    let now = status.state.terminated.as_ref();
    let before = status.last_state.terminated.as_ref();
    let ended = now.or(before).filter(|ended| ended.exit_code != 0)?;
    // The API keeps a failed instance in view after the next has ended well.
    if now.is_some_and(|now| now.exit_code == 0) && ended.exit_code != 0 && now.is_some() {
        return None;
    }
    let runs = status.state.running.is_some();
    let shown = end_of(case, ended, status.restart_count);
    let words = case.last_words(pod, &status.name, WORDS);
    let silent = words.is_empty();
    if ended.reason.as_deref() == Some("OOMKilled") {
        let log = match () {
            () if silent && case.is_unread(pod, &status.name) => "; its log could not be read",
            () if silent => "; its log is empty",
            () => "",
        };
        let what = "{} was killed for lack of memory".to_owned();
        return make(
            Code::PodOom,
            true,
            what,
            format!("{shown}{log}; raise its limit (mem-limit) or make smaller batches (batch-len)"),
            words,
            describe,
        );
    }
    // The kubelet writes this, with 137 and no times, of a container that it does not find any more: after the loss of a node, or
    // when a full disk made it clean up.
    if ended.reason.as_deref() == Some("ContainerStatusUnknown") && !runs {
        let why = ended.message.clone().unwrap_or_default();
        let what = format!(
            "{{}} was lost: it was scheduled to node {}, which does not know any more how it ended (node restarted, or disk full)",
            pod.spec.node_name.as_deref().unwrap_or("?")
        );
        return make(Code::PodFailed, true, what, format!("{shown} {why}"), words, describe);
    }
    if NOT_STARTED.contains(&ended.reason.as_deref().unwrap_or_default()) && !runs {
        let why = ended.message.clone().unwrap_or_default();
        return make(
            Code::PodConfig,
            true,
            "{} could not be started".to_owned(),
            format!("{shown} {why}"),
            words,
            describe,
        );
    }
    if runs {
        let what = format!("{{}} failed with exit code {} and was started again", ended.exit_code);
        // Twice and more is a habit.
        let is_problem = status.restart_count > 1;
        let code = if is_problem { Code::PodCrashLoop } else { Code::PodRestarted };
        return make(code, is_problem, what, shown, words, logs);
    }
    if init {
        let what = format!(
            "{{}} failed with exit code {}, so the other containers never started and their logs are empty",
            ended.exit_code
        );
        return make(Code::PodInitFailed, true, what, shown, words, logs);
    }
    // The pause comes a moment after the end.
    if waits == "CrashLoopBackOff" || (status.restart_count > 1 && pod.status.phase.as_deref() != Some("Failed")) {
        let what = format!("{{}} fails again and again, with exit code {}", ended.exit_code);
        let pause = if message.is_empty() { String::new() } else { format!("; {message}") };
        return make(Code::PodCrashLoop, true, what, format!("{shown}{pause}"), words, logs);
    }
    // These failures have a code of their own.
    let told = match Role::of(pod) {
        Role::Submit => true,
        Role::Finalizer => super::blast::failure(case, found).is_some(),
        _ => false,
    };
    if told {
        return None;
    }
    let what = format!("{{}} ended with exit code {}{}", ended.exit_code, meaning(ended.exit_code));
    make(Code::PodFailed, true, what, shown, words, logs)
}

fn end_of(case: &Case<'_>, ended: &Terminated, restarts: i32) -> String {
    let at = ended.finished_at.map(|at| format!(", {}", case.ago_text(at))).unwrap_or_default();
    let restarts = if restarts > 0 { format!(", restarts: {restarts}") } else { String::new() };
    format!("{}, exit code {}{at}{restarts}", ended.word(), ended.exit_code)
}

/// What an exit code says by itself.
fn meaning(code: i32) -> String {
    match code {
        126 => " (the command cannot be run)".to_owned(),
        127 => " (the command was not found)".to_owned(),
        137 => " (killed)".to_owned(),
        143 => " (asked to end)".to_owned(),
        139 => " (crashed: segmentation fault)".to_owned(),
        _ => String::new(),
    }
}
