//! `SelfSubjectAccessReview`: may I?

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::access::User;
use crate::call::Call;
use crate::handle::{Answer, Outcome};
use crate::status::Failure;
use jiff::Timestamp;

use crate::clock;

pub(crate) fn review(user: &User, call: &Call, body: Value) -> Outcome {
    if call.path != "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" {
        return Err(Failure::no_such_path());
    }
    let spec = body.get("spec").cloned().unwrap_or_else(|| json!({}));
    let attributes = &spec["resourceAttributes"];
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        subresource => format!("{}/{subresource}", text("resource")),
    };
    let allowed = user.access.allows(text("verb"), &resource, text("namespace"));
    let mut fields = Map::from_iter([(".".to_owned(), json!({}))]);
    for key in attributes.as_object().into_iter().flatten().map(|(key, _)| key) {
        fields.insert(format!("f:{key}"), json!({}));
    }
    let mut status = json!({"allowed": allowed});
    if allowed {
        status["reason"] = format!("RBAC: allowed for user \"{}\"", user.name).into();
    }
    let manager = call.agent.split('/').next().unwrap_or_default();
    Ok(Answer::Json(
        StatusCode::CREATED,
        json!({
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "metadata": {"managedFields": [{
                "manager": manager,
                "operation": "Update",
                "apiVersion": "authorization.k8s.io/v1",
                "time": clock::seconds(Timestamp::now()),
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": {"f:resourceAttributes": fields}},
            }]},
            "spec": spec,
            "status": status,
        }),
    ))
}
