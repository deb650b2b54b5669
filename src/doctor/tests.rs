//! The rules are total: whatever is missing or odd in what the cluster says, they come to an end and say no nonsense.

use std::sync::LazyLock;

use k8s_openapi::api::{batch::v1::Job, core::v1::Event};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    cluster::{ClusterError, Obstacle},
    discover::{Evidence, Match},
    k8s::{Pod, targets},
    resolve::Resolution,
    row::Row,
};

/// What the scenarios check of their `next:` lines is checked here of those that no scenario has.
#[path = "../../tests/doctor/commands.rs"]
mod commands;

const ID: &str = "job-429825360482416da20736cf3ed51a95";

static RECORDED: LazyLock<[Vec<Value>; 3]> =
    LazyLock::new(|| ["pods-list-quirks", "jobs-list-selector", "events-list"].map(recorded));

fn recorded(name: &str) -> Vec<Value> {
    let path = format!("{}/testdata/recordings/kubernetes-1.36/{name}.http", env!("CARGO_MANIFEST_DIR"));
    let raw = std::fs::read(path).unwrap();
    let split = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let list: Value = serde_json::from_slice(&raw[split + 4..]).unwrap();
    list["items"].as_array().unwrap().clone()
}

/// Changes the value at one of its places, counted from the outside in; says whether there is such a place.
fn spoil(value: &mut Value, left: &mut usize, with: &Value) -> bool {
    if *left == 0 {
        *value = with.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| spoil(item, left, with)),
        Value::Object(fields) => fields.values_mut().any(|field| spoil(field, left, with)),
        _ => false,
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        Just(json!(-1)),
        Just(json!(true)),
        Just(json!("\u{1b}[31m <|> {} sig=planted")),
        Just(json!("2300-01-01T00:00:00Z")),
        Just(json!("0001-01-01T00:00:00Z")),
    ]
}

fn facts(pods: Vec<Value>, jobs: Vec<Value>, events: Vec<Value>, log: &[u8]) -> Facts {
    let read = |pod: Value| Some(Match { pod: serde_json::from_value::<Pod>(pod).ok()?, evidence: Evidence::Label });
    let pods: Vec<Match> = pods.into_iter().filter_map(read).collect();
    let all = pods.iter().flat_map(|found| targets(&found.pod));
    let parts = [TailPart::Head, TailPart::Tail, TailPart::Previous];
    let logs = all.flat_map(|target| {
        parts.map(|part| LogFacts { target: target.clone(), node: None, part, answer: TailAnswer::read(log) })
    });
    let seen = ClusterAnswers {
        logs: logs.collect(),
        pods: Some(Ok(pods)),
        jobs: Some(Ok(jobs.into_iter().filter_map(|job| serde_json::from_value::<Job>(job).ok()).collect())),
        events: events.into_iter().filter_map(|event| serde_json::from_value::<Event>(event).ok()).collect(),
        ..ClusterAnswers::default()
    };
    let row = json!({"job_id": "r", "status": "failed", "updated_at": "2026-05-21T02:31:40Z"});
    Facts {
        now: "2026-11-24T13:00:00Z".parse().unwrap(),
        row: RowFacts {
            row: Some(Row::new(row.as_object().unwrap().clone())),
            resolution: Some(Resolution::given(ID.parse().unwrap())),
            ..RowFacts::default()
        },
        place: SearchedPlace { host: "h:1".to_owned(), namespace: "default".to_owned(), ..SearchedPlace::default() },
        cluster: ClusterFacts::Seen(Box::new(seen)),
    }
}

proptest! {
    #[test]
    fn whatever_is_odd_the_rules_come_to_an_end(
        spoils in proptest::collection::vec((0usize..40, 1usize..400, values()), 0..6),
        log in "(\\PC|\n|\r|run end 000 [0-9]|FAILURE: jobs failed:|azcopy login failed){0,30}",
    ) {
        let mut all = RECORDED.clone();
        for (which, at, with) in &spoils {
            let list = &mut all[which % 3];
            let length = list.len();
            spoil(&mut list[which % length], &mut at.clone(), with);
        }
        let [pods, jobs, events] = all;
        let facts = facts(pods, jobs, events, log.as_bytes());
        must_parse(&facts);
        let report = examine(&facts);
        prop_assert_eq!(report.checks.len(), Area::ALL.len());
        prop_assert_eq!(report.healthy, report.first().is_none());
        let text = output::render(output::DoctorFormat::Text, &report, output::Explained::Verbose).unwrap();
        prop_assert!(!text.contains('\u{1b}') && !text.contains("planted"), "{}", text);
    }
}

/// Every command of a report is one that its program takes.
fn must_parse(facts: &Facts) -> Vec<&'static str> {
    let report = examine(facts);
    let findings = serde_json::to_value(&report.findings).unwrap();
    commands::must_parse(&findings);
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn what_no_scenario_raises_suggests_commands_that_parse() {
    let names = ["default", "a b", "$(reboot)", "--all", "o'brien", ""];
    for namespace in names {
        let mut asked = facts(vec![], vec![], vec![], b"");
        asked.place.namespace = namespace.to_owned();
        asked.place.asked.connect = " --kubeconfig 'a b' --context x".to_owned();
        let ClusterFacts::Seen(seen) = &mut asked.cluster else { unreachable!() };
        seen.skew = Some(std::time::Duration::from_secs(3600));
        assert!(must_parse(&asked).contains(&"ELB-K8S-CLOCK-SKEW"));
        for error in [
            ClusterError::Config("x".to_owned()),
            ClusterError::NoCluster("x".to_owned()),
            ClusterError::Unexpected("x".to_owned()),
            ClusterError::Unauthenticated("x".to_owned()),
            ClusterError::Unauthenticated("the exec plugin x".to_owned()),
            ClusterError::Broken { host: "h:1".to_owned(), why: "x".to_owned() },
        ] {
            asked.cluster = ClusterFacts::Failed(error);
            must_parse(&asked);
        }
        for why in [
            Obstacle::Dns("x".to_owned()),
            Obstacle::Refused,
            Obstacle::Tls("x".to_owned()),
            Obstacle::NotTheApi("x".to_owned()),
            Obstacle::Network("x".to_owned()),
            Obstacle::Proxy { proxy: "p:1 (the kubeconfig's proxy-url)".to_owned(), why: "x".to_owned() },
            Obstacle::Proxy { proxy: "p:1 (HTTPS_PROXY)".to_owned(), why: "x".to_owned() },
        ] {
            asked.cluster = ClusterFacts::Failed(ClusterError::Unreachable { host: "h:1".to_owned(), why });
            must_parse(&asked);
        }
    }
}
