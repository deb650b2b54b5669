//! What we may do, asked before anything fails: `SelfSubjectAccessReview`.

use futures::future;
use kube::Client;

use crate::{
    cluster::{ClusterError, review},
    doctor::Grant,
};

/// A verb, a resource, its group, and what is not possible without it.
const ASKED: [(&str, &str, &str, Option<&str>); 5] = [
    ("list", "pods", "", Some("nothing of the job can be found")),
    ("get", "pods/log", "", Some("no log can be read")),
    ("watch", "pods", "", Some("logs cannot be followed (-f)")),
    ("list", "jobs", "batch", None),
    ("list", "events", "", None),
];

/// Asks for every permission elbtail uses.
///
/// # Errors
/// When the first question cannot be asked. A server that does not know the question leaves the others open.
pub(super) async fn ask(client: &Client, namespace: &str) -> Result<Vec<Grant>, ClusterError> {
    let answers = ASKED.map(|(verb, resource, group, needed_for)| async move {
        let (allowed, reason) = match review(client, Some(namespace), verb, resource, group).await {
            Ok((allowed, reason)) => (Some(allowed), reason),
            Err(error) if super::is_fatal(&error) => return Err(error),
            Err(error) => (None, error.to_string()),
        };
        Ok(Grant { verb, resource, needed_for, allowed, reason })
    });
    future::try_join_all(answers).await
}
