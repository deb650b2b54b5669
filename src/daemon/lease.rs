//! A job's Lease of `coordination.k8s.io`: its name, what it says, and what is written in its place.
//!
//! The rules are those of client-go's leader election, one Lease for each job. What is written names the version that it was
//! made from, so that of two who take one Lease the API server lets one.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::core::{Expression, Selector};
use xxhash_rust::xxh3::xxh3_64;

use super::name::JobName;
use crate::k8s::ID_LABEL;

/// What all of them are labelled with.
const LABEL: (&str, &str) = ("app.kubernetes.io/managed-by", "elbtail");

/// The label that says which archive a job is kept in.
const ARCHIVE_LABEL: &str = "elbtail-archive";

/// What tells the Leases of one archive from those of others: the same job may be kept in two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark(String);

impl Mark {
    /// The mark of an archive, by the place that all its replicas are given.
    pub fn of(place: &str) -> Mark {
        // 8 digits are enough for the few archives of a namespace.
        Mark(format!("{:016x}", xxh3_64(place.as_bytes())).split_off(8))
    }

    /// The selector of all of its Leases.
    pub fn selector(&self) -> Selector {
        [LABEL, (ARCHIVE_LABEL, &self.0)]
            .map(|(key, value)| Expression::Equal(key.to_owned(), value.to_owned()))
            .into_iter()
            .collect()
    }

    /// The name of a job's Lease.
    ///
    /// ElasticBLAST's own ids fit into a name as they are. Others may hold what a name may not: a hash tells those apart.
    pub fn name(&self, name: &JobName) -> String {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let (mark, id) = (&self.0, name.id.as_str());
        let mut text = format!("elbtail-{mark}-");
        if id.bytes().all(fits) {
            text += id;
        } else {
            let lower = id.to_ascii_lowercase();
            text.extend(lower.chars().map(|letter| if fits(letter as u8) { letter } else { '-' }));
            text += &format!("-{:016x}", xxh3_64(id.as_bytes()));
        }
        // No id has a dot here, and no namespace has one anywhere.
        if let Some(namespace) = &name.namespace {
            text += &format!(".{namespace}");
        }
        text
    }

    fn labels(&self, name: &JobName) -> [(String, String); 3] {
        let labels = [LABEL, (ARCHIVE_LABEL, &self.0), (ID_LABEL, name.id.as_str())];
        labels.map(|(key, value)| (key.to_owned(), value.to_owned()))
    }
}

/// Who holds it; `None` when nobody does.
pub(super) fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

/// How long it is held without being renewed.
pub(super) fn lasts(lease: &Lease) -> Duration {
    let seconds = lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds).unwrap_or(0);
    Duration::from_secs(seconds.max(0).unsigned_abs().into())
}

/// The version that something was made from.
pub(super) fn version(lease: &Lease) -> &str {
    lease.metadata.resource_version.as_deref().unwrap_or_default()
}

/// The Lease of a job that `me` takes: a new one, or in the place of `there`.
pub(super) fn taken(
    mark: &Mark,
    id: &JobName,
    there: Option<&Lease>,
    me: &str,
    term: Duration,
    now: Timestamp,
) -> Lease {
    let before = there.and_then(|lease| lease.spec.as_ref()).and_then(|spec| spec.lease_transitions);
    let transitions = if there.is_some() { before.unwrap_or(0).saturating_add(1) } else { 0 };
    let metadata = there.map_or_else(ObjectMeta::default, |lease| lease.metadata.clone());
    let mut all = metadata.labels.unwrap_or_default();
    all.extend(mark.labels(id));
    Lease {
        metadata: ObjectMeta { name: Some(mark.name(id)), labels: Some(all), managed_fields: None, ..metadata },
        spec: Some(LeaseSpec {
            holder_identity: Some(me.to_owned()),
            lease_duration_seconds: Some(i32::try_from(term.as_secs()).unwrap_or(i32::MAX)),
            acquire_time: Some(MicroTime(now)),
            renew_time: Some(MicroTime(now)),
            lease_transitions: Some(transitions),
            ..LeaseSpec::default()
        }),
    }
}

