//! Times and shares as the page writes them.

use jiff::Timestamp;

/// The time of day in UTC.
pub fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M:%S").to_string()
}

/// Date and time in UTC.
pub fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_shares() {
        let time: Timestamp = "2026-11-24T12:58:33.98Z".parse().unwrap();
        assert_eq!((clock(time).as_str(), moment(time).as_str()), ("12:58:33", "2026-11-24 12:58:33"));
        assert_eq!(percent(0.126), "13 %");
    }
}
