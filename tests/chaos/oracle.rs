//! Counts what a reader lost, repeated, tore or reordered.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{BufRead, BufReader, Read},
};

use super::story::{Printed, checksum};

/// An instance: pod, container, how often it was started again.
pub type Instance = (String, String, usize);

/// What became of the lines.
#[derive(Debug, Default, Clone)]
pub struct LineCounts {
    /// Lines that the containers printed.
    pub printed: u64,
    /// Lines read that are whole and known.
    pub read: u64,
    /// Lines that were printed and not read.
    pub lost: u64,
    /// Lines read more than once.
    pub repeated: u64,
    /// Lines whose checksum is wrong.
    pub torn: u64,
    /// Lines read after a later one of their container.
    pub reordered: u64,
    /// Where lines were lost, with their numbers, which rise.
    pub losses: BTreeMap<Instance, Vec<u64>>,
}

impl fmt::Display for LineCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lines printed, {} read: lost {}, repeated {}, torn {}, reordered {}",
            self.printed, self.read, self.lost, self.repeated, self.torn, self.reordered
        )
    }
}

/// A line's place in its container: instance and number.
pub type Place = (usize, u64);

/// What was seen of one container.
#[derive(Debug, Default)]
struct Seen {
    all: BTreeSet<Place>,
    latest: Place,
}

/// Lines as they are read, one container's order kept.
#[derive(Debug, Default)]
pub struct Oracle {
    seen: BTreeMap<(String, String), Seen>,
    counts: LineCounts,
}

impl Oracle {
    /// Reads all lines of `input`; each holds one text of the story, whatever stands before it.
    pub fn read(input: impl Read) -> Oracle {
        let mut oracle = Oracle::default();
        let mut lines = BufReader::new(input);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            oracle.take(&String::from_utf8_lossy(&line));
            line.clear();
        }
        oracle
    }

    /// Takes the next line.
    pub fn take(&mut self, line: &str) {
        let Some((key, place)) = parse(line) else {
            self.counts.torn += 1;
            return;
        };
        let Seen { all, latest } = self.seen.entry(key).or_default();
        if !all.insert(place) {
            self.counts.repeated += 1;
            return;
        }
        self.counts.read += 1;
        if place < *latest {
            self.counts.reordered += 1;
        }
        *latest = (*latest).max(place);
    }

    /// Compares with what was printed.
    pub fn compare(mut self, printed: &Printed) -> LineCounts {
        for ((pod, container), instances) in printed {
            let none = Seen::default();
            let seen = &self.seen.get(&(pod.clone(), container.clone())).unwrap_or(&none).all;
            for (restart, count) in instances.iter().enumerate() {
                let lost: Vec<u64> = (1..=*count).filter(|number| !seen.contains(&(restart, *number))).collect();
                self.counts.printed += count;
                self.counts.lost += lost.len() as u64;
                if !lost.is_empty() {
                    self.counts.losses.insert((pod.clone(), container.clone(), restart), lost);
                }
            }
        }
        self.counts
    }
}

/// The container and the place of a line of the story, if it is whole.
pub fn parse(line: &str) -> Option<((String, String), Place)> {
    let start = line.find("blastn-batch-").or_else(|| line.find("elb-finalizer-"))?;
    // A prefix may hold the pod's name too: the text is what comes last.
    let start = line.rfind("blastn-batch-").or_else(|| line.rfind("elb-finalizer-")).unwrap_or(start);
    let (body, sum) = line[start..].trim_end().trim_end_matches(['"', '}']).rsplit_once(" #")?;
    if sum.len() != 8 || u32::from_str_radix(sum, 16).ok()? != checksum(body) {
        return None;
    }
    let mut words = body.split(' ');
    let (pod, container) = words.next()?.split_once('/')?;
    let restart = words.next()?.strip_prefix('r')?.parse().ok()?;
    let number = words.next()?.strip_prefix("seq=")?.parse().ok()?;
    Some(((pod.to_owned(), container.to_owned()), (restart, number)))
}
