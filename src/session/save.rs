//! [`Saver`]: what a run tells → a job of an archive.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use super::{RunEvent, Sink, sink::Stop};
use crate::{
    archive::{
        ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, Fault, Gap, JobState, ObjectLog, Positions,
        StreamId, Writer,
    },
    follow::{
        cursor::{Cursor, KeptAs},
        earlier::{Earlier, Read},
        note::{Note, Proof},
    },
    k8s::{ContainerId, InstanceId, Line, Pod, Stamp, Target, status::InstanceState, targets},
    mask,
};

/// How often chunks are looked at for their age, also while nothing comes.
const TICK: Duration = Duration::from_millis(200);

/// How soon it is durable that an instance has started, should nothing more of it be read.
const KNOWN: Duration = Duration::from_secs(1);

/// Why the rest of a log is missing.
const DELETED: &str = "the pod was deleted before it was read to its end";

/// Why all of a log is missing.
const DELETED_UNREAD: &str = "the pod was deleted before it was read";

/// What goes into an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretHandling {
    /// As the pods wrote it.
    Kept,
    /// With secrets masked.
    Masked,
}

impl SecretHandling {
    /// What becomes of a line's text.
    pub fn kept_as(self) -> Option<KeptAs> {
        match self {
            SecretHandling::Kept => None,
            SecretHandling::Masked => Some(mask::mask_bytes),
        }
    }
}

/// Writes what a run tells. Its calls wait while the store is slow or away.
pub struct Saver {
    writer: Writer,
    secrets: SecretHandling,
    containers: HashMap<ContainerId, Arc<Target>>,
    /// The version of each object that was kept last, by its uid; of those that have none, the text.
    objects: HashMap<(ObjectLog, String), String>,
    /// The containers of the pods that were kept, and how many instances of each had started.
    started: BTreeMap<ArchivedInstance, u32>,
    /// Since when more have started than is on its way into the archive.
    unsealed: Option<Instant>,
    /// The API server, where pods are found.
    host: String,
    ticked: Instant,
}

