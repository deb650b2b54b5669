//! Lines ↔ the bytes of a chunk: zstd over `STAMP TEXT\n`, what `kubectl logs --timestamps` prints.

use std::{
    fmt::Write as _,
    io::{self, Read},
};

use bytes::Bytes;
use ring::digest;

use super::{
    record::Chunk,
    text::{ChunkText, Press, SpareBlocks},
};
use crate::{
    k8s::{Line, Stamp, StampReader, cutter::LONGEST_LINE},
    numbers::counted,
    render::StampText,
};

/// The longest stamp, with its space.
const STAMP: usize = "2026-11-24T12:58:26.959221551Z ".len();

/// Text that a chunk holds at most, whatever an index says: what one writer's chunk can grow to, with room to spare.
pub(super) const LARGEST: u64 = (4 * (LONGEST_LINE + STAMP)) as u64;

/// The lines of a chunk that is still open.
#[derive(Debug, Default)]
pub(super) struct ChunkLines {
    text: ChunkText,
    count: u64,
    span: Option<StampRange>,
}

/// The stamps of some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StampRange {
    /// The first line's.
    pub first: Stamp,
    /// The last line's.
    pub last: Stamp,
    /// The latest of all: stamps need not rise.
    pub latest: Stamp,
}

impl StampRange {
    fn with(span: Option<StampRange>, stamp: Stamp) -> StampRange {
        match span {
            None => StampRange { first: stamp, last: stamp, latest: stamp },
            Some(span) => StampRange { last: stamp, latest: span.latest.max(stamp), ..span },
        }
    }
}

impl ChunkLines {
    /// Adds a line. Returns by how many bytes the text has grown.
    pub fn push(&mut self, line: &Line, stamps: &mut StampText, spare: &SpareBlocks) -> usize {
        let before = self.text.len();
        let parts: [&[u8]; 4] = [stamps.of(line.stamp), b" ", &line.text, b"\n"];
        for part in parts {
            self.text.push(part, spare);
        }
        self.count += 1;
        self.span = Some(StampRange::with(self.span, line.stamp));
        self.text.len() - before
    }

    /// Bytes of text.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Lines.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The chunk that these lines make, and what the index is to say of it. `None` without a line.
    ///
    /// # Errors
    /// What zstd says; it has no reason to.
    pub fn close(self, first_line: u64, press: &mut Press, spare: &SpareBlocks) -> io::Result<Option<(Chunk, Bytes)>> {
        let Some(span) = self.span else { return Ok(None) };
        let text = self.text.len() as u64;
        let bytes = press.compress(self.text, spare)?;
        let chunk = Chunk {
            first_line,
            lines: self.count,
            first: span.first.to_timestamp(),
            last: span.last.to_timestamp(),
            latest: span.latest.to_timestamp(),
            bytes: text,
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
        };
        Ok(Some((chunk, bytes)))
    }
}

/// The SHA-256 of an object, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest::digest(&digest::SHA256, bytes).as_ref() {
        // A String takes whatever is written.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The lines of a chunk, checked against what the index says of it.
///
/// # Errors
/// What is wrong with it, as a clause.
pub(super) fn read(chunk: &Chunk, bytes: &[u8]) -> Result<Vec<Line>, String> {
    if bytes.len() as u64 != chunk.size {
        return Err(format!("it has {} bytes, the index says {}", bytes.len(), chunk.size));
    }
    if sha256(bytes) != chunk.sha256 {
        return Err("its SHA-256 is not the one in the index".to_owned());
    }
    let lines = lines(&text(bytes, chunk.bytes)?)?;
    if lines.len() as u64 != chunk.lines {
        return Err(format!("it has {}, the index says {}", counted(lines.len(), "line"), chunk.lines));
    }
    let span = lines.iter().fold(None, |span, line| Some(StampRange::with(span, line.stamp)));
    let told = [chunk.first, chunk.last, chunk.latest].map(Stamp::from_timestamp);
    if span.map(|span| [span.first, span.last, span.latest].map(Some)) != Some(told) {
        return Err("its stamps are not those in the index".to_owned());
    }
    Ok(lines)
}

