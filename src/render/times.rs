//! [`Times`]: how the time of a line is written.

use std::{fmt::Write, str::FromStr, sync::Arc};

use jiff::{fmt::strtime, tz::TimeZone};

use super::stamp_text::StampText;
use crate::k8s::Stamp;

/// What the time of a line looks like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TimeFormat {
    /// None.
    Off,
    /// RFC 3339 with nine digits: `2026-11-24T12:58:26.959221551Z`.
    #[default]
    Default,
    /// Month, day and time: `11-24 12:58:26`.
    Short,
    /// The time since the first line that was printed: `+00:01:02.345`.
    Relative,
    /// As strftime writes it.
    Strftime(Arc<str>),
}

/// As strftime writes [`TimeFormat::Default`] in a zone, and [`TimeFormat::Short`].
const RFC3339: &str = "%Y-%m-%dT%H:%M:%S.%9f%:z";
const SHORT: &str = "%m-%d %H:%M:%S";

impl FromStr for TimeFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<TimeFormat, String> {
        match text {
            "default" | "true" => Ok(TimeFormat::Default),
            "false" => Ok(TimeFormat::Off),
            "short" => Ok(TimeFormat::Short),
            "relative" => Ok(TimeFormat::Relative),
            format if format.contains('%') => {
                match strtime::format(format, &Stamp(0).to_timestamp().to_zoned(TimeZone::UTC)) {
                    Ok(_) => Ok(TimeFormat::Strftime(format.into())),
                    Err(error) => Err(format!("it is no strftime format: {error}")),
                }
            }
            _ => Err("write default, short, relative, or a strftime format such as %H:%M:%S".to_owned()),
        }
    }
}

/// Writes the times of lines.
#[derive(Debug, Clone)]
pub struct Times {
    format: TimeFormat,
    zone: TimeZone,
    /// The first line's.
    first: Option<Stamp>,
    text: StampText,
    scratch: String,
}

impl Default for Times {
    fn default() -> Times {
        Times::new(TimeFormat::default(), TimeZone::UTC)
    }
}

impl Times {
    /// Times of this format in this zone.
    pub fn new(format: TimeFormat, zone: TimeZone) -> Times {
        Times { format, zone, first: None, text: StampText::default(), scratch: String::new() }
    }

    /// Appends the time of a line.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, stamp: Stamp) {
        let format = match &self.format {
            TimeFormat::Default if self.zone == TimeZone::UTC => return out.extend_from_slice(self.text.of(stamp)),
            TimeFormat::Relative => {
                let first = *self.first.get_or_insert(stamp);
                return since(out, i128::from(stamp.0) - i128::from(first.0));
            }
            TimeFormat::Off => return,
            TimeFormat::Default => RFC3339,
            TimeFormat::Short => SHORT,
            TimeFormat::Strftime(format) => format,
        };
        let time = stamp.to_timestamp().to_zoned(self.zone.clone());
        self.scratch.clear();
        // Formats were tried when they were read, so that nothing is left that can fail but what no time of a line has.
        let _ = write!(self.scratch, "{}", time.strftime(format));
        out.extend_from_slice(self.scratch.as_bytes());
    }
}

/// Appends a time that has passed, to the millisecond.
fn since(out: &mut Vec<u8>, nanos: i128) {
    let sign = if nanos < 0 { '-' } else { '+' };
    let millis = nanos.unsigned_abs() / 1_000_000;
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let text = format!("{sign}{:02}:{:02}:{seconds:02}.{millis:03}", minutes / 60, minutes % 60);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(times: &mut Times, stamp: &str) -> String {
        let mut out = Vec::new();
        times.write(&mut out, Stamp::from_timestamp(stamp.parse().unwrap()).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn times_are_written_as_they_are_asked_for() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        for (format, zone, text) in [
            ("default", TimeZone::UTC, "2026-11-24T12:58:26.959221551Z"),
            ("default", zone.clone(), "2026-11-24T14:58:26.959221551+02:00"),
            ("short", TimeZone::UTC, "11-24 12:58:26"),
            ("short", zone.clone(), "11-24 14:58:26"),
            ("%H:%M:%S%.3f", zone, "14:58:26.959"),
            ("true", TimeZone::UTC, "2026-11-24T12:58:26.959221551Z"),
        ] {
            let mut times = Times::new(format.parse().unwrap(), zone);
            assert_eq!(written(&mut times, "2026-11-24T12:58:26.959221551Z"), text, "{format}");
        }
    }

    #[test]
    fn relative_times_begin_with_the_first_line() {
        let mut times = Times::new(TimeFormat::Relative, TimeZone::UTC);
        for (stamp, text) in [
            ("2026-11-24T12:58:26.5Z", "+00:00:00.000"),
            ("2026-11-24T12:58:26.7506Z", "+00:00:00.250"),
            ("2026-11-24T12:58:25Z", "-00:00:01.500"),
            ("2026-11-29T13:59:27.5Z", "+121:01:01.000"),
        ] {
            assert_eq!(written(&mut times, stamp), text);
        }
    }

    #[test]
    fn what_is_no_format_is_told() {
        for wrong in ["", "long", "Short", "%", "%!", "%H:%M:%"] {
            assert!(wrong.parse::<TimeFormat>().is_err(), "{wrong}");
        }
    }
}
