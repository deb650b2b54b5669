//! Whose pod it is.

use proptest::prelude::*;

use k8s_openapi::api::batch::v1::Job;

use super::*;

const PROGRAMS: [&str; 8] = ["blastn", "blastp", "blastx", "tblastn", "tblastx", "psiblast", "rpsblast", "rpstblastn"];
const SHORT: &str = "3ed51a95";

fn verdict(pod: &Pod) -> Option<Evidence> {
    judge(pod, &Selection { id: id(ID), include_setup: false, labels: None })
}

fn verdict_with_setup(pod: &Pod) -> Option<Evidence> {
    judge(pod, &Selection { id: id(ID), include_setup: true, labels: None })
}

/// The pod that `job` makes, with the Job as its owner.
fn made_by(job: &str) -> Pod {
    named(&format!("{job}-x7k2p"), Some(job))
}

/// The pod that `job` makes, which has lost its Job.
fn orphan(job: &str) -> Pod {
    named(&format!("{job}-x7k2p"), None)
}

fn labelled(mut pod: Pod, id: &str) -> Pod {
    pod.metadata.labels.get_or_insert_default().insert(ID_LABEL.to_owned(), id.to_owned());
    pod
}

fn in_app(mut pod: Pod, app: &str) -> Pod {
    pod.metadata.labels.get_or_insert_default().insert("app".to_owned(), app.to_owned());
    pod
}

