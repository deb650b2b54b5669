//! [`Records`]: the runtime's files → lines, each with the stream it was written to.
//!
//! A record is `STAMP stdout|stderr F|P TEXT`, the format of the container runtime interface. A long line is stored in
//! several of them: all but the last are partial (`P`). They are joined as the log API does it, one after another, whatever
//! their streams: so a line is the same from both, stamp and text.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use crate::k8s::{
    Line, StampReader, Stream,
    cutter::{Cut, Cutter, LONGEST_LINE},
};

/// A line of a node's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeLine {
    /// The line as the log API has it.
    pub line: Line,
    /// The stream; `None` when parts of both were joined.
    pub stream: Option<Stream>,
    /// How much of the text stands in older files than the line's end does, in bytes: a log may be rotated inside a long
    /// line. The log API, when it reads the newer file alone, has the rest as a line of its own.
    pub from_older_file: usize,
}

/// A record longer than a line may be: no runtime writes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record is longer than {} MiB", LONGEST_LINE >> 20)]
pub struct EndlessRecord;

/// Splits the bytes of an instance's files, oldest first, into lines.
#[derive(Debug, Default)]
pub struct Records {
    cutter: Cutter,
    stamps: StampReader,
    /// The line that is being joined.
    open: Option<OpenRecord>,
    skipped: u64,
}

#[derive(Debug)]
struct OpenRecord {
    line: Line,
    stream: Option<Stream>,
    /// More parts of the text, if there are any.
    more: BytesMut,
    from_older_file: usize,
    /// How long the text in one piece may become.
    room: usize,
}

/// One record.
#[derive(Debug)]
struct NodeRecord {
    line: Line,
    stream: Stream,
    partial: bool,
}

/// As long a record as BLAST's lines make, or a bit shorter, in bytes: what room is made by.
const USUAL_RECORD: usize = 64;

/// What a stamp takes in the log API's answer, in bytes: it counts for the length of a line's first piece.
const STAMP: usize = "2006-01-02T15:04:05.000000000Z ".len();

impl Records {
    /// Takes the next buffer, and adds to `lines` the whole ones there are by now.
    ///
    /// # Errors
    /// When a record does not end.
    pub fn take(&mut self, buffer: Bytes, lines: &mut Vec<NodeLine>) -> Result<(), EndlessRecord> {
        lines.reserve(buffer.len() / USUAL_RECORD);
        self.cutter.push(buffer);
        while let Some(cut) = self.cutter.next() {
            let Cut::Line(raw) = cut else {
                self.cutter.clear();
                return Err(EndlessRecord);
            };
            match self.record(raw) {
                // Nearly every record is a whole line.
                Some(NodeRecord { line, stream, partial: false }) if self.open.is_none() => {
                    lines.push(NodeLine { line, stream: Some(stream), from_older_file: 0 });
                }
                Some(record) => self.join(record, lines),
                None => self.skipped += 1,
            }
        }
        Ok(())
    }

    /// A file ends. What stands after its last line end is not a record yet, and is dropped; a line whose end the next file
    /// has goes on.
    pub fn end_of_file(&mut self) {
        self.cutter.clear();
        if let Some(open) = &mut self.open {
            open.from_older_file = open.len();
        }
    }

    /// The line that has not ended: at the end of a log whose last line has no line end.
    pub fn unfinished(&mut self) -> Option<NodeLine> {
        self.open.take().map(OpenRecord::finish)
    }

