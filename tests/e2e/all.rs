//! `save -f --all`: every job of a namespace or a database, shared by replicas.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
};

use k8s_openapi::api::{apps::v1::Deployment, coordination::v1::Lease, core::v1::ServiceAccount, rbac::v1};
use serde_json::{Value, json};
use testcluster::Access;

use crate::{
    jobs::{JobPlan, count, numbered},
    running::Running,
    stage::{ID, Stage, text},
};

/// Another job.
const OTHER: &str = "job-529825360482416da20736cf3ed51a96";

/// The Job of a job that is not the incident's, as [`JobPlan::batch`].
fn other() -> JobPlan {
    JobPlan::bare("blastn-batch-s00-job-000-3ed51a96").label("app", "blast").label("elb-job-id", OTHER)
}

/// Prints numbered lines one by one, slowly enough for something to happen meanwhile, until a file lets it end.
fn slowly(tag: &str, lines: usize) -> String {
    format!("i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo \"{tag} line $i\"; sleep 0.05; done")
}

/// A stage with an archive beside it.
struct Scene {
    stage: Stage,
    place: String,
}

impl Scene {
    fn new(stage: Stage) -> Scene {
        let place = text(&stage.directory.path().join("archive")).to_owned();
        Scene { stage, place }
    }

    /// Starts a replica, and waits until it looks for jobs.
    fn replica(&self, more: &[&str]) -> Replica {
        let usual = [("--listen", "127.0.0.1:0"), ("--lease-duration", "5s"), ("--max-age", "200ms")];
        let usual = usual.into_iter().filter(|(flag, _)| !more.contains(flag)).flat_map(|(flag, value)| [flag, value]);
        let words = ["save", "-f", "--all", &self.place].into_iter().chain(usual).chain(more.iter().copied());
        let running = self.stage.start(&words.collect::<Vec<_>>());
        running.until_said("/metrics on http://");
        Replica(running)
    }

    /// What is kept of a job's container, in order.
    fn kept(&self, job: &str) -> Vec<String> {
        let replay = self.stage.run(&["replay", &self.place, job, "-o", "raw", "-c", "blast"]);
        crate::lines::lines(&replay.get_output().stdout)
    }

