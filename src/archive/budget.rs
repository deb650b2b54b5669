//! [`Budget`]: the memory of all writers of a process.

use std::{
    io,
    num::NonZero,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::available_parallelism,
};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::{
    Limits,
    chunk::ChunkLines,
    record::Chunk,
    text::{Press, SpareBlocks},
};

/// What writers may hold back together, however many they are.
pub struct Budget {
    /// Bytes of text in open chunks.
    memory: usize,
    held: AtomicUsize,
    writers: AtomicUsize,
    /// Closed chunks that are compressed or put at a time.
    pub(super) uploads: Arc<Semaphore>,
    /// Compressing takes memory of its own, and more at a time than there are processors is no faster.
    pub(super) compressing: Semaphore,
    presses: Mutex<Vec<Press>>,
    pub(super) blocks: SpareBlocks,
}

impl Budget {
    /// For one writer or many: `memory` and `uploads` of `limits` count for all of them together.
    pub fn new(limits: Limits) -> Arc<Budget> {
        Arc::new(Budget {
            memory: limits.memory,
            held: AtomicUsize::new(0),
            writers: AtomicUsize::new(0),
            uploads: Arc::new(Semaphore::new(limits.uploads.max(1))),
            compressing: Semaphore::new(available_parallelism().map_or(1, NonZero::get)),
            presses: Mutex::default(),
            blocks: SpareBlocks::default(),
        })
    }

    /// The chunk that lines make, as [`ChunkLines::close`] does, by a press that is used again.
    ///
    /// # Errors
    /// What zstd says; it has no reason to.
    pub(super) fn close(&self, lines: ChunkLines, first_line: u64) -> io::Result<Option<(Chunk, Bytes)>> {
        let presses = || self.presses.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = presses().pop();
        let mut press = idle.map_or_else(Press::new, Ok)?;
        let closed = lines.close(first_line, &mut press, &self.blocks);
        presses().push(press);
        closed
    }
}

/// What one writer holds of it. Given back when it is dropped.
pub(super) struct BudgetShare {
    budget: Arc<Budget>,
    held: usize,
}

impl BudgetShare {
    pub fn new(budget: &Arc<Budget>) -> BudgetShare {
        budget.writers.fetch_add(1, Relaxed);
        BudgetShare { budget: budget.clone(), held: 0 }
    }

    /// The budget.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub fn add(&mut self, bytes: usize) {
        self.held += bytes;
        self.budget.held.fetch_add(bytes, Relaxed);
    }

    pub fn give_back(&mut self, bytes: usize) {
        self.held -= bytes;
        self.budget.held.fetch_sub(bytes, Relaxed);
    }

    /// How much this writer must let go: when all is used up, and it holds more than its part, half of that part is left to it. One
    /// that holds less is not held up by others, so that all together may hold twice the memory for a while.
    pub fn surplus(&self) -> usize {
        if self.budget.held.load(Relaxed) <= self.budget.memory {
            return 0;
        }
        let part = self.budget.memory / self.budget.writers.load(Relaxed).max(1);
        if self.held > part { self.held - part / 2 } else { 0 }
    }
}

impl Drop for BudgetShare {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.held, Relaxed);
        self.budget.writers.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(memory: usize) -> Arc<Budget> {
        Budget::new(Limits { memory, ..Limits::default() })
    }

    #[test]
    fn one_alone_may_use_all_of_it() {
        let budget = budget(1000);
        let mut one = BudgetShare::new(&budget);
        one.add(1000);
        assert_eq!(one.surplus(), 0);
        one.add(1);
        assert_eq!(one.surplus(), 501);
        one.give_back(501);
        assert_eq!(one.surplus(), 0);
    }

    #[test]
    fn of_many_those_let_go_that_hold_more_than_their_part_and_twice_of_it_is_never_held() {
        let budget = budget(1000);
        let mut random = fastrand::Rng::with_seed(7);
        let mut shares: Vec<BudgetShare> = (0..10).map(|_| BudgetShare::new(&budget)).collect();
        for _ in 0..100_000 {
            let share = random.choice(shares.iter_mut()).unwrap();
            share.add(random.usize(0..20));
            let surplus = share.surplus();
            share.give_back(surplus);
            assert!(budget.held.load(Relaxed) <= 2000);
        }
        assert!(shares.iter().all(|share| share.held <= 1000));
        drop(shares);
        assert_eq!((budget.held.load(Relaxed), budget.writers.load(Relaxed)), (0, 0));
    }
}
