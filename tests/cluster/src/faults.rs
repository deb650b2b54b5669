//! Faults on purpose: rules that make some requests go wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::call::Call;

/// How a body is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The TCP connection is reset, with all its streams.
    Reset,
    /// The TCP connection is closed in the middle of a frame, with all its streams.
    Fin,
    /// The body ends as if it were complete.
    End,
    /// The HTTP/2 stream is reset; over HTTP/1.1 the connection closes.
    StreamReset,
    /// Everything stays open, and nothing more is ever sent.
    Stall,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The body is cut after so many bytes.
    Cut {
        /// Bytes that still arrive.
        after: u64,
        /// How it is cut.
        how: Cut,
    },
    /// The body ends after so many bytes with a text that is not a line of the log.
    InBand {
        /// Bytes of the log that still arrive.
        after: u64,
        /// The error's text.
        text: String,
    },
    /// A watch ends after so many bytes with an `ERROR` event: 410 Expired.
    ExpireWatch {
        /// Bytes that still arrive; rounded up to a whole event.
        after: u64,
    },
    /// The request is answered with an error at once.
    Answer {
        /// The status code.
        code: u16,
        /// Seconds for `Retry-After`.
        retry_after: Option<u32>,
    },
    /// The request is answered with an error of another party on the way, such as a kubelet or a tunnel.
    Refuse {
        /// The status code.
        code: u16,
        /// The message of the `Status`.
        message: String,
    },
    /// The request is answered by something that is no API server: a gateway, a portal.
    Foreign {
        /// The status code.
        code: u16,
        /// `Content-Type`, unless it is empty.
        media: &'static str,
        /// The body.
        text: String,
    },
    /// The connection gets a GOAWAY; what is under way goes on.
    GoAway,
    /// The answer comes late.
    Delay(Duration),
}

impl Action {
    /// The name it is counted by.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cut { how: Cut::Reset, .. } => "reset",
            Self::Cut { how: Cut::Fin, .. } => "fin",
            Self::Cut { how: Cut::End, .. } => "end",
            Self::Cut { how: Cut::StreamReset, .. } => "stream-reset",
            Self::Cut { how: Cut::Stall, .. } => "stall",
            Self::InBand { .. } => "in-band",
            Self::ExpireWatch { .. } => "expire-watch",
            Self::Answer { .. } => "answer",
            Self::Refuse { .. } => "refuse",
            Self::Foreign { .. } => "foreign",
            Self::GoAway => "goaway",
            Self::Delay(_) => "delay",
        }
    }
}

type Predicate = Box<dyn FnMut(&Call) -> bool + Send>;
type Hook = Box<dyn FnMut(&Call) -> Option<Action> + Send>;

/// Makes the requests that match go wrong.
pub struct Rule {
    when: Predicate,
    action: Action,
    times: usize,
}

impl Rule {
    /// Every request that matches.
    pub fn new(when: impl FnMut(&Call) -> bool + Send + 'static, action: Action) -> Self {
        Self { when: Box::new(when), action, times: usize::MAX }
    }

    /// Only the first so many of them.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("action", &self.action).field("times", &self.times).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Plan {
    rules: Vec<Rule>,
    hook: Option<Hook>,
    fired: BTreeMap<&'static str, usize>,
}

/// The plan of a cluster's faults.
#[derive(Default)]
pub struct Faults(Mutex<Plan>);

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("fired", &self.fired()).finish_non_exhaustive()
    }
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule; the first rule that matches a request decides.
    pub fn push(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Sets the one function that is asked when no rule matches, e.g. a [`Chaos`](crate::Chaos).
    pub fn hook(&self, hook: impl FnMut(&Call) -> Option<Action> + Send + 'static) {
        self.lock().hook = Some(Box::new(hook));
    }

    /// From now on nothing goes wrong any more.
    pub fn clear(&self) {
        let mut plan = self.lock();
        plan.rules.clear();
        plan.hook = None;
    }

    /// How many faults fired, by [`Action::name`].
    pub fn fired(&self) -> BTreeMap<&'static str, usize> {
        self.lock().fired.clone()
    }

    pub(crate) fn decide(&self, call: &Call) -> Option<Action> {
        let mut plan = self.lock();
        for rule in &mut plan.rules {
            if rule.times > 0 && (rule.when)(call) {
                rule.times -= 1;
                return Some(rule.action.clone());
            }
        }
        plan.hook.as_mut().and_then(|hook| hook(call))
    }

    pub(crate) fn count(&self, action: &Action) {
        *self.lock().fired.entry(action.name()).or_default() += 1;
    }
}
