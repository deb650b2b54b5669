//! What containers are for.

use super::*;

/// Role and phases of a pod with these containers.
fn part(name: &str, app: &str, containers: &[&str]) -> String {
    let containers: Vec<Value> = containers.iter().map(|name| json!({"name": name})).collect();
    let pod = pod(json!({"metadata": {"name": name, "labels": {"app": app}}, "spec": {"containers": containers}}));
    let phases: Vec<&str> = targets(&pod).iter().map(|target| target.phase.as_str()).collect();
    format!("{} {}", Role::of(&pod).as_str(), phases.join(" "))
}

#[test]
fn of_every_kind_of_job() {
    let batch = ["import-query-batches", "load-blastdb-into-ram", "blast", "results-export"];
    let setup = ["get-blastdb", "import-query-batches"];
    for (name, app, containers, expected) in [
        (
            "blastn-batch-s03-job-000-3ed51a95-p9vp5",
            "blast",
            &batch[..],
            "batch running running running exporting_results",
        ),
        ("tblastn-batch-my-db-job-000-x7k2p", "blast", &batch[2..], "batch running exporting_results"),
        ("init-ssd-3ed51a95-0-7vvqw", "setup", &setup, "setup staging_db staging_db"),
        ("init-ssd-0-7vvqw", "setup", &setup, "setup staging_db staging_db"),
        ("init-pv-7vvqw", "setup", &setup, "setup staging_db staging_db"),
        ("init-pv-partitioned-7vvqw", "setup", &setup, "setup staging_db staging_db"),
        ("cloud-split-ssd-7vvqw", "setup", &setup[1..], "setup staging_db"),
        ("submit-jobs-3ed51a95-7vvqw", "submit", &["submit-jobs"], "submit submitting"),
        ("submit-jobs-7vvqw", "submit", &["submit-jobs"], "submit submitting"),
        ("elb-finalizer-3ed51a95-7vvqw", "finalizer", &["finalizer"], "finalizer exporting_results"),
        ("warm-core-nt-03-7vvqw", "elb-db-warmup", &["warm"], "warmup warming_up"),
        ("vmtouch-db-cache-7vvqw", "vmtouch-cache", &["vmtouch"], "setup staging_db"),
        // A database may be called anything.
        ("warm-my-batch-db-0-7vvqw", "elb-db-warmup", &["warm"], "warmup warming_up"),
        ("blastn-batch-warm-elb-finalizer-job-000-3ed51a95-p9vp5", "blast", &["blast"], "batch running"),
        // Names that say nothing.
        ("life", "blast", &["blast", "results-export"], "batch running exporting_results"),
        ("x", "setup", &["get-blastdb"], "setup staging_db"),
        ("x", "submit", &["c"], "submit submitting"),
        ("x", "finalizer", &["c"], "finalizer exporting_results"),
        ("x", "elb-db-warmup", &["c"], "warmup warming_up"),
        ("x", "vmtouch-cache", &["c"], "setup staging_db"),
        ("x", "nginx", &["c"], "other running"),
        ("", "", &["c"], "other running"),
    ] {
        assert_eq!(part(name, app, containers), expected, "{name}");
    }
}

#[test]
fn the_incident_has_26_containers_of_which_5_are_init() {
    let all: Vec<Target> = listed("pods-list-selector").iter().flat_map(targets).collect();
    assert_eq!(all.len(), 26);
    let count = |wanted: &dyn Fn(&Target) -> bool| all.iter().filter(|target| wanted(target)).count();
    assert_eq!(count(&|target| target.kind == ContainerKind::Init), 5);
    assert_eq!(count(&|target| target.kind == ContainerKind::Regular), 21);
    for (phase, containers) in [
        (Phase::Submitting, 0),
        (Phase::WarmingUp, 0),
        (Phase::StagingDb, 10),
        (Phase::Running, 10),
        (Phase::ExportingResults, 6),
    ] {
        assert_eq!(count(&|target| target.phase == phase), containers, "{phase:?}");
    }
    for (role, containers) in [(Role::Batch, 15), (Role::Setup, 10), (Role::Finalizer, 1), (Role::Other, 0)] {
        assert_eq!(count(&|target| target.role == role), containers, "{role:?}");
    }
}

#[test]
fn debug_containers_are_targets_too() {
    let pod = pod(json!({"spec": {
        "ephemeralContainers": [{"name": "debug"}], "containers": [{"name": "c"}], "initContainers": [{"name": "i"}],
    }}));
    let kinds: Vec<(String, ContainerKind)> =
        targets(&pod).into_iter().map(|target| (target.container, target.kind)).collect();
    let expected = [("i", ContainerKind::Init), ("c", ContainerKind::Regular), ("debug", ContainerKind::Ephemeral)];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
}
