//! [`LogBeginning`]: whether the first line that was read of a log is its first.
//!
//! The log API does not tell. It reads the newest file of a log, and the kubelet rotates a log without saying so. What is known
//! is when the container started, how the lines are stamped, and, where the node may be asked, how many files there are.

use crate::{
    k8s::{Line, Stamp},
    node_logs::{Age, FileName},
};

/// How much later than it is wanted from a log may start and still count as whole, in nanoseconds: a second, to which the
/// container's start is cut, and a half.
const LATE: i64 = 1_500_000_000;

/// How late it starts when a sample of it is enough to judge it by: kubelets look every 10 s whether a log is to be rotated.
const LONG: i64 = 10_000_000_000;

/// That sample, in bytes.
const SAMPLE: i64 = 64 << 10;

/// The smallest file that a kubelet is set to rotate at, in bytes (`containerLogMaxSize`).
const SMALLEST_FILE: i64 = 1 << 20;

/// What can have been rotated away in the moment before a log that does not start late: a bit less than the 10 MiB at which a
/// kubelet rotates unless set otherwise.
const USUAL_FILE: i64 = 9 << 20;

/// How many files of a log a kubelet keeps unless set otherwise (`containerLogMaxFiles`).
const FILES: usize = 5;

/// By how many seconds time zones differ: a multiple of this.
const ZONES: i64 = 900;

/// What a file has of each line besides its text, in bytes: the stamp, the stream and a tag.
const RECORD: usize = 40;

/// How a log begins, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogBeginning {
    /// From when on it is wanted: since its container started, or later.
    pub wanted: Stamp,
    /// The first line that was read.
    pub first: Stamp,
    last: Stamp,
    bytes: i64,
    /// The line with which as much had come as a file holds.
    filled: Option<Stamp>,
}

impl LogBeginning {
    /// Of a log that is wanted from then on, and whose first line is stamped so.
    pub fn new(wanted: Stamp, first: Stamp) -> LogBeginning {
        LogBeginning { wanted, first, last: first, bytes: 0, filled: None }
    }

