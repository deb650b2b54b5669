//! [`label_selector`]: pods by their labels, in kubectl's notation.

use std::collections::BTreeSet;

use kube::core::{Expression, Selector};

/// How long a label's name or value may be, and the domain before a name: what an API server takes.
const NAME: usize = 63;
const DOMAIN: usize = 253;

/// What a text such as `app=blast,shard!=03,db in (nt,nr),!old` selects.
///
/// # Errors
/// Which term is none.
pub fn label_selector(text: &str) -> Result<Selector, String> {
    if text.trim_matches(|c| is_space(c) || c == ',').is_empty() {
        return Err("it is empty, which would take all pods".to_owned());
    }
    terms(text).into_iter().map(|term| expression(trim(term))).collect()
}

/// What an API server passes over between words; it knows no other space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The parts of a text between its commas, but those within brackets.
fn terms(text: &str) -> Vec<&str> {
    let mut is_within = false;
    text.split(|c| {
        is_within = c == '(' || is_within && c != ')';
        c == ',' && !is_within
    })
    .collect()
}

fn expression(term: &str) -> Result<Expression, String> {
    if let Some(key) = term.strip_prefix('!') {
        return Ok(Expression::DoesNotExist(key_of(key, term)?));
    }
    if let Some((key, values)) = term.strip_suffix(')').and_then(|term| term.split_once('(')) {
        let values = values_of(values, term)?;
        return match key.trim_end_matches(is_space).rsplit_once(is_space) {
            Some((key, "in")) => Ok(Expression::In(key_of(key, term)?, values)),
            Some((key, "notin")) => Ok(Expression::NotIn(key_of(key, term)?, values)),
            _ => Err(none(term)),
        };
    }
    if let Some((key, value)) = term.split_once("!=") {
        return Ok(Expression::NotEqual(key_of(key, term)?, value_of(value, term)?));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Ok(Expression::Equal(key_of(key, term)?, value_of(value, term)?));
    }
    Ok(Expression::Exists(key_of(term, term)?))
}

/// A label's name, with a domain before it or none.
fn key_of(text: &str, term: &str) -> Result<String, String> {
    let text = trim(text);
    let (domain, name) = text.rsplit_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
    let is_domain = |domain: &str| domain.len() <= DOMAIN && domain.split('.').all(|part| is_word(part, is_of_domain));
    let is_one = is_word(name, is_of_name) && name.len() <= NAME && domain.is_none_or(is_domain);
    if is_one { Ok(text.to_owned()) } else { Err(none(term)) }
}

/// The values between brackets. Commas at their end go in pairs, as for an API server, and the last of them is to be left over: then
/// an empty value stands before the bracket.
fn values_of(text: &str, term: &str) -> Result<BTreeSet<String>, String> {
    let values = text.split(',').map(|value| value_of(value, term)).collect::<Result<Vec<_>, _>>()?;
    let empty = values.iter().rev().take_while(|value| value.is_empty()).count();
    let commas = empty.min(values.len() - 1);
    if empty > 0 && commas % 2 == 0 { Err(none(term)) } else { Ok(values.into_iter().collect()) }
}

/// A label's value, which may be empty.
fn value_of(text: &str, term: &str) -> Result<String, String> {
    let text = trim(text);
    let is_one = text.is_empty() || is_word(text, is_of_name) && text.len() <= NAME;
    if is_one { Ok(text.to_owned()) } else { Err(none(term)) }
}

