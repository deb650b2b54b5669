//! What tests of runs begin with: a cluster with pods, and who keeps all that is said.

use std::{convert::Infallible, ops::Deref};

use testcluster::{Access, PodHandle};
use tokio::sync::mpsc;

use super::{
    Outlet, RunEvent, Sink,
    fan_out::{FanOut, RunningSink, SinkRunner},
    sink::Stop,
};
use crate::{
    cluster::fixtures::Connected,
    discover::{Match, Selection, watch},
    k8s::{InstanceId, Line},
};

#[cfg(feature = "archive")]
mod memory;

#[cfg(feature = "archive")]
pub use memory::{MemoryArchive, instance, line};

/// The job.
pub const ID: &str = "job-429825360482416da20736cf3ed51a95";

/// What is looked for.
pub fn selection() -> Selection {
    Selection { id: ID.parse().unwrap(), include_setup: false, labels: None }
}

/// A cluster, and whoever asks it.
pub struct Scene(Connected);

impl Deref for Scene {
    type Target = Connected;

    fn deref(&self) -> &Connected {
        &self.0
    }
}

impl Scene {
    pub async fn new(user: Access) -> Scene {
        Scene(Connected::new(user).await)
    }

    /// A pod that has printed a line.
    pub fn pod(&self, name: &str, app: &str) -> PodHandle {
        let pod = self.server.pod(name).label("app", app).label("elb-job-id", ID).restart_policy("Never");
        let pod = pod.container("c").create();
        pod.start("c").print("c", format!("line of {name}"));
        pod
    }

    /// One that has ended with this code.
    pub fn ended(&self, name: &str, app: &str, code: i32) -> PodHandle {
        let pod = self.pod(name, app);
        pod.terminate("c", code);
        pod
    }

    /// The job's pods.
    pub async fn pods(&self) -> Vec<Match> {
        watch::list(&self.cluster.client(), "default", &selection()).await.unwrap()
    }
}

/// Keeps all that a run says.
pub struct Kept(mpsc::UnboundedSender<RunEvent>);

impl Sink for Kept {
    type Error = Infallible;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<Self::Error>> {
        self.0.send(event.clone()).map_err(|_| Stop::Enough)
    }

    async fn finish(self) -> Result<(), Stop<Self::Error>> {
        Ok(())
    }
}

/// What is said into an [`outlet`].
pub struct Said {
    sink: RunningSink<Infallible>,
    events: mpsc::UnboundedReceiver<RunEvent>,
}

/// An outlet, and what is said into it.
pub fn outlet() -> (Outlet, Said) {
    let (kept, events) = mpsc::unbounded_channel();
    let mut fan_out = FanOut::default();
    let sink = fan_out.add(Kept(kept), SinkRunner::Task).unwrap();
    (fan_out.open(), Said { sink, events })
}

impl Said {
    /// All of it, when nobody holds the outlet any more.
    pub async fn all(mut self) -> Vec<RunEvent> {
        self.sink.finish().await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = self.events.recv().await {
            events.push(event);
        }
        events
    }

    /// Nobody listens any more, which an outlet knows when something was said in vain.
    pub async fn end(self, outlet: &Outlet) {
        drop(self.events);
        while outlet.send(super::Notice::RowReadable).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

/// Events as short texts: a line as `CONTAINER#INSTANCE TEXT`, whatever it came in.
pub fn texts(events: &[RunEvent]) -> Vec<String> {
    let of = |InstanceId { container, restart }: &InstanceId| format!("{}#{restart}", container.container);
    let text = |of: String, line: &Line| format!("{of} {}", String::from_utf8_lossy(&line.text));
    let texts = events.iter().flat_map(|event| match event {
        RunEvent::Found(target) => vec![format!("found {}", target.container)],
        RunEvent::Lines(batch) => batch.lines.iter().map(|line| text(of(&batch.instance), line)).collect(),
        RunEvent::Merged(merged) => merged.iter().map(|(origin, line)| text(of(&origin.instance), line)).collect(),
        RunEvent::Note { container, note } => vec![format!("note {}: {note}", container.container)],
        RunEvent::Gap { instance, note } => vec![format!("gap {}: {note}", of(instance))],
        RunEvent::Complete { instance, lines, proof } => vec![format!("complete {}: {lines}, {proof:?}", of(instance))],
        RunEvent::Notice(notice) => vec![format!("notice: {notice}")],
        RunEvent::Job(_) | RunEvent::Ended(_) | RunEvent::At(_) => vec![format!("{event:?}")],
    });
    texts.collect()
}

/// Lines and nothing else, in order.
pub fn sorted_lines(events: &[RunEvent]) -> Vec<String> {
    let lines: Vec<RunEvent> = events.iter().filter(|event| event.lines() > 0).cloned().collect();
    let mut lines: Vec<String> =
        texts(&lines).into_iter().filter_map(|text| text.split_once(' ').map(|(_, line)| line.to_owned())).collect();
    lines.sort();
    lines
}
