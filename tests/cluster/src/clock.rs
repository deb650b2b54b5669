//! Times as Kubernetes writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Length of a log stamp with its space: `2006-01-02T15:04:05.000000000Z `.
pub(crate) const STAMP: usize = 31;

/// Now, in nanoseconds since the epoch.
pub(crate) fn now_nanos() -> i64 {
    nanos(Timestamp::now())
}

/// A timestamp as nanoseconds since the epoch; everything a log can hold fits.
pub(crate) fn nanos(ts: Timestamp) -> i64 {
    i64::try_from(ts.as_nanosecond()).unwrap_or(i64::MAX)
}

/// RFC 3339 in whole seconds, the form of `metav1.Time`.
pub(crate) fn seconds(ts: Timestamp) -> String {
    format!("{ts:.0}")
}

/// Renders log stamps; remembers the last second, for logs repeat it line after line.
#[derive(Debug, Clone)]
pub(crate) struct Stamper {
    second: i64,
    text: [u8; STAMP],
}

impl Default for Stamper {
    fn default() -> Self {
        Self { second: i64::MIN, text: *b"0000-00-00T00:00:00.000000000Z " }
    }
}

impl Stamper {
    /// The stamp, with the space that follows it.
    pub(crate) fn stamp(&mut self, ts: i64) -> &[u8; STAMP] {
        let second = ts.div_euclid(1_000_000_000);
        if second != self.second {
            self.second = second;
            let at = Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::UTC).datetime();
            digits(&mut self.text[0..4], u32::from(at.year().unsigned_abs()));
            digits(&mut self.text[5..7], u32::from(at.month().unsigned_abs()));
            digits(&mut self.text[8..10], u32::from(at.day().unsigned_abs()));
            digits(&mut self.text[11..13], u32::from(at.hour().unsigned_abs()));
            digits(&mut self.text[14..16], u32::from(at.minute().unsigned_abs()));
            digits(&mut self.text[17..19], u32::from(at.second().unsigned_abs()));
        }
        let fraction = u32::try_from(ts.rem_euclid(1_000_000_000)).unwrap_or(0);
        digits(&mut self.text[20..29], fraction);
        &self.text
    }
}

fn digits(out: &mut [u8], mut value: u32) {
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_like_the_kubelet() {
        let mut stamper = Stamper::default();
        for text in
            ["2026-11-24T12:58:33.981472121Z", "2026-11-24T12:58:33.000000001Z", "1999-01-02T03:04:05.100000000Z"]
        {
            let ts: Timestamp = text.parse().unwrap();
            assert_eq!(stamper.stamp(nanos(ts)).as_slice(), format!("{text} ").as_bytes());
        }
    }
}
