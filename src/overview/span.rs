//! [`Span`]: a stretch of time.

use serde::Serialize;

use crate::k8s::Stamp;

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Its beginning.
    pub from: Stamp,
    /// Its end.
    pub to: Stamp,
}

impl Span {
    /// Of one moment.
    pub fn at(moment: Stamp) -> Span {
        Span { from: moment, to: moment }
    }

    /// The stretch that holds both.
    #[must_use]
    pub fn and(self, other: Option<Span>) -> Span {
        let Some(other) = other else { return self };
        Span { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    /// How long it is, in seconds.
    pub fn seconds(self) -> f64 {
        self.to.0.saturating_sub(self.from.0) as f64 / 1e9
    }
}

/// Seconds as people write them: `4.2 s`, `3 min 5 s`, `2 h 1 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_do() {
        for (seconds, text) in
            [(0.04, "0.0 s"), (59.4, "59.4 s"), (59.9, "1 min 0 s"), (3599.0, "59 min 59 s"), (7260.0, "2 h 1 min")]
        {
            assert_eq!(duration(seconds), text);
        }
    }
}
