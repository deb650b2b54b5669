//! [`label_selector`]: pods by their labels, in kubectl's notation, where no server reads it.

use kube::core::{Expression, Selector};

/// What a text such as `app=blast,shard!=03,db in (nt,nr),!old` selects.
///
/// # Errors
/// Which term is none.
pub fn label_selector(text: &str) -> Result<Selector, String> {
    let terms = terms(text).into_iter().map(str::trim).filter(|term| !term.is_empty());
    let expressions: Vec<Expression> = terms.map(expression).collect::<Result<_, _>>()?;
    if expressions.is_empty() {
        return Err("it is empty, which would take all pods".to_owned());
    }
    Ok(expressions.into_iter().collect())
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
        return Ok(Expression::DoesNotExist(name(key, term)?));
    }
    if let Some((key, values)) = term.strip_suffix(')').and_then(|term| term.split_once('(')) {
        let values = values.split(',').map(|value| self::value(value, term)).collect::<Result<_, _>>()?;
        return match key.trim_end().rsplit_once(char::is_whitespace) {
            Some((key, "in")) => Ok(Expression::In(name(key, term)?, values)),
            Some((key, "notin")) => Ok(Expression::NotIn(name(key, term)?, values)),
            _ => Err(none(term)),
        };
    }
    if let Some((key, value)) = term.split_once("!=") {
        return Ok(Expression::NotEqual(name(key, term)?, self::value(value, term)?));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Ok(Expression::Equal(name(key, term)?, self::value(value, term)?));
    }
    Ok(Expression::Exists(name(term, term)?))
}

fn name(text: &str, term: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err(none(term)) } else { value(text, term) }
}

/// A label's value, which may be empty.
fn value(text: &str, term: &str) -> Result<String, String> {
    let text = text.trim();
    let is_one = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if is_one { Ok(text.to_owned()) } else { Err(none(term)) }
}

fn none(term: &str) -> String {
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
            ("a>5", "a>5"),
            ("!", "\"!\""),
        ] {
            assert!(label_selector(wrong).unwrap_err().contains(term), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "[a-z!=(), ><]{0,30}|\\PC{0,20}") {
            let _ = label_selector(&text);
        }
    }
}
