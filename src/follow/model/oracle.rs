//! What is expected of a run.

use std::{collections::HashMap, time::Duration};

use super::{
    super::{
        cursor::Cursor,
        earlier::{Earlier, Read},
        follower::Scope,
        note::Note,
    },
    world::{Faults, Opening, World},
};
use crate::k8s::{Line, Stamp};

fn texts(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .map(|line| format!("{} {}", line.stamp.0, String::from_utf8_lossy(&line.text[..line.text.len().min(40)])))
        .collect()
}

/// Runs a world in which lines may be lost, and expects the rest in order, once each, and the loss told.
pub fn honest(seed: u64, faults: Faults) {
    let mut world = World::new(seed, faults);
    world.run(200);
    is_honest(seed, &world);
}

fn is_honest(seed: u64, world: &World) {
    let sequence =
        |line: &Line| -> u64 { String::from_utf8_lossy(&line.text).trim_start_matches("seq=").parse().unwrap() };
    let got: Vec<u64> = world.output.iter().flatten().map(sequence).collect();
    for pair in got.windows(2) {
        assert!(pair[0] < pair[1], "seed {seed}: {} then {}; {:?}", pair[0], pair[1], world.notes);
    }
    for (instance, log) in world.logs.iter().enumerate() {
        let numbers: Vec<u64> = log.lines().iter().map(sequence).collect();
        let lost: Vec<&u64> =
            numbers[provable_from(seed, world, instance)..].iter().filter(|number| !got.contains(number)).collect();
        assert!(
            lost.is_empty() || world.names(instance),
            "seed {seed}: {lost:?} of {instance} lost and not told: {:?}",
            world.notes
        );
        // A line's number is the one of the instance that printed it.
        let lines =
            world.output.get(instance).map(|lines| lines.iter().map(sequence).collect::<Vec<_>>()).unwrap_or_default();
        let foreign: Vec<&u64> = lines.iter().filter(|number| !numbers.contains(number)).collect();
        assert!(foreign.is_empty(), "seed {seed}: {foreign:?} are not lines of {instance}");
    }
}

/// The line of an instance from which on a loss can be proven: where its log's newest file began when it first showed a line, or else
/// when it was opened last. What was rotated away before leaves no trace, but then it must be told how the reading began.
fn provable_from(seed: u64, world: &World, instance: usize) -> usize {
    let mut openings = world.openings.iter().filter(|opening| opening.instance == instance);
    let first = openings.clone().find(|opening| opening.shown).or(openings.next_back());
    let from = first.map_or(0, |opening| opening.file_start);
    let told = world.started.contains(&(instance as u32)) || world.names(instance);
    assert!(from == 0 || told, "seed {seed}: how {instance} begins is not told");
    from
}

/// Runs a world in which every line can be had, and expects exactly all of them.
pub fn complete(seed: u64, faults: Faults) {
    let mut world = World::new(seed, faults);
    world.run(200);
    is_complete(seed, &world);
}

fn is_complete(seed: u64, world: &World) {
    // Per instance: a line under another instance's number is wrong.
    let tagged = |(instance, lines): (usize, Vec<String>)| -> Vec<String> {
        lines.into_iter().map(|line| format!("{instance}: {line}")).collect()
    };
    let expected: Vec<String> = world.logs.iter().map(|log| texts(&log.lines())).enumerate().flat_map(tagged).collect();
    let got: Vec<String> = world.output.iter().map(|lines| texts(lines)).enumerate().flat_map(tagged).collect();
    if let Some(at) = (0..expected.len().max(got.len())).find(|at| expected.get(*at) != got.get(*at)) {
        let near = |all: &[String]| all[at.saturating_sub(2).min(all.len())..(at + 4).min(all.len())].to_vec();
        panic!(
            "seed {seed}: differs at {at} of {}/{}\nlog {:?}\ngot {:?}\nnotes {:?}",
            expected.len(),
            got.len(),
            near(&expected),
            near(&got),
            world.notes
        );
    }
    assert!(world.missing().is_empty(), "seed {seed}: {:?}", world.missing());
}

