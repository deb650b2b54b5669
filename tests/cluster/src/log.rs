//! One container instance's log, modelled as the kubelet sees it: files of CRI chunks.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::{self, STAMP, Stamper};

/// The runtime stores a longer line in several chunks of this size.
pub const CHUNK: usize = 16 * 1024;
/// An open block is sealed at about this size, so that no block ever has to move.
const BLOCK: usize = 1 << 20;
/// How much one read hands out at most.
const PIECE: usize = 256 * 1024;
/// The kubelet keeps five files of a container's log (`containerLogMaxFiles`), the one that is written among them.
const FILES: usize = 5;
/// What a record of a file has and a chunk in memory has not: ` stdout F`.
const TAG: usize = 9;

/// Which of a container's two streams wrote a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

#[derive(Debug, Clone, Copy)]
struct Chunk {
    ts: i64,
    end: u32,
    partial: bool,
    stream: Stream,
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A run of chunks, every one rendered with its stamp, ready to be shared between many containers.
///
/// Reading a whole block with `timestamps=true` hands out the memory itself.
#[derive(Debug, Default, Clone)]
pub struct LogBlock {
    bytes: Bytes,
    chunks: Vec<Chunk>,
    /// As a file that holds nothing else, plain and compressed, once it was asked for.
    file: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

/// Collects chunks for a [`LogBlock`].
#[derive(Debug, Default)]
pub struct LogBlockBuilder {
    bytes: Vec<u8>,
    chunks: Vec<Chunk>,
    stamper: Stamper,
}

impl LogBlockBuilder {
    /// An empty block.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one chunk as the runtime would have stored it.
    pub fn chunk(&mut self, at: Timestamp, stream: Stream, partial: bool, text: &[u8]) -> &mut Self {
        self.push(clock::nanos(at), stream, partial, text);
        self
    }

    /// Adds one line (without its newline), split into chunks of 16 KiB, all with the same stamp.
    pub fn line(&mut self, at: Timestamp, stream: Stream, text: &[u8]) -> &mut Self {
        self.push_line(clock::nanos(at), stream, text);
        self
    }

    /// How many chunks there are.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Seals the block.
    pub fn build(self) -> Arc<LogBlock> {
        let mut chunks = self.chunks;
        chunks.shrink_to_fit();
        Arc::new(LogBlock { bytes: Bytes::from(self.bytes), chunks, ..LogBlock::default() })
    }

    fn push(&mut self, ts: i64, stream: Stream, partial: bool, text: &[u8]) {
        self.bytes.extend_from_slice(self.stamper.stamp(ts));
        self.bytes.extend_from_slice(text);
        if !partial {
            self.bytes.push(b'\n');
        }
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.chunks.push(Chunk { ts, end, partial, stream });
    }

    fn push_line(&mut self, ts: i64, stream: Stream, text: &[u8]) {
        // The runtime's line reader drops the carriage return of a `\r\n`.
        let mut rest = text.strip_suffix(b"\r").unwrap_or(text);
        while rest.len() > CHUNK {
            let (head, tail) = rest.split_at(CHUNK);
            self.push(ts, stream, true, head);
            rest = tail;
        }
        self.push(ts, stream, false, rest);
    }
}

#[derive(Debug, Default)]
struct LogFile {
    number: u64,
    sealed: Vec<Arc<LogBlock>>,
    open: LogBlockBuilder,
    /// When it was written last.
    modified: Timestamp,
    /// When it was rotated, which its name tells from then on; `None` for the file that is written.
    rotated: Option<Timestamp>,
    compressed: OnceLock<Bytes>,
}

impl LogFile {
    fn seal(&mut self) {
        if !self.open.is_empty() {
            self.sealed.push(std::mem::take(&mut self.open).build());
        }
    }

    fn blocks(&self) -> usize {
        self.sealed.len() + 1
    }

    fn chunks(&self, block: usize) -> &[Chunk] {
        self.sealed.get(block).map_or(&self.open.chunks, |block| &block.chunks)
    }

    /// About how large the file is.
    fn size(&self) -> usize {
        let size = |bytes: usize, chunks: &[Chunk]| bytes + chunks.len() * TAG;
        let sealed = self.sealed.iter().map(|block| size(block.bytes.len(), &block.chunks)).sum::<usize>();
        sealed + size(self.open.bytes.len(), &self.open.chunks)
    }

