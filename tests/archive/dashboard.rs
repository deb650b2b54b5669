//! The dashboard's own chunks, made from an archive.

use elbtail::{
    archive::{ArchivedInstance, ArchivedStream, JobState, object_store::ObjectStoreExt},
    k8s::{Line, Stamp},
    session::dashboard,
};
use serde_json::Value;

use crate::{
    backend::Backend,
    everywhere,
    logs::{instance, job, next_writer},
};

everywhere! {
    a_steps_last_lines_are_chunks_as_the_dashboard_writes_them
}

const ROW: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";

fn numbered(name: &str, count: u64) -> Vec<Line> {
    (0..count).map(|at| Line { stamp: Stamp(at as i64), text: format!("{name} line {at}").into() }).collect()
}

async fn object(backend: &Backend, path: &str) -> Option<Value> {
    let found = backend.raw().get(&path.into()).await.ok()?;
    Some(serde_json::from_slice(&found.bytes().await.unwrap()).unwrap())
}

async fn a_steps_last_lines_are_chunks_as_the_dashboard_writes_them(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    let export =
        |pod| ArchivedStream::Log(ArchivedInstance { container: "results-export".to_owned(), ..instance(pod, 0) });
    let mut odd = numbered("export", 3);
    odd[0].text = "x".repeat(5000).into();
    odd[1].text = b"caf\xe9 export API_TOKEN=pl4nted0Secr3t".to_vec().into();
    for (stream, lines) in [
        (ArchivedStream::Log(instance(1, 0)), numbered("one", 450)),
        // What a crash left, and too little after it.
        (ArchivedStream::Log(instance(2, 0)), numbered("crashed", 300)),
        (ArchivedStream::Log(instance(2, 1)), numbered("again", 20)),
        (export(1), odd),
        (export(2), Vec::new()),
    ] {
        let id = writer.stream(stream).unwrap();
        writer.push(id, &lines).await.unwrap();
        writer.complete(id, "read").await.unwrap();
    }
    writer.tell(JobState { row: Some(ROW.into()), ..JobState::default() }).await.unwrap();
    writer.finish().await.unwrap();

    // Twice: it is made anew.
    for _ in 0..2 {
        dashboard::write(&archive, &job()).await.unwrap();
    }
    let pod = |number: u64| instance(number, 0).pod;
    let mut expected: Vec<(String, String)> = Vec::new();
    let mut add = |pod: String, lines: Vec<String>| {
        expected.extend(lines.into_iter().map(|line| (format!("{pod}/blast"), line)));
    };
    add(pod(1), (250..450).map(|at| format!("one line {at}")).collect());
    add(pod(2), (120..300).map(|at| format!("crashed line {at}")).collect());
    add(pod(2), (0..20).map(|at| format!("again line {at}")).collect());
    let mut found = Vec::new();
    for sequence in 0.. {
        let path = format!("{ROW}/execution-steps/logs/running/{sequence:06}.json");
        let Some(chunk) = object(&backend, &path).await else { break };
        let keys: Vec<&String> = chunk.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["schema_version", "job_id", "step", "sequence", "events", "created_at"]);
        let head = (&chunk["schema_version"], &chunk["job_id"], &chunk["step"], &chunk["sequence"]);
        assert_eq!(head, (&1.into(), &ROW.into(), &"running".into(), &sequence.into()));
        assert!(chunk["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        let events = chunk["events"].as_array().unwrap();
        assert_eq!(events.len(), 100);
        for event in events {
            assert_eq!(event.as_object().unwrap().keys().collect::<Vec<_>>(), ["stream", "line", "index"]);
            assert_eq!(event["index"], found.len());
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            found.push((text("stream"), text("line")));
        }
    }
    assert_eq!(found, expected);
    let chunk = object(&backend, &format!("{ROW}/execution-steps/logs/exporting_results/000000.json")).await.unwrap();
    let lines: Vec<&str> =
        chunk["events"].as_array().unwrap().iter().map(|event| event["line"].as_str().unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], "x".repeat(4000));
    assert!(lines[1].starts_with("caf\u{fffd} export API_TOKEN=") && !lines[1].contains("pl4nted"), "{}", lines[1]);

    let progress = object(&backend, &format!("{ROW}/execution-steps/progress.json")).await.unwrap();
    let steps = progress["steps"].as_object().unwrap();
    assert_eq!(steps.keys().collect::<Vec<_>>(), ["exporting_results", "running"]);
    let last = |step: &str| steps[step]["last_output"].as_str().unwrap();
    let whole = format!("--- {}/results-export ---\n{}", pod(1), lines.join("\n"));
    assert_eq!(last("exporting_results"), whole);
    let running = last("running");
    assert_eq!(running.chars().count(), 6000);
    assert!(running.starts_with(&format!("--- {}/blast ---\none line 250\n", pod(1))), "{running}");
    assert!(running.contains("(cut: ") && running.ends_with("\nagain line 18\nagain line 19"), "{running}");
}

#[tokio::test]
async fn a_row_id_that_leads_elsewhere_is_no_path() {
    let backend = Backend::new(crate::backend::Kind::Directory).await;
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(ArchivedStream::Log(instance(1, 0))).unwrap();
    writer.push(id, &numbered("one", 5)).await.unwrap();
    writer.tell(JobState { row: Some("../../elsewhere".into()), ..JobState::default() }).await.unwrap();
    writer.finish().await.unwrap();
    dashboard::write(&archive, &job()).await.unwrap();
    assert!(object(&backend, &format!("{}/execution-steps/logs/running/000000.json", job())).await.is_some());
}
