//! The kubelet's own errors: as text in a log's body, and as the API server passes them on.

/// An error that the kubelet writes into a body whose head it has already sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KubeletError {
    /// The runtime does not know the container any more: its log was collected.
    Collected,
    /// The log's file is not there: for a moment while it is rotated, or for good.
    FileMissing,
    /// Something that has nothing to do with the log itself.
    Passing,
}

/// How these errors begin, as in the kubelet's `kuberuntime/logs` and `ReadLogs`.
const IN_BAND: [(&str, KubeletError); 10] = [
    ("unable to retrieve container logs for ", KubeletError::Collected),
    ("failed to try resolving symlinks in path ", KubeletError::FileMissing),
    ("failed to open log file ", KubeletError::FileMissing),
    ("failed to create fsnotify watcher", KubeletError::Passing),
    ("failed to watch directory ", KubeletError::Passing),
    ("failed to read log file ", KubeletError::Passing),
    ("failed to seek ", KubeletError::Passing),
    ("failed to tail ", KubeletError::Passing),
    ("failed to get container status ", KubeletError::Passing),
    ("rpc error: ", KubeletError::Passing),
];

/// Which of the kubelet's errors `text` is, that stands unstamped at an answer's end; `None`: none that is known.
pub fn in_band(text: &str) -> Option<KubeletError> {
    IN_BAND.iter().find(|(begin, _)| text.starts_with(begin)).map(|(_, error)| *error)
}

/// What a container waits for, when the message of a 400 says that it has not started; the whole message where it names nothing.
pub fn waiting(message: &str) -> Option<&str> {
    const WAITS: &str = " is waiting to start";
    let (_, reason) = message.split_once(WAITS)?;
    Some(reason.strip_prefix(": ").unwrap_or(message))
}

/// Whether the message of a 401 or 403 says that the kubelet refused the API server, and not the API server the user.
pub fn is_kubelets_refusal(message: &str) -> bool {
    let of_the_node = message.starts_with("Forbidden (user=") && message.contains("resource=nodes");
    of_the_node || is_kubelets_401(message)
}

/// The same of a 401 alone: the API server's own says `Unauthorized`, and this is how its client puts the kubelet's.
pub fn is_kubelets_401(message: &str) -> bool {
    message.starts_with("the server has asked for the client to provide credentials")
}

/// Whether the message of a 5xx says that the API server does not reach the kubelet, directly or through a proxy.
pub fn is_kubelet_unreachable(message: &str) -> bool {
    ["dial tcp", "containerLogs", "No agent available", "proxy error", "tls: internal error"]
        .iter()
        .any(|sign| message.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_real_kubelets_are_told_apart() {
        let kind = |text: &str| in_band(text);
        let collected = "unable to retrieve container logs for containerd://bb38a1a82b95";
        let missing =
            "failed to try resolving symlinks in path \"/var/log/pods/a/c/0.log\": lstat: no such file or directory";
        let busy = "failed to create fsnotify watcher: too many open files";
        let down = "rpc error: code = Unavailable desc = connection error";
        assert_eq!(kind(collected), Some(KubeletError::Collected));
        assert_eq!(kind(missing), Some(KubeletError::FileMissing));
        assert_eq!(kind("failed to open log file \"/x\": no such file"), Some(KubeletError::FileMissing));
        for text in
            [busy, down, "failed to read log file \"/x\": input/output error", "failed to tail 5 lines of log file"]
        {
            assert_eq!(kind(text), Some(KubeletError::Passing), "{text}");
        }
        assert_eq!(kind("a line of a container"), None);
    }

    #[test]
    fn what_a_container_waits_for_is_told_if_it_waits() {
        let of = |says: &str| format!("container \"blast\" in pod \"p\" {says}");
        assert_eq!(waiting(&of("is waiting to start: PodInitializing")), Some("PodInitializing"));
        let unnamed = of("is waiting to start - no logs yet");
        assert_eq!(waiting(&unnamed), Some(unnamed.as_str()));
        assert_eq!(waiting("previous terminated container \"blast\" in pod \"p\" not found"), None);
    }
}
