//! [`Meaning`]: what a line says that ElasticBLAST, BLAST or azcopy are known to print.

use memchr::memmem;

use super::trouble_words::by_its_words;
use crate::escape_sequence;

/// What a known line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A step begins: `run start 000 blastn core_nt`.
    Start,
    /// One has ended well: `run end 000 0`, the finalizer's `SUCCESS: …`.
    Success,
    /// Something went wrong for good: `run end 000 3`, `ERROR: …`, BLAST's own errors, the finalizer's `FAILURE: …`.
    Failure,
    /// Something went wrong and is tried again: `azcopy attempt 2/5 failed, retrying in 20s...`.
    Trouble,
    /// A warning, which BLAST prints for each query.
    Warning,
    /// How long something took: `RUNTIME blast-job-000 42.000000 seconds`.
    Timing,
    /// How far azcopy is, a line that it draws again and again.
    Progress,
}

impl Meaning {
    /// All of them.
    pub const ALL: [Meaning; 7] = [
        Meaning::Start,
        Meaning::Success,
        Meaning::Failure,
        Meaning::Trouble,
        Meaning::Warning,
        Meaning::Timing,
        Meaning::Progress,
    ];

    /// Whether somebody who looks for problems wants to see it.
    pub fn is_problem(self) -> bool {
        matches!(self, Meaning::Failure | Meaning::Trouble)
    }

    /// The meaning of a line, if it is a known one. Of a progress display redrawn with `\r` the last state counts.
    /// Colours say nothing.
    pub fn of(line: &[u8]) -> Option<Meaning> {
        let line = &*escape_sequence::stripped(line);
        let line = state(line).trim_ascii();
        // Traces of `set -x` repeat what is done, not what came of it; but for the exit code, which nothing else says.
        if let Some(traced) = line.strip_prefix(b"+ ") {
            let code = traced.strip_prefix(b"BLAST_EXIT_CODE=")?;
            return (code != b"0" && is_number(code)).then_some(Meaning::Failure);
        }
        if let Some(progress) = AzcopyProgress::of(line) {
            return Some(if progress.failed > 0 { Meaning::Trouble } else { Meaning::Progress });
        }
        by_its_beginning(line).or_else(|| klog(line)).or_else(|| by_its_words(line))
    }
}

/// What stands between the `\r`s last and shows anything.
fn state(line: &[u8]) -> &[u8] {
    match memchr::memrchr(b'\r', line) {
        None => line,
        Some(_) => line.rsplit(|byte| *byte == b'\r').find(|state| !state.trim_ascii().is_empty()).unwrap_or_default(),
    }
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// The exit code in `run end 000 3`: BLAST's own, whatever its container ends with.
pub fn run_end(line: &[u8]) -> Option<u32> {
    let mut words = line.trim_ascii().strip_prefix(b"run end ")?.split(|byte| *byte == b' ');
    let (number, code) = (words.next()?, words.next()?);
    let whole = is_number(number) && words.next().is_none();
    std::str::from_utf8(code).ok()?.parse().ok().filter(|_| whole)
}

/// How long `RUNTIME blast-job-000 42.000000 seconds` says that something took, and what.
pub fn runtime(line: &[u8]) -> Option<(&str, f64)> {
    let at = memmem::find(line, b"RUNTIME ")?;
    let stands_alone = at.checked_sub(1).is_none_or(|before| line[before] == b' ');
    let said = std::str::from_utf8(line[at..].trim_ascii()).ok()?;
    let (what, seconds) = said["RUNTIME ".len()..].strip_suffix(" seconds")?.rsplit_once(' ')?;
    let seconds = seconds.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)?;
    stands_alone.then_some((what.trim(), seconds))
}

/// What klog begins a line with: `E0101 12:00:00.000000`.
fn klog(line: &[u8]) -> Option<Meaning> {
    let (level, rest) = line.split_first()?;
    let is_stamp =
        rest.len() > 10 && is_number(&rest[..4]) && rest[4] == b' ' && is_number(&rest[5..7]) && rest[7] == b':';
    match level {
        b'E' | b'F' if is_stamp => Some(Meaning::Failure),
        b'W' if is_stamp => Some(Meaning::Warning),
        _ => None,
    }
}

