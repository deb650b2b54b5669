//! [`ArchiveError`]: why an archive cannot be written or read.

use std::io;

use crate::{causes, exit::Exit, shell::place};

/// What went wrong with an archive, where, and what to do next.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ArchiveError {
    /// DEST or a name makes no sense.
    #[error("{0}")]
    Usage(String),
    /// There is no archive at this place.
    #[error("{at} holds no archive; give the DEST that 'elbtail save' was given")]
    NoArchive {
        /// The place.
        at: String,
    },
    /// The archive does not have this job.
    #[error("the archive {at} does not hold the job {job}; to see those it holds: elbtail archives {}", place(.at))]
    NoJob {
        /// The place.
        at: String,
        /// The job asked for.
        job: String,
    },
    /// A newer elbtail wrote it.
    #[error("{at} is an archive of format {version}; this elbtail knows format {known}: use a newer one")]
    Newer {
        /// The place.
        at: String,
        /// Its format.
        version: u32,
        /// The newest format known.
        known: u32,
    },
    /// Another writer is at work.
    #[error("{at} is being written by {by}{until}; two at once are refused")]
    Busy {
        /// The job's place.
        at: String,
        /// Who, and since when.
        by: String,
        /// How long that holds, where it ends by itself: a clause, or nothing.
        until: String,
    },
    /// Another writer has gone on in this one's place.
    #[error("another writer has taken over {at}; this one has stopped, and nothing it wrote is lost or twice")]
    Taken {
        /// The job's place.
        at: String,
    },
    /// DEST was moved, deleted or unmounted under a writer.
    #[error(
        "{at} is not there any more: it was moved, deleted or unmounted while it was written; nothing was saved elsewhere. \
         Put it back and save again: what is missing is read then, as long as Kubernetes has it"
    )]
    Gone {
        /// The job's place.
        at: String,
    },
    /// No space is left.
    #[error(
        "{at}: no space is left ({why}); what was written is whole, and saving goes on from there when there is space"
    )]
    Full {
        /// The object.
        at: String,
        /// As the system says it.
        why: String,
    },
    /// Not permitted.
    #[error("{at}: not permitted: {why}")]
    Denied {
        /// The object.
        at: String,
        /// As the store says it.
        why: String,
    },
    /// There are no credentials for the store, or nobody who gives them. It is tried on where something was written before: whoever
    /// gives an identity may be away for a moment.
    #[error("{at}: {why}")]
    NoCredentials {
        /// The object.
        at: String,
        /// As the client says it, and what to set.
        why: String,
    },
    /// The store is away, or answers with errors.
    #[error("{at}: {why}")]
    Unreachable {
        /// The object.
        at: String,
        /// As the client says it.
        why: String,
    },
    /// An object is not what was written.
    #[error("{at}: {why}; {next}")]
    Damaged {
        /// The object.
        at: String,
        /// What is wrong in it.
        why: String,
        /// What to do next: a clause.
        next: String,
    },
}

impl ArchiveError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::NoArchive { .. } | Self::NoJob { .. } | Self::Newer { .. } => Exit::Usage,
            Self::Busy { .. } | Self::Taken { .. } | Self::Gone { .. } | Self::Full { .. } => Exit::Unexpected,
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Denied { .. } | Self::NoCredentials { .. } => Exit::Denied,
            Self::Damaged { .. } => Exit::LinesMissing,
        }
    }

    /// Whether the same request may succeed later by itself.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NoCredentials { .. })
    }

    /// What a store's error means for the object `at`.
    pub(super) fn of(at: impl Into<String>, error: &object_store::Error) -> Self {
        use object_store::Error as E;
        let (at, why) = (at.into(), causes::chain(error));
        let kind = causes::find::<io::Error>(error).map(io::Error::kind);
        match (error, kind) {
            (_, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)) => {
                Self::Full { at, why }
            }
            (_, Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)) => Self::Denied { at, why },
            (_, Some(io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists)) => {
                Self::Usage(format!("{at}: {why}"))
            }
            (E::PermissionDenied { .. } | E::Unauthenticated { .. }, _) => Self::Denied { at, why },
            (E::NotFound { .. }, _) => Self::Damaged {
                at,
                why: "it is not there".to_owned(),
                next: "make sure that DEST's container or bucket is".to_owned(),
            },
            (E::InvalidPath { .. } | E::NotSupported { .. } | E::NotImplemented { .. }, _) => {
                Self::Usage(format!("{at}: {why}"))
            }
            (E::UnknownConfigurationKey { .. }, _) => Self::Usage(why),
            _ => match no_credentials(&why) {
                Some(why) => Self::NoCredentials { at, why },
                None => Self::Unreachable { at, why: with_advice(why) },
            },
        }
    }
}