/// With the id in the environment of the second of two containers, as NCBI's layout has it.
fn with_env(mut pod: Pod, id: &str) -> Pod {
    pod.spec.containers = serde_json::from_value(json!([
        {"name": "results-export", "env": [{"name": "JOB_NUM", "value": "000"}]},
        {"name": "blast", "env": [
            {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": ID_ENV, "value": id},
        ]},
    ]))
    .unwrap();
    pod
}

/// Every Job of the Azure layout that carries SHORT.
fn azure_jobs(short: &str) -> Vec<String> {
    let mut jobs: Vec<String> = PROGRAMS.iter().map(|program| format!("{program}-batch-s03-job-000-{short}")).collect();
    jobs.push(format!("blastn-batch-core-nt-2026-01-job-1234-{short}"));
    jobs.push(format!("blastn-batch-my-job-007-db-job-000-{short}"));
    jobs.push(format!("init-ssd-{short}-0"));
    jobs.push(format!("init-ssd-{short}-12"));
    jobs.push(format!("submit-jobs-{short}"));
    jobs.push(format!("elb-finalizer-{short}"));
    jobs
}

#[test]
fn the_recorded_pods_are_judged_by_their_label() {
    let matches = incident();
    assert_eq!(matches.len(), 11);
    assert!(matches.iter().all(|matched| matched.evidence == Evidence::Label));
    assert!(listed("pods-list-quirks").iter().all(|pod| verdict(pod).is_none()));
}

#[test]
fn the_recorded_pods_are_found_without_their_label_too() {
    for mut pod in listed("pods-list-selector") {
        let labels = pod.metadata.labels.as_mut().unwrap();
        labels.remove(ID_LABEL);
        let has_env = pod.spec.containers.iter().any(|c| c.env.iter().any(|env| env.name == ID_ENV));
        let expected = if has_env { Evidence::Env } else { Evidence::Owner };
        assert_eq!(verdict(&pod), Some(expected), "{}", pod.name());
        for container in &mut pod.spec.containers {
            container.env.clear();
        }
        assert_eq!(verdict(&pod), Some(Evidence::Owner), "{}", pod.name());
        pod.metadata.owner_references = None;
        assert_eq!(verdict(&pod), Some(Evidence::Name), "{}", pod.name());
    }
}

#[test]
fn every_kind_of_job_is_found_by_each_evidence() {
    for job in azure_jobs(SHORT) {
        assert_eq!(verdict(&labelled(made_by(&job), ID)), Some(Evidence::Label), "{job}");
        assert_eq!(verdict(&with_env(made_by(&job), ID)), Some(Evidence::Env), "{job}");
        assert_eq!(verdict(&made_by(&job)), Some(Evidence::Owner), "{job}");
        assert_eq!(verdict(&orphan(&job)), Some(Evidence::Name), "{job}");
    }
    for job in ["init-pv", "init-pv-partitioned"] {
        assert_eq!(verdict(&labelled(made_by(job), ID)), Some(Evidence::Label));
        assert_eq!(verdict(&made_by(job)), None);
    }
}

#[test]
fn the_strongest_evidence_counts() {
    let pod = with_env(labelled(made_by("submit-jobs-3ed51a95"), ID), OTHER);
    assert_eq!(verdict(&pod), Some(Evidence::Label));
}

#[test]
fn ncbi_batch_pods_are_found_by_their_environment() {
    for program in PROGRAMS {
        let job = format!("{program}-batch-pdbnt-job-000");
        assert_eq!(verdict(&with_env(made_by(&job), ID)), Some(Evidence::Env));
        assert_eq!(verdict(&with_env(made_by(&job), OTHER)), None);
        assert_eq!(verdict(&made_by(&job)), None);
    }
    let mut pod = made_by("blastn-batch-pdbnt-job-000");
    pod.spec.init_containers = with_env(Pod::default(), ID).spec.containers;
    assert_eq!(verdict(&pod), Some(Evidence::Env));
}

#[test]
fn another_jobs_id_outweighs_our_name() {
    for job in azure_jobs(SHORT) {
        assert_eq!(verdict_with_setup(&labelled(made_by(&job), OTHER)), None, "{job}");
        assert_eq!(verdict_with_setup(&with_env(made_by(&job), OTHER)), None, "{job}");
        assert_eq!(verdict_with_setup(&with_env(labelled(made_by(&job), OTHER), ID)), None, "{job}");
    }
    // The same last 8 characters, another id.
    let twin = "job-000000000000000000000000".to_owned() + SHORT;
    assert_eq!(verdict_with_setup(&labelled(made_by("submit-jobs-3ed51a95"), &twin)), None);
}

#[test]
fn an_empty_id_is_no_id() {
    assert_eq!(verdict(&labelled(made_by("submit-jobs-3ed51a95"), "")), Some(Evidence::Owner));
    assert_eq!(verdict(&with_env(made_by("submit-jobs-3ed51a95"), "")), Some(Evidence::Owner));
    assert_eq!(verdict(&labelled(with_env(made_by("x"), ID), "")), Some(Evidence::Env));
}

#[test]
fn eight_digits_elsewhere_are_no_evidence() {
    for job in [
        "blastn-batch-s03-job-000-3ed51a95x",
        "blastn-batch-s03-job-000-a3ed51a95",
        "blastn-batch-3ed51a95-job-000-deadbeef",
        "blastn-batch-3ed51a95-job-000",
        "blastn-batch-s03-job-3ed51a95",
        "blastn-batch-s03-job-3ed51a95-000",
        "blastn-batch-job-000-3ed51a95",
        "blastn-batch--job-000-3ed51a95",
        "blastn-batch-a--b-job-000-3ed51a95",
        "-batch-s03-job-000-3ed51a95",
        "nginx-batch-s03-job-000-3ed51a95",
        "my_blastn-batch-s03-job-000-3ed51a95",
        "blastn-batch-s03-job-0x1-3ed51a95",
        "blastn-batch-s03-job--3ed51a95",
        "x-blastn-batch-s03-job-000-3ed51a95",
        "blastn-batch-s03-job-000-3ed51a95-extra",
        "init-ssd-3ed51a95",
        "init-ssd-0-3ed51a95",
        "init-ssd-3ed51a95-node",
        "init-ssd-3ed51a95-0-1",
        "init-pv-3ed51a95",
        "submit-jobs",
        "submit-3ed51a95",
        "submit-jobs-3ED51A95",
        "submit-jobs-3ed51a95-again",
        "elb-finalizer-x-3ed51a95",
        "elb-finalizer-3ed51a9",
        "warm-3ed51a95-0",
        "vmtouch-db-cache",
        "web-3ed51a95",
        "3ed51a95",
        "",
        "-",
        "-----",
    ] {
        assert_eq!(verdict_with_setup(&made_by(job)), None, "{job:?}");
        assert_eq!(verdict_with_setup(&orphan(job)), None, "{job:?}");
        // A pod whose own name looks right but comes from elsewhere.
        assert_eq!(verdict(&named("submit-jobs-3ed51a95-x7k2p", Some(job))), None, "{job:?}");
    }
    for name in [
        // In the suffix; with no suffix; with a suffix that no cluster appends.
        "submit-jobs-deadbeef-3ed51a95",
        "submit-jobs-3ed51a95",
        "submit-jobs-3ed51a95-",
        "submit-jobs-3ed51a95-longer",
        "blastn-batch-s03-job-000-deadbeef-3ed51a95",
        "init-ssd-0-3ed51a95",
    ] {
        assert_eq!(verdict_with_setup(&named(name, None)), None, "{name}");
    }
    // A ReplicaSet is no Job.
    let mut pod = made_by("submit-jobs-3ed51a95");
    pod.metadata.name = Some("web".to_owned());
    pod.metadata.owner_references.as_mut().unwrap()[0].kind = "ReplicaSet".to_owned();
    assert_eq!(verdict(&pod), None);
}

#[test]
fn a_pod_whose_name_was_cut_is_found_by_its_job() {
    let job = format!("rpstblastn-batch-{}-job-000-3ed51a95", "d".repeat(28));
    let name = format!("{}-x7k2p", &job[..57]);
    assert_eq!(verdict(&named(&name, Some(&job))), Some(Evidence::Owner));
    assert_eq!(verdict(&named(&name[..50], None)), None);
}

#[test]
fn setup_pods_without_an_id_are_taken_on_request() {
    for (job, app) in [
        ("init-ssd-0", "setup"),
        ("init-ssd-12", "setup"),
        ("init-pv", "setup"),
        ("cloud-split-ssd", "setup"),
        ("submit-jobs", "submit"),
    ] {
        for pod in [made_by(job), orphan(job)] {
            let pod = in_app(pod, app);
            assert_eq!(verdict(&pod), None, "{job}");
            assert_eq!(verdict_with_setup(&pod), Some(Evidence::Setup), "{job}");
            assert_eq!(verdict_with_setup(&labelled(pod.clone(), OTHER)), None, "{job}");
            assert_eq!(verdict_with_setup(&with_env(pod.clone(), OTHER)), None, "{job}");
            assert_eq!(verdict_with_setup(&labelled(pod.clone(), ID)), Some(Evidence::Label), "{job}");
            assert_eq!(verdict_with_setup(&in_app(pod, "web")), None, "{job}");
        }
    }
    let by_label = pod(json!({"metadata": {"name": "x", "labels": {"app": "submit", "job-name": "submit-jobs"}}}));
    assert_eq!(verdict_with_setup(&by_label), Some(Evidence::Setup));
}

#[test]
fn setup_pods_of_another_id_are_not() {
    for job in azure_jobs("deadbeef").into_iter().chain(azure_jobs("12345678")) {
        for app in SETUP_APPS {
            assert_eq!(verdict_with_setup(&in_app(made_by(&job), app)), None, "{job}");
            assert_eq!(verdict_with_setup(&in_app(orphan(&job), app)), None, "{job}");
        }
    }
    for job in ["init-ssd-", "init-ssd-x", "init-pv-other", "init-ssd-0-1", "submit-jobs-2", "blastn-batch-x-job-000"] {
        assert_eq!(verdict_with_setup(&in_app(made_by(job), "setup")), None, "{job}");
    }
}

#[test]
fn the_server_is_asked_for_the_id_and_for_pods_without_one() {
    let selection = Selection { id: id(ID), include_setup: false, labels: None };
    assert_eq!(
        selection.selectors().map(|selector| selector.to_string()),
        [format!("elb-job-id={ID}"), "!elb-job-id,app in (blast,finalizer,setup,submit)".to_owned()]
    );
}

#[test]
fn what_else_the_pods_must_match_is_asked_for_in_both_questions() {
    let selection = Selection { id: id(ID), include_setup: false, labels: label_selector("shard=3").ok() };
    assert_eq!(
        selection.selectors().map(|selector| selector.to_string()),
        [format!("elb-job-id={ID},shard=3"), "!elb-job-id,app in (blast,finalizer,setup,submit),shard=3".to_owned()]
    );
    let of_all = selectors_of_all().map(|selector| selector.to_string());
    assert_eq!(of_all, ["elb-job-id", "!elb-job-id,app in (blast,finalizer,setup,submit)"]);
}

#[test]
fn a_pod_and_a_job_say_whose_they_are_by_their_label_or_else_their_environment() {
    let job = |label: Option<&str>, spec: Value| -> Job {
        let labels = label.map(|label| json!({ID_LABEL: label}));
        let spec = json!({"template": {"spec": spec}});
        serde_json::from_value(json!({"metadata": {"name": "j", "labels": labels}, "spec": spec})).unwrap()
    };
    let env = |name: &str, value: &str| json!([{"name": "a"}, {"name": "b", "env": [{"name": name, "value": value}]}]);
    for (label, name, value, says) in [
        (Some(ID), ID_ENV, OTHER, Some(ID)),
        (Some(""), ID_ENV, OTHER, Some(OTHER)),
        (None, ID_ENV, ID, Some(ID)),
        (Some("nonsense"), ID_ENV, ID, None),
        (None, "JOB", ID, None),
        (None, ID_ENV, "", None),
        (None, ID_ENV, "nonsense", None),
    ] {
        for spec in
            [json!({"containers": env(name, value)}), json!({"initContainers": env(name, value), "containers": []})]
        {
            let made = pod(json!({"metadata": {"name": "p"}, "spec": spec}));
            let made = label.map_or(made.clone(), |label| labelled(made, label));
            assert_eq!(job_of(&made).map(|id| id.to_string()).as_deref(), says, "{label:?} {name} {value}");
            let made = job_of_job(&job(label, spec));
            assert_eq!(made.map(|id| id.to_string()).as_deref(), says, "{label:?} {name} {value}");
        }
    }
    assert_eq!(job_of_job(&Job::default()), None);
}

#[test]
fn a_job_may_have_the_short_id_in_its_name() {
    let named = |name: &str| -> Job { serde_json::from_value(json!({"metadata": {"name": name}})).unwrap() };
    for name in azure_jobs(SHORT) {
        assert!(names_job(&named(&name), &id(ID)), "{name}");
        assert!(!names_job(&named(&name), &id(OTHER)), "{name}");
    }
    assert!(!names_job(&named("init-pv"), &id(ID)) && !names_job(&Job::default(), &id(ID)));
}

#[test]
fn an_area_holds_one_namespace_or_all() {
    let one = SearchScope::Namespace("a".to_owned());
    assert!(one.holds("a") && !one.holds("b") && !one.holds(""));
    assert!(SearchScope::Cluster.holds("a") && SearchScope::Cluster.holds("b"));
    assert_eq!([one, SearchScope::Cluster].map(|area| area.to_string()), ["namespace a", "any namespace"]);
}

fn any_name() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        proptest::sample::select(vec![
            "",
            SHORT,
            "blastn",
            "batch",
            "job",
            "000",
            "init",
            "ssd",
            "submit",
            "jobs",
            "elb",
            "finalizer",
            "pv",
            "x7k2p",
            "3ed51a95x",
            "é",
            "0",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    proptest::collection::vec(segment, 0..9).prop_map(|segments| segments.join("-"))
}

proptest! {
    #[test]
    fn no_name_makes_it_panic(name in any_name(), job in proptest::option::of(any_name()), app in any_name()) {
        let pod = in_app(named(&name, job.as_deref()), &app);
        verdict_with_setup(&pod);
        targets(&pod);
        Role::of(&pod);
    }

    #[test]
    fn a_name_matches_only_with_the_short_id_as_a_segment(name in any_name(), job in proptest::option::of(any_name())) {
        let pod = named(&name, job.as_deref());
        if verdict(&pod).is_some() {
            let name = job.as_deref().unwrap_or(&name);
            prop_assert!(name.split('-').any(|segment| segment == SHORT), "{name}");
        }
    }

    #[test]
    fn another_id_is_never_taken(
        name in any_name(),
        job in proptest::option::of(any_name()),
        other in "job-[0-9a-f]{24}3ed51a95|[a-z0-9-]{1,20}",
        label in any::<bool>(),
    ) {
        prop_assume!(other != ID);
        let pod = named(&name, job.as_deref());
        let pod = if label { labelled(pod, &other) } else { with_env(pod, &other) };
        prop_assert_eq!(verdict_with_setup(&pod), None);
    }

    #[test]
    fn any_database_of_any_program_is_found(
        program in proptest::sample::select(PROGRAMS.to_vec()),
        db in "[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,4}",
        number in 0..100_000u32,
        hex in "[0-9a-f]{32}",
    ) {
        let id = id(&format!("job-{hex}"));
        let job = format!("{program}-batch-{db}-job-{number:03}-{}", id.short());
        let selection = Selection { id, include_setup: false, labels: None };
        prop_assert_eq!(judge(&made_by(&job), &selection), Some(Evidence::Owner));
        prop_assert_eq!(judge(&orphan(&job), &selection), Some(Evidence::Name));
        prop_assert_eq!(Role::of(&made_by(&job)), Role::Batch);
    }
}
