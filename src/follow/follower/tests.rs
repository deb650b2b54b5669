use super::{
    super::{
        end_proof::DOUBTS,
        fixtures::{COLLECTED, FOLLOW, LINES, ended, gone, running, running_again, second},
        tries::{DENIED_FOR, TRIES},
    },
    *,
};
use crate::k8s::{
    Stamp,
    status::{InstanceState, PodLife},
};

/// A follower of a container that has ended, told what its requests bring, and the time.
struct ToldFollower(Follower, Duration);

impl ToldFollower {
    fn new() -> ToldFollower {
        let mut told = ToldFollower(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        assert!(opens_log(&told.on(Event::Status(ended())).actions));
        told
    }

    fn on(&mut self, event: Event) -> Output {
        let mut out = Output::default();
        self.0.on(event, self.1, &mut out);
        out
    }

    /// Lets the pause pass; returns what is asked for then.
    fn tick(&mut self) -> Vec<Action> {
        self.1 = self.0.deadline().unwrap();
        self.on(Event::Tick).actions
    }

    /// A whole answer; returns what it brought at its end.
    fn whole_answer(&mut self, body: &str) -> Output {
        self.on(Event::Opened);
        if !body.is_empty() {
            self.on(Event::Data(Bytes::copy_from_slice(body.as_bytes())));
        }
        self.on(Event::Closed(BodyEnd::Clean))
    }

    /// A whole answer; returns what is asked for next.
    fn answer(&mut self, body: &str) -> Vec<Action> {
        self.whole_answer(body).actions
    }
}

fn opens_tail(actions: &[Action]) -> bool {
    matches!(actions, [Action::Open(request)] if request.tail.is_some())
}

fn opens_log(actions: &[Action]) -> bool {
    matches!(actions, [Action::Open(request)] if request.tail.is_none())
}

#[test]
fn a_check_cut_before_its_first_byte_is_no_empty_log() {
    let mut told = ToldFollower::new();
    assert!(opens_tail(&told.answer(LINES[0])));
    assert!(opens_log(&told.answer("")), "the log is read once more");
    assert!(opens_tail(&told.answer(&LINES.concat())), "and has another line");
    assert!(opens_log(&told.answer("")), "which starts the count of empty checks again");
    assert!(opens_tail(&told.answer(&LINES.concat())));
    told.answer(LINES[1]);
    assert!(told.0.is_done());
    assert_eq!(told.0.container.instance.cursor.count(), 2);
}

#[test]
fn the_same_half_of_a_last_line_twice_is_no_end() {
    let mut told = ToldFollower::new();
    let half = LINES[1].to_owned() + "2026-09-21T14:13:30.000000001Z ha";
    let whole = half.clone() + "lf";
    assert!(opens_tail(&told.answer(&(LINES[0].to_owned() + &half))));
    assert!(opens_tail(&told.answer(&half)), "a check may have been cut at the same byte");
    assert!(opens_log(&told.answer(&whole)), "it was");
    assert!(opens_tail(&told.answer(&whole)));
    assert!(opens_tail(&told.answer(&whole)));
    assert_eq!(told.whole_answer(&whole).lines[0].text, "half");
    assert!(told.0.is_done());
}

#[test]
fn a_check_proves_nothing_about_a_reading_that_stopped_before_the_last_line() {
    let mut told = ToldFollower::new();
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    assert!(opens_tail(&told.answer(&LINES.concat())));
    assert!(opens_log(&told.answer("")));
    assert!(opens_tail(&told.answer(LINES[0])), "cut before the line that was the last one");
    assert!(opens_log(&told.answer(LINES[1])), "cut right after it, so that it seems to agree");
    assert!(opens_tail(&told.answer(&(LINES.concat() + third))));
    told.answer(&(LINES[1].to_owned() + third));
    assert!(told.0.is_done());
    assert_eq!(told.0.container.instance.cursor.count(), 3);
}

#[test]
fn a_reading_without_news_takes_nothing_away_from_a_stream_that_ended_well() {
    let mut running = Status { state: InstanceState::Running { started: None }, ..ended() };
    running.pod = PodLife::Active;
    let mut told = ToldFollower(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    told.on(Event::Status(running.clone()));
    told.open(running);
    assert_eq!(told.on(Event::Data(Bytes::from(LINES.concat()))).lines.len(), 2);
    told.on(Event::Status(ended()));
    let next = told.on(Event::Closed(BodyEnd::Clean)).actions;
    assert!(matches!(next[..], [Action::Open(_)]), "its end is looked at once more: {next:?}");
    told.on(Event::Opened);
    let gone = Status { pod: PodLife::Gone, ..ended() };
    told.on(Event::Status(gone));
    let notes = told.on(Event::Closed(BodyEnd::Clean)).notes;
    assert!(matches!(notes[..], [Note::Unchecked { .. }]), "{notes:?}");
}

#[test]
fn a_last_line_is_had_after_many_cuts() {
    let mut told = ToldFollower::new();
    let log = LINES.concat() + "2026-09-21T14:13:30.000000001Z end";
    assert!(opens_tail(&told.answer(&log)));
    for _ in 0..DOUBTS {
        // A check cut before its first byte: the log is read again, soon or after a pause.
        let next = told.answer("");
        if next.is_empty() {
            assert!(opens_log(&told.tick()));
        } else {
            assert!(opens_log(&next));
        }
        assert!(opens_tail(&told.answer(&log)));
    }
    let tail = LINES[1].to_owned() + "2026-09-21T14:13:30.000000001Z end";
    assert!(opens_tail(&told.answer(&tail)));
    let out = told.whole_answer(&tail);
    assert_eq!(out.lines.len(), 1);
    assert!(out.notes.is_empty());
    assert!(told.0.is_done());
}

/// stdout and stderr are stamped apart, so a line may stand behind a later one.
#[test]
fn lines_before_since_behind_the_last_one_wanted_are_no_contradiction() {
    let since = Some(Stamp::parse(LINES[1].as_bytes()).unwrap().0);
    let mut told = ToldFollower(Follower::new(Scope { since, ..Scope::default() }, 1), Duration::ZERO);
    told.on(Event::Status(ended()));
    let (whole, last) = (LINES[1].to_owned() + LINES[0], LINES[0]);
    assert!(opens_tail(&told.answer(&whole)));
    for _ in 0..2 * DOUBTS {
        if told.0.is_done() {
            break;
        }
        let next = told.answer(last);
        let next = if next.is_empty() && !told.0.is_done() { told.tick() } else { next };
        assert!(told.0.is_done() || opens_log(&next));
        let out = told.whole_answer(&whole);
        assert!(out.notes.is_empty() && out.lines.is_empty(), "{out:?}");
    }
    assert!(told.0.is_done());
}

#[test]
fn what_is_missing_between_other_failures_is_not_taken_for_gone() {
    let missing = "failed to open log file \"/var/log/pods/a/c/0.log\": no such file or directory";
    let mut told = ToldFollower::new();
    for answer in ["503", "503", missing, "503", missing, "503", missing, "503"] {
        let out = if answer == "503" {
            told.on(Event::Refused(Refusal::Passing("503".to_owned(), None)))
        } else {
            told.whole_answer(answer)
        };
        assert!(!out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
        assert!(opens_log(&told.tick()));
    }
    let out = told.whole_answer(missing);
    assert!(out.notes.iter().any(Note::lines_missing), "four in a row: {:?}", out.notes);
}

/// The kubelet tells of a restart after the fact, and so does a list.
#[test]
fn a_status_from_a_list_is_confirmed_as_any_other_is() {
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    let mut told = ToldFollower(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    told.on(Event::Status(running));
    assert_eq!(told.on(Event::Opened).actions, [Action::Confirm(Duration::ZERO)]);
}

#[test]
fn a_check_of_a_container_that_seemed_to_run_is_not_the_last_word_on_it() {
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Terminating, ..ended() };
    let mut told = ToldFollower(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    told.on(Event::Status(running.clone()));
    told.on(Event::Opened);
    told.on(Event::Confirmed(Some(running.clone())));
    told.on(Event::Data(Bytes::from(LINES[0])));
    assert!(opens_tail(&told.on(Event::Closed(BodyEnd::Clean)).actions));
    assert!(opens_log(&told.answer(LINES[0])), "it agrees, and the stream is opened again");
    told.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
    told.on(Event::Status(Status { pod: PodLife::Gone, ..running }));
    told.1 = told.0.deadline().unwrap();
    let notes = told.on(Event::Tick).notes;
    assert!(matches!(notes[..], [Note::Unchecked { restart: 0, .. }]), "{notes:?}");
    assert!(told.0.is_done());
}

#[test]
fn a_log_opened_while_its_pod_goes_is_not_read_under_another_number() {
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    let InstanceState::Ended(end) = ended().state else { panic!() };
    let gone = Status { restart: 1, last: Some(end), pod: PodLife::Gone, ..ended() };
    let mut told = ToldFollower(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    told.on(Event::Status(running));
    told.on(Event::Opened);
    told.on(Event::Data(Bytes::from(LINES[0])));
    let out = told.on(Event::Confirmed(Some(gone)));
    assert!(out.lines.is_empty(), "whose they are is not known: {out:?}");
    assert_eq!(out.notes.iter().filter(|note| note.lines_missing()).count(), 2, "{:?}", out.notes);
    assert!(told.0.is_done());
}

#[test]
fn a_log_that_stays_empty_was_rotated_after_the_last_line_read() {
    let mut told = ToldFollower::new();
    assert!(opens_tail(&told.answer(LINES[0])));
    assert!(opens_log(&told.answer("")));
    assert!(opens_tail(&told.answer("")));
    assert_eq!(told.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
    let notes = told.on(Event::Confirmed(Some(ended()))).notes;
    assert!(matches!(notes[..], [Note::Unchecked { restart: 0, .. }]), "{notes:?}");
    assert!(told.0.is_done());
}

#[test]
fn a_line_that_had_begun_when_the_log_became_empty_is_missing() {
    let mut told = ToldFollower::new();
    assert!(opens_tail(&told.answer(&(LINES[0].to_owned() + &LINES[1][..34]))));
    assert!(opens_log(&told.answer("")));
    assert!(opens_tail(&told.answer("")));
    assert_eq!(told.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
    assert!(matches!(told.on(Event::Confirmed(Some(ended()))).notes[..], [Note::Gap { before: None, .. }]));
}

/// The kubelet keeps one dead instance of a container, so a retried one that has ended lacks the log of the first.
#[test]
fn a_dead_instance_that_was_collected_before_the_first_look_is_told_and_not_missing() {
    for follow in [true, false] {
        let InstanceState::Ended(end) = ended().state else { panic!() };
        let retried = Status { restart: 1, last: Some(end), ..ended() };
        let mut told = ToldFollower(Follower::new(Scope { follow, ..Scope::default() }, 1), Duration::ZERO);
        let asked = told.on(Event::Status(retried)).actions;
        assert!(matches!(asked[..], [Action::Open(request)] if request.previous), "{asked:?}");
        let out = told.whole_answer(COLLECTED);
        assert!(matches!(&out.notes[..], [Note::Gone { restart: 0, .. }]), "{:?}", out.notes);
        assert!(!out.notes[0].lines_missing());
        assert!(opens_log(&out.actions), "the instance after it is read");
        assert!(opens_tail(&told.answer(LINES[0])));
        assert!(told.whole_answer(LINES[0]).notes.is_empty());
        assert!(told.0.is_done());
    }
}

#[test]
fn an_instance_that_went_away_after_the_first_try_is_missing() {
    let mut told = ToldFollower::new();
    told.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
    assert!(opens_log(&told.tick()));
    let out = told.whole_answer(COLLECTED);
    assert!(matches!(out.notes[..], [Note::Unverified { .. } | Note::Lost { .. }]), "{:?}", out.notes);
}

#[test]
fn an_instance_that_ran_when_first_seen_is_missing_when_it_was_collected() {
    let mut told = ToldFollower(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    assert!(opens_log(&told.on(Event::Status(running)).actions));
    told.on(Event::Refused(Refusal::NoInstance("not yet".to_owned())));
    assert!(opens_log(&told.on(Event::Status(ended())).actions));
    let out = told.whole_answer(COLLECTED);
    assert!(out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
}

#[test]
fn what_cannot_be_read_in_a_single_look_is_not_called_lost() {
    let mut told = ToldFollower(Follower::new(Scope::default(), 1), Duration::ZERO);
    told.on(Event::Status(ended()));
    for _ in 1..TRIES {
        told.on(Event::Refused(Refusal::Passing("No agent available".to_owned(), None)));
        assert!(opens_log(&told.tick()));
    }
    let out = told.on(Event::Refused(Refusal::Passing("No agent available".to_owned(), None)));
    assert!(matches!(&out.notes[..], [Note::Unreadable { restart: 0, last: None, .. }]), "{:?}", out.notes);
    assert!(told.0.is_done());
}

#[test]
fn a_last_line_without_an_end_belongs_to_the_instance_that_printed_it() {
    let mut told = ToldFollower::new();
    let log = LINES[0].to_owned() + "2026-09-21T14:13:30.000000001Z end";
    assert!(opens_tail(&told.answer(&log)));
    assert!(opens_tail(&told.answer(&log)));
    // The next instance has begun when the second check ends.
    let InstanceState::Ended(end) = ended().state else { panic!() };
    let again =
        Status { restart: 1, state: InstanceState::Running { started: None }, last: Some(end), pod: PodLife::Active };
    told.0.container.status = Some(Status { pod: PodLife::Active, ..again.clone() });
    if let FollowerPhase::Open(reading) = &mut told.0.phase {
        reading.place = LogPlace::Previous;
    }
    let out = told.whole_answer(&log);
    assert_eq!((out.lines.len(), out.restart, told.0.container.instance.number), (1, 0, 1));
}

#[test]
fn a_log_goes_ahead_of_others_only_when_it_may_vanish() {
    let InstanceState::Ended(end) = ended().state else { panic!() };
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    let retried = Status { restart: 1, last: Some(end), ..running.clone() };
    let terminating = Status { pod: PodLife::Terminating, ..running.clone() };
    for (follow, status, urgent) in [
        (false, ended(), false),
        (true, ended(), false),
        (true, running, false),
        (false, retried.clone(), false),
        (true, retried, true),
        (true, terminating.clone(), true),
        (false, terminating, true),
    ] {
        let mut told = ToldFollower(Follower::new(Scope { follow, ..Scope::default() }, 1), Duration::ZERO);
        let asked = told.on(Event::Status(status.clone())).actions;
        assert!(matches!(asked[..], [Action::Open(request)] if request.urgent == urgent), "{follow} {status:?}");
    }
}

#[test]
fn nothing_is_handed_on_before_the_status_is_confirmed() {
    let mut told = ToldFollower(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    told.on(Event::Status(running.clone()));
    assert_eq!(told.on(Event::Opened).actions, [Action::Confirm(Duration::ZERO)]);
    let data = |text: &str| Event::Data(Bytes::copy_from_slice(text.as_bytes()));
    assert!(told.on(data(LINES[0])).lines.is_empty());
    assert!(told.on(data(LINES[1])).lines.is_empty());
    assert!(told.on(Event::Closed(BodyEnd::Clean)).actions.is_empty());
    assert_eq!(told.0.deadline(), None);
    assert_eq!(told.on(Event::Confirmed(Some(running))).lines.len(), 2);
    assert!(matches!(told.0.phase, FollowerPhase::Pause { .. }), "and its end was taken");
}

#[test]
fn a_permission_that_was_there_is_waited_for_two_minutes() {
    let refused = || Event::Refused(Refusal::Forbidden { reason: "no".to_owned(), withdrawn: true });
    let mut told = ToldFollower::new();
    assert_eq!(told.on(refused()).notes, [Note::Denied("no".to_owned())]);
    while told.1 < DENIED_FOR {
        assert!(!told.0.is_done());
        told.tick();
        let notes = told.on(refused()).notes;
        assert!(notes.is_empty() || told.1 >= DENIED_FOR, "told once: {notes:?}");
    }
    assert!(told.0.is_done());
    let mut told = ToldFollower::new();
    told.on(refused());
    told.tick();
    assert!(opens_tail(&told.answer(LINES[0])), "it came back");
}

impl ToldFollower {
    /// A follower of what this scope asks for, told this status, and what it asks for first.
    fn of(scope: Scope, status: Status) -> (ToldFollower, Output) {
        let mut told = ToldFollower(Follower::new(scope, 1), Duration::ZERO);
        let out = told.on(Event::Status(status));
        (told, out)
    }

    /// A follower whose stream of a running container is open and brought this.
    fn streaming(text: &str) -> ToldFollower {
        let (mut told, out) = ToldFollower::of(FOLLOW, running());
        assert!(matches!(out.actions[..], [Action::Open(Request { follow: true, .. })]));
        told.on(Event::Opened);
        told.on(Event::Confirmed(Some(running())));
        told.data(text);
        told
    }

    fn data(&mut self, text: &str) -> Output {
        self.on(Event::Data(Bytes::copy_from_slice(text.as_bytes())))
    }

    /// The log is opened, and this status confirms that it is the instance's.
    fn open(&mut self, status: Status) {
        self.on(Event::Opened);
        self.on(Event::Confirmed(Some(status)));
    }

    fn refuse(&mut self, refusal: Refusal) -> Output {
        self.on(Event::Refused(refusal))
    }

    /// Lets the time pass to the deadline.
    fn wait(&mut self) -> Output {
        self.1 = self.0.deadline().unwrap();
        self.on(Event::Tick)
    }
}

fn passing() -> Refusal {
    Refusal::Passing("503".to_owned(), None)
}

#[test]
fn a_stream_that_is_silent_is_probed_unless_nobody_listened() {
    let mut told = ToldFollower::streaming(LINES[0]);
    assert_eq!(told.0.deadline(), Some(second(2)));
    told.1 = second(1);
    told.0.excuse(told.1);
    assert_eq!(told.0.deadline(), Some(second(3)));
    told.1 = second(2);
    assert!(told.on(Event::Tick).actions.is_empty(), "not yet");
    let asked = told.wait().actions;
    assert_eq!(asked, [Action::Probe(Request { tail: Some(2), ..Request::default() })]);
    assert_eq!(told.0.deadline(), None, "one at a time");
}

#[test]
fn a_stream_that_stalled_is_opened_again_from_the_last_line_or_from_the_start() {
    let line = |text: &str| Line::parse(text.trim_end().as_bytes()).unwrap();
    // Told of a line that the stream does not bring.
    let stalled = |told: &mut ToldFollower, late: &str| {
        told.wait();
        let out = told.on(Event::Probed(Some(vec![line(LINES[0]), line(late)])));
        assert_eq!(out.actions[0], Action::Close);
        let Action::Open(request) = out.actions[1] else { panic!("{:?}", out.actions) };
        request
    };
    let before = "2026-09-21T14:13:20.000000001Z clock set back\n";
    let mut told = ToldFollower::streaming(LINES[0]);
    let since = Some(line(LINES[0]).stamp.back(3_000_000_000).floor_second());
    assert_eq!(
        stalled(&mut told, LINES[1]),
        Request { follow: true, since, ..Request::default() },
        "it was silent for 2 s"
    );
    told.on(Event::Opened);
    assert_eq!(stalled(&mut told, before), Request { follow: true, ..Request::default() }, "since hides that line");
}

#[test]
fn a_probe_that_is_answered_while_the_status_is_asked_for_proves_nothing() {
    let mut told = ToldFollower::streaming(LINES[0]);
    told.wait();
    let third = "2026-09-21T14:14:30.000000001Z three\n";
    told.on(Event::Closed(BodyEnd::Clean));
    told.wait();
    told.on(Event::Opened);
    told.wait();
    assert_eq!(told.data(third).actions, [Action::Confirm(LAG_OF_STATUS)], "a gap");
    assert!(told.on(Event::Probed(Some(vec![Line::parse(third.trim_end().as_bytes()).unwrap()]))).actions.is_empty());
}

#[test]
fn a_stream_that_does_not_end_with_its_instance_is_closed_after_a_grace() {
    let mut told = ToldFollower::streaming(LINES[0]);
    let asked = told.on(Event::Status(Status { pod: PodLife::Active, ..ended() })).actions;
    assert_eq!(asked, [Action::Probe(Request { tail: Some(2), urgent: true, ..Request::default() })], "its last line");
    told.on(Event::Probed(None));
    while told.1 < second(5) {
        assert!(!told.0.is_done());
        let actions = told.wait().actions;
        if told.1 == second(5) {
            assert!(matches!(actions[..], [Action::Close, Action::Open(Request { follow: false, .. })]), "{actions:?}");
        } else {
            assert!(matches!(actions[..], [Action::Probe(_)]), "{actions:?}");
            told.on(Event::Probed(None));
        }
    }
}

#[test]
fn a_reading_that_stands_still_is_given_up_and_begun_again() {
    let mut told = ToldFollower::new();
    told.on(Event::Opened);
    told.1 = second(10);
    assert!(told.on(Event::Tick).actions.is_empty());
    told.data(&LINES[0][..10]);
    assert_eq!(told.0.deadline(), Some(second(30)));
    let out = told.wait();
    assert_eq!(out.actions, [Action::Close]);
    assert_eq!(out.notes, [Note::Interrupted("nothing came for 20 s".to_owned())]);
    assert!(opens_log(&told.tick()));
}

#[test]
fn what_comes_when_nothing_is_open_is_ignored() {
    let mut done = ToldFollower::new();
    done.answer(LINES[0]);
    done.answer(LINES[0]);
    assert!(done.0.is_done());
    let mut pausing = ToldFollower::new();
    pausing.refuse(passing());
    let deadline = pausing.0.deadline();
    for event in [
        Event::Opened,
        Event::Data(Bytes::from(LINES[1])),
        Event::Closed(BodyEnd::Clean),
        Event::Refused(passing()),
        Event::Probed(Some(Vec::new())),
        Event::Confirmed(None),
        Event::Confirmed(Some(ended())),
        Event::Status(ended()),
        Event::Tick,
    ] {
        for told in [&mut done, &mut pausing] {
            let out = told.on(event.clone());
            assert!(out.lines.is_empty() && out.notes.is_empty() && out.actions.is_empty(), "{event:?}: {out:?}");
        }
        assert!(done.0.is_done() && done.0.is_settled());
        assert_eq!(pausing.0.deadline(), deadline, "{event:?}");
    }
}

#[test]
fn a_container_is_settled_when_its_end_is_proven_or_it_has_not_started() {
    let (told, _) = ToldFollower::of(FOLLOW, Status::default());
    assert!(told.0.is_settled() && !told.0.is_done(), "it has not started");
    let again = Status { pod: PodLife::Active, ..ended() };
    let (mut told, _) = ToldFollower::of(FOLLOW, again.clone());
    assert!(!told.0.is_settled());
    told.open(again);
    told.data(LINES[0]);
    told.on(Event::Closed(BodyEnd::Clean));
    assert!(!told.0.is_settled());
    told.answer(LINES[0]);
    assert!(told.0.is_settled() && !told.0.is_done(), "it may be started again");
    assert!(!ToldFollower::streaming(LINES[0]).0.is_settled());
}

#[test]
fn the_first_instance_is_the_first_that_can_be_read_or_the_latest_of_a_tail() {
    let twice = Status { restart: 2, ..running_again() };
    let begun = |scope: Scope| {
        let (told, out) = ToldFollower::of(scope, twice.clone());
        let told_gone = out.notes.contains(&Note::GoneBefore { count: 1 });
        (told.0.container.instance.number, told_gone, opens_tail(&out.actions))
    };
    assert_eq!(begun(FOLLOW), (1, true, false));
    assert_eq!(begun(Scope { since: Some(Stamp(0)), ..FOLLOW }), (1, false, false), "they are older, or not wanted");
    assert_eq!(begun(Scope { tail: Some(5), ..FOLLOW }), (2, false, true));
    let (_, out) = ToldFollower::of(FOLLOW, running());
    assert!(!out.notes.iter().any(|note| matches!(note, Note::GoneBefore { .. })));
}

#[test]
fn a_tail_is_of_the_first_instance_only() {
    let ended = Status { pod: PodLife::Active, ..ended() };
    let (mut told, _) = ToldFollower::of(Scope { tail: Some(5), ..FOLLOW }, ended.clone());
    told.open(ended);
    told.data(LINES[0]);
    told.on(Event::Closed(BodyEnd::Clean));
    told.answer(LINES[0]);
    assert!(opens_log(&told.on(Event::Status(running_again())).actions));
}

#[test]
fn of_a_tail_of_nothing_only_new_lines_are_read() {
    let nothing = Scope { tail: Some(0), ..FOLLOW };
    let (told, out) = ToldFollower::of(nothing, ended());
    assert!(out.actions.is_empty() && told.0.is_done(), "an ended container has no new ones");
    let (told, out) = ToldFollower::of(Scope { follow: false, ..nothing }, running());
    assert!(out.actions.is_empty() && told.0.is_done());
    let (mut told, out) = ToldFollower::of(nothing, running());
    assert!(opens_tail(&out.actions), "its last line");
    told.open(running());
    told.data(LINES[0]);
    let out = told.on(Event::Closed(BodyEnd::Clean));
    assert!(out.lines.is_empty());
    assert!(matches!(out.actions[..], [Action::Open(Request { follow: true, tail: None, .. })]), "{:?}", out.actions);
    told.open(running());
    assert_eq!(told.data(&LINES.concat()).lines.len(), 1);
}

#[test]
fn a_container_that_never_started_has_no_log() {
    let waiting = Status { state: InstanceState::Waiting { reason: "ErrImagePull".to_owned() }, ..Status::default() };
    let no_log = |notes: &[Note]| notes.iter().any(|note| matches!(note, Note::NoLog(_)));
    let (mut told, out) = ToldFollower::of(FOLLOW, waiting.clone());
    assert!(!told.0.is_done() && !no_log(&out.notes));
    let out = told.on(Event::Status(Status { pod: PodLife::Gone, ..waiting.clone() }));
    assert!(told.0.is_done() && no_log(&out.notes), "{:?}", out.notes);
    let (told, out) = ToldFollower::of(FOLLOW, Status { pod: PodLife::Finished, ..waiting.clone() });
    assert!(told.0.is_done() && no_log(&out.notes), "{:?}", out.notes);
    let (told, out) = ToldFollower::of(Scope::default(), waiting);
    assert!(told.0.is_done() && no_log(&out.notes), "{:?}", out.notes);
    for refusal in [Refusal::NotScheduled, Refusal::Waiting("PodInitializing".to_owned())] {
        let (mut told, _) = ToldFollower::of(Scope::default(), running());
        assert!(no_log(&told.refuse(refusal.clone()).notes) && told.0.is_done());
        let (mut told, _) = ToldFollower::of(FOLLOW, running());
        let notes = told.refuse(refusal.clone()).notes;
        assert!(matches!(notes[..], [Note::Waiting(_)]) && told.0.deadline() == Some(SETTLE), "{notes:?}");
        told.wait();
        assert!(told.refuse(refusal).notes.is_empty(), "told once");
    }
}

#[test]
fn a_pod_that_is_not_found_is_asked_for_before_its_log_is_given_up() {
    let not_found = || Refusal::NotFound("pods \"p\" not found".to_owned());
    let (mut told, _) = ToldFollower::of(FOLLOW, running());
    assert_eq!(told.refuse(not_found()).actions, [Action::Confirm(Duration::ZERO)]);
    let out = told.on(Event::Confirmed(Some(running())));
    assert!(matches!(out.notes[..], [Note::Interrupted(_)]), "it is there: {:?}", out.notes);
    told.wait();
    told.refuse(not_found());
    let out = told.on(Event::Confirmed(Some(gone())));
    assert!(matches!(out.notes[..], [Note::Lost { .. }]) && told.0.is_done(), "{:?}", out.notes);
    let (mut told, _) = ToldFollower::of(Scope::default(), running());
    for _ in 0..3 {
        assert!(told.refuse(not_found()).notes.is_empty());
        told.wait();
    }
    assert!(matches!(told.refuse(not_found()).notes[..], [Note::Lost { .. }]), "a single look asks nobody");
    assert!(told.0.is_done());
}

#[test]
fn where_the_status_cannot_be_had_for_long_lines_are_better_than_none() {
    let (mut told, _) = ToldFollower::of(FOLLOW, running());
    for failed in 0..TRIES {
        told.on(Event::Opened);
        assert!(told.data(LINES[0]).lines.is_empty());
        let out = told.on(Event::Confirmed(None));
        assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Close]), "after {failed}");
        assert!(opens_log(&told.tick()));
    }
    told.on(Event::Opened);
    told.data(LINES[0]);
    assert_eq!(told.on(Event::Confirmed(None)).lines.len(), 1);
}

#[test]
fn a_gap_is_told_only_when_the_status_shows_that_it_is_one() {
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    let at_gap = || {
        let mut told = ToldFollower::streaming(LINES[0]);
        told.on(Event::Closed(BodyEnd::Broken("reset".to_owned())));
        assert!(opens_log(&told.tick()));
        told.on(Event::Opened);
        let out = told.data(&(LINES[1].to_owned() + third));
        assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Confirm(LAG_OF_STATUS)]));
        told
    };
    let out = at_gap().on(Event::Confirmed(Some(running())));
    assert!(matches!(out.notes[..], [Note::Gap { restart: 0, before: Some(_), .. }]), "{:?}", out.notes);
    assert_eq!((out.lines.len(), out.read.len()), (2, 1));
    let out = at_gap().on(Event::Confirmed(Some(running_again())));
    assert!(out.lines.is_empty() && !out.notes.iter().any(Note::lines_missing), "it was the next instance's log");
    assert!(
        matches!(out.actions[..], [Action::Close, Action::Open(Request { previous: true, .. })]),
        "{:?}",
        out.actions
    );
    let mut told = at_gap();
    let out = told.on(Event::Confirmed(None));
    assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Close]));
    for _ in 0..2 * TRIES {
        told.tick();
        told.on(Event::Opened);
        told.data(LINES[1]);
        let out = told.on(Event::Confirmed(None));
        assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Close]), "a gap is never taken on trust");
    }
    // What was opened before the pod went is still its log.
    let out = at_gap().on(Event::Confirmed(Some(gone())));
    assert_eq!(out.lines.len(), 2);
}

