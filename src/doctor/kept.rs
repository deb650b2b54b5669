//! [`NodeHolds`]: what the node still holds of a log of which the log API lacks lines.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{LogFacts, TailAnswer, TailPart};
use crate::{
    discover::Match,
    k8s::kubelet_error::KubeletError,
    node_logs::{self, NodeFile},
    render::bytes,
};

/// How late the first line that is left may come after the start.
const LATE: SignedDuration = SignedDuration::from_secs(30);

/// How the logs of these containers begin, whatever they do.
const BEGIN: [(&str, &[&str]); 2] =
    [("blast", &["BASH version", "run start"]), ("finalizer", &["ElasticBLAST Finalizer", "Detected "])];

/// What the log API lacks of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The file, with the kubelet's words.
    File(String),
    /// The lines between the container's start and the first one that is left.
    Beginning {
        /// The start.
        started: Timestamp,
        /// The first line.
        first: Timestamp,
    },
}

/// What is missing of a log that was looked at. A kubelet keeps one instance of a container that has ended: that those before are
/// gone is the normal state.
pub(super) fn missing(log: &LogFacts, found: &Match) -> Option<Missing> {
    let container = &log.target.container;
    match (&log.answer, log.part) {
        (TailAnswer::InBand(KubeletError::Passing, _), _) => None,
        (TailAnswer::InBand(_, text), TailPart::Head | TailPart::Tail) => Some(Missing::File(text.clone())),
        (TailAnswer::Lines(lines), TailPart::Head) => {
            let status = found.pod.container(container);
            let started = status.started(status.restart)?.to_timestamp();
            let (_, begin) = BEGIN.iter().find(|(name, _)| name == container)?;
            let line = lines.first()?;
            let first = line.stamp?;
            let is_late = first.duration_since(started) > LATE;
            let begins = begin.iter().any(|begin| line.text.starts_with(begin));
            (is_late && !begins).then_some(Missing::Beginning { started, first })
        }
        _ => None,
    }
}

/// What the node holds of a container's logs.
#[derive(Debug, Clone)]
pub struct KeptFacts {
    /// The pod's uid.
    pub uid: String,
    /// The container.
    pub container: String,
    /// Its node.
    pub node: String,
    /// What it holds.
    pub kept: NodeHolds,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum NodeHolds {
    /// We may not ask.
    NotPermitted,
    /// These files of all instances, oldest first.
    Files(Vec<NodeFile>),
    /// It cannot be asked, and why.
    Unknown(String),
}

impl KeptFacts {
    /// Whether it shows that nothing of instance `restart` was rotated away: it has one file, the one that the log API reads.
    pub(super) fn is_whole(&self, restart: u32) -> bool {
        let NodeHolds::Files(files) = &self.kept else { return false };
        files.iter().filter(|held| held.file.instance == restart).count() == 1
    }

    /// Whether there is anything to read.
    pub(super) fn has_files(&self) -> bool {
        matches!(&self.kept, NodeHolds::Files(files) if !files.is_empty())
    }
}

impl fmt::Display for KeptFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = &self.node;
        match &self.kept {
            NodeHolds::NotPermitted => f.write_str(&node_logs::with_permission(node)),
            NodeHolds::Unknown(why) => write!(f, "what node {node} holds of it cannot be seen: {why}"),
            NodeHolds::Files(files) if files.is_empty() => write!(f, "node {node} holds no file of it"),
            NodeHolds::Files(files) => {
                write!(f, "node {node} holds")?;
                let mut instance = None;
                for held in files {
                    let separator = if instance.is_some() { "," } else { "" };
                    if instance.replace(held.file.instance) != Some(held.file.instance) {
                        write!(f, "{separator} of instance {}:", held.file.instance)?;
                    } else {
                        f.write_str(separator)?;
                    }
                    write!(f, " {} ({})", held.file, held.size.map_or_else(|| "gone meanwhile".to_owned(), bytes))?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_logs::FileName;

    #[test]
    fn files_are_told_by_instance() {
        let held = |name, size| NodeFile { file: FileName::parse(name).unwrap(), size };
        let kept = |kept| KeptFacts { uid: String::new(), container: String::new(), node: "n1".to_owned(), kept };
        let files = vec![
            held("0.log", Some(12)),
            held("1.log.20261125-175732.gz", Some(12_345)),
            held("1.log.20261125-175750", None),
            held("1.log", Some(10_485_760)),
        ];
        let facts = kept(NodeHolds::Files(files));
        assert_eq!(
            facts.to_string(),
            "node n1 holds of instance 0: 0.log (12 B), of instance 1: 1.log.20261125-175732.gz (12.1 KiB), \
             1.log.20261125-175750 (gone meanwhile), 1.log (10.0 MiB)"
        );
        assert!(facts.is_whole(0) && !facts.is_whole(1) && !facts.is_whole(2));
        assert_eq!(kept(NodeHolds::Files(Vec::new())).to_string(), "node n1 holds no file of it");
    }
}
