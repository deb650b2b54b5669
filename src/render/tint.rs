//! [`tint`]: colour for tables and reports, by the words in them.

use owo_colors::{OwoColorize, Style};

/// The text of a table or a report in colour: headers and what to do next stand out, good and bad news have their colour. Without
/// its colours it is the same text.
pub(crate) fn tint(text: &str) -> String {
    text.split_inclusive('\n').map(line).collect()
}

fn line(line: &str) -> String {
    let text = line.trim_end_matches('\n');
    let end = &line[text.len()..];
    let indent = &text[..text.len() - text.trim_start().len()];
    let words = &text[indent.len()..];
    // A report's line begins with a word and a colon.
    for (word, style) in [
        ("ok:", Style::new().green().bold()),
        ("problem:", Style::new().red().bold()),
        ("note:", Style::new().yellow().bold()),
        ("next:", Style::new().cyan().bold()),
        ("so:", Style::new().dimmed()),
        ("checked:", Style::new().dimmed()),
    ] {
        if let Some(rest) = words.strip_prefix(word) {
            return format!("{indent}{}{rest}{end}", word.style(style));
        }
    }
    if is_header(text) {
        return format!("{}{end}", text.bold());
    }
    format!("{}{end}", cells(text))
}

/// A table's first line: several words, all in capitals.
fn is_header(text: &str) -> bool {
    text.contains("   ") && text.chars().all(|c| c.is_ascii_uppercase() || matches!(c, ' ' | '-'))
}

/// The cells of a table's line, which stand three blanks apart or more.
fn cells(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while !rest.is_empty() {
        let cell = rest.find("   ").map_or(rest, |at| &rest[..at]);
        match style(cell) {
            Some(style) => out.push_str(&cell.style(style).to_string()),
            None => out.push_str(cell),
        }
        let blanks = rest.len() - cell.len() - rest[cell.len()..].trim_start_matches(' ').len();
        out.push_str(&rest[cell.len()..cell.len() + blanks]);
        rest = &rest[cell.len() + blanks..];
    }
    out
}

/// How a cell that says how something is stands out.
fn style(cell: &str) -> Option<Style> {
    let word = cell.strip_prefix("Init:").unwrap_or(cell);
    let counts = || word.split_once('/').is_some_and(|(a, b)| a.parse::<u32>().is_ok() && b.parse::<u32>().is_ok());
    let is_bad = || {
        ["BackOff", "Error", "Killed"].iter().any(|end| word.ends_with(end))
            || ["Err", "ExitCode:", "Signal:"].iter().any(|start| word.starts_with(start))
    };
    Some(match word {
        "Running" | "Completed" | "chosen" => Style::new().green(),
        "Failed" | "Evicted" | "Unknown" | "NodeLost" | "ContainerStatusUnknown" | "conflicts" | "wrong-type" => {
            Style::new().red()
        }
        "Pending" | "ContainerCreating" | "PodInitializing" | "SchedulingGated" | "Terminating" | "NotReady"
        | "inferred" => Style::new().yellow(),
        "Deleted" | "absent" | "empty" | "other-row" => Style::new().dimmed(),
        _ if cell.starts_with("Init:") && counts() => Style::new().yellow(),
        _ if is_bad() => Style::new().red(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        tint(text).replace('\x1b', "^")
    }

    #[test]
    fn states_have_colours_and_names_have_none() {
        for (cell, colour) in [
            ("Running", "32"),
            ("Init:0/2", "33"),
            ("Init:CrashLoopBackOff", "31"),
            ("OOMKilled", "31"),
            ("ExitCode:4", "31"),
            ("Deleted", "2"),
        ] {
            assert_eq!(
                shown(&format!("pod-Error-x   {cell}   0\n")),
                format!("pod-Error-x   ^[{colour}m{cell}^[0m   0\n")
            );
        }
        assert_eq!(shown("POD   STATUS   ELASTIC-BLAST ID\n"), "^[1mPOD   STATUS   ELASTIC-BLAST ID^[0m\n");
    }

    proptest! {
        #[test]
        fn only_colours_are_added(text in "([A-Z a-z/:0-9]{0,12}(   |\n| |Running|next: |Error|POD   )){0,12}") {
            let mut plain = tint(&text);
            while let Some(start) = plain.find("\x1b[") {
                let end = plain[start..].find('m').unwrap();
                plain.replace_range(start..=start + end, "");
            }
            prop_assert_eq!(plain, text);
        }
    }
}
