//! [`Recovery`]: what the log API no longer has of a container, read from the files of its node.
//!
//! It stands between the follower and whoever takes the lines. Where the follower tells that lines are missing, or a log's
//! beginning may be, the files are read and their lines handed on at their place: before those that follow. What was recovered
//! is not told as missing; of what was not, it is told why.
//!
//! `stretch` is what is looked for and what was found of it, `files` reads files, `search` finds it among what they say, `held`
//! keeps what may belong elsewhere, `begun` is a log's beginning, and `nodes` whether any of this is permitted.

mod begun;
mod files;
mod held;
mod nodes;
mod search;
mod stretch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use self::nodes::Nodes;
use self::{
    begun::Begun,
    stretch::{NotRecovered, RecoveredLines, Stretch, first, narrowed},
};
use super::{
    cursor::Cursor,
    drive::{Batch, DriverEvent},
    event::InstanceLines,
    follower::{Output, Scope},
    listener::{Listener, Unheard},
    note::{Note, Proof, Seal},
};
use crate::{
    k8s::{ContainerId, InstanceId, Line, Stamp, Stream, Target},
    node_logs,
};

/// Hands on what one container says, with what its node still has at its place.
pub struct Recovery<L> {
    nodes: Arc<Nodes>,
    target: Arc<Target>,
    id: Arc<ContainerId>,
    scope: Scope,
    /// Only lines stamped at or after this are handed on, whatever is read.
    shown: Option<Stamp>,
    listener: L,
    /// The node, once it is known.
    node: Option<String>,
    /// The log that is read now, until it is known whether it was read from its first line on.
    begun: Option<Begun>,
    /// Whether any line was handed on.
    any: bool,
    /// Lines handed on, by instance, of those that are not complete.
    handed: BTreeMap<u32, u64>,
    /// How many lines the follower had read before the latest gap of an instance. The lines that were recovered of it are no part of
    /// what the follower has read.
    before_gap: BTreeMap<u32, u64>,
    /// Instances of which it was told that their end was not seen.
    open_ends: BTreeSet<u32>,
    /// Instances of which it was told that their log was gone, or was not checked.
    doubts: BTreeSet<u32>,
}

impl<L: Listener<DriverEvent>> Recovery<L> {
    /// Of one container. Of what is read, only lines stamped at or after `shown` are handed on.
    pub fn new(nodes: Arc<Nodes>, target: Arc<Target>, scope: Scope, shown: Option<Stamp>, listener: L) -> Self {
        Recovery {
            id: Arc::new(target.id()),
            nodes,
            target,
            scope,
            shown,
            listener,
            node: None,
            begun: None,
            any: false,
            handed: BTreeMap::new(),
            before_gap: BTreeMap::new(),
            open_ends: BTreeSet::new(),
            doubts: BTreeSet::new(),
        }
    }

    fn instance(&self, restart: u32) -> InstanceId {
        InstanceId { container: self.id.clone(), restart }
    }

