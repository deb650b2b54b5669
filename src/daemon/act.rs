//! [`act`]: a step towards a Lease, and what came of it.

use std::time::Instant;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;

use super::{
    lease::{self, Mark},
    leases::Leases,
    name::JobName,
    share::{ShareStep, Term, Why},
};
use crate::cluster::ClusterError;

/// Who takes Leases, and for how long.
pub(super) struct Me {
    pub identity: String,
    pub mark: Mark,
    pub term: Term,
}

/// What came of a step.
pub(super) struct Acted {
    pub id: JobName,
    /// When its request was sent.
    pub sent: Instant,
    pub done: Done,
}

/// How a step ended.
pub(super) enum Done {
    /// The Lease is ours; who held it before, if anybody did.
    Taken(Box<Lease>, Option<String>),
    Renewed(Box<Lease>),
    LetGo(Why),
    /// Somebody else was faster; the next look shows who.
    Overtaken,
    Failed(ClusterError),
}

/// Does a step as `me`.
pub(super) async fn act(leases: &Leases, me: &Me, id: JobName, step: ShareStep) -> Acted {
    let (sent, now) = (Instant::now(), Timestamp::now());
    let written = |written| match written {
        Ok(Some(lease)) => Ok(Box::new(lease)),
        Ok(None) => Err(Done::Overtaken),
        Err(error) => Err(Done::Failed(error)),
    };
    let done = match step {
        ShareStep::Take(there) => {
            let from =
                there.as_deref().and_then(lease::holder).filter(|holder| *holder != me.identity).map(str::to_owned);
            let lease = lease::taken(&me.mark, &id, there.as_deref(), &me.identity, me.term.lasts(), now);
            written(leases.write(&lease).await).map_or_else(|done| done, |lease| Done::Taken(lease, from))
        }
        ShareStep::Renew(lease) => {
            written(leases.write(&lease::renewed(&lease, now)).await).map_or_else(|done| done, Done::Renewed)
        }
        ShareStep::LetGo(why) => Done::LetGo(why),
    };
    Acted { id, sent, done }
}
