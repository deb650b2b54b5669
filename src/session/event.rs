//! [`RunEvent`]: what a run has to say.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Notice, ending::Ending};
use crate::{
    follow::{
        drive::{Batch, DriverEvent},
        note::{Note, Proof},
    },
    k8s::{ContainerId, InstanceId, Target, shared},
    merge::Merged,
    render::JobIds,
};

/// What a run has to say, one after another. A container is found before anything is said of it, and what is said of one
/// container is in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunEvent {
    /// A job of which containers may be found from here on: all of them, in a run of one.
    Job(JobIds),
    /// A container was found; a second time, when it is in an archive and in its cluster, and when its pod has got a node.
    #[serde(with = "shared")]
    Found(Arc<Target>),
    /// Lines of one instance.
    Lines(Batch),
    /// Lines of several instances, in the order in which they are printed.
    Merged(Merged),
    /// Something about a container.
    Note {
        /// The container.
        #[serde(with = "shared")]
        container: Arc<ContainerId>,
        /// What.
        note: Note,
    },
    /// Lines of an instance are missing after those that were handed on.
    Gap {
        /// The instance.
        instance: InstanceId,
        /// Between which stamps, and why: one of which [`Note::gap`] is the instance.
        note: Note,
    },
    /// No more lines of an instance will come; see [`DriverEvent::Complete`].
    Complete {
        /// The instance.
        instance: InstanceId,
        /// Lines handed on of it in this run.
        lines: u64,
        /// How that is known.
        proof: Proof,
    },
    /// Something about the run itself.
    Notice(Notice),
    /// The job that was followed has ended, and everything was read.
    Ended(Ending),
    /// What follows was told then, by the run that is told again.
    #[serde(rename = "told")]
    At(Timestamp),
}

impl RunEvent {
    /// How many lines are in it.
    pub fn lines(&self) -> usize {
        match self {
            RunEvent::Lines(batch) => batch.lines.len(),
            RunEvent::Merged(merged) => merged.lines.len(),
            _ => 0,
        }
    }
}

impl From<DriverEvent> for RunEvent {
    fn from(event: DriverEvent) -> RunEvent {
        match event {
            DriverEvent::Lines(batch) => RunEvent::Lines(batch),
            DriverEvent::Note(container, note) => match note.gap() {
                Some(restart) => RunEvent::Gap { instance: InstanceId { container, restart }, note },
                None => RunEvent::Note { container, note },
            },
            DriverEvent::Complete { instance, lines, proof } => RunEvent::Complete { instance, lines, proof },
        }
    }
}

impl From<Merged> for RunEvent {
    fn from(merged: Merged) -> RunEvent {
        RunEvent::Merged(merged)
    }
}

impl From<JobIds> for RunEvent {
    fn from(ids: JobIds) -> RunEvent {
        RunEvent::Job(ids)
    }
}

