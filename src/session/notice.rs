//! [`Notice`]: what there is to tell of a run besides its containers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::unchosen::{OtherwiseLabelled, Unchosen};
use crate::numbers::counted;

/// Something about the run itself. `Display` is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// Pods may not be watched; with what the server said.
    ListsOnly(String),
    /// The watch on the pods is interrupted; with why.
    WatchInterrupted(String),
    /// It is not any more.
    WatchWorksAgain,
    /// There are no pods yet.
    NoPodsYet {
        /// The ElasticBLAST ids that are looked for.
        ids: String,
        /// Where.
        namespace: String,
    },
    /// There are pods, and none of them has the labels that are asked for.
    NothingLabelledYet {
        /// The ElasticBLAST ids that are looked for.
        ids: String,
        /// Where.
        namespace: String,
        /// The labels.
        labels: String,
        /// What there is.
        others: OtherwiseLabelled,
    },
    /// There are pods, and the choice leaves none of their containers; with what there is.
    NothingChosenYet(Unchosen),
    /// Pods that have ended may be removed before they are read.
    RemovalSoon {
        /// Containers that are not read to their end.
        unread: usize,
    },
    /// The row names no id yet.
    NoIdYet,
    /// It names one now.
    IdNamed(String),
    /// It names another.
    IdChanged {
        /// The id before.
        from: String,
        /// The id now.
        to: String,
    },
    /// The row cannot be read; with why.
    RowUnreadable(String),
    /// It can be read again.
    RowReadable,
    /// A part of the index of an archived job is missing; with the command that says which.
    IndexIncomplete(String),
}

