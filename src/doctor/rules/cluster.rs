//! The cluster: does it answer, does it know us, and what may we do?

use std::time::Duration;

use crate::{
    cluster::{ClusterError, Obstacle},
    doctor::{ClusterFacts, Code, Facts, Finding, Grant},
};

/// Clocks that differ by less are in step, as far as whole seconds in a header can tell.
const SKEW: Duration = Duration::from_secs(60);

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
                finding.next("set this machine's clock (timedatectl): ages, --since and certificates depend on it")
            });
            let lists = [seen.pods.as_ref().and_then(|it| it.as_ref().err())];
            let broken = lists.into_iter().flatten().filter(|error| !matches!(error, ClusterError::Forbidden(_)));
            let broken = broken.map(|error| failed(facts, error));
            skew.into_iter().chain(broken).chain(forbidden(facts, &seen.grants)).collect()
        }
    }
}

fn failed(facts: &Facts, error: &ClusterError) -> Finding {
    let (code, next) = match error {
        ClusterError::Config(_) => (Code::K8sConfig, "kubectl config get-contexts".to_owned()),
        ClusterError::NoCluster(_) => {
            (Code::K8sNoCluster, "name a kubeconfig: --kubeconfig FILE, or az aks get-credentials".to_owned())
        }
        ClusterError::Unreachable { why, .. } => match why {
            Obstacle::Dns(_) => (Code::K8sDns, is_it_on(facts)),
            Obstacle::Tls(_) => {
                (Code::K8sTls, "check --certificate-authority and this machine's clock (date -u)".to_owned())
            }
            Obstacle::Proxy { proxy, .. } if proxy.contains("proxy-url") => {
                (Code::K8sProxy, "check the cluster's proxy-url: kubectl config view --minify".to_owned())
            }
            Obstacle::Proxy { .. } => (Code::K8sProxy, "check HTTPS_PROXY and NO_PROXY".to_owned()),
            Obstacle::NotTheApi(_) => (Code::K8sUnreachable, "kubectl config view --minify".to_owned()),
            _ => (Code::K8sUnreachable, is_it_on(facts)),
        },
        ClusterError::Broken { .. } => (Code::K8sUnreachable, is_it_on(facts)),
        ClusterError::Unauthenticated(text) if text.contains("exec plugin") => {
            (Code::K8sPlugin, "sign in anew (az login; kubelogin remove-tokens), then kubectl auth whoami".to_owned())
        }
        ClusterError::Unauthenticated(_) => (Code::K8sUnauthenticated, "kubectl auth whoami".to_owned()),
        _ => (Code::K8sServerError, "kubectl get --raw /readyz?verbose".to_owned()),
    };
    let text = error.to_string();
    let mut lines = text.lines();
    let finding = Finding::problem(code, lines.next().unwrap_or_default()).evidences(lines);
    finding.next(next)
}

/// What shows whether a managed cluster was stopped.
fn is_it_on(facts: &Facts) -> String {
    let named = facts.row.row.as_ref();
    let name = named.and_then(|row| row.cluster_name()).unwrap_or("CLUSTER");
    let group = named.and_then(|row| row.column("resource_group")).unwrap_or("GROUP");
    format!("is it stopped? az aks show -g {group} -n {name} --query powerState")
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
                .next(format!("ask for a role with {verb} on {resource}; check: kubectl auth can-i {verb} {resource} -n {namespace}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Place, RowFacts, Seen};

    fn codes(seen: Seen) -> Vec<Code> {
        let cluster = ClusterFacts::Seen(Box::new(seen));
        let facts = Facts { now: jiff::Timestamp::now(), row: RowFacts::default(), place: Place::default(), cluster };
        find(&facts).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn clocks_that_differ_by_minutes_are_told() {
        let seen = |seconds| Seen { skew: Some(Duration::from_secs(seconds)), behind: true, ..Seen::default() };
        assert_eq!(codes(seen(600)), [Code::K8sClockSkew]);
        assert_eq!(codes(seen(5)), []);
        assert_eq!(codes(Seen::default()), []);
    }
}