    /// Tells that nothing more will come of an instance, unless it was told that its end was not seen. What the follower could not
    /// prove, the node's files may have.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn seal(&mut self, Seal { restart, proof }: Seal) -> Result<(), Unheard> {
        let lines = self.handed.remove(&restart).unwrap_or_default();
        self.before_gap.remove(&restart);
        let doubted = self.doubts.remove(&restart);
        if self.open_ends.remove(&restart) {
            return Ok(());
        }
        let proof = match proof {
            Some(Proof::Rotated | Proof::StreamEnded | Proof::GoneBefore) | None if !doubted => Proof::NodeFiles,
            Some(proof) => proof,
            None => return Ok(()),
        };
        self.listener.hear(DriverEvent::Complete { instance: self.instance(restart), lines, proof }).await
    }

    /// Tells where the container runs.
    pub fn runs_on(&mut self, node: Option<&str>) {
        if let (None, Some(node)) = (&self.node, node) {
            self.node = Some(node.to_owned());
        }
    }

    /// Hands lines and notes on.
    ///
    /// # Errors
    /// When nobody takes them.
    pub async fn hand_on(&mut self, out: &mut Output) -> Result<(), Unheard> {
        for InstanceLines { restart, lines } in out.before.drain(..) {
            Box::pin(self.lines(restart, None, lines)).await?;
        }
        let lines = std::mem::take(&mut out.lines);
        let read = std::mem::take(&mut out.read);
        let start = out.start.take();
        let mut later = Vec::new();
        // What the lines are about comes first: a container starts before it prints.
        // What is rare is boxed, here and below: else each driver has room for it all the time.
        for note in out.notes.drain(..) {
            if is_after(&note, out.restart) && !lines.is_empty() {
                later.push(note);
                continue;
            }
            Box::pin(self.note(note, &read, &lines)).await?;
        }
        if let Some(start) = start {
            Box::pin(self.begin(start, &lines)).await?;
        }
        if lines.is_empty() {
            return if self.listener.is_gone() { Err(Unheard) } else { Ok(()) };
        }
        self.lines(out.restart, None, lines).await?;
        self.judge().await?;
        for note in later {
            Box::pin(self.note(note, &read, &[])).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, note: Note) -> Result<(), Unheard> {
        self.open_ends.extend(note.open_end());
        if let Note::Gone { restart, .. } | Note::Unchecked { restart, .. } = note {
            self.doubts.insert(restart);
        }
        self.listener.hear(DriverEvent::Note(self.id.clone(), note)).await
    }

    async fn lines(&mut self, restart: u32, stream: Option<Stream>, mut lines: Vec<Line>) -> Result<(), Unheard> {
        self.any = true;
        if let Some(begun) = self.begun.as_mut().filter(|begun| begun.start.restart == restart) {
            begun.read(&lines);
        }
        if let Some(shown) = self.shown {
            lines.retain(|line| line.stamp >= shown);
            if lines.is_empty() {
                return Ok(());
            }
        }
        *self.handed.entry(restart).or_default() += lines.len() as u64;
        let batch = Batch { instance: self.instance(restart), stream, lines };
        self.listener.hear(DriverEvent::Lines(batch)).await
    }

    /// Tells a note, or hands on the lines whose loss it is about.
    async fn note(&mut self, note: Note, read: &[(u32, Cursor)], after: &[Line]) -> Result<(), Unheard> {
        let rest = |restart| {
            let known = read.iter().find(|(of, _)| *of == restart).map(|(_, read)| read.clone());
            let mut read = known.unwrap_or_default();
            read.forget(self.before_gap.get(&restart).copied().unwrap_or_default());
            Stretch { restart, knows_newest: false, read, after: Vec::new(), last: None }
        };
        match note {
            Note::Gap { restart, after: last, before } => {
                let stretch = match before {
                    Some(_) => Stretch { after: first(after), ..rest(restart) },
                    None => rest(restart),
                };
                self.before_gap.insert(restart, stretch.read.count());
                let found = self.recover(stretch).await?;
                if found.is_all() {
                    return Ok(());
                }
                self.tell(narrowed(restart, last, before, &found)).await?;
                self.explain(found.why()).await
            }
            Note::GoneBefore { count } => {
                let left = self.earlier(count).await?;
                if left > 0 { self.tell(Note::GoneBefore { count: left }).await } else { Ok(()) }
            }
            Note::Gone { restart, .. } | Note::Lost { restart, .. } => {
                let last = self.scope.tail.filter(|_| !self.any);
                let found = self.recover(Stretch { last, ..rest(restart) }).await?;
                let Some(why) = found.cut.clone() else { return self.tell_begin(restart, &found).await };
                let is_lost = matches!(note, Note::Lost { .. });
                match (found.stamps, note) {
                    (Some((_, last)), Note::Lost { reason, .. } | Note::Gone { reason, .. }) => {
                        self.tell(Note::Unverified { restart, last: Some(last), reason }).await?;
                    }
                    (_, note) => self.tell(note).await?,
                }
                if is_lost { self.explain(why).await } else { Ok(()) }
            }
            Note::Unverified { restart, last, .. } | Note::Unreadable { restart, last, .. } => {
                self.rest_of(note, rest(restart), last).await
            }
            Note::Unchecked { restart, .. } => {
                let read = rest(restart);
                let last = read.read.last();
                self.rest_of(note, read, last).await
            }
            note => self.tell(note).await,
        }
    }

    /// Hands on what comes after the last line read, or tells what the note does.
    async fn rest_of(&mut self, note: Note, stretch: Stretch, last: Option<Stamp>) -> Result<(), Unheard> {
        let restart = stretch.restart;
        let found = self.recover(stretch).await?;
        match (&found.cut, last) {
            (None, Some(last)) if found.begins_late => {
                self.tell(narrowed(restart, last, None, &found)).await?;
                return self.explain(NotRecovered::Older).await;
            }
            (None, Some(_)) => return Ok(()),
            (None, None) => return self.tell_begin(restart, &found).await,
            (Some(_), _) => {}
        }
        let reached = found.stamps.map(|(_, reached)| reached);
        let why = found.why();
        let note = match note {
            Note::Unverified { restart, last, reason } => Note::Unverified { restart, last: reached.or(last), reason },
            Note::Unreadable { restart, last, reason } => Note::Unreadable { restart, last: reached.or(last), reason },
            note => note,
        };
        self.tell(note).await?;
        self.explain(why).await
    }

    /// Tells where the log of an instance begins of which only files are left, when they may not be all there were.
    async fn tell_begin(&mut self, restart: u32, found: &RecoveredLines) -> Result<(), Unheard> {
        let (Some((first, _)), 2..) = (found.stamps, found.files.len()) else { return Ok(()) };
        let text = format!(
            "the log of instance {restart} was read from its node's files, which start at {}: earlier lines may have been rotated away",
            first.to_timestamp()
        );
        self.tell(Note::NodeFiles(text)).await
    }

    /// Tells why the node does not help, as far as it is news.
    async fn explain(&mut self, why: NotRecovered) -> Result<(), Unheard> {
        let node = self.node.as_deref().unwrap_or("its node");
        let (text, once) = match why {
            NotRecovered::Unwanted => return Ok(()),
            // Whoever may read one node's files may read all.
            NotRecovered::NotPermitted => {
                let once = "not permitted".to_owned();
                (node_logs::with_permission(node), Some(once))
            }
            NotRecovered::Older => (format!("they are older than the files that node {node} keeps"), None),
            // So it is wherever a pod was deleted: what is told besides says so.
            NotRecovered::NotKept => {
                let text = format!("node {node} keeps no file of it any more");
                (text.clone(), Some(text))
            }
            NotRecovered::Other(why) => {
                let text = format!("they cannot be read from node {node} either: {why}");
                (text.clone(), Some(text))
            }
        };
        match once {
            Some(once) if !self.nodes.is_news(&once).await => Ok(()),
            _ => self.tell(Note::NodeFiles(text)).await,
        }
    }
}

/// Whether a note is about what comes after the lines of instance `restart` that are told with it.
fn is_after(note: &Note, restart: u32) -> bool {
    match note {
        Note::Gap { restart: of, before: None, .. }
        | Note::Gone { restart: of, .. }
        | Note::Lost { restart: of, .. }
        | Note::Unreadable { restart: of, .. }
        | Note::Unverified { restart: of, .. }
        | Note::Unchecked { restart: of, .. } => *of >= restart,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
