use serde_json::{Value, json};

use super::*;

const ONE: &str = "job-429825360482416da20736cf3ed51a95";
const OTHER: &str = "job-529825360482416da20736cf3ed51a96";

/// How a Job stands.
#[derive(Clone, Copy)]
enum Is {
    Active,
    Complete,
    Failed,
    Suspended,
}

fn labels(app: &str, id: Option<&str>) -> Value {
    match id {
        Some(id) => json!({"app": app, "elb-job-id": id, "db": "s00"}),
        None => json!({"app": app}),
    }
}

fn env(id: Option<&str>) -> Value {
    json!(id.map_or(vec![], |id| vec![json!({"name": "BLAST_ELB_JOB_ID", "value": id})]))
}

fn job(name: &str, app: &str, label: Option<&str>, in_env: Option<&str>, is: Is) -> Job {
    let conditions = match is {
        Is::Complete => json!([{"type": "Complete", "status": "True"}]),
        Is::Failed => json!([{"type": "Failed", "status": "True"}]),
        Is::Active | Is::Suspended => json!([]),
    };
    serde_json::from_value(json!({
        "metadata": {"name": name, "namespace": "default", "labels": labels(app, label)},
        "spec": {
            "suspend": matches!(is, Is::Suspended),
            "template": {"spec": {"containers": [{"name": "blast", "env": env(in_env)}]}},
        },
        "status": {"conditions": conditions},
    }))
    .unwrap()
}

fn pod(owner: &str, app: &str, label: Option<&str>, in_env: Option<&str>, phase: &str) -> Pod {
    let name = format!("{owner}-abcde");
    serde_json::from_value(json!({
        "metadata": {
            "name": name, "uid": name, "namespace": "default", "labels": labels(app, label),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": "u"}],
        },
        "spec": {"nodeName": if phase == "Pending" { "" } else { "node-1" },
                 "containers": [{"name": "blast", "env": env(in_env)}]},
        "status": {"phase": phase},
    }))
    .unwrap()
}

fn batch(number: usize) -> String {
    format!("blastn-batch-s{number:02}-job-000-3ed51a95")
}

#[test]
fn a_batch_is_what_its_job_and_its_pods_say() {
    for (jobs, pods, expected) in [
        (
            vec![Is::Complete, Is::Active, Is::Active, Is::Failed, Is::Suspended],
            vec!["Succeeded", "Running", "Pending", "Failed"],
            Batches { total: 5, done: 1, running: 1, failed: 1, waiting: 2 },
        ),
        // Jobs may not be listed, or are gone already.
        (
            vec![],
            vec!["Succeeded", "Running", "Pending", "Failed"],
            Batches { total: 4, done: 1, running: 1, failed: 1, waiting: 1 },
        ),
        // A pod that failed is tried again.
        (vec![Is::Active], vec!["Failed"], Batches { total: 1, waiting: 1, ..Batches::default() }),
        (vec![Is::Complete], vec![], Batches { total: 1, done: 1, ..Batches::default() }),
    ] {
        let jobs: Vec<Job> =
            jobs.into_iter().enumerate().map(|(n, is)| job(&batch(n), "blast", Some(ONE), None, is)).collect();
        let pods: Vec<Pod> =
            pods.into_iter().enumerate().map(|(n, phase)| pod(&batch(n), "blast", Some(ONE), None, phase)).collect();
        let grouped = group(&pods, (!jobs.is_empty()).then_some(&jobs[..]));
        let [found] = &grouped.jobs[..] else { panic!("{grouped:?}") };
        assert_eq!(found.batches, expected);
        assert_eq!(Vec::from_iter(&found.programs), ["blastn"]);
    }
}

#[test]
fn batches_are_known_by_the_names_of_pods_that_no_job_owns() {
    let mut pods: Vec<Pod> = (0..3).map(|shard| pod(&batch(shard), "blast", Some(ONE), None, "Running")).collect();
    pods.iter_mut().for_each(|pod| pod.metadata.owner_references = None);
    for jobs in [None, Some(&[][..])] {
        let grouped = group(&pods, jobs);
        let expected = Batches { total: 3, running: 3, ..Batches::default() };
        assert_eq!(grouped.jobs[0].batches, expected, "with Jobs: {}", jobs.is_some());
        assert_eq!(grouped.jobs[0].standing.as_str(), "running");
    }
    // Where there is the Job too they are one.
    let jobs = [job(&batch(0), "blast", Some(ONE), None, Is::Complete)];
    let expected = Batches { total: 3, done: 1, running: 2, ..Batches::default() };
    assert_eq!(group(&pods, Some(&jobs)).jobs[0].batches, expected);
}

