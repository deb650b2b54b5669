//! [`ChunkText`]: the text of an open chunk, in blocks that are used again, and [`Press`]: what makes a chunk's object of it.
//!
//! Texts grow at the same time, each by a bit. In one piece each they would be moved as they grow, and an allocator that is given back
//! large pieces of ever other sizes keeps more and more of them. So there is one size, and what was let go is taken first.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use zstd::{bulk::Compressor, zstd_safe};

/// zstd's default level.
const LEVEL: i32 = 3;

/// Bytes of a block.
pub(super) const BLOCK: usize = 256 << 10;

/// Bytes that the block of a short text begins with.
const SMALL: usize = 256;

/// The largest text that a press keeps room for; what is larger is rare.
const USUAL: usize = 8 << 20;

/// Blocks that nobody uses.
#[derive(Debug, Default)]
pub(super) struct SpareBlocks(Mutex<Vec<Vec<u8>>>);

impl SpareBlocks {
    fn take(&self) -> Vec<u8> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| Vec::with_capacity(BLOCK))
    }

    fn give(&self, mut block: Vec<u8>) {
        if block.capacity() == BLOCK {
            block.clear();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        }
    }
}

/// A text that grows.
#[derive(Debug, Default)]
pub(super) struct ChunkText {
    /// All but the last are full; the only one of a short text is smaller than a block.
    blocks: Vec<Vec<u8>>,
    len: usize,
}

impl ChunkText {
    /// Bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory.
    #[cfg(test)]
    pub fn room(&self) -> usize {
        self.blocks.iter().map(Vec::capacity).sum()
    }

    /// Adds bytes, in spare blocks if there are any.
    pub fn push(&mut self, mut bytes: &[u8], spare: &SpareBlocks) {
        self.len += bytes.len();
        while !bytes.is_empty() {
            let room = match self.blocks.last() {
                None => {
                    self.blocks.push(Vec::new());
                    0
                }
                Some(last) => last.capacity() - last.len(),
            };
            if room == 0 {
                self.grow(bytes.len(), spare);
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if let Some(last) = self.blocks.last_mut() {
                last.extend_from_slice(now);
            }
            bytes = later;
        }
    }

    /// Makes room behind the last block, which is full: in itself, as long as it is small.
    fn grow(&mut self, more: usize, spare: &SpareBlocks) {
        match self.blocks.last_mut() {
            Some(small) if small.capacity() < BLOCK => {
                let wanted = (small.len() + more).max(2 * small.len()).max(SMALL);
                if wanted >= BLOCK {
                    let mut block = spare.take();
                    block.extend_from_slice(small);
                    *small = block;
                } else {
                    small.reserve_exact(wanted - small.len());
                }
            }
            _ => self.blocks.push(spare.take()),
        }
    }
}

/// What compresses a text, with room that is used again.
pub(super) struct Press {
    compressor: Compressor<'static>,
    text: Vec<u8>,
    out: Vec<u8>,
}

impl Press {
    /// A new one.
    ///
    /// # Errors
    /// What zstd says; it has no reason to.
    pub fn new() -> io::Result<Press> {
        let mut compressor = Compressor::new(LEVEL)?;
        // So that `zstd -t` finds a damaged one without the index.
        compressor.set_parameter(zstd_safe::CParameter::ChecksumFlag(true))?;
        Ok(Press { compressor, text: Vec::new(), out: Vec::new() })
    }

    /// Compresses a text, whose blocks become spare.
    ///
    /// # Errors
    /// As [`Press::new`].
    pub fn compress(&mut self, text: ChunkText, spare: &SpareBlocks) -> io::Result<Bytes> {
        if self.text.capacity() > USUAL {
            (self.text, self.out) = (Vec::new(), Vec::new());
        }
        self.text.clear();
        self.text.reserve_exact(text.len);
        for block in text.blocks {
            self.text.extend_from_slice(&block);
            spare.give(block);
        }
        self.out.clear();
        self.out.reserve_exact(zstd_safe::compress_bound(self.text.len()));
        self.compressor.compress_to_buffer(&self.text, &mut self.out)?;
        Ok(Bytes::copy_from_slice(&self.out))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_comes_back_and_takes_little_room_that_it_does_not_use(
            pieces in proptest::collection::vec((any::<u8>(), 0..3 * BLOCK), 0..12),
        ) {
            let (spare, mut text, mut whole) = (SpareBlocks::default(), ChunkText::default(), Vec::new());
            for (byte, len) in pieces {
                let piece = vec![byte; len];
                text.push(&piece, &spare);
                whole.extend(piece);
                prop_assert_eq!(text.len(), whole.len());
                prop_assert!(text.room() <= (2 * whole.len()).max(SMALL).min(whole.len() + BLOCK));
            }
            let pressed = Press::new().unwrap().compress(text, &spare).unwrap();
            prop_assert_eq!(zstd::stream::decode_all(&pressed[..]).unwrap(), whole);
        }
    }

    #[test]
    fn blocks_and_presses_are_used_again_and_a_text_is_always_made_into_the_same_object() {
        let (spare, mut press) = (SpareBlocks::default(), Press::new().unwrap());
        let mut made = Vec::new();
        for _ in 0..3 {
            let mut text = ChunkText::default();
            (0..40_000).for_each(|number: u32| text.push(format!("line {number}\n").as_bytes(), &spare));
            made.push(press.compress(text, &spare).unwrap());
            let mut other = ChunkText::default();
            (0..100).for_each(|number: u32| other.push(&number.to_le_bytes(), &spare));
            press.compress(other, &spare).unwrap();
        }
        assert!(made.iter().all(|object| *object == made[0]));
        assert_eq!(spare.0.lock().unwrap().len(), 2, "blocks of one text at a time");
    }
}
