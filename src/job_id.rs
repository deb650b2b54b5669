//! [`JobId`]: the ElasticBLAST id, validated once.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// The longest value a Kubernetes label may have, in bytes.
const LABEL_VALUE_MAX: usize = 63;

/// An ElasticBLAST job id, `job-` followed by characters valid in a Kubernetes label value, 63 bytes at most.
///
/// ElasticBLAST itself writes 32 lowercase hex digits after the prefix; the grammar here is the label's, because the
/// id's whole purpose is to be the value of the `elb-job-id` label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct JobId(String);

/// Why a text is not a [`JobId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobIdError {
    /// It does not start with `job-`, or nothing follows.
    #[error("does not start with \"job-\"")]
    Prefix,
    /// Longer than a label value may be.
    #[error("is longer than the {LABEL_VALUE_MAX} characters a label value may have")]
    TooLong,
    /// A character that no label value may hold, or a last one that is not alphanumeric.
    #[error("holds characters that are not valid in a label value")]
    Grammar,
}

impl JobId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one as ElasticBLAST writes it, and not only a beginning.
    pub fn is_whole(&self) -> bool {
        /// The hex digits behind `job-`.
        const DIGITS: usize = 32;
        let digits = self.0.trim_start_matches("job-");
        digits.len() == DIGITS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// `SHORT`: the last 8 characters, which ElasticBLAST puts into the names of Jobs and pods.
    pub fn short(&self) -> &str {
        // The grammar is ASCII, so every index is a character boundary.
        &self.0[self.0.len().saturating_sub(8)..]
    }
}

impl FromStr for JobId {
    type Err = JobIdError;

    fn from_str(text: &str) -> Result<Self, JobIdError> {
        let rest = text.strip_prefix("job-").filter(|rest| !rest.is_empty()).ok_or(JobIdError::Prefix)?;
        if text.len() > LABEL_VALUE_MAX {
            return Err(JobIdError::TooLong);
        }
        let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let last_ok = rest.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric());
        if last_ok && rest.bytes().all(inner) { Ok(Self(text.to_owned())) } else { Err(JobIdError::Grammar) }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_incident_id_and_names_its_short_form() {
        let id: JobId = "job-429825360482416da20736cf3ed51a95".parse().unwrap();
        assert_eq!(id.short(), "3ed51a95");
    }

    #[test]
    fn refuses_what_a_label_cannot_hold() {
        assert_eq!("18b9edca-4d8a".parse::<JobId>(), Err(JobIdError::Prefix));
        assert_eq!("job-".parse::<JobId>(), Err(JobIdError::Prefix));
        assert_eq!("job-a b".parse::<JobId>(), Err(JobIdError::Grammar));
        assert_eq!("job-a,b=c".parse::<JobId>(), Err(JobIdError::Grammar));
        assert_eq!("job-a-".parse::<JobId>(), Err(JobIdError::Grammar));
        assert_eq!(format!("job-{}", "a".repeat(60)).parse::<JobId>(), Err(JobIdError::TooLong));
        assert!(format!("job-{}", "a".repeat(59)).parse::<JobId>().is_ok());
    }
}