    /// The file as the runtime wrote it: a record for each chunk.
    fn records(&self) -> Bytes {
        match self.only() {
            Some(block) => block.file.get_or_init(|| self.render()).clone(),
            None => self.render(),
        }
    }

    /// The one block that it has, which it may share with many files.
    fn only(&self) -> Option<&LogBlock> {
        match &self.sealed[..] {
            [block] if self.open.is_empty() => Some(block),
            _ => None,
        }
    }

    fn render(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.size());
        for block in &self.sealed {
            write_records(&mut out, &block.bytes, &block.chunks);
        }
        write_records(&mut out, &self.open.bytes, &self.open.chunks);
        Bytes::from(out)
    }

    fn gzip(&self) -> Bytes {
        let compress = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            // A vector takes whatever it is given.
            let _ = encoder.write_all(&self.records());
            Bytes::from(encoder.finish().unwrap_or_default())
        };
        self.only().map_or(&self.compressed, |block| &block.gzip).get_or_init(compress).clone()
    }

    fn tail(&self, mut lines: usize) -> (usize, usize) {
        let mut block = self.blocks();
        while block > 0 {
            block -= 1;
            let len = self.chunks(block).len();
            if lines <= len {
                return (block, len - lines);
            }
            lines -= len;
        }
        (0, 0)
    }
}

#[derive(Debug, Default)]
struct LogState {
    files: VecDeque<LogFile>,
    finished: bool,
    removed: bool,
    /// Followers of files older than this one lose what they had not read.
    abandoned: u64,
}

/// A file of a log, as a listing shows it.
#[derive(Debug)]
pub(crate) struct NodeFile {
    /// The whole path on the node.
    pub(crate) path: String,
    pub(crate) modified: Timestamp,
}

fn write_records(out: &mut Vec<u8>, bytes: &[u8], chunks: &[Chunk]) {
    for (index, chunk) in chunks.iter().enumerate() {
        let record = &bytes[start_of(chunks, index)..chunk.end as usize];
        let (stamp, text) = record.split_at(STAMP);
        // Files have Go's RFC3339Nano: no zeros at the end of the fraction.
        let kept = stamp[..STAMP - 2].iter().rposition(|byte| !matches!(byte, b'0' | b'.')).map_or(0, |last| last + 1);
        out.extend_from_slice(&stamp[..kept.max(STAMP - 12)]);
        out.extend_from_slice(b"Z ");
        out.extend_from_slice(chunk.stream.name().as_bytes());
        out.extend_from_slice(if chunk.partial { b" P " } else { b" F " });
        out.extend_from_slice(text);
        if chunk.partial {
            out.push(b'\n');
        }
    }
}

impl LogState {
    /// Starts a new file and removes the oldest beyond what is kept; the number of the new one.
    fn rotate(&mut self, at: Timestamp) -> u64 {
        // The kubelet looks every ten seconds, so no two rotated files have one name. Here a second is added if need be.
        let before = self.files.iter().rev().find_map(|file| file.rotated);
        let next = |before: Timestamp| Timestamp::from_second(before.as_second() + 1).unwrap_or(before);
        let number = self.files.back_mut().map_or(0, |file| {
            file.rotated = Some(before.map_or(at, |before| at.max(next(before))));
            file.number + 1
        });
        self.files.push_back(LogFile { number, modified: at, ..LogFile::default() });
        while self.files.len() > FILES {
            self.files.pop_front();
        }
        number
    }

    /// What the name of a file has after `N.log`: all but the newest are told apart by when they were rotated, and all but the
    /// newest two are compressed.
    fn suffix(&self, index: usize) -> String {
        let Some(rotated) = self.files.get(index).and_then(|file| file.rotated) else { return String::new() };
        let gz = if index + 2 < self.files.len() { ".gz" } else { "" };
        format!(".{}{gz}", rotated.strftime("%Y%m%d-%H%M%S"))
    }
}

