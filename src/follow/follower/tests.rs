use super::{
    super::{
        end_proof::DOUBTS,
        fixtures::{COLLECTED, FOLLOW, LINES, LOOK, ended, gone, line, running, running_again, second},
        tries::TRIES,
    },
    *,
};
use crate::{
    backoff::DENIED_FOR,
    k8s::{
        Stamp,
        status::{InstanceState, PodLife},
    },
};

/// A follower of a container that has ended, driven by what its requests bring, and the time.
struct Driven(Follower, Duration);

impl Driven {
    fn new() -> Driven {
        let mut driven = Driven(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        assert!(opens_log(&driven.on(Event::Status(ended())).actions));
        driven
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
    let mut driven = Driven::new();
    assert!(opens_tail(&driven.answer(LINES[0])));
    assert!(opens_log(&driven.answer("")), "the log is read once more");
    assert!(opens_tail(&driven.answer(&LINES.concat())), "and has another line");
    assert!(opens_log(&driven.answer("")), "which starts the count of empty checks again");
    assert!(opens_tail(&driven.answer(&LINES.concat())));
    driven.answer(LINES[1]);
    assert!(driven.0.is_done());
    assert_eq!(driven.0.container.instance.cursor.count(), 2);
}

#[test]
fn the_same_half_of_a_last_line_twice_is_no_end() {
    let mut driven = Driven::new();
    let half = LINES[1].to_owned() + "2026-09-21T14:13:30.000000001Z ha";
    let whole = half.clone() + "lf";
    assert!(opens_tail(&driven.answer(&(LINES[0].to_owned() + &half))));
    assert!(opens_tail(&driven.answer(&half)), "a check may have been cut at the same byte");
    assert!(opens_log(&driven.answer(&whole)), "it was");
    assert!(opens_tail(&driven.answer(&whole)));
    assert!(opens_tail(&driven.answer(&whole)));
    assert_eq!(driven.whole_answer(&whole).lines[0].text, "half");
    assert!(driven.0.is_done());
}

#[test]
fn a_check_proves_nothing_about_a_reading_that_stopped_before_the_last_line() {
    let mut driven = Driven::new();
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    assert!(opens_tail(&driven.answer(&LINES.concat())));
    assert!(opens_log(&driven.answer("")));
    assert!(opens_tail(&driven.answer(LINES[0])), "cut before the line that was the last one");
    assert!(opens_log(&driven.answer(LINES[1])), "cut right after it, so that it seems to agree");
    assert!(opens_tail(&driven.answer(&(LINES.concat() + third))));
    driven.answer(&(LINES[1].to_owned() + third));
    assert!(driven.0.is_done());
    assert_eq!(driven.0.container.instance.cursor.count(), 3);
}

#[test]
fn a_reading_without_news_takes_nothing_away_from_a_stream_that_ended_well() {
    let mut running = Status { state: InstanceState::Running { started: None }, ..ended() };
    running.pod = PodLife::Active;
    let mut driven = Driven(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    driven.on(Event::Status(running.clone()));
    driven.open(running);
    assert_eq!(driven.on(Event::Data(Bytes::from(LINES.concat()))).lines.len(), 2);
    driven.on(Event::Status(ended()));
    let next = driven.on(Event::Closed(BodyEnd::Clean)).actions;
    assert!(matches!(next[..], [Action::Open(_)]), "its end is looked at once more: {next:?}");
    driven.on(Event::Opened);
    let gone = Status { pod: PodLife::Gone, ..ended() };
    driven.on(Event::Status(gone));
    let notes = driven.on(Event::Closed(BodyEnd::Clean)).notes;
    assert!(matches!(notes[..], [Note::Unchecked { .. }]), "{notes:?}");
}

#[test]
fn a_last_line_is_had_after_many_cuts() {
    let mut driven = Driven::new();
    let log = LINES.concat() + "2026-09-21T14:13:30.000000001Z end";
    assert!(opens_tail(&driven.answer(&log)));
    for _ in 0..DOUBTS {
        // A check cut before its first byte: the log is read again, soon or after a pause.
        let next = driven.answer("");
        if next.is_empty() {
            assert!(opens_log(&driven.tick()));
        } else {
            assert!(opens_log(&next));
        }
        assert!(opens_tail(&driven.answer(&log)));
    }
    let tail = LINES[1].to_owned() + "2026-09-21T14:13:30.000000001Z end";
    assert!(opens_tail(&driven.answer(&tail)));
    let out = driven.whole_answer(&tail);
    assert_eq!(out.lines.len(), 1);
    assert!(out.notes.is_empty());
    assert!(driven.0.is_done());
}

/// stdout and stderr are stamped apart, so a line may stand behind a later one.
#[test]
fn lines_before_since_behind_the_last_one_wanted_are_no_contradiction() {
    let since = Some(Stamp::parse(LINES[1].as_bytes()).unwrap().0);
    let mut driven = Driven(Follower::new(Scope { since, ..Scope::default() }, 1), Duration::ZERO);
    driven.on(Event::Status(ended()));
    let (whole, last) = (LINES[1].to_owned() + LINES[0], LINES[0]);
    assert!(opens_tail(&driven.answer(&whole)));
    for _ in 0..2 * DOUBTS {
        if driven.0.is_done() {
            break;
        }
        let next = driven.answer(last);
        let next = if next.is_empty() && !driven.0.is_done() { driven.tick() } else { next };
        assert!(driven.0.is_done() || opens_log(&next));
        let out = driven.whole_answer(&whole);
        assert!(out.notes.is_empty() && out.lines.is_empty(), "{out:?}");
    }
    assert!(driven.0.is_done());
}

#[test]
fn what_is_missing_between_other_failures_is_not_taken_for_gone() {
    let missing = "failed to open log file \"/var/log/pods/a/c/0.log\": no such file or directory";
    let mut driven = Driven::new();
    for answer in ["503", "503", missing, "503", missing, "503", missing, "503"] {
        let out = if answer == "503" {
            driven.on(Event::Refused(Refusal::Passing("503".to_owned(), None)))
        } else {
            driven.whole_answer(answer)
        };
        assert!(!out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
        assert!(opens_log(&driven.tick()));
    }
    let out = driven.whole_answer(missing);
    assert!(out.notes.iter().any(Note::lines_missing), "four in a row: {:?}", out.notes);
}

/// The kubelet tells of a restart after the fact, and so does a list.
#[test]
fn a_status_from_a_list_is_confirmed_as_any_other_is() {
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    let mut driven = Driven(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    driven.on(Event::Status(running));
    assert_eq!(driven.on(Event::Opened).actions, [Action::Confirm(Duration::ZERO)]);
}

#[test]
fn a_check_of_a_container_that_seemed_to_run_is_not_the_last_word_on_it() {
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Terminating, ..ended() };
    let mut driven = Driven(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    driven.on(Event::Status(running.clone()));
    driven.on(Event::Opened);
    driven.on(Event::Confirmed(Some(running.clone())));
    driven.on(Event::Data(Bytes::from(LINES[0])));
    assert!(opens_tail(&driven.on(Event::Closed(BodyEnd::Clean)).actions));
    assert!(opens_log(&driven.answer(LINES[0])), "it agrees, and the stream is opened again");
    driven.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
    driven.on(Event::Status(Status { pod: PodLife::Gone, ..running }));
    driven.1 = driven.0.deadline().unwrap();
    let notes = driven.on(Event::Tick).notes;
    assert!(matches!(notes[..], [Note::Unchecked { restart: 0, .. }]), "{notes:?}");
    assert!(driven.0.is_done());
}

#[test]
fn a_log_opened_while_its_pod_goes_is_not_read_under_another_number() {
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    let InstanceState::Ended(end) = ended().state else { panic!() };
    let gone = Status { restart: 1, last: Some(end), pod: PodLife::Gone, ..ended() };
    let mut driven = Driven(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    driven.on(Event::Status(running));
    driven.on(Event::Opened);
    driven.on(Event::Data(Bytes::from(LINES[0])));
    let out = driven.on(Event::Confirmed(Some(gone)));
    assert!(out.lines.is_empty(), "whose they are is not known: {out:?}");
    assert_eq!(out.notes.iter().filter(|note| note.lines_missing()).count(), 2, "{:?}", out.notes);
    assert!(driven.0.is_done());
}

#[test]
fn a_log_that_stays_empty_was_rotated_after_the_last_line_read() {
    let mut driven = Driven::new();
    assert!(opens_tail(&driven.answer(LINES[0])));
    assert!(opens_log(&driven.answer("")));
    assert!(opens_tail(&driven.answer("")));
    assert_eq!(driven.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
    let notes = driven.on(Event::Confirmed(Some(ended()))).notes;
    assert!(matches!(notes[..], [Note::Unchecked { restart: 0, .. }]), "{notes:?}");
    assert!(driven.0.is_done());
}

#[test]
fn a_line_that_had_begun_when_the_log_became_empty_is_missing() {
    let mut driven = Driven::new();
    assert!(opens_tail(&driven.answer(&(LINES[0].to_owned() + &LINES[1][..34]))));
    assert!(opens_log(&driven.answer("")));
    assert!(opens_tail(&driven.answer("")));
    assert_eq!(driven.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
    assert!(matches!(driven.on(Event::Confirmed(Some(ended()))).notes[..], [Note::Gap { before: None, .. }]));
}

/// The kubelet keeps one dead instance of a container, so a retried one that has ended lacks the log of the first.
#[test]
fn a_dead_instance_that_was_collected_before_the_first_look_is_told_and_not_missing() {
    for follow in [true, false] {
        let InstanceState::Ended(end) = ended().state else { panic!() };
        let retried = Status { restart: 1, last: Some(end), ..ended() };
        let mut driven = Driven(Follower::new(Scope { follow, ..Scope::default() }, 1), Duration::ZERO);
        let asked = driven.on(Event::Status(retried)).actions;
        assert!(matches!(asked[..], [Action::Open(request)] if request.previous), "{asked:?}");
        let out = driven.whole_answer(COLLECTED);
        assert!(matches!(&out.notes[..], [Note::Gone { restart: 0, .. }]), "{:?}", out.notes);
        assert!(!out.notes[0].lines_missing());
        assert!(opens_log(&out.actions), "the instance after it is read");
        assert!(opens_tail(&driven.answer(LINES[0])));
        assert!(driven.whole_answer(LINES[0]).notes.is_empty());
        assert!(driven.0.is_done());
    }
}

#[test]
fn an_instance_that_went_away_after_the_first_try_is_missing() {
    let mut driven = Driven::new();
    driven.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
    assert!(opens_log(&driven.tick()));
    let out = driven.whole_answer(COLLECTED);
    assert!(matches!(out.notes[..], [Note::Unverified { .. } | Note::Lost { .. }]), "{:?}", out.notes);
}

#[test]
fn an_instance_that_ran_when_first_seen_is_missing_when_it_was_collected() {
    let mut driven = Driven(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    assert!(opens_log(&driven.on(Event::Status(running)).actions));
    driven.on(Event::Refused(Refusal::NoInstance("not yet".to_owned())));
    assert!(opens_log(&driven.on(Event::Status(ended())).actions));
    let out = driven.whole_answer(COLLECTED);
    assert!(out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
}

#[test]
fn what_cannot_be_read_in_a_single_look_is_not_called_lost() {
    let mut driven = Driven(Follower::new(Scope::default(), 1), Duration::ZERO);
    driven.on(Event::Status(ended()));
    for _ in 1..TRIES {
        driven.on(Event::Refused(Refusal::Passing("No agent available".to_owned(), None)));
        assert!(opens_log(&driven.tick()));
    }
    let out = driven.on(Event::Refused(Refusal::Passing("No agent available".to_owned(), None)));
    assert!(matches!(&out.notes[..], [Note::Unreadable { restart: 0, last: None, .. }]), "{:?}", out.notes);
    assert!(driven.0.is_done());
}

#[test]
fn a_last_line_without_an_end_belongs_to_the_instance_that_printed_it() {
    let mut driven = Driven::new();
    let log = LINES[0].to_owned() + "2026-09-21T14:13:30.000000001Z end";
    assert!(opens_tail(&driven.answer(&log)));
    assert!(opens_tail(&driven.answer(&log)));
    // The next instance has begun when the second check ends.
    let InstanceState::Ended(end) = ended().state else { panic!() };
    let again =
        Status { restart: 1, state: InstanceState::Running { started: None }, last: Some(end), pod: PodLife::Active };
    driven.0.container.status = Some(Status { pod: PodLife::Active, ..again.clone() });
    if let FollowerPhase::Open(reading) = &mut driven.0.phase {
        reading.place = LogPlace::Previous;
    }
    let out = driven.whole_answer(&log);
    assert_eq!((out.lines.len(), out.restart, driven.0.container.instance.number), (1, 0, 1));
}

#[test]
fn a_single_look_has_the_last_line_of_what_ends_meanwhile() {
    let end = "2026-09-21T14:13:30.000000001Z end";
    let log = LINES.concat() + end;
    for ends in [true, false] {
        let (mut driven, _) = Driven::of(LOOK, running());
        assert!(matches!(driven.answer(&log)[..], [Action::Confirm(_)]), "it may still end its line");
        let mut out = driven.on(Event::Confirmed(Some(if ends { ended() } else { running() })));
        assert!(matches!(out.notes.pop(), Some(Note::Interrupted(_))) && out.actions.is_empty());
        assert!(opens_log(&driven.tick()));
        if ends {
            assert!(opens_tail(&driven.answer(&log)) && opens_tail(&driven.answer(&log)));
            assert_eq!(driven.whole_answer(&log).lines, [line(end)]);
            assert!(driven.0.is_done());
        } else {
            assert!(matches!(driven.answer(&log)[..], [Action::Confirm(_)]));
        }
    }
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
        let mut driven = Driven(Follower::new(Scope { follow, ..Scope::default() }, 1), Duration::ZERO);
        let asked = driven.on(Event::Status(status.clone())).actions;
        assert!(matches!(asked[..], [Action::Open(request)] if request.urgent == urgent), "{follow} {status:?}");
    }
}

#[test]
fn the_last_lines_of_what_has_ended_go_ahead_of_others_only_when_the_log_may_vanish() {
    for (pod, urgent) in [(PodLife::Active, false), (PodLife::Terminating, true)] {
        let asked = Driven::streaming(LINES[0]).on(Event::Status(Status { pod, ..ended() })).actions;
        assert!(matches!(asked[..], [Action::Probe(request)] if request.urgent == urgent), "{pod:?} {asked:?}");
    }
}

#[test]
fn nothing_is_handed_on_before_the_status_is_confirmed() {
    let mut driven = Driven(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    driven.on(Event::Status(running.clone()));
    assert_eq!(driven.on(Event::Opened).actions, [Action::Confirm(Duration::ZERO)]);
    let data = |text: &str| Event::Data(Bytes::copy_from_slice(text.as_bytes()));
    assert!(driven.on(data(LINES[0])).lines.is_empty());
    assert!(driven.on(data(LINES[1])).lines.is_empty());
    assert!(driven.on(Event::Closed(BodyEnd::Clean)).actions.is_empty());
    assert_eq!(driven.0.deadline(), None);
    assert_eq!(driven.on(Event::Confirmed(Some(running))).lines.len(), 2);
    assert!(matches!(driven.0.phase, FollowerPhase::Pause { .. }), "and its end was taken");
}

#[test]
fn a_permission_that_was_there_is_waited_for_two_minutes() {
    let refused = || Event::Refused(Refusal::Forbidden { reason: "no".to_owned(), withdrawn: true });
    let mut driven = Driven::new();
    assert_eq!(driven.on(refused()).notes, [Note::Denied("no".to_owned())]);
    while driven.1 < DENIED_FOR {
        assert!(!driven.0.is_done());
        driven.tick();
        let notes = driven.on(refused()).notes;
        assert!(notes.is_empty() || driven.1 >= DENIED_FOR, "told once: {notes:?}");
    }
    assert!(driven.0.is_done());
    let mut driven = Driven::new();
    driven.on(refused());
    driven.tick();
    assert!(opens_tail(&driven.answer(LINES[0])), "it came back");
}

impl Driven {
    /// A follower of what this scope asks for, told this status, and what it asks for first.
    fn of(scope: Scope, status: Status) -> (Driven, Output) {
        let mut driven = Driven(Follower::new(scope, 1), Duration::ZERO);
        let out = driven.on(Event::Status(status));
        (driven, out)
    }

    /// A follower whose stream of a running container is open and brought this.
    fn streaming(text: &str) -> Driven {
        let (mut driven, out) = Driven::of(FOLLOW, running());
        assert!(matches!(out.actions[..], [Action::Open(Request { follow: true, .. })]));
        driven.on(Event::Opened);
        driven.on(Event::Confirmed(Some(running())));
        driven.data(text);
        driven
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
    let mut driven = Driven::streaming(LINES[0]);
    assert_eq!(driven.0.deadline(), Some(second(2)));
    driven.1 = second(1);
    driven.0.excuse(driven.1);
    assert_eq!(driven.0.deadline(), Some(second(3)));
    driven.1 = second(2);
    assert!(driven.on(Event::Tick).actions.is_empty(), "not yet");
    let asked = driven.wait().actions;
    assert_eq!(asked, [Action::Probe(Request { tail: Some(2), ..Request::default() })]);
    assert_eq!(driven.0.deadline(), None, "one at a time");
}

#[test]
fn a_stream_of_which_nothing_is_wanted_yet_stays_open() {
    let since = Some(Line::parse(LINES[1].trim_end().as_bytes()).unwrap().stamp);
    let (mut driven, _) = Driven::of(Scope { since, ..FOLLOW }, running());
    driven.open(running());
    for _ in 0..3 {
        assert_eq!(driven.wait().actions, [Action::Probe(Request { tail: Some(1), ..Request::default() })]);
        let last = Line::parse(LINES[0].trim_end().as_bytes()).unwrap();
        let out = driven.on(Event::Probed(Some(vec![last])));
        assert!(out.actions.is_empty() && out.notes.is_empty(), "{out:?}");
    }
}

#[test]
fn a_stream_that_stalled_is_opened_again_from_the_last_line_or_from_the_start() {
    let line = |text: &str| Line::parse(text.trim_end().as_bytes()).unwrap();
    // Told of a line that the stream does not bring.
    let stalled = |driven: &mut Driven, late: &str| {
        driven.wait();
        let out = driven.on(Event::Probed(Some(vec![line(LINES[0]), line(late)])));
        assert_eq!(out.actions[0], Action::Close);
        let Action::Open(request) = out.actions[1] else { panic!("{:?}", out.actions) };
        request
    };
    let before = "2026-09-21T14:13:20.000000001Z clock set back\n";
    let mut driven = Driven::streaming(LINES[0]);
    let since = Some(line(LINES[0]).stamp.back(3_000_000_000).floor_second());
    assert_eq!(
        stalled(&mut driven, LINES[1]),
        Request { follow: true, since, ..Request::default() },
        "it was silent for 2 s"
    );
    driven.on(Event::Opened);
    assert_eq!(stalled(&mut driven, before), Request { follow: true, ..Request::default() }, "since hides that line");
}

#[test]
fn a_probe_that_is_answered_while_the_status_is_asked_for_proves_nothing() {
    let mut driven = Driven::streaming(LINES[0]);
    driven.wait();
    let third = "2026-09-21T14:14:30.000000001Z three\n";
    driven.on(Event::Closed(BodyEnd::Clean));
    driven.wait();
    driven.on(Event::Opened);
    driven.wait();
    assert_eq!(driven.data(third).actions, [Action::Confirm(LAG_OF_STATUS)], "a gap");
    assert!(driven.on(Event::Probed(Some(vec![Line::parse(third.trim_end().as_bytes()).unwrap()]))).actions.is_empty());
}

#[test]
fn a_stream_that_does_not_end_with_its_instance_is_closed_after_a_grace() {
    let mut driven = Driven::streaming(LINES[0]);
    let asked = driven.on(Event::Status(Status { pod: PodLife::Active, ..ended() })).actions;
    assert_eq!(asked, [Action::Probe(Request { tail: Some(2), ..Request::default() })], "its last line");
    driven.on(Event::Probed(None));
    while driven.1 < second(5) {
        assert!(!driven.0.is_done());
        let actions = driven.wait().actions;
        if driven.1 == second(5) {
            assert!(matches!(actions[..], [Action::Close, Action::Open(Request { follow: false, .. })]), "{actions:?}");
        } else {
            assert!(matches!(actions[..], [Action::Probe(_)]), "{actions:?}");
            driven.on(Event::Probed(None));
        }
    }
}

#[test]
fn a_reading_that_stands_still_is_given_up_and_begun_again() {
    let mut driven = Driven::new();
    driven.on(Event::Opened);
    driven.1 = second(10);
    assert!(driven.on(Event::Tick).actions.is_empty());
    driven.data(&LINES[0][..10]);
    assert_eq!(driven.0.deadline(), Some(second(30)));
    let out = driven.wait();
    assert_eq!(out.actions, [Action::Close]);
    assert_eq!(out.notes, [Note::Interrupted("nothing came for 20 s".to_owned())]);
    assert!(opens_log(&driven.tick()));
}

#[test]
fn what_comes_when_nothing_is_open_is_ignored() {
    let mut done = Driven::new();
    done.answer(LINES[0]);
    done.answer(LINES[0]);
    assert!(done.0.is_done());
    let mut pausing = Driven::new();
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
        for driven in [&mut done, &mut pausing] {
            let out = driven.on(event.clone());
            assert!(out.lines.is_empty() && out.notes.is_empty() && out.actions.is_empty(), "{event:?}: {out:?}");
        }
        assert!(done.0.is_done() && done.0.is_settled());
        assert_eq!(pausing.0.deadline(), deadline, "{event:?}");
    }
}

#[test]
fn a_container_is_settled_when_its_end_is_proven_or_it_has_not_started() {
    let (driven, _) = Driven::of(FOLLOW, Status::default());
    assert!(driven.0.is_settled() && !driven.0.is_done(), "it has not started");
    let again = Status { pod: PodLife::Active, ..ended() };
    let (mut driven, _) = Driven::of(FOLLOW, again.clone());
    assert!(!driven.0.is_settled());
    driven.open(again);
    driven.data(LINES[0]);
    driven.on(Event::Closed(BodyEnd::Clean));
    assert!(!driven.0.is_settled());
    driven.answer(LINES[0]);
    assert!(driven.0.is_settled() && !driven.0.is_done(), "it may be started again");
    assert!(!Driven::streaming(LINES[0]).0.is_settled());
}

#[test]
fn the_first_instance_is_the_first_that_can_be_read_or_the_latest_of_a_tail() {
    let twice = Status { restart: 2, ..running_again() };
    let begun = |scope: Scope| {
        let (driven, out) = Driven::of(scope, twice.clone());
        let is_told = out.notes.contains(&Note::GoneBefore { count: 1 });
        (driven.0.container.instance.number, is_told, opens_tail(&out.actions))
    };
    assert_eq!(begun(FOLLOW), (1, true, false));
    assert_eq!(begun(Scope { since: Some(Stamp(0)), ..FOLLOW }), (1, false, false), "they are older, or not wanted");
    assert_eq!(begun(Scope { tail: Some(5), ..FOLLOW }), (2, false, true));
    let (_, out) = Driven::of(FOLLOW, running());
    assert!(!out.notes.iter().any(|note| matches!(note, Note::GoneBefore { .. })));
}

#[test]
fn a_tail_is_of_the_first_instance_only() {
    let ended = Status { pod: PodLife::Active, ..ended() };
    let (mut driven, _) = Driven::of(Scope { tail: Some(5), ..FOLLOW }, ended.clone());
    driven.open(ended);
    driven.data(LINES[0]);
    driven.on(Event::Closed(BodyEnd::Clean));
    driven.answer(LINES[0]);
    assert!(opens_log(&driven.on(Event::Status(running_again())).actions));
}

#[test]
fn of_a_tail_of_nothing_only_new_lines_are_read() {
    let nothing = Scope { tail: Some(0), ..FOLLOW };
    let (driven, out) = Driven::of(nothing, ended());
    assert!(out.actions.is_empty() && driven.0.is_done(), "an ended container has no new ones");
    let (driven, out) = Driven::of(Scope { follow: false, ..nothing }, running());
    assert!(out.actions.is_empty() && driven.0.is_done());
    let (mut driven, out) = Driven::of(nothing, running());
    assert!(opens_tail(&out.actions), "its last line");
    driven.open(running());
    driven.data(LINES[0]);
    let out = driven.on(Event::Closed(BodyEnd::Clean));
    assert!(out.lines.is_empty());
    assert!(matches!(out.actions[..], [Action::Open(Request { follow: true, tail: None, .. })]), "{:?}", out.actions);
    driven.open(running());
    assert_eq!(driven.data(&LINES.concat()).lines.len(), 1);
}

#[test]
fn a_container_that_never_started_has_no_log() {
    let waiting = Status { state: InstanceState::Waiting { reason: "ErrImagePull".to_owned() }, ..Status::default() };
    let no_log = |notes: &[Note]| notes.iter().any(|note| matches!(note, Note::NoLog(_)));
    let (mut driven, out) = Driven::of(FOLLOW, waiting.clone());
    assert!(!driven.0.is_done() && !no_log(&out.notes));
    let out = driven.on(Event::Status(Status { pod: PodLife::Gone, ..waiting.clone() }));
    assert!(driven.0.is_done() && no_log(&out.notes), "{:?}", out.notes);
    let (driven, out) = Driven::of(FOLLOW, Status { pod: PodLife::Finished, ..waiting.clone() });
    assert!(driven.0.is_done() && no_log(&out.notes), "{:?}", out.notes);
    let (driven, out) = Driven::of(Scope::default(), waiting);
    assert!(driven.0.is_done() && no_log(&out.notes), "{:?}", out.notes);
    for refusal in [Refusal::NotScheduled, Refusal::Waiting("PodInitializing".to_owned())] {
        let (mut driven, _) = Driven::of(Scope::default(), running());
        assert!(no_log(&driven.refuse(refusal.clone()).notes) && driven.0.is_done());
        let (mut driven, _) = Driven::of(FOLLOW, running());
        let notes = driven.refuse(refusal.clone()).notes;
        assert!(matches!(notes[..], [Note::Waiting(_)]) && driven.0.deadline() == Some(SETTLE), "{notes:?}");
        driven.wait();
        assert!(driven.refuse(refusal).notes.is_empty(), "told once");
    }
}

#[test]
fn a_pod_that_is_not_found_is_asked_for_before_its_log_is_given_up() {
    let not_found = || Refusal::NotFound("pods \"p\" not found".to_owned());
    let (mut driven, _) = Driven::of(FOLLOW, running());
    assert_eq!(driven.refuse(not_found()).actions, [Action::Confirm(Duration::ZERO)]);
    let out = driven.on(Event::Confirmed(Some(running())));
    assert!(matches!(out.notes[..], [Note::Interrupted(_)]), "it is there: {:?}", out.notes);
    driven.wait();
    driven.refuse(not_found());
    let out = driven.on(Event::Confirmed(Some(gone())));
    assert!(matches!(out.notes[..], [Note::Lost { .. }]) && driven.0.is_done(), "{:?}", out.notes);
    let (mut driven, _) = Driven::of(Scope::default(), running());
    for _ in 0..3 {
        assert!(driven.refuse(not_found()).notes.is_empty());
        driven.wait();
    }
    assert!(matches!(driven.refuse(not_found()).notes[..], [Note::Lost { .. }]), "a single look asks nobody");
    assert!(driven.0.is_done());
}

#[test]
fn where_the_status_cannot_be_had_for_long_lines_are_better_than_none() {
    let (mut driven, _) = Driven::of(FOLLOW, running());
    for failed in 0..TRIES {
        driven.on(Event::Opened);
        assert!(driven.data(LINES[0]).lines.is_empty());
        let out = driven.on(Event::Confirmed(None));
        assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Close]), "after {failed}");
        assert!(opens_log(&driven.tick()));
    }
    driven.on(Event::Opened);
    driven.data(LINES[0]);
    assert_eq!(driven.on(Event::Confirmed(None)).lines.len(), 1);
}

#[test]
fn a_gap_is_told_only_when_the_status_shows_that_it_is_one() {
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    let at_gap = || {
        let mut driven = Driven::streaming(LINES[0]);
        driven.on(Event::Closed(BodyEnd::Broken("reset".to_owned())));
        assert!(opens_log(&driven.tick()));
        driven.on(Event::Opened);
        let out = driven.data(&(LINES[1].to_owned() + third));
        assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Confirm(LAG_OF_STATUS)]));
        driven
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
    let mut driven = at_gap();
    let out = driven.on(Event::Confirmed(None));
    assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Close]));
    for _ in 0..2 * TRIES {
        driven.tick();
        driven.on(Event::Opened);
        driven.data(LINES[1]);
        let out = driven.on(Event::Confirmed(None));
        assert_eq!((out.lines.len(), out.actions), (0, vec![Action::Close]), "a gap is never taken on trust");
    }
    // What was opened before the pod went is still its log.
    let out = at_gap().on(Event::Confirmed(Some(gone())));
    assert_eq!(out.lines.len(), 2);
}

#[test]
fn an_empty_log_whose_status_cannot_be_had_is_asked_for_again() {
    let empty = || {
        let mut driven = Driven::new();
        driven.answer(LINES[0]);
        driven.answer("");
        driven.answer("");
        assert_eq!(driven.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
        driven
    };
    let mut driven = empty();
    let out = driven.on(Event::Confirmed(None));
    assert!(out.actions.is_empty() && matches!(out.notes[..], [Note::Interrupted(_)]), "{:?}", out.notes);
    assert!(opens_log(&driven.tick()));
    let mut driven = empty();
    let InstanceState::Ended(end) = ended().state else { panic!() };
    let again = Status { restart: 1, last: Some(end), ..ended() };
    let out = driven.on(Event::Confirmed(Some(again)));
    assert!(matches!(out.actions[..], [Action::Open(Request { previous: true, .. })]), "another instance's: {out:?}");
}

#[test]
fn text_at_an_answers_end_is_an_error_unless_it_may_be_the_rest_of_a_line() {
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    for (text, error) in [("rest of it", false), ("rpc error: code = Unavailable", true), (COLLECTED, true)] {
        let mut driven = Driven::streaming(LINES[0]);
        driven.on(Event::Closed(BodyEnd::Broken("reset".to_owned())));
        assert!(matches!(driven.tick()[..], [Action::Open(Request { since: Some(_), .. })]));
        driven.on(Event::Opened);
        driven.data(&(LINES[0].to_owned() + third + text));
        let notes = driven.on(Event::Closed(BodyEnd::Clean)).notes;
        let in_band = notes.iter().any(|note| matches!(note, Note::InBand(_)));
        assert_eq!(in_band, error, "{text}: {notes:?}");
        let mut driven = Driven::streaming(text);
        let notes = driven.on(Event::Closed(BodyEnd::Clean)).notes;
        assert!(notes.iter().any(|note| matches!(note, Note::InBand(_))), "{text}: {notes:?}");
    }
}

#[test]
fn an_error_in_an_answer_is_tried_again_and_left_in_a_single_look() {
    let error = "rpc error: code = Unavailable";
    let (mut driven, _) = Driven::of(Scope::default(), ended());
    for _ in 1..TRIES {
        driven.whole_answer(error);
        assert!(opens_log(&driven.tick()));
    }
    let notes = driven.whole_answer(error).notes;
    assert!(matches!(notes[..], [Note::Unreadable { .. }]) && driven.0.is_done(), "{notes:?}");
    let mut driven = Driven::new();
    let notes: Vec<Note> = (0..2 * TRIES)
        .flat_map(|_| {
            let notes = driven.whole_answer(error).notes;
            driven.tick();
            notes
        })
        .collect();
    assert_eq!(notes, [Note::InBand(error.to_owned())], "told once, and tried on");
    // A running container's log is not gone.
    let (mut driven, _) = Driven::of(FOLLOW, running());
    for _ in 0..TRIES {
        driven.on(Event::Opened);
        driven.data(COLLECTED);
        driven.on(Event::Confirmed(Some(running())));
        let out = driven.on(Event::Closed(BodyEnd::Clean));
        assert!(!out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
        driven.wait();
    }
}

#[test]
fn failures_are_told_once_and_as_trouble_when_there_are_many() {
    let mut driven = Driven::new();
    let mut notes = Vec::new();
    for _ in 0..2 * TRIES {
        notes.extend(driven.refuse(passing()).notes);
        driven.wait();
    }
    assert_eq!(notes, [Note::Interrupted("503".to_owned()), Note::Struggling("503".to_owned())]);
    driven.on(Event::Opened);
    driven.data(LINES[0]);
    assert_eq!(
        driven.on(Event::Closed(BodyEnd::Broken("503".to_owned()))).notes,
        [Note::Interrupted("503".to_owned())]
    );
}

#[test]
fn a_pause_is_as_long_as_the_server_asks_for() {
    let mut driven = Driven::new();
    driven.refuse(Refusal::Passing("429".to_owned(), Some(second(30))));
    assert_eq!(driven.0.deadline(), Some(second(30)));
    driven.wait();
    driven.refuse(Refusal::Passing("429".to_owned(), Some(Duration::ZERO)));
    assert!(driven.0.deadline().is_some_and(|at| at > second(30)), "and no shorter than a pause is anyway");
}

#[test]
fn a_pause_ends_when_the_instance_does_unless_it_keeps_load_off_a_server() {
    let ended = || Event::Status(Status { pod: PodLife::Terminating, ..ended() });
    let mut driven = Driven::streaming(LINES[0]);
    driven.on(Event::Closed(BodyEnd::Clean));
    assert_eq!(driven.0.deadline(), Some(SETTLE));
    assert!(driven.on(Event::Status(Status { pod: PodLife::Terminating, ..running() })).actions.is_empty());
    assert!(opens_log(&driven.on(ended()).actions));
    let mut driven = Driven::streaming(LINES[0]);
    driven.on(Event::Closed(BodyEnd::Broken("reset".to_owned())));
    assert!(driven.on(ended()).actions.is_empty());
}

#[test]
fn the_first_line_of_an_instance_tells_how_its_reading_began() {
    let began = Stamp::parse(LINES[0].as_bytes()).unwrap().0;
    let status = Status { state: InstanceState::Running { started: Some(began) }, ..running() };
    let begin = |scope: Scope, wait: u64| {
        let (mut driven, _) = Driven::of(scope, status.clone());
        if wait > 0 {
            driven.refuse(Refusal::Passing("503".to_owned(), Some(second(wait))));
            driven.wait();
        }
        driven.open(status.clone());
        driven.1 += second(4);
        let start = driven.data(LINES[0]).start.unwrap();
        assert!(driven.data(LINES[1]).start.is_none(), "the first line only");
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
    let mut driven = Driven::new();
    driven.answer("");
    assert_eq!(driven.whole_answer("").start, Some(start), "an empty log");
    assert!(driven.0.is_done());
    let end = LINES[0].trim_end();
    let mut driven = Driven::new();
    driven.answer(end);
    driven.answer(end);
    let out = driven.whole_answer(end);
    assert_eq!((out.lines.len(), out.start), (1, Some(start)));
    let mut driven = Driven::new();
    driven.answer(LINES[0]);
    assert_eq!(driven.whole_answer(LINES[0]).start, None, "it told before");
    let (driven, out) = Driven::of(Scope { tail: Some(0), ..FOLLOW }, ended());
    assert!(driven.0.is_done() && out.start.is_none(), "nothing was wanted");
}

#[test]
fn what_was_read_right_before_a_restart_is_not_read_twice() {
    // The watch lags: what is opened as the first instance's log is the second one's already, and so is the status asked for.
    let (mut driven, _) = Driven::of(FOLLOW, running());
    for _ in 0..TRIES {
        driven.on(Event::Opened);
        driven.on(Event::Confirmed(None));
        driven.wait();
    }
    driven.on(Event::Opened);
    driven.on(Event::Confirmed(None));
    assert_eq!(driven.data(LINES[1]).lines.len(), 1, "nobody tells whose it is");
    driven.on(Event::Status(running_again()));
    assert!(opens_tail(&driven.on(Event::Closed(BodyEnd::Clean)).actions));
    let next = driven.answer(LINES[0]);
    assert!(matches!(next[..], [Action::Open(Request { previous: true, since: None, tail: None, .. })]), "{next:?}");
    driven.open(running_again());
    let out = driven.data(LINES[0]);
    assert_eq!((out.lines.len(), out.restart), (1, 0));
    assert!(opens_tail(&driven.on(Event::Closed(BodyEnd::Clean)).actions));
    let next = driven.answer(LINES[0]);
    assert!(matches!(next[..], [Action::Open(Request { follow: true, .. })]), "{next:?}");
    driven.open(running_again());
    assert!(driven.data(LINES[1]).lines.is_empty(), "it was handed on before");
    let third = "2026-09-21T14:13:30.000000001Z three\n";
    let out = driven.data(third);
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
        let mut driven = Driven(Follower::resuming(FOLLOW, 1, earlier), Duration::ZERO);
        let out = driven.on(Event::Status(running_again()));
        let Action::Open(request) = out.actions[0] else { panic!("{out:?}") };
        (driven, request)
    };
    let (_, request) = resumed(vec![(0, read(LINES[0], false))]);
    assert!(request.previous && request.since.is_some(), "its rest is read first: {request:?}");
    let (mut driven, request) = resumed(vec![(0, read(LINES[0], true)), (1, read(LINES[0], false))]);
    assert!(!request.previous && request.since.is_some(), "then the next one's: {request:?}");
    assert!(driven.on(Event::Opened).actions.is_empty(), "whose log it is shows the line that comes again");
    assert_eq!(driven.data(&LINES.concat()).lines.len(), 1);
    let (driven, request) = resumed(vec![(0, read(LINES[0], true))]);
    assert_eq!((driven.0.container.instance.number, request), (1, Request { follow: true, ..Request::default() }));
    // What went away meanwhile is lost.
    let mut driven =
        Driven(Follower::resuming(FOLLOW, 1, Earlier::new([(0, read(LINES[0], false))], second(60))), second(0));
    let notes = driven.on(Event::Status(Status { restart: 3, ..running_again() })).notes;
    assert!(notes.iter().any(|note| matches!(note, Note::Unverified { restart: 0, .. })), "{notes:?}");
}

#[test]
fn how_an_instance_came_to_its_end_is_told_with_its_seal() {
    let sealed = |out: &Output| out.seals.iter().map(|seal| seal.proof).collect::<Vec<_>>();
    let mut driven = Driven::new();
    assert!(sealed(&driven.whole_answer(LINES[0])).is_empty(), "its end is not checked yet");
    assert_eq!(sealed(&driven.whole_answer(LINES[0])), [Some(Proof::Checked)]);

    let mut driven = Driven::new();
    driven.answer("");
    assert_eq!(sealed(&driven.whole_answer("")), [Some(Proof::Empty)]);

    let mut driven = Driven::new();
    driven.answer(LINES[0]);
    driven.answer("");
    driven.answer("");
    driven.answer("");
    assert_eq!(sealed(&driven.on(Event::Confirmed(Some(ended())))), [Some(Proof::Rotated)]);

    // A container that goes on has no end.
    let running = Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() };
    let mut driven = Driven(Follower::new(Scope::default(), 1), Duration::ZERO);
    driven.on(Event::Status(running));
    assert!(sealed(&driven.whole_answer(LINES[0])).is_empty());
    assert!(sealed(&driven.whole_answer(LINES[0])).is_empty());
    assert!(driven.0.is_done());

    let mut driven = Driven::new();
    driven.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
    driven.tick();
    assert_eq!(sealed(&driven.whole_answer(COLLECTED)), [None], "lines may be missing, so nothing is proven");
}

#[test]
fn the_next_instances_log_behind_a_gap_is_closed_and_the_right_one_opened() {
    let mut driven = Driven::streaming(LINES[0]);
    driven.on(Event::Closed(BodyEnd::Clean));
    driven.wait();
    driven.on(Event::Opened);
    assert_eq!(driven.data("2026-09-21T14:14:30.000000001Z three\n").actions, [Action::Confirm(LAG_OF_STATUS)]);
    let actions = driven.on(Event::Confirmed(Some(running_again()))).actions;
    assert!(matches!(actions[..], [Action::Close, Action::Open(Request { previous: true, .. })]), "{actions:?}");
}
