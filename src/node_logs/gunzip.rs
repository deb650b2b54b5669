//! [`Gunzip`]: a gzipped file as a stream, in little memory whatever it holds.

use std::{io, sync::LazyLock, thread};

use bytes::{Buf, Bytes};
use flate2::{Decompress, FlushDecompress, Status};
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, spawn_blocking},
};

/// What a compressed file may hold, in bytes: a hundred times the size at which kubelets rotate by default, 10 MiB, and then
/// some. A node that sends more is not believed.
pub(super) const MOST: u64 = 2 << 30;

/// How much comes out at a time, in bytes.
const STEP: usize = 256 << 10;

/// zlib's window, the largest there is: gzip has no other.
const WINDOW: u8 = 15;

/// Decompresses what is pushed.
#[derive(Debug)]
pub(super) struct Gunzip {
    decoder: Decompress,
    /// Compressed bytes that are yet to be looked at.
    input: Bytes,
    /// More may come out without any further input.
    is_full: bool,
    /// The end of the compressed data came. More of it may follow, for gzip files can be put one after another.
    is_over: bool,
    /// What may still come out.
    left: u64,
}

impl Gunzip {
    pub(super) fn new(most: u64) -> Self {
        let decoder = Decompress::new_gzip(WINDOW);
        Self { decoder, input: Bytes::new(), is_full: false, is_over: false, left: most }
    }

    /// Takes the next compressed bytes. Everything of the ones before must have been drawn with `next`.
    pub(super) fn push(&mut self, input: Bytes) {
        debug_assert!(self.input.is_empty());
        self.input = input;
    }

    /// Whether more must arrive before anything comes out.
    fn is_drained(&self) -> bool {
        !self.is_full && self.input.is_empty()
    }

    /// The next decompressed bytes, or `None` when more must arrive.
    ///
    /// # Errors
    /// When it is no gzip, or holds more than it may.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.is_drained() {
            if std::mem::take(&mut self.is_over) {
                self.decoder = Decompress::new_gzip(WINDOW);
            }
            let mut output = Vec::with_capacity(STEP);
            let before = self.decoder.total_in();
            let status = self.decoder.decompress_vec(&self.input, &mut output, FlushDecompress::None)?;
            let read = self.decoder.total_in() - before;
            // No more than there was.
            self.input.advance(usize::try_from(read).unwrap_or(usize::MAX).min(self.input.len()));
            self.is_over = status == Status::StreamEnd;
            self.is_full = !self.is_over && output.len() == output.capacity();
            let left = self.left.checked_sub(output.len() as u64);
            self.left = left.ok_or_else(|| io::Error::other("it holds more than a log file can"))?;
            if !output.is_empty() {
                return Ok(Some(Bytes::from(output)));
            }
            if read == 0 && !self.is_over {
                break;
            }
        }
        Ok(None)
    }

    /// The end of the file.
    ///
    /// # Errors
    /// When the compressed data ends too early.
    pub(super) fn end(&self) -> io::Result<()> {
        if self.is_over { Ok(()) } else { Err(io::Error::other("the compressed data ends too early")) }
    }
}

/// So many files are decompressed at once: more threads than cores win nothing, and cost memory.
static CORES: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(thread::available_parallelism().map_or(1, usize::from)));

/// A [`Gunzip`] that works on other threads, so that the one that reads has time for lines.
#[derive(Debug)]
pub(super) struct Unpacking {
    work: Work,
}

#[derive(Debug)]
enum Work {
    Idle(Box<Gunzip>),
    /// It is done there whether anybody waits for it or not: so that nothing is lost when the waiting is given up.
    Running(JoinHandle<(Box<Gunzip>, io::Result<Option<Bytes>>)>),
    /// A thread has panicked.
    Lost,
}

impl Unpacking {
    pub(super) fn new(most: u64) -> Self {
        Self { work: Work::Idle(Box::new(Gunzip::new(most))) }
    }

    /// As [`Gunzip::push`].
    pub(super) fn push(&mut self, input: Bytes) {
        if let Work::Idle(gunzip) = &mut self.work {
            gunzip.push(input);
        }
    }

    /// As [`Gunzip::next`].
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if let Work::Idle(gunzip) = &self.work
            && gunzip.is_drained()
        {
            return Ok(None);
        }
        if let Work::Idle(_) = self.work {
            let core = CORES.acquire().await;
            if let Work::Idle(mut gunzip) = std::mem::replace(&mut self.work, Work::Lost) {
                self.work = Work::Running(spawn_blocking(move || {
                    let output = gunzip.next();
                    drop(core);
                    (gunzip, output)
                }));
            }
        }
        let Work::Running(running) = &mut self.work else { return Err(lost()) };
        let done = running.await;
        self.work = Work::Lost;
        let (gunzip, output) = done.map_err(|_| lost())?;
        self.work = Work::Idle(gunzip);
        output
    }

    /// As [`Gunzip::end`].
    pub(super) fn end(&self) -> io::Result<()> {
        if let Work::Idle(gunzip) = &self.work { gunzip.end() } else { Err(lost()) }
    }
}

fn lost() -> io::Error {
    io::Error::other("it cannot be decompressed")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn gunzip(gz: &[u8], chunk: usize, most: u64) -> io::Result<(Vec<u8>, usize)> {
        let mut gunzip = Gunzip::new(most);
        let (mut out, mut largest) = (Vec::new(), 0);
        for part in gz.chunks(chunk) {
            gunzip.push(Bytes::copy_from_slice(part));
            while let Some(bytes) = gunzip.next()? {
                largest = largest.max(bytes.len());
                out.extend_from_slice(&bytes);
            }
        }
        gunzip.end()?;
        Ok((out, largest))
    }

    #[test]
    fn a_bomb_neither_takes_the_memory_nor_is_read_to_its_end() {
        let bomb = gzip(&vec![0; 32 << 20]);
        assert!(bomb.len() < 1 << 20);
        let (out, largest) = gunzip(&bomb, bomb.len(), MOST).unwrap();
        assert_eq!(out.len(), 32 << 20);
        assert!(largest <= STEP, "{largest} bytes at a time");
        let refused = gunzip(&bomb, bomb.len(), 20 << 20).unwrap_err();
        assert_eq!(refused.to_string(), "it holds more than a log file can");
    }

    #[test]
    fn a_file_cut_short_is_not_whole() {
        let gz = gzip(b"one\ntwo\n");
        assert!(gunzip(&gz[..gz.len() - 1], 5, MOST).is_err());
        assert!(gunzip(b"no gzip at all", 5, MOST).is_err());
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_out(bytes: Vec<u8>, chunk in 1usize..40, twice: bool) {
            let mut gz = gzip(&bytes);
            let mut plain = bytes.clone();
            if twice {
                gz.extend(gzip(&bytes));
                plain.extend(&bytes);
            }
            prop_assert_eq!(gunzip(&gz, chunk, MOST).unwrap().0, plain);
        }

        #[test]
        fn any_bytes_are_read_in_peace(bytes: Vec<u8>, chunk in 1usize..40) {
            let _ = gunzip(&bytes, chunk, MOST);
            let _ = gunzip(&[&[0x1f, 0x8b, 8, 0][..], &bytes].concat(), chunk, MOST);
        }
    }
}
