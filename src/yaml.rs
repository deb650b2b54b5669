//! How YAML of others is read: as long as it is, but its aliases, each of which repeats all that it names, may not make it much
//! longer. A few lines of them would else unfold to more than any memory holds.

use serde_saphyr::{Error, Options, budget::BudgetBreach};

/// So many values may be there beyond those that are written: rows share a few dozen with one another, not thousands.
const UNFOLDED: usize = 20_000;

/// So many bytes of them.
const UNFOLDED_BYTES: usize = 16 << 20;

/// So many values are there at most; 80,000 rows have as many. A tree of them takes some hundred megabytes.
const MOST: usize = 4_000_000;

/// How `text` is to be read.
pub fn options(text: &str) -> Options {
    // A value takes a character, or stands between two of them.
    let values = text.len().saturating_mul(2).saturating_add(UNFOLDED).min(MOST);
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: values,
            // Most values are one event, and lists and objects are two.
            max_events: values.saturating_mul(3),
            max_total_scalar_bytes: text.len().saturating_add(UNFOLDED_BYTES),
            max_aliases: values,
            max_anchors: values,
            max_documents: values,
            max_merge_keys: values,
            // All rows of an export may share one object: what it comes to is counted above.
            enforce_alias_anchor_ratio: false,
        },
    }
}

/// What to say of an error that has better words than the parser's: a text that comes to more than [`options`] admit, and a key that
/// is there twice. `None` for another error.
pub fn told(error: &Error) -> Option<String> {
    let place = || {
        let place = error.location().map(|at| format!("line {}, column {}: ", at.line(), at.column()));
        place.unwrap_or_default()
    };
    match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => told(error),
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
            Some(format!("{}the key{key} is there a second time; remove one of the two", place()))
        }
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::Budget {
            breach:
                BudgetBreach::Events { .. }
                | BudgetBreach::Nodes { .. }
                | BudgetBreach::ScalarBytes { .. }
                | BudgetBreach::RecordedAnchorEvents { .. }
                | BudgetBreach::RecordedAnchorBytes { .. },
            ..
        } => Some(format!("{}its aliases (*NAME) unfold to more than is read", place())),
        _ => None,
    }
}
