//! [`Stamp`]: the time the container runtime wrote before a line.

use jiff::Timestamp;

/// Nanoseconds since the Unix epoch, as the container runtime stamped a line.
///
/// An `i64` holds the years 1678 to 2262. Stamps need not rise along a log: stdout and stderr are stamped apart, and a
/// node's clock may be set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(pub i64);

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

impl Stamp {
    /// The start of this stamp's second: what `sinceTime` keeps of any time it is given.
    pub fn floor_second(self) -> Stamp {
        Stamp(self.0.div_euclid(SECOND).saturating_mul(SECOND))
    }

    /// This stamp moved back by `nanos` nanoseconds.
    pub fn back(self, nanos: i64) -> Stamp {
        Stamp(self.0.saturating_sub(nanos))
    }

    /// The same instant for the API and for printing.
    pub fn to_timestamp(self) -> Timestamp {
        // Every i64 of nanoseconds lies inside jiff's range of years -9999 to 9999; the fallback cannot be reached.
        Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The stamp of an API time. `None` outside the years 1678 to 2262.
    pub fn from_timestamp(time: Timestamp) -> Option<Stamp> {
        i64::try_from(time.as_nanosecond()).ok().map(Stamp)
    }

    /// Reads the stamp at the start of `line`: RFC 3339 with any number of fraction digits, `Z` or a numeric offset, and
    /// one space. Returns it with the length of stamp and space, which is where the text starts.
    ///
    /// Written by hand because it runs once per line, on bytes that need not be UTF-8.
    pub fn parse(line: &[u8]) -> Option<(Stamp, usize)> {
        let fixed = line.get(..19)?;
        let two = |at: usize| -> Option<i64> {
            let (a, b) = (fixed[at].wrapping_sub(b'0'), fixed[at + 1].wrapping_sub(b'0'));
            (a < 10 && b < 10).then(|| i64::from(a) * 10 + i64::from(b))
        };
        let punctuated =
            fixed[4] == b'-' && fixed[7] == b'-' && fixed[10] == b'T' && fixed[13] == b':' && fixed[16] == b':';
        if !punctuated {
            return None;
        }
        let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
        let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut at = 19;
        let mut nanos = 0;
        if line.get(at) == Some(&b'.') {
            let digits = line[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            let mut scale = SECOND / 10;
            for digit in &line[at + 1..at + 1 + digits] {
                nanos += i64::from(digit - b'0') * scale;
                scale /= 10;
            }
            at += 1 + digits;
        }
        let offset = match *line.get(at)? {
            b'Z' => {
                at += 1;
                0
            }
            sign @ (b'+' | b'-') => {
                let zone = line.get(at + 1..at + 6)?;
                let digit = |i: usize| zone[i].is_ascii_digit().then(|| i64::from(zone[i] - b'0'));
                let seconds = (digit(0)? * 10 + digit(1)?) * 3600 + (digit(3)? * 10 + digit(4)?) * 60;
                if zone[2] != b':' {
                    return None;
                }
                at += 6;
                if sign == b'-' { -seconds } else { seconds }
            }
            _ => return None,
        };
        if line.get(at) != Some(&b' ') {
            return None;
        }
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Some((Stamp(seconds.checked_mul(SECOND)?.checked_add(nanos)?), at + 1))
    }

    /// Whether `text` may be the beginning of a stamp that was cut off: only characters that a stamp is made of, in a
    /// length that is still too short for a whole one.
    pub fn may_start(text: &[u8]) -> bool {
        text.len() <= "2006-01-02T15:04:05.000000000+00:00 ".len()
            && text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'T' | b'.' | b'Z' | b'+' | b' '))
    }
}

/// Reads the stamps of one log, which mostly lie in the same minute as the one before.
///
/// Reading a stamp anew is a third of what a line costs; so the minute is compared, and only its seconds are read.
#[derive(Debug, Clone, Default)]
pub struct StampReader {
    /// The last stamp's text up to its seconds, `2026-11-24T12:58:`.
    minute: Option<[u8; MINUTE]>,
    /// The stamp at which that minute began.
    began: i64,
}

/// The length of a stamp's text up to its seconds.
const MINUTE: usize = "2026-11-24T12:58:".len();

/// The length of a stamp as kubelets write it, with its space.
const USUAL: usize = "2026-11-24T12:58:26.959221551Z ".len();

impl StampReader {
    /// The same as [`Stamp::parse`].
    pub fn parse(&mut self, line: &[u8]) -> Option<(Stamp, usize)> {
        if let Some(usual) = line.first_chunk::<USUAL>()
            && self.minute.is_some_and(|minute| usual.starts_with(&minute))
            && let Some(nanos) = nanos_of_minute(usual)
        {
            return Some((Stamp(self.began.checked_add(nanos)?), USUAL));
        }
        let (stamp, at) = Stamp::parse(line)?;
        if let Some(usual) = line.first_chunk::<USUAL>()
            && let Some(nanos) = nanos_of_minute(usual)
            && let (Some(began), Some(minute)) = (stamp.0.checked_sub(nanos), usual.first_chunk())
        {
            (self.minute, self.began) = (Some(*minute), began);
        }
        Some((stamp, at))
    }
}