impl From<Notice> for RunEvent {
    fn from(notice: Notice) -> RunEvent {
        RunEvent::Notice(notice)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::{
        k8s::{ContainerKind, Line, Phase, Role, Stamp, Stream},
        merge::{MergedLine, Origin},
    };

    fn instance() -> InstanceId {
        let container = ContainerId { uid: "4f1c".to_owned(), container: "blast".to_owned() };
        InstanceId { container: Arc::new(container), restart: 2 }
    }

    fn line(text: &'static [u8]) -> Line {
        Line { stamp: Stamp(1_795_000_000_000_000_001), text: Bytes::from_static(text) }
    }

    /// An event of each kind, at its [`place`].
    fn all() -> [RunEvent; 10] {
        let InstanceId { container, restart } = instance();
        let target = Target {
            namespace: "default".to_owned(),
            pod: "blastn-batch-s00".to_owned(),
            uid: container.uid.clone(),
            container: container.container.clone(),
            kind: ContainerKind::Regular,
            role: Role::Batch,
            phase: Phase::Running,
            node: Some("node-0".to_owned()),
        };
        let origin = Origin { instance: instance(), stream: Some(Stream::Stderr) };
        [
            RunEvent::Job(JobIds { job: Some("job-1".to_owned()), row: None }),
            RunEvent::Found(Arc::new(target)),
            RunEvent::Lines(Batch { instance: instance(), stream: None, lines: vec![line(b"a"), line(b"\xff")] }),
            RunEvent::Merged(Merged { of: vec![origin], lines: vec![MergedLine { of: 0, line: line(b"b") }] }),
            RunEvent::Note { container, note: Note::Started(restart) },
            DriverEvent::Note(instance().container, Note::Lost { restart, reason: "deleted".to_owned() }).into(),
            RunEvent::Complete { instance: instance(), lines: 3, proof: Proof::Checked },
            RunEvent::Notice(Notice::RowReadable),
            RunEvent::Ended(Ending { failed: true, pods: 4 }),
            RunEvent::At(Timestamp::UNIX_EPOCH),
        ]
    }

    /// The place of an event in [`all`]. A new one does not compile before it has a place.
    fn place(event: &RunEvent) -> usize {
        match event {
            RunEvent::Job(_) => 0,
            RunEvent::Found(_) => 1,
            RunEvent::Lines(_) => 2,
            RunEvent::Merged(_) => 3,
            RunEvent::Note { .. } => 4,
            RunEvent::Gap { .. } => 5,
            RunEvent::Complete { .. } => 6,
            RunEvent::Notice(_) => 7,
            RunEvent::Ended(_) => 8,
            RunEvent::At(_) => 9,
        }
    }

    #[test]
    fn every_event_comes_back_from_its_text() {
        for (at, event) in all().into_iter().enumerate() {
            assert_eq!(place(&event), at);
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<RunEvent>(&text).unwrap(), event, "{text}");
        }
    }

    #[test]
    fn whose_lines_they_are_is_said_by_uid_container_and_restart() {
        let event = RunEvent::Lines(Batch { instance: instance(), stream: None, lines: vec![line(b"a")] });
        let value = serde_json::to_value(event).unwrap();
        assert_eq!(value["lines"]["instance"], json!({"uid": "4f1c", "container": "blast", "restart": 2}));
        assert_eq!(value["lines"]["lines"][0], json!({"stamp": "2026-11-18T11:06:40.000000001Z", "text": "a"}));
    }

    #[test]
    fn a_note_on_missing_lines_is_a_gap_of_its_instance() {
        let gap = Note::Gap { restart: 1, after: Stamp(1), before: None };
        let event = RunEvent::from(DriverEvent::Note(instance().container, gap));
        assert!(matches!(event, RunEvent::Gap { instance: InstanceId { restart: 1, .. }, .. }), "{event:?}");
        let event =
            RunEvent::from(DriverEvent::Note(instance().container, Note::Gone { restart: 0, reason: String::new() }));
        assert!(matches!(event, RunEvent::Note { .. }), "{event:?}");
    }

    #[test]
    fn the_time_of_what_follows_is_written_as_it_always_was() {
        let text = serde_json::to_string(&RunEvent::At(Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(text, r#"{"told":"1970-01-01T00:00:00Z"}"#);
        assert!(matches!(serde_json::from_str(&text).unwrap(), RunEvent::At(at) if at == Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn only_lines_are_counted() {
        let instance = InstanceId { container: Arc::default(), restart: 0 };
        let line = || crate::k8s::Line { stamp: crate::k8s::Stamp(1), text: Bytes::from_static(b"a") };
        let batch = Batch { instance: instance.clone(), stream: None, lines: vec![line(), line(), line()] };
        let event = |value: serde_json::Value| serde_json::from_value::<RunEvent>(value).unwrap();
        let lines = serde_json::to_value(RunEvent::Lines(batch.clone())).unwrap();
        assert_eq!((RunEvent::Lines(batch).lines(), event(lines).lines()), (3, 3));
        let lines = vec![MergedLine { of: 0, line: line() }, MergedLine { of: 0, line: line() }];
        assert_eq!(RunEvent::Merged(Merged { of: Vec::new(), lines }).lines(), 2);
        assert_eq!(RunEvent::At(Timestamp::UNIX_EPOCH).lines(), 0);
        assert_eq!(RunEvent::Complete { instance, lines: 7, proof: Proof::Checked }.lines(), 0);
    }
}