/// Whether all of it `may` stand there, and no mark is its first or last character.
fn is_word(text: &str, may: fn(char) -> bool) -> bool {
    let is_bare = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.chars().all(may) && is_bare(text.chars().next()) && is_bare(text.chars().last())
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

fn is_of_domain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

fn none(term: &str) -> String {
    if term.is_empty() {
        return "nothing stands before or behind a comma".to_owned();
    }
    if term.contains(['<', '>']) {
        return format!("{term:?}: > and < are not supported; LABEL in (VALUE, …) is");
    }
    format!("{term:?} is no LABEL=VALUE, LABEL!=VALUE, LABEL in (VALUE, …), LABEL notin (VALUE, …), LABEL or !LABEL")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kube::core::SelectorExt;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pods_are_selected_as_a_server_selects_them() {
        let labels: BTreeMap<String, String> =
            [("app", "blast"), ("shard", "03"), ("empty", ""), ("elb.example.org/db", "core_nt")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        for (selector, is_taken) in [
            ("app=blast", true),
            ("app==blast", true),
            ("app = blast , shard=03", true),
            ("app=setup", false),
            ("app=blast,shard!=03", false),
            ("nosuch!=x", true),
            ("shard in (01,03)", true),
            ("shard in (01, 02)", false),
            ("shard notin (01,02),app", true),
            ("shard notin (03)", false),
            ("nosuch notin (03)", true),
            ("app", true),
            ("nosuch", false),
            ("!nosuch", true),
            ("!app", false),
            ("empty=", true),
            ("empty=,app", true),
            ("shard in (,03)", true),
            ("shard in (03,)", true),
            ("shard in (01,,03)", true),
            ("nosuch in (,,,)", false),
            ("empty in ( , , , )", true),
            ("in,app", false),
            ("!notin", true),
            ("app in(blast)", true),
            ("app\tin\r\n(blast) ", true),
            ("elb.example.org/db=core_nt", true),
        ] {
            assert_eq!(label_selector(selector).unwrap().matches(&labels), is_taken, "{selector}");
        }
        for (wrong, term) in [
            ("", "empty"),
            (",", "empty"),
            ("=x", "\"=x\""),
            ("app=blast,a b", "\"a b\""),
            ("shard within (1)", "shard within"),
            ("shard in (1", "shard in"),
            ("shard in ()", "shard in ()"),
            ("shard in (,,)", "shard in (,,)"),
            ("shard in (1,,)", "shard in (1,,)"),
            ("shard in (1 2)", "shard in (1 2)"),
            ("app=blast,", "before or behind a comma"),
            (",app=blast", "before or behind a comma"),
            ("app=blast, ,shard=3", "before or behind a comma"),
            ("x in (a),", "before or behind a comma"),
            ("!x,", "before or behind a comma"),
            ("x=,", "before or behind a comma"),
            ("app=blast\u{a0}", "app=blast"),
            ("\u{3000}app", "app"),
            ("app\u{a0}in (blast)", "app"),
            ("a>5", "\"a>5\": > and < are not supported"),
            ("app=blast,shard < 3", "\"shard < 3\": > and < are not supported"),
            ("!", "\"!\""),
            ("app=-x", "app=-x"),
            ("app=x_", "app=x_"),
            ("app=a/b", "app=a/b"),
            ("/app", "/app"),
            ("a/b/c=d", "a/b/c=d"),
            ("Upper.example/x", "Upper.example/x"),
            ("a..b/x", "a..b/x"),
        ] {
            assert!(label_selector(wrong).unwrap_err().contains(term), "{wrong}");
        }
    }

    #[test]
    fn names_and_values_are_as_long_as_a_server_takes_them() {
        let (name, domain) = ("a".repeat(NAME), ["a"; 127].join("."));
        assert_eq!(domain.len(), DOMAIN);
        for (selector, is_one) in [
            (format!("{domain}/{name}={name}"), true),
            (format!("{name}b"), false),
            (format!("a={name}b"), false),
            (format!("{domain}.b/a"), false),
        ] {
            assert_eq!(label_selector(&selector).is_ok(), is_one, "{selector}");
        }
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_so_that_it_is_read_again(
            text in "(!?[a-z]{1,3}(=|==|!=)?[a-z0-9.-]{0,4}|[a-z]{1,3} (in|notin) \\([a-z]{0,2}(, ?[a-z]{1,2}){0,2}\\)),?.{0,3}"
        ) {
            if let Ok(selector) = label_selector(&text) {
                prop_assert_eq!(label_selector(&selector.to_string()), Ok(selector));
            }
        }

        #[test]
        fn any_text_is_taken_or_refused(text in "[a-z!=(), ><]{0,30}|\\PC{0,20}") {
            let _ = label_selector(&text);
        }
    }
}
