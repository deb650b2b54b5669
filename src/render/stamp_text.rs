//! [`StampText`]: stamps as text, fast.

use std::io::Write;

use crate::k8s::Stamp;

/// Nanoseconds in a second and in a day.
const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The length of `2026-11-24T12:58:26.959221551Z`.
const LENGTH: usize = 30;

/// Writes stamps in RFC 3339, UTC, always with 9 digits: text of one length that sorts as time does.
///
/// Almost all lines of a job are of one day, so the date is worked out when it changes, and the rest is digits.
#[derive(Debug, Clone)]
pub(crate) struct StampText {
    day: i64,
    text: [u8; LENGTH],
}

impl Default for StampText {
    fn default() -> Self {
        Self { day: 0, text: *b"1970-01-01T00:00:00.000000000Z" }
    }
}

impl StampText {
    /// The text of a stamp.
    pub(crate) fn of(&mut self, stamp: Stamp) -> &[u8; LENGTH] {
        let day = stamp.0.div_euclid(DAY);
        if day != self.day {
            self.day = day;
            // The years of a stamp, 1678 to 2262, have 4 digits, so the text fits and the write cannot fail.
            let _ = write!(&mut self.text[..], "{:.9}", stamp.to_timestamp());
        }
        let nanos = stamp.0.rem_euclid(DAY);
        let seconds = nanos / SECOND;
        digits(&mut self.text[11..13], seconds / 3600);
        digits(&mut self.text[14..16], seconds / 60 % 60);
        digits(&mut self.text[17..19], seconds % 60);
        digits(&mut self.text[20..29], nanos % SECOND);
        &self.text
    }
}

/// A number, padded with zeros to the length of `text`.
fn digits(text: &mut [u8], mut number: i64) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_jiff(stamps in proptest::collection::vec((any::<i64>(), -2 * DAY..2 * DAY), 1..10)) {
            let mut text = StampText::default();
            for (nanos, step) in stamps {
                for stamp in [Stamp(nanos), Stamp(nanos.saturating_add(step)), Stamp(i64::MIN), Stamp(i64::MAX), Stamp(step)] {
                    let expected = format!("{:.9}", stamp.to_timestamp());
                    prop_assert_eq!(std::str::from_utf8(text.of(stamp)).unwrap(), expected);
                }
            }
        }
    }
}