/// Ends a run anywhere and lets another go on where it ended, which knows the lines that were handed on.
pub fn resumed(seed: u64, faults: Faults) {
    let mut world = World::new(seed, faults);
    let (first, away) = (world.rng.usize(..150), world.rng.usize(..100));
    world.go_on(first);
    let scope = world.scope;
    let read = world.output.iter().enumerate().filter(|(_, lines)| !lines.is_empty()).map(|(instance, lines)| {
        let instance = instance as u32;
        // As much of it as an archive is asked for.
        let tail = &lines[lines.len().saturating_sub(300)..];
        let before = lines[..lines.len() - tail.len()].iter().map(|line| line.stamp).max();
        let cursor = Cursor::resumed(lines.len() as u64, tail, before, None);
        (instance, Read { cursor, sealed: world.sealed.contains(&instance) })
    });
    let earlier: Vec<(u32, Read)> = read.collect();
    let ended = world.now;
    world.live_alone(away);
    world.reach_the_moment();
    world.begin(scope, seed, Earlier::new(earlier, world.now - ended + Duration::from_secs(1)));
    world.run(100);
    is_honest(seed, &world);
    if faults.restarts == 0 && !faults.rotation && !faults.deleted {
        is_complete(seed, &world);
    }
}

/// Starts a follower in the middle of a container's life, and expects what its scope asks for: in order, once each, from where it
/// was asked for to the log's end, or for a single look to what there was when it was opened; or a note names the instance.
pub fn scoped(seed: u64, scope: Scope, from: impl Fn(Stamp) -> Option<Stamp>, faults: Faults) {
    let mut world = World::in_the_middle(seed, faults);
    let middle = Stamp(world.clock()).back(world.rng.i64(0..5_000_000_000));
    let scope = Scope { since: from(middle), ..scope };
    let status = world.status();
    let latest = match (scope.previous, scope.part_of(status.clone())) {
        (true, Some(status)) => status.restart as usize,
        // There is no instance before.
        (true, None) => return,
        (false, _) => world.logs.len() - 1,
    };
    let first = if scope.tail.is_some() || scope.previous { latest } else { status.first_readable() as usize };
    // Of what has not started, all is new.
    let all_is_new = scope.follow && !world.has_started;
    let known: Vec<usize> = world.logs.iter().map(|log| log.chunks.len()).collect();
    world.begin(scope, seed, Earlier::default());
    if scope.follow {
        world.run(100);
    } else {
        world.look();
    }
    world.output.resize_with(world.logs.len(), Vec::new);
    let last = if scope.follow { world.logs.len() - 1 } else { latest };
    for instance in 0..world.logs.len() {
        if !(first..=last).contains(&instance) {
            assert!(world.output[instance].is_empty(), "seed {seed}: instance {instance} was not asked for");
            continue;
        }
        let tail = scope.tail.filter(|_| instance == first && !all_is_new);
        if tail == Some(0) && !scope.follow {
            assert!(world.output[instance].is_empty(), "seed {seed}: nothing was asked for");
            continue;
        }
        let known = known.get(instance).copied().unwrap_or_default();
        is_part(seed, &world, instance, tail, known, scope);
    }
    // The kubelet keeps one instance that has ended, and names it, unless the latest one waits to be started again.
    let is_kept = world.logs.len() <= first + 2 && world.status().first_readable() as usize <= first;
    if faults.rotation || faults.deleted || faults.collects || !is_kept {
        return;
    }
    // Where every line can be had, a follower has them; a single look gives up after many failures in a row.
    // Of what ended right when only what is new was wanted of it, nobody knows whether it printed anything, and still less where its log
    // could not even be opened until then.
    let has_no_first = |note: &Note| match note {
        Note::Unverified { last: None, restart, .. } | Note::Lost { restart, .. } => {
            scope.tail == Some(0) && !all_is_new && *restart as usize == first
        }
        _ => false,
    };
    let is_disturbed = faults.cuts || faults.in_band || faults.stalls;
    let given_up = |note: &Note| is_disturbed && !scope.follow && matches!(note, Note::Unreadable { .. });
    let missing: Vec<_> = world.missing().into_iter().filter(|note| !has_no_first(note) && !given_up(note)).collect();
    assert!(missing.is_empty(), "seed {seed}: {missing:?}");
}