/// What is compressed in `bytes`: no more of it than the index says, so that a forged chunk cannot fill the memory.
fn text(bytes: &[u8], expected: u64) -> Result<Bytes, String> {
    if expected > LARGEST {
        return Err(format!("the index says it holds {expected} bytes, more than a chunk can"));
    }
    let wrong = |error: io::Error| format!("it is not zstd: {error}");
    let mut text = Vec::new();
    zstd::stream::read::Decoder::new(bytes).map_err(wrong)?.take(expected + 1).read_to_end(&mut text).map_err(wrong)?;
    if text.len() as u64 != expected {
        return Err(format!("it holds {} bytes of text or more, the index says {expected}", text.len()));
    }
    Ok(text.into())
}

/// The lines of a chunk's text.
fn lines(text: &Bytes) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    let mut stamps = StampReader::default();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        let (stamp, at) =
            stamps.parse(&text[start..end]).ok_or_else(|| format!("its line {} has no stamp", lines.len() + 1))?;
        lines.push(Line { stamp, text: text.slice(start + at..end) });
        start = end + 1;
    }
    if start < text.len() { Err("its last line is cut off".to_owned()) } else { Ok(lines) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn closed(lines: &[Line]) -> (Chunk, Bytes) {
        let (mut open, mut stamps, spare) = (ChunkLines::default(), StampText::default(), SpareBlocks::default());
        for line in lines {
            open.push(line, &mut stamps, &spare);
        }
        open.close(7, &mut Press::new().unwrap(), &spare).unwrap().unwrap()
    }

    fn any_lines() -> impl Strategy<Value = Vec<Line>> {
        let text = proptest::collection::vec(any::<u8>().prop_filter("a line's end", |b| *b != b'\n'), 0..40);
        proptest::collection::vec((any::<i64>(), text), 1..40).prop_map(|all| {
            all.into_iter().map(|(stamp, text)| Line { stamp: Stamp(stamp), text: text.into() }).collect()
        })
    }

    proptest! {
        /// Whatever bytes, stamps of any order and year.
        #[test]
        fn lines_come_back_byte_for_byte(lines in any_lines()) {
            let (chunk, bytes) = closed(&lines);
            prop_assert_eq!(chunk.lines, lines.len() as u64);
            prop_assert_eq!(read(&chunk, &bytes).unwrap(), lines);
        }

        #[test]
        fn a_changed_byte_is_found_and_nothing_panics(lines in any_lines(), at in any::<prop::sample::Index>(), flip in 1u8..) {
            let (mut chunk, bytes) = closed(&lines);
            let mut damaged = bytes.to_vec();
            let at = at.index(damaged.len());
            damaged[at] ^= flip;
            prop_assert!(read(&chunk, &damaged).is_err());
            // Also where the hash fits: what is inside is not trusted either.
            chunk.sha256 = sha256(&damaged);
            let _ = read(&chunk, &damaged);
            let cut = &bytes[..at];
            (chunk.sha256, chunk.size) = (sha256(cut), cut.len() as u64);
            prop_assert!(read(&chunk, cut).is_err());
        }

        #[test]
        fn text_that_is_no_chunk_is_refused(text in proptest::collection::vec(any::<u8>(), 0..200), count in 0u64..5) {
            let bytes = zstd::bulk::compress(&text, 3).unwrap();
            let time = jiff::Timestamp::UNIX_EPOCH;
            let chunk = Chunk {
                first_line: 0, lines: count, first: time, last: time, latest: time, bytes: text.len() as u64,
                size: bytes.len() as u64, sha256: sha256(&bytes),
            };
            prop_assert!(read(&chunk, &bytes).is_err());
        }
    }

    #[test]
    fn a_bomb_does_not_fill_the_memory() {
        let bytes = zstd::bulk::compress(&vec![b'x'; 64 << 20], 3).unwrap();
        assert!(text(&bytes, 100).unwrap_err().contains("101 bytes"));
        assert!(text(&bytes, u64::MAX).is_err());
    }

    #[test]
    fn a_chunk_is_what_kubectl_prints() {
        let line = Line { stamp: Stamp(1_764_000_000_000_000_007), text: Bytes::from_static(b"caf\xe9\r") };
        let (chunk, bytes) = closed(&[line]);
        assert_eq!(&text(&bytes, chunk.bytes).unwrap()[..], b"2025-11-24T16:00:00.000000007Z caf\xe9\r\n");
    }
}
