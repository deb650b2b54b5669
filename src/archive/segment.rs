//! [`Segment`]: an object of the index, holding one commit or many that were joined.
//!
//! A commit is an object of its own, `index/NNNNNNNNNNNN-NNNNNNNNNNNN.ndjson`, that is created or is not. 64 neighbours are
//! joined into one object, and 64 of those again, so that a chunk's entry is written a few times in all, however long the
//! index grows, and a reader lists few objects. The name says which commits are inside; what lies inside another is spent.

use std::{collections::BTreeMap, ops::RangeInclusive};

use jiff::Timestamp;

use super::{ArchiveError, chunk::sha256, record::Record};

/// How many neighbours are joined.
pub(super) const FAN: u64 = 64;

/// The commits in one object of the index, from its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Segment(pub RangeInclusive<u64>);

impl Segment {
    /// The segment of one commit.
    pub fn of(number: u64) -> Segment {
        Segment(number..=number)
    }

    /// The file's name.
    pub fn name(&self) -> String {
        format!("{:012}-{:012}.ndjson", self.0.start(), self.0.end())
    }

    /// What a file's name says; `None` for one that is not the index's.
    pub fn parse(name: &str) -> Option<Segment> {
        let (first, last) = name.strip_suffix(".ndjson")?.split_once('-')?;
        let segment = Segment(first.parse().ok()?..=last.parse().ok()?);
        (segment.name() == name && segment.0.start() <= segment.0.end() && segment.is_aligned()).then_some(segment)
    }

    /// Whether commits are joined so: a copy under another name says nothing of what is in it.
    fn is_aligned(&self) -> bool {
        let sizes = std::iter::successors(Some(1), |size: &u64| size.checked_mul(FAN));
        sizes.into_iter().any(|size| size == self.len() && self.0.start().is_multiple_of(size))
    }

    /// How many commits are inside.
    pub fn len(&self) -> u64 {
        (self.0.end() - self.0.start()).saturating_add(1)
    }

    pub fn covers(&self, other: &Segment) -> bool {
        self.0.start() <= other.0.start() && other.0.end() <= self.0.end()
    }
}

/// A listing, put in order.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The segments that make the index, in order.
    pub whole: Vec<Segment>,
    /// Those that lie inside one of them.
    pub spent: Vec<Segment>,
    /// Commits that are in none, though later ones are.
    pub missing: Vec<RangeInclusive<u64>>,
    /// Why segments cannot be read: only reading them shows it.
    pub damaged: Vec<ArchiveError>,
    /// Those that cannot be read, and need not: all that they held lies in others as well.
    pub replaced: Vec<Segment>,
}

/// That commits are missing, as a clause.
pub(super) fn missing(commits: &RangeInclusive<u64>) -> String {
    match (commits.start(), commits.end()) {
        (first, last) if first == last => format!("commit {first} is missing"),
        (first, last) => format!("commits {first} to {last} are missing"),
    }
}

impl Layout {
    /// Puts `segments` in order.
    pub fn of(mut segments: Vec<Segment>) -> Layout {
        // The widest first of those that begin alike.
        segments.sort_by_key(|segment| (*segment.0.start(), u64::MAX - segment.0.end()));
        let mut layout = Layout::default();
        for segment in segments {
            if layout.whole.last().is_some_and(|last| last.covers(&segment)) {
                layout.spent.push(segment);
                continue;
            }
            let next = layout.next();
            if *segment.0.start() > next {
                layout.missing.push(next..=segment.0.start() - 1);
            }
            layout.whole.push(segment);
        }
        layout
    }

    /// The number of the next commit.
    pub fn next(&self) -> u64 {
        self.whole.last().map_or(0, |last| last.0.end().saturating_add(1))
    }

    /// The segments to join once commit `number` is there, and what they make: aligned groups of [`FAN`], of each size.
    /// `None` if nothing is due, or something of it is missing.
    pub fn due(&self, number: u64) -> Option<(Segment, Vec<Segment>)> {
        let next = number.checked_add(1)?;
        let mut size = FAN;
        let mut due = None;
        while next.is_multiple_of(size) {
            let joined = Segment(next - size..=number);
            let parts: Vec<Segment> = self.whole.iter().filter(|part| joined.covers(part)).cloned().collect();
            let complete = parts.iter().map(Segment::len).sum::<u64>() == size;
            if complete && parts.len() > 1 {
                due = Some((joined, parts));
            }
            size = size.checked_mul(FAN)?;
        }
        due
    }
}