    /// How many lines of the files were no records, which kubelets skip as well.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    fn record(&mut self, mut raw: Bytes) -> Option<NodeRecord> {
        let (stamp, at) = self.stamps.parse(&raw)?;
        raw.advance(at);
        let stream = match raw.get(..7)? {
            b"stdout " => Stream::Stdout,
            b"stderr " => Stream::Stderr,
            _ => return None,
        };
        raw.advance(7);
        let (partial, text) = match *raw.get(..2)? {
            [b'F', b' '] => (false, 2),
            [b'P', b' '] => (true, 2),
            // More tags may follow the first one, after colons.
            _ => {
                let end = memchr(b' ', &raw)?;
                (raw[..end].split(|byte| *byte == b':').next() == Some(b"P"), end + 1)
            }
        };
        raw.advance(text);
        Some(NodeRecord { line: Line { stamp, text: raw }, stream, partial })
    }

    /// Adds a record to the line that is open, and to `lines` what is one by now.
    fn join(&mut self, record: NodeRecord, lines: &mut Vec<NodeLine>) {
        let NodeRecord { mut line, stream, partial } = record;
        let Some(open) = &mut self.open else {
            self.open = Some(OpenRecord::new(line, Some(stream), LONGEST_LINE - STAMP));
            return;
        };
        if open.stream != Some(stream) {
            open.stream = None;
        }
        // As the log API's lines are, too long a one is handed on in pieces under its stamp.
        if open.len() + line.text.len() > open.room {
            let head = line.text.split_to(open.room.saturating_sub(open.len()));
            open.more.extend_from_slice(&head);
            let rest = OpenRecord::new(Line { stamp: open.line.stamp, text: line.text }, open.stream, LONGEST_LINE);
            lines.push(std::mem::replace(open, rest).finish());
        } else {
            open.more.extend_from_slice(&line.text);
        }
        if !partial {
            lines.extend(self.open.take().map(OpenRecord::finish));
        }
    }
}

impl OpenRecord {
    fn new(line: Line, stream: Option<Stream>, room: usize) -> Self {
        Self { line, stream, more: BytesMut::new(), from_older_file: 0, room }
    }

    fn len(&self) -> usize {
        self.line.text.len() + self.more.len()
    }

    fn finish(self) -> NodeLine {
        let Self { mut line, stream, more, from_older_file, .. } = self;
        if !more.is_empty() {
            line.text = [&*line.text, &*more].concat().into();
        }
        NodeLine { line, stream, from_older_file }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::Stamp;
    use proptest::prelude::*;

    fn read(files: &[&[u8]], chunk: usize) -> (Vec<NodeLine>, Records) {
        let mut records = Records::default();
        let mut lines = Vec::new();
        for file in files {
            for part in file.chunks(chunk.max(1)) {
                records.take(Bytes::copy_from_slice(part), &mut lines).unwrap();
            }
            records.end_of_file();
        }
        (lines, records)
    }

    fn texts(files: &[&[u8]]) -> Vec<String> {
        read(files, 7).0.iter().map(|line| line.line.text.escape_ascii().to_string()).collect()
    }

    #[test]
    fn a_recorded_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/recordings/kubernetes-1.36/node-logs-weird.http");
        let recording = std::fs::read(path).unwrap();
        let body = recording.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let texts = texts(&[&recording[body..]]);
        assert_eq!(
            texts,
            [
                "progress 1%\\rprogress 50%\\rprogress 100%",
                "\\x1b[31mred\\x1b[0m text",
                "\\x1b]0;owned\\x07title",
                "bad utf8 \\xff\\xfe end",
                "",
                ""
            ],
            "the long line's end is not there"
        );
    }

    #[test]
    fn parts_are_joined_in_the_order_they_stand_in() {
        let file = b"2026-11-25T17:57:51.05Z stdout P abc\n\
            2026-11-25T17:57:51.06Z stderr F err\n\
            2026-11-25T17:57:51.07Z stdout F def\n\
            2026-11-25T17:57:51.08Z stdout P:x:y 1\n\
            2026-11-25T17:57:51.09Z stdout F:x 2\r\n";
        let (lines, _) = read(&[file], 1000);
        let found: Vec<_> = lines.iter().map(|line| (&line.line.text[..], line.stream)).collect();
        assert_eq!(
            found,
            [(&b"abcerr"[..], None), (b"def", Some(Stream::Stdout)), (b"12\r", Some(Stream::Stdout))],
            "the log API glues them so too"
        );
        assert_eq!(lines[0].line.stamp, Stamp::parse(b"2026-11-25T17:57:51.050000000Z ").unwrap().0);
    }

