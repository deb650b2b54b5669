//! Ids as people write them: in any case, a UUID with or without its hyphens, with quotes or spaces around it.

/// The fewest characters of an id that `--job` takes as its beginning.
pub const PREFIX_MIN: usize = 6;
/// How long a UUID is without its hyphens.
const HEX: usize = 32;

/// `id` in the form in which ids are compared.
pub(crate) fn folded(id: &str) -> String {
    let around = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | '"' | '\'');
    let id = id.trim_matches(around).to_lowercase();
    let id = id.strip_prefix("urn:uuid:").unwrap_or(&id);
    if is_uuid(id) { id.replace('-', "") } else { id.to_owned() }
}

/// Whether `id` begins with `start`, both [folded]; the hyphens of the beginning of a UUID do not count either.
pub(crate) fn begins(id: &str, start: &str) -> bool {
    let is_hex = |text: &str| text.len() == HEX && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    id.starts_with(start) || (is_hex(id) && id.starts_with(&start.replace('-', "")))
}

/// The other ways to write a UUID, or the beginning of one: first as the dashboard writes it, then in capitals, then without
/// hyphens. Nothing if `id` is no UUID.
pub(crate) fn forms(id: &str) -> Vec<String> {
    let Some(uuid) = canonical(id) else { return Vec::new() };
    let capitals = uuid.to_uppercase();
    let plain = uuid.replace('-', "");
    let mut forms = vec![uuid, capitals, plain];
    forms.dedup();
    forms.retain(|form| form != id);
    forms
}

/// A UUID, or the beginning of one, as the dashboard writes it; `None` if `id` is none.
fn canonical(id: &str) -> Option<String> {
    /// Behind so many digits stands a hyphen.
    const GROUPS: [usize; 4] = [8, 12, 16, 20];
    let hex = folded(id).replace('-', "");
    if hex.is_empty() || hex.len() > HEX || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut uuid = String::new();
    for (at, digit) in hex.chars().enumerate() {
        if GROUPS.contains(&at) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    Some(uuid)
}

/// 32 hex digits, plain or in their five groups.
pub(crate) fn is_uuid(id: &str) -> bool {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    let hex = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    hex && (groups == [HEX] || groups == [8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_the_same_in_each_form() {
        let uuid = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";
        for form in [
            uuid,
            "18B9EDCA-4D8A-41BC-9CD8-3A2F161259B6",
            "18b9edca4d8a41bc9cd83a2f161259b6",
            " {18b9edca-4d8a-41bc-9cd8-3a2f161259b6}\n",
        ] {
            assert_eq!(folded(form), folded(uuid), "{form}");
        }
        assert!(begins(&folded(uuid), &folded("18B9EDCA-4d8")) && begins(&folded(uuid), &folded("18b9edca4d8")));
        assert_eq!(canonical("18B9EDCA4D8A41BC9CD83A2F161259B6").as_deref(), Some(uuid));
        assert_eq!(canonical("18b9edca4d8").as_deref(), Some("18b9edca-4d8"));
        let (capitals, plain) = (uuid.to_uppercase(), uuid.replace('-', ""));
        assert_eq!(forms(uuid), [capitals.clone(), plain.clone()]);
        assert_eq!(forms(&capitals), [uuid.to_owned(), plain]);
        for none in ["job-x", "", "12345"] {
            assert!(forms(none).is_empty(), "{none}");
        }
        assert_eq!(folded("job-a-b"), "job-a-b");
        assert!(!begins("a-b-cdef", "abc"));
    }
}