fn by_its_beginning(line: &[u8]) -> Option<Meaning> {
    if let Some(code) = run_end(line) {
        return Some(if code == 0 { Meaning::Success } else { Meaning::Failure });
    }
    if let Some(status) = line.strip_prefix(b"Final Job Status: ") {
        return Some(if status == b"Completed" || status == b"CompletedWithSkipped" {
            Meaning::Success
        } else {
            Meaning::Failure
        });
    }
    let failed_files = line.strip_prefix(b"Number of File Transfers Failed: ");
    if let Some(count) = failed_files.filter(|count| is_number(count)) {
        return (count != b"0").then_some(Meaning::Failure);
    }
    const BEGINNINGS: [(&str, Meaning); 17] = [
        ("run start ", Meaning::Start),
        ("ElasticBLAST Finalizer started", Meaning::Start),
        ("Detected ", Meaning::Start),
        ("Shard download: ", Meaning::Start),
        ("SUCCESS: ", Meaning::Success),
        ("DOWNLOAD_SKIP ", Meaning::Success),
        ("INFO: azcopy upload completed", Meaning::Success),
        ("FAILURE: ", Meaning::Failure),
        ("CACHE_STALE ", Meaning::Warning),
        ("Warning: ", Meaning::Warning),
        ("WARNING: ", Meaning::Warning),
        ("warning: ", Meaning::Warning),
        ("WARN: ", Meaning::Warning),
        ("Traceback (most recent call last)", Meaning::Failure),
        ("fatal: ", Meaning::Failure),
        ("panic: ", Meaning::Failure),
        ("Killed", Meaning::Failure),
    ];
    let known = BEGINNINGS.iter().find(|(beginning, _)| line.starts_with(beginning.as_bytes()));
    match known {
        Some((_, Meaning::Start)) if line.starts_with(b"Detected ") => {
            memmem::find(line, b" BLAST job(s)").map(|_| Meaning::Start)
        }
        Some((_, meaning)) => Some(*meaning),
        None => runtime(line).map(|_| Meaning::Timing),
    }
}

/// `55.0 %, 3 Done, 0 Failed, 2 Pending, 0 Skipped, 5 Total, …`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AzcopyProgress {
    /// Of a hundred.
    pub percent: f64,
    /// Files that could not be copied.
    pub failed: u64,
}

