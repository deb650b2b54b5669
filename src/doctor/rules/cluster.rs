//! The cluster: does it answer, does it know us, and what may we do?

use std::time::Duration;

use crate::{
    cluster::{ClusterError, Obstacle},
    doctor::{ClusterFacts, Code, Facts, Failed, Finding, Grant},
    shell::quote,
};

/// Clocks that differ by less are in step, as far as whole seconds in a header can tell.
const SKEW: Duration = Duration::from_secs(60);

/// What a managed cluster that does not answer mostly is.
const STOPPED: &str = "is the cluster stopped?";

/// What stands between us and an answer.
pub(super) fn find(facts: &Facts) -> Vec<Finding> {
    match &facts.cluster {
        ClusterFacts::NotAsked(_) => Vec::new(),
        ClusterFacts::Failed(error) => vec![failed(facts, error)],
        ClusterFacts::Seen(seen) => {
            let skew = seen.skew.filter(|skew| *skew > SKEW).map(|skew| {
                let word = if seen.behind { "behind" } else { "ahead of" };
                let summary = format!("the server's clock is {} s {word} this machine's", skew.as_secs());
                let finding = Finding::note(Code::K8sClockSkew, summary);
                finding
                    .advice("set this machine's clock: ages, --since and certificates depend on it")
                    .next("timedatectl")
            });
            skew.into_iter().chain(unanswered(facts, &seen.failed)).chain(forbidden(facts, &seen.grants)).collect()
        }
    }
}

/// Questions that were not answered: one finding for each reason, with what it kept from view.
fn unanswered(facts: &Facts, all: &[Failed]) -> Vec<Finding> {
    let mut reasons: Vec<(&ClusterError, Vec<&str>)> = Vec::new();
    for Failed { what, error } in all {
        match reasons.iter_mut().find(|(known, _)| known.to_string() == error.to_string()) {
            Some((_, of)) => of.push(what),
            None => reasons.push((error, vec![what])),
        }
    }
    let finding = |(error, of): (&ClusterError, Vec<&str>)| {
        let text = error.to_string();
        let why = text.lines().next().unwrap_or_default();
        let summary = format!("{} could not be looked at: {why}", of.join(", "));
        match error {
            ClusterError::Forbidden(_) => Finding::problem(Code::K8sForbidden, summary)
                .advice("the server refuses what its access review allows: look at admission webhooks and proxies on the way, and try again")
                .next(facts.place.kubectl("auth can-i --list")),
            _ => Finding::problem(failed(facts, error).code, summary)
                .evidences(text.lines().skip(1))
                .next(facts.place.kubectl("get --raw '/readyz?verbose'")),
        }
    };
    reasons.into_iter().map(finding).collect()
}

fn failed(facts: &Facts, error: &ClusterError) -> Finding {
    let whoami = || facts.place.kubectl("auth whoami");
    let no_command = String::new();
    let (code, advice, next) = match error {
        ClusterError::Config(_) => (Code::K8sConfig, "", contexts(facts)),
        ClusterError::NoCluster(_) => (
            Code::K8sNoCluster,
            "name a kubeconfig with --kubeconfig, or make one with az aks get-credentials",
            no_command,
        ),
        ClusterError::Unreachable { why, .. } => match why {
            Obstacle::Dns(_) => (Code::K8sDns, STOPPED, is_it_on(facts)),
            Obstacle::Tls(_) => {
                (Code::K8sTls, "check the certificate authority and this machine's clock", "date -u".to_owned())
            }
            Obstacle::Proxy { proxy, .. } if proxy.contains("proxy-url") => {
                (Code::K8sProxy, "check the cluster's proxy-url", facts.place.kubectl("config view --minify"))
            }
            Obstacle::Proxy { .. } => (Code::K8sProxy, "check HTTPS_PROXY and NO_PROXY", no_command),
            Obstacle::NotTheApi(_) => {
                (Code::K8sUnreachable, "check the server's URL", facts.place.kubectl("config view --minify"))
            }
            _ => (Code::K8sUnreachable, STOPPED, is_it_on(facts)),
        },
        ClusterError::Broken { .. } => (Code::K8sUnreachable, STOPPED, is_it_on(facts)),
        ClusterError::Unauthenticated(text) if text.contains("exec plugin") => {
            (Code::K8sPlugin, "sign in anew, as with az login", whoami())
        }
        ClusterError::Unauthenticated(_) => (Code::K8sUnauthenticated, "", whoami()),
        ClusterError::Forbidden(_) => (
            Code::K8sForbidden,
            "ask for a role that may list pods and Jobs in this namespace",
            facts.place.kubectl("auth can-i --list"),
        ),
        _ => (Code::K8sServerError, "", facts.place.kubectl("get --raw '/readyz?verbose'")),
    };
    let text = error.to_string();
    let mut lines = text.lines();
    let finding = Finding::problem(code, lines.next().unwrap_or_default()).evidences(lines);
    finding.advice(advice).next(next)
}

/// The contexts there are, of the kubeconfig that was named.
fn contexts(facts: &Facts) -> String {
    let asked = &facts.place.asked;
    format!("kubectl config get-contexts{}", asked.connect_elsewhere)
}

/// What shows whether a managed cluster was stopped.
fn is_it_on(facts: &Facts) -> String {
    let named = facts.row.row.as_ref();
    let name = named.and_then(|row| row.cluster_name());
    let group = named.and_then(|row| row.column("resource_group"));
    match name.zip(group) {
        Some((name, group)) => format!("az aks show -g {} -n {} --query powerState", quote(group), quote(name)),
        None => "az aks list --query '[].[name, resourceGroup, powerState.code]' -o table".to_owned(),
    }
}

/// Permissions that are missing: those without which nothing works are problems.
fn forbidden(facts: &Facts, grants: &[Grant]) -> Vec<Finding> {
    let denied = grants.iter().filter(|grant| grant.allowed == Some(false));
    denied
        .map(|grant| {
            let Grant { verb, resource, needed_for, reason, .. } = grant;
            let namespace = &facts.place.namespace;
            let so = needed_for.map_or("some causes stay unknown", |so| so);
            let summary = format!("you may not {verb} {resource} in namespace {namespace}: {so}");
            Finding::graded(Code::K8sForbidden, needed_for.is_some(), summary)
                .evidence(if reason.is_empty() { "SelfSubjectAccessReview: not allowed" } else { reason })
                .advice(format!("ask for a role with {verb} on {resource}"))
                .next(facts.place.kubectl(&format!("auth can-i {verb} {}", as_argument(resource))))
        })
        .collect()
}

/// A resource as `kubectl auth can-i` takes it: there `pods/log` is a pod that is called log.
fn as_argument(resource: &str) -> String {
    match resource.split_once('/') {
        Some((resource, subresource)) => format!("{resource} --subresource={subresource}"),
        None => resource.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{ClusterAnswers, RowFacts, SearchedPlace};

    fn codes(seen: ClusterAnswers) -> Vec<Code> {
        let cluster = ClusterFacts::Seen(Box::new(seen));
        let facts =
            Facts { now: jiff::Timestamp::now(), row: RowFacts::default(), place: SearchedPlace::default(), cluster };
        find(&facts).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn clocks_that_differ_by_minutes_are_told() {
        let seen = |seconds| ClusterAnswers {
            skew: Some(Duration::from_secs(seconds)),
            behind: true,
            ..ClusterAnswers::default()
        };
        assert_eq!(codes(seen(600)), [Code::K8sClockSkew]);
        assert_eq!(codes(seen(5)), []);
        assert_eq!(codes(ClusterAnswers::default()), []);
    }
}
