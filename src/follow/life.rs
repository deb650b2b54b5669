//! A container's life, as its status tells it, in notes and words.

use super::note::Note;
use crate::k8s::status::{InstanceState, PodLife, Status};

/// What changed from `old` to `new`, to be told.
pub fn changes(old: Option<&Status>, new: &Status) -> Vec<Note> {
    let mut notes = Vec::new();
    if old.is_some_and(|old| (old.restart, &old.state) == (new.restart, &new.state)) {
        return notes;
    }
    // The end of an instance of which only what came next was seen: the wait for another start, or that start.
    let unseen_end = old.is_none_or(|old| {
        matches!(old.state, InstanceState::Running { .. }) && (new.restart > old.restart || new.last != old.last)
    });
    if let (true, Some(last)) = (unseen_end, &new.last) {
        let waits = matches!(new.state, InstanceState::Waiting { .. });
        let number = if waits { new.restart } else { new.restart.saturating_sub(1) };
        notes.push(Note::Ended(number, last.clone()));
    }
    match &new.state {
        InstanceState::Waiting { reason } if reason.is_empty() => {}
        InstanceState::Waiting { reason } => notes.push(Note::Waiting(reason.clone())),
        InstanceState::Running { .. } => notes.push(Note::Started(new.restart)),
        InstanceState::Ended(ended) => {
            if old.is_none_or(|old| new.restart > old.restart || matches!(old.state, InstanceState::Waiting { .. })) {
                notes.push(Note::Started(new.restart));
            }
            notes.push(Note::Ended(new.restart, ended.clone()));
        }
    }
    notes
}

/// Why a container has no log.
pub fn why_no_log(status: Option<&Status>) -> String {
    match status.map(|status| (&status.state, status.pod)) {
        Some((_, PodLife::Gone)) => "the pod is gone and the container had not started".to_owned(),
        Some((InstanceState::Waiting { reason }, PodLife::Finished)) if !reason.is_empty() => {
            format!("the pod ended before the container started ({reason})")
        }
        Some((InstanceState::Waiting { reason }, _)) if !reason.is_empty() => format!("waiting to start: {reason}"),
        _ => "the container has not started".to_owned(),
    }
}

/// Why the log of instance `number` can be read nowhere.
pub fn why_gone(status: &Status, number: u32) -> String {
    match status {
        status if status.pod == PodLife::Gone => "the pod was deleted".to_owned(),
        status if status.restart > number + 1 => {
            format!("the container restarted {} times meanwhile", status.restart - number)
        }
        _ => "the kubelet no longer has it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::status::Ended;

    fn end(exit_code: i32) -> Ended {
        Ended { exit_code, has_log: true, ..Ended::default() }
    }

    fn waiting(reason: &str) -> InstanceState {
        InstanceState::Waiting { reason: reason.to_owned() }
    }

    fn running() -> InstanceState {
        InstanceState::Running { started: None }
    }

    fn status(restart: u32, state: InstanceState, last: Option<Ended>) -> Status {
        Status { restart, state, last, pod: PodLife::Active }
    }

    fn told(old: Option<&Status>, new: &Status) -> Vec<String> {
        changes(old, new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_start_and_end_is_told_once_even_those_that_were_not_seen() {
        let ended = "ended: , exit code";
        let again = status(1, running(), Some(end(1)));
        let back_off = status(0, waiting("CrashLoopBackOff"), Some(end(1)));
        let dead = status(0, InstanceState::Ended(end(1)), None);
        let (first, image) = (status(0, running(), None), status(0, waiting("ErrImagePull"), None));
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (old, new, expected) in [
            (None, &status(0, waiting(""), None), lines(&[])),
            (None, &image, lines(&["waiting: ErrImagePull"])),
            (Some(&image), &image, lines(&[])),
            (Some(&image), &first, lines(&["started"])),
            (Some(&image), &dead, lines(&["started", &format!("{ended} 1")])),
            (Some(&first), &dead, lines(&[&format!("{ended} 1")])),
            (None, &dead, lines(&["started", &format!("{ended} 1")])),
            (Some(&first), &back_off, lines(&[&format!("{ended} 1"), "waiting: CrashLoopBackOff"])),
            (Some(&first), &again, lines(&[&format!("{ended} 1"), "started again (restart 1)"])),
            (Some(&dead), &back_off, lines(&["waiting: CrashLoopBackOff"])),
            (Some(&dead), &again, lines(&["started again (restart 1)"])),
            (None, &again, lines(&[&format!("{ended} 1"), "started again (restart 1)"])),
            (
                Some(&dead),
                &status(1, InstanceState::Ended(end(2)), Some(end(1))),
                lines(&["started again (restart 1)", &format!("{ended} 2 (restart 1)")]),
            ),
            (
                Some(&again),
                &status(1, waiting("CrashLoopBackOff"), Some(end(2))),
                lines(&[&format!("{ended} 2 (restart 1)"), "waiting: CrashLoopBackOff"]),
            ),
            (Some(&again), &status(1, running(), None), lines(&[])),
            // Its end looks as the one before did.
            (
                Some(&again),
                &status(2, running(), Some(end(1))),
                lines(&[&format!("{ended} 1 (restart 1)"), "started again (restart 2)"]),
            ),
            (
                Some(&again),
                &status(1, InstanceState::Ended(end(2)), Some(end(1))),
                lines(&[&format!("{ended} 2 (restart 1)")]),
            ),
        ] {
            assert_eq!(told(old, new), expected, "{old:?}\n{new:?}");
        }
    }

    #[test]
    fn why_there_is_no_log_is_said_in_words() {
        let of = |state: InstanceState, pod: PodLife| why_no_log(Some(&Status { pod, ..status(0, state, None) }));
        assert_eq!(of(waiting("x"), PodLife::Gone), "the pod is gone and the container had not started");
        assert_eq!(of(waiting("x"), PodLife::Finished), "the pod ended before the container started (x)");
        assert_eq!(of(waiting("x"), PodLife::Active), "waiting to start: x");
        for (state, pod) in
            [(waiting(""), PodLife::Finished), (waiting(""), PodLife::Active), (running(), PodLife::Active)]
        {
            assert_eq!(of(state, pod), "the container has not started");
        }
        assert_eq!(why_no_log(None), "the container has not started");
        let gone = |restart: u32, pod: PodLife| why_gone(&Status { pod, ..status(restart, running(), None) }, 1);
        assert_eq!(gone(1, PodLife::Gone), "the pod was deleted");
        assert_eq!(gone(2, PodLife::Active), "the kubelet no longer has it");
        assert_eq!(gone(3, PodLife::Active), "the container restarted 2 times meanwhile");
    }
}
