//! What we may do, asked before anything fails: `SelfSubjectAccessReview`.

use futures::future;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, Client, api::PostParams};

use crate::{cluster::ClusterError, doctor::Grant};

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
        let (allowed, reason) = match review(client, namespace, verb, resource, group).await {
            Ok((allowed, reason)) => (Some(allowed), reason),
            Err(error) if super::is_fatal(&error) => return Err(error),
            Err(error) => (None, error.to_string()),
        };
        Ok(Grant { verb, resource, needed_for, allowed, reason })
    });
    future::try_join_all(answers).await
}

async fn review(
    client: &Client,
    namespace: &str,
    verb: &str,
    resource: &str,
    group: &str,
) -> Result<(bool, String), ClusterError> {
    let (resource, subresource) = match resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (resource, None),
    };
    let attributes = ResourceAttributes {
        namespace: Some(namespace.to_owned()),
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        subresource,
        ..ResourceAttributes::default()
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() },
        ..Default::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = api.create(&PostParams::default(), &review).await.map_err(|error| ClusterError::from(&error))?;
    let status = answer.status.unwrap_or_default();
    Ok((status.allowed, status.reason.unwrap_or_default()))
}
