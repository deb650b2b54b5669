//! [`Keeper`]: what keeps one job, and how that ends.

use std::sync::Arc;

use futures::future::LocalBoxFuture;
use tokio::sync::oneshot;

use super::{name::JobName, said::Said};
use crate::row::Row;

/// Keeps one job.
pub trait Keeper: 'static {
    /// Keeps a job until it has ended, or the end is asked for.
    fn keep(self: Arc<Self>, charge: Charge) -> LocalBoxFuture<'static, KeptEnd>;

    /// Tells the operator something.
    fn say(&self, said: &Said);
}

/// A job to be kept.
pub struct Charge {
    /// Which.
    pub name: JobName,
    /// Its row, where jobs are those of a database.
    pub row: Option<Row>,
    /// Who held its Lease before and let it end.
    pub from: Option<String>,
    /// Says something, or is closed, when the end is asked for.
    pub stop: oneshot::Receiver<()>,
}

/// How keeping a job came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptEnd {
    /// The job has ended, and everything of it is durable.
    Ended,
    /// It was asked to.
    Stopped,
    /// Another still has the right to write it; with who.
    Busy(String),
    /// Something went wrong; with what.
    Failed(String),
}
