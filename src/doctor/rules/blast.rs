//! ElasticBLAST's own words: what the logs of its containers say of a failure.

use regex::Regex;
use std::sync::LazyLock;

use super::{
    case::{Case, is_search},
    mishap::{Mishap, group},
    pods::is_troubled,
};
use crate::{
    discover::Match,
    doctor::{Code, Finding, TailLine},
    k8s::{Role, Target, is_batch, job_name, targets},
    numbers::counted,
};

/// `run end NNN CODE`
static RUN_END: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^run end (\S+) (\d+)\s*$").ok());
/// BLAST+ and ElasticBLAST report errors so.
static BLAST_ERROR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^(?:.{0,80}\b)?(?:error|fatal|exception)\b").ok());
static LOGIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)azcopy login failed|failed to perform (?:auto-)?login|AADSTS\d+|failed to get (?:access )?token|no SAS token or OAuth token").ok()
});
static TRANSFER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)azcopy attempt \d+/\d+ failed|azcopy .*failed after|Final Job Status: (?:Failed|CompletedWithErrors)|Number of (?:File )?Transfers Failed: [1-9]|AuthorizationFailure|AuthenticationFailed|AuthorizationPermissionMismatch|ContainerNotFound|BlobNotFound|RESPONSE (?:Status: )?40[0-9]|failed to perform copy command",
    )
    .ok()
});
/// Shows whether the managed identity has the role Storage Blob Data Contributor.
const ROLES: &str = "az role assignment list --all --query '[].[principalName, roleDefinitionName, scope]' -o table";
const SUCCEEDED: &str = "SUCCESS: all BLAST jobs completed";
const FAILED: &str = "FAILURE: jobs failed:";
/// Last words that are shown.
const WORDS: usize = 6;

fn says(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// What the logs say.
pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let mut troubles = Vec::new();
    for found in case.seen.pods() {
        let made_good = case.is_made_good(&found.pod);
        let before = troubles.len();
        troubles.extend(azcopy(case, found));
        if is_search(&found.pod) && !is_troubled(found) {
            troubles.extend(blast(case, found));
            troubles.extend(export_waits(case, found));
        }
        troubles.extend(submit(case, found));
        for mishap in &mut troubles[before..] {
            mishap.is_problem &= !made_good && !is_tried_again(found, &mishap.container);
        }
    }
    let mut findings = group(troubles);
    findings.extend(case.seen.pods().iter().filter_map(|found| finalizer(case, found)));
    findings
}

/// Whether a container failed once and runs again: it may well end better this time.
fn is_tried_again(found: &Match, container: &str) -> bool {
    let status = found.pod.status_of(container);
    status.is_some_and(|status| {
        let failed = status.last_state.terminated.as_ref().is_some_and(|ended| ended.exit_code != 0);
        status.state.running.is_some() && failed && status.restart_count <= 1
    })
}

fn mishap<'a>(found: &'a Match, code: Code, container: &str, what: String) -> Mishap<'a> {
    Mishap {
        code,
        is_problem: true,
        found,
        container: container.to_owned(),
        what,
        shown: String::new(),
        words: Vec::new(),
        next: String::new(),
    }
}

/// The exit code BLAST ended with, from its own line; without one, from the end of a container in which BLAST had started or
/// said something of an error. A container that ends before that is no matter of BLAST's.
fn blast_code(case: &Case<'_>, found: &Match) -> Option<i32> {
    let pattern = RUN_END.as_ref()?;
    let lines = || case.lines(&found.pod, "blast");
    // The last word counts: an earlier instance may have failed, and a later one not.
    let said = lines().filter_map(|line| pattern.captures(&line.text)?.get(2)?.as_str().parse().ok()).last();
    if said.is_some() {
        return said;
    }
    let status = found.pod.status_of("blast")?;
    let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref())?;
    let is_blasts = lines().any(|line| line.text.starts_with("run start") || says(&BLAST_ERROR, &line.text));
    // A code that the kubelet made up, or the kernel's, is none of BLAST's.
    let is_others = matches!(ended.reason.as_deref(), Some("OOMKilled" | "ContainerStatusUnknown"));
    (is_blasts && ended.exit_code != 0 && !is_others).then_some(ended.exit_code)
}

fn blast<'a>(case: &Case<'a>, found: &'a Match) -> Option<Mishap<'a>> {
    let code = blast_code(case, found).filter(|code| *code != 0)?;
    let errors = case.lines(&found.pod, "blast").filter(|line| says(&BLAST_ERROR, &line.text));
    let mut errors: Vec<String> = errors.map(|line| format!("| {}", line.text.trim())).collect();
    errors.dedup();
    let words = if errors.is_empty() { case.last_words(&found.pod, "blast", WORDS) } else { errors };
    let what = format!("BLAST failed with exit code {code}{}: {{}}", meaning(code));
    let skip = words.len().saturating_sub(WORDS);
    Some(Mishap {
        words: words[skip..].to_vec(),
        next: case.elbtail_logs(&found.pod, "blast"),
        ..mishap(found, Code::LogBlastFailed, "blast", what)
    })
}

