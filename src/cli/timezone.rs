//! Time zones as people name them. jiff reads what the system's files say; that it finds them itself is a feature of it under which
//! half of the dependencies would be built anew, so they are opened here.

use std::{fs, path::Path};

use jiff::{
    Timestamp,
    tz::{self, TimeZone},
};

use super::environment::variables;

/// Where systems keep them.
const DIRECTORIES: [&str; 4] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];

/// A zone: `UTC`, `Local`, an offset, or the name of one.
pub fn zone(text: &str) -> Result<TimeZone, String> {
    match text {
        "UTC" | "utc" | "Z" => return Ok(TimeZone::UTC),
        "Local" | "local" => return Ok(local()),
        _ => {}
    }
    if let Some(offset) = offset(text) {
        return Ok(offset);
    }
    named(text).ok_or_else(|| {
        format!(
            "no such zone; write UTC, Local, an offset such as +02:00, or a name from {} such as Asia/Seoul",
            DIRECTORIES[0]
        )
    })
}

/// The zone of this machine, as `TZ` and `/etc/localtime` say.
fn local() -> TimeZone {
    let Some(name) = variables().word("TZ") else {
        return file(Path::new("/etc/localtime"), "Local").unwrap_or(TimeZone::UTC);
    };
    let name = name.trim_start_matches(':');
    named(name).or_else(|| file(Path::new(name), name)).or_else(|| TimeZone::posix(name).ok()).unwrap_or(TimeZone::UTC)
}

fn named(name: &str) -> Option<TimeZone> {
    // A name is no path to anything else.
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    if !name.split('/').all(is_name) {
        return None;
    }
    let own = variables().word("TZDIR");
    own.into_iter().chain(DIRECTORIES).find_map(|directory| file(&Path::new(directory).join(name), name))
}

fn file(path: &Path, name: &str) -> Option<TimeZone> {
    TimeZone::tzif(name, &fs::read(path).ok()?).ok()
}

/// `+02:00`, `-0530` or `+9`.
fn offset(text: &str) -> Option<TimeZone> {
    let (sign, digits) = text.split_at_checked(1).filter(|(sign, _)| ["+", "-"].contains(sign))?;
    let digits = match digits.split_once(':') {
        Some((hours, minutes)) if (hours.len(), minutes.len()) == (2, 2) => format!("{hours}{minutes}"),
        _ => digits.to_owned(),
    };
    if !matches!(digits.len(), 1 | 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(digits.len().min(2));
    let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<i32>().ok().filter(|minutes| *minutes < 60)? };
    // A zone of more is none, though a clock could be set so.
    let hours = hours.parse::<i32>().ok().filter(|hours| *hours < 24)?;
    let seconds = hours * 3600 + minutes * 60;
    let offset = tz::Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()?;
    // What a line's time may be must be within what a zone can say.
    offset.to_datetime(Timestamp::UNIX_EPOCH);
    Some(offset.to_time_zone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(zone: &TimeZone) -> String {
        Timestamp::UNIX_EPOCH.to_zoned(zone.clone()).strftime("%H:%M%:z").to_string()
    }

    #[test]
    fn zones_have_names_and_offsets() {
        for (text, shown) in [
            ("UTC", "00:00+00:00"),
            ("Z", "00:00+00:00"),
            ("+02:00", "02:00+02:00"),
            ("-0530", "18:30-05:30"),
            ("+9", "09:00+09:00"),
        ] {
            assert_eq!(hour(&zone(text).unwrap()), shown, "{text}");
        }
        for wrong in [
            "",
            "+",
            "+2:0",
            "+99",
            "+25:00",
            "-2400",
            "+24",
            "+02:60",
            "Mars/Olympus",
            "../../etc/passwd",
            "/etc/localtime",
            "Asia//Seoul",
        ] {
            assert!(zone(wrong).unwrap_err().contains("Asia/Seoul"), "{wrong}");
        }
        assert!(zone("Local").is_ok());
    }

    #[test]
    fn a_zone_of_the_system_is_read_from_its_file() {
        // A machine without them has none to read.
        if Path::new(DIRECTORIES[0]).join("Asia/Seoul").exists() {
            assert_eq!(hour(&zone("Asia/Seoul").unwrap()), "09:00+09:00");
        }
    }
}
