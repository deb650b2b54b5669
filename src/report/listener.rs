//! [`Gathering`]: listens to a run, and keeps what a report is made of.

use std::convert::Infallible;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::{Redaction, Troubles};
use crate::{
    k8s::Stamp,
    overview::{Depth, Overview},
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
        self.overview.take(event, now);
        match event {
            RunEvent::Lines(batch) => self.troubles.lines_of(&batch.instance, &batch.lines),
            RunEvent::Merged(merged) => {
                merged.iter().for_each(|(of, line)| self.troubles.lines_of(&of.instance, std::slice::from_ref(line)));
            }
            RunEvent::Complete { instance, .. } => self.troubles.complete(instance),
            _ => {}
        }
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
