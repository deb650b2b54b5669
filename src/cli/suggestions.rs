//! Did-you-means that are meant: clap finds words alike that only share some letters.

use clap::error::{ContextKind, ContextValue, Error};

/// Removes suggestions that are no typing error away from what was written.
pub fn prune(error: &mut Error) {
    // `-- -A` makes a JOB of a flag that does not exist.
    if let Some(ContextValue::StyledStrs(tips)) = error.get(ContextKind::Suggested) {
        let tips: Vec<_> = tips.iter().filter(|tip| !tip.to_string().contains("as a value")).cloned().collect();
        error.remove(ContextKind::Suggested);
        if !tips.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
    for (wrong, suggested) in [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ] {
        let Some(ContextValue::String(written)) = error.get(wrong) else { continue };
        let written = written.clone();
        let near = match error.get(suggested) {
            Some(ContextValue::String(word)) => near_of(&written, std::slice::from_ref(word)),
            Some(ContextValue::Strings(words)) => near_of(&written, words),
            _ => continue,
        };
        // What goes with a suggestion goes with it: `-- --flag`, or the command that has the flag.
        if near.is_empty() {
            error.remove(suggested);
            error.remove(ContextKind::Suggested);
            error.remove(ContextKind::TrailingArg);
            if suggested == ContextKind::SuggestedArg {
                // It shows how to use what was suggested.
                error.remove(ContextKind::Usage);
            }
        } else if matches!(error.get(suggested), Some(ContextValue::Strings(_))) {
            error.insert(suggested, ContextValue::Strings(near));
        }
    }
}

fn near_of(written: &str, words: &[String]) -> Vec<String> {
    words.iter().filter(|word| is_near(written, word)).cloned().collect()
}

/// Whether one is the other with a letter or two mistyped, or its beginning.
pub fn is_near(written: &str, meant: &str) -> bool {
    let [written, meant] = [written, meant].map(|word| {
        let word = word.trim_start_matches('-');
        word.split(['=', ' ']).next().unwrap_or_default().to_lowercase()
    });
    let allowed = if meant.chars().count() < 6 { 1 } else { 2 };
    strsim::damerau_levenshtein(&written, &meant) <= allowed || (written.len() > 2 && meant.starts_with(&written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_near_and_another_word_is_not() {
        for (written, meant, near) in [
            ("log", "logs", true),
            ("lgos", "logs", true),
            ("target", "targets", true),
            ("tragets", "targets", true),
            ("resovle", "resolve", true),
            ("tail", "targets", false),
            ("jobs", "logs", false),
            ("pods", "jobs", false),
            ("list", "logs", false),
            ("--namspace", "--namespace", true),
            ("--timestamp", "--timestamps", true),
            ("--container-name", "--container", false),
            ("--only-errors", "--only-log-lines", false),
        ] {
            assert_eq!(is_near(written, meant), near, "{written} {meant}");
        }
    }
}