#[test]
fn a_job_stands_at_the_latest_step_that_is_worked_on() {
    let all = [
        ("init-ssd-3ed51a95-0", "setup"),
        ("submit-jobs-3ed51a95", "submit"),
        ("blastn-batch-s00-job-000-3ed51a95", "blast"),
        ("elb-finalizer-3ed51a95", "finalizer"),
    ];
    let standing = |states: [Option<Is>; 4]| {
        let jobs: Vec<Job> =
            all.iter().zip(states).filter_map(|((name, app), is)| Some(job(name, app, Some(ONE), None, is?))).collect();
        let pods: Vec<Pod> = all
            .iter()
            .zip(states)
            .filter_map(|((name, app), is)| {
                let phase = match is? {
                    Is::Active => "Running",
                    Is::Complete => "Succeeded",
                    Is::Failed => "Failed",
                    Is::Suspended => return None,
                };
                Some(pod(name, app, Some(ONE), None, phase))
            })
            .collect();
        group(&pods, Some(&jobs)).jobs[0].standing.as_str()
    };
    use Is::{Active, Complete, Failed};
    for (states, expected) in [
        ([Some(Active), None, None, None], "staging_db"),
        ([Some(Active), Some(Active), None, None], "staging_db"),
        ([Some(Complete), Some(Active), None, None], "submitting"),
        ([Some(Complete), Some(Complete), None, None], "staging_db"),
        ([Some(Complete), Some(Complete), Some(Active), Some(Active)], "running"),
        ([Some(Complete), Some(Complete), Some(Complete), Some(Active)], "exporting_results"),
        ([Some(Complete), Some(Complete), Some(Complete), Some(Complete)], "completed"),
        ([Some(Complete), None, Some(Failed), Some(Failed)], "failed"),
        ([Some(Failed), None, None, None], "failed"),
    ] {
        assert_eq!(standing(states), expected);
    }
}

#[test]
fn what_belongs_to_which_job() {
    let jobs = [
        job(&batch(0), "blast", Some(ONE), None, Is::Active),
        job("blastn-batch-s00-job-000-3ed51a96", "blast", Some(OTHER), None, Is::Active),
        // It lost its label, and its name is as ElasticBLAST makes it.
        job("elb-finalizer-3ed51a95", "finalizer", None, None, Is::Active),
        // Nobody's: another search's setup beside labelled ones, and a label that is no id.
        job("init-ssd-0", "setup", None, None, Is::Active),
        job("blastn-batch-s09-job-000-3ed51a95", "blast", Some("18b9edca"), None, Is::Active),
    ];
    let pods = [
        pod(&batch(0), "blast", Some(ONE), None, "Running"),
        pod(&batch(1), "blast", None, Some(ONE), "Running"),
        pod("elb-finalizer-3ed51a95", "finalizer", None, None, "Running"),
        pod("x3ed51a95", "blast", None, None, "Running"),
    ];
    let grouped = group(&pods, Some(&jobs));
    let of = |id: &str| grouped.jobs.iter().find(|job| job.id.as_str() == id).unwrap();
    assert_eq!(grouped.jobs.len(), 2);
    assert_eq!((of(ONE).batches.total, of(ONE).pods.len(), of(ONE).jobs.len()), (2, 3, 3));
    assert_eq!((of(OTHER).batches.total, of(OTHER).pods.len()), (1, 0));
    assert_eq!(Vec::from_iter(grouped.nobodys), ["init-ssd-0"]);
}

#[test]
fn in_ncbis_layout_setup_is_that_of_the_only_search() {
    let search = |id: &str, db: &str| job(&format!("blastp-batch-{db}-job-000"), "blast", None, Some(id), Is::Active);
    let setup = job("init-ssd-0", "setup", None, None, Is::Complete);
    let pods = [pod("init-ssd-0", "setup", None, None, "Succeeded")];
    let one = group(&pods, Some(&[search(ONE, "nr"), setup.clone()]));
    assert_eq!((one.jobs.len(), one.jobs[0].jobs.len(), one.jobs[0].pods.len()), (1, 2, 1));
    assert_eq!(Vec::from_iter(&one.jobs[0].databases), ["nr"]);
    assert!(one.nobodys.is_empty());
    let two = group(&pods, Some(&[search(ONE, "nr"), search(OTHER, "nt"), setup.clone()]));
    assert_eq!((two.jobs.len(), two.nobodys.len()), (2, 1));
    let none = group(&pods, Some(&[setup]));
    assert_eq!((none.jobs.len(), none.nobodys.len()), (0, 1));
}