/// The log of one container instance.
#[derive(Debug)]
pub(crate) struct InstanceLog {
    /// `/var/log/pods/…/N.log`, for the error a missing file gives.
    pub(crate) path: String,
    /// A file that has reached this size is rotated.
    max_size: Option<usize>,
    inner: Mutex<LogState>,
    changed: watch::Sender<()>,
}

/// What a reader asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadOptions {
    pub(crate) timestamps: bool,
    pub(crate) follow: bool,
    pub(crate) since: i64,
    pub(crate) tail: Option<usize>,
}

/// What a read gave.
#[derive(Debug)]
pub(crate) enum Read {
    Data(Bytes),
    /// Nothing more yet: the follower waits.
    Wait,
    End,
}

/// A place in an instance's log, and the kubelet's one bit of memory about the text before it.
#[derive(Debug)]
pub(crate) struct Reader {
    log: Arc<InstanceLog>,
    changed: watch::Receiver<()>,
    options: ReadOptions,
    file: u64,
    block: usize,
    chunk: usize,
    new_line: bool,
}

impl InstanceLog {
    pub(crate) fn new(path: String, max_size: Option<usize>) -> Arc<Self> {
        let inner = LogState {
            files: VecDeque::from([LogFile { modified: Timestamp::now(), ..LogFile::default() }]),
            ..LogState::default()
        };
        Arc::new(Self { path, max_size, inner: Mutex::new(inner), changed: watch::Sender::new(()) })
    }

    fn lock(&self) -> MutexGuard<'_, LogState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, edit: impl FnOnce(&mut LogState)) {
        edit(&mut self.lock());
        self.changed.send_replace(());
    }

    fn edit_newest(&self, edit: impl FnOnce(&mut LogFile)) {
        self.change(|inner| {
            if let Some(file) = inner.files.back_mut() {
                edit(file);
                file.modified = Timestamp::now();
                if file.open.bytes.len() > BLOCK {
                    file.seal();
                }
                if self.max_size.is_some_and(|max| file.size() >= max) {
                    inner.rotate(Timestamp::now());
                }
            }
        });
    }

    /// Appends text; every `\n` ends a line, and so does the end of the text.
    pub(crate) fn append(&self, ts: i64, stream: Stream, text: &[u8]) {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        self.edit_newest(|file| {
            for line in text.split(|byte| *byte == b'\n') {
                file.open.push_line(ts, stream, line);
            }
        });
    }

    pub(crate) fn append_chunk(&self, ts: i64, stream: Stream, partial: bool, text: &[u8]) {
        self.edit_newest(|file| file.open.push(ts, stream, partial, text));
    }

    pub(crate) fn append_block(&self, block: &Arc<LogBlock>) {
        self.edit_newest(|file| {
            file.seal();
            file.sealed.push(Arc::clone(block));
        });
    }

    /// Starts a new file; with `skip`, followers lose what they had not read of the old ones.
    pub(crate) fn rotate(&self, at: Timestamp, skip: bool) {
        self.change(|inner| {
            let number = inner.rotate(at);
            if skip {
                inner.abandoned = number;
            }
        });
    }

    /// The files of it that the node holds, oldest first.
    pub(crate) fn node_files(&self) -> Vec<NodeFile> {
        let inner = self.lock();
        if inner.removed {
            return Vec::new();
        }
        let path = |index| format!("{}{}", self.path, inner.suffix(index));
        let file = |(index, file): (usize, &LogFile)| NodeFile { path: path(index), modified: file.modified };
        inner.files.iter().enumerate().map(file).collect()
    }

    /// What the file of this path on the node holds, and when it was written last.
    pub(crate) fn node_file(&self, path: &str) -> Option<(Bytes, Timestamp)> {
        let suffix = path.strip_prefix(&self.path)?;
        let inner = self.lock();
        if inner.removed {
            return None;
        }
        let index = (0..inner.files.len()).find(|index| inner.suffix(*index) == suffix)?;
        let file = inner.files.get(index)?;
        let bytes = if suffix.ends_with(".gz") { file.gzip() } else { file.records() };
        Some((bytes, file.modified))
    }

    /// The text of the first line that the node holds of it.
    pub(crate) fn first_text(&self) -> Option<String> {
        let inner = self.lock();
        let text = |bytes: &[u8], chunks: &[Chunk]| {
            let end = chunks.first()?.end as usize;
            Some(String::from_utf8_lossy(bytes.get(STAMP..end)?).trim_end().to_owned())
        };
        let first = |file: &LogFile| match file.sealed.first() {
            Some(block) => text(&block.bytes, &block.chunks),
            None => text(&file.open.bytes, &file.open.chunks),
        };
        if inner.removed { None } else { inner.files.iter().find_map(first) }
    }

    /// Whether its container has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.lock().finished
    }

    pub(crate) fn remove(&self) {
        self.change(|inner| inner.removed = true);
    }

    pub(crate) fn finish(&self) {
        self.change(|inner| inner.finished = true);
    }

    /// Opens the newest file, or says how the kubelet fails to.
    pub(crate) fn open(self: &Arc<Self>, options: ReadOptions) -> Result<Reader, String> {
        let changed = self.changed.subscribe();
        let inner = self.lock();
        if inner.removed {
            let path = &self.path;
            return Err(format!(
                "failed to try resolving symlinks in path \"{path}\": lstat {path}: no such file or directory"
            ));
        }
        let (file, (block, chunk)) = inner
            .files
            .back()
            .map_or((0, (0, 0)), |file| (file.number, options.tail.map_or((0, 0), |lines| file.tail(lines))));
        drop(inner);
        Ok(Reader { log: Arc::clone(self), changed, options, file, block, chunk, new_line: true })
    }
}

