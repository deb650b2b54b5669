//! What we may do, asked before anything fails: `SelfSubjectAccessReview`.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, Client, api::PostParams};

use super::ClusterError;

/// Whether we may do `verb` to `resource`, such as `pods/log`, and the server's reason. Without a namespace: in all of them, or of
/// the cluster's own resources.
///
/// # Errors
/// When the question cannot be asked.
pub async fn review(
    client: &Client,
    namespace: Option<&str>,
    verb: &str,
    resource: &str,
    group: &str,
) -> Result<(bool, String), ClusterError> {
    let (resource, subresource) = match resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (resource, None),
    };
    let attributes = ResourceAttributes {
        namespace: namespace.map(str::to_owned),
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
