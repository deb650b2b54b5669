//! `Status` objects, the API server's errors.

use http::StatusCode;
use serde_json::{Value, json};

use crate::resource::Resource;

/// The message of a list whose continue token has expired.
pub(crate) const TOKEN_EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can \
     start a new list without the continue parameter.";

/// An error answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: StatusCode,
    pub(crate) body: Value,
    /// Only RBAC's refusals carry `x-content-type-options`.
    pub(crate) forbidden: bool,
    pub(crate) retry_after: Option<u32>,
}

impl Failure {
    fn new(code: StatusCode, reason: Option<&str>, message: &str, details: Option<Value>) -> Self {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        });
        if let Some(reason) = reason {
            body["reason"] = reason.into();
        }
        if let Some(details) = details {
            body["details"] = details;
        }
        body["code"] = code.as_u16().into();
        Self { code, body, forbidden: false, retry_after: None }
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some("BadRequest"), message, None)
    }

    pub(crate) fn internal(message: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, None, message, None)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Some("Unauthorized"), "Unauthorized", None)
    }

    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::new(StatusCode::NOT_FOUND, Some("NotFound"), &message, Some(details(resource, Some(name))))
    }

    /// A path the server does not serve.
    pub(crate) fn no_such_path() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(StatusCode::NOT_FOUND, Some("NotFound"), message, Some(json!({})))
    }

    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::new(StatusCode::CONFLICT, Some("AlreadyExists"), &message, Some(details(resource, Some(name))))
    }

    /// A write that was made from something else than what is there.
    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Self::new(StatusCode::CONFLICT, Some("Conflict"), &message, Some(details(resource, Some(name))))
    }

    /// A write that is meant for another object of that name.
    pub(crate) fn uid_differs(resource: &Resource, name: &str, meant: &str, there: &str) -> Self {
        let why = format!("Precondition failed: UID in precondition: {meant}, UID in object meta: {there}");
        Self::conflict(resource, name, &why)
    }

    /// An update without the version that it was made from.
    pub(crate) fn no_version(resource: &Resource, name: &str) -> Self {
        let problem = "Invalid value: 0: must be specified for an update";
        let message = format!("{} \"{name}\" is invalid: metadata.resourceVersion: {problem}", resource.qualified());
        let cause = json!({"reason": "FieldValueInvalid", "message": problem, "field": "metadata.resourceVersion"});
        let mut details = details(resource, Some(name));
        details["kind"] = resource.kind.into();
        details["causes"] = json!([cause]);
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Some("Invalid"), &message, Some(details))
    }

    pub(crate) fn forbidden(details: Value, message: &str) -> Self {
        let failure = Self::new(StatusCode::FORBIDDEN, Some("Forbidden"), message, Some(details));
        Self { forbidden: true, ..failure }
    }

    pub(crate) fn expired(message: &str) -> Self {
        Self::new(StatusCode::GONE, Some("Expired"), message, None)
    }

    /// One field of `PodLogOptions` is wrong.
    pub(crate) fn invalid_log_option(pod: &str, field: &str, reason: &str, problem: &str) -> Self {
        let message = format!("PodLogOptions \"{pod}\" is invalid: {field}: {problem}");
        let details = json!({
            "name": pod,
            "kind": "PodLogOptions",
            "causes": [{"reason": reason, "message": problem, "field": field}],
        });
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Some("Invalid"), &message, Some(details))
    }

    /// An answer made up by a fault rule.
    pub(crate) fn injected(code: u16, retry_after: Option<u32>) -> Self {
        let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (reason, message) = match code.as_u16() {
            429 => ("TooManyRequests", "Too many requests, please try again later."),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "request timed out"),
            401 => ("Unauthorized", "Unauthorized"),
            410 => ("Expired", TOKEN_EXPIRED),
            _ => ("InternalError", "Internal error occurred: etcdserver: leader changed"),
        };
        Self { retry_after, ..Self::new(code, Some(reason), message, None) }
    }

    /// What another party on the way said, as the API server passes it on.
    pub(crate) fn of_another(code: u16, message: &str) -> Self {
        let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reason = match code.as_u16() {
            401 => Some("Unauthorized"),
            403 => Some("Forbidden"),
            _ => None,
        };
        Self::new(code, reason, message, None)
    }

    /// The message, for in-band use.
    pub(crate) fn to_event(&self) -> Value {
        json!({"type": "ERROR", "object": self.body})
    }
}

/// `details` of a resource: the name first, then the group if there is one.
pub(crate) fn details(resource: &Resource, name: Option<&str>) -> Value {
    let mut details = json!({});
    if let Some(name) = name {
        details["name"] = name.into();
    }
    if !resource.group.is_empty() {
        details["group"] = resource.group.into();
    }
    details["kind"] = resource.plural.into();
    details
}