impl Reader {
    /// Waits until the log may hold something new.
    pub(crate) async fn wait(&mut self) {
        // The sender lives in the log this reader holds.
        let _ = self.changed.changed().await;
    }

    pub(crate) fn read(&mut self) -> Read {
        self.changed.mark_unchanged();
        let log = Arc::clone(&self.log);
        let inner = log.lock();
        if self.options.follow && self.file < inner.abandoned {
            self.go_to(inner.abandoned);
        }
        loop {
            let oldest = inner.files.front().map_or(0, |file| file.number);
            if self.file < oldest {
                self.go_to(oldest);
            }
            let Some(file) = inner.files.get(usize::try_from(self.file - oldest).unwrap_or(usize::MAX)) else {
                return Read::End;
            };
            if let Some(data) = self.read_file(file) {
                return Read::Data(data);
            }
            let newest = inner.files.back().map_or(0, |file| file.number);
            match (self.options.follow, self.file < newest) {
                (true, true) => self.go_to(self.file + 1),
                (true, false) if !inner.finished => return Read::Wait,
                _ => return Read::End,
            }
        }
    }

    fn go_to(&mut self, file: u64) {
        (self.file, self.block, self.chunk) = (file, 0, 0);
    }

    fn read_file(&mut self, file: &LogFile) -> Option<Bytes> {
        while self.block < file.blocks() {
            let data = match file.sealed.get(self.block) {
                Some(block) if self.options.timestamps => self.slice(block),
                Some(block) => self.copy(&block.bytes, &block.chunks),
                None => self.copy(&file.open.bytes, &file.open.chunks),
            };
            if data.is_some() {
                return data;
            }
            if self.block + 1 == file.blocks() {
                return None;
            }
            self.block += 1;
            self.chunk = 0;
        }
        None
    }

    /// The next run of chunks which goes out exactly as it lies in memory.
    fn slice(&mut self, block: &LogBlock) -> Option<Bytes> {
        let mut run: Option<(usize, usize)> = None;
        while let Some(chunk) = block.chunks.get(self.chunk) {
            let start = start_of(&block.chunks, self.chunk);
            let end = chunk.end as usize;
            if chunk.ts < self.options.since {
                if run.is_some() {
                    break;
                }
            } else if self.new_line {
                let from = run.map_or(start, |run| run.0);
                if end - from > PIECE && run.is_some() {
                    break;
                }
                run = Some((from, end));
            } else {
                if run.is_some() {
                    break;
                }
                run = Some((start + STAMP, end));
                self.advance(chunk.partial);
                break;
            }
            self.advance(chunk.partial);
        }
        run.map(|(from, to)| block.bytes.slice(from..to))
    }

