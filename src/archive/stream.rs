//! [`ArchivedStream`]: whose lines they are, and the path that says so.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::ArchiveError;
use crate::k8s::{ContainerId, InstanceId};

/// A job's directory: its ElasticBLAST id; of a second job with this id, in another namespace, `ID@NAMESPACE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct JobKey(String);

impl JobKey {
    /// The key of a job.
    ///
    /// # Errors
    /// [`ArchiveError::Usage`] for what cannot be the name of a directory.
    pub fn new(id: &str) -> Result<JobKey, ArchiveError> {
        let (own, namespace) = id.split_once('@').map_or((id, None), |(own, namespace)| (own, Some(namespace)));
        // The value of a label, and the name of a namespace.
        if is_name(&own.replace('_', "-")) && namespace.is_none_or(is_name) {
            Ok(JobKey(id.to_owned()))
        } else {
            Err(ArchiveError::Usage(format!("{id:?} is no job's id")))
        }
    }

    /// The key of a job that has the same id in another namespace.
    ///
    /// # Errors
    /// As [`JobKey::new`].
    pub(super) fn in_namespace(&self, namespace: &str) -> Result<JobKey, ArchiveError> {
        JobKey::new(&format!("{self}@{namespace}"))
    }

    /// The ElasticBLAST id, without a namespace.
    pub fn id(&self) -> &str {
        self.0.split_once('@').map_or(&*self.0, |(id, _)| id)
    }

    /// The id, and the namespace if it has one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One instance of a container as a path of the archive names it, so that people find it: with its pod's names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchivedInstance {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's uid: a pod that is made again under its name is another one.
    pub uid: String,
    /// The container's name.
    pub container: String,
    /// How often the container had been restarted.
    pub restart: u32,
}

impl ArchivedInstance {
    /// The container, without the names that a path has besides.
    pub fn container_id(&self) -> ContainerId {
        ContainerId { uid: self.uid.clone(), container: self.container.clone() }
    }

    /// What tells it from every other instance.
    pub fn id(&self) -> InstanceId {
        InstanceId { container: Arc::new(self.container_id()), restart: self.restart }
    }
}

/// What else than logs is kept: objects as they were, and as they changed. Each line is one JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectLog {
    /// The job's row.
    Row,
    /// Where the id was found.
    Resolution,
    /// Pods.
    Pods,
    /// Kubernetes Jobs.
    Jobs,
    /// Kubernetes events.
    Events,
}

impl ObjectLog {
    /// All there are.
    pub const ALL: [ObjectLog; 5] =
        [ObjectLog::Row, ObjectLog::Resolution, ObjectLog::Pods, ObjectLog::Jobs, ObjectLog::Events];

    /// What it is called, in paths too.
    pub fn name(self) -> &'static str {
        match self {
            ObjectLog::Row => "row",
            ObjectLog::Resolution => "resolution",
            ObjectLog::Pods => "pods",
            ObjectLog::Jobs => "jobs",
            ObjectLog::Events => "events",
        }
    }
}

impl fmt::Display for ObjectLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A sequence of stamped lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArchivedStream {
    /// The log of an instance.
    Log(ArchivedInstance),
    /// What changed.
    Changes(ObjectLog),
}

impl ArchivedStream {
    /// The instance, of a log.
    pub fn instance(&self) -> Option<&ArchivedInstance> {
        match self {
            ArchivedStream::Log(instance) => Some(instance),
            ArchivedStream::Changes(_) => None,
        }
    }

    /// Checks that the names in it can be a path.
    ///
    /// # Errors
    /// [`ArchiveError::Usage`].
    pub(super) fn checked(self) -> Result<ArchivedStream, ArchiveError> {
        if let ArchivedStream::Log(ArchivedInstance { namespace, pod, uid, container, .. }) = &self
            && let Some(bad) = [namespace, pod, uid, container].into_iter().find(|name| !is_name(name))
        {
            return Err(ArchiveError::Usage(format!("{bad:?} is no name that Kubernetes gives")));
        }
        Ok(self)
    }
}

/// `logs/NAMESPACE_POD_UID/CONTAINER/RESTART`, as kubelets name theirs, or `changes/KIND`.
impl fmt::Display for ArchivedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchivedStream::Log(ArchivedInstance { namespace, pod, uid, container, restart }) => {
                write!(f, "logs/{namespace}_{pod}_{uid}/{container}/{restart}")
            }
            ArchivedStream::Changes(change) => write!(f, "changes/{}", change.name()),
        }
    }
}

impl FromStr for ArchivedStream {
    type Err = ArchiveError;

    fn from_str(path: &str) -> Result<ArchivedStream, ArchiveError> {
        let wrong = || ArchiveError::Usage(format!("{path:?} is no stream of an archive"));
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["changes", name] => ObjectLog::ALL
                .into_iter()
                .find(|change| change.name() == *name)
                .map(ArchivedStream::Changes)
                .ok_or_else(wrong),
            ["logs", pod, container, restart] => {
                let [namespace, pod, uid] = pod.split('_').collect::<Vec<_>>()[..] else { return Err(wrong()) };
                let number: u32 = restart.parse().map_err(|_| wrong())?;
                // One path for one instance: no `00`, no `+0`.
                if number.to_string() != *restart {
                    return Err(wrong());
                }
                let [namespace, pod, uid, container] = [namespace, pod, uid, container].map(|name| (*name).to_owned());
                ArchivedStream::Log(ArchivedInstance { namespace, pod, uid, container, restart: number })
                    .checked()
                    .map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

impl Serialize for ArchivedStream {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ArchivedStream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ArchivedStream, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Whether `name` is made as Kubernetes makes names: such a one is safe in a path of any store.
fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_is_one_stream_and_back(
            namespace in "[a-z0-9]([a-z0-9-]{0,20})", pod in "[a-z0-9]([a-z0-9.-]{0,40})", uid in "[a-f0-9-]{36}",
            container in "[a-z0-9]([a-z0-9-]{0,20})", restart in any::<u32>(),
        ) {
            let stream = ArchivedStream::Log(ArchivedInstance { namespace, pod, uid, container, restart });
            prop_assert_eq!(stream.to_string().parse::<ArchivedStream>().unwrap(), stream);
        }

        #[test]
        fn no_text_makes_it_panic_or_leave_the_archive(text in "\\PC{0,60}") {
            if let Ok(stream) = text.parse::<ArchivedStream>() {
                prop_assert_eq!(stream.to_string(), text);
            }
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for bad in [
            "logs/a_b_c/../0",
            "logs/a_b/c/0",
            "logs/a_b_c/d/00",
            "logs/a_b_c/d/+1",
            "logs/a_b_..%2f/c/0",
            "changes/x",
            "",
        ] {
            assert!(bad.parse::<ArchivedStream>().is_err(), "{bad}");
        }
        assert!(JobKey::new("..").is_err() && JobKey::new("a/b").is_err() && JobKey::new("job-1").is_ok());
        for (key, good) in [
            ("job-1@a", true),
            ("job-a_b@c", true),
            ("job-1@", false),
            ("@a", false),
            ("a@b@c", false),
            ("a@../b", false),
        ] {
            assert_eq!(JobKey::new(key).is_ok(), good, "{key}");
        }
    }
}