/// The exit codes of BLAST+.
fn meaning(code: i32) -> &'static str {
    match code {
        1 => " (error in query sequences or options)",
        2 => " (error in the database)",
        3 => " (error in the search engine)",
        4 => " (out of memory)",
        5 => " (network error)",
        6 => " (error creating output)",
        _ => "",
    }
}

/// `results-export` still waits although its BLAST is dead.
fn export_waits<'a>(case: &Case<'a>, found: &'a Match) -> Option<Mishap<'a>> {
    let export = found.pod.status_of("results-export")?;
    export.state.running.as_ref()?;
    let blast = found.pod.status_of("blast")?;
    let crashes =
        blast.state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref()) == Some("CrashLoopBackOff");
    let ended = blast.state.terminated.as_ref().or(blast.last_state.terminated.as_ref().filter(|_| crashes))?;
    let code = blast_code(case, found).unwrap_or(ended.exit_code);
    if ended.exit_code == 0 && code == 0 {
        return None;
    }
    let at = ended.finished_at.map(|at| format!(", {}", case.ago_text(at))).unwrap_or_default();
    let what = "{} waits for a BLAST that is dead".to_owned();
    Some(Mishap {
        shown: format!("blast ended: {}, exit code {}{at}; results-export still runs", ended.word(), ended.exit_code),
        next: case.elbtail_logs(&found.pod, "blast"),
        ..mishap(found, Code::LogExportWaits, "results-export", what)
    })
}

/// azcopy's failures, in containers that failed.
fn azcopy<'a>(case: &Case<'a>, found: &'a Match) -> Vec<Mishap<'a>> {
    let look = |target: Target| {
        let status = found.pod.status_of(&target.container)?;
        let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref())?;
        if ended.exit_code == 0 {
            return None;
        }
        let (code, what, pattern, next) =
            if case.lines(&found.pod, &target.container).any(|line| says(&LOGIN, &line.text)) {
                (Code::LogAzcopyLogin, "azcopy could not log in: {}", &LOGIN, ROLES.to_owned())
            } else {
                let next = case.elbtail_logs(&found.pod, &target.container);
                (Code::LogAzcopyTransfer, "azcopy could not transfer files: {}", &TRANSFER, next)
            };
        let lines = case.lines(&found.pod, &target.container).filter(|line| says(pattern, &line.text));
        let words: Vec<String> = lines.map(|line| format!("| {}", line.text.trim())).collect();
        let skip = words.len().saturating_sub(WORDS);
        (!words.is_empty()).then(|| Mishap {
            words: words[skip..].to_vec(),
            next,
            ..mishap(found, code, &target.container, what.to_owned())
        })
    };
    // BLAST's own errors are no matter of azcopy's.
    targets(&found.pod).into_iter().filter(|target| target.container != "blast").filter_map(look).collect()
}

/// `submit-jobs` failed: there will be nothing to search.
fn submit<'a>(case: &Case<'a>, found: &'a Match) -> Option<Mishap<'a>> {
    if Role::of(&found.pod) != Role::Submit {
        return None;
    }
    let status = found.pod.status.container_statuses.first()?;
    let ended = status.state.terminated.as_ref().filter(|ended| ended.exit_code != 0)?;
    let batches = case.seen.jobs().iter().filter(|job| is_batch(job)).count();
    let what =
        format!("submit-jobs failed with exit code {}, after making {batches} batch Jobs: {{}}", ended.exit_code);
    Some(Mishap {
        shown: format!("{}, exit code {}", ended.word(), ended.exit_code),
        words: case.last_words(&found.pod, &status.name, WORDS),
        next: case.elbtail_logs(&found.pod, &status.name),
        ..mishap(found, Code::LogSubmitFailed, &status.name, what)
    })
}

/// The finalizer's line about Jobs that failed.
pub(super) fn failure<'a>(case: &Case<'a>, found: &Match) -> Option<&'a TailLine> {
    case.lines(&found.pod, "finalizer").find(|line| line.text.contains(FAILED))
}

/// The finalizer's line about a job that ended well; none when it says that a Job failed.
pub(super) fn success<'a>(case: &Case<'a>, found: &Match) -> Option<&'a TailLine> {
    let says = case.lines(&found.pod, "finalizer").find(|line| line.text.contains(SUCCEEDED));
    says.filter(|_| failure(case, found).is_none())
}

fn finalizer(case: &Case<'_>, found: &Match) -> Option<Finding> {
    let pod = &found.pod;
    if Role::of(pod) != Role::Finalizer {
        return None;
    }
    let line = failure(case, found)?;
    let names = line.text.split_once(FAILED).map(|(_, names)| names).unwrap_or_default();
    let names: Vec<&str> = names.split([' ', ',', ';']).filter(|name| !name.is_empty()).collect();
    let summary = format!("the finalizer reports {} failed", counted(names.len().max(1), "Job"));
    // Only what is still there can be described.
    let left = names.iter().find(|name| case.seen.jobs().iter().any(|job| job_name(job) == **name));
    let next = match left {
        Some(name) => case.describe("job", name),
        None => case.elbtail_logs(pod, "finalizer"),
    };
    let finding = Finding::problem(Code::LogFinalizer, summary)
        .evidence(format!("| {}", line.text.trim()))
        .about(pod.name())
        .next(next);
    Some(pod.jobs().fold(finding, |finding, job| finding.about(job)))
}
