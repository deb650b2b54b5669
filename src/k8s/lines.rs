//! [`Line`], and [`Splitter`]: received buffers → lines with their stamps.

use bytes::{Buf, Bytes};

use super::{
    Stamp, StampReader,
    cutter::{Cut, Cutter},
    kubelet_error,
};

/// One whole line of a stamped log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the runtime wrote it.
    pub stamp: Stamp,
    /// Its bytes, without stamp and line end. They need not be UTF-8.
    pub text: Bytes,
}

impl Line {
    /// The line that `text` is, if it starts with a stamp. `text` has no line end.
    pub fn parse(text: &[u8]) -> Option<Line> {
        let (stamp, at) = Stamp::parse(text)?;
        Some(Line { stamp, text: Bytes::copy_from_slice(&text[at..]) })
    }
}

/// What a short answer consists of, such as the log's last lines. A last line without an end is one.
pub fn pieces_of(answer: &[u8]) -> Vec<LogPiece> {
    let whole = answer.strip_suffix(b"\n").unwrap_or(answer);
    let lines = whole.split(|byte| *byte == b'\n').filter(|_| !answer.is_empty());
    lines
        .map(|line| Line::parse(line).map_or_else(|| LogPiece::Bare(Bytes::copy_from_slice(line)), LogPiece::Line))
        .collect()
}

/// The lines of a short answer: bare text is dropped.
pub fn lines_of(answer: &[u8]) -> Vec<Line> {
    let line = |piece| match piece {
        LogPiece::Line(line) => Some(line),
        LogPiece::Bare(_) => None,
    };
    pieces_of(answer).into_iter().filter_map(line).collect()
}

/// The log's last lines as an answer has them; `None` when it is an error that the kubelet wrote in their place.
pub fn tail_of(answer: &[u8]) -> Option<Vec<Line>> {
    let text = String::from_utf8_lossy(answer.rsplit(|byte| *byte == b'\n').next()?);
    kubelet_error::in_band(&text).is_none().then(|| lines_of(answer))
}

/// What a stamped stream consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogPiece {
    /// A stamped line.
    Line(Line),
    /// A line that carries no stamp: the rest of a long line whose beginning `sinceTime` cut off.
    Bare(Bytes),
}

/// Splits a stream that was asked for with `timestamps=true`.
#[derive(Debug, Default)]
pub struct Splitter {
    cutter: Cutter,
    /// The stamp of a line that is being handed on in pieces.
    oversized: Option<Stamp>,
    stamps: StampReader,
}

impl Splitter {
    /// Takes the next buffer. Everything of the one before must have been drawn with `next`.
    pub fn push(&mut self, buffer: Bytes) {
        self.cutter.push(buffer);
    }

    /// What stands after the last line end: the text the stream ended in.
    pub fn rest(&self) -> &[u8] {
        self.cutter.rest()
    }

    /// Hands on a part of a line that does not end, and remembers its stamp for the parts that follow.
    fn oversized(&mut self, part: Bytes) -> LogPiece {
        let piece = self.piece(part, self.oversized);
        if let LogPiece::Line(line) = &piece {
            self.oversized = Some(line.stamp);
        }
        piece
    }

    /// One line as a piece: under the stamp it goes on from, or under its own.
    fn piece(&mut self, mut whole: Bytes, oversized: Option<Stamp>) -> LogPiece {
        if let Some(stamp) = oversized {
            return LogPiece::Line(Line { stamp, text: whole });
        }
        match self.stamps.parse(&whole) {
            Some((stamp, at)) => {
                whole.advance(at);
                LogPiece::Line(Line { stamp, text: whole })
            }
            None => LogPiece::Bare(whole),
        }
    }
}

impl Iterator for Splitter {
    type Item = LogPiece;

