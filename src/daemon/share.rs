//! [`Share`]: Leases as they are seen → which jobs this replica takes, keeps and lets go. Without I/O or clock.
//!
//! As in client-go's leader election, a Lease has ended when it was not seen to change for as long as it says that it lasts: by
//! one's own clock since one saw it, not by the times that are written in it. So clocks of different nodes may differ.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use k8s_openapi::api::coordination::v1::Lease;

use super::{
    lease::{Mark, holder, lasts, version},
    name::JobName,
};

/// The longest pause between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// So many looks at the Leases later than one that has none does a replica take a job that is free, at most.
const LATEST: u32 = 3;

/// Of the jobs that are free, one of so many is taken at a look.
const PART: usize = 4;

/// So many are taken at a look in any case.
const FEW: usize = 4;

/// How long a Lease lasts, and what follows from it: the proportions are client-go's 15, 10 and 2 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term(Duration);

impl Term {
    /// A term of whole seconds, one at least: that is how a Lease says it.
    pub fn new(lasts: Duration) -> Term {
        Term(Duration::from_secs(lasts.as_secs() + u64::from(lasts.subsec_nanos() > 0)).max(Duration::from_secs(1)))
    }

    /// How long others leave it alone that is not renewed.
    pub fn lasts(self) -> Duration {
        self.0
    }

    /// How old it is when it is renewed.
    pub(super) fn renewed_after(self) -> Duration {
        self.0 / 3
    }

    /// How old it is when its holder, who cannot renew it, lets go: before anyone else may take it.
    pub(super) fn given_up_after(self) -> Duration {
        self.0 * 2 / 3
    }

    /// How often one looks at all of them, and at the jobs: these wait no longer because a Lease lasts long.
    pub(super) fn look(self) -> Duration {
        (self.0 * 2 / 15).min(LOOK)
    }
}

/// What is to be done about a job.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ShareStep {
    /// Its Lease is to be taken: there is none, or this one, which is free or has ended.
    Take(Option<Box<Lease>>),
    /// Its Lease is to be held on.
    Renew(Box<Lease>),
    /// It is not ours any more.
    LetGo(Why),
}

/// Why a job is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Its Lease could not be renewed in time.
    Unrenewed,
    /// Its Lease is another's, or gone.
    Lost,
}

/// A Lease as it was seen last.
#[derive(Debug)]
struct Seen {
    lease: Lease,
    /// Since when it has been as it is.
    since: Instant,
}

/// A Lease of our own.
#[derive(Debug)]
struct OwnLease {
    lease: Lease,
    renewed: Instant,
}

/// What one replica knows of the Leases of all.
#[derive(Debug)]
pub(super) struct Share {
    me: String,
    mark: Mark,
    term: Term,
    /// By name.
    seen: HashMap<String, Seen>,
    held: BTreeMap<JobName, OwnLease>,
    /// Since when a job has been known that has no Lease.
    free: HashMap<JobName, Instant>,
    /// Until when a job is left alone that could not be kept.
    rests: HashMap<JobName, Instant>,
    /// Jobs of which nothing more will come.
    done: BTreeSet<JobName>,
}

impl Share {
    pub fn new(me: String, mark: Mark, term: Term) -> Share {
        let (seen, held, free, rests, done) = Default::default();
        Share { me, mark, term, seen, held, free, rests, done }
    }

    /// Takes note of all Leases as they are now.
    pub fn observe(&mut self, leases: Vec<Lease>, now: Instant) {
        let mut before = std::mem::take(&mut self.seen);
        let seen = leases.into_iter().filter_map(|lease| {
            let name = lease.metadata.name.clone()?;
            let known = before.remove(&name).filter(|known| version(&known.lease) == version(&lease));
            Some((name, Seen { since: known.map_or(now, |known| known.since), lease }))
        });
        self.seen = seen.collect();
    }

