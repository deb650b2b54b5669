//! [`RunStats`]: what came of a run, from which its exit code follows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Notice, RunEvent, ending::Ending};
use crate::{
    follow::note::{Note, Proof},
    k8s::{ContainerId, InstanceId},
};

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Containers that were found.
    pub containers: usize,
    /// Which these are: one may be in an archive and in a cluster.
    found: BTreeSet<ContainerId>,
    /// Lines handed on.
    pub lines: u64,
    /// Containers of which lines are missing.
    missing: BTreeSet<Arc<ContainerId>>,
    /// Whether lines may be missing of which nobody knows whose they are: a part of an archive's index is not there.
    index_incomplete: bool,
    /// How many containers may not be read, by what the server said.
    pub forbidden: BTreeMap<String, usize>,
    /// Instances of which no more lines will come: how many lines were handed on, and how that is known.
    pub complete: BTreeMap<InstanceId, (u64, Proof)>,
    /// How the jobs ended that were followed, taken together, once one has and everything of it was read. `None` after a run that
    /// came to its end: nobody listened any more.
    pub ended: Option<Ending>,
}

impl RunStats {
    /// Of how many containers lines are missing, or may be.
    pub fn incomplete(&self) -> usize {
        if self.index_incomplete { self.containers } else { self.missing.len() }
    }

    /// Whether a job that was followed has failed.
    pub fn has_failed(&self) -> bool {
        self.ended.is_some_and(|ended| ended.failed)
    }

    /// Takes note of what was said.
    pub fn take(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Found(target) => {
                self.found.insert(target.id());
                self.containers = self.found.len();
            }
            RunEvent::Lines(_) | RunEvent::Merged(_) => self.lines += event.lines() as u64,
            RunEvent::Gap { instance, .. } => {
                self.missing.insert(instance.container.clone());
            }
            RunEvent::Note { note: Note::Forbidden(message), .. } => {
                *self.forbidden.entry(message.clone()).or_default() += 1;
            }
            RunEvent::Complete { instance, lines, proof } => {
                self.complete.insert(instance.clone(), (*lines, *proof));
            }
            RunEvent::Ended(Ending { failed, pods }) => {
                let ended = self.ended.get_or_insert_default();
                (ended.failed, ended.pods) = (ended.failed || *failed, ended.pods.saturating_add(*pods));
            }
            RunEvent::Notice(Notice::IndexIncomplete(_)) => self.index_incomplete = true,
            RunEvent::Job(_) | RunEvent::Note { .. } | RunEvent::Notice(_) | RunEvent::At(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
        follow::drive::{Batch, DriverEvent},
        k8s::{ContainerKind, Line, Phase, Role, Stamp, Target},
        merge::{Merged, MergedLine, Origin},
    };

    fn found(uid: &str, container: &str) -> RunEvent {
        RunEvent::Found(Arc::new(Target {
            namespace: "default".to_owned(),
            pod: "p".to_owned(),
            uid: uid.to_owned(),
            container: container.to_owned(),
            kind: ContainerKind::Regular,
            role: Role::Batch,
            phase: Phase::Running,
            node: None,
        }))
    }

    #[test]
    fn containers_lines_and_refusals_are_counted() {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "blast".to_owned() });
        let instance = InstanceId { container: container.clone(), restart: 0 };
        let line = Line { stamp: Stamp(1), text: Bytes::from_static(b"a") };
        let lines = |count| Batch { instance: instance.clone(), stream: None, lines: vec![line.clone(); count] };
        let origin = Origin { instance: instance.clone(), stream: None };
        let merged = Merged { of: vec![origin], lines: vec![MergedLine { of: 0, line: line.clone() }] };
        let note = |note: Note| RunEvent::Note { container: container.clone(), note };
        let mut stats = RunStats::default();
        for event in [
            found("1", "blast"),
            found("1", "export"),
            found("2", "blast"),
            found("1", "blast"),
            RunEvent::Lines(lines(3)),
            RunEvent::Merged(merged),
            RunEvent::Lines(lines(2)),
            note(Note::Forbidden("no".to_owned())),
            note(Note::Forbidden("never".to_owned())),
            note(Note::Forbidden("no".to_owned())),
            note(Note::Started(1)),
            RunEvent::Notice(Notice::RowReadable),
        ] {
            stats.take(&event);
        }
        assert_eq!((stats.containers, stats.lines, stats.incomplete()), (3, 6, 0), "one may be found twice");
        assert_eq!(stats.forbidden, BTreeMap::from([("never".to_owned(), 1), ("no".to_owned(), 2)]));
        assert!(!stats.has_failed() && stats.ended.is_none());
    }

    #[test]
    fn a_container_counts_once_however_often_lines_of_it_are_missing() {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "blast".to_owned() });
        let instance = InstanceId { container: container.clone(), restart: 1 };
        let lost = |restart| DriverEvent::Note(container.clone(), Note::Lost { restart, reason: "deleted".to_owned() });
        let mut stats = RunStats::default();
        for told in [
            lost(0),
            lost(1),
            DriverEvent::Note(container.clone(), Note::Gone { restart: 2, reason: "collected".to_owned() }),
            DriverEvent::Note(container.clone(), Note::Forbidden("no".to_owned())),
            DriverEvent::Complete { instance: instance.clone(), lines: 4, proof: Proof::Checked },
        ] {
            stats.take(&told.into());
        }
        assert_eq!(stats.incomplete(), 1);
        (stats.containers, stats.ended) = (3, None);
        for (failed, pods, has_failed) in [(false, 2, false), (true, 3, true), (false, 1, true)] {
            stats.take(&RunEvent::Ended(Ending { failed, pods }));
            assert_eq!(stats.has_failed(), has_failed, "one of several");
        }
        assert_eq!((stats.incomplete(), stats.ended), (1, Some(Ending { failed: true, pods: 6 })));
        stats.take(&RunEvent::Notice(Notice::IndexIncomplete(String::new())));
        assert_eq!(stats.incomplete(), 3, "nobody knows whose lines a part of the index named");
        assert_eq!(stats.forbidden, BTreeMap::from([("no".to_owned(), 1)]));
        assert_eq!(stats.complete, BTreeMap::from([(instance, (4, Proof::Checked))]));
    }
}