impl Saver {
    /// One that goes on where the archive ends. `job` is what it holds, if it holds anything; `host` is the API server.
    ///
    /// # Errors
    /// What the store says.
    pub async fn new(
        writer: Writer,
        job: Option<&ArchivedJob>,
        secrets: SecretHandling,
        host: &str,
    ) -> Result<Saver, ArchiveError> {
        let (mut objects, mut started) = (HashMap::new(), BTreeMap::new());
        if let Some(job) = job {
            for change in ObjectLog::ALL {
                let stream = ArchivedStream::Changes(change);
                let read = job.lines(&stream, |lines| {
                    for object in lines.iter().filter_map(|line| serde_json::from_slice::<Value>(&line.text).ok()) {
                        if change == ObjectLog::Pods {
                            started.extend(instances(&object));
                        }
                        objects.extend([version_of(change, &object)]);
                    }
                });
                match read.await {
                    // What cannot be read is kept once more.
                    Ok(()) | Err(ArchiveError::Damaged { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let (containers, host) = (HashMap::new(), host.to_owned());
        Ok(Saver { writer, secrets, containers, objects, started, unsealed: None, host, ticked: Instant::now() })
    }

    /// What was last said of the job.
    pub fn state(&self) -> &JobState {
        self.writer.state()
    }

    /// Takes an object as it is now, unless it is as it was.
    ///
    /// # Errors
    /// As [`Writer::push`]; here and below.
    pub async fn object(&mut self, change: ObjectLog, mut object: Value) -> Result<(), ArchiveError> {
        if self.secrets == SecretHandling::Masked {
            mask::mask_json(&mut object);
        }
        let (key, version) = version_of(change, &object);
        if self.objects.get(&key) == Some(&version) {
            return Ok(());
        }
        self.objects.insert(key, version);
        if change == ObjectLog::Pods {
            for (container, count) in instances(&object) {
                if self.started.insert(container, count).unwrap_or(0) < count {
                    self.unsealed.get_or_insert_with(Instant::now);
                }
            }
            // Whoever finds it gone knows by this that it was here.
            if let Some(namespace) = object["metadata"]["namespace"].as_str().filter(|_| object["deleted"] != true) {
                self.tell_at(namespace).await?;
            }
        }
        let now = Stamp::from_timestamp(Timestamp::now()).unwrap_or_default();
        self.writer.change(change, now, &object).await
    }

    /// Makes what is known of pods and Jobs durable before all that is taken afterwards: an instance whose pod goes before it is
    /// read can be told as missing only by who knows that it was there.
    pub async fn seal_objects(&mut self) -> Result<(), ArchiveError> {
        self.unsealed = None;
        for change in [ObjectLog::Pods, ObjectLog::Jobs] {
            self.writer.close_changes(change).await?;
        }
        Ok(())
    }

    /// Says where the pods are.
    async fn tell_at(&mut self, namespace: &str) -> Result<(), ArchiveError> {
        let at = Some(at(&self.host, namespace));
        if self.state().at == at {
            return Ok(());
        }
        self.tell(JobState { at, ..self.state().clone() }).await
    }

    /// Takes what is known of the job.
    pub async fn tell(&mut self, state: JobState) -> Result<(), ArchiveError> {
        self.writer.tell(JobState { masked: self.secrets == SecretHandling::Masked, ..state }).await
    }

    /// Says of instances that were not read to their end, and whose pods this run has not found in `namespace`, that no more
    /// will come. Pods that were found elsewhere, at another API server or in another namespace, may be there still. Returns
    /// what it has said.
    pub async fn close_absent(&mut self, namespace: &str) -> Result<Vec<Fault>, ArchiveError> {
        let mut lost = Vec::new();
        if self.state().at.as_deref() != Some(&*at(&self.host, namespace)) {
            return Ok(lost);
        }
        for (id, instance) in self.writer.unfinished() {
            if !self.containers.contains_key(&instance.container_id()) {
                lost.push(self.deleted(id, &instance, DELETED).await?);
                self.writer.complete(id, "what was left of it was read").await?;
            }
        }
        // Instances that came and went while nobody saved, or of which nothing had become durable.
        for (container, count) in std::mem::take(&mut self.started) {
            let is_here = self.containers.contains_key(&container.container_id());
            for restart in (0..count).filter(|_| !is_here) {
                let instance = ArchivedInstance { restart, ..container.clone() };
                let stream = ArchivedStream::Log(instance.clone());
                if !self.writer.knows(&stream) {
                    let id = self.writer.stream(stream)?;
                    lost.push(self.deleted(id, &instance, DELETED_UNREAD).await?);
                    self.writer.complete(id, &Proof::GoneBefore.to_string()).await?;
                }
            }
        }
        Ok(lost)
    }

    async fn deleted(&mut self, id: StreamId, of: &ArchivedInstance, why: &str) -> Result<Fault, ArchiveError> {
        self.writer.gap(id, why).await?;
        let gap = Gap { after_line: self.writer.lines(id), reason: why.to_owned(), gone_before: false };
        Ok(Fault::missing(of, &gap))
    }

    /// Makes everything durable and lets the next writer in.
    pub async fn finish(self) -> Result<(), ArchiveError> {
        self.writer.finish().await
    }

    fn stream(&mut self, container: &ContainerId, restart: u32) -> Result<Option<StreamId>, ArchiveError> {
        let Some(target) = self.containers.get(container) else { return Ok(None) };
        self.writer.stream(ArchivedStream::Log(instance(target, restart))).map(Some)
    }

    async fn take(&mut self, event: &RunEvent) -> Result<(), ArchiveError> {
        match event {
            RunEvent::Found(target) => {
                self.containers.insert(target.id(), target.clone());
                self.tell_at(&target.namespace).await?;
            }
            RunEvent::Lines(batch) => self.lines(&batch.instance, &batch.lines).await?,
            RunEvent::Merged(merged) => {
                for line in &merged.lines {
                    if let Some(origin) = merged.of.get(line.of) {
                        self.lines(&origin.instance, std::slice::from_ref(&line.line)).await?;
                    }
                }
            }
            RunEvent::Note { container, note } => self.note(container, note).await?,
            RunEvent::Gap { instance, note } => self.gap(instance, note).await?,
            RunEvent::Complete { instance, proof, .. } => {
                self.complete(&instance.container, instance.restart, &proof.to_string()).await?;
            }
            RunEvent::Job(_) | RunEvent::Notice(_) | RunEvent::Ended(_) | RunEvent::At(_) => {}
        }
        self.tick().await
    }

    async fn tick(&mut self) -> Result<(), ArchiveError> {
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            if self.unsealed.is_some_and(|since| since.elapsed() >= KNOWN) {
                self.seal_objects().await?;
            }
            self.writer.tick().await?;
        }
        Ok(())
    }

    async fn lines(&mut self, instance: &InstanceId, lines: &[Line]) -> Result<(), ArchiveError> {
        let Some(id) = self.stream(&instance.container, instance.restart)? else { return Ok(()) };
        match self.secrets.kept_as() {
            None => self.writer.push(id, lines).await,
            Some(kept_as) => {
                let masked = |line: &Line| match kept_as(&line.text) {
                    Cow::Borrowed(_) => line.clone(),
                    Cow::Owned(text) => Line { stamp: line.stamp, text: text.into() },
                };
                self.writer.push(id, &lines.iter().map(masked).collect::<Vec<_>>()).await
            }
        }
    }

    /// Takes note of what was gone before anybody could have read it: of a log it is no fault, but an archive lacks it.
    async fn note(&mut self, container: &ContainerId, note: &Note) -> Result<(), ArchiveError> {
        match note {
            Note::StartsLate { restart, .. } => match self.stream(container, *restart)? {
                Some(id) => self.writer.gap_at_start(id, &note.to_string()).await,
                None => Ok(()),
            },
            Note::Gone { restart, .. } => self.gone_before(container, *restart, note).await,
            Note::GoneBefore { count } => {
                let mut left = *count;
                for restart in 0.. {
                    let id = if left > 0 { self.stream(container, restart)? } else { None };
                    let Some(id) = id else { break };
                    // Those that the node still had are not among them.
                    if self.writer.lines(id) == 0 {
                        left -= 1;
                        self.gone_before(container, restart, note).await?;
                        self.complete(container, restart, &Proof::GoneBefore.to_string()).await?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn gap(&mut self, instance: &InstanceId, note: &Note) -> Result<(), ArchiveError> {
        let InstanceId { container, restart } = instance;
        match note {
            // The next run tries again.
            Note::Unreadable { .. } => Ok(()),
            // Nothing more of it is to be had.
            _ if note.open_end().is_some() => {
                self.missing(container, *restart, note).await?;
                self.complete(container, *restart, "what was left of it was read").await
            }
            _ => self.missing(container, *restart, note).await,
        }
    }

    async fn gone_before(&mut self, container: &ContainerId, restart: u32, note: &Note) -> Result<(), ArchiveError> {
        match self.stream(container, restart)? {
            Some(id) => self.writer.gone_before(id, &note.to_string()).await,
            None => Ok(()),
        }
    }

    async fn missing(&mut self, container: &ContainerId, restart: u32, note: &Note) -> Result<(), ArchiveError> {
        match self.stream(container, restart)? {
            Some(id) => self.writer.gap(id, &note.to_string()).await,
            None => Ok(()),
        }
    }

    async fn complete(&mut self, container: &ContainerId, restart: u32, proof: &str) -> Result<(), ArchiveError> {
        match self.stream(container, restart)? {
            Some(id) => self.writer.complete(id, proof).await,
            None => Ok(()),
        }
    }
}

/// Listens to a run for a saver that others tell something too.
pub struct SharedSaver(pub Arc<Mutex<Saver>>);

impl Sink for SharedSaver {
    type Error = ArchiveError;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<ArchiveError>> {
        self.0.lock().await.take(event).await.map_err(Stop::Failed)
    }

    async fn pause(&mut self) -> Result<Option<Duration>, Stop<ArchiveError>> {
        Ok(Some(TICK))
    }

    async fn silence(&mut self) -> Result<(), Stop<ArchiveError>> {
        self.0.lock().await.tick().await.map_err(Stop::Failed)
    }

    async fn finish(self) -> Result<(), Stop<ArchiveError>> {
        Ok(())
    }
}

/// What tells an object from others, and from what it was before.
fn version_of(change: ObjectLog, object: &Value) -> ((ObjectLog, String), String) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (uid, version) = (text(&object["metadata"]["uid"]), text(&object["metadata"]["resourceVersion"]));
    let deleted = if object["deleted"] == true { " deleted" } else { "" };
    match (uid, version) {
        (Some(uid), Some(version)) => ((change, uid), version + deleted),
        _ => ((change, String::new()), object.to_string()),
    }
}

/// Where pods are found.
fn at(host: &str, namespace: &str) -> String {
    format!("{host} {namespace}")
}

/// The containers of a pod, each as its first instance, and how many instances of it have started.
fn instances(pod: &Value) -> Vec<(ArchivedInstance, u32)> {
    let Ok(pod) = serde_json::from_value::<Pod>(pod.clone()) else { return Vec::new() };
    let started = |target: &Target| {
        let status = pod.container(&target.container);
        let has_begun = !matches!(status.state, InstanceState::Waiting { .. }) || status.last.is_some();
        status.restart + u32::from(has_begun)
    };
    targets(&pod).iter().map(|target| (instance(target, 0), started(target))).collect()
}

fn instance(target: &Target, restart: u32) -> ArchivedInstance {
    let Target { namespace, pod, uid, container, .. } = target.clone();
    ArchivedInstance { namespace, pod, uid, container, restart }
}

/// What the archive has of a container, for a follower to go on from. The run before ended `away` ago at most.
///
/// # Errors
/// What the store says.
pub async fn earlier(
    positions: Positions,
    target: Arc<Target>,
    away: Duration,
    secrets: SecretHandling,
) -> Result<Earlier, ArchiveError> {
    let found = positions.of(&instance(&target, 0)).await?;
    let read = found.into_iter().map(|(restart, position)| {
        let cursor = Cursor::resumed(position.lines, &position.tail, position.before, secrets.kept_as());
        (restart, Read { cursor, sealed: position.complete })
    });
    Ok(Earlier::new(read, away))
}

#[cfg(test)]
mod tests;
