//! [`FieldSelector`]: pods by fields of theirs, in kubectl's notation.

use std::{borrow::Cow, str::FromStr};

use thiserror::Error;

use super::Pod;

/// A field that pods can be selected by: those that an API server knows, by its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Namespace,
    NodeName,
    RestartPolicy,
    SchedulerName,
    ServiceAccountName,
    HostNetwork,
    Phase,
    PodIp,
    NominatedNodeName,
}

const FIELDS: [(&str, Field); 10] = [
    ("metadata.name", Field::Name),
    ("metadata.namespace", Field::Namespace),
    ("spec.nodeName", Field::NodeName),
    ("spec.restartPolicy", Field::RestartPolicy),
    ("spec.schedulerName", Field::SchedulerName),
    ("spec.serviceAccountName", Field::ServiceAccountName),
    ("spec.hostNetwork", Field::HostNetwork),
    ("status.phase", Field::Phase),
    ("status.podIP", Field::PodIp),
    ("status.nominatedNodeName", Field::NominatedNodeName),
];

/// What API servers take for `spec.nodeName` as well.
const OLD_NODE_NAME: &str = "spec.host";

impl Field {
    /// What stands there; nothing is an empty text.
    fn of(self, pod: &Pod) -> Cow<'_, str> {
        fn text(value: &Option<String>) -> Cow<'_, str> {
            Cow::Borrowed(value.as_deref().unwrap_or_default())
        }
        match self {
            Field::Name => Cow::Borrowed(pod.name()),
            Field::Namespace => Cow::Borrowed(pod.namespace()),
            Field::NodeName => text(&pod.spec.node_name),
            Field::RestartPolicy => text(&pod.spec.restart_policy),
            Field::SchedulerName => text(&pod.spec.scheduler_name),
            Field::ServiceAccountName => text(&pod.spec.service_account_name),
            Field::HostNetwork => Cow::Owned(pod.spec.host_network.unwrap_or_default().to_string()),
            Field::Phase => text(&pod.status.phase),
            Field::PodIp => text(&pod.status.pod_ip),
            Field::NominatedNodeName => text(&pod.status.nominated_node_name),
        }
    }
}

/// One `field=value` or `field!=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: Field,
    value: String,
    is: bool,
}

/// Terms that must all hold; without any, all pods are taken.
///
/// elbtail reads it, and not the server: to a server, a pod whose field changes is one that is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector(Vec<Term>);

impl FieldSelector {
    /// Whether it takes a pod as it is.
    pub fn admits(&self, pod: &Pod) -> bool {
        self.0.iter().all(|term| (term.field.of(pod) == term.value) == term.is)
    }

    /// Whether it takes all pods.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a text is no field selector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FieldSelectorError {
    /// Nothing but commas.
    #[error("it is empty, which would take all pods")]
    Empty,
    /// A term without an operator.
    #[error("{0:?} is no FIELD=VALUE and no FIELD!=VALUE")]
    NoTerm(String),
    /// A field by which an API server selects no pods.
    #[error("pods cannot be selected by {0:?}; they can by {known}", known = FIELDS.map(|(name, _)| name).join(", "))]
    Unknown(String),
    /// A value in which a backslash, or an operator without one, means nothing.
    #[error("in the value {0:?} an = and a \\ have to be written \\= and \\\\, and a comma \\,")]
    Escape(String),
}

impl FromStr for FieldSelector {
    type Err = FieldSelectorError;

    fn from_str(text: &str) -> Result<FieldSelector, FieldSelectorError> {
        let terms: Vec<&str> = terms(text).into_iter().filter(|term| !term.is_empty()).collect();
        if terms.is_empty() {
            return Err(FieldSelectorError::Empty);
        }
        terms.into_iter().map(term).collect::<Result<_, _>>().map(FieldSelector)
    }
}

