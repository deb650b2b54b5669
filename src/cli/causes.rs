//! [`Causes`]: one cause that strikes many containers is told once, with how many it strikes.

use crate::follow::note::Note;

/// Names told together at most.
const NAMES: usize = 5;

/// What was told last of what has gone wrong, and whom else it has struck.
#[derive(Debug, Default)]
pub struct Causes {
    told: Option<Cause>,
    others: Vec<String>,
}

/// A cause, and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cause {
    effect: Effect,
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The run itself is troubled, or a container cannot be read at present: the same to whoever reads it.
    Trouble,
    Lost,
    Unverified,
    Unchecked,
}

impl Causes {
    /// Takes a note on a container; `true` when it adds nothing but a name to what was told.
    pub fn take(&mut self, label: &str, note: &Note) -> bool {
        let Some(cause) = Cause::of(note) else { return false };
        if self.told.as_ref().is_some_and(|told| told.covers(&cause)) {
            self.others.push(label.to_owned());
            return true;
        }
        self.told = Some(cause);
        false
    }

    /// Takes note of what was said of the run itself.
    pub fn said(&mut self, text: &str) {
        self.told = Some(Cause { effect: Effect::Trouble, why: text.to_owned() });
    }

    /// Whether there are names to tell.
    pub fn is_due(&self) -> bool {
        !self.others.is_empty()
    }

    /// What there is to say before anything else is said: the names that were added.
    pub fn due(&mut self) -> Option<String> {
        let others = std::mem::take(&mut self.others);
        let more = others.len().saturating_sub(NAMES);
        let names = others[..others.len() - more].join(", ");
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        match others.len() {
            0 => None,
            1 => Some(format!("the same of 1 container: {names}")),
            count => Some(format!("the same of {count} containers: {names}{rest}")),
        }
    }
}

impl Cause {
    fn of(note: &Note) -> Option<Cause> {
        let (effect, why) = match note {
            Note::Struggling(why) => (Effect::Trouble, why),
            Note::Lost { reason, .. } => (Effect::Lost, reason),
            Note::Unverified { reason, .. } => (Effect::Unverified, reason),
            Note::Unchecked { reason, .. } => (Effect::Unchecked, reason),
            _ => return None,
        };
        Some(Cause { effect, why: why.clone() })
    }

    /// Whether telling `other` too would tell nothing new. What is said of the run holds its cause among other words.
    fn covers(&self, other: &Cause) -> bool {
        self.effect == other.effect
            && (self.why == other.why || (self.effect == Effect::Trouble && self.why.ends_with(&other.why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struggling(why: &str) -> Note {
        Note::Struggling(why.to_owned())
    }

    #[test]
    fn one_cause_is_told_once_with_a_count() {
        let mut causes = Causes::default();
        assert!(!causes.take("a/x", &struggling("refused")));
        assert_eq!(causes.due(), None);
        for pod in ["b", "c", "d", "e", "f", "g", "h"] {
            assert!(causes.take(&format!("{pod}/x"), &struggling("refused")));
        }
        assert_eq!(causes.due().unwrap(), "the same of 7 containers: b/x, c/x, d/x, e/x, f/x and 2 more");
        assert!(causes.take("i/x", &struggling("refused")));
        assert_eq!(causes.due().unwrap(), "the same of 1 container: i/x");
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
}
