//! What elbtail wrote as objects: the lines, for the oracle, and what it told of the instances that they are of.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
};

use jiff::Timestamp;
use serde::Deserialize;

use super::oracle::{Instance, Oracle, parse};

/// An object of `-o json --events`, as far as a line has it too, and where it says that lines are missing.
#[derive(Debug, Clone, Deserialize)]
pub struct Object {
    /// When it was printed by its container, or told.
    pub timestamp: Timestamp,
    /// A line, or what is told.
    kind: String,
    #[serde(default)]
    pod: String,
    #[serde(default)]
    container: String,
    restart: Option<usize>,
    message: String,
    /// What a line was printed to, which the files of a node tell and the log API does not.
    stream: Option<String>,
    /// The stamp of the last line before those that are missing, or none: all are up to `before`.
    after: Option<Timestamp>,
    /// The stamp of the first line behind them, or none: all are that come after.
    before: Option<Timestamp>,
}

/// Lines of an instance that were lost, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// The number of the first one.
    pub first: u64,
    /// The number of the last one.
    pub last: u64,
    /// The stamp of the line before, if they are not the instance's first.
    after: Option<Timestamp>,
    /// The stamp of the line behind, if they are not its last.
    before: Option<Timestamp>,
}

impl Hole {
    /// The holes that the lost lines of an instance make, whose numbers rise; `stamp` is that of a line that was read.
    pub fn all(lost: &[u64], stamp: impl Fn(u64) -> Option<Timestamp>) -> Vec<Hole> {
        let runs = lost.chunk_by(|number, next| number + 1 == *next);
        let ends = runs.filter_map(|run| Some((*run.first()?, *run.last()?)));
        ends.map(|(first, last)| Hole { first, last, after: stamp(first - 1), before: stamp(last + 1) }).collect()
    }
}

impl Object {
    /// Whether it tells that lines of an instance are missing: exit code 8.
    pub fn is_gap(&self) -> bool {
        self.kind == "gap"
    }

    /// Whether it tells of this instance that lines are missing, or may be, where the hole is.
    pub fn excuses(&self, instance: &Instance, hole: Hole) -> bool {
        let may_be_missing = match self.kind.as_str() {
            "gap" => (self.after, self.before) == (hole.after, hole.before),
            // What was rotated away before the first look is told as a late start, which proves nothing.
            "starts_late" => hole.after.is_none() && self.before == hole.before,
            // The log of a pod that was deleted may have been cut at its very end.
            "unchecked" => hole.before.is_none(),
            _ => false,
        };
        may_be_missing && self.is_of(instance)
    }

    /// Whether it tells of this instance.
    pub fn is_of(&self, (pod, container, restart): &Instance) -> bool {
        (&self.pod, &self.container, self.restart) == (pod, container, Some(*restart))
    }
}

/// All that was written.
#[derive(Debug, Default)]
pub struct Written {
    /// The lines.
    pub lines: Oracle,
    /// When each of them was printed, by its number.
    pub stamps: BTreeMap<Instance, BTreeMap<u64, Timestamp>>,
    /// How many came from the files of a node.
    pub of_nodes: usize,
    /// What was told besides.
    pub told: Vec<Object>,
}

/// Reads all of it. Fails if a line is said to be of another instance.
pub fn read(output: impl Read) -> Written {
    let mut written = Written::default();
    for text in BufReader::new(output).lines().map_while(Result::ok) {
        let object: Object = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if object.kind != "line" {
            written.told.push(object);
            continue;
        }
        if let Some(((pod, container), (restart, number))) = parse(&object.message) {
            let said = (&object.pod, &object.container, object.restart);
            assert_eq!(said, (&pod, &container, Some(restart)), "whose line it is: {text}");
            written.stamps.entry((pod, container, restart)).or_default().insert(number, object.timestamp);
        }
        written.of_nodes += usize::from(object.stream.is_some());
        written.lines.take(&object.message);
    }
    written
}

#[test]
fn a_loss_is_excused_by_what_is_told_of_its_own_instance_and_place() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let told = |kind: &str, restart: Option<usize>, after: Option<i64>, before: Option<i64>| Object {
        timestamp: Timestamp::UNIX_EPOCH,
        kind: kind.to_owned(),
        pod: "p".to_owned(),
        container: "blast".to_owned(),
        restart,
        message: String::new(),
        stream: None,
        after: after.map(at),
        before: before.map(at),
    };
    let of = |restart| ("p".to_owned(), "blast".to_owned(), restart);
    // Each line was printed in the second that is its number; there are ten.
    let holes = |lost: &[u64]| {
        Hole::all(lost, |number| ((1..=10).contains(&number) && !lost.contains(&number)).then(|| at(number as i64)))
    };
    let excused = |object: &Object, lost: &[u64]| {
        holes(lost).into_iter().map(|hole| object.excuses(&of(1), hole)).collect::<Vec<_>>()
    };
    let scattered = [1, 2, 5, 9, 10];
    let gap = |after, before| told("gap", Some(1), after, before);
    for (after, before, of_each) in [
        (None, Some(3), [true, false, false]),
        (Some(4), Some(6), [false, true, false]),
        (Some(8), None, [false, false, true]),
        // It names a part of the hole, or more than it.
        (Some(4), Some(7), [false; 3]),
        (Some(4), None, [false; 3]),
        (Some(9), None, [false; 3]),
        // Nothing of the instance was read.
        (None, None, [false; 3]),
    ] {
        assert_eq!(excused(&gap(after, before), &scattered), of_each, "{after:?} to {before:?}");
    }
    let all: Vec<u64> = (1..=10).collect();
    assert_eq!(excused(&gap(None, None), &all), [true]);
    // From when on it was wanted is no line's stamp.
    assert_eq!(excused(&told("starts_late", Some(1), Some(0), Some(3)), &scattered), [true, false, false]);
    assert_eq!(excused(&told("starts_late", Some(1), Some(0), Some(4)), &scattered), [false; 3]);
    assert_eq!(excused(&told("unchecked", Some(1), None, None), &scattered), [false, false, true]);
    for (kind, restart) in [("gap", Some(0)), ("gap", None), ("denied", Some(1)), ("ended", Some(1))] {
        assert_eq!(excused(&told(kind, restart, None, None), &all), [false], "{kind} of {restart:?}");
    }
    let hole = holes(&all)[0];
    assert!(!gap(None, None).excuses(&("p".to_owned(), "results-export".to_owned(), 1), hole));
}
