//! [`Gathering`]: listens to a run, and keeps what a report is made of.

use std::convert::Infallible;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::{Redaction, Troubles};
use crate::{
    k8s::{InstanceId, Line, Stamp},
    overview::{Depth, Overview},
    render::Meaning,
    session::{RunEvent, Sink, sink::Stop},
};

/// What a run told.
pub struct Gathered {
    /// The state of the job.
    pub overview: Overview,
    /// Lines that tell of errors.
    pub troubles: Troubles,
}

/// Listens to a run. When that is over it hands on what it kept.
pub struct Gathering {
    gathered: Gathered,
    done: oneshot::Sender<Gathered>,
}

impl Gathered {
    /// Nothing yet.
    pub fn new(redaction: Redaction) -> Gathered {
        Gathered { overview: Overview::new(Depth::Lines), troubles: Troubles::new(redaction) }
    }

    /// Takes what was said at `now`.
    pub fn take(&mut self, event: &RunEvent, now: Stamp) {
        match event {
            RunEvent::Lines(batch) => batch.lines.iter().for_each(|line| self.line(&batch.instance, line)),
            RunEvent::Merged(merged) => merged.iter().for_each(|(of, line)| self.line(&of.instance, line)),
            event => self.overview.take(event, now),
        }
        if let RunEvent::Complete { instance, .. } = event {
            self.troubles.complete(instance);
        }
    }

    /// What a line says is found out once for both.
    fn line(&mut self, of: &InstanceId, line: &Line) {
        let meaning = Meaning::of(&line.text);
        if let Some(place) = self.overview.place(&of.container) {
            self.overview.line_at(place, of.restart, line, meaning);
        }
        self.troubles.line(of, line, meaning);
    }
}

impl Gathering {
    /// One that has heard of nothing, and where to ask for what it kept.
    pub fn new(redaction: Redaction) -> (Gathering, oneshot::Receiver<Gathered>) {
        let (done, gathered) = oneshot::channel();
        (Gathering { gathered: Gathered::new(redaction), done }, gathered)
    }
}

impl Sink for Gathering {
    type Error = Infallible;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<Infallible>> {
        self.gathered.take(event, Stamp::from_timestamp(Timestamp::now()).unwrap_or_default());
        Ok(())
    }

    async fn finish(self) -> Result<(), Stop<Infallible>> {
        // Who asks no more was interrupted.
        let _ = self.done.send(self.gathered);
        Ok(())
    }
}
