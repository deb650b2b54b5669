//! [`Troubles`]: lines that tell of errors, with a few around them, in memory that does not grow with the log.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use super::{
    Redaction,
    data::{ContextLine, ErrorMeaning},
};
use crate::{
    k8s::{ContainerId, InstanceId, Line, Stamp},
    mask::{LineMasker, is_suspect},
    render::{Meaning, alike, plain},
};

/// Kinds of failures that are kept; lines of further kinds are counted.
const FAILURES: usize = 100;
/// Kinds of what was tried again.
const RETRIES: usize = 40;
/// Containers of which a line of one kind is kept.
const PLACES: usize = 4;
/// Lines before one that are kept, and after it.
const BEFORE: usize = 3;
const AFTER: usize = 2;
/// Characters of a line that are kept.
const TEXT: usize = 500;
/// Bytes of a line that are looked at for them.
const BYTES: usize = 4 * TEXT;

/// Lines that tell of errors, by what they say.
#[derive(Default)]
pub struct Troubles {
    redaction: Redaction,
    kept: Kept,
    instances: HashMap<InstanceId, InstanceSoFar>,
}

/// What is kept of them.
#[derive(Default)]
struct Kept {
    kinds: Vec<TroubleKind>,
    by_likeness: HashMap<(u64, ErrorMeaning), usize>,
    left_out: u64,
    lines: u64,
    scratch: Vec<u8>,
}

/// Lines that are alike.
pub struct TroubleKind {
    /// The earliest of them.
    pub message: String,
    /// What they mean.
    pub meaning: ErrorMeaning,
    /// How many there are.
    pub lines: u64,
    /// Of which containers.
    pub containers: HashSet<Arc<ContainerId>>,
    /// The earliest stamp.
    pub first: Stamp,
    /// The latest.
    pub last: Stamp,
    /// The earliest of them, each of another container.
    pub places: Vec<TroublePlace>,
}

/// One line of a kind.
pub struct TroublePlace {
    /// What lines after it are added by: one that comes earlier may take its place before they come.
    number: u64,
    /// Whose line it is.
    pub of: InstanceId,
    /// Its number in its instance, from 1.
    pub line: u64,
    /// Its stamp.
    pub at: Stamp,
    /// It.
    pub text: String,
    /// Lines before it.
    pub before: Vec<ContextLine>,
    /// Lines after it.
    pub after: Vec<ContextLine>,
}

/// What is known of an instance while it is read.
#[derive(Default)]
struct InstanceSoFar {
    lines: u64,
    /// The lines before the next one, masked.
    recent: VecDeque<(Stamp, Vec<u8>)>,
    /// Places that wait for lines after them: kind, the place's number, and how many lines.
    waiting: Vec<(usize, u64, usize)>,
    masker: LineMasker,
}

impl Troubles {
    /// None yet.
    pub fn new(redaction: Redaction) -> Troubles {
        Troubles { redaction, ..Troubles::default() }
    }

    /// What there is, failures first, then those of most containers; how many lines tell of errors; and how many of them are of kinds that
    /// are not kept.
    pub fn kinds(self) -> (Vec<TroubleKind>, u64, u64) {
        let Kept { mut kinds, lines, left_out, .. } = self.kept;
        kinds.sort_by(|one, two| {
            let key = |kind: &TroubleKind| (kind.meaning, Reverse(kind.containers.len()), kind.first);
            key(one).cmp(&key(two))
        });
        (kinds, lines, left_out)
    }

    /// Takes the next line of an instance, and what it says.
    pub fn line(&mut self, of: &InstanceId, line: &Line, meaning: Option<Meaning>) {
        let instance = match self.instances.get_mut(of) {
            Some(instance) => instance,
            None => self.instances.entry(of.clone()).or_default(),
        };
        let masked = masked(self.redaction, &mut instance.masker, &line.text);
        self.kept.line(of, instance, line, meaning, &masked);
        instance.remember(line.stamp, &masked);
    }

    /// No more lines of an instance come.
    pub fn complete(&mut self, of: &InstanceId) {
        self.instances.remove(of);
    }
}

impl InstanceSoFar {
    /// Most lines are no error's neighbours: they are copied as they are, into memory that is used again.
    fn remember(&mut self, at: Stamp, masked: &[u8]) {
        let oldest = if self.recent.len() == BEFORE { self.recent.pop_front() } else { None };
        let mut bytes = oldest.map(|(_, bytes)| bytes).unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(&masked[..masked.len().min(BYTES)]);
        self.recent.push_back((at, bytes));
    }
}