/// The text of a commit.
///
/// # Errors
/// As [`Record::write`].
pub(super) fn commit(number: u64, writer: String, at: Timestamp, records: &[Record]) -> Result<Vec<u8>, ArchiveError> {
    let mut rest = Vec::new();
    for record in records {
        record.write(&mut rest)?;
    }
    let mut text = Vec::with_capacity(rest.len() + 256);
    Record::Commit { number, writer, at, records: records.len() as u64, sha256: sha256(&rest) }.write(&mut text)?;
    text.extend_from_slice(&rest);
    Ok(text)
}

/// What a segment's text holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parsed {
    /// The records of all commits that are as they were written, in order.
    pub records: Vec<Record>,
    /// What is wrong with others, as clauses.
    pub faults: Vec<String>,
}

/// The records of a segment's text. A commit that is damaged hides none of those that were joined with it.
pub(super) fn parse(segment: &Segment, mut text: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut expected = *segment.0.start();
    while expected <= *segment.0.end() {
        let mut rest = text;
        match commit_of(expected, &mut rest) {
            Ok(records) => {
                parsed.records.extend(records);
                text = rest;
                expected += 1;
            }
            Err(why) => {
                parsed.faults.push(format!("commit {expected}: {why}"));
                // The next that begins like one; those in between are told together.
                let next = next_head(text, expected + 1..=*segment.0.end());
                let (number, at) = next.unwrap_or((segment.0.end().saturating_add(1), &[]));
                if number > expected + 1 {
                    parsed.faults.push(missing(&(expected + 1..=number - 1)));
                }
                (expected, text) = (number, at);
            }
        }
    }
    if !text.is_empty() {
        parsed.faults.push("something stands after its last commit".to_owned());
    }
    parsed
}

/// Records by the number of their commit.
pub(super) fn by_commit(records: Vec<Record>) -> BTreeMap<u64, Vec<Record>> {
    let (mut commits, mut own) = (BTreeMap::<u64, Vec<Record>>::new(), 0);
    for record in records {
        if let Record::Commit { number, .. } = &record {
            own = *number;
        }
        commits.entry(own).or_default().push(record);
    }
    commits
}

/// Those of these commits that are not there.
pub(super) fn lacking(segment: &Segment, commits: &BTreeMap<u64, Vec<Record>>) -> Vec<RangeInclusive<u64>> {
    let mut next = *segment.0.start();
    let mut lacking = Vec::new();
    let end = segment.0.end().saturating_add(1);
    for number in commits.keys().copied().chain([end]) {
        if number > next {
            lacking.push(next..=number - 1);
        }
        next = number.saturating_add(1);
    }
    lacking
}

/// The records of the commit with which `text` begins, which are taken from it.
fn commit_of(expected: u64, text: &mut &[u8]) -> Result<Vec<Record>, String> {
    let head = line(text).ok_or(if text.is_empty() { "it is not there" } else { "it is cut off" })?;
    let head: Record = serde_json::from_slice(head).map_err(|error| error.to_string())?;
    let Record::Commit { number, records, sha256: hash, .. } = &head else {
        return Err("another record stands where it should begin".to_owned());
    };
    if *number != expected {
        return Err(format!("commit {number} stands in its place"));
    }
    let whole = *text;
    let mut lines = Vec::new();
    for _ in 0..*records {
        lines.push(line(text).ok_or("it is cut off")?);
    }
    if sha256(&whole[..whole.len() - text.len()]) != *hash {
        return Err("its records are not those that were written".to_owned());
    }
    let mut all = vec![head];
    for line in lines {
        let record: Record = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        if let Record::Chunk { chunk, .. } = &record
            && !chunk.is_possible()
        {
            return Err("it names a chunk that cannot be".to_owned());
        }
        all.push(record);
    }
    Ok(all)
}

/// The first commit of these numbers that begins at a line of `text`, and the text from there.
fn next_head(mut text: &[u8], numbers: RangeInclusive<u64>) -> Option<(u64, &[u8])> {
    loop {
        let at = text;
        let head = line(&mut text)?;
        if let Ok(Record::Commit { number, .. }) = serde_json::from_slice(head)
            && numbers.contains(&number)
        {
            return Some((number, at));
        }
    }
}

