//! Names of namespaces. They become a part of every URL, so nothing else may be in them.

/// Kubernetes's limit for the length of a label (RFC 1123), in bytes.
pub const LONGEST: usize = 63;

/// Whether a text can be the name of a namespace: an RFC 1123 label.
pub fn is_namespace(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_framed = !name.starts_with('-') && !name.ends_with('-');
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(inner) && is_framed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_labels() {
        for good in ["default", "a", "0", "elb-2026", &"x".repeat(63)] {
            assert!(is_namespace(good), "{good}");
        }
        for bad in
            ["", "BAD/../ns", "Blast", "-a", "a-", "a.b", "a_b", "a b", "ä", "..", "a\n", "a%2e", &"x".repeat(64)]
        {
            assert!(!is_namespace(bad), "{bad}");
        }
    }
}