impl Kept {
    fn line(
        &mut self,
        of: &InstanceId,
        instance: &mut InstanceSoFar,
        line: &Line,
        meaning: Option<Meaning>,
        masked: &[u8],
    ) {
        instance.lines += 1;
        if !instance.waiting.is_empty() {
            let shown = context(line.stamp, masked);
            for (kind, number, left) in &mut instance.waiting {
                *left -= 1;
                let places = &mut self.kinds[*kind].places;
                if let Some(place) = places.iter_mut().find(|place| place.number == *number) {
                    place.after.push(shown.clone());
                }
            }
            instance.waiting.retain(|(.., left)| *left > 0);
        }
        let meaning = match meaning {
            Some(Meaning::Failure) => ErrorMeaning::Failure,
            Some(Meaning::Trouble) => ErrorMeaning::Trouble,
            _ => return,
        };
        self.lines += 1;
        let text = cut(masked);
        let Some(at) = self.kind(line, meaning, &text) else {
            self.left_out += 1;
            return;
        };
        let kind = &mut self.kinds[at];
        kind.lines += 1;
        kind.first = kind.first.min(line.stamp);
        kind.last = kind.last.max(line.stamp);
        if !kind.containers.insert(of.container.clone()) {
            return;
        }
        // The earliest, in whichever order containers are read.
        let ahead = kind.places.partition_point(|place| place.at <= line.stamp);
        if ahead < PLACES {
            kind.places.truncate(PLACES - 1);
            instance.waiting.push((at, self.lines, AFTER));
            kind.places.insert(
                ahead,
                TroublePlace {
                    number: self.lines,
                    of: of.clone(),
                    line: instance.lines,
                    at: line.stamp,
                    text,
                    before: instance.recent.iter().map(|(at, text)| context(*at, text)).collect(),
                    after: Vec::new(),
                },
            );
            if let Some(first) = kind.places.first() {
                kind.message.clone_from(&first.text);
            }
        }
    }

    /// The place of a line's kind; `None` when it is new and there are too many.
    fn kind(&mut self, line: &Line, meaning: ErrorMeaning, text: &str) -> Option<usize> {
        let likeness = (alike(&line.text, &mut self.scratch), meaning);
        if let Some(at) = self.by_likeness.get(&likeness) {
            return Some(*at);
        }
        let most = match meaning {
            ErrorMeaning::Failure => FAILURES,
            ErrorMeaning::Trouble => RETRIES,
        };
        if self.kinds.iter().filter(|kind| kind.meaning == meaning).count() >= most {
            return None;
        }
        let at = self.kinds.len();
        self.by_likeness.insert(likeness, at);
        self.kinds.push(TroubleKind {
            message: text.to_owned(),
            meaning,
            lines: 0,
            containers: HashSet::new(),
            first: line.stamp,
            last: line.stamp,
            places: Vec::new(),
        });
        Some(at)
    }
}

/// A line without its secrets: before it is cut, so that no half of one is left.
fn masked<'a>(redaction: Redaction, masker: &mut LineMasker, text: &'a [u8]) -> Cow<'a, [u8]> {
    if redaction == Redaction::Off || !(is_suspect(text) || masker.expects_more()) {
        return Cow::Borrowed(text);
    }
    masker.mask_bytes(text)
}

fn context(at: Stamp, text: &[u8]) -> ContextLine {
    ContextLine { at: at.to_timestamp(), text: cut(text) }
}

