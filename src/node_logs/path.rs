//! [`Directory`]: where a kubelet keeps the logs of one container.

use std::fmt;

/// The longest name of an object.
const LONGEST: usize = 253;

/// The directory of one container's logs on its node, as the API server's proxy addresses it.
///
/// It is made of checked names only, so that nothing a pod's status says can lead to another place on the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    node: String,
    /// `NAMESPACE_POD_UID/CONTAINER`.
    place: String,
}

/// Whose logs are looked for.
#[derive(Debug, Clone, Copy)]
pub struct LogOwner<'a> {
    /// The pod's namespace.
    pub namespace: &'a str,
    /// The pod's name.
    pub pod: &'a str,
    /// The pod's uid.
    pub uid: &'a str,
    /// The container's name.
    pub container: &'a str,
}

/// A name that is none, so no path is made of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {name:?} is not a valid name")]
pub struct BadName {
    what: &'static str,
    name: String,
}

impl Directory {
    /// The directory of a container of a pod on `node`.
    ///
    /// # Errors
    /// When one of the names is none that Kubernetes would have accepted.
    pub fn new(node: &str, owner: LogOwner<'_>) -> Result<Self, BadName> {
        let LogOwner { namespace, pod, uid, container } = owner;
        let checks = [
            ("the node", node, is_subdomain as fn(&str) -> bool),
            ("the namespace", namespace, is_label),
            ("the pod", pod, is_subdomain),
            ("the pod's uid", uid, is_uid),
            ("the container", container, is_label),
        ];
        for (what, name, is_valid) in checks {
            if name.len() > LONGEST || !is_valid(name) {
                return Err(BadName { what, name: name.chars().take(LONGEST).collect() });
            }
        }
        Ok(Self { node: node.to_owned(), place: format!("{namespace}_{pod}_{uid}/{container}") })
    }

    /// The node.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The path of its list of files, under `/logs/` of the kubelet.
    pub(super) fn list(&self) -> String {
        format!("pods/{}/", self.place)
    }

    /// The path of a file in it. `name` is a file's name, without a slash.
    pub(super) fn file(&self, name: impl fmt::Display) -> String {
        format!("pods/{}/{name}", self.place)
    }
}

/// The list of all pods' directories, under `/logs/` of the kubelet.
pub(super) const ALL: &str = "pods/";

/// RFC 1123: labels with dots between.
fn is_subdomain(name: &str) -> bool {
    name.split('.').all(is_label)
}

/// RFC 1123: lower-case letters and digits, and inside also `-`.
fn is_label(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    letter(*first) && letter(*last) && bytes.iter().all(|byte| letter(*byte) || *byte == b'-')
}

/// A UUID; the uid of a static pod is a hash without `-`.
fn is_uid(uid: &str) -> bool {
    !uid.is_empty() && uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWNER: LogOwner<'_> =
        LogOwner { namespace: "default", pod: "p-0.x", uid: "e74f94c8-a5fb", container: "blast" };

    #[test]
    fn a_path_of_names() {
        let directory = Directory::new("aks-pool.internal", OWNER).unwrap();
        assert_eq!(directory.list(), "pods/default_p-0.x_e74f94c8-a5fb/blast/");
        assert_eq!(directory.file("0.log"), "pods/default_p-0.x_e74f94c8-a5fb/blast/0.log");
    }

    proptest! {
        #[test]
        fn no_name_leads_elsewhere(bad in "[a-z/.%_?#\\\\ A-Z]{0,12}", which in 0..5) {
            let pick = |index: i32, good| if which == index { &*bad } else { good };
            let owner = LogOwner {
                namespace: pick(0, "default"),
                pod: pick(1, "p"),
                uid: pick(2, "1"),
                container: pick(3, "blast"),
            };
            let node = pick(4, "node1");
            if let Ok(directory) = Directory::new(node, owner) {
                let path = directory.list();
                prop_assert!(path.split('/').count() == 4 && !path.contains(".."), "{}", path);
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
                prop_assert!(path.bytes().chain(node.bytes()).all(plain) && !node.contains('/'), "{}", path);
            }
        }
    }
}