impl Notice {
    /// Whether it is told whatever is asked to be left out.
    pub fn is_warning(&self) -> bool {
        match self {
            Notice::RemovalSoon { .. }
            | Notice::IdChanged { .. }
            | Notice::RowUnreadable(_)
            | Notice::IndexIncomplete(_) => true,
            Notice::ListsOnly(_)
            | Notice::WatchInterrupted(_)
            | Notice::WatchWorksAgain
            | Notice::NoPodsYet { .. }
            | Notice::NothingLabelledYet { .. }
            | Notice::NothingChosenYet(_)
            | Notice::NoIdYet
            | Notice::IdNamed(_)
            | Notice::RowReadable => false,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::ListsOnly(error) => {
                write!(f, "pods may not be watched, so they are listed every few seconds: {error}")
            }
            Notice::WatchInterrupted(error) => {
                write!(f, "the watch on the pods is interrupted and goes on by itself: {error}")
            }
            Notice::WatchWorksAgain => f.write_str("the watch on the pods works again"),
            Notice::NoPodsYet { ids, namespace } => {
                write!(f, "no pods of {ids} in namespace {namespace} yet, waiting for them")
            }
            Notice::NothingLabelledYet { ids, namespace, labels, others } => write!(
                f,
                "no pods of {ids} in namespace {namespace} with the labels {labels:?} yet, waiting for them; without these: \
                 {others}"
            ),
            Notice::NothingChosenYet(unchosen) => unchosen.yet().fmt(f),
            Notice::RemovalSoon { unread } => write!(
                f,
                "the logs of {} are not read to their end, and Kubernetes removes them when the TTL of their Jobs \
                 (ttlSecondsAfterFinished) is over, which may be soon: read faster, or save the output to a file",
                counted(*unread, "ended container")
            ),
            Notice::NoIdYet => f.write_str("the row holds no ElasticBLAST id yet, waiting for it"),
            Notice::IdNamed(id) => write!(f, "the row names its id now: {id}"),
            Notice::IdChanged { from, to } => write!(f, "the row's id changed from {from} to {to}; following both"),
            Notice::RowUnreadable(why) => {
                write!(f, "the row cannot be read at present, going on with what it said: {why}")
            }
            Notice::IndexIncomplete(verify) => {
                write!(f, "a part of the index is missing; to see which: {verify}")
            }
            Notice::RowReadable => f.write_str("the row can be read again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::unchosen::{Excluded, PodsIn},
        *,
    };
    use crate::name_list::NameList;

    /// Whether a notice is told under `--only-log-lines` too.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum TellWhen {
        Always,
        UnlessQuiet,
    }

    /// Each notice, when it is told, its sentence, and how it is written.
    fn all() -> Vec<(Notice, TellWhen, &'static str, &'static str)> {
        use TellWhen::{Always, UnlessQuiet};
        let text = str::to_owned;
        vec![
            (
                Notice::ListsOnly(text("403: no")),
                UnlessQuiet,
                "pods may not be watched, so they are listed every few seconds: 403: no",
                r#"{"listsOnly":"403: no"}"#,
            ),
            (
                Notice::WatchInterrupted(text("cut off")),
                UnlessQuiet,
                "the watch on the pods is interrupted and goes on by itself: cut off",
                r#"{"watchInterrupted":"cut off"}"#,
            ),
            (Notice::WatchWorksAgain, UnlessQuiet, "the watch on the pods works again", r#""watchWorksAgain""#),
            (
                Notice::NoPodsYet { ids: text("job-1 and job-2"), namespace: text("blast") },
                UnlessQuiet,
                "no pods of job-1 and job-2 in namespace blast yet, waiting for them",
                r#"{"noPodsYet":{"ids":"job-1 and job-2","namespace":"blast"}}"#,
            ),
            (
                Notice::NothingLabelledYet {
                    ids: text("job-1"),
                    namespace: text("blast"),
                    labels: text("app=x"),
                    others: OtherwiseLabelled { pods: 1, labels: NameList::of(["app=blast"], 1) },
                },
                UnlessQuiet,
                "no pods of job-1 in namespace blast with the labels \"app=x\" yet, waiting for them; without these: 1 pod, \
                 labelled: app=blast",
                r#"{"nothingLabelledYet":{"ids":"job-1","namespace":"blast","labels":"app=x","others":{"pods":1,"labels":{"names":["app=blast"],"more":0}}}}"#,
            ),
            (
                Notice::NothingChosenYet(Unchosen {
                    pods: 1,
                    place: PodsIn::Cluster,
                    excluded: Excluded::All,
                    containers: NameList::of(["blast (running)", "results-export"], 1),
                    names: NameList::of(["blastn-s00"], 1),
                    nodes: NameList::default(),
                    labels: NameList::default(),
                }),
                UnlessQuiet,
                "no container matches what is asked for yet, waiting for one: all are excluded; containers of 1 pod: blast (running) and 1 more; \
                 pods: blastn-s00",
                r#"{"nothingChosenYet":{"pods":1,"place":"cluster","excluded":"all","containers":{"names":["blast (running)"],"more":1},"names":{"names":["blastn-s00"],"more":0},"nodes":{"names":[],"more":0},"labels":{"names":[],"more":0}}}"#,
            ),
            (
                Notice::RemovalSoon { unread: 3 },
                Always,
                "the logs of 3 ended containers are not read to their end, and Kubernetes removes them when the TTL of their Jobs \
                 (ttlSecondsAfterFinished) is over, which may be soon: read faster, or save the output to a file",
                r#"{"removalSoon":{"unread":3}}"#,
            ),
            (Notice::NoIdYet, UnlessQuiet, "the row holds no ElasticBLAST id yet, waiting for it", r#""noIdYet""#),
            (Notice::IdNamed(text("job-1")), UnlessQuiet, "the row names its id now: job-1", r#"{"idNamed":"job-1"}"#),
            (
                Notice::IdChanged { from: text("job-1"), to: text("job-2") },
                Always,
                "the row's id changed from job-1 to job-2; following both",
                r#"{"idChanged":{"from":"job-1","to":"job-2"}}"#,
            ),
            (
                Notice::RowUnreadable(text("row.json: no such file")),
                Always,
                "the row cannot be read at present, going on with what it said: row.json: no such file",
                r#"{"rowUnreadable":"row.json: no such file"}"#,
            ),
            (Notice::RowReadable, UnlessQuiet, "the row can be read again", r#""rowReadable""#),
            (
                Notice::IndexIncomplete(text("elbtail verify DEST job-1")),
                Always,
                "a part of the index is missing; to see which: elbtail verify DEST job-1",
                r#"{"indexIncomplete":"elbtail verify DEST job-1"}"#,
            ),
        ]
    }

    /// The place of a notice in [`all`]. A new one does not compile before it has a place, and fails there without a sentence.
    fn place(notice: &Notice) -> usize {
        match notice {
            Notice::ListsOnly(_) => 0,
            Notice::WatchInterrupted(_) => 1,
            Notice::WatchWorksAgain => 2,
            Notice::NoPodsYet { .. } => 3,
            Notice::NothingLabelledYet { .. } => 4,
            Notice::NothingChosenYet(_) => 5,
            Notice::RemovalSoon { .. } => 6,
            Notice::NoIdYet => 7,
            Notice::IdNamed(_) => 8,
            Notice::IdChanged { .. } => 9,
            Notice::RowUnreadable(_) => 10,
            Notice::RowReadable => 11,
            Notice::IndexIncomplete(_) => 12,
        }
    }

    #[test]
    fn each_notice_has_its_sentence() {
        for (at, (notice, told, sentence, _)) in all().into_iter().enumerate() {
            assert_eq!(place(&notice), at);
            assert_eq!(notice.to_string(), sentence);
            assert!(
                !sentence.contains('\n') && !sentence.ends_with('.'),
                "one sentence, which others continue: {sentence}"
            );
            assert_eq!(notice.is_warning(), told == TellWhen::Always, "{notice:?}");
        }
    }

    #[test]
    fn each_notice_is_written_and_read_back() {
        for (notice, _, _, json) in all() {
            assert_eq!(serde_json::to_string(&notice).unwrap(), json);
            assert_eq!(serde_json::from_str::<Notice>(json).unwrap(), notice);
        }
    }
}
