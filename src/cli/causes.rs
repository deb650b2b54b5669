//! [`Causes`]: one cause that strikes many containers is told once, with how many it strikes.

use std::{collections::VecDeque, sync::LazyLock};

use regex::Regex;

use crate::{follow::note::Note, name_list::NameList, numbers::counted};

/// What is the same of logs that start later than their containers.
const STARTS_LATE: &str = "earlier lines may have been rotated away";

/// Names told together at most.
const NAMES: usize = 5;

/// Causes that are remembered at most: more than the nodes that fail at one moment, few enough to be looked through.
const REMEMBERED: usize = 32;

/// What was told lately of what has gone wrong, latest last, and whom else it has struck since.
#[derive(Debug, Default)]
pub struct Causes {
    told: VecDeque<(Cause, Vec<String>)>,
}

/// A cause, and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cause {
    effect: Effect,
    /// As it was told of the first.
    why: String,
    /// `why` without what names one container alone.
    kind: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The run itself is troubled, or a container cannot be read at present: the same to whoever reads it.
    Trouble,
    Unreadable,
    NotOnTheNode,
    Lost,
    Unverified,
    Unchecked,
    StartsLate,
}

impl Causes {
    /// Takes a note on a container; `true` when it adds nothing but a name to what was told.
    pub fn take(&mut self, label: &str, note: &Note) -> bool {
        let Some(cause) = Cause::of(note) else { return false };
        if let Some((_, others)) = self.told.iter_mut().find(|(told, _)| told.covers(&cause)) {
            if others.last().is_none_or(|last| last != label) {
                others.push(label.to_owned());
            }
            return true;
        }
        self.remember(cause);
        false
    }

    /// Takes note of what was said of the run itself.
    pub fn said(&mut self, text: &str) {
        self.remember(Cause::new(Effect::Trouble, text));
    }

    fn remember(&mut self, cause: Cause) {
        // One with names to tell is kept until they are told.
        if self.told.len() >= REMEMBERED
            && let Some(at) = self.told.iter().position(|(_, others)| others.is_empty())
        {
            self.told.remove(at);
        }
        self.told.push_back((cause, Vec::new()));
    }

    /// Whether there are names to tell.
    pub fn is_due(&self) -> bool {
        self.told.iter().any(|(_, others)| !others.is_empty())
    }

    /// What there is to say before anything else is said: the names that were added, cause by cause.
    pub fn due(&mut self) -> Vec<String> {
        let latest = self.told.len().saturating_sub(1);
        let mut due = Vec::new();
        for (at, (cause, others)) in self.told.iter_mut().enumerate() {
            let others = std::mem::take(others);
            let containers = others.len();
            let names = NameList::of(others, NAMES);
            // Right behind its cause the names are enough.
            let why = if at == latest { String::new() } else { format!(": {}", cause.kind) };
            match containers {
                0 => {}
                count => due.push(format!("the same of {}: {names}{why}", counted(count, "container"))),
            }
        }
        due
    }
}

impl Cause {
    fn new(effect: Effect, why: &str) -> Cause {
        Cause { effect, why: why.to_owned(), kind: kind(why) }
    }

    fn of(note: &Note) -> Option<Cause> {
        let (effect, why) = match note {
            Note::Struggling(why) => (Effect::Trouble, why),
            Note::Unreadable { reason, .. } => (Effect::Unreadable, reason),
            Note::NodeFiles(text) => (Effect::NotOnTheNode, text),
            Note::Lost { reason, .. } => (Effect::Lost, reason),
            Note::Unverified { reason, .. } => (Effect::Unverified, reason),
            Note::Unchecked { reason, .. } => (Effect::Unchecked, reason),
            // Each starts at its own time, and what that may mean is the same.
            Note::StartsLate { .. } => return Some(Cause::new(Effect::StartsLate, STARTS_LATE)),
            _ => return None,
        };
        Some(Cause::new(effect, why))
    }

    /// Whether telling `other` too would tell nothing new. What is said of the run holds its cause among other words.
    fn covers(&self, other: &Cause) -> bool {
        self.effect == other.effect
            && (self.kind == other.kind || (self.effect == Effect::Trouble && self.why.ends_with(&other.why)))
    }
}

