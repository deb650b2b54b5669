//! Label and field selectors.

use serde_json::Value;

/// A parsed label selector: every requirement must hold.
#[derive(Debug, Default, Clone)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl LabelSelector {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (requirement, after) = requirement(rest)
                .ok_or_else(|| format!("unable to parse requirement: found '{rest}', expected: label selector"))?;
            requirements.push(requirement);
            rest = after.trim_start();
            if let Some(after) = rest.strip_prefix(',') {
                rest = after.trim_start();
            } else if !rest.is_empty() {
                return Err(format!("found '{rest}', expected: ',' or 'end of string'"));
            }
        }
        Ok(Self(requirements))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.matches_labels(|key| labels.get(key).and_then(Value::as_str))
    }

    /// The same of labels that are at hand.
    pub(crate) fn matches_labels<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|requirement| {
            let value = label(&requirement.key);
            match (&requirement.test, value) {
                (Test::In(values), Some(value)) => values.iter().any(|wanted| wanted == value),
                (Test::NotIn(values), Some(value)) => values.iter().all(|wanted| wanted != value),
                (Test::In(_), None) | (Test::Absent, Some(_)) => false,
                (Test::NotIn(_) | Test::Absent, None) | (Test::Exists, Some(_)) => true,
                (Test::Exists, None) => false,
            }
        })
    }
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c))).unwrap_or(text.len());
    text.split_at(end)
}

fn requirement(text: &str) -> Option<(Requirement, &str)> {
    let (negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest.trim_start()));
    let (key, rest) = word(text);
    if key.is_empty() {
        return None;
    }
    let key = key.to_owned();
    if negated {
        return Some((Requirement { key, test: Test::Absent }, rest));
    }
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with(',') {
        return Some((Requirement { key, test: Test::Exists }, rest));
    }
    for (operator, equal) in [("==", true), ("!=", false), ("=", true)] {
        if let Some(rest) = rest.strip_prefix(operator) {
            let (value, rest) = word(rest.trim_start());
            let values = vec![value.to_owned()];
            let test = if equal { Test::In(values) } else { Test::NotIn(values) };
            return Some((Requirement { key, test }, rest));
        }
    }
    let (operator, rest) = word(rest);
    let (list, rest) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let values = list.split(',').map(|value| value.trim().to_owned()).collect();
    let test = match operator {
        "in" => Test::In(values),
        "notin" => Test::NotIn(values),
        _ => return None,
    };
    Some((Requirement { key, test }, rest))
}

/// A parsed field selector.
#[derive(Debug, Default, Clone)]
pub(crate) struct FieldSelector(Vec<(String, String, bool)>);

impl FieldSelector {
    /// Parses a selector of the fields that `resource` can be selected by.
    pub(crate) fn parse(text: &str, resource: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for term in text.split(',').filter(|term| !term.trim().is_empty()) {
            let (field, value, equal) = if let Some((field, value)) = term.split_once("!=") {
                (field, value, false)
            } else if let Some((field, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
                (field, value, true)
            } else {
                return Err(format!("invalid selector: '{term}'; can't understand '{term}'"));
            };
            if !known(resource, field.trim()) {
                return Err(format!("field label not supported: {}", field.trim()));
            }
            terms.push((field.trim().to_owned(), value.trim().to_owned(), equal));
        }
        Ok(Self(terms))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(field, wanted, equal)| {
            let found = field.split('.').fold(object, |value, key| &value[key]);
            let found = found.as_str().map_or_else(|| plain(found), str::to_owned);
            (&found == wanted) == *equal
        })
    }
}

fn plain(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

fn known(resource: &str, field: &str) -> bool {
    let more: &[&str] = match resource {
        "pods" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "events" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "jobs" => &["status.successful"],
        "namespaces" => &["status.phase"],
        _ => &[],
    };
    field == "metadata.name" || field == "metadata.namespace" || more.contains(&field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_whole_label_grammar() {
        let pod = json!({"metadata": {"labels": {"app": "blast", "shard": "3", "x/y": ""}}});
        for (selector, matches) in [
            ("", true),
            ("app=blast", true),
            ("app==blast,shard=3", true),
            ("app!=blast", false),
            ("none!=x", true),
            ("app in (a, blast)", true),
            ("app notin (a,blast)", false),
            ("none notin (a)", true),
            ("app", true),
            ("!app", false),
            ("app=blast,!job-name", true),
            ("x/y=", true),
            ("app=blast, shard in (1,2)", false),
        ] {
            assert_eq!(LabelSelector::parse(selector).unwrap().matches(&pod), matches, "{selector}");
        }
        assert!(LabelSelector::parse("a b").is_err());
        assert!(LabelSelector::parse("=x").is_err());
    }

    #[test]
    fn fields() {
        let pod = json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}});
        for (selector, matches) in [
            ("metadata.name=a", true),
            ("status.phase!=Running", false),
            ("spec.nodeName==n1,metadata.name=b", false),
            ("status.podIP=", true),
        ] {
            assert_eq!(FieldSelector::parse(selector, "pods").unwrap().matches(&pod), matches, "{selector}");
        }
        assert!(FieldSelector::parse("spec.x=1", "pods").is_err());
    }
}
