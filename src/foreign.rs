//! What an answer's body is that holds no words for a message: a page of a proxy or a gateway, XML, bytes.

/// How much of a body is looked at.
const HEAD: usize = 16 << 10;

/// What [`name`] calls HTML.
pub(crate) const PAGE: &str = "a web page";
/// What it calls bytes that are no text.
pub(crate) const BINARY: &str = "binary data";

/// Elements that a page or a piece of one begins with.
const HTML: [&str; 16] = [
    "html", "head", "body", "title", "meta", "link", "style", "script", "center", "h1", "h2", "h3", "p", "div", "pre",
    "br",
];

/// With its article: `a web page`, `XML`, `binary data`. `None` when the body is text, JSON among it, or empty.
pub(crate) fn name(body: &[u8]) -> Option<&'static str> {
    let head = String::from_utf8_lossy(&body[..body.len().min(HEAD)]);
    if head.contains('\0') || head.chars().filter(|c| *c == '\u{fffd}').count() * 10 > head.chars().count() {
        return Some(BINARY);
    }
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    let mut is_xml = false;
    // What may stand before the first element.
    loop {
        let (from, to) = match rest {
            _ if rest.starts_with("<?") => ("<?", "?>"),
            _ if rest.starts_with("<!--") => ("<!--", "-->"),
            _ => break,
        };
        is_xml = true;
        let Some((_, after)) = rest[from.len()..].split_once(to) else { break };
        rest = after.trim_start();
    }
    let Some(tag) = rest.strip_prefix('<') else { return is_xml.then_some("XML") };
    let tag = tag[..tag.floor_char_boundary(32)].to_ascii_lowercase();
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric() && !"!-_:".contains(c)).unwrap_or(tag.len());
    match &tag[..end] {
        "!doctype" => Some(if tag[end..].trim_start().starts_with("html") { PAGE } else { "XML" }),
        element if HTML.contains(&element) => Some(PAGE),
        element => {
            let is_element = element.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains('>');
            (is_xml || is_element).then_some("XML")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_the_like_are_told_from_words() {
        for page in [
            "<html>Bad Gateway</html>",
            "\u{feff}\r\n <!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\"><HTML>",
            "<!-- nginx --><html>",
            "<?xml version=\"1.0\"?><!DOCTYPE html><html xmlns=\"x\">",
            "<h1>502</h1>",
            "<center><h1>",
            "<p class=x>No",
            "<TITLE>Sign in",
        ] {
            assert_eq!(name(page.as_bytes()), Some(PAGE), "{page}");
        }
        for xml in ["<?xml version='1.0'?><Error><Code>x", "<Error>no</Error>", "<!DOCTYPE svg>", "<m:error>x", "<!-- "]
        {
            assert_eq!(name(xml.as_bytes()), Some("XML"), "{xml}");
        }
        for bytes in [&b"k8s\0\n\x0c"[..], b"\x1f\x8b\x08\xff\xfe\xfd"] {
            assert_eq!(name(bytes), Some(BINARY));
        }
        for words in
            ["", "no healthy upstream", "{\"detail\": \"<html>\"}", "< 3", "<nil", "a <b> c", "dial tcp <nil>: x"]
        {
            assert_eq!(name(words.as_bytes()), None, "{words}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_looked_at(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200), text in "[<!?a-zé>\u{feff}-]{0,60}") {
            name(&body);
            name(text.as_bytes());
        }
    }
}
