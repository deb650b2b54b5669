//! [`Cutter`]: received buffers → what stands between line ends, without copying what lies inside one buffer.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

/// The longest line kept in one piece, in bytes, so that a container that never ends its line cannot take all memory.
pub const LONGEST_LINE: usize = 32 << 20;

/// What a [`Cutter`] cuts off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// A line up to its end, or the rest of one that was too long.
    Line(Bytes),
    /// As much of a line as is kept in one piece, which has not ended by then.
    Part(Bytes),
}

/// Cuts buffers at line ends.
#[derive(Debug, Default)]
pub struct Cutter {
    /// The start of a line whose end has not arrived.
    partial: BytesMut,
    /// What is left of the buffer being cut.
    buffer: Bytes,
}

impl Cutter {
    /// Takes the next buffer. Everything of the one before must have been drawn with `next`.
    pub fn push(&mut self, buffer: Bytes) {
        debug_assert!(self.buffer.is_empty());
        self.buffer = buffer;
    }

    /// What stands after the last line end.
    pub fn rest(&self) -> &[u8] {
        &self.partial
    }

    /// Drops what stands after the last line end.
    pub fn clear(&mut self) {
        (self.partial, self.buffer) = (BytesMut::new(), Bytes::new());
    }
}

impl Iterator for Cutter {
    type Item = Cut;

    /// The next whole line of what was pushed, without its end, or `None` when more must arrive.
    #[inline]
    fn next(&mut self) -> Option<Cut> {
        let end = memchr(b'\n', &self.buffer);
        let room = LONGEST_LINE - self.partial.len();
        if end.unwrap_or(self.buffer.len()) > room {
            self.partial.extend_from_slice(&self.buffer[..room]);
            self.buffer.advance(room);
            return Some(Cut::Part(self.partial.split().freeze()));
        }
        let Some(end) = end else {
            self.partial.extend_from_slice(&self.buffer);
            self.buffer = Bytes::new();
            return None;
        };
        let line = if self.partial.is_empty() {
            self.buffer.split_to(end)
        } else {
            self.partial.extend_from_slice(&self.buffer[..end]);
            self.buffer.advance(end);
            self.partial.split().freeze()
        };
        self.buffer.advance(1);
        Some(Cut::Line(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(chunks: &[&[u8]]) -> (Vec<Cut>, Vec<u8>) {
        let mut cutter = Cutter::default();
        let mut cuts = Vec::new();
        for chunk in chunks {
            cutter.push(Bytes::copy_from_slice(chunk));
            cuts.extend(cutter.by_ref());
        }
        (cuts, cutter.rest().to_vec())
    }

    #[test]
    fn a_line_is_kept_in_one_piece_up_to_a_limit() {
        for over in [0, 1, 100] {
            let mut text = vec![b'x'; LONGEST_LINE + over];
            text.push(b'\n');
            let (cuts, rest) = cut(&text.chunks(1 << 20).collect::<Vec<_>>());
            let lengths: Vec<_> = cuts
                .iter()
                .map(|cut| match cut {
                    Cut::Line(line) => (true, line.len()),
                    Cut::Part(part) => (false, part.len()),
                })
                .collect();
            match over {
                0 => assert_eq!(lengths, [(true, LONGEST_LINE)]),
                over => assert_eq!(lengths, [(false, LONGEST_LINE), (true, over)]),
            }
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn what_was_cleared_is_gone() {
        let mut cutter = Cutter::default();
        cutter.push(Bytes::from_static(b"a\nb"));
        assert_eq!(cutter.by_ref().count(), 1);
        cutter.clear();
        assert!(cutter.rest().is_empty());
        cutter.push(Bytes::from_static(b"c\n"));
        assert_eq!(cutter.next(), Some(Cut::Line(Bytes::from_static(b"c"))));
    }

    proptest! {
        #[test]
        fn however_it_arrives_it_is_cut_at_its_line_ends(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..12),
        ) {
            let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            places.extend([0, text.len()]);
            places.sort_unstable();
            let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let (cuts, rest) = cut(&chunks);
            let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            prop_assert_eq!(rest, lines.pop().unwrap());
            let expected: Vec<Cut> = lines.iter().map(|line| Cut::Line(Bytes::copy_from_slice(line))).collect();
            prop_assert_eq!(cuts, expected);
        }
    }
}