    fn copy(&mut self, bytes: &[u8], chunks: &[Chunk]) -> Option<Bytes> {
        let mut out = Vec::new();
        while let Some(chunk) = chunks.get(self.chunk) {
            if chunk.ts >= self.options.since {
                let mut start = start_of(chunks, self.chunk);
                if !(self.options.timestamps && self.new_line) {
                    start += STAMP;
                }
                if out.is_empty() {
                    out.reserve(PIECE.min(bytes.len() - start));
                }
                out.extend_from_slice(&bytes[start..chunk.end as usize]);
            }
            self.advance(chunk.partial);
            if out.len() >= PIECE {
                break;
            }
        }
        (!out.is_empty()).then(|| Bytes::from(out))
    }

    /// The kubelet sets this after every chunk, skipped or not.
    fn advance(&mut self, partial: bool) {
        self.chunk += 1;
        self.new_line = !partial;
    }
}

fn start_of(chunks: &[Chunk], index: usize) -> usize {
    index.checked_sub(1).and_then(|before| chunks.get(before)).map_or(0, |chunk| chunk.end as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(log: &Arc<InstanceLog>, options: ReadOptions) -> String {
        let mut reader = log.open(options).unwrap();
        let mut out = Vec::new();
        while let Read::Data(data) = reader.read() {
            out.extend_from_slice(&data);
        }
        String::from_utf8(out).unwrap()
    }

    fn stamped(since: i64) -> ReadOptions {
        ReadOptions { timestamps: true, since, ..ReadOptions::default() }
    }

    const A: &str = "1970-01-01T00:00:01.000000000Z ";
    const B: &str = "1970-01-01T00:00:02.000000000Z ";

    fn sealed_and_open(write: impl Fn(&InstanceLog)) -> [Arc<InstanceLog>; 2] {
        let open = InstanceLog::new(String::new(), None);
        write(&open);
        let sealed = InstanceLog::new(String::new(), None);
        write(&sealed);
        sealed.edit_newest(LogFile::seal);
        [open, sealed]
    }

    #[test]
    fn the_rest_of_a_long_line_is_bare() {
        for log in sealed_and_open(|log| {
            log.append_chunk(1_000_000_000, Stream::Stdout, true, b"abc");
            log.append_chunk(2_000_000_000, Stream::Stderr, false, b"err");
            log.append_chunk(2_000_000_000, Stream::Stdout, false, b"def");
        }) {
            assert_eq!(read_all(&log, stamped(0)), format!("{A}abcerr\n{B}def\n"));
            assert_eq!(read_all(&log, stamped(2_000_000_000)), format!("err\n{B}def\n"));
            assert_eq!(read_all(&log, ReadOptions::default()), "abcerr\ndef\n");
            let tail = ReadOptions { tail: Some(1), ..stamped(0) };
            assert_eq!(read_all(&log, tail), format!("{B}def\n"));
        }
    }

    #[test]
    fn a_fresh_read_sees_only_the_newest_file_and_a_follower_goes_on() {
        let log = InstanceLog::new(String::new(), None);
        log.append(1, Stream::Stdout, b"old\nold 2\n");
        let mut follower = log.open(ReadOptions { follow: true, ..ReadOptions::default() }).unwrap();
        log.rotate(Timestamp::now(), false);
        log.append(2, Stream::Stdout, b"new");
        assert_eq!(read_all(&log, ReadOptions::default()), "new\n");
        assert!(matches!(follower.read(), Read::Data(data) if data == "old\nold 2\n"));
        assert!(matches!(follower.read(), Read::Data(data) if data == "new\n"));
        assert!(matches!(follower.read(), Read::Wait));
        log.finish();
        assert!(matches!(follower.read(), Read::End));
    }

    #[test]
    fn long_lines_are_stored_in_chunks_and_carriage_returns_dropped() {
        let log = InstanceLog::new(String::new(), None);
        log.append(1, Stream::Stdout, &[vec![b'x'; CHUNK * 2 + 5], b"\r\n\r\n".to_vec()].concat());
        assert_eq!(read_all(&log, ReadOptions { tail: Some(2), ..ReadOptions::default() }), "xxxxx\n\n");
        assert_eq!(read_all(&log, ReadOptions::default()).len(), CHUNK * 2 + 7);
    }
}
