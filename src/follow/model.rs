//! The follower against a model of a kubelet: whatever is cut, delayed or restarted, its output equals the log.
//!
//! The [model](world) keeps each instance's log as the runtime stores it (chunks of one stream, each stamped) and answers requests
//! as the [kubelet](kubelet) does; the API's status lags behind it. A seed decides everything, so a failure is replayed by its
//! seed. What is expected is in the [oracle](oracle).

mod kubelet;
mod oracle;
mod world;

use proptest::prelude::*;

use self::{
    oracle::{complete, honest, resumed, scoped},
    world::{Faults, Moment},
};
use super::{
    fixtures::{FOLLOW, LOOK},
    follower::Scope,
};

/// Faults that may meet a follower that begins in the middle of a container's life.
fn any_faults() -> impl Strategy<Value = Faults> {
    let bits = any::<[bool; 10]>();
    (moments(), bits, 0_u32..4).prop_map(
        |(moment, [cuts, rotation, stalls, unfinished, deleted, collects, in_band, lists, slow, grows], restarts)| {
            Faults {
                moment,
                cuts,
                rotation,
                stalls,
                unfinished,
                deleted,
                collects,
                in_band,
                lists,
                slow,
                grows,
                restarts,
                ..Faults::default()
            }
        },
    )
}

fn moments() -> impl Strategy<Value = Moment> {
    use Moment::*;
    proptest::sample::select(vec![Running, NotStarted, Waiting, Ended, Finished, Terminating, EndedTerminating])
}

fn tails() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![Just(None), (0_u64..40).prop_map(Some)]
}