/// A text in the parts between its commas, but those behind a backslash.
fn terms(text: &str) -> Vec<&str> {
    let mut escaped = false;
    text.split(|c| {
        let ends = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
    .collect()
}

fn term(text: &str) -> Result<Term, FieldSelectorError> {
    let at = text.find("!=").into_iter().chain(text.find('=')).min();
    let (name, rest) = at.map(|at| text.split_at(at)).ok_or_else(|| FieldSelectorError::NoTerm(text.to_owned()))?;
    let operator = ["!=", "==", "="].into_iter().find(|operator| rest.starts_with(operator)).unwrap_or("=");
    let name = if name == OLD_NODE_NAME { "spec.nodeName" } else { name };
    let field = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
    let field = field.ok_or_else(|| FieldSelectorError::Unknown(name.to_owned()))?;
    Ok(Term { field, value: value(&rest[operator.len()..])?, is: operator != "!=" })
}

/// A value without its backslashes.
fn value(text: &str) -> Result<String, FieldSelectorError> {
    let wrong = || FieldSelectorError::Escape(text.to_owned());
    let (mut value, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        value.push(match c {
            '\\' => chars.next().filter(|c| matches!(c, '\\' | ',' | '=')).ok_or_else(wrong)?,
            '=' => return Err(wrong()),
            c => c,
        });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pod() -> Pod {
        serde_json::from_value(serde_json::json!({
            "metadata": {"name": "blastn-batch-s03-job-000-3ed51a95-p9vp5", "namespace": "blast"},
            "spec": {
                "nodeName": "node-1", "restartPolicy": "Never", "schedulerName": "default-scheduler",
                "serviceAccountName": "elb", "hostNetwork": true, "containers": [],
            },
            "status": {"phase": "Running", "podIP": "10.0.0.7"},
        }))
        .unwrap()
    }

    #[test]
    fn pods_are_taken_by_the_fields_that_an_api_server_knows() {
        for (text, taken) in [
            ("metadata.name=blastn-batch-s03-job-000-3ed51a95-p9vp5", true),
            ("metadata.name=blastn-batch-s03", false),
            ("metadata.namespace==blast", true),
            ("spec.nodeName=node-1", true),
            ("spec.nodeName!=node-1", false),
            ("spec.nodeName=", false),
            ("spec.host=node-1", true),
            ("spec.restartPolicy=Never", true),
            ("spec.schedulerName=default-scheduler", true),
            ("spec.serviceAccountName=elb", true),
            ("spec.hostNetwork=true", true),
            ("spec.hostNetwork=false", false),
            ("status.phase=Running", true),
            ("status.phase=running", false),
            ("status.podIP=10.0.0.7", true),
            ("status.nominatedNodeName=", true),
            ("status.nominatedNodeName!=", false),
            ("status.phase=Running,spec.nodeName!=node-2", true),
            ("status.phase!=Running,spec.nodeName!=node-2", false),
            ("status.phase!=Running,", false),
            ("spec.nodeName!=a\\,b\\=c\\\\", true),
        ] {
            let selector: FieldSelector = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(selector.admits(&pod()), taken, "{text}");
            assert!(!selector.is_empty(), "{text}");
        }
        let plain: Pod = serde_json::from_value(serde_json::json!({"spec": null, "status": null})).unwrap();
        for text in ["spec.hostNetwork=false", "spec.nodeName=", "metadata.name="] {
            assert!(text.parse::<FieldSelector>().unwrap().admits(&plain), "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_told_with_what_would_be() {
        for (text, told) in [
            ("", "it is empty"),
            (",,", "it is empty"),
            ("status.phase", "is no FIELD=VALUE"),
            ("status.phase!Running", "is no FIELD=VALUE"),
            ("status.phase in (Running)", "is no FIELD=VALUE"),
            ("=Running", "pods cannot be selected by \"\""),
            ("phase=Running", "they can by metadata.name, metadata.namespace, spec.nodeName"),
            ("status.phase =Running", "pods cannot be selected by \"status.phase \""),
            ("metadata.labels.app=blast", "pods cannot be selected by"),
            ("spec.nodeName=a=b", "\\="),
            ("spec.nodeName=a\\b", "\\\\"),
            ("spec.nodeName=a\\", "\\\\"),
            ("spec.nodeName=a,b", "\"b\" is no FIELD=VALUE"),
        ] {
            let error = text.parse::<FieldSelector>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_value_can_be_written(value in "\\PC{0,20}") {
            let escaped: String = value.chars().flat_map(|c| {
                matches!(c, '\\' | ',' | '=').then_some('\\').into_iter().chain([c])
            }).collect();
            let mut pod = pod();
            pod.spec.node_name = Some(value);
            let selector: FieldSelector = format!("spec.nodeName={escaped}").parse().unwrap();
            prop_assert!(selector.admits(&pod));
        }

        #[test]
        fn any_text_is_a_selector_or_an_error(text in "(spec.nodeName|[a-z!=,\\\\])*") {
            let _ = text.parse::<FieldSelector>();
        }
    }
}
