use serde_json::json;
use testcluster::incident;

use crate::stage::*;

fn row(status: &str, phase: &str) -> serde_json::Value {
    let mut row = running_row();
    row["status"] = status.into();
    row["phase"] = phase.into();
    row["payload"]["_progress"]["phase"] = phase.into();
    row
}

#[test]
fn in_every_phase_of_the_row() {
    let stage = Stage::new();
    for phase in ["queued", "preparing", "configuring", "submitting", "warming_up", "staging_db"] {
        let path = stage.row(&row(if phase == "queued" { "queued" } else { "running" }, phase));
        stage.must_be_healthy(&format!("healthy: {phase}, no pods yet"), &[&path]);
        // The job may be on its way to a cluster that has another name.
        let mut row = row("running", phase);
        row["cluster_name"] = "elb-cluster".into();
        stage.must_be_healthy(&format!("healthy: {phase}, another cluster's name"), &[&stage.row(&row)]);
    }
}

#[test]
fn the_incidents_job_from_its_first_moment_to_its_last() {
    let stage = Stage::new();
    let rows = [row("running", "staging_db"), row("running", "running"), row("running", "exporting_results")];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let playing = incident::play(&stage.cluster, std::time::Duration::from_secs(12), 50);
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut looks = 0;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let pods = stage.cluster.pods("default");
                let has = |name: &str| pods.iter().any(|pod| pod.name().contains(name));
                let phase = if has("-batch-") { 1 } else { 0 };
                let path = stage.row(&rows[phase]);
                stage.must_be_healthy(&format!("healthy: look {looks}, {} pods", pods.len()), &[&path]);
                looks += 1;
            }
            assert!(looks > 1, "{looks}");
        });
        runtime.block_on(playing.finish());
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let said = stage.must_be_healthy("healthy: completed", &[&stage.row(&row("completed", "completed"))]);
    assert!(said.first_line().contains("has ended well"), "{}", said.text);
}

#[test]
fn a_running_job_says_so_in_one_line() {
    let stage = Stage::new();
    for shard in 0..5 {
        stage.searching(shard);
    }
    let said = stage.must_be_healthy("healthy: running", &[&stage.row(&row("running", "running"))]);
    assert_eq!(said.text.lines().count(), 1, "{}", said.text);
    assert!(said.text.contains("5 pods"), "{}", said.text);
}

#[test]
fn wait_healthy_waits() {
    let stage = Stage::new();
    let path = stage.row(&row("running", "submitting"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_secs(1));
            stage.searching(0);
        });
        let output = stage.command(&["doctor", &path, "--wait-healthy", "60s"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("healthy and running"), "{output:?}");
    });
    let output = stage.command(&["doctor", ID, "-n", "elsewhere", "--wait-healthy", "1s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
}

#[test]
fn the_recorded_incident_row_with_its_job() {
    let stage = Stage::new();
    incident::finished(&stage.cluster, 20);
    let mut row: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string("testdata/rows/incident.json").unwrap()).unwrap();
    row["updated_at"] = json!(ago(9).to_string());
    let said = stage.must_be_healthy("the incident's row, its job just done", &[&stage.row(&row)]);
    assert!(said.notes().iter().all(|note| note == "ELB-K8S-TTL"), "{}", said.text);
}