/// Takes the next line from `text`; `None` if it has no end.
fn line<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = memchr::memchr(b'\n', text)?;
    let line = &text[..end];
    *text = &text[end + 1..];
    Some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archive::{ArchivedStream, Chunk, Complete, Gap, JobState, ObjectLog};

    fn some_records() -> [Vec<Record>; 2] {
        let stream = || ArchivedStream::Changes(ObjectLog::Pods);
        [
            vec![Record::Gap {
                stream: stream(),
                gap: Gap { after_line: 3, reason: "pod deleted".into(), gone_before: false },
            }],
            vec![
                Record::Complete { stream: stream(), complete: Complete { lines: 3, proof: "sealed".into() } },
                Record::Job(JobState { ended: true, ..JobState::default() }),
            ],
        ]
    }

    fn text() -> Vec<u8> {
        let commits = (64..).zip(some_records());
        commits
            .flat_map(|(number, records)| commit(number, "a/1".into(), Timestamp::UNIX_EPOCH, &records).unwrap())
            .collect()
    }

    #[test]
    fn records_come_back() {
        let parsed = parse(&Segment(64..=65), &text());
        assert_eq!((told(parsed.records), parsed.faults), (some_records().concat(), vec![]));
        for (segment, faults) in [
            (64..=66, ["commit 66: it is not there"]),
            (64..=64, ["something stands after its last commit"]),
            (63..=65, ["commit 63: commit 64 stands in its place"]),
        ] {
            assert_eq!(parse(&Segment(segment), &text()).faults, faults);
        }
    }

    #[test]
    fn a_damaged_commit_hides_none_of_those_joined_with_it() {
        let commits: Vec<Vec<u8>> = (0..64)
            .map(|number| {
                let gap = Gap { after_line: number, reason: "pod deleted".into(), gone_before: false };
                let records = vec![Record::Gap { stream: ArchivedStream::Changes(ObjectLog::Pods), gap }; 3];
                commit(number, "a/1".into(), Timestamp::UNIX_EPOCH, &records).unwrap()
            })
            .collect();
        let changed = |what: &dyn Fn(usize, &mut Vec<u8>)| {
            let mut commits = commits.clone();
            commits.iter_mut().enumerate().for_each(|(number, commit)| what(number, commit));
            let parsed = parse(&Segment(0..=63), &commits.concat());
            let whole = parsed.records.iter().filter(|record| matches!(record, Record::Commit { .. })).count();
            assert_eq!(parsed.records.len(), 4 * whole);
            (whole, parsed.faults)
        };
        assert_eq!(changed(&|_, _| ()), (64, vec![]));
        // Wherever one byte is another: in its head, in its records, or in a line's end.
        for at in 0..commits[7].len() {
            let (whole, faults) = changed(&|number, commit| {
                if number == 7 {
                    commit[at] ^= 0x15;
                }
            });
            assert!(
                whole >= 62 && (whole == 64 || faults.iter().any(|fault| fault.starts_with("commit 7"))),
                "{at}: {faults:?}"
            );
            assert!(whole == 63 || whole == 64 || at + 1 == commits[7].len(), "{at}: {faults:?}");
        }
        let (whole, faults) = changed(&|number, commit| {
            if (3..=5).contains(&number) {
                commit.clear();
            }
        });
        assert_eq!((whole, faults.len()), (61, 2));
        assert_eq!(faults[1], "commits 4 to 5 are missing");
        let (whole, faults) = changed(&|number, commit| {
            if number >= 60 {
                commit.truncate(20 * usize::from(number == 60));
            }
        });
        assert_eq!((whole, &*faults[1]), (60, "commits 61 to 63 are missing"));
    }

    fn told(mut records: Vec<Record>) -> Vec<Record> {
        records.retain(|record| !matches!(record, Record::Commit { .. }));
        records
    }

    #[test]
    fn what_a_later_version_adds_is_skipped() {
        let rest = b"{\"type\":\"colour\",\"of\":{\"the\":[1]}}\n";
        let head = Record::Commit {
            number: 0,
            writer: String::new(),
            at: Timestamp::UNIX_EPOCH,
            records: 1,
            sha256: sha256(rest),
        };
        let mut text = Vec::new();
        head.write(&mut text).unwrap();
        text.extend_from_slice(rest);
        assert_eq!(parse(&Segment(0..=0), &text).records, [head, Record::Unknown]);
    }

    proptest! {
        #[test]
        fn mutated_bytes_never_panic(at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let whole = text();
            let cut = &whole[..cut.index(whole.len())];
            prop_assert!(!parse(&Segment(64..=65), cut).faults.is_empty());
            let mut mutated = whole.clone();
            let at = at.index(mutated.len());
            mutated[at] = with;
            // Who wrote it and when are words; whatever is counted or named is protected.
            let parsed = parse(&Segment(64..=65), &mutated);
            let records = told(parsed.records);
            match parsed.faults.is_empty() {
                true => prop_assert_eq!(records, some_records().concat()),
                false => prop_assert!(records.is_empty() || some_records().contains(&records) || records == some_records().concat()),
            }
        }

        #[test]
        fn any_bytes_and_names_never_panic(text in proptest::collection::vec(any::<u8>(), 0..300), name in "\\PC{0,40}") {
            let _ = parse(&Segment(0..=0), &text);
            if let Some(segment) = Segment::parse(&name) {
                prop_assert_eq!(segment.name(), name);
            }
        }

        /// Commits are joined as they come; at any moment, and with the joined ones deleted or not, the index is whole.
        #[test]
        fn joining_keeps_every_commit_once(commits in 1u64..9000, keep in any::<bool>()) {
            let mut there: Vec<Segment> = Vec::new();
            let mut written = 0;
            for number in 0..commits {
                there.push(Segment::of(number));
                written += 1;
                if (number + 1).is_multiple_of(FAN) && let Some((joined, parts)) = Layout::of(there.clone()).due(number) {
                    written += joined.len();
                    there.retain(|segment| keep && commits < 300 || !parts.contains(segment));
                    there.push(joined);
                }
            }
            let layout = Layout::of(there);
            prop_assert!(layout.missing.is_empty());
            prop_assert_eq!(layout.next(), commits);
            prop_assert_eq!(layout.whole.iter().map(Segment::len).sum::<u64>(), commits);
            prop_assert!(layout.whole.len() as u64 <= 3 * FAN);
            prop_assert!(written <= 3 * commits);
        }
    }

    #[test]
    fn a_chunk_that_cannot_be_is_refused() {
        let time = Timestamp::UNIX_EPOCH;
        let chunk = |first_line, lines, bytes, size, sha256: &str| Chunk {
            first_line,
            lines,
            first: time,
            last: time,
            latest: time,
            bytes,
            size,
            sha256: sha256.to_owned(),
        };
        let hash = "a".repeat(64);
        let read = |chunk| {
            let record = Record::Chunk { stream: ArchivedStream::Changes(ObjectLog::Pods), chunk };
            parse(&Segment(0..=0), &commit(0, "a/1".into(), time, &[record]).unwrap()).faults
        };
        assert!(read(chunk(7, 3, 100, 50, &hash)).is_empty());
        for bad in [
            chunk(u64::MAX, 3, 100, 50, &hash),
            chunk(7, u64::MAX, 100, 50, &hash),
            chunk(7, 0, 100, 50, &hash),
            chunk(7, 101, 100, 50, &hash),
            chunk(7, 3, u64::MAX, 50, &hash),
            chunk(7, 3, 100, u64::MAX, &hash),
            chunk(7, 3, 100, 50, "../../../../etc/passwd"),
            chunk(7, 3, 100, 50, &"é".repeat(32)),
        ] {
            assert!(read(bad.clone())[0].contains("cannot be"), "{bad:?}");
        }
    }

    #[test]
    fn a_commit_that_is_cut_in_its_first_line_is_there_and_cut() {
        let whole = text();
        assert_eq!(parse(&Segment(64..=64), &whole[..20]).faults, ["commit 64: it is cut off"]);
        assert_eq!(parse(&Segment(64..=64), b"").faults, ["commit 64: it is not there"]);
    }

    #[test]
    fn a_name_that_joining_does_not_give_is_no_segment() {
        for (range, is_one) in [
            (0..=0, true),
            (7..=7, true),
            (64..=127, true),
            (4096..=8191, true),
            (0..=999, false),
            (1..=64, false),
            (0..=1, false),
            (64..=4159, false),
        ] {
            let segment = Segment(range);
            assert_eq!(Segment::parse(&segment.name()).is_some(), is_one, "{segment:?}");
        }
    }

    #[test]
    fn missing_commits_are_told() {
        let layout = Layout::of([0..=63, 3..=3, 65..=65, 70..=80].map(Segment).to_vec());
        assert_eq!(layout.missing, [64..=64, 66..=69]);
        let told: Vec<String> = layout.missing.iter().map(missing).collect();
        assert_eq!(told, ["commit 64 is missing", "commits 66 to 69 are missing"]);
        assert_eq!(layout.spent, [Segment(3..=3)]);
    }
}