    /// What is to be done now. `wanted` are the jobs that may be taken.
    pub fn steps<'a>(&mut self, wanted: impl Iterator<Item = &'a JobName>, now: Instant) -> Vec<(JobName, ShareStep)> {
        let mut steps: Vec<(JobName, ShareStep)> =
            self.held.iter().filter_map(|(id, held)| Some((id.clone(), self.about_held(id, held, now)?))).collect();
        let mut load = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        let (mut takes, mut free) = (Vec::new(), 0_usize);
        for id in wanted {
            if self.held.contains_key(id) || self.done.contains(id) || self.rests.get(id).is_some_and(|end| now < *end)
            {
                continue;
            }
            let (free_since, lease) = self.free_since(id, now);
            free += usize::from(now >= free_since);
            // Who keeps more waits longer, so that one who keeps less comes first.
            if now >= free_since + self.term.look() * load.min(LATEST) {
                takes.push((id.clone(), ShareStep::Take(lease)));
                load = load.saturating_add(1);
            }
        }
        // Of many at once, a part: the others look too.
        takes.truncate(free.div_ceil(PART).max(FEW));
        steps.extend(takes);
        steps
    }

    /// The jobs that are to be let go because their Leases could not be renewed in time.
    pub fn late(&self, now: Instant) -> Vec<JobName> {
        let late = self.held.iter().filter(|(_, held)| self.is_late(held, now));
        late.map(|(id, _)| id.clone()).collect()
    }

    fn is_late(&self, held: &OwnLease, now: Instant) -> bool {
        now.saturating_duration_since(held.renewed) >= self.term.given_up_after()
    }

    fn about_held(&self, id: &JobName, held: &OwnLease, now: Instant) -> Option<ShareStep> {
        let age = now.saturating_duration_since(held.renewed);
        match self.seen.get(&self.mark.name(id)) {
            Some(seen) if holder(&seen.lease) == Some(&self.me) => {}
            _ => return Some(ShareStep::LetGo(Why::Lost)),
        }
        if self.is_late(held, now) {
            Some(ShareStep::LetGo(Why::Unrenewed))
        } else if age >= self.term.renewed_after() {
            Some(ShareStep::Renew(Box::new(held.lease.clone())))
        } else {
            None
        }
    }

    /// Since when a job is nobody's, which may be a time that is to come, and the Lease there is.
    fn free_since(&mut self, id: &JobName, now: Instant) -> (Instant, Option<Box<Lease>>) {
        let Some(seen) = self.seen.get(&self.mark.name(id)) else {
            return (*self.free.entry(id.clone()).or_insert(now), None);
        };
        let free = match holder(&seen.lease) {
            Some(holder) if holder != self.me => seen.since + lasts(&seen.lease),
            _ => seen.since,
        };
        (free, Some(Box::new(seen.lease.clone())))
    }

    /// A Lease was taken or renewed by a request that was sent at `sent`.
    pub fn hold(&mut self, id: JobName, lease: Lease, sent: Instant) {
        self.seen.insert(self.mark.name(&id), Seen { lease: lease.clone(), since: sent });
        self.free.remove(&id);
        self.held.insert(id, OwnLease { lease, renewed: sent });
    }

    /// A job is not ours any more. Returns its Lease, if it was.
    pub fn let_go(&mut self, id: &JobName) -> Option<Lease> {
        self.held.remove(id).map(|held| held.lease)
    }

    /// A job is to be left alone until then.
    pub fn rest(&mut self, id: JobName, until: Instant) {
        self.rests.insert(id, until);
    }

    /// Nothing more of a job will come.
    pub fn finish(&mut self, id: JobName) {
        self.done.insert(id);
    }

    /// Forgets the jobs that are not there any more.
    pub fn retain(&mut self, is_there: impl Fn(&JobName) -> bool) {
        self.done.retain(|id| is_there(id));
        self.free.retain(|id, _| is_there(id));
        self.rests.retain(|id, _| is_there(id));
    }

    /// Whether the job's Lease is ours.
    pub fn holds(&self, id: &JobName) -> bool {
        self.held.contains_key(id)
    }

    /// Whether nothing more of the job will come.
    pub fn is_done(&self, id: &JobName) -> bool {
        self.done.contains(id)
    }

    /// Who else keeps the job now.
    pub fn other(&self, id: &JobName, now: Instant) -> Option<&str> {
        let seen = self.seen.get(&self.mark.name(id))?;
        holder(&seen.lease).filter(|holder| *holder != self.me && now < seen.since + lasts(&seen.lease))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::{super::lease, *};
    use crate::job_id::JobId;

    const TERM: Duration = Duration::from_secs(15);

    fn mark() -> Mark {
        Mark::of("archive")
    }

    fn name(id: &JobName) -> String {
        mark().name(id)
    }

    fn id(number: usize) -> JobName {
        format!("job-{number:032x}").parse::<JobId>().unwrap().into()
    }

    /// As an API server stores it.
    fn stored(mut lease: Lease) -> Lease {
        static VERSION: AtomicU64 = AtomicU64::new(1);
        lease.metadata.resource_version = Some(VERSION.fetch_add(1, Relaxed).to_string());
        lease
    }

    fn taken(number: usize, there: Option<&Lease>, me: &str) -> Lease {
        stored(lease::taken(&mark(), &id(number), there, me, TERM, Timestamp::now()))
    }

    fn share(me: &str) -> Share {
        Share::new(me.to_owned(), mark(), Term::new(TERM))
    }

    fn steps(share: &mut Share, wanted: &[JobName], now: Instant) -> Vec<ShareStep> {
        share.steps(wanted.iter(), now).into_iter().map(|(_, step)| step).collect()
    }

    #[test]
    fn a_term_is_whole_seconds_and_what_follows_from_it_is_shorter() {
        for (lasts, seconds) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (15_000, 15), (600_000, 600)] {
            let term = Term::new(Duration::from_millis(lasts));
            assert_eq!(term.lasts(), Duration::from_secs(seconds));
            assert!(term.look() < term.renewed_after() && term.renewed_after() < term.given_up_after());
            assert!(term.given_up_after() < term.lasts() && term.look() <= Duration::from_secs(2));
        }
    }

    #[test]
    fn what_is_nobodys_is_taken_at_once_by_who_keeps_nothing() {
        let (mut one, now) = (share("one"), Instant::now());
        assert_eq!(steps(&mut one, &[id(1)], now), [ShareStep::Take(None)]);
        one.hold(id(1), taken(1, None, "one"), now);
        assert_eq!(steps(&mut one, &[id(1)], now), [], "it is ours, and fresh");
        assert_eq!(steps(&mut one, &[id(1), id(2)], now), [], "another may keep less");
        let next = now + one.term.look();
        assert_eq!(steps(&mut one, &[id(1), id(2)], next), [ShareStep::Take(None)]);
        let free = stored(lease::released(&taken(3, None, "two"), Timestamp::now()));
        let mut three = share("three");
        three.observe(vec![free.clone()], now);
        assert_eq!(steps(&mut three, &[id(3)], now), [ShareStep::Take(Some(Box::new(free)))]);
    }

    #[test]
    fn anothers_is_taken_when_it_was_not_seen_to_change_for_as_long_as_it_lasts() {
        let (mut one, start) = (share("one"), Instant::now());
        let mut lease = taken(1, None, "two");
        // What is written in it does not count, whatever the clock of its holder says.
        for written in ["2001-01-01T00:00:00Z", "2101-01-01T00:00:00Z"] {
            lease = stored(lease::renewed(&lease, written.parse().unwrap()));
            one.observe(vec![lease.clone()], start);
            for second in 0..15 {
                let now = start + Duration::from_secs(second);
                one.observe(vec![lease.clone()], now);
                assert_eq!(steps(&mut one, &[id(1)], now), []);
                assert_eq!(one.other(&id(1), now), Some("two"));
            }
            let end = start + TERM;
            assert_eq!(steps(&mut one, &[id(1)], end), [ShareStep::Take(Some(Box::new(lease.clone())))]);
            assert_eq!(one.other(&id(1), end), None);
        }
        // Renewed in between, it begins anew.
        let renewed = stored(lease::renewed(&lease, Timestamp::now()));
        one.observe(vec![renewed], start + TERM);
        assert_eq!(steps(&mut one, &[id(1)], start + TERM * 2 - Duration::from_millis(1)), []);
        assert_eq!(steps(&mut one, &[id(1)], start + TERM * 2).len(), 1);
    }

    #[test]
    fn ones_own_is_renewed_in_time_or_let_go_before_another_takes_it() {
        let (mut one, start) = (share("one"), Instant::now());
        let lease = taken(1, None, "one");
        one.hold(id(1), lease.clone(), start);
        let at = |second| start + Duration::from_secs(second);
        assert_eq!(steps(&mut one, &[], at(4)), []);
        assert_eq!(steps(&mut one, &[], at(5)), [ShareStep::Renew(Box::new(lease.clone()))]);
        assert_eq!(steps(&mut one, &[], at(10)), [ShareStep::LetGo(Why::Unrenewed)]);
        assert_eq!((one.late(at(9)), one.late(at(10))), (vec![], vec![id(1)]));
        one.hold(id(1), stored(lease::renewed(&lease, Timestamp::now())), at(9));
        assert_eq!(steps(&mut one, &[], at(10)), []);
        one.observe(vec![taken(1, Some(&lease), "two")], at(10));
        assert_eq!(steps(&mut one, &[], at(10)), [ShareStep::LetGo(Why::Lost)]);
        one.observe(vec![], at(10));
        assert_eq!(steps(&mut one, &[], at(10)), [ShareStep::LetGo(Why::Lost)], "somebody deleted it");
        assert!(one.let_go(&id(1)).is_some() && !one.holds(&id(1)) && one.let_go(&id(1)).is_none());
    }

    #[test]
    fn a_lease_that_says_nothing_that_makes_sense_is_nobodys() {
        for spec in [
            "null",
            "{}",
            r#"{"holderIdentity": null}"#,
            r#"{"holderIdentity": ""}"#,
            r#"{"holderIdentity": "two"}"#,
            r#"{"holderIdentity": "two", "leaseDurationSeconds": -5}"#,
            r#"{"holderIdentity": "two", "leaseDurationSeconds": 0, "renewTime": null}"#,
        ] {
            let text =
                format!(r#"{{"metadata": {{"name": "{}", "resourceVersion": "1"}}, "spec": {spec}}}"#, name(&id(1)));
            let lease: Lease = serde_json::from_str(&text).unwrap();
            let (mut one, now) = (share("one"), Instant::now());
            one.observe(vec![lease.clone()], now);
            assert_eq!(steps(&mut one, &[id(1)], now), [ShareStep::Take(Some(Box::new(lease.clone())))], "{spec}");
            let taken = lease::taken(&mark(), &id(1), Some(&lease), "one", TERM, Timestamp::now());
            assert_eq!((holder(&taken), version(&taken)), (Some("one"), "1"));
        }
    }

    #[test]
    fn many_jobs_are_shared_by_those_who_look() {
        for (jobs, replicas) in [(2, 2), (9, 3), (40, 2), (200, 3)] {
            let (wanted, start) = ((0..jobs).map(id).collect::<Vec<_>>(), Instant::now());
            let mut shares: Vec<Share> = (0..replicas).map(|number| share(&number.to_string())).collect();
            let mut server: Vec<Lease> = Vec::new();
            let mut looks = 0_u32;
            while server.len() < jobs {
                let which = looks as usize % replicas;
                let share = &mut shares[which];
                let now = start + share.term.look() / u32::try_from(replicas).unwrap() * looks;
                share.observe(server.clone(), now);
                for (id, step) in share.steps(wanted.iter(), now) {
                    if let ShareStep::Take(_) = step {
                        let lease = stored(lease::taken(&mark(), &id, None, &share.me, TERM, Timestamp::now()));
                        server.push(lease.clone());
                        share.hold(id, lease, now);
                    }
                }
                looks += 1;
                assert!(looks < 200, "{jobs} jobs are never taken");
            }
            let counts: Vec<usize> = shares.iter().map(|share| share.held.len()).collect();
            let least = counts.iter().min().unwrap();
            assert!(least * replicas * 2 >= jobs, "{jobs} jobs are shared as {counts:?}");
        }
    }

    #[test]
    fn what_is_done_or_rests_is_left_alone() {
        let (mut one, now) = (share("one"), Instant::now());
        one.finish(id(1));
        one.rest(id(2), now + TERM);
        let wanted = [id(1), id(2)];
        assert_eq!(steps(&mut one, &wanted, now), []);
        assert_eq!(steps(&mut one, &wanted, now + TERM), [ShareStep::Take(None)]);
        one.retain(|_| false);
        assert_eq!(steps(&mut one, &wanted, now).len(), 1, "the second waits for others that keep less");
    }

    proptest! {
        /// Replicas that come, go and hang at any time, with the API server as the only thing between them: what one of
        /// them keeps nobody else keeps, and what is wanted is kept by somebody in the end.
        #[test]
        fn no_job_is_kept_by_two_and_none_by_nobody(
            looks in proptest::collection::vec((0..3_usize, 0..4000_u64, 0..10_u32), 50..300),
            jobs in 1..6_usize,
        ) {
            let wanted: Vec<JobName> = (0..jobs).map(id).collect();
            let start = Instant::now();
            let mut now = start;
            let mut server: BTreeMap<String, Lease> = BTreeMap::new();
            let mut replicas: Vec<Share> = (0..3).map(|number| share(&number.to_string())).collect();
            let calm = (0..200).map(|look| (look % 3, 700, 9));
            for (which, millis, luck) in looks.into_iter().chain(calm) {
                now += Duration::from_millis(millis);
                let replica = &mut replicas[which];
                // Two of ten times the list cannot be had, and one of ten no answer comes to what is written.
                if luck > 1 {
                    replica.observe(server.values().cloned().collect(), now);
                }
                for (id, step) in replica.steps(wanted.iter(), now) {
                    let there = server.get(&name(&id)).cloned();
                    let (from, written) = match step {
                        ShareStep::LetGo(_) => {
                            replica.let_go(&id);
                            continue;
                        }
                        ShareStep::Take(from) => {
                            let lease = lease::taken(&mark(), &id, from.as_deref(), &replica.me, TERM, Timestamp::now());
                            (from.map(|lease| *lease), lease)
                        }
                        ShareStep::Renew(from) => (Some((*from).clone()), lease::renewed(&from, Timestamp::now())),
                    };
                    let fits = match (&from, &there) {
                        (None, None) => true,
                        (Some(from), Some(there)) => version(from) == version(there),
                        _ => false,
                    };
                    if fits {
                        let lease = stored(written);
                        server.insert(name(&id), lease.clone());
                        if luck != 2 {
                            replica.hold(id, lease, now);
                        }
                    }
                }
                // Who has not let go in time has lost it by its own clock too.
                for id in &wanted {
                    let keeps = |share: &&Share| share.held.get(id).is_some_and(|held| now - held.renewed < TERM);
                    prop_assert!(replicas.iter().filter(keeps).count() <= 1, "{id} is kept by two");
                }
            }
            for id in &wanted {
                prop_assert!(replicas.iter().any(|share| share.holds(id)), "{id} is nobody's");
            }
        }
    }
}
