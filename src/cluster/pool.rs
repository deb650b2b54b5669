//! [`Pool`]: as few connections as the streams need.
//!
//! Every request takes a [`Slot`] on a connection and keeps it until its answer's body has ended. When no connection has a free
//! slot, callers queue; for each connection's worth of callers in the queue one more is opened, so that a burst of a
//! thousand needs no more than its share and a hundred who lost the same connection open one.

use std::{
    collections::VecDeque,
    iter, mem,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError, atomic::Ordering::Relaxed},
};

use tokio::sync::oneshot;

use super::{
    ClusterError,
    connection::{Keepalive, ServerConnection, StreamWindow},
    counters::{Counters, Counting},
    dial::Dialer,
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
    state: Mutex<PoolState>,
}

#[derive(Default)]
struct PoolState {
    connections: Vec<PoolEntry>,
    queue: VecDeque<oneshot::Sender<Result<Slot, ClusterError>>>,
    opening: usize,
    /// What the streams of new connections may hold back.
    window: StreamWindow,
    /// The capacity of the connection opened last; none yet while it is unknown whether the server speaks HTTP/2.
    capacity: Option<usize>,
}

struct PoolEntry {
    connection: Arc<ServerConnection>,
    used: usize,
}

/// A place for one stream on a connection; dropping it gives the place to the next.
pub(super) struct Slot {
    pool: Arc<Pool>,
    pub connection: Arc<ServerConnection>,
    /// Whether the connection has served others before; then it may have died unnoticed.
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
            state.connections.retain(|entry| entry.used > 0 || entry.connection.is_usable());
            let free = state
                .connections
                .iter_mut()
                .filter(|entry| entry.used < entry.connection.capacity && entry.connection.is_usable());
            // The emptiest, so that busy logs spread over the connections there are.
            if let Some(entry) = free.min_by_key(|entry| entry.used) {
                entry.used += 1;
                return Ok(self.occupy(entry.connection.clone(), true));
            }
            let (sender, receiver) = oneshot::channel();
            state.queue.push_back(sender);
            self.open_for_queue(&mut state);
            receiver
        };
        let gone = || ClusterError::Unexpected("the connection pool is gone".to_owned());
        waiting.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Lets the streams of new connections hold back less, and takes connections out of use whose streams may hold back more.
    pub fn narrow(&self, window: StreamWindow) {
        let mut state = self.lock();
        state.window = window;
        let wide = state.connections.iter().filter(|entry| entry.connection.window > window);
        wide.for_each(|entry| entry.connection.retire());
    }

    /// Takes all connections out of use, because new requests must come with another client certificate.
    pub fn retire_all(&self) {
        self.lock().connections.iter().for_each(|entry| entry.connection.retire());
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn occupy(self: &Arc<Self>, connection: Arc<ServerConnection>, reused: bool) -> Slot {
        self.counting.streams.fetch_add(1, Relaxed);
        Slot { pool: self.clone(), connection, reused, complete: false }
    }

    /// Opens the connections the queue needs.
    fn open_for_queue(self: &Arc<Self>, state: &mut PoolState) {
        state.queue.retain(|waiting| !waiting.is_closed());
        let wanted = match state.capacity {
            Some(capacity) => state.queue.len().div_ceil(capacity).min(OPENING),
            // The first connection shows what the server speaks.
            None => state.queue.len().min(1),
        };
        while state.opening < wanted {
            state.opening += 1;
            let pool = self.clone();
            let window = state.window;
            tokio::spawn(async move {
                let opened = pool.open(window).await;
                pool.opened(opened);
            });
        }
    }

    async fn open(&self, window: StreamWindow) -> Result<ServerConnection, ClusterError> {
        let dialed = self.dialer.dial().await?;
        let connection = ServerConnection::open(dialed, self.keepalive, window, &self.counting);
        let connection = self.dialer.in_time("the start of HTTP", connection).await?;
        connection.map_err(|error| self.dialer.broken(&*error))
    }

    /// A connection is there, or failed to be: serves the queue.
    fn opened(self: &Arc<Self>, opened: Result<ServerConnection, ClusterError>) {
        let mut state = self.lock();
        state.opening -= 1;
        match opened {
            Ok(connection) => {
                let connection = Arc::new(connection);
                state.capacity = Some(connection.capacity);
                if !connection.is_http2() && state.connections.len() >= MANY {
                    raise_file_limit();
                }
                let served: Vec<_> = iter::from_fn(|| state.next_in_queue()).take(connection.capacity).collect();
                state.connections.push(PoolEntry { connection: connection.clone(), used: served.len() });
                self.open_for_queue(&mut state);
                // A slot that nobody takes any more locks the state when it is dropped.
                drop(state);
                for waiting in served {
                    let _ = waiting.send(Ok(self.occupy(connection.clone(), false)));
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
    fn release(self: &Arc<Self>, connection: &Arc<ServerConnection>, complete: bool) {
        if !connection.is_http2() && !complete {
            connection.retire();
        }
        let next = {
            let mut state = self.lock();
            let next = if connection.is_usable() { state.next_in_queue() } else { None };
            if next.is_none() {
                state.free(connection);
            }
            next
        };
        if let Some(next) = next {
            // Not under the lock: when the receiver has gone away in between, the slot comes back here.
            let _ = next.send(Ok(self.occupy(connection.clone(), true)));
        }
    }
}

impl PoolState {
    /// The longest waiting caller that still waits.
    fn next_in_queue(&mut self) -> Option<oneshot::Sender<Result<Slot, ClusterError>>> {
        iter::from_fn(|| self.queue.pop_front()).find(|waiting| !waiting.is_closed())
    }

    /// One stream less on a connection; forgets connections that are of no further use.
    fn free(&mut self, connection: &Arc<ServerConnection>) {
        let Some(index) = self.connections.iter().position(|entry| Arc::ptr_eq(&entry.connection, connection)) else {
            return;
        };
        self.connections[index].used -= 1;
        let idle = |entry: &&PoolEntry| entry.used == 0 && !entry.connection.is_http2();
        let spare = self.connections.iter().filter(idle).count() > IDLE;
        if self.connections[index].used == 0 && (!connection.is_usable() || (spare && !connection.is_http2())) {
            self.connections.swap_remove(index);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.counting.streams.fetch_sub(1, Relaxed);
        self.pool.release(&self.connection, self.complete);
    }
}

/// HTTP/1.1 takes a connection a stream, so a few hundred followers meet the soft limit of open files.
fn raise_file_limit() {
    static ONCE: Once = Once::new();
    // Failing leaves the limit as it was; the connection that exceeds it says so.
    ONCE.call_once(|| drop(rlimit::increase_nofile_limit(u64::MAX)));
}