/// The nanoseconds since the minute of a stamp in its usual form began; `None` of any other form.
fn nanos_of_minute(usual: &[u8; USUAL]) -> Option<i64> {
    let [.., a, b, b'.', c0, c1, c2, c3, c4, c5, c6, c7, last, b'Z', b' '] = usual else { return None };
    let digit = |byte: &u8| Some(i64::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    let seconds = digit(a)? * 10 + digit(b)?;
    if seconds > 59 {
        return None;
    }
    let fraction = eight_digits([*c0, *c1, *c2, *c3, *c4, *c5, *c6, *c7])? * 10 + digit(last)?;
    Some(seconds * SECOND + fraction)
}

/// The number that eight digits make, all at once: neighbours are joined to pairs, to fours, and to the whole.
fn eight_digits(text: [u8; 8]) -> Option<i64> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let digits = u64::from_le_bytes(text).wrapping_sub(EACH * u64::from(b'0'));
    // A byte that is no digit has, or gets, its highest bit set.
    if (digits | digits.wrapping_add(EACH * (0x80 - 10))) & (EACH * 0x80) != 0 {
        return None;
    }
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits * 10 + (digits >> 8);
    let high = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let low = (pairs >> 16 & PAIRS).wrapping_mul(1 + (10_000 << 32));
    i64::try_from(high.wrapping_add(low) >> 32).ok()
}

/// Days from 1970-01-01 to a civil date of the proleptic Gregorian calendar (Howard Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamp(text: &str) -> Stamp {
        Stamp::from_timestamp(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn reads_what_the_kubelet_writes() {
        let line = b"2026-11-24T12:58:26.959221551Z BLAST RUNTIME start";
        assert_eq!(Stamp::parse(line), Some((stamp("2026-11-24T12:58:26.959221551Z"), 31)));
        assert_eq!(Stamp::parse(b"2026-11-24T12:58:26Z x"), Some((stamp("2026-11-24T12:58:26Z"), 21)));
        let offset = b"2026-11-24T14:58:26.5+02:00 x";
        assert_eq!(Stamp::parse(offset), Some((stamp("2026-11-24T12:58:26.5Z"), 28)));
    }

    #[test]
    fn there_is_a_second_before_which_no_time_lies() {
        let first = Stamp(i64::MIN);
        assert_eq!((first.back(1), first.floor_second()), (first, first));
    }

    #[test]
    fn refuses_what_is_no_stamp() {
        for text in ["", "unable to retrieve container logs for containerd://x", "2026-11-24", "2026-13-24T12:58:26Z "]
        {
            assert_eq!(Stamp::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Stamp::parse(b"2026-11-24T12:58:26.959221551Z"), None, "no space yet");
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(nanos in any::<i64>(), text in "[ -~]{0,20}") {
            let time = Stamp(nanos).to_timestamp();
            prop_assume!((0..=9999).contains(&time.to_zoned(jiff::tz::TimeZone::UTC).year()));
            let line = format!("{time:.9} {text}");
            let (parsed, at) = Stamp::parse(line.as_bytes()).unwrap();
            prop_assert_eq!(parsed, Stamp(nanos));
            prop_assert_eq!(&line[at..], text);
        }

        #[test]
        fn a_reader_reads_the_same(
            lines in proptest::collection::vec(
                (any::<u32>(), 0i64..200, proptest::option::of((0usize..32, any::<u8>())), 0usize..40), 1..20
            ),
        ) {
            let mut reader = StampReader::default();
            for (nanos, second, spoiled, length) in lines {
                let mut line = format!("{:.9} x", Stamp(second * SECOND + i64::from(nanos)).to_timestamp()).into_bytes();
                if let Some((at, byte)) = spoiled {
                    line[at] = byte;
                }
                prop_assert_eq!(reader.parse(&line), Stamp::parse(&line));
                line.truncate(length);
                prop_assert_eq!(reader.parse(&line), Stamp::parse(&line));
            }
        }

        #[test]
        fn eight_digits_are_read_at_once(number in 0u32..100_000_000, at in 0usize..8, byte in any::<u8>()) {
            let mut text: [u8; 8] = format!("{number:08}").into_bytes().try_into().unwrap();
            prop_assert_eq!(eight_digits(text), Some(i64::from(number)));
            text[at] = byte;
            let digits = text.iter().all(u8::is_ascii_digit);
            let expected = std::str::from_utf8(&text).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            prop_assert_eq!(eight_digits(text), expected);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            Stamp::parse(&bytes);
        }
    }
}