/// Where instances of clouds are told their identity: asked when the environment holds no credentials.
const IDENTITIES: [&str; 4] =
    ["://169.254.169.254", "://169.254.170.2", "://[fd00:ec2::", "://metadata.google.internal"];

/// How the crate begins when `az` gives no token, and when whoever is to give one refuses to.
const AZ: &str = "'az account get-access-token' command failed";
const NO_TOKEN: &str = "Error performing token request";

/// The prefix of a kind of store's variables, and those that hold credentials.
fn variables(why: &str) -> (&'static str, &'static str) {
    if why.contains(" S3 ") {
        ("AWS", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    } else if why.contains(" GCS ") {
        ("GOOGLE", "GOOGLE_SERVICE_ACCOUNT, the path of its key,")
    } else {
        ("AZURE", "AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING")
    }
}

/// What a client says that has no credentials, with what to do about it.
fn no_credentials(why: &str) -> Option<String> {
    let credentials = variables(why).1;
    if IDENTITIES.iter().any(|from| why.contains(from)) {
        let advice = "the environment holds no credentials, and this machine has no identity";
        return Some(format!("{why}; {advice}: set {credentials}"));
    }
    if why.contains(AZ) {
        return Some(format!(
            "{why}; the environment holds no credentials: set {credentials}, or log in with: az login"
        ));
    }
    let refused = why.contains(NO_TOKEN) && why.contains("non-2xx status code: 4");
    refused.then(|| format!("{why}; the credentials in the environment were refused"))
}

/// What a client says, with what to do about it where that is known.
fn with_advice(why: String) -> String {
    if why.contains("URL scheme is not allowed") {
        let prefix = variables(&why).0;
        return format!("{why}; if the endpoint is meant to be http://, set {prefix}_ALLOW_HTTP=true");
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_lacks_is_named() {
        for (store, from, advice) in [
            ("S3", "http://169.254.169.254/latest/api/token", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
            ("GCS", "http://metadata.google.internal/computeMetadata", "set GOOGLE_SERVICE_ACCOUNT"),
            ("MicrosoftAzure", "http://169.254.169.254/metadata/identity", "set AZURE_STORAGE_KEY"),
            ("S3", "http://localhost:1/b: builder error: URL scheme is not allowed", "set AWS_ALLOW_HTTP=true"),
            ("GCS", "URL scheme is not allowed", "set GOOGLE_ALLOW_HTTP=true"),
        ] {
            let source = io::Error::other(format!("Error performing GET {from}")).into();
            let error = ArchiveError::of("x", &object_store::Error::Generic { store, source });
            assert!(error.to_string().contains(advice), "{error}");
            let exit = if advice.ends_with("true") { Exit::Unreachable } else { Exit::Denied };
            assert_eq!(error.exit(), exit, "{error}");
            assert!(error.is_transient(), "in the midst of it, it may be a matter of a moment");
        }
        for why in [
            "'az account get-access-token' command failed: Please run 'az login' to setup account.",
            "Error performing token request: Error performing POST https://login.microsoftonline.com/t in 1s - Server returned \
             non-2xx status code: 401 Unauthorized: invalid_client",
        ] {
            let source = io::Error::other(why).into();
            let error = ArchiveError::of("x", &object_store::Error::Generic { store: "MicrosoftAzure", source });
            assert_eq!(error.exit(), Exit::Denied, "{error}");
        }
        let source = io::Error::other("connection refused").into();
        let error = ArchiveError::of("x", &object_store::Error::Generic { store: "S3", source });
        assert!(error.to_string().ends_with("connection refused"), "{error}");
    }
}
