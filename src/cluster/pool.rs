//! [`Pool`]: as few connections as the streams need.
//!
//! Every request takes a [`Slot`] on a lane and keeps it until its answer's body has ended. When no lane has a free
//! slot, callers queue; for each lane's worth of callers in the queue one connection is opened, so that a burst of a
//! thousand needs no more than its share and a hundred who lost the same connection open one.

use std::{
    collections::VecDeque,
    iter, mem,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError, atomic::Ordering::Relaxed},
};

use tokio::sync::oneshot;

use super::{
    ClusterError,
    counters::{Counters, Counting},
    dial::Dialer,
    lane::{Keepalive, Lane},
};

/// Connections being opened at once. More would only overflow the server's queue of half-open ones.
const OPENING: usize = 64;

/// Idle HTTP/1.1 connections kept for reuse.
const IDLE: usize = 8;

/// From this many connections on, the usual limit of open files (256 or 1,024) is in sight.
const MANY: usize = 100;

/// The connections to one server.
pub(super) struct Pool {
    pub dialer: Dialer,
    keepalive: Keepalive,
    counting: Arc<Counting>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lanes: Vec<Entry>,
    queue: VecDeque<oneshot::Sender<Result<Slot, ClusterError>>>,
    opening: usize,
    /// The capacity of the lane opened last; none yet while it is unknown whether the server speaks HTTP/2.
    capacity: Option<usize>,
}

struct Entry {
    lane: Arc<Lane>,
    used: usize,
}

/// A place for one stream on a lane; dropping it gives the place to the next.
pub(super) struct Slot {
    pool: Arc<Pool>,
    pub lane: Arc<Lane>,
    /// Whether the lane has served others before; then it may have died unnoticed.
    pub reused: bool,
    /// Whether an HTTP/1.1 connection can take another request: only after a complete answer.
    pub complete: bool,
}

impl Pool {
    pub fn new(dialer: Dialer, keepalive: Keepalive) -> Arc<Self> {
        Arc::new(Self { dialer, keepalive, counting: Arc::default(), state: Mutex::default() })
    }

    pub fn counters(&self) -> Counters {
        self.counting.snapshot()
    }

    /// A slot on a living connection.
    pub async fn slot(self: &Arc<Self>) -> Result<Slot, ClusterError> {
        let waiting = {
            let mut state = self.lock();
            state.lanes.retain(|entry| entry.used > 0 || entry.lane.is_usable());
            let free =
                state.lanes.iter_mut().filter(|entry| entry.used < entry.lane.capacity && entry.lane.is_usable());
            // The emptiest, so that busy logs spread over the connections there are.
            if let Some(entry) = free.min_by_key(|entry| entry.used) {
                entry.used += 1;
                return Ok(self.occupy(entry.lane.clone(), true));
            }
            let (sender, receiver) = oneshot::channel();
            state.queue.push_back(sender);
            self.open_for_queue(&mut state);
            receiver
        };
        let gone = || ClusterError::Unexpected("the connection pool is gone".to_owned());
        waiting.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Takes all lanes out of use, because new requests must come with another client certificate.
    pub fn retire_all(&self) {
        self.lock().lanes.iter().for_each(|entry| entry.lane.retire());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn occupy(self: &Arc<Self>, lane: Arc<Lane>, reused: bool) -> Slot {
        self.counting.streams.fetch_add(1, Relaxed);
        Slot { pool: self.clone(), lane, reused, complete: false }
    }

    /// Opens the connections the queue needs.
    fn open_for_queue(self: &Arc<Self>, state: &mut State) {
        state.queue.retain(|waiting| !waiting.is_closed());
        let wanted = match state.capacity {
            Some(capacity) => state.queue.len().div_ceil(capacity).min(OPENING),
            // The first connection shows what the server speaks.
            None => state.queue.len().min(1),
        };
        while state.opening < wanted {
            state.opening += 1;
            let pool = self.clone();
            tokio::spawn(async move {
                let opened = pool.open().await;
                pool.opened(opened);
            });
        }
    }

    async fn open(&self) -> Result<Lane, ClusterError> {
        let dialed = self.dialer.dial().await?;
        let lane = Lane::open(dialed, self.keepalive, &self.counting);
        let lane = self.dialer.in_time("the start of HTTP", lane).await?;
        lane.map_err(|error| self.dialer.broken(&*error))
    }

    /// A connection is there, or failed to be: serves the queue.
    fn opened(self: &Arc<Self>, opened: Result<Lane, ClusterError>) {
        let mut state = self.lock();
        state.opening -= 1;
        match opened {
            Ok(lane) => {
                let lane = Arc::new(lane);
                state.capacity = Some(lane.capacity);
                if !lane.is_http2() && state.lanes.len() >= MANY {
                    raise_file_limit();
                }
                let served: Vec<_> = iter::from_fn(|| state.next_in_queue()).take(lane.capacity).collect();
                state.lanes.push(Entry { lane: lane.clone(), used: served.len() });
                self.open_for_queue(&mut state);
                // A slot that nobody takes any more locks the state when it is dropped.
                drop(state);
                for waiting in served {
                    let _ = waiting.send(Ok(self.occupy(lane.clone(), false)));
                }
            }
            // Whoever waits would meet the same obstacle: tell them all now rather than one by one.
            Err(error) => {
                let queue = mem::take(&mut state.queue);
                drop(state);
                for waiting in queue {
                    let _ = waiting.send(Err(error.clone()));
                }
            }
        }
    }

    /// A slot is free again: the next in the queue gets it.
    fn release(self: &Arc<Self>, lane: &Arc<Lane>, complete: bool) {
        if !lane.is_http2() && !complete {
            lane.retire();
        }
        let next = {
            let mut state = self.lock();
            let next = if lane.is_usable() { state.next_in_queue() } else { None };
            if next.is_none() {
                state.free(lane);
            }
            next
        };
        if let Some(next) = next {
            // Not under the lock: when the receiver has gone away in between, the slot comes back here.
            let _ = next.send(Ok(self.occupy(lane.clone(), true)));
        }
    }
}

impl State {
    /// The longest waiting caller that still waits.
    fn next_in_queue(&mut self) -> Option<oneshot::Sender<Result<Slot, ClusterError>>> {
        iter::from_fn(|| self.queue.pop_front()).find(|waiting| !waiting.is_closed())
    }

    /// One stream less on a lane; forgets lanes that are of no further use.
    fn free(&mut self, lane: &Arc<Lane>) {
        let Some(index) = self.lanes.iter().position(|entry| Arc::ptr_eq(&entry.lane, lane)) else { return };
        self.lanes[index].used -= 1;
        let idle = |entry: &&Entry| entry.used == 0 && !entry.lane.is_http2();
        let spare = self.lanes.iter().filter(idle).count() > IDLE;
        if self.lanes[index].used == 0 && (!lane.is_usable() || (spare && !lane.is_http2())) {
            self.lanes.swap_remove(index);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.counting.streams.fetch_sub(1, Relaxed);
        self.pool.release(&self.lane, self.complete);
    }
}

/// HTTP/1.1 takes a connection a stream, so a few hundred followers meet the soft limit of open files.
fn raise_file_limit() {
    static ONCE: Once = Once::new();
    // Failing leaves the limit as it was; the connection that exceeds it says so.
    ONCE.call_once(|| drop(rlimit::increase_nofile_limit(u64::MAX)));
}
