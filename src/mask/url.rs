//! [`unclear`]: a URL in which it cannot be told where the password ends.

/// What ends the part of a URL that holds user, password and host. Parsers of `http` read `\` as `/`.
const ENDS: [char; 4] = ['/', '?', '#', '\\'];

/// Why the URL `text`, with or without a scheme, is not to be used, and what to write instead: an `@` stands where user,
/// password and host have ended, so a parser may take a part of the password for the host. Repeats nothing of the text.
pub(crate) fn unclear(text: &str) -> Option<String> {
    let (_, behind) = split(text);
    let (end, at) = (behind.find(ENDS)?, behind.rfind('@')?);
    if at < end {
        return None;
    }
    let before = behind.get(..at).unwrap_or_default();
    let mut escapes: Vec<String> =
        ENDS.iter().filter(|c| before.contains(**c)).map(|c| format!("{c} as %{:02X}", u32::from(*c))).collect();
    escapes.push("@ as %40".to_owned());
    escapes.push("% as %25".to_owned());
    Some(format!(
        "an \"@\" stands behind the first \"/\", \"?\", \"#\" or \"\\\", so where the password ends is unclear, and nobody was \
         asked; percent-encode what belongs to user, password, path or query: {}",
        escapes.join(", ")
    ))
}

/// The URL `text`, which a parser did not accept, without user and password.
pub(crate) fn shown(text: &str) -> String {
    let (scheme, behind) = split(text);
    let behind = behind.rsplit_once('@').map_or_else(|| behind.to_owned(), |(_, host)| format!("***@{host}"));
    super::mask(&format!("{scheme}{behind}")).into_owned()
}

/// A scheme with its `://`, if there is one, and the rest.
fn split(text: &str) -> (&str, &str) {
    let is_scheme = |scheme: &str| scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b));
    match text.find("://").map(|at| text.split_at(at)) {
        Some((scheme, _)) if is_scheme(scheme) => text.split_at(scheme.len() + "://".len()),
        _ => ("", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_sign_behind_the_host_is_unclear_with_a_scheme_or_without() {
        for (url, escapes) in [
            ("https://me:99/Secret@h:6443", "/ as %2F"),
            ("me:Secret#x@h", "# as %23"),
            ("socks5://me:Secret?x@h:1080", "? as %3F"),
            ("http://me:p@ss\\Secret@h", "\\ as %5C"),
            ("me:Secret/x://y@h", "/ as %2F"),
            ("https://h/x?from=http://me:Secret@h", "? as %3F"),
        ] {
            let why = unclear(url).unwrap();
            assert!(why.contains(escapes) && why.contains("@ as %40") && !why.contains("Secret"), "{url}: {why}");
        }
        for fine in ["", "h", "h:6443/k8s", "https://me:p@ss@h/x", "http://me:p%2Fw@h:3128/"] {
            assert_eq!(unclear(fine), None, "{fine}");
        }
    }

    #[test]
    fn what_is_shown_has_no_user_and_no_password() {
        for (url, seen) in [
            ("ftp://me:Secret@h/x", "ftp://***@h/x"),
            ("https://me:Sec ret@h", "https://***@h"),
            ("me:p@Secret@h", "***@h"),
            ("me:Secret://y@h", "***@h"),
            ("https://h:x", "https://h:x"),
        ] {
            assert_eq!(shown(url), seen);
        }
    }
}
