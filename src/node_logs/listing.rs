//! [`FileName`]: the files that a kubelet lists for a container.
//!
//! The list is HTML from a node, so nothing in it is believed but names of the one form that a kubelet gives its logs.

use std::fmt;

use jiff::{civil::DateTime, tz::TimeZone};

/// A longer list is not read. One name takes about 60 bytes, and a kubelet keeps a handful of files.
pub(super) const LONGEST_LIST: usize = 256 << 10;

/// When a file was rotated, as its name tells it: `20261125-175750`, in the node's time zone.
///
/// It stays the file's mark while it is compressed, and orders the files of an instance by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rotation([u8; 15]);

/// Which file of an instance's log it is; an older one is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// It was rotated, and is not written any more.
    Rotated(Rotation),
    /// The one that is written, or was when its container ended.
    Newest,
}

/// The name of a log's file: `RESTART.log`, `RESTART.log.ROTATION` or `RESTART.log.ROTATION.gz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName {
    /// The number of restarts before the instance that wrote it.
    pub instance: u32,
    /// Which of the instance's files it is.
    pub age: Age,
    /// Whether it is compressed.
    pub gzip: bool,
}

impl Rotation {
    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 15] = text.as_bytes().try_into().ok()?;
        let fits = |(at, byte): (usize, &u8)| if at == 8 { *byte == b'-' } else { byte.is_ascii_digit() };
        bytes.iter().enumerate().all(fits).then_some(Self(bytes))
    }

    /// The moment in seconds, as if the node's time zone were UTC. `None` when it is no date.
    pub fn seconds(self) -> Option<i64> {
        let number = |digits: &[u8]| digits.iter().fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'));
        let two = |at: usize| number(&self.0[at..at + 2]) as i8;
        let at = DateTime::new(number(&self.0[..4]), two(4), two(6), two(9), two(11), two(13), 0).ok()?;
        Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits and a hyphen.
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl FileName {
    /// The file that has this name, if it is one that a kubelet gives.
    pub fn parse(name: &str) -> Option<Self> {
        let (number, rest) = name.split_once(".log")?;
        let instance = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())??;
        let (age, gzip) = match rest.strip_prefix('.') {
            None => (Age::Newest, false),
            Some(rest) => {
                let plain = rest.strip_suffix(".gz");
                (Age::Rotated(Rotation::parse(plain.unwrap_or(rest))?), plain.is_some())
            }
        };
        let file = Self { instance, age, gzip };
        // Else it would be asked for under another name than it has: `00.log`.
        (file.to_string() == name).then_some(file)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.log", self.instance)?;
        if let Age::Rotated(rotation) = self.age {
            write!(f, ".{rotation}")?;
        }
        if self.gzip { f.write_str(".gz") } else { Ok(()) }
    }
}

/// The log files that a list names: by instance, and the oldest of each first.
///
/// A file that is being compressed is there twice for a moment; then only the compressed one counts, for it stays.
pub fn parse(html: &[u8]) -> Vec<FileName> {
    let html = String::from_utf8_lossy(html);
    let mut files: Vec<FileName> = html.lines().filter_map(entry).collect();
    // With all else equal the compressed one comes last.
    files.sort_unstable();
    files.reverse();
    files.dedup_by_key(|file| (file.instance, file.age));
    files.reverse();
    files
}

/// One line of Go's `http.FileServer`: `<a href="0.log">0.log</a>`.
fn entry(line: &str) -> Option<FileName> {
    let (name, text) = line.trim_end().strip_prefix("<a href=\"")?.strip_suffix("</a>")?.split_once("\">")?;
    if name == text { FileName::parse(name) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recorded() -> Vec<u8> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/recordings/kubernetes-1.36/node-logs-list.http");
        std::fs::read(path).unwrap()
    }

    fn names(html: &str) -> Vec<String> {
        parse(html.as_bytes()).iter().map(FileName::to_string).collect()
    }

    #[test]
    fn a_recorded_list_oldest_first() {
        let files = parse(&recorded());
        let names: Vec<String> = files.iter().map(FileName::to_string).collect();
        assert_eq!(names, ["0.log.20261125-175732.gz", "0.log.20261125-175750", "0.log"]);
    }

    #[test]
    fn a_rotation_is_a_moment() {
        let seconds = |mark: &str| Rotation::parse(mark).unwrap().seconds();
        assert_eq!(seconds("19700101-000001"), Some(1));
        assert_eq!(seconds("20261125-175750"), Some(1_795_629_470));
        assert_eq!(seconds("20269999-999999"), None);
    }

    #[test]
    fn instances_are_ordered_by_number_not_by_name() {
        let html = ["10.log", "9.log", "10.log.20261125-175732"].map(|name| format!("<a href=\"{name}\">{name}</a>\n"));
        assert_eq!(names(&html.concat()), ["9.log", "10.log.20261125-175732", "10.log"]);
    }

    #[test]
    fn a_file_that_is_being_compressed_is_one_file() {
        let html = ["0.log.20261125-175732", "0.log.20261125-175732.gz", "0.log.20261125-175732.tmp", "0.log"]
            .map(|name| format!("<a href=\"{name}\">{name}</a>\n"));
        assert_eq!(names(&html.concat()), ["0.log.20261125-175732.gz", "0.log"]);
    }

    #[test]
    fn only_names_that_a_kubelet_gives() {
        for name in [
            "",
            "log",
            ".log",
            "0.log.",
            "0.logx",
            "00.log",
            "-1.log",
            "+1.log",
            "99999999999.log",
            "0.log.gz",
            "0.log.20261125",
            "0.log.20261125-175750.zip",
            "0.log.20261125-175750.gz.gz",
            "0.log.2026112５-17575",
            "../0.log",
            "0.log/",
            "a/0.log",
            "https://evil.example/0.log",
            "0.log?x=1",
            "0.log%2F..",
            " 0.log",
        ] {
            assert_eq!(FileName::parse(name), None, "{name:?}");
            assert_eq!(names(&format!("<a href=\"{name}\">{name}</a>")), [""; 0], "{name:?}");
        }
        for line in ["<a href=\"0.log\">1.log</a>", "<a href=\"0.log\" x>0.log</a>", "0.log", "<a href=\"0.log\">0.log"]
        {
            assert_eq!(names(line), [""; 0], "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_what_it_was_made_of(instance: u32, date in 0u32..100_000_000, time in 0u32..1_000_000, gzip: bool) {
            let name = format!("{instance}.log.{date:08}-{time:06}{}", if gzip { ".gz" } else { "" });
            prop_assert_eq!(FileName::parse(&name).map(|file| file.to_string()), Some(name));
        }

        #[test]
        fn any_list_is_read_in_peace(html: Vec<u8>, name in "[0-9.a-z/-]{0,30}") {
            parse(&html);
            for file in parse(format!("<a href=\"{name}\">{name}</a>").as_bytes()) {
                prop_assert_eq!(file.to_string(), name.clone());
            }
        }
    }
}
