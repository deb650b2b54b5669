//! What elbtail wrote as objects: the lines, for the oracle, and what it told of the instances that they are of.

use std::io::{BufRead, BufReader, Read};

use jiff::Timestamp;
use serde::Deserialize;

use super::oracle::{Instance, Oracle, parse};

/// An object of `-o json --events`, as far as a line has it too.
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
}

/// Lines of an instance that were lost, one after another.
#[derive(Debug, Clone, Copy)]
pub struct Hole {
    /// The number of the first one.
    pub first: u64,
    /// The number of the last one.
    pub last: u64,
    /// How many lines the instance printed.
    pub printed: u64,
}

impl Hole {
    /// The holes that the lost lines of an instance make which printed so many; their numbers rise.
    pub fn all(lost: &[u64], printed: u64) -> Vec<Hole> {
        let runs = lost.chunk_by(|number, next| number + 1 == *next);
        let ends = runs.filter_map(|run| Some((*run.first()?, *run.last()?)));
        ends.map(|(first, last)| Hole { first, last, printed }).collect()
    }
}

impl Object {
    /// Whether it tells that lines of an instance are missing: exit code 8.
    pub fn is_gap(&self) -> bool {
        self.kind == "gap"
    }

    /// Whether it tells of this instance that lines are missing, or may be where the hole is.
    pub fn excuses(&self, (pod, container, restart): &Instance, hole: Hole) -> bool {
        let may_be_missing = match self.kind.as_str() {
            "gap" => true,
            // What was rotated away before the first look is told as a late start, which proves nothing.
            "starts_late" => hole.first == 1,
            // The log of a pod that was deleted may have been cut at its very end.
            "unchecked" => hole.last == hole.printed,
            _ => false,
        };
        may_be_missing && (&self.pod, &self.container, self.restart) == (pod, container, Some(*restart))
    }
}

/// Reads all that was written: the lines, and what was told besides. Fails if a line is said to be of another instance.
pub fn read(output: impl Read) -> (Oracle, Vec<Object>) {
    let (mut oracle, mut told) = (Oracle::default(), Vec::new());
    for text in BufReader::new(output).lines().map_while(Result::ok) {
        let object: Object = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if object.kind != "line" {
            told.push(object);
            continue;
        }
        if let Some(((pod, container), (restart, _))) = parse(&object.message) {
            let said = (&object.pod, &object.container, object.restart);
            assert_eq!(said, (&pod, &container, Some(restart)), "whose line it is: {text}");
        }
        oracle.take(&object.message);
    }
    (oracle, told)
}

#[test]
fn a_loss_is_excused_by_what_is_told_of_its_own_instance_and_place() {
    let told = |kind: &str, restart: Option<usize>| Object {
        timestamp: Timestamp::UNIX_EPOCH,
        kind: kind.to_owned(),
        pod: "p".to_owned(),
        container: "blast".to_owned(),
        restart,
        message: String::new(),
    };
    let of = |restart| ("p".to_owned(), "blast".to_owned(), restart);
    let holes = Hole::all(&[1, 2, 5, 9, 10], 10);
    let excused =
        |kind, restart| holes.iter().map(|hole| told(kind, restart).excuses(&of(1), *hole)).collect::<Vec<_>>();
    assert_eq!(excused("gap", Some(1)), [true, true, true]);
    assert_eq!(excused("starts_late", Some(1)), [true, false, false]);
    assert_eq!(excused("unchecked", Some(1)), [false, false, true]);
    for (kind, restart) in [("gap", Some(0)), ("gap", None), ("denied", None), ("forbidden", None), ("ended", Some(1))]
    {
        assert_eq!(excused(kind, restart), [false, false, false], "{kind} of {restart:?}");
    }
    let (gap, hole) = (told("gap", Some(0)), holes[0]);
    assert!(gap.excuses(&of(0), hole));
    assert!(!gap.excuses(&("p".to_owned(), "results-export".to_owned(), 0), hole));
}
