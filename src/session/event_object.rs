//! [`EventObject`]: what is told besides lines, as an object for programs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Notice, RunEvent, ending::Ending};
use crate::{
    follow::note::{Note, Proof, WantedFrom},
    k8s::{Phase, Role, Stamp, Target, status::Ended},
    mask::{mask, mask_json},
    numbers::counted,
    render::JobIds,
};

/// What an object tells. A word never changes its meaning; new ones may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A container was found, or its node was.
    Found,
    /// It waits to be started.
    Waiting,
    /// An instance of it runs.
    Started,
    /// An instance of it has ended.
    Ended,
    /// It has no log.
    NoLog,
    /// Lines before the first may have been rotated away.
    StartsLate,
    /// Lines are missing here.
    Gap,
    /// Lines were gone before elbtail could have read them.
    Gone,
    /// An instance was read until its stream ended, and whether that was all could not be checked.
    Unchecked,
    /// What the files of its node say of missing lines.
    NodeFiles,
    /// The kubelet answered something else than lines.
    KubeletError,
    /// Its stream is opened again; nothing is lost by it.
    Interrupted,
    /// It cannot be read at present.
    Struggling,
    /// It may not be read at present.
    Denied,
    /// It may not be read.
    Forbidden,
    /// All lines of an instance were read.
    Complete,
    /// Something about the run.
    Notice,
    /// The job has ended, and all was read.
    JobEnded,
}

/// How a failed job has ended, as objects say it.
const FAILED: &str = "the job has failed";

/// Why lines between two are missing, as objects say it.
const ROTATED: &str = "rotated away";

/// Something that was told, as JSON has it. `detail` is all of it, from which `--stdin` makes what was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "an object of what was told")]
pub struct EventObject {
    /// When it was told.
    pub timestamp: Timestamp,
    /// What it is about.
    pub kind: EventKind,
    /// The container, if it is about one.
    #[serde(flatten)]
    pub of: Option<ObjectOf>,
    /// Whose job it is.
    #[serde(flatten)]
    pub ids: JobIds,
    /// The instance, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<u32>,
    /// The number of the object among all of its run.
    pub sequence: u64,
    /// It, as a sentence.
    pub message: String,
    /// The exit code of an instance that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The stamp of the last line before those that are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Stamp>,
    /// The stamp of the first line after them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Stamp>,
    /// All of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// The container that an object is of, by names alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectOf {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// The node, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The pod's part in the job.
    pub role: Role,
    /// The step it works on.
    pub phase: Phase,
}

impl From<&Target> for ObjectOf {
    fn from(target: &Target) -> ObjectOf {
        let Target { namespace, pod, container, node, role, phase, .. } = target.clone();
        ObjectOf { namespace, pod, container, node, role, phase }
    }
}

/// What was told, as elbtail itself has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Of a container.
    Note(Note),
    /// Of an instance of which no more lines come.
    Complete {
        /// How many there were.
        lines: u64,
        /// How that is known.
        proof: Proof,
    },
    /// Of the run.
    Notice(Notice),
    /// Of the job.
    JobEnded(Ending),
}

impl EventObject {
    /// The object of an event at a time, with its number; `of` is the container it is about. `None` for lines, and for what lines carry
    /// themselves.
    pub fn of(
        event: &RunEvent,
        of: Option<&Target>,
        ids: &JobIds,
        timestamp: Timestamp,
        sequence: u64,
    ) -> Option<EventObject> {
        let mut object = EventObject {
            timestamp,
            kind: EventKind::Notice,
            of: of.map(ObjectOf::from),
            ids: ids.clone(),
            restart: None,
            sequence,
            message: String::new(),
            exit_code: None,
            reason: None,
            after: None,
            before: None,
            detail: None,
        };
        match event {
            RunEvent::Job(_) | RunEvent::Lines(_) | RunEvent::Merged(_) | RunEvent::At(_) => return None,
            RunEvent::Found(_) => (object.kind, object.message) = (EventKind::Found, "found".to_owned()),
            RunEvent::Note { note, .. } | RunEvent::Gap { note, .. } => object.note(note),
            RunEvent::Complete { instance, lines, proof } => {
                object.kind = EventKind::Complete;
                object.restart = Some(instance.restart);
                object.message = format!("{} read: {proof}", counted(*lines, "line"));
                object.detail = Some(Detail::Complete { lines: *lines, proof: *proof });
            }
            RunEvent::Notice(notice) => {
                object.message = notice.to_string();
                object.detail = Some(Detail::Notice(notice.clone()));
            }
            RunEvent::Ended(ending) => {
                object.kind = EventKind::JobEnded;
                object.message = if ending.failed { FAILED } else { "the job has ended" }.to_owned();
                object.detail = Some(Detail::JobEnded(*ending));
            }
        }
        Some(object)
    }