/// Runs that were once not what they should be.
#[test]
fn seeds_that_have_failed() {
    // A stream was opened and dropped before it showed anything, between answers in which the log's file was missing.
    complete(9768891916931561699, Faults { in_band: true, restarts: 1, ..Faults::default() });
    // Only what is new was wanted, and no request was answered before it ended.
    let only_new = Scope { tail: Some(0), ..FOLLOW };
    let faults = Faults { cuts: true, lists: true, restarts: 1, ..Faults::default() };
    scoped(3979507691984966092, only_new, |_| None, faults);
    // The last line had no end, and was all that was wanted.
    let one = Scope { previous: true, tail: Some(1), ..LOOK };
    scoped(4299961823011072621, one, |_| None, Faults { restarts: 2, unfinished: true, ..Faults::default() });
    // The log was rotated in a single look, behind an answer that was cut off.
    let faults = Faults { cuts: true, rotation: true, in_band: true, slow: true, ..Faults::default() };
    scoped(10415003097428164723, Scope { tail: Some(5), ..LOOK }, |_| None, faults);
    scoped(9976873151707338963, LOOK, |_| None, Faults { unfinished: true, ..faults });
    // The last lines of the log were stamped before all that was wanted.
    let faults_of_ends = Faults { restarts: 3, unfinished: true, ..Faults::default() };
    scoped(10185774569514624418, LOOK, Some, faults_of_ends);
    // The log was not permitted for long, and whose it was asked in vain once.
    honest(
        6158367205205069959,
        Faults { denials: true, restarts: 4, stalls: true, deleted: true, collects: true, lists: true, ..faults },
    );
    // A request that was held back was taken for a silent stream, and for a reading that stands still.
    complete(14143596505119513759, Faults { cuts: true, ..Faults::default() });
    honest(1453730165009545003, Faults { collects: true, cuts: true, restarts: 5, ..Faults::default() });
    // The container ended in a line without an end while it was looked at.
    let faults = Faults { collects: true, lists: true, slow: true, ..faults_of_ends };
    scoped(3318074329991209816, LOOK, |_| None, Faults { restarts: 2, ..faults });
    // More was printed while a check showed where new lines begin.
    let moment = Moment::Terminating;
    let faults =
        Faults { moment, cuts: true, stalls: true, deleted: true, in_band: true, lists: true, grows: true, ..faults };
    scoped(
        3800333067518982655,
        only_new,
        |_| None,
        Faults { restarts: 0, unfinished: false, collects: false, ..faults },
    );
    // The instance that was read ended when the next one did, and nobody could read it any more.
    let faults = Faults { moment: Moment::Waiting, cuts: true, restarts: 2, slow: true, ..Faults::default() };
    scoped(484116626596197256, Scope { tail: Some(1), ..FOLLOW }, |_| None, faults);
    scoped(
        9146745208041095618,
        only_new,
        |_| None,
        Faults { rotation: true, lists: true, grows: true, ..Faults::default() },
    );
    let faults = Faults { moment: Moment::EndedTerminating, cuts: true, restarts: 1, ..Faults::default() };
    // The last line that was not wanted was cut off, and so was the check.
    scoped(4059575662591759819, Scope { follow: true, ..FOLLOW }, Some, faults);
    // It was cut off among such lines, and the log ended in another one.
    scoped(550117570185686741, LOOK, Some, Faults { moment: Moment::Ended, ..faults });
    // A reading and a check were cut off between the same two lines.
    complete(1973150481615002830, Faults { unfinished: true, cuts: true, restarts: 1, ..Faults::default() });
    // A look's reading was cut off, and the check broke off in the middle of the line that would have shown it.
    let faults = Faults { cuts: true, restarts: 1, rotation: true, stalls: true, slow: true, ..Faults::default() };
    scoped(1990290023651513945, LOOK, Some, faults);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undisturbed(seed in any::<u64>()) {
        complete(seed, Faults { same_lines: true, unordered: true, ..Faults::default() });
    }

    #[test]
    fn cut_anywhere(seed in any::<u64>()) {
        complete(seed, Faults { cuts: true, ..Faults::default() });
    }

    #[test]
    fn cut_anywhere_among_equal_and_unordered_lines(seed in any::<u64>()) {
        complete(seed, Faults { cuts: true, same_lines: true, unordered: true, ..Faults::default() });
    }

    #[test]
    fn cut_anywhere_in_long_lines(seed in any::<u64>()) {
        complete(seed, Faults { cuts: true, long_lines: true, ..Faults::default() });
    }

    #[test]
    fn stalled_without_an_end(seed in any::<u64>()) {
        complete(seed, Faults { cuts: true, stalls: true, ..Faults::default() });
    }

    #[test]
    fn clocks_set_back(seed in any::<u64>()) {
        complete(seed, Faults { cuts: true, clock_set_back: true, ..Faults::default() });
    }

    #[test]
    fn restarted_once(seed in any::<u64>()) {
        complete(seed, Faults { restarts: 1, ..Faults::default() });
    }

    #[test]
    fn restarted_once_and_cut(seed in any::<u64>()) {
        complete(seed, Faults { restarts: 1, cuts: true, ..Faults::default() });
    }

    #[test]
    fn restarted_often(seed in any::<u64>()) {
        honest(seed, Faults { restarts: 9, cuts: true, ..Faults::default() });
    }

    #[test]
    fn rotated(seed in any::<u64>()) {
        honest(seed, Faults { rotation: true, cuts: true, ..Faults::default() });
    }

    #[test]
    fn rotated_restarted_and_stalled(seed in any::<u64>()) {
        honest(seed, Faults { rotation: true, cuts: true, stalls: true, restarts: 3, ..Faults::default() });
    }

    #[test]
    fn a_last_line_without_end(seed in any::<u64>()) {
        complete(seed, Faults { unfinished: true, cuts: true, restarts: 1, ..Faults::default() });
    }

    #[test]
    fn a_long_last_line_without_end(seed in any::<u64>()) {
        complete(seed, Faults { unfinished: true, cuts: true, long_lines: true, ..Faults::default() });
    }

    #[test]
    fn a_pod_that_is_deleted(seed in any::<u64>(), cuts in any::<bool>(), stalls in any::<bool>()) {
        honest(seed, Faults { deleted: true, cuts, stalls, restarts: 2, ..Faults::default() });
    }

    #[test]
    fn dead_instances_that_are_collected(seed in any::<u64>(), cuts in any::<bool>(), deleted in any::<bool>()) {
        honest(seed, Faults { collects: true, deleted, cuts, restarts: 5, ..Faults::default() });
    }

    #[test]
    fn errors_in_answers(seed in any::<u64>(), cuts in any::<bool>()) {
        complete(seed, Faults { in_band: true, cuts, restarts: 1, ..Faults::default() });
    }

    #[test]
    fn a_permission_that_is_away_for_a_moment(seed in any::<u64>(), cuts in any::<bool>()) {
        complete(seed, Faults { denials: true, cuts, ..Faults::default() });
    }

    #[test]
    fn lists_beside_the_watch(seed in any::<u64>(), cuts in any::<bool>(), stalls in any::<bool>()) {
        complete(seed, Faults { lists: true, cuts, stalls, restarts: 1, ..Faults::default() });
    }

    #[test]
    fn whoever_takes_the_lines_is_slow(seed in any::<u64>()) {
        complete(seed, Faults { slow: true, cuts: true, stalls: true, ..Faults::default() });
    }

    #[test]
    fn everything_at_once(seed in any::<u64>()) {
        honest(seed, Faults {
            cuts: true, restarts: 4, rotation: true, stalls: true, deleted: true, collects: true, in_band: true,
            denials: true, lists: true, slow: true, ..Faults::default()
        });
    }

    #[test]
    fn a_run_goes_on_where_another_ended(seed in any::<u64>(), moment in moments(), cuts in any::<bool>(), stalls in any::<bool>()) {
        resumed(seed, Faults { moment, cuts, stalls, ..Faults::default() });
    }

    #[test]
    fn a_run_goes_on_after_restarts_rotations_and_deletion(
        seed in any::<u64>(), moment in moments(), deleted in any::<bool>()
    ) {
        let faults = Faults { moment, cuts: true, restarts: 3, rotation: true, deleted, collects: true, ..Faults::default() };
        resumed(seed, faults);
    }

    #[test]
    fn a_single_look_is_the_log_at_its_opening(
        seed in any::<u64>(), moment in moments(), restarts in 0_u32..3, grows in any::<bool>()
    ) {
        scoped(seed, LOOK, |_| None, Faults { moment, restarts, grows, ..Faults::default() });
    }

    #[test]
    fn a_single_look_whatever_happens(seed in any::<u64>(), faults in any_faults()) {
        scoped(seed, LOOK, |_| None, faults);
    }

    #[test]
    fn the_instance_before(seed in any::<u64>(), tail in tails(), faults in any_faults()) {
        scoped(seed, Scope { previous: true, tail, ..LOOK }, |_| None, Faults { restarts: 2, ..faults });
    }

    #[test]
    fn only_what_is_new_is_followed(
        seed in any::<u64>(), moment in moments(), restarts in 0_u32..2, lists in any::<bool>()
    ) {
        scoped(seed, Scope { tail: Some(0), ..FOLLOW }, |_| None, Faults { moment, restarts, lists, ..Faults::default() });
    }

    #[test]
    fn only_what_is_new_is_followed_whatever_happens(seed in any::<u64>(), faults in any_faults()) {
        scoped(seed, Scope { tail: Some(0), ..FOLLOW }, |_| None, faults);
    }

    #[test]
    fn a_part_of_a_part(seed in any::<u64>(), tail in tails(), before in any::<bool>(), follow in any::<bool>(), faults in any_faults()) {
        let scope = Scope { follow: follow && !before, previous: before, tail, ..FOLLOW };
        scoped(seed, scope, Some, Faults { restarts: faults.restarts.max(u32::from(before)), ..faults });
    }

    #[test]
    fn since_is_a_filter_of_the_log(
        seed in any::<u64>(), moment in moments(), cuts in any::<bool>(), follow in any::<bool>()
    ) {
        scoped(seed, Scope { follow, ..FOLLOW }, Some, Faults { moment, cuts, restarts: 1, ..Faults::default() });
    }

    #[test]
    fn since_is_a_filter_of_the_log_whatever_happens(seed in any::<u64>(), follow in any::<bool>(), faults in any_faults()) {
        scoped(seed, Scope { follow, ..FOLLOW }, Some, faults);
    }

    #[test]
    fn tail_is_the_end_of_the_log(
        seed in any::<u64>(), moment in moments(), follow in any::<bool>(), tail in 0_u64..40
    ) {
        scoped(seed, Scope { follow, tail: Some(tail), ..FOLLOW }, |_| None, Faults { moment, ..Faults::default() });
    }

    #[test]
    fn tail_is_the_end_of_the_log_whatever_happens(
        seed in any::<u64>(), follow in any::<bool>(), tail in 1_u64..40, faults in any_faults()
    ) {
        scoped(seed, Scope { follow, tail: Some(tail), ..FOLLOW }, |_| None, faults);
    }
}
