//! Durations as people write them: Go's (`90s`, `2h30m`, `1.5h`), with days and weeks.

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// How to write one.
const HOW: &str = "write it as 30s, 5m, 2h30m, 1d or 1w";

/// A duration that is not negative. A day has 24 hours.
pub fn positive(text: &str) -> Result<SignedDuration, String> {
    let trimmed = text.trim();
    if trimmed.parse::<f64>().is_ok_and(|number| number != 0.0) {
        return Err(format!("it has no unit; {HOW}"));
    }
    if trimmed == "0" {
        return Ok(SignedDuration::ZERO);
    }
    // jiff reads Go's `µs` too, and its own message speaks of its types.
    let span: Span = trimmed.parse().map_err(|_| format!("it is no duration; {HOW}"))?;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| format!("months and years have no fixed length; {HOW}"))?;
    if duration.is_negative() { Err("it must not be negative".to_owned()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gos_durations_days_and_weeks() {
        for (text, seconds) in [
            ("0", 0.0),
            ("0s", 0.0),
            ("5s", 5.0),
            ("90s", 90.0),
            ("5m", 300.0),
            ("2h30m", 9000.0),
            ("1h2m3s", 3723.0),
            ("1.5h", 5400.0),
            ("100ms", 0.1),
            ("250us", 0.00025),
            ("1d", 86400.0),
            ("1d12h", 129_600.0),
            ("1w", 604_800.0),
            ("2w1d", 1_296_000.0),
            ("48h", 172_800.0),
        ] {
            assert_eq!(positive(text).map(|it| it.as_secs_f64()), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_told_in_plain_words() {
        for (text, told) in [
            ("5", "no unit"),
            ("1.5", "no unit"),
            ("-5", "no unit"),
            ("-5m", "negative"),
            ("-1d", "negative"),
            ("abc", "no duration"),
            ("", "no duration"),
            ("5x", "no duration"),
            ("5mm", "no duration"),
            ("h", "no duration"),
            ("1y", "no fixed length"),
            ("2mo", "no fixed length"),
            ("99999999999999999999h", "no duration"),
            ("NaN", "no unit"),
            ("10 apples", "no duration"),
        ] {
            let error = positive(text).unwrap_err();
            assert!(error.contains(told) && !error.contains("Span"), "{text}: {error}");
        }
    }
}