    /// Takes the next lines.
    pub fn read(&mut self, lines: &[Line]) {
        let Some(last) = lines.last() else { return };
        self.last = last.stamp;
        let bytes: usize = lines.iter().map(|line| line.text.len() + RECORD).sum();
        self.bytes = self.bytes.saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX));
        if self.bytes >= self.file() {
            self.filled.get_or_insert(last.stamp);
        }
    }

    /// Whether it starts so late that lines may have been there before. Many a program is silent at first.
    pub fn is_late(&self) -> bool {
        self.delay() > LATE
    }

    /// Whether a whole file can have been written before the first line, by how fast the log was written after it. `None`
    /// until enough of it was read.
    pub fn by_rate(&self) -> Option<bool> {
        let (delay, took) = (self.delay(), self.took());
        if delay > LONG {
            let seconds = |nanos: i64| nanos / 1_000_000_000;
            let rate = self.bytes / seconds(took).max(1);
            return (self.bytes >= SAMPLE).then(|| rate.saturating_mul(seconds(delay)) >= SMALLEST_FILE);
        }
        if took > delay { Some(false) } else { self.filled.map(|_| true) }
    }

    /// The same when the node holds these files of it, oldest first, and all that was read of the older ones.
    ///
    /// A log of one file was never rotated. One of as many as a kubelet keeps may have had more, if it starts late. Of any
    /// other only a kubelet that is set to keep fewer can have removed any.
    pub fn by_files(&self, files: &[FileName]) -> bool {
        match (files.len(), self.is_late()) {
            (..=1, _) => false,
            (FILES.., true) => true,
            // As much as a file, or all that there is, came in less time than there was for the first.
            (FILES.., false) => self.took() / 2 <= self.delay() && !self.is_in_first(files),
            (_, true) => self.took() <= self.delay(),
            (_, false) => false,
        }
    }

    /// Whether what has come is so much in so short a time that a file may have been filled before.
    pub fn is_rapid(&self) -> bool {
        let before = i128::from(self.bytes) * i128::from(self.delay()) / i128::from(self.took().max(1));
        self.bytes >= SAMPLE / 8 && before >= i128::from(SMALLEST_FILE)
    }

    /// Whether the oldest of these files is the log's first: it was rotated sooner after its first line than a kubelet looks at
    /// logs, and a file that begins with a rotation is not.
    fn is_in_first(&self, files: &[FileName]) -> bool {
        let marks: Vec<i64> = files
            .iter()
            .filter_map(|file| match file.age {
                Age::Rotated(rotation) => rotation.seconds(),
                Age::Newest => None,
            })
            .collect();
        let Some(between) = marks.windows(2).map(|pair| pair[1] - pair[0]).min() else { return false };
        // The marks are in the node's time zone.
        let after = (marks[0] - self.first.floor_second().0 / 1_000_000_000).rem_euclid(ZONES);
        after < between.min(LONG / 1_000_000_000)
    }

    /// What must have been written before the first line for a file to have been rotated away.
    fn file(&self) -> i64 {
        if self.is_late() { SMALLEST_FILE } else { USUAL_FILE }
    }

    fn delay(&self) -> i64 {
        self.first.0.saturating_sub(self.wanted.0)
    }

    /// How long it took to write as much as a file holds, or what was read.
    fn took(&self) -> i64 {
        self.filled.unwrap_or(self.last).0.saturating_sub(self.first.0)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;

    /// A log whose first line is so late, in milliseconds, and of which so many KiB were written in so many milliseconds.
    fn log(delay: i64, kib: i64, took: i64) -> LogBeginning {
        let started = Stamp(1_000_000_000_000);
        let at = |millis: i64| started.back(-millis * 1_000_000);
        let mut beginning = LogBeginning::new(started, at(delay));
        let text = Bytes::from(vec![b'x'; 1024 - RECORD]);
        for number in 0..kib {
            let stamp = at(delay + took * number / kib.max(2).saturating_sub(1));
            beginning.read(&[Line { stamp, text: text.clone() }]);
        }
        beginning
    }

    #[test]
    fn what_the_log_api_alone_shows() {
        for (delay, kib, took, expected) in [
            // Nothing was filled in no time, and little came in some.
            (0, 20_000, 100, Some(false)),
            (800, 20_000, 20_000, Some(false)),
            (800, 4000, 10, None),
            // As much as a file is large, in less time than there was before.
            (800, 10_000, 500, Some(true)),
            (3000, 1100, 2000, Some(true)),
            (3000, 1100, 4000, Some(false)),
            (3000, 200, 10, None),
            // Minutes, in which even a slow log fills a file.
            (60_000, 60, 1000, None),
            (60_000, 64, 2000, Some(true)),
            (60_000, 64, 60_000, Some(false)),
            (-5000, 20_000, 100, Some(false)),
        ] {
            assert_eq!(log(delay, kib, took).by_rate(), expected, "{delay} ms late, {kib} KiB in {took} ms");
        }
    }

    /// So many files, the first of which was rotated so many seconds after the container's start, the next ones at intervals.
    fn rotated(files: usize, first: i64, interval: i64) -> Vec<FileName> {
        let newest = FileName::parse("0.log").unwrap();
        let name = |number: usize| {
            let at = Timestamp::from_second(1000 + first + interval * number as i64).unwrap();
            FileName::parse(&format!("0.log.{}", at.strftime("%Y%m%d-%H%M%S"))).unwrap()
        };
        (1..files).map(|number| name(number - 1)).chain([newest]).collect()
    }

    #[test]
    fn a_file_that_was_rotated_soon_is_the_first() {
        // A burst, and a kubelet that looks every 10 s.
        for (first, interval, expected) in [(3, 10, false), (9, 20, false), (9, 8, true), (11, 10, true)] {
            let found = log(900, 40_000, 1000).by_files(&rotated(5, first, interval));
            assert_eq!(found, expected, "rotated after {first} s, and every {interval} s");
            let elsewhere = log(900, 40_000, 1000).by_files(&rotated(5, first + 5 * 3600 + 1800, interval));
            assert_eq!(elsewhere, expected, "in another time zone");
        }
    }

    #[test]
    fn what_the_number_of_files_shows() {
        for (files, delay, kib, took, expected) in [
            (1, 600_000, 20_000, 10, false),
            (5, 3000, 100, 60_000, true),
            (9, 3000, 0, 0, true),
            (5, 500, 40_000, 40_000, false),
            (5, 900, 40_000, 2000, true),
            (3, 3000, 2000, 1000, true),
            (3, 3000, 2000, 60_000, false),
            (3, 500, 40_000, 100, false),
        ] {
            let found = log(delay, kib, took).by_files(&rotated(files, 600, 600));
            assert_eq!(found, expected, "{files} files, {delay} ms late, {kib} KiB in {took} ms");
        }
    }

    #[test]
    fn a_moment_without_end_is_no_error() {
        let mut beginning = LogBeginning::new(Stamp(i64::MIN), Stamp(i64::MAX));
        beginning.read(&[Line { stamp: Stamp(i64::MIN), text: Bytes::from(vec![b'x'; SAMPLE as usize]) }]);
        beginning.by_rate();
        beginning.by_files(&rotated(5, 10, 10));
        assert!(beginning.is_late());
        beginning.is_rapid();
    }

    #[test]
    fn a_second_and_a_half_is_not_late_yet() {
        let late = |delay: i64| LogBeginning::new(Stamp(0), Stamp(delay)).is_late();
        assert!(!late(LATE) && late(LATE + 1));
    }

    /// A log whose first line is so late, in nanoseconds, and of which so many bytes came so long after it.
    fn began(delay: i64, bytes: usize, took: i64) -> LogBeginning {
        let mut beginning = LogBeginning::new(Stamp(0), Stamp(delay));
        beginning.read(&[Line { stamp: Stamp(delay + took), text: Bytes::from(vec![b'x'; bytes - RECORD]) }]);
        beginning
    }

    #[test]
    fn a_rate_is_asked_for_only_beyond_what_a_kubelet_takes_to_look() {
        assert_eq!(began(LONG, 100, LONG + 1).by_rate(), Some(false), "longer than there was before");
        assert_eq!(began(LONG + 1, 100, LONG + 2).by_rate(), None, "not enough was read");
        assert_eq!(began(LONG, 100, LONG).by_rate(), None);
        assert_eq!(began(LONG, SMALLEST_FILE as usize, LONG).by_rate(), Some(true), "as long as there was before");
    }

    #[test]
    fn it_is_rapid_when_a_file_fits_into_the_time_before() {
        const SECOND: i64 = 1_000_000_000;
        for (delay, bytes, took, rapid) in [
            (128 * SECOND, 8192, SECOND, true),
            (127 * SECOND, 8192, SECOND, false),
            (1000 * SECOND, 8191, SECOND, false),
            (SECOND, 8192, SECOND, false),
            (SECOND, 8192, SECOND / 128, true),
            (SECOND, 8192, 0, true),
        ] {
            assert_eq!(began(delay, bytes, took).is_rapid(), rapid, "{delay} {bytes} {took}");
        }
    }

    #[test]
    fn a_file_that_a_kubelet_may_have_begun_with_a_rotation_is_not_the_first() {
        // Of a log that begins with a whole second.
        for (first, interval, expected) in [(8, 8, true), (7, 8, false), (10, 20, true), (9, 20, false)] {
            let log = began(1_000_000_000, 40 << 20, 100);
            let files: Vec<FileName> = rotated(5, first - 999, interval);
            assert_eq!(log.by_files(&files), expected, "{first} {interval}");
        }
    }
}