    /// The next whole line of what was pushed, or `None` when more must arrive.
    fn next(&mut self) -> Option<LogPiece> {
        match self.cutter.next()? {
            Cut::Line(whole) => {
                let oversized = self.oversized.take();
                Some(self.piece(whole, oversized))
            }
            Cut::Part(part) => Some(self.oversized(part)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::cutter::LONGEST_LINE;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> (Vec<LogPiece>, Vec<u8>) {
        let mut splitter = Splitter::default();
        let mut pieces = Vec::new();
        for chunk in chunks {
            splitter.push(Bytes::copy_from_slice(chunk));
            for piece in splitter.by_ref() {
                pieces.push(piece);
            }
        }
        (pieces, splitter.rest().to_vec())
    }

    #[test]
    fn empty_lines_and_the_unfinished_rest_are_told_apart() {
        let (pieces, rest) = split(&[b"2026-01-01T00:00:00.000000000Z \n2026-01-01T00:00:00.000000001Z a", b"b\n2026"]);
        let texts: Vec<_> = pieces
            .iter()
            .map(|piece| match piece {
                LogPiece::Line(line) => (line.stamp.0 % 10, line.text.clone()),
                LogPiece::Bare(text) => (-1, text.clone()),
            })
            .collect();
        assert_eq!(texts, [(0, Bytes::from("")), (1, Bytes::from("ab"))]);
        assert_eq!(rest, b"2026");
    }

    #[test]
    fn a_short_answer_is_cut_like_a_stream_and_its_last_line_needs_no_end() {
        let stamped = |text: &str| format!("2026-01-01T00:00:00.000000007Z {text}");
        for (answer, texts) in [
            (String::new(), &[][..]),
            ("\n".to_owned(), &["bare "]),
            (stamped("a"), &["7 a"]),
            (stamped("a\n"), &["7 a"]),
            (stamped("\n") + "\nerror\n" + &stamped("b"), &["7 ", "bare ", "bare error", "7 b"]),
        ] {
            let pieces = pieces_of(answer.as_bytes());
            let text = |piece: &LogPiece| match piece {
                LogPiece::Line(line) => format!("{} {}", line.stamp.0 % 10, String::from_utf8_lossy(&line.text)),
                LogPiece::Bare(text) => format!("bare {}", String::from_utf8_lossy(text)),
            };
            assert_eq!(pieces.iter().map(text).collect::<Vec<_>>(), texts, "{answer:?}");
            let lines = texts.iter().filter(|text| !text.starts_with("bare")).count();
            assert_eq!(lines_of(answer.as_bytes()).len(), lines, "{answer:?}");
        }
    }

    #[test]
    fn a_line_without_end_is_handed_on_in_pieces_under_its_stamp() {
        let mut log = b"2026-01-01T00:00:00.000000000Z ".to_vec();
        log.resize(LONGEST_LINE + 100, b'x');
        log.push(b'\n');
        let chunks: Vec<&[u8]> = log.chunks(1 << 20).collect();
        let (pieces, rest) = split(&chunks);
        assert_eq!(pieces.len(), 2);
        let total: usize = pieces
            .iter()
            .map(|piece| match piece {
                LogPiece::Line(line) => line.text.len(),
                LogPiece::Bare(_) => panic!("bare"),
            })
            .sum();
        assert_eq!((total, rest.len()), (LONGEST_LINE + 100 - 31, 0));
    }

    proptest! {
        #[test]
        fn chunking_never_changes_the_lines(
            texts in proptest::collection::vec(proptest::collection::vec(any::<u8>().prop_filter("end", |b| *b != b'\n'), 0..40), 0..12),
            cuts in proptest::collection::vec(0usize..600, 0..12),
        ) {
            let mut log = Vec::new();
            for text in &texts {
                log.extend_from_slice(b"2026-01-01T00:00:00.000000007Z ");
                log.extend_from_slice(text);
                log.push(b'\n');
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(log.len())).collect();
            cuts.extend([0, log.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &log[w[0]..w[1]]).collect();
            let (pieces, rest) = split(&chunks);
            prop_assert!(rest.is_empty());
            let got: Vec<Vec<u8>> = pieces.into_iter().map(|piece| match piece {
                LogPiece::Line(line) => line.text.to_vec(),
                LogPiece::Bare(text) => text.to_vec(),
            }).collect();
            prop_assert_eq!(got, texts);
        }
    }
}