    /// What it tells: `detail`, or where another program has left it out, what the other fields say of lines.
    pub fn whole_detail(&self) -> Option<Detail> {
        if self.detail.is_some() {
            return self.detail.clone();
        }
        let (restart, reason) =
            (self.restart.unwrap_or_default(), self.reason.as_ref().unwrap_or(&self.message).clone());
        if self.kind == EventKind::JobEnded {
            return Some(Detail::JobEnded(Ending { failed: self.message == FAILED, pods: 0 }));
        }
        let note = match (self.kind, self.after) {
            (EventKind::Gap, Some(after)) if self.reason.as_deref().is_none_or(|reason| reason == ROTATED) => {
                Note::Gap { restart, after, before: self.before }
            }
            (EventKind::Gap, _) => Note::Missing { restart, reason },
            (EventKind::StartsLate, Some(from)) => {
                let first = self.before?;
                Note::StartsLate { restart, wanted: WantedFrom::All(from), first }
            }
            (EventKind::Ended, _) => {
                let exit_code = self.exit_code?;
                Note::Ended(
                    restart,
                    Ended {
                        exit_code,
                        reason: self.reason.clone().unwrap_or_default(),
                        has_log: true,
                        started: None,
                        finished: None,
                    },
                )
            }
            (EventKind::NodeFiles, _) => Note::NodeFiles(reason),
            (EventKind::KubeletError, _) => Note::InBand(reason),
            (EventKind::Interrupted, _) => Note::Interrupted(reason),
            (EventKind::Struggling, _) => Note::Struggling(reason),
            (EventKind::Gone, _) => Note::Gone { restart, reason },
            (EventKind::Unchecked, _) => Note::Unchecked { restart, reason },
            (EventKind::NoLog, _) => Note::NoLog(reason),
            (EventKind::Waiting, _) => Note::Waiting(reason),
            (EventKind::Started, _) => Note::Started(restart),
            (EventKind::Denied, _) => Note::Denied(reason),
            (EventKind::Forbidden, _) => Note::Forbidden(reason),
            _ => return None,
        };
        Some(Detail::Note(note))
    }

    /// The same without secrets: what a kubelet or a server says may hold some.
    #[must_use]
    pub fn masked(mut self) -> EventObject {
        self.message = mask(&self.message).into_owned();
        self.reason = self.reason.map(|reason| mask(&reason).into_owned());
        self.detail = self.detail.and_then(|detail| {
            let mut value = serde_json::to_value(detail).ok()?;
            mask_json(&mut value);
            serde_json::from_value(value).ok()
        });
        self
    }