/// As much of a line as is shown. What a terminal or a page would obey is made visible.
fn cut(text: &[u8]) -> String {
    plain(&String::from_utf8_lossy(&text[..text.len().min(BYTES)]), TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(container: &str) -> InstanceId {
        let container = ContainerId { uid: "u".to_owned(), container: container.to_owned() };
        InstanceId { container: Arc::new(container), restart: 0 }
    }

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().zip(1..).map(|(text, at)| Line { stamp: Stamp(at), text: text.to_string().into() }).collect()
    }

    fn tell(troubles: &mut Troubles, of: &InstanceId, lines: &[Line]) {
        lines.iter().for_each(|line| troubles.line(of, line, Meaning::of(&line.text)));
    }

    fn of(texts: &[&str], redaction: Redaction) -> Vec<TroubleKind> {
        let mut troubles = Troubles::new(redaction);
        tell(&mut troubles, &instance("blast"), &lines(texts));
        troubles.kinds().0
    }

    #[test]
    fn an_error_has_the_lines_around_it() {
        let kinds = of(&["a", "b", "c", "d", "ERROR: no space", "e", "f", "g"], Redaction::On);
        let place = &kinds[0].places[0];
        let texts = |lines: &[ContextLine]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
        assert_eq!(
            (texts(&place.before), texts(&place.after)),
            (vec!["b".into(), "c".into(), "d".into()], vec!["e".into(), "f".into()])
        );
        assert_eq!((place.line, place.text.as_str()), (5, "ERROR: no space"));
    }

    #[test]
    fn lines_that_differ_in_numbers_are_one_kind_and_failures_come_first() {
        let mut troubles = Troubles::new(Redaction::On);
        for (container, text) in [
            ("a", "azcopy attempt 2/5 failed, retrying in 20s..."),
            ("b", "azcopy attempt 3/5 failed, retrying in 40s..."),
            ("a", "ERROR: azcopy login failed"),
            ("b", "azcopy attempt 4/5 failed, retrying in 40s..."),
        ] {
            tell(&mut troubles, &instance(container), &lines(&[text]));
        }
        let (kinds, all, left_out) = troubles.kinds();
        assert_eq!((kinds.len(), all, left_out), (2, 4, 0));
        assert_eq!((kinds[0].meaning, kinds[0].lines), (ErrorMeaning::Failure, 1));
        assert_eq!((kinds[1].lines, kinds[1].containers.len(), kinds[1].places.len()), (3, 2, 2));
    }

    #[test]
    fn the_earliest_places_are_kept_in_whichever_order_containers_are_read() {
        let read = |order: &[i64]| {
            let mut troubles = Troubles::new(Redaction::On);
            for at in order {
                let line = |at: i64, text: String| Line { stamp: Stamp(at), text: text.into() };
                let lines = [line(*at, format!("ERROR: number {at}")), line(at + 1, format!("after {at}"))];
                // The next container is read before this one goes on.
                tell(&mut troubles, &instance(&at.to_string()), &lines[..1]);
                if at % 2 == 0 {
                    tell(&mut troubles, &instance(&at.to_string()), &lines[1..]);
                }
            }
            let kind = troubles.kinds().0.remove(0);
            let places = kind.places.iter().map(|place| (place.text.clone(), place.after.clone())).collect::<Vec<_>>();
            (kind.message, kind.lines, places)
        };
        let (message, lines, places) = read(&[10, 20, 30, 40, 50, 60, 70]);
        assert_eq!((message.as_str(), lines, places.len()), ("ERROR: number 10", 7, PLACES));
        assert_eq!(places[1].1[0].text, "after 20");
        for order in [[70, 60, 50, 40, 30, 20, 10], [40, 10, 70, 20, 60, 30, 50]] {
            assert_eq!(read(&order), (message.clone(), lines, places.clone()));
        }
    }

    #[test]
    fn secrets_are_masked_beside_errors_too() {
        let texts = ["export AZURE_STORAGE_KEY=abcd1234", "ERROR: https://x/y?sv=1&sig=abc%2Fdef", "password=hunter2"];
        let shown = |redaction| {
            let kinds = of(&texts, redaction);
            let place = &kinds[0].places[0];
            format!("{} {:?} {:?} {}", place.text, place.before, place.after, kinds[0].message)
        };
        for secret in ["abcd1234", "abc%2Fdef", "hunter2"] {
            assert!(!shown(Redaction::On).contains(secret));
            assert!(shown(Redaction::Off).contains(secret));
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_rest_is_counted() {
        let mut troubles = Troubles::new(Redaction::On);
        let word =
            |at: usize| -> String { at.to_string().bytes().map(|digit| char::from(b'a' + digit - b'0')).collect() };
        for at in 0..10 * FAILURES {
            let text = format!("ERROR: {} {}", word(at), "x".repeat(2 * BYTES));
            tell(&mut troubles, &instance("blast"), &lines(&[&text, &text]));
        }
        let (kinds, all, left_out) = troubles.kinds();
        assert_eq!((kinds.len(), all, left_out), (FAILURES, 20 * FAILURES as u64, 18 * FAILURES as u64));
        assert!(kinds.iter().all(|kind| kind.message.chars().count() <= TEXT + 1 && kind.places.len() == 1));
    }

    #[test]
    fn no_line_is_obeyed() {
        let kinds = of(&["ERROR: \u{1b}[2J\u{202e}</script>"], Redaction::On);
        assert_eq!(kinds[0].message, "ERROR: \\u{1b}[2J\\u{202e}</script>");
    }
}