/// The same, held on.
pub(super) fn renewed(lease: &Lease, now: Timestamp) -> Lease {
    let mut lease = lease.clone();
    lease.metadata.managed_fields = None;
    lease.spec.get_or_insert_default().renew_time = Some(MicroTime(now));
    lease
}

/// The same, given up: another may take it at once.
pub(super) fn released(lease: &Lease, now: Timestamp) -> Lease {
    let mut lease = renewed(lease, now);
    let spec = lease.spec.get_or_insert_default();
    // As client-go does it: an empty holder, and a second.
    spec.holder_identity = Some(String::new());
    spec.lease_duration_seconds = Some(1);
    lease
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::job_id::JobId;

    fn named(id: &str) -> JobName {
        id.parse::<JobId>().unwrap().into()
    }

    #[test]
    fn every_id_has_a_name_of_its_own_that_kubernetes_takes() {
        let mark = Mark::of("az://logs/elbtail");
        let ids = [
            "job-429825360482416da20736cf3ed51a95",
            "job-429825360482416DA20736CF3ED51A95",
            "job-a_b",
            "job-a.b",
            "job-a-b",
            "job-A-b",
            &format!("job-{}", "Z".repeat(59)),
        ];
        let names: BTreeSet<String> = ids.iter().map(|id| mark.name(&named(id))).collect();
        assert_eq!(names.len(), ids.len());
        let plain = format!("elbtail-{}-job-429825360482416da20736cf3ed51a95", mark.0);
        assert!(names.contains(&plain), "plain ones can be read: {names:?}");
        let other = Mark::of("az://logs/other").name(&named(ids[0]));
        assert!(!names.contains(&other), "another archive has a Lease of its own");
        let [one, two] = ["a", "b-c"]
            .map(|namespace| mark.name(&JobName { namespace: Some(namespace.to_owned()), ..named(ids[0]) }));
        assert_eq!([&one, &two], [&format!("{plain}.a"), &format!("{plain}.b-c")], "so has one of another namespace");
        for name in names {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(name.bytes().all(fits) && name.len() <= 253 && !name.ends_with('-'), "{name}");
        }
    }

    #[test]
    fn a_life_of_a_lease() {
        let (mark, id) = (Mark::of("archive"), named("job-a"));
        let at = |second: i64| Timestamp::from_second(1_795_000_000 + second).unwrap();
        let term = Duration::from_secs(15);
        let one = taken(&mark, &id, None, "one", term, at(0));
        assert_eq!((holder(&one), lasts(&one)), (Some("one"), term));
        let stored = |lease: Lease, version: &str| {
            let resource_version = Some(version.to_owned());
            Lease { metadata: ObjectMeta { resource_version, ..lease.metadata }, ..lease }
        };
        let kept = renewed(&stored(one, "7"), at(5));
        let spec = kept.spec.clone().unwrap();
        assert_eq!((spec.acquire_time, spec.renew_time), (Some(MicroTime(at(0))), Some(MicroTime(at(5)))));
        assert_eq!(version(&kept), "7", "it is written only if nobody else has written");
        let free = released(&stored(kept, "8"), at(9));
        assert_eq!((holder(&free), lasts(&free), version(&free)), (None, Duration::from_secs(1), "8"));
        let two = taken(&mark, &id, Some(&free), "two", term, at(20));
        assert_eq!((holder(&two), version(&two)), (Some("two"), "8"));
        let spec = two.spec.unwrap();
        assert_eq!((spec.lease_transitions, spec.acquire_time), (Some(1), Some(MicroTime(at(20)))));
        assert_eq!(two.metadata.labels.unwrap()[ID_LABEL], "job-a");
    }
}
