//! [`Input`]: what one container, or an archive, has sent and was not handed on.

use std::vec::IntoIter;

use tokio::sync::mpsc;

use super::Origin;
use crate::{
    follow::{
        drive::{Batch, DriverEvent},
        listener::{Listener, Unheard},
    },
    k8s::{Line, Stamp},
};

/// A channel for what one input says.
pub fn input() -> (InputSender, mpsc::Receiver<DriverEvent>) {
    let (sender, events) = mpsc::channel(1);
    (InputSender(sender), events)
}

/// Takes what is said. It has room for more when the merge has taken what was said before: until then nothing is read.
#[derive(Debug, Clone)]
pub struct InputSender(mpsc::Sender<DriverEvent>);

impl Listener<DriverEvent> for InputSender {
    async fn hear(&self, said: DriverEvent) -> Result<(), Unheard> {
        self.0.send(said).await.map_err(|_| Unheard)?;
        // One that reads on already would have one batch in its hands, with one here and one in the merge.
        self.0.reserve().await.map(drop).map_err(|_| Unheard)
    }

    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }

    async fn gone(&self) {
        self.0.closed().await;
    }
}

/// Where lines come from.
pub(super) struct Input {
    /// What it sends.
    pub events: mpsc::Receiver<DriverEvent>,
    /// Whose lines it has now.
    origin: Option<Origin>,
    /// Its place among the origins of the lines that are being gathered, and which gathering that is.
    seat: Option<(u64, usize)>,
    lines: IntoIter<Line>,
    /// The latest stamp seen.
    reached: Stamp,
}

impl Input {
    /// One whose lines count as stamped at `after` or later.
    pub fn new(events: mpsc::Receiver<DriverEvent>, after: Option<Stamp>) -> Input {
        let reached = after.unwrap_or(Stamp(i64::MIN));
        Input { events, origin: None, seat: None, lines: Vec::new().into_iter(), reached }
    }

    /// Takes a batch, when the one before is used up.
    pub fn fill(&mut self, batch: Batch) {
        debug_assert!(self.lines.as_slice().is_empty());
        let Batch { instance, stream, lines } = batch;
        (self.origin, self.seat, self.lines) = (Some(Origin { instance, stream }), None, lines.into_iter());
    }

    /// The stamp of the first line, waiting for it; `None` when the input ends without one. Notes that come before it are
    /// handed on.
    pub async fn first(&mut self, out: &impl Listener<DriverEvent>) -> Result<Option<Stamp>, Unheard> {
        while let Some(event) = self.events.recv().await {
            match event {
                DriverEvent::Lines(batch) => {
                    self.fill(batch);
                    return Ok(self.head());
                }
                note => out.hear(note).await?,
            }
        }
        Ok(None)
    }

    /// The stamp that the next line counts as, if there is one: no earlier than the line before it.
    pub fn head(&self) -> Option<Stamp> {
        self.lines.as_slice().first().map(|line| line.stamp.max(self.reached))
    }

    /// The next line.
    pub fn take(&mut self) -> Option<Line> {
        let line = self.lines.next()?;
        self.reached = self.reached.max(line.stamp);
        Some(line)
    }

    /// The place among `origins` of the lines it has now, in the gathering of this number.
    pub fn seat(&mut self, gathering: u64, origins: &mut Vec<Origin>) -> Option<usize> {
        if let Some((of, seat)) = self.seat
            && of == gathering
        {
            return Some(seat);
        }
        let seat = origins.len();
        origins.push(self.origin.clone()?);
        self.seat = Some((gathering, seat));
        Some(seat)
    }
}
