//! [`LiveMerge`]: containers' lines in the order of time while they come.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    Merged,
    held::{self, Held, Released},
};
use crate::follow::{
    drive::DriverEvent,
    listener::{Listener, Unheard},
};

/// Where inputs are opened whose lines are merged while they come; see [`LiveMerge::start`].
pub struct LiveMerge {
    told: mpsc::UnboundedSender<FromInput>,
}

/// One input. Clones are the same one; it ends with the last of them. What it says waits for room once it has so much waiting.
#[derive(Clone)]
pub struct LiveInput(Arc<OpenInput>);

struct OpenInput {
    index: usize,
    told: mpsc::UnboundedSender<FromInput>,
    room: Arc<Semaphore>,
}

/// What inputs tell.
enum FromInput {
    Opened,
    Said { index: usize, said: DriverEvent, place: Option<OwnedSemaphorePermit>, at: Instant },
    Closed(usize),
    End(oneshot::Sender<()>),
}

impl LiveMerge {
    /// Starts merging: lines of inputs are handed on to `out`, each after waiting at most for `hold`.
    pub fn start(hold: Duration, out: impl Listener<DriverEvent> + Listener<Merged>) -> LiveMerge {
        let (told, inputs) = mpsc::unbounded_channel();
        // When nobody takes the lines any more there is nothing left to do, and the inputs notice.
        tokio::spawn(async move {
            let _ = run(hold, inputs, out).await;
        });
        LiveMerge { told }
    }

    /// Opens the input of this number: they count from 0, and each is opened once, in order.
    pub fn input(&self, index: usize) -> LiveInput {
        // When nobody listens any more, the input's first word shows it.
        let _ = self.told.send(FromInput::Opened);
        let room = Arc::new(Semaphore::new(held::MOST));
        LiveInput(Arc::new(OpenInput { index, told: self.told.clone(), room }))
    }

    /// Hands on all that waits, and returns when that is done.
    pub async fn finish(self) {
        let (done, ended) = oneshot::channel();
        if self.told.send(FromInput::End(done)).is_ok() {
            // It ends either way.
            let _ = ended.await;
        }
    }
}

impl Drop for OpenInput {
    fn drop(&mut self) {
        // When nobody listens any more, nobody waits for it either.
        let _ = self.told.send(FromInput::Closed(self.index));
    }
}

impl Listener<DriverEvent> for LiveInput {
    async fn hear(&self, said: DriverEvent) -> Result<(), Unheard> {
        let OpenInput { index, told, room } = &*self.0;
        let place = match &said {
            DriverEvent::Lines(batch) => {
                let bytes = u32::try_from(held::size(&batch.lines).min(held::MOST)).unwrap_or(u32::MAX);
                tokio::select! {
                    place = room.clone().acquire_many_owned(bytes) => Some(place.map_err(|_| Unheard)?),
                    () = told.closed() => return Err(Unheard),
                }
            }
            _ => None,
        };
        told.send(FromInput::Said { index: *index, said, place, at: Instant::now() }).map_err(|_| Unheard)
    }

    fn is_gone(&self) -> bool {
        self.0.told.is_closed()
    }

    async fn gone(&self) {
        self.0.told.closed().await;
    }
}

async fn run(
    hold: Duration,
    mut inputs: mpsc::UnboundedReceiver<FromInput>,
    out: impl Listener<DriverEvent> + Listener<Merged>,
) -> Result<(), Unheard> {
    let began = Instant::now();
    let mut held = Held::new(hold);
    let mut released = Vec::new();
    let done = loop {
        let again = held.release(began.elapsed(), &mut released);
        hand_on(&mut released, &out).await?;
        let told = tokio::select! {
            told = inputs.recv() => told,
            () = sleep_until(began + again.unwrap_or_default()), if again.is_some() => continue,
            () = Listener::<Merged>::gone(&out) => return Err(Unheard),
        };
        // What came together is looked at together.
        let mut next = told;
        let end = loop {
            match next {
                Some(FromInput::Opened) => {
                    held.open(began.elapsed());
                }
                Some(FromInput::Said { index, said, place, at }) => {
                    held.take(index, said, place, at.duration_since(began), &mut released);
                }
                Some(FromInput::Closed(index)) => held.close(index),
                Some(FromInput::End(done)) => break Some(Some(done)),
                None => break Some(None),
            }
            match inputs.try_recv() {
                Ok(told) => next = Some(told),
                Err(_) => break None,
            }
        };
        if let Some(done) = end {
            break done;
        }
    };
    held.finish(&mut released);
    hand_on(&mut released, &out).await?;
    if let Some(done) = done {
        // Whoever asked may not wait any more.
        let _ = done.send(());
    }
    Ok(())
}

async fn hand_on(
    released: &mut Vec<Released>,
    out: &(impl Listener<DriverEvent> + Listener<Merged>),
) -> Result<(), Unheard> {
    for released in released.drain(..) {
        match released {
            Released::Lines(lines) => out.hear(lines).await?,
            Released::Said(said) => out.hear(said).await?,
        }
    }
    Ok(())
}