/// A reason without what differs from container to container of one node: the path behind a kubelet's address, the port of our
/// end of a connection, a pod's name in `( pods/log NAME)`, a runtime's id.
fn kind(why: &str) -> String {
    static OWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let patterns = [
            r#"(?<keep>https?://[^/\s"\\]+)/[^\s"\\]*"#,
            r"(?<dialled>tcp )[\w.\[\]:]+:\d+(?<to>->)",
            r"(?<log>\( ?pods/log )[^ )]+",
            r"(?<runtime>\w+://)[0-9a-f]{32,}",
        ];
        Regex::new(&patterns.join("|")).ok()
    });
    match &*OWN {
        Some(own) => own.replace_all(why, "$keep$dialled$to$log$runtime").into_owned(),
        None => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{follow::note::WantedFrom, k8s::Stamp};

    fn struggling(why: &str) -> Note {
        Note::Struggling(why.to_owned())
    }

    #[test]
    fn one_cause_is_told_once_with_a_count() {
        let mut causes = Causes::default();
        assert!(!causes.take("a/x", &struggling("refused")));
        assert!(causes.due().is_empty());
        for pod in ["b", "c", "d", "e", "f", "g", "h"] {
            assert!(causes.take(&format!("{pod}/x"), &struggling("refused")));
        }
        assert_eq!(causes.due(), ["the same of 7 containers: b/x, c/x, d/x, e/x, f/x and 2 more"]);
        assert!(causes.take("i/x", &struggling("refused")));
        assert_eq!(causes.due(), ["the same of 1 container: i/x"]);
    }

    #[test]
    fn logs_that_start_late_are_told_once_whatever_their_times() {
        let late = |first| Note::StartsLate { restart: 0, wanted: WantedFrom::All(Stamp(1)), first: Stamp(first) };
        let mut causes = Causes::default();
        assert!(!causes.take("a/x", &late(5)));
        assert!(causes.take("b/x", &late(5)) && causes.take("c/x", &late(7)));
        assert_eq!(causes.due(), ["the same of 2 containers: b/x, c/x"]);
        assert!(!causes.take("a/x", &struggling("refused")) && causes.take("d/x", &late(9)));
        assert_eq!(causes.due(), ["the same of 1 container: d/x: earlier lines may have been rotated away"]);
    }

    #[test]
    fn another_cause_or_effect_is_told() {
        let mut causes = Causes::default();
        causes.said("the watch on the pods is interrupted and goes on by itself: refused");
        assert!(causes.take("a/x", &struggling("refused")));
        assert!(!causes.take("a/x", &struggling("timed out")));
        assert!(!causes.take("a/x", &Note::Lost { restart: 0, reason: "timed out".to_owned() }));
        assert!(causes.take("b/x", &Note::Lost { restart: 3, reason: "timed out".to_owned() }));
        assert!(!causes.take("b/x", &Note::Started(0)), "what is no trouble is told of each");
    }

    #[test]
    fn a_dead_node_is_one_cause_whatever_pod_its_kubelet_was_asked_for() {
        let dead = |node: &str, pod: &str| Note::Unreadable {
            restart: 0,
            last: None,
            reason: format!(
                "500: Get \"https://{node}:10250/containerLogs/default/{pod}/blast?timestamps=true\": dial tcp {node}:10250: \
                 connect: connection refused"
            ),
        };
        let mut causes = Causes::default();
        for number in 0..10 {
            for node in ["10.0.0.4", "10.0.0.5"] {
                let pod = format!("pod-{number}-{node}");
                assert_eq!(causes.take(&format!("{pod}/blast"), &dead(node, &pod)), number > 0);
            }
        }
        let due = causes.due();
        assert_eq!(due.len(), 2, "{due:?}");
        assert!(due.iter().all(|told| told.starts_with("the same of 9 containers: pod-1-")), "{due:?}");
        assert!(due[0].contains("10.0.0.4:10250: connect"), "whose it is, since it is not right behind it: {due:?}");

        for (one, two) in [
            ("read tcp 10.0.0.1:40312->10.0.0.4:10250: reset", "read tcp 10.0.0.1:40314->10.0.0.4:10250: reset"),
            ("unauthorized ( pods/log a-1)", "unauthorized ( pods/log b-2)"),
        ] {
            assert_eq!(kind(one), kind(two));
        }
        assert_ne!(kind("dial tcp 10.0.0.4:10250: refused"), kind("dial tcp 10.0.0.5:10250: refused"));
    }
}
