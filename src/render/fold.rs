//! [`Fold`]: of lines that are alike, the first is shown, and how many more there were.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::{Meaning, ShownLine, Transform};
use crate::k8s::{ContainerId, InstanceId, Line, Stamp};

/// Shows the first of neighbouring lines of one instance that are alike, and behind them how many more there were. Lines that say
/// how something began, ended or went wrong are always shown.
pub struct Fold {
    /// What stands before the count.
    mark: &'static str,
    runs: HashMap<Arc<ContainerId>, Run>,
    scratch: Vec<u8>,
}

/// Lines that are alike.
struct Run {
    of: InstanceId,
    likeness: u64,
    /// Those that were not shown and not told, and the last of them.
    more: u64,
    last: Stamp,
}

impl Fold {
    /// Folds lines; `utf8` says whether the terminal knows an ellipsis in the middle of a line.
    pub fn new(utf8: bool) -> Fold {
        Fold { mark: if utf8 { "⋯" } else { "..." }, runs: HashMap::new(), scratch: Vec::new() }
    }
}

impl Run {
    /// What is shown of those that were not, if there are any.
    fn told(&mut self, mark: &str) -> Option<ShownLine> {
        let more = std::mem::take(&mut self.more);
        let text: Bytes = format!("{mark} {more} more like this").into();
        (more > 0).then(|| ShownLine { stream: None, written: text.clone(), line: Line { stamp: self.last, text } })
    }
}

impl Transform for Fold {
    fn apply(&mut self, of: &InstanceId, lines: &mut Vec<ShownLine>) {
        let mut shown = Vec::with_capacity(lines.len());
        for line in lines.drain(..) {
            let Some(likeness) = likeness(&line.line.text, &mut self.scratch) else {
                shown.extend(self.runs.remove(&of.container).and_then(|mut run| run.told(self.mark)));
                shown.push(line);
                continue;
            };
            match self.runs.get_mut(&of.container) {
                Some(run) if run.likeness == likeness && run.of == *of => {
                    run.more += 1;
                    run.last = line.line.stamp;
                }
                other => {
                    shown.extend(other.and_then(|run| run.told(self.mark)));
                    let run = Run { of: of.clone(), likeness, more: 0, last: line.line.stamp };
                    self.runs.insert(of.container.clone(), run);
                    shown.push(line);
                }
            }
        }
        *lines = shown;
    }

    fn is_waiting(&self) -> bool {
        self.runs.values().any(|run| run.more > 0)
    }

    fn wait_no_longer(&mut self) -> Vec<(InstanceId, ShownLine)> {
        let mark = self.mark;
        let told = self.runs.values_mut().filter_map(|run| Some((run.of.clone(), run.told(mark)?)));
        let mut told: Vec<_> = told.collect();
        told.sort_by_key(|(_, line)| line.line.stamp);
        told
    }
}

/// By what a line is like others: its words without those that hold digits, which are names and counts. `None` for lines that
/// are always shown. A line with fewer than two words that are none of these is like those of the same bytes only, so that
/// tables and sequences are not folded.
fn likeness(line: &[u8], scratch: &mut Vec<u8>) -> Option<u64> {
    match Meaning::of(line) {
        None | Some(Meaning::Warning | Meaning::Trouble | Meaning::Progress) => {}
        Some(Meaning::Start | Meaning::Success | Meaning::Failure | Meaning::Timing) => return None,
    }
    Some(alike(line, scratch))
}