    #[test]
    fn what_has_no_line_end_is_no_line_and_what_is_no_record_is_skipped() {
        let file =
            b"garbage\n\n2026-11-25T17:57:51Z stdout\n2026-11-25T17:57:51Z stdin F x\n2026-11-25T17:57:51Z stdout F\n\
            2026-11-25T17:57:51Z stdout F a\n2026-11-25T17:57:52Z stdout F not yet";
        let (lines, mut records) = read(&[file], 3);
        assert_eq!(lines.len(), 1);
        assert_eq!((records.skipped(), records.unfinished()), (5, None));
        let (_, mut records) = read(&[b"2026-11-25T17:57:51Z stderr P the last words\n"], 3);
        assert_eq!(records.unfinished().unwrap().line.text, "the last words");
    }

    #[test]
    fn a_log_may_be_rotated_inside_a_line() {
        let (lines, _) =
            read(&[b"2026-11-25T17:57:51Z stdout P older \n", b"2026-11-25T17:57:52Z stdout F newer\n"], 50);
        assert_eq!((&lines[0].line.text[..], lines[0].from_older_file), (&b"older newer"[..], 6));
        assert_eq!(lines[0].line.stamp.0 % 60_000_000_000, 51_000_000_000);
    }

    #[test]
    fn an_endless_line_comes_in_pieces_and_an_endless_record_is_refused() {
        let part = [&b"2026-11-25T17:57:51.000000001Z stdout P "[..], &[b'x'; 16 << 10], b"\n"].concat();
        let mut records = Records::default();
        let mut pieces = Vec::new();
        for _ in 0..=(LONGEST_LINE >> 14) {
            records.take(Bytes::copy_from_slice(&part), &mut pieces).unwrap();
        }
        assert_eq!(pieces.len(), 1);
        assert_eq!(pieces[0].line.text.len() + STAMP, LONGEST_LINE);
        let rest = records.unfinished().unwrap();
        assert_eq!(rest.line.text.len(), STAMP + (16 << 10));
        assert_eq!(rest.line.stamp, pieces[0].line.stamp);
        let mut refused = false;
        for _ in 0..=LONGEST_LINE >> 20 {
            refused |= records.take(Bytes::from(vec![b'x'; 1 << 20]), &mut pieces) == Err(EndlessRecord);
        }
        assert!(refused);
    }

    proptest! {
        /// Any texts, cut into parts of any length and files of any length, arriving in pieces of any length.
        #[test]
        fn every_line_comes_whole(
            texts in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>().prop_filter("end", |byte| *byte != b'\n'), 0..40), any::<bool>()),
                0..12,
            ),
            part in 1usize..10,
            file in 1usize..200,
            chunk in 1usize..50,
        ) {
            let mut files = vec![Vec::new()];
            for (text, stderr) in &texts {
                let stream = if *stderr { "stderr" } else { "stdout" };
                let mut parts = text.chunks(part).peekable();
                let mut first = true;
                while first || parts.peek().is_some() {
                    let text = parts.next().unwrap_or_default();
                    let tag = if parts.peek().is_some() { "P" } else { "F" };
                    if files.last().unwrap().len() > file {
                        files.push(Vec::new());
                    }
                    let open = files.last_mut().unwrap();
                    open.extend_from_slice(format!("2026-11-25T17:57:51.5Z {stream} {tag} ").as_bytes());
                    open.extend_from_slice(text);
                    open.push(b'\n');
                    first = false;
                }
            }
            let files: Vec<&[u8]> = files.iter().map(|file| &file[..]).collect();
            let (lines, mut records) = read(&files, chunk);
            prop_assert_eq!((records.skipped(), records.unfinished()), (0, None));
            let got: Vec<_> = lines.iter().map(|line| (line.line.text.to_vec(), line.stream == Some(Stream::Stderr))).collect();
            prop_assert_eq!(got, texts);
            prop_assert!(lines.iter().all(|line| line.from_older_file <= line.line.text.len()));
        }

        #[test]
        fn any_bytes_are_read_in_peace(bytes: Vec<u8>, chunk in 1usize..50) {
            read(&[&bytes, b"\n", &bytes], chunk);
        }
    }
}