/// Whether what was handed on of an instance is the part of its log that was asked for. `known`: what was in it when the follower
/// began.
fn is_part(seed: u64, world: &World, instance: usize, tail: Option<u64>, known: usize, scope: Scope) {
    let told = world.names(instance);
    let log = world.logs[instance].lines();
    let wanted = |line: &Line| scope.since.is_none_or(|since| line.stamp >= since);
    // The place of each line that passes the filter, in the whole log: a chunk is a line here.
    let places: HashMap<String, usize> = texts(&log)
        .into_iter()
        .enumerate()
        .filter(|(place, _)| wanted(&log[*place]))
        .map(|(place, text)| (text, place))
        .collect();
    let got: Vec<usize> = texts(&world.output[instance])
        .iter()
        .map(|line| *places.get(line).unwrap_or_else(|| panic!("seed {seed}: {line} is not wanted of {instance}")))
        .collect();
    assert!(got.is_sorted_by(|a, b| a < b), "seed {seed}: order or repetition in instance {instance}");
    let why = || format!("seed {seed}: {scope:?} of instance {instance}: {got:?} of {}, {:?}", log.len(), world.notes);
    // Where lines may begin: by each answer that may have brought the first one.
    let openings = || world.openings.iter().filter(|opening| opening.instance == instance);
    let is_check =
        |opening: &&Opening| opening.request.tail.is_some() && (opening.handed > 0 || tail != opening.request.tail);
    let at = |place: usize| place..=place;
    let begins: Vec<usize> = openings()
        .filter(|opening| opening.handed == 0 && (tail != Some(0) || is_check(opening)))
        .flat_map(|opening| match tail {
            // Behind what a check has shown. Of a file that was empty then, the first line may come while it is answered, and
            // looks like an old one.
            Some(0) => opening.known..=opening.known + usize::from(opening.known == opening.file_start),
            Some(tail) => at(opening.known.saturating_sub(tail as usize).max(opening.file_start)),
            None => at(opening.file_start),
        })
        .collect();
    let wanted_between = |from: usize, to: usize| (from..to).filter(|place| wanted(&log[*place])).count();
    if let Some(begin) = got.first() {
        let fits = |at: &usize| at <= begin && wanted_between(*at, *begin) == 0;
        assert!(begins.iter().any(fits) || told, "begins wrong: {}, {begins:?}", why());
    }
    let end = got.last().map_or(0, |last| last + 1);
    let whole = got.first().map_or(0, |begin| wanted_between(*begin, end)) == got.len();
    assert!(whole || told, "a gap: {}", why());
    // What was there when it was opened first, or all.
    let expected_end = if scope.follow { log.len() } else { known };
    let nothing_old = if tail == Some(0) { known } else { 0 };
    let from = got.first().copied().or(begins.iter().max().copied()).unwrap_or(nothing_old);
    let rest = wanted_between(end.max(from), expected_end.max(end.max(from)));
    assert!(rest == 0 || told, "{rest} lines are missing at its end: {}", why());
    if tail.is_none() {
        provable_from(seed, world, instance);
    }
    if !scope.follow && !world.faults.grows {
        // No answer says more than there was when it was opened.
        let reads = || openings().filter(|opening| !is_check(opening));
        let bound = reads().map(|opening| opening.known).max().unwrap_or_default();
        assert!(end <= bound, "more than there was: {}", why());
        // And without a fault there are few of them: the log that is printed is not run after.
        let Faults { cuts, in_band, rotation, deleted, stalls, denials, .. } = world.faults;
        if !(cuts || in_band || rotation || deleted || stalls || denials) {
            // Where it may have ended in mid-line its end is looked for.
            let most = if world.faults.unfinished { 4 } else { 2 };
            assert!(reads().count() <= most, "seed {seed}: read {} times", reads().count());
        }
    }
}