impl AzcopyProgress {
    /// What a line says of it, if it is one.
    pub fn of(line: &[u8]) -> Option<AzcopyProgress> {
        // Nearly no line begins with a digit and goes on like this.
        let line = state(line).trim_ascii();
        let at = memmem::find(line.get(..12).unwrap_or(line), b" %, ")?;
        let percent = std::str::from_utf8(&line[..at]).ok()?.parse().ok()?;
        let mut parts = std::str::from_utf8(&line[at + " %, ".len()..]).ok()?.split(", ");
        let mut count = |name: &str| parts.next()?.strip_suffix(name)?.strip_suffix(' ')?.parse::<u64>().ok();
        let (_, failed) = (count("Done")?, count("Failed")?);
        Some(AzcopyProgress { percent, failed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_lines_have_a_meaning() {
        for (line, meaning) in [
            ("run start 000 blastn core_nt_shard_03", Some(Meaning::Start)),
            ("run end 000 0", Some(Meaning::Success)),
            ("run end 000 3", Some(Meaning::Failure)),
            ("run end 012 137", Some(Meaning::Failure)),
            ("RUNTIME blast-job-000 42.000000 seconds", Some(Meaning::Timing)),
            ("Tue Nov 24 12:58:30 UTC 2026 RUNTIME download-core_nt_shard_03 12.5 seconds", Some(Meaning::Timing)),
            ("azcopy attempt 2/5 failed, retrying in 20s...", Some(Meaning::Trouble)),
            ("ERROR: azcopy login failed", Some(Meaning::Failure)),
            ("SUCCESS: all BLAST jobs completed", Some(Meaning::Success)),
            ("FAILURE: jobs failed: blastn-batch-s03-job-000-3ed51a95", Some(Meaning::Failure)),
            ("ElasticBLAST Finalizer started", Some(Meaning::Start)),
            ("Detected 5 BLAST job(s); waiting for completion", Some(Meaning::Start)),
            ("Detected a problem", None),
            (
                "55.0 %, 3 Done, 0 Failed, 2 Pending, 0 Skipped, 5 Total, 2-sec Throughput (Mb/s): 812.3",
                Some(Meaning::Progress),
            ),
            (
                "0.0 %, 0 Done, 0 Failed, 5 Pending, 0 Skipped, 5 Total, \r55.0 %, 3 Done, 0 Failed, 2 Pending\r",
                Some(Meaning::Progress),
            ),
            ("99.9 %, 3 Done, 2 Failed, 0 Pending, 0 Skipped, 5 Total, ", Some(Meaning::Trouble)),
            ("Final Job Status: Completed", Some(Meaning::Success)),
            ("Final Job Status: CompletedWithErrors", Some(Meaning::Failure)),
            ("Final Job Status: Failed", Some(Meaning::Failure)),
            ("Number of File Transfers Failed: 0", None),
            ("Number of File Transfers Failed: 2", Some(Meaning::Failure)),
            (
                "Warning: [blastn] Query_412 contig_7: Could not calculate ungapped Karlin-Altschul parameters",
                Some(Meaning::Warning),
            ),
            ("BLAST Database error: No alias or index file found for nucleotide database [nt]", Some(Meaning::Failure)),
            ("BLAST query/options error: bad", Some(Meaning::Failure)),
            (
                "blastn: error while loading shared libraries: libx.so: No such file or directory",
                Some(Meaning::Failure),
            ),
            ("terminate called after throwing an instance of 'std::bad_alloc'", Some(Meaning::Failure)),
            ("Traceback (most recent call last):", Some(Meaning::Failure)),
            ("/scripts/blast.sh: line 12:    33 Killed                  blastn", Some(Meaning::Failure)),
            ("+ BLAST_EXIT_CODE=0", None),
            ("+ BLAST_EXIT_CODE=137", Some(Meaning::Failure)),
            ("+ echo 'ERROR: not this one'", None),
            ("CACHE_STALE shard=03", Some(Meaning::Warning)),
            ("DOWNLOAD_SKIP existing shard=03", Some(Meaning::Success)),
            ("Shard download: idx=03 prefix=core_nt db=core_nt", Some(Meaning::Start)),
            ("BASH version 5.2.21(1)-release", None),
            ("blastn -db nt -query /shared/requests/batch_000.fa -outfmt 7", None),
            ("Waiting 30s for workspace initialization", None),
            (">seq1 putative error-prone polymerase", None),
            ("E0101 12:00:00.123456       1 main.go:12] x", Some(Meaning::Failure)),
            ("F1231 23:59:59.1 1 x.go:1] x", Some(Meaning::Failure)),
            ("W0101 12:00:00.123456       1 main.go:12] x", Some(Meaning::Warning)),
            ("I0101 12:00:00.123456       1 main.go:12] x", None),
            ("E0101", None),
            ("BLAST_EXIT_CODE=255", Some(Meaning::Failure)),
            ("", None),
            ("\r\r", None),
            ("\x1b[31mERROR\x1b[0m: azcopy login failed", Some(Meaning::Failure)),
            ("\x1b[1mrun end 000 3\x1b[0m", Some(Meaning::Failure)),
            ("\x1b[2K\r\x1b[33mWARN\x1b[0m low disk", Some(Meaning::Warning)),
        ] {
            assert_eq!(Meaning::of(line.as_bytes()), meaning, "{line:?}");
        }
    }

    #[test]
    fn figures_are_read_from_known_lines() {
        assert_eq!(runtime(b"RUNTIME blast-job-000 42.000000 seconds"), Some(("blast-job-000", 42.0)));
        assert_eq!(runtime(b"x RUNTIME download-nt 12.5 seconds"), Some(("download-nt", 12.5)));
        for none in
            ["RUNTIME", "RUNTIME x y seconds", "xRUNTIME a 1 seconds", "RUNTIME a nan seconds", "RUNTIME a -1 seconds"]
        {
            assert_eq!(runtime(none.as_bytes()), None, "{none}");
        }
        assert_eq!((run_end(b"run end 000 0"), run_end(b"run end 007 137")), (Some(0), Some(137)));
        for none in ["run end", "run end 000", "run end 000 x", "run end x 0", "run end 000 0 more", "a run end 000 0"]
        {
            assert_eq!(run_end(none.as_bytes()), None, "{none}");
        }
        let progress = AzcopyProgress::of(b"55.5 %, 3 Done, 1 Failed, 2 Pending").unwrap();
        assert_eq!((progress.percent, progress.failed), (55.5, 1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(line in proptest::collection::vec(any::<u8>(), 0..80), at in 0usize..80) {
            Meaning::of(&line);
            for known in ["run end 000 3", "RUNTIME blast-job-000 42.000000 seconds", "55.0 %, 3 Done, 0 Failed, 2 Pending\r"] {
                let mut line = line.clone();
                line.splice(at.min(line.len())..at.min(line.len()), known.bytes());
                Meaning::of(&line);
                Meaning::of(&line[..at.min(line.len())]);
            }
        }
    }
}
