//! [`Refusal`]: why the API did not open a log, and what that means for one container.

use std::time::Duration;

use crate::{
    cluster::{ClusterError, Rejection},
    k8s::kubelet_error::{self, is_kubelets_refusal},
};

/// Why the API did not open a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 204: the pod is not scheduled.
    NotScheduled,
    /// 400 `waiting to start`.
    Waiting(String),
    /// 400 `previous terminated container … not found`, or a container without a log.
    NoInstance(String),
    /// 404.
    NotFound(String),
    /// 403, or a 401 that fresh credentials did not mend.
    Forbidden {
        /// What the server said, without the pod's name, so that one cause is one text.
        reason: String,
        /// Whether logs could be read earlier in this run: a role may be away for a moment only.
        withdrawn: bool,
    },
    /// Anything that may pass: 429, 5xx, a broken connection, a kubelet that refuses the API server. With the pause the server
    /// asked for.
    Passing(String, Option<Duration>),
}

impl Refusal {
    /// What `error` means. `read_before`: logs could be read earlier in this run.
    pub fn of(error: &ClusterError, read_before: bool) -> Refusal {
        let forbidden = |reason: String| Refusal::Forbidden { reason, withdrawn: read_before };
        match error {
            ClusterError::Rejected(rejection) | ClusterError::Forbidden(rejection) => match rejection.code {
                400 => match kubelet_error::waiting(&rejection.message) {
                    Some(reason) => Refusal::Waiting(reason.to_owned()),
                    None => Refusal::NoInstance(rejection.message.clone()),
                },
                404 => Refusal::NotFound(rejection.message.clone()),
                401 | 403 if is_kubelets_refusal(&rejection.message) => {
                    Refusal::Passing(refused_by_kubelet(rejection), rejection.retry_after)
                }
                403 => forbidden(cause(&rejection.message)),
                _ => Refusal::Passing(error.to_string(), rejection.retry_after),
            },
            ClusterError::Unauthenticated(_) => forbidden(error.to_string()),
            _ => Refusal::Passing(error.to_string(), None),
        }
    }
}

fn refused_by_kubelet(rejection: &Rejection) -> String {
    format!("the node's kubelet refuses the API server: {rejection}")
}

/// The message of a 403 without the name of the pod that was asked for.
fn cause(message: &str) -> String {
    match message.split_once(" is forbidden: ") {
        Some((object, cause)) if object.starts_with("pods ") => cause.to_owned(),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u16, message: &str) -> Refusal {
        let rejection = Rejection { code, reason: String::new(), message: message.to_owned(), retry_after: None };
        Refusal::of(&ClusterError::from(rejection), false)
    }

    /// The status code and the message of a recorded answer.
    fn recorded(name: &str) -> (u16, String) {
        let path = format!("{}/testdata/recordings/kubernetes-1.36/{name}.http", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split(' ').nth(1).unwrap().trim().parse().unwrap();
        let body = text[text.find('{').unwrap()..].to_owned();
        let status: serde_json::Value = serde_json::from_str(&body).unwrap();
        (code, status["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn recorded_refusals_mean_what_they_say() {
        let of = |name: &str| {
            let (code, message) = recorded(name);
            of(code, &message)
        };
        assert!(matches!(of("log-waiting-podinitializing"), Refusal::Waiting(reason) if reason == "PodInitializing"));
        assert!(matches!(of("log-follow-waiting"), Refusal::Waiting(_)));
        assert!(matches!(of("log-previous-none"), Refusal::NoInstance(_)));
        assert!(matches!(of("log-unknown-container"), Refusal::NoInstance(_)));
        assert!(matches!(of("log-unknown-pod"), Refusal::NotFound(_)));
        assert!(matches!(of("log-deleted-pod"), Refusal::NotFound(_)));
        assert!(matches!(of("log-kubelet-down"), Refusal::Passing(text, None) if text.contains("dial tcp")));
        assert!(matches!(of("forbidden-log"), Refusal::Forbidden { reason, .. }
            if reason.starts_with("User \"nologs\" cannot get resource \"pods/log\"")));
    }

    #[test]
    fn a_kubelet_that_refuses_the_api_server_is_no_fault_of_the_user() {
        let node = "Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)";
        let nodes = "Forbidden (user=system:anonymous, verb=get, resource=nodes, subresource(s)=[log])";
        for message in [node, nodes] {
            assert!(matches!(of(403, message), Refusal::Passing(text, _) if text.contains("kubelet")), "{message}");
        }
        let asked = Rejection {
            code: 401,
            reason: "Unauthorized".to_owned(),
            message: "the server has asked for the client to provide credentials ( pods/log blastn-0)".to_owned(),
            retry_after: None,
        };
        assert!(matches!(Refusal::of(&ClusterError::Rejected(asked), false), Refusal::Passing(..)));
        assert!(matches!(of(401, "Unauthorized"), Refusal::Forbidden { .. }));
    }

    #[test]
    fn what_may_pass_is_left_alone_for_as_long_as_the_server_asks() {
        let refused = "Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)";
        for (code, message) in [(429, "Too many requests"), (503, "starting"), (403, refused)] {
            for asked in [None, Some(Duration::from_secs(7))] {
                let message = message.to_owned();
                let rejection = Rejection { code, reason: String::new(), message, retry_after: asked };
                let refusal = Refusal::of(&ClusterError::from(rejection), false);
                assert!(matches!(&refusal, Refusal::Passing(_, told) if *told == asked), "{refusal:?}");
            }
        }
    }

    #[test]
    fn what_a_tunnel_or_a_busy_server_says_may_pass() {
        for (code, message) in [
            (500, "No agent available"),
            (500, "proxy error from 127.0.0.1:9443 while dialing 10.0.0.4:10250, code 502: 502 Bad Gateway"),
            (500, "Get \"https://n:10250/containerLogs/d/p/c\": remote error: tls: internal error"),
            (502, "Bad Gateway"),
            (503, "the server is currently unable to handle the request"),
            (429, "Too many requests"),
        ] {
            assert!(matches!(of(code, message), Refusal::Passing(..)), "{message}");
        }
    }

    #[test]
    fn a_refusal_is_told_without_the_name_of_the_pod_alone() {
        for (message, reason) in [
            ("pods \"blast-0\" is forbidden: User \"me\" cannot", "User \"me\" cannot"),
            ("nodes \"n\" is forbidden: User \"me\" cannot", "nodes \"n\" is forbidden: User \"me\" cannot"),
            ("no", "no"),
        ] {
            assert!(matches!(of(403, message), Refusal::Forbidden { reason: told, .. } if told == reason), "{message}");
        }
    }
}
