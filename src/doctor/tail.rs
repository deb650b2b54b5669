//! [`LogFacts`]: a piece of a container's log, as evidence.

use jiff::Timestamp;

use crate::{
    cluster::ClusterError,
    k8s::{
        Target,
        kubelet_error::{self, KubeletError},
        lines::{self, LogPiece},
    },
};

/// Which piece was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TailPart {
    /// The first bytes of what is left.
    Head,
    /// The last lines.
    Tail,
    /// The last lines of the instance before.
    Previous,
}

/// A piece of a log.
#[derive(Debug, Clone)]
pub struct LogFacts {
    /// Whose.
    pub target: Target,
    /// Its node.
    pub node: Option<String>,
    /// Which piece.
    pub part: TailPart,
    /// The answer.
    pub answer: TailAnswer,
}

/// What came back.
#[derive(Debug, Clone)]
pub enum TailAnswer {
    /// Lines; none is an empty log.
    Lines(Vec<TailLine>),
    /// The kubelet's own error in place of lines, and its words.
    InBand(KubeletError, String),
    /// The pod is on no node yet.
    NotScheduled,
    /// The server refused.
    Refused(ClusterError),
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailLine {
    /// When it was written.
    pub stamp: Option<Timestamp>,
    /// Its text. Of a line that was redrawn with `\r`, what was last to be seen.
    pub text: String,
}

impl LogFacts {
    /// The lines; none when there are none, for whatever reason.
    pub fn lines(&self) -> &[TailLine] {
        match &self.answer {
            TailAnswer::Lines(lines) => lines,
            _ => &[],
        }
    }
}

impl TailAnswer {
    /// Reads the body of an answer with time stamps.
    pub fn read(body: &[u8]) -> TailAnswer {
        let lines: Vec<TailLine> = lines::pieces_of(body).into_iter().map(TailLine::of).collect();
        if let Some(last) = lines.last()
            && last.stamp.is_none()
            && let Some(error) = kubelet_error::in_band(&last.text)
        {
            return TailAnswer::InBand(error, last.text.clone());
        }
        TailAnswer::Lines(lines)
    }

    /// Whether the same question may be answered otherwise a moment later: by a server that was busy, by a kubelet that had another
    /// trouble than the log, or was rotating it. A wait that was too long was one already.
    pub fn may_pass(&self) -> bool {
        match self {
            TailAnswer::InBand(error, _) => *error != KubeletError::Collected,
            TailAnswer::Refused(error @ ClusterError::Rejected(_)) => error.is_transient(),
            _ => false,
        }
    }
}

impl TailLine {
    fn of(piece: LogPiece) -> TailLine {
        let (stamp, text) = match piece {
            LogPiece::Line(line) => (Some(line.stamp.to_timestamp()), line.text),
            LogPiece::Bare(text) => (None, text),
        };
        let text = String::from_utf8_lossy(&text);
        let seen = text.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default();
        TailLine { stamp, text: seen.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stamps_redrawn_lines_and_errors() {
        let TailAnswer::Lines(lines) =
            TailAnswer::read(b"2026-11-24T12:58:33.981472121Z 10 %\r55 %\n2026-11-24T12:58:34Z \n")
        else {
            panic!("lines")
        };
        assert_eq!(lines[0].text, "55 %");
        assert_eq!(lines[0].stamp, Some("2026-11-24T12:58:33.981472121Z".parse().unwrap()));
        assert_eq!(lines[1].text, "");
        assert!(matches!(TailAnswer::read(b""), TailAnswer::Lines(lines) if lines.is_empty()));
        let printed = b"2026-11-24T12:58:34Z unable to retrieve container logs for x\n";
        assert!(matches!(TailAnswer::read(printed), TailAnswer::Lines(_)), "a container may print that itself");
    }

    #[test]
    fn what_a_kubelet_says_in_the_place_of_lines_is_told_apart_and_may_pass_unless_the_log_was_collected() {
        for (text, error, may_pass) in [
            ("unable to retrieve container logs for containerd://bb38a1a82b95", KubeletError::Collected, false),
            ("failed to try resolving symlinks in path \"/x\": no such file", KubeletError::FileMissing, true),
            ("failed to create fsnotify watcher: too many open files", KubeletError::Passing, true),
            ("rpc error: code = Unavailable desc = connection error", KubeletError::Passing, true),
        ] {
            let answer = TailAnswer::read(format!("2026-11-24T12:58:34Z a line\n{text}").as_bytes());
            assert!(matches!(&answer, TailAnswer::InBand(kind, said) if *kind == error && said == text), "{answer:?}");
            assert_eq!(answer.may_pass(), may_pass, "{text}");
        }
    }
}