#[test]
fn an_empty_log_whose_status_cannot_be_had_is_asked_for_again() {
    let empty = || {
        let mut told = ToldFollower::new();
        told.answer(LINES[0]);
        told.answer("");
        told.answer("");
        assert_eq!(told.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
        told
    };
    let mut told = empty();
    let out = told.on(Event::Confirmed(None));
    assert!(out.actions.is_empty() && matches!(out.notes[..], [Note::Interrupted(_)]), "{:?}", out.notes);
    assert!(opens_log(&told.tick()));
    let mut told = empty();
    let InstanceState::Ended(end) = ended().state else { panic!() };
    let again = Status { restart: 1, last: Some(end), ..ended() };
    let out = told.on(Event::Confirmed(Some(again)));
    assert!(matches!(out.actions[..], [Action::Open(Request { previous: true, .. })]), "another instance's: {out:?}");
}

#[test]
fn text_at_an_answers_end_is_an_error_unless_it_may_be_the_rest_of_a_line() {
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    for (text, error) in [("rest of it", false), ("rpc error: code = Unavailable", true), (COLLECTED, true)] {
        let mut told = ToldFollower::streaming(LINES[0]);
        told.on(Event::Closed(BodyEnd::Broken("reset".to_owned())));
        assert!(matches!(told.tick()[..], [Action::Open(Request { since: Some(_), .. })]));
        told.on(Event::Opened);
        told.data(&(LINES[0].to_owned() + third + text));
        let notes = told.on(Event::Closed(BodyEnd::Clean)).notes;
        let in_band = notes.iter().any(|note| matches!(note, Note::InBand(_)));
        assert_eq!(in_band, error, "{text}: {notes:?}");
        let mut told = ToldFollower::streaming(text);
        let notes = told.on(Event::Closed(BodyEnd::Clean)).notes;
        assert!(notes.iter().any(|note| matches!(note, Note::InBand(_))), "{text}: {notes:?}");
    }
}

#[test]
fn an_error_in_an_answer_is_tried_again_and_left_in_a_single_look() {
    let error = "rpc error: code = Unavailable";
    let (mut told, _) = ToldFollower::of(Scope::default(), ended());
    for _ in 1..TRIES {
        told.whole_answer(error);
        assert!(opens_log(&told.tick()));
    }
    let notes = told.whole_answer(error).notes;
    assert!(matches!(notes[..], [Note::Unreadable { .. }]) && told.0.is_done(), "{notes:?}");
    let mut told = ToldFollower::new();
    let notes: Vec<Note> = (0..2 * TRIES)
        .flat_map(|_| {
            let notes = told.whole_answer(error).notes;
            told.tick();
            notes
        })
        .collect();
    assert_eq!(notes, [Note::InBand(error.to_owned())], "told once, and tried on");
    // A running container's log is not gone.
    let (mut told, _) = ToldFollower::of(FOLLOW, running());
    for _ in 0..TRIES {
        told.on(Event::Opened);
        told.data(COLLECTED);
        told.on(Event::Confirmed(Some(running())));
        let out = told.on(Event::Closed(BodyEnd::Clean));
        assert!(!out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
        told.wait();
    }
}

#[test]
fn failures_are_told_once_and_as_trouble_when_there_are_many() {
    let mut told = ToldFollower::new();
    let mut notes = Vec::new();
    for _ in 0..2 * TRIES {
        notes.extend(told.refuse(passing()).notes);
        told.wait();
    }
    assert_eq!(notes, [Note::Interrupted("503".to_owned()), Note::Struggling("503".to_owned())]);
    told.on(Event::Opened);
    told.data(LINES[0]);
    assert_eq!(told.on(Event::Closed(BodyEnd::Broken("503".to_owned()))).notes, [Note::Interrupted("503".to_owned())]);
}

#[test]
fn a_pause_is_as_long_as_the_server_asks_for() {
    let mut told = ToldFollower::new();
    told.refuse(Refusal::Passing("429".to_owned(), Some(second(30))));
    assert_eq!(told.0.deadline(), Some(second(30)));
    told.wait();
    told.refuse(Refusal::Passing("429".to_owned(), Some(Duration::ZERO)));
    assert!(told.0.deadline().is_some_and(|at| at > second(30)), "and no shorter than a pause is anyway");
}

#[test]
fn a_pause_ends_when_the_instance_does_unless_it_keeps_load_off_a_server() {
    let ended = || Event::Status(Status { pod: PodLife::Terminating, ..ended() });
    let mut told = ToldFollower::streaming(LINES[0]);
    told.on(Event::Closed(BodyEnd::Clean));
    assert_eq!(told.0.deadline(), Some(SETTLE));
    assert!(told.on(Event::Status(Status { pod: PodLife::Terminating, ..running() })).actions.is_empty());
    assert!(opens_log(&told.on(ended()).actions));
    let mut told = ToldFollower::streaming(LINES[0]);
    told.on(Event::Closed(BodyEnd::Broken("reset".to_owned())));
    assert!(told.on(ended()).actions.is_empty());
}

#[test]
fn the_first_line_of_an_instance_tells_how_its_reading_began() {
    let began = Stamp::parse(LINES[0].as_bytes()).unwrap().0;
    let status = Status { state: InstanceState::Running { started: Some(began) }, ..running() };
    let begin = |scope: Scope, wait: u64| {
        let (mut told, _) = ToldFollower::of(scope, status.clone());
        if wait > 0 {
            told.refuse(Refusal::Passing("503".to_owned(), Some(second(wait))));
            told.wait();
        }
        told.open(status.clone());
        told.1 += second(4);
        let start = told.data(LINES[0]).start.unwrap();
        assert!(told.data(LINES[1]).start.is_none(), "the first line only");
        start
    };
    let start = ReadingStart {
        restart: 0,
        started: Some(began),
        tail: None,
        previous: false,
        silent: second(4),
        waited: false,
    };
    assert_eq!(begin(FOLLOW, 0), start);
    assert_eq!(begin(FOLLOW, 3), ReadingStart { waited: true, ..start });
    assert_eq!(begin(Scope { tail: Some(3), ..FOLLOW }, 0), ReadingStart { tail: Some(3), ..start });
}

#[test]
fn an_instance_without_a_whole_line_tells_how_its_reading_began_when_it_ends() {
    let start =
        ReadingStart { restart: 0, started: None, tail: None, previous: false, silent: Duration::ZERO, waited: false };
    let mut told = ToldFollower::new();
    told.answer("");
    assert_eq!(told.whole_answer("").start, Some(start), "an empty log");
    assert!(told.0.is_done());
    let end = LINES[0].trim_end();
    let mut told = ToldFollower::new();
    told.answer(end);
    told.answer(end);
    let out = told.whole_answer(end);
    assert_eq!((out.lines.len(), out.start), (1, Some(start)));
    let mut told = ToldFollower::new();
    told.answer(LINES[0]);
    assert_eq!(told.whole_answer(LINES[0]).start, None, "it told before");
    let (told, out) = ToldFollower::of(Scope { tail: Some(0), ..FOLLOW }, ended());
    assert!(told.0.is_done() && out.start.is_none(), "nothing was wanted");
}

#[test]
fn what_was_read_right_before_a_restart_is_not_read_twice() {
    // The watch lags: what is opened as the first instance's log is the second one's already, and so is the status asked for.
    let (mut told, _) = ToldFollower::of(FOLLOW, running());
    for _ in 0..TRIES {
        told.on(Event::Opened);
        told.on(Event::Confirmed(None));
        told.wait();
    }
    told.on(Event::Opened);
    told.on(Event::Confirmed(None));
    assert_eq!(told.data(LINES[1]).lines.len(), 1, "nobody tells whose it is");
    told.on(Event::Status(running_again()));
    assert!(opens_tail(&told.on(Event::Closed(BodyEnd::Clean)).actions));
    let next = told.answer(LINES[0]);
    assert!(matches!(next[..], [Action::Open(Request { previous: true, since: None, tail: None, .. })]), "{next:?}");
    told.open(running_again());
    let out = told.data(LINES[0]);
    assert_eq!((out.lines.len(), out.restart), (1, 0));
    assert!(opens_tail(&told.on(Event::Closed(BodyEnd::Clean)).actions));
    let next = told.answer(LINES[0]);
    assert!(matches!(next[..], [Action::Open(Request { follow: true, .. })]), "{next:?}");
    told.open(running_again());
    assert!(told.data(LINES[1]).lines.is_empty(), "it was handed on before");
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    let out = told.data(third);
    assert_eq!((out.lines.len(), out.restart), (1, 1));
}

#[test]
fn what_an_earlier_run_has_read_is_not_read_again() {
    let read = |text: &str, sealed: bool| {
        let mut read = super::super::earlier::Read { sealed, ..Default::default() };
        read.cursor.read(&Line::parse(text.trim_end().as_bytes()).unwrap());
        read
    };
    let resumed = |instances: Vec<(u32, super::super::earlier::Read)>| {
        let earlier = Earlier::new(instances, second(60));
        let mut told = ToldFollower(Follower::resuming(FOLLOW, 1, earlier), Duration::ZERO);
        let out = told.on(Event::Status(running_again()));
        let Action::Open(request) = out.actions[0] else { panic!("{out:?}") };
        (told, request)
    };
    let (_, request) = resumed(vec![(0, read(LINES[0], false))]);
    assert!(request.previous && request.since.is_some(), "its rest is read first: {request:?}");
    let (mut told, request) = resumed(vec![(0, read(LINES[0], true)), (1, read(LINES[0], false))]);
    assert!(!request.previous && request.since.is_some(), "then the next one's: {request:?}");
    assert!(told.on(Event::Opened).actions.is_empty(), "whose log it is shows the line that comes again");
    assert_eq!(told.data(&LINES.concat()).lines.len(), 1);
    let (told, request) = resumed(vec![(0, read(LINES[0], true))]);
    assert_eq!((told.0.container.instance.number, request), (1, Request { follow: true, ..Request::default() }));
    // What went away meanwhile is lost.
    let mut told =
        ToldFollower(Follower::resuming(FOLLOW, 1, Earlier::new([(0, read(LINES[0], false))], second(60))), second(0));
    let notes = told.on(Event::Status(Status { restart: 3, ..running_again() })).notes;
    assert!(notes.iter().any(|note| matches!(note, Note::Unverified { restart: 0, .. })), "{notes:?}");
}

#[test]
fn how_an_instance_came_to_its_end_is_told_with_its_seal() {
    let sealed = |out: &Output| out.seals.iter().map(|seal| seal.proof).collect::<Vec<_>>();
    let mut told = ToldFollower::new();
    assert!(sealed(&told.whole_answer(LINES[0])).is_empty(), "its end is not checked yet");
    assert_eq!(sealed(&told.whole_answer(LINES[0])), [Some(Proof::Checked)]);

    let mut told = ToldFollower::new();
    told.answer("");
    assert_eq!(sealed(&told.whole_answer("")), [Some(Proof::Empty)]);

    let mut told = ToldFollower::new();
    told.answer(LINES[0]);
    told.answer("");
    told.answer("");
    told.answer("");
    assert_eq!(sealed(&told.on(Event::Confirmed(Some(ended())))), [Some(Proof::Rotated)]);

    // A container that goes on has no end.
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    let mut told = ToldFollower(Follower::new(Scope::default(), 1), Duration::ZERO);
    told.on(Event::Status(running));
    assert!(sealed(&told.whole_answer(LINES[0])).is_empty());
    assert!(sealed(&told.whole_answer(LINES[0])).is_empty());
    assert!(told.0.is_done());

    let mut told = ToldFollower::new();
    told.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
    told.tick();
    assert_eq!(sealed(&told.whole_answer(COLLECTED)), [None], "lines may be missing, so nothing is proven");
}