/// A number that lines have in common that differ only in words with digits. `scratch` is memory that is used again.
pub(crate) fn alike(line: &[u8], scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    let mut plain = 0;
    for word in line.split(u8::is_ascii_whitespace) {
        if word.iter().any(u8::is_ascii_digit) {
            scratch.push(b'0');
        } else {
            plain += usize::from(word.iter().any(u8::is_ascii_alphabetic));
            scratch.extend_from_slice(word);
        }
        scratch.push(b' ');
    }
    xxh3_64(if plain < 2 { line } else { scratch })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(container: &str) -> InstanceId {
        let container = ContainerId { uid: "1".to_owned(), container: container.to_owned() };
        InstanceId { container: Arc::new(container), restart: 0 }
    }

    fn apply(fold: &mut Fold, of: &InstanceId, texts: &[String]) -> Vec<String> {
        let mut lines: Vec<_> = texts
            .iter()
            .map(|text| ShownLine {
                stream: None,
                line: Line { stamp: Stamp(0), text: text.clone().into() },
                written: text.clone().into(),
            })
            .collect();
        fold.apply(of, &mut lines);
        lines.into_iter().map(|line| String::from_utf8(line.line.text.to_vec()).unwrap()).collect()
    }

    fn warning(number: usize) -> String {
        format!("Warning: [blastn] Query_{number} contig_0_{number}: Could not calculate ungapped parameters")
    }

    #[test]
    fn lines_that_are_alike_are_counted_exactly() {
        let mut fold = Fold::new(true);
        let warnings: Vec<String> = (0..413).map(warning).collect();
        assert_eq!(apply(&mut fold, &of("blast"), &warnings[..200]), [warning(0)]);
        assert_eq!(apply(&mut fold, &of("export"), &[warning(7)]), [warning(7)], "another container's");
        assert_eq!(apply(&mut fold, &of("blast"), &warnings[200..]), [""; 0]);
        assert!(fold.is_waiting());
        let end = ["run end 000 0".to_owned()];
        assert_eq!(apply(&mut fold, &of("blast"), &end), ["⋯ 412 more like this", "run end 000 0"]);
        assert!(!fold.is_waiting());
    }

    #[test]
    fn what_waits_is_told_when_nothing_comes_and_counted_on() {
        let mut fold = Fold::new(false);
        apply(&mut fold, &of("blast"), &(0..3).map(warning).collect::<Vec<_>>());
        let told = fold.wait_no_longer();
        assert_eq!(told[0].0, of("blast"));
        assert_eq!(told[0].1.line.text, "... 2 more like this");
        assert!(fold.wait_no_longer().is_empty());
        let more = [warning(3), "something else".to_owned()];
        assert_eq!(apply(&mut fold, &of("blast"), &more), ["... 1 more like this", "something else"]);
    }

    #[test]
    fn what_must_be_seen_and_what_only_looks_alike_is_not_folded() {
        for texts in [
            ["run end 000 0", "run end 001 1"],
            ["ERROR: shard 1 is missing", "ERROR: shard 2 is missing"],
            ["NC_000913.3\t99.412\t170", "NC_000914.3\t98.112\t171"],
            ["ACGTACGT", "ACGTACGA"],
            ["copied a.nsq in 3 s", "copied b.nsq in 3 s"],
        ] {
            let texts = texts.map(str::to_owned);
            assert_eq!(apply(&mut Fold::new(true), &of("blast"), &texts), texts);
        }
        let same = ["waiting".to_owned(), "waiting".to_owned()];
        assert_eq!(apply(&mut Fold::new(true), &of("blast"), &same), ["waiting"]);
    }

    proptest! {
        #[test]
        fn no_line_is_lost_uncounted(
            kinds in proptest::collection::vec((0usize..3, 0usize..2), 0..60), cut in 0usize..60,
        ) {
            let mut fold = Fold::new(true);
            let mut shown = Vec::new();
            for (at, (kind, container)) in kinds.iter().enumerate() {
                let text = [warning(at), format!("run start {at:03} blastn nt"), format!("took {at} s in all")][*kind].clone();
                shown.extend(apply(&mut fold, &of(["a", "b"][*container]), &[text]));
                if at == cut {
                    shown.extend(fold.wait_no_longer().into_iter().map(|(_, line)| String::from_utf8(line.line.text.to_vec()).unwrap()));
                }
            }
            shown.extend(fold.wait_no_longer().into_iter().map(|(_, line)| String::from_utf8(line.line.text.to_vec()).unwrap()));
            let count = |text: &String| match text.strip_prefix("⋯ ") {
                Some(more) => more.split(' ').next().unwrap().parse::<usize>().unwrap(),
                None => 1,
            };
            prop_assert_eq!(shown.iter().map(count).sum::<usize>(), kinds.len());
        }
    }
}