    /// What `verify` ends with, and says.
    fn verified(&self) -> (Option<i32>, String) {
        let verified = self.stage.run(&["verify", &self.place]);
        let output = verified.get_output();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The jobs that are archived.
    fn archives(&self) -> Value {
        let listed = self.stage.run(&["archives", &self.place, "-o", "json"]);
        serde_json::from_slice(&listed.get_output().stdout).unwrap()
    }

    fn leases(&self) -> BTreeSet<String> {
        let leases = self.stage.list::<Lease>();
        leases.into_iter().filter_map(|lease| lease.metadata.name).filter(|name| name.starts_with("elbtail-")).collect()
    }
}

struct Replica(Running);

impl Replica {
    /// What it answers: the status and the body.
    fn ask(&self, path: &str) -> (u16, String) {
        let said = self.0.said();
        let address = said.split("on http://").nth(1).unwrap().lines().next().unwrap();
        let mut connection = TcpStream::connect(address).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// One of the metrics, by its name and labels.
    fn metric(&self, name: &str) -> Option<f64> {
        let text = self.ask("/metrics").1;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    fn keeps(&self, job: &str) -> bool {
        let said = self.0.said();
        said.contains(&format!("{job}: kept from now on")) || said.contains(&format!("{job}: taken over"))
    }
}

#[test]
fn a_replica_that_is_killed_is_replaced_after_its_last_durable_line() {
    let scene = Scene::new(Stage::new());
    let mut replicas = vec![scene.replica(&[]), scene.replica(&[])];
    let (one, two) = (JobPlan::batch(0), other());
    let (of_one, of_two) = (one.tag("blast"), two.tag("blast"));
    scene.stage.create(&one.container("blast", &slowly(&of_one, 200)));
    scene.stage.create(&two.container("blast", &slowly(&of_two, 200)));
    scene.stage.until("both jobs are kept", || {
        [ID, OTHER].iter().all(|job| replicas.iter().any(|replica| replica.keeps(job)))
    });
    let killed = replicas.iter().position(|replica| replica.keeps(ID)).unwrap();
    let (killed, rest) = (replicas.remove(killed), replicas.remove(0));
    assert!(!rest.keeps(ID), "kept by two");
    scene
        .stage
        .until("some of it is durable", || killed.metric("elbtail_lines_total").is_some_and(|lines| lines > 0.0));
    killed.0.signal("-KILL");
    assert_eq!(killed.0.end().signal, Some(9));
    rest.0.until_said(&format!("{ID}: taken over from "));
    for job in [ID, OTHER] {
        rest.0.until_said(&format!("{job}: it has ended"));
    }
    assert_eq!(scene.kept(ID), numbered(&of_one, 200));
    assert_eq!(scene.kept(OTHER), numbered(&of_two, 200));
    let (code, verified) = scene.verified();
    assert_eq!(code, Some(0), "{verified}");
    rest.0.signal("-TERM");
    rest.0.end().code(143);
}

#[test]
fn one_that_is_asked_to_end_makes_everything_durable_and_lets_another_go_on_at_once() {
    let scene = Scene::new(Stage::new());
    let plan = JobPlan::batch(0);
    let tag = plan.tag("blast");
    let script = format!("{}; until [ -e on ]; do sleep 0.05; done; echo end", count(&tag, 500));
    // Nothing would become durable by its age.
    let first = scene.replica(&["--max-age", "1h", "--lease-duration", "10m"]);
    scene.stage.create(&plan.container("blast", &script));
    scene.stage.until("all was read", || first.metric("elbtail_lines_read_total") == Some(500.0));
    assert_eq!(first.metric("elbtail_lines_total"), Some(0.0));
    assert_eq!(first.metric("elbtail_jobs{state=\"kept\"}"), Some(1.0));
    assert!(first.metric(&format!("elbtail_lag_seconds{{job=\"{ID}\"}}")).is_some_and(|lag| lag > 0.0));
    first.0.signal("-TERM");
    let said = first.0.end().code(143).stderr;
    assert!(
        said.contains(&format!("{ID}: let go: 1 of 1 container had not been read to the end, 500 lines saved")),
        "{said}"
    );
    assert_eq!(scene.kept(ID), numbered(&tag, 500));
    // Its Lease would have lasted for ten minutes, and was given up.
    let second = scene.replica(&[]);
    second.0.until_said(&format!("{ID}: kept from now on"));
    second.0.signal("-TERM");
    second.0.end().code(143);
    scene.stage.delete("blastn-batch-s00-job-000-3ed51a95");
}

#[test]
fn a_job_that_comes_later_is_kept_and_one_that_has_ended_is_not_begun_again() {
    let scene = Scene::new(Stage::new());
    let replica = scene.replica(&[]);
    let plan = JobPlan::batch(0).counts("blast", 300);
    scene.stage.create(&plan);
    replica.0.until_said(&format!("{ID}: it has ended; saved: 300 lines of 1 container"));
    scene.stage.until("its Lease is gone", || scene.leases().is_empty());
    let later = other().counts("blast", 200);
    scene.stage.create(&later);
    replica.0.until_said(&format!("{OTHER}: it has ended; saved: 200 lines of 1 container"));
    scene.stage.until("both are known to have ended", || replica.metric("elbtail_jobs{state=\"ended\"}") == Some(2.0));
    for (name, value) in [
        ("elbtail_lines_read_total", 500.0),
        ("elbtail_lines_total", 500.0),
        ("elbtail_gaps_total", 0.0),
        ("elbtail_jobs{state=\"kept\"}", 0.0),
        ("elbtail_reachable", 1.0),
    ] {
        assert_eq!(replica.metric(name), Some(value), "{name}");
    }
    assert!(replica.metric("elbtail_bytes_total").is_some_and(|bytes| bytes > 500.0 * 31.0));
    assert_eq!(replica.ask("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(replica.ask("/").0, 404);
    replica.0.signal("-TERM");
    let said = replica.0.end().code(143).stderr;
    assert_eq!(said.matches("kept from now on").count(), 2, "{said}");

    // Their pods are still there: another finds that nothing is to be done.
    let before = scene.archives();
    let again = scene.replica(&[]);
    scene.stage.until("it knows of both", || again.metric("elbtail_jobs{state=\"ended\"}") == Some(2.0));
    again.0.signal("-TERM");
    let said = again.0.end().code(143).stderr;
    assert!(!said.contains(ID) && !said.contains(OTHER), "{said}");
    assert_eq!(scene.archives(), before, "nothing was written");
    assert_eq!(scene.kept(ID), plan.expected());
    assert_eq!(scene.kept(OTHER), later.expected());
    assert_eq!(scene.verified().0, Some(0));
}

#[test]
fn an_api_server_that_is_away_for_longer_than_a_lease_lasts_costs_no_line() {
    let scene = Scene::new(Stage::local());
    let replicas = [scene.replica(&[]), scene.replica(&[])];
    let plan = JobPlan::batch(0);
    let tag = plan.tag("blast");
    scene.stage.create(&plan.container("blast", &slowly(&tag, 200)));
    scene.stage.until("it is kept", || replicas.iter().any(|replica| replica.keeps(ID)));
    let keeper = replicas.iter().find(|replica| replica.keeps(ID)).unwrap();
    scene
        .stage
        .until("some of it is durable", || keeper.metric("elbtail_lines_total").is_some_and(|lines| lines > 0.0));
    scene.stage.cluster().kill_blocking();
    keeper.0.until_said(&format!("{ID}: let go, for its Lease could not be renewed in time"));
    assert_eq!(keeper.metric("elbtail_reachable"), Some(0.0));
    assert_eq!(keeper.ask("/healthz").0, 200, "it may come back");
    scene.stage.cluster().restart_blocking().unwrap();
    scene.stage.until("somebody has saved it", || {
        replicas.iter().any(|replica| replica.0.said().contains(&format!("{ID}: it has ended")))
    });
    assert_eq!(scene.kept(ID), numbered(&tag, 200));
    let (code, verified) = scene.verified();
    assert_eq!(code, Some(0), "{verified}");
}

#[cfg(feature = "sql")]
#[test]
fn of_a_database_the_jobs_that_have_rows_are_kept() {
    use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

    let scene = Scene::new(Stage::new());
    let file = scene.stage.directory.path().join("jobs.db");
    let row = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";
    let sql = |statements: String| {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
        });
    };
    let payload = json!({"elastic_blast_job_id": ID}).to_string();
    sql(format!(
        "CREATE TABLE jobstate (job_id TEXT, type TEXT, status TEXT, payload TEXT); \
         INSERT INTO jobstate VALUES ('{row}', 'blast', 'running', '{payload}'), ('later', 'blast', 'queued', '{{}}')"
    ));
    let db = format!("sqlite:{}", file.display());
    let replica = scene.replica(&["--db", &db]);
    let (plan, foreign) = (JobPlan::batch(0), other().counts("blast", 50));
    let script = format!("{}; until [ -e on ]; do sleep 0.05; done", count(&plan.tag("blast"), 100));
    let tag = plan.tag("blast");
    scene.stage.create(&foreign);
    scene.stage.create(&plan.container("blast", &script));
    scene.stage.until("all of it is durable", || replica.metric("elbtail_lines_total") == Some(100.0));
    // Its row says that it has ended before its pod has; both must.
    sql(format!("UPDATE jobstate SET status = 'completed' WHERE job_id = '{row}'"));
    scene.stage.until("that is kept too", || scene.archives()[0]["status"] == "completed");
    scene.stage.delete("blastn-batch-s00-job-000-3ed51a95");
    replica.0.until_said(&format!("{ID}: it has ended"));
    replica.0.signal("-TERM");
    let said = replica.0.end().code(143).stderr;
    assert!(!said.contains(OTHER), "no row names it: {said}");
    assert_eq!(scene.kept(ID), numbered(&tag, 100));
    let listed = scene.archives();
    assert_eq!(
        (listed.as_array().map(Vec::len), &listed[0]["row"], &listed[0]["ended"]),
        (Some(1), &json!(row), &json!(true))
    );
}

/// The objects of a manifest, each with its kind.
fn manifest(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("deploy/{name}")).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

/// The only object of a kind.
fn object<T: serde::de::DeserializeOwned + serde::Serialize>(objects: &[Value], kind: &str) -> T {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
    let [only] = found[..] else { panic!("{} of {kind}", found.len()) };
    let typed: T = serde_json::from_value(only.clone()).unwrap();
    // What the API does not know it would refuse, or drop.
    assert_eq!(&serde_json::to_value(&typed).unwrap(), only, "{kind}");
    typed
}

/// What a role permits: verb, API group and resource.
fn permitted(rules: &[v1::PolicyRule]) -> BTreeSet<[String; 3]> {
    let mut all = BTreeSet::new();
    for rule in rules {
        assert!(rule.resource_names.is_none() && rule.non_resource_urls.is_none());
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                all.extend(rule.verbs.iter().map(|verb| [verb.clone(), group.clone(), resource.clone()]));
            }
        }
    }
    all
}

#[test]
fn the_role_that_is_deployed_permits_what_is_asked_for_and_nothing_else() {
    let objects = manifest("rbac.yaml");
    let role: v1::Role = object(&objects, "Role");
    let permitted = permitted(role.rules.as_deref().unwrap());
    let scene = Scene::new(Stage::local());
    let allow =
        |access: Access, [verb, _, resource]: &[String; 3]| access.allow_in(&scene.stage.namespace, verb, resource);
    scene.stage.cluster().add_user("pod", "pod", permitted.iter().fold(Access::none(), allow));
    // One that ends while another goes on, and one that is replaced: all that a replica ever does.
    let first = scene.replica(&["--token", "pod"]);
    scene.stage.create(&other().counts("blast", 20));
    first.0.until_said(&format!("{OTHER}: it has ended"));
    let plan = JobPlan::batch(0);
    scene.stage.create(&plan.restarts(3).container(
        "blast",
        "echo one; [ -e once ] && sleep 1 && exit 0; touch once; until [ -e on ]; do sleep 0.05; [ -e second ] && touch on; touch second; done; exit 1",
    ));
    first.0.until_said(&format!("{ID}: kept from now on"));
    first.0.signal("-TERM");
    let said = [first.0.end().code(143).stderr];
    let second = scene.replica(&["--token", "pod"]);
    second.0.until_said(&format!("{ID}: it has ended"));
    second.0.signal("-TERM");
    let said = said.into_iter().chain([second.0.end().code(143).stderr]).collect::<String>();
    assert!(!said.contains("forbidden") && !said.contains("cannot be kept"), "{said}");
    assert_eq!(scene.verified().0, Some(0));
    assert_eq!(scene.stage.cluster().asked("pod"), permitted);
}

/// Prints something that no other namespace's job does.
fn of_namespace(namespace: &str) -> JobPlan {
    JobPlan::batch(0).container("blast", &format!("echo {namespace} one; sleep 0.3; echo {namespace} two"))
}

#[test]
fn jobs_of_all_namespaces_are_kept_apart_even_with_one_id() {
    let scene = Scene::new(Stage::local());
    let second = scene.stage.second_namespace();
    let namespaces = [scene.stage.namespace.clone(), second];
    let replica = scene.replica(&["-A"]);
    assert!(replica.0.said().contains("keeping every job of all namespaces"), "{}", replica.0.said());
    let said_once = || replica.0.said().matches("secrets included").count() == 1;
    for namespace in &namespaces {
        scene.stage.create_in(namespace, &of_namespace(namespace));
    }
    scene.stage.create_in(&namespaces[1], &other().counts("blast", 50));
    for namespace in &namespaces {
        replica.0.until_said(&format!("{namespace}/{ID}: it has ended; saved: 2 lines of 1 container"));
    }
    replica.0.until_said(&format!("{}/{OTHER}: it has ended", namespaces[1]));
    scene.stage.until("their Leases are gone", || scene.leases().is_empty());
    assert!(said_once(), "{}", replica.0.said());
    replica.0.signal("-TERM");
    replica.0.end().code(143);
    let listed = scene.stage.run(&["archives", &scene.place, "-o", "name"]);
    let names = crate::lines::lines(&listed.get_output().stdout);
    let beside: Vec<&String> = names.iter().filter(|name| name.starts_with(&format!("{ID}@"))).collect();
    assert_eq!((names.len(), beside.len()), (3, 1), "{names:?}");
    let archived = scene.archives();
    let second: Vec<_> = archived.as_array().unwrap().iter().filter(|job| job["namespace"] == *namespaces[1]).collect();
    assert_eq!(second.len(), 2, "{archived}");
    // Whoever came second lies beside; each holds its own, and no more.
    let (_, came_second) = beside[0].split_once('@').unwrap();
    for namespace in &namespaces {
        let job = if namespace == came_second { beside[0].as_str() } else { ID };
        assert_eq!(scene.kept(job), [format!("{namespace} one"), format!("{namespace} two")]);
        let both = scene.stage.command_in(namespace, &["logs", ID, "--archive", &scene.place, "-o", "raw"]);
        let both = crate::lines::lines(&crate::stage::run(both).code(0).get_output().stdout);
        assert_eq!(both, [format!("{namespace} one"), format!("{namespace} two")], "of {namespace}");
    }
    assert_eq!(scene.verified().0, Some(0));

    let again = scene.replica(&["-A"]);
    scene.stage.until("it knows of all", || again.metric("elbtail_jobs{state=\"ended\"}") == Some(3.0));
    again.0.signal("-TERM");
    let said = again.0.end().code(143).stderr;
    assert!(!said.contains("job-"), "nothing is begun again: {said}");
}

#[test]
fn a_job_is_gone_on_with_in_its_own_namespace_alone() {
    let scene = Scene::new(Stage::local());
    let second = scene.stage.second_namespace();
    let namespaces = [scene.stage.namespace.clone(), second];
    for namespace in &namespaces {
        scene.stage.create_in(namespace, &of_namespace(namespace));
    }
    for _ in 0..2 {
        for namespace in &namespaces {
            let save = scene.stage.command_in(namespace, &["save", "-f", ID, &scene.place]);
            crate::stage::run(save).code(0);
        }
    }
    assert_eq!(scene.kept(ID), [format!("{} one", namespaces[0]), format!("{} two", namespaces[0])]);
    let beside = format!("{ID}@{}", namespaces[1]);
    assert_eq!(scene.kept(&beside), [format!("{} one", namespaces[1]), format!("{} two", namespaces[1])]);
    assert_eq!(scene.verified().0, Some(0));
}

#[test]
fn the_role_for_all_namespaces_permits_what_is_asked_for_with_it_and_nothing_else() {
    let cluster_role: v1::ClusterRole = object(&manifest("all-namespaces.yaml"), "ClusterRole");
    let binding: v1::ClusterRoleBinding = object(&manifest("all-namespaces.yaml"), "ClusterRoleBinding");
    assert_eq!(Some(&binding.role_ref.name), cluster_role.metadata.name.as_ref());
    let everywhere = permitted(cluster_role.rules.as_deref().unwrap());
    let role: v1::Role = object(&manifest("rbac.yaml"), "Role");
    let mut in_one = permitted(role.rules.as_deref().unwrap());
    in_one.retain(|[_, group, _]| group == "coordination.k8s.io");
    let scene = Scene::new(Stage::local());
    let second = scene.stage.second_namespace();
    let access = everywhere.iter().fold(Access::none(), |access, [verb, _, resource]| access.allow(verb, resource));
    let own = &scene.stage.namespace;
    let access = in_one.iter().fold(access, |access, [verb, _, resource]| access.allow_in(own, verb, resource));
    scene.stage.cluster().add_user("pod", "pod", access);
    // One that ends there while another goes on, and one that is replaced.
    let first = scene.replica(&["-A", "--token", "pod"]);
    scene.stage.create_in(&second, &other().counts("blast", 20));
    first.0.until_said(&format!("{second}/{OTHER}: it has ended"));
    scene.stage.create_in(&second, &JobPlan::batch(0).restarts(3).container(
        "blast",
        "echo one; [ -e once ] && sleep 1 && exit 0; touch once; until [ -e on ]; do sleep 0.05; [ -e second ] && touch on; touch second; done; exit 1",
    ));
    first.0.until_said(&format!("{second}/{ID}: kept from now on"));
    first.0.signal("-TERM");
    let said = [first.0.end().code(143).stderr];
    let next = scene.replica(&["-A", "--token", "pod"]);
    next.0.until_said(&format!("{second}/{ID}: it has ended"));
    next.0.signal("-TERM");
    let said = said.into_iter().chain([next.0.end().code(143).stderr]).collect::<String>();
    assert!(!said.contains("forbidden") && !said.contains("cannot be kept"), "{said}");
    assert_eq!(scene.verified().0, Some(0));
    assert_eq!(scene.stage.cluster().asked("pod"), everywhere.union(&in_one).cloned().collect());

    // The Role of one namespace is not enough, which is told at once.
    let own_role = permitted(role.rules.as_deref().unwrap());
    let access =
        own_role.iter().fold(Access::none(), |access, [verb, _, resource]| access.allow_in(own, verb, resource));
    scene.stage.cluster().add_user("less", "less", access);
    let run =
        scene.stage.run(&["save", "-f", "--all", "-A", &scene.place, "--listen", "127.0.0.1:0", "--token", "less"]);
    let said = String::from_utf8_lossy(&run.code(7).get_output().stderr).into_owned();
    assert!(said.contains("cannot list resource \"pods\"") && said.contains("at the cluster scope"), "{said}");
    assert!(said.contains("deploy/all-namespaces.yaml has the role for it"), "{said}");
}

/// A server of another kind, or one whose API is cut down, says of what it does not know no more than that.
#[test]
fn an_api_server_without_leases_is_told_by_their_name() {
    let scene = Scene::new(Stage::local());
    let unserved = |call: &testcluster::Call| call.path.contains("/leases");
    let action =
        testcluster::Action::Foreign { code: 404, media: "text/plain", text: "404 page not found\n".to_owned() };
    scene.stage.cluster().faults().push(testcluster::Rule::new(unserved, action));
    let run = scene.stage.run(&["save", "-f", "--all", &scene.place, "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&run.code(1).get_output().stderr).into_owned();
    assert!(said.contains("Leases (coordination.k8s.io/v1) are not served there"), "{said}");
}

#[test]
fn a_role_that_is_missing_is_told_at_once() {
    let scene = Scene::new(Stage::local());
    for (name, access, told) in [
        ("nobody", Access::none(), "cannot list resource \"leases\" in API group \"coordination.k8s.io\""),
        ("half", Access::none().allow("*", "leases"), "cannot list resource \"pods\""),
    ] {
        scene.stage.cluster().add_user(name, name, access);
        let run = scene.stage.run(&["save", "-f", "--all", &scene.place, "--listen", "127.0.0.1:0", "--token", name]);
        let said = String::from_utf8_lossy(&run.code(7).get_output().stderr).into_owned();
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn a_job_that_somebody_saves_alone_is_waited_for() {
    let scene = Scene::new(Stage::new());
    let plan = JobPlan::batch(0);
    let tag = plan.tag("blast");
    scene.stage.create(&plan.container("blast", &slowly(&tag, 200)));
    let alone = scene.stage.start(&["save", "-f", ID, &scene.place, "--max-age", "100ms"]);
    alone.until_said("the archive holds what the pods wrote");
    let replica = scene.replica(&[]);
    replica.0.until_said(&format!("{ID}: waiting for the right to write it"));
    scene.stage.until("it is told as waiting", || replica.metric("elbtail_jobs{state=\"waiting\"}") == Some(1.0));
    alone.signal("-KILL");
    alone.end();
    replica.0.until_said(&format!("{ID}: kept from now on"));
    replica.0.until_said(&format!("{ID}: it has ended"));
    replica.0.signal("-TERM");
    let said = replica.0.end().code(143).stderr;
    assert_eq!(said.matches("waiting for the right").count(), 1, "{said}");
    assert_eq!(scene.kept(ID), numbered(&tag, 200));
    assert_eq!(scene.verified().0, Some(0));
}

#[test]
fn two_archives_keep_the_same_job() {
    let one = Scene::new(Stage::new());
    let place = format!("{}-too", one.place);
    let replica = one.replica(&[]);
    // Neither of them need be told where it listens.
    let other = one.stage.start(&["save", "-f", "--all", &place, "--redact"]);
    other.until_said("/metrics on http://127.0.0.1:");
    let third = one.stage.start(&["save", "-f", "--all", &place, "--redact"]);
    third.until_said("/metrics on http://127.0.0.1:");
    third.signal("-TERM");
    third.end().code(143);
    let plan = JobPlan::batch(0).counts("blast", 100);
    one.stage.create(&plan);
    for replica in [&replica.0, &other] {
        replica.until_said(&format!("{ID}: it has ended; saved: 100 lines of 1 container"));
        replica.signal("-TERM");
    }
    assert_eq!(one.kept(ID), plan.expected());
    one.stage.run(&["verify", &place]).code(0);
}

#[test]
fn a_job_that_cannot_be_kept_is_told_and_its_lease_given_up() {
    let scene = Scene::new(Stage::new());
    let plan = JobPlan::batch(0).container("blast", "echo one; until [ -e on ]; do sleep 0.05; done");
    scene.stage.create(&plan);
    scene.stage.until_printed(&plan.name, "blast", "one\n");
    scene.stage.run(&["save", ID, &scene.place]).code(0);
    let replica = scene.replica(&["--redact"]);
    replica.0.until_said("was saved without --redact: go on without it; tried again in");
    scene.stage.until("its Lease is nobody's", || {
        let holder = |lease: Lease| lease.spec.and_then(|spec| spec.holder_identity);
        scene.stage.list::<Lease>().into_iter().all(|lease| holder(lease).as_deref() == Some(""))
    });
    scene.stage.until("it is free", || replica.metric("elbtail_jobs{state=\"free\"}") == Some(1.0));
    replica.0.signal("-TERM");
    replica.0.end().code(143);
    scene.stage.delete(&plan.name);
}

#[test]
fn what_is_deployed_is_what_kubernetes_knows_and_confined() {
    let objects = manifest("rbac.yaml");
    let account: ServiceAccount = object(&objects, "ServiceAccount");
    let role: v1::Role = object(&objects, "Role");
    let binding: v1::RoleBinding = object(&objects, "RoleBinding");
    assert_eq!((binding.role_ref.kind.as_str(), Some(&binding.role_ref.name)), ("Role", role.metadata.name.as_ref()));
    let subject = &binding.subjects.unwrap()[0];
    assert_eq!((subject.kind.as_str(), Some(&subject.name)), ("ServiceAccount", account.metadata.name.as_ref()));

    let deployment: Deployment = object(&manifest("deployment.yaml"), "Deployment");
    let spec = deployment.spec;
    assert!(spec.replicas >= Some(2));
    let labels = spec.template.metadata.unwrap().labels.unwrap();
    assert!(spec.selector.match_labels.unwrap().iter().all(|(key, value)| labels.get(key) == Some(value)));
    let pod = spec.template.spec.unwrap();
    assert_eq!(pod.service_account_name, account.metadata.name);
    assert!(pod.termination_grace_period_seconds > Some(10));
    assert_eq!(pod.security_context.as_ref().and_then(|context| context.run_as_non_root), Some(true));
    let [container] = &pod.containers[..] else { panic!("one container") };
    let context = container.security_context.as_ref().unwrap();
    assert_eq!(context.read_only_root_filesystem, Some(true));
    assert_eq!(context.allow_privilege_escalation, Some(false));
    assert_eq!(context.capabilities.as_ref().and_then(|all| all.drop.clone()), Some(vec!["ALL".to_owned()]));
    let resources = container.resources.as_ref().unwrap();
    for part in [&resources.requests, &resources.limits] {
        assert!(["cpu", "memory"].iter().all(|name| part.as_ref().unwrap().contains_key(*name)));
    }
    // Its probes ask where it listens, and its flags are flags.
    let args: Vec<&str> = container.args.iter().flatten().map(String::as_str).collect();
    let listen = args.iter().position(|word| *word == "--listen").map(|at| args[at + 1]).unwrap();
    let port = container.ports.as_ref().unwrap()[0].container_port;
    assert_eq!(listen, format!("0.0.0.0:{port}"));
    for probe in [&container.readiness_probe, &container.liveness_probe] {
        let ask = probe.as_ref().unwrap().http_get.as_ref().unwrap();
        assert_eq!(ask.path.as_deref(), Some("/healthz"));
    }
    let stage = Stage::local();
    let place = stage.directory.path().join("archive");
    let args: Vec<&str> = args
        .into_iter()
        .map(|word| match word {
            "$(DEST)" => text(&place),
            "0.0.0.0:8080" => "127.0.0.1:0",
            other => other,
        })
        .collect();
    let running = stage.start(&args);
    running.until_said("keeping every job of namespace");
    running.signal("-TERM");
    running.end().code(143);

    // What kustomize puts together is there.
    let kustomization = &manifest("kustomization.yaml")[0];
    for resource in kustomization["resources"].as_array().unwrap() {
        assert!(!manifest(resource.as_str().unwrap()).is_empty());
    }
    assert_eq!(kustomization["images"][0]["name"], container.image.as_deref().unwrap().split(':').next().unwrap());
    let nodes: v1::ClusterRole = object(&manifest("node-logs.yaml"), "ClusterRole");
    let only = BTreeSet::from([["get", "", "nodes/proxy"].map(str::to_owned)]);
    assert_eq!(permitted(&nodes.rules.unwrap()), only);
    let _: v1::ClusterRoleBinding = object(&manifest("node-logs.yaml"), "ClusterRoleBinding");
}
