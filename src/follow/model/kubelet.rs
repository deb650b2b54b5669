//! Logs as a runtime stores them, and answers as a kubelet writes them.

use std::collections::VecDeque;

use super::super::follower::{BodyEnd, Request};
use crate::k8s::{Line, Stamp, lines};

/// What is stored at once: a line, or a part of a long one.
pub struct StoredPart {
    pub stamp: i64,
    pub bytes: Vec<u8>,
    pub partial: bool,
}

/// One instance's log.
#[derive(Default)]
pub struct Log {
    pub chunks: Vec<StoredPart>,
    /// Where the newest file begins.
    pub file_start: usize,
    pub ended: Option<i64>,
    pub started: i64,
}

impl Log {
    /// The lines as an uninterrupted reader gets them.
    pub fn lines(&self) -> Vec<Line> {
        self.lines_from(0)
    }

    /// Those of the last chunks of the newest file.
    pub fn tail(&self, chunks: u64) -> Vec<Line> {
        self.lines_from(self.chunks.len().saturating_sub(chunks as usize).max(self.file_start))
    }

    fn lines_from(&self, chunk: usize) -> Vec<Line> {
        let mut answer = Answer { next: chunk, file_start: self.file_start, ..Answer::text("", Request::default()) };
        answer.fill(self);
        lines::lines_of(answer.ready.make_contiguous())
    }
}

/// An answer that is being written.
pub struct Answer {
    /// Of which instance; `None`: it is the kubelet's own text.
    pub instance: Option<usize>,
    pub request: Request,
    /// Written, and not delivered yet.
    pub ready: VecDeque<u8>,
    /// Nothing more of it is delivered, not even its end.
    pub stalled: bool,
    /// It has ended, and that is not told yet.
    pub end: Option<BodyEnd>,
    /// The chunk behind the last one that is written, if it ends before the log does.
    pub limit: Option<usize>,
    next: usize,
    new_line: bool,
    file_start: usize,
}

impl Answer {
    /// An answer that is the kubelet's own text.
    pub fn text(text: &str, request: Request) -> Answer {
        Answer {
            instance: None,
            request,
            ready: text.bytes().collect(),
            stalled: false,
            end: None,
            limit: None,
            next: 0,
            new_line: true,
            file_start: 0,
        }
    }

    /// The log of an instance.
    pub fn log(instance: usize, log: &Log, request: Request) -> Answer {
        let tail = request.tail.map_or(0, |tail| log.chunks.len().saturating_sub(tail as usize));
        Answer {
            instance: Some(instance),
            next: log.file_start.max(tail),
            file_start: log.file_start,
            ..Answer::text("", request)
        }
    }

    /// The kubelet's writer, over what the log holds now.
    pub fn fill(&mut self, log: &Log) {
        if log.file_start > self.file_start {
            // A follower reads the old file to its end, then the new one from its start.
            self.file_start = log.file_start;
            self.new_line = true;
        }
        let limit = self.limit.unwrap_or(log.chunks.len());
        for chunk in log.chunks.iter().take(limit).skip(self.next) {
            let since = self.request.since.map_or(i64::MIN, |since| since.floor_second().0);
            if chunk.stamp >= since {
                if self.new_line {
                    self.ready.extend(format!("{:.9} ", Stamp(chunk.stamp).to_timestamp()).into_bytes());
                }
                self.ready.extend(&chunk.bytes);
                if !chunk.partial {
                    self.ready.push_back(b'\n');
                }
            }
            self.new_line = !chunk.partial;
        }
        self.next = self.next.max(limit);
    }
}