    fn note(&mut self, note: &Note) {
        self.message = note.to_string();
        self.detail = Some(Detail::Note(note.clone()));
        let (kind, restart, reason) = match note.clone() {
            Note::Waiting(reason) => (EventKind::Waiting, None, Some(reason)),
            Note::Started(restart) => (EventKind::Started, Some(restart), None),
            Note::Ended(restart, ended) => {
                self.exit_code = Some(ended.exit_code);
                (EventKind::Ended, Some(restart), Some(ended.reason))
            }
            Note::NoLog(reason) => (EventKind::NoLog, None, Some(reason)),
            Note::StartsLate { restart, wanted, first } => {
                (self.after, self.before) = (Some(wanted.from()), Some(first));
                (EventKind::StartsLate, Some(restart), None)
            }
            Note::Gap { restart, after, before } => {
                (self.after, self.before) = (Some(after), before);
                (EventKind::Gap, Some(restart), Some(ROTATED.to_owned()))
            }
            Note::Missing { restart, reason } | Note::Lost { restart, reason } => {
                (EventKind::Gap, Some(restart), Some(reason))
            }
            Note::Unreadable { restart, last, reason } | Note::Unverified { restart, last, reason } => {
                self.after = last;
                (EventKind::Gap, Some(restart), Some(reason))
            }
            Note::GoneBefore { .. } => (EventKind::Gone, None, None),
            Note::Gone { restart, reason } => (EventKind::Gone, Some(restart), Some(reason)),
            Note::Unchecked { restart, reason } => (EventKind::Unchecked, Some(restart), Some(reason)),
            Note::NodeFiles(_) => (EventKind::NodeFiles, None, None),
            Note::InBand(text) => (EventKind::KubeletError, None, Some(text)),
            Note::Interrupted(reason) => (EventKind::Interrupted, None, Some(reason)),
            Note::Struggling(reason) => (EventKind::Struggling, None, Some(reason)),
            Note::Denied(message) => (EventKind::Denied, None, Some(message)),
            Note::Forbidden(message) => (EventKind::Forbidden, None, Some(message)),
        };
        (self.kind, self.restart, self.reason) = (kind, restart, reason.filter(|reason| !reason.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_what_is_told_are_masked_and_it_is_still_told() {
        let note = Note::NoLog("pulling https://me:planted@registry/x: password=planted".to_owned());
        let event = RunEvent::Note { container: std::sync::Arc::default(), note };
        let object = EventObject::of(&event, None, &JobIds::default(), Timestamp::UNIX_EPOCH, 1).unwrap();
        let text = serde_json::to_string(&object).unwrap();
        assert!(text.matches("planted").count() > 3, "{text}");
        let masked = object.masked();
        let text = serde_json::to_string(&masked).unwrap();
        assert!(!text.contains("planted") && text.contains("registry/x"), "{text}");
        assert!(matches!(masked.detail, Some(Detail::Note(Note::NoLog(_)))), "{masked:?}");
    }

    /// Another program may leave out `detail`: what the other fields say is told then.
    #[test]
    fn without_its_detail_an_object_tells_what_its_fields_do() {
        let reason = || "why".to_owned();
        let (after, before) = (Stamp(1), Some(Stamp(2)));
        for (note, told) in [
            (Note::Waiting(reason()), Some(Note::Waiting(reason()))),
            (Note::Started(1), Some(Note::Started(1))),
            (Note::NoLog(reason()), Some(Note::NoLog(reason()))),
            (Note::Gap { restart: 1, after, before }, Some(Note::Gap { restart: 1, after, before })),
            (Note::Missing { restart: 1, reason: reason() }, Some(Note::Missing { restart: 1, reason: reason() })),
            (Note::Lost { restart: 1, reason: reason() }, Some(Note::Missing { restart: 1, reason: reason() })),
            (
                Note::Unverified { restart: 1, last: Some(after), reason: reason() },
                Some(Note::Missing { restart: 1, reason: reason() }),
            ),
            (Note::Gone { restart: 1, reason: reason() }, Some(Note::Gone { restart: 1, reason: reason() })),
            (Note::Unchecked { restart: 1, reason: reason() }, Some(Note::Unchecked { restart: 1, reason: reason() })),
            (Note::Denied(reason()), Some(Note::Denied(reason()))),
            (Note::Forbidden(reason()), Some(Note::Forbidden(reason()))),
            (Note::Interrupted(reason()), Some(Note::Interrupted(reason()))),
            (Note::Struggling(reason()), Some(Note::Struggling(reason()))),
            (Note::InBand(reason()), Some(Note::InBand(reason()))),
            (Note::NodeFiles(reason()), Some(Note::NodeFiles(Note::NodeFiles(reason()).to_string()))),
            (
                Note::StartsLate { restart: 1, wanted: WantedFrom::Since(after), first: Stamp(2) },
                Some(Note::StartsLate { restart: 1, wanted: WantedFrom::All(after), first: Stamp(2) }),
            ),
            (
                Note::Ended(
                    1,
                    Ended {
                        exit_code: 3,
                        reason: reason(),
                        started: Some(after),
                        finished: Some(after),
                        has_log: false,
                    },
                ),
                Some(Note::Ended(
                    1,
                    Ended { exit_code: 3, reason: reason(), started: None, finished: None, has_log: true },
                )),
            ),
        ] {
            let event = RunEvent::Note { container: std::sync::Arc::default(), note: note.clone() };
            let object = EventObject::of(&event, None, &JobIds::default(), Timestamp::UNIX_EPOCH, 1).unwrap();
            assert_eq!(object.whole_detail(), Some(Detail::Note(note.clone())));
            let bare = EventObject { detail: None, ..object };
            assert_eq!(bare.whole_detail(), told.map(Detail::Note), "{note:?}");
        }
        // A gap of which no reason is given is one between two lines.
        let event =
            RunEvent::Note { container: std::sync::Arc::default(), note: Note::Gap { restart: 1, after, before } };
        let object = EventObject::of(&event, None, &JobIds::default(), Timestamp::UNIX_EPOCH, 1).unwrap();
        let bare = EventObject { detail: None, reason: None, ..object };
        assert_eq!(bare.whole_detail(), Some(Detail::Note(Note::Gap { restart: 1, after, before })));
    }

    #[test]
    fn without_its_detail_a_jobs_end_tells_whether_it_failed() {
        for failed in [false, true] {
            let event = RunEvent::Ended(Ending { failed, pods: 3 });
            let object = EventObject::of(&event, None, &JobIds::default(), Timestamp::UNIX_EPOCH, 1).unwrap();
            let bare = EventObject { detail: None, ..object };
            assert_eq!(bare.whole_detail(), Some(Detail::JobEnded(Ending { failed, pods: 0 })));
        }
    }

    #[test]
    fn a_reason_that_says_nothing_is_left_out() {
        for (reason, given) in [("", None), ("why", Some("why"))] {
            let event = RunEvent::Note { container: std::sync::Arc::default(), note: Note::Waiting(reason.to_owned()) };
            let object = EventObject::of(&event, None, &JobIds::default(), Timestamp::UNIX_EPOCH, 1).unwrap();
            assert_eq!(object.reason.as_deref(), given);
        }
    }
}
