//! Logs that outlive their pods: `save`, and what is read of it afterwards.

use std::time::Duration;

use crate::{
    jobs::{JobPlan, count, finalizer, incident, numbered},
    stage::{ID, ROW, Stage, run, text},
};

/// The lines of a container that is replayed alone, in its own order.
fn replayed(stage: &Stage, place: &str, container: &str) -> Vec<String> {
    crate::lines::lines(&stage.run(&["replay", place, "-o", "raw", "-c", container]).get_output().stdout)
}

fn sorted(bytes: &[u8]) -> Vec<String> {
    let mut lines = crate::lines::lines(bytes);
    lines.sort();
    lines
}

#[test]
fn what_was_saved_outlives_its_pods() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let save = stage.start(&["save", ROW, place, "-f"]);
    for plan in incident(20) {
        stage.create(&plan);
    }
    stage.until("all but the finalizer have pods", || stage.pods().len() == 10);
    stage.resume(&finalizer(20).name);
    let said = save.end().code(0).stderr;
    assert!(said.contains("the archive holds what the pods wrote"), "{said}");
    assert!(said.contains("saved: 520 lines of 26 containers"), "{said}");
    let live = stage.run(&["logs", ROW, "-o", "json"]).code(0);
    let live = sorted(&live.get_output().stdout);
    assert_eq!(live.len(), 26 * 20);
    for plan in incident(20) {
        stage.delete(&plan.name);
    }
    stage.until("no pod is left", || stage.pods().is_empty());

    let mut logs = stage.command(&["logs", ROW]);
    logs.env("ELBTAIL_ARCHIVE", place);
    let said = String::from_utf8_lossy(&run(logs).code(5).get_output().stderr).into_owned();
    let hint = format!("the archive has 520 lines of it: elbtail replay \"$ELBTAIL_ARCHIVE\" {ID}");
    assert!(said.contains(&hint), "{said}");
    // By whatever name the archive knows it.
    for name in ["18b9edca", "18b9edca-4d8a-41bc-9cd8-3a2f161259b6", "3ed51a95", "job-429825", ID] {
        for command in [&["replay", place, name, "-o", "raw"][..], &["logs", name, "--archive", place, "-o", "raw"]] {
            let printed = stage.run(command).code(0);
            assert_eq!(crate::lines::lines(&printed.get_output().stdout).len(), 520, "{command:?}");
        }
    }
    stage.run(&["logs", "18b9edcb", "--archive", place]).code(5);
    let replay = stage.run(&["replay", place, ROW, "-o", "json"]).code(0).stderr("");
    assert_eq!(sorted(&replay.get_output().stdout), live);
    let verified = stage.run(&["verify", place]).code(0);
    assert!(String::from_utf8_lossy(&verified.get_output().stdout).starts_with(&format!("{ID}: complete; ")));
    let listed = stage.run(&["archives", place, "-o", "json"]).code(0);
    let listed: serde_json::Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    assert_eq!(
        (&listed[0]["lines"], &listed[0]["instances"], &listed[0]["complete"]),
        (&520.into(), &26.into(), &true.into())
    );
    assert_eq!(listed[0]["row"], "18b9edca-4d8a-41bc-9cd8-3a2f161259b6");
    // The objects beside the logs.
    for (kind, part) in
        [("pods", "\"phase\":\"Succeeded\""), ("jobs", "\"kind\":\"Job\""), ("row", "18b9edca"), ("resolution", ID)]
    {
        let found = changes(&stage, kind);
        assert!(found.iter().any(|line| line.contains(part)), "{kind}: {found:?}");
    }
}

/// The lines of a stream of changes, as `zstdcat` has them.
fn changes(stage: &Stage, kind: &str) -> Vec<String> {
    let directory = stage.directory.path().join(format!("archive/jobs/{ID}/chunks/changes/{kind}"));
    let mut chunks: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    chunks.sort();
    let read = |path| zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    chunks.into_iter().flat_map(|path| crate::lines::lines(&read(path))).collect()
}

#[test]
fn what_has_ended_is_saved_at_once_and_only_once() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let plan = JobPlan::batch(0).init_counts("import-query-batches", 10).counts("blast", 300);
    stage.create(&plan);
    stage.until_jobs_end();
    for _ in 0..2 {
        stage.run(&["save", ROW, place, "--dashboard-chunks"]).code(0);
    }
    // What the dashboard keeps of it: the last 200 lines.
    let logs = stage.directory.path().join("archive/18b9edca-4d8a-41bc-9cd8-3a2f161259b6/execution-steps/logs");
    let chunk = |number| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(logs.join(format!("running/{number:06}.json"))).unwrap()).unwrap()
    };
    let events: Vec<serde_json::Value> =
        (0..3).flat_map(|number| chunk(number)["events"].as_array().unwrap().clone()).collect();
    assert_eq!(events.len(), 210, "and 10 of the init container");
    assert_eq!(events[0]["line"], format!("{} line 101", plan.tag("blast")));
    assert_eq!(replayed(&stage, place, "blast"), numbered(&plan.tag("blast"), 300));
    assert_eq!(replayed(&stage, place, "import-query-batches"), numbered(&plan.tag("import-query-batches"), 10));
    stage.run(&["verify", place]).code(0);
    let pods = changes(&stage, "pods");
    assert_eq!(pods.len(), 1, "as it was the first time: {pods:?}");
}

#[test]
fn a_pod_that_is_deleted_while_nobody_saves_is_told_as_missing() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let script = format!("{}; while :; do sleep 0.1; done", count("before", 100));
    let plan = JobPlan::batch(0).container("blast", &script);
    stage.create(&plan);
    stage.until_printed(&plan.name, "blast", "before line 100\n");
    stage.run(&["save", ROW, place]).code(0);
    let faults = || {
        let verified = stage.run(&["verify", place]).code(8);
        String::from_utf8_lossy(&verified.get_output().stdout).into_owned()
    };
    assert!(faults().contains("not known to be complete"), "{}", faults());
    stage.delete(&plan.name);
    stage.until("no pod is left", || stage.pods().is_empty());
    stage.run(&["save", ROW, place]).code(5);
    assert!(faults().contains("the pod was deleted before it was read to its end"), "{}", faults());
    let replay = stage.run(&["replay", place, "-o", "raw"]).code(8);
    assert_eq!(crate::lines::lines(&replay.get_output().stdout), numbered("before", 100));
}

#[test]
fn each_save_tells_of_pods_that_went_while_nobody_saved_also_when_others_are_there() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let script = format!("{}; while :; do sleep 0.1; done", count("before", 100));
    let gone = JobPlan::batch(0).container("blast", &script);
    let stays = JobPlan::batch(1).counts("blast", 50);
    for plan in [&gone, &stays] {
        stage.create(plan);
    }
    stage.until_printed(&gone.name, "blast", "before line 100\n");
    stage.run(&["save", ROW, place]).code(0);
    stage.delete(&gone.name);
    stage.until("one pod is left", || stage.pods().len() == 1);
    stage.until_jobs_end();
    // Found by the first, known to the others.
    for run in 0..3 {
        let said = stage.run(&["save", ROW, place]).code(8);
        let said = String::from_utf8_lossy(&said.get_output().stderr).into_owned();
        let told = "lines after line 100 are missing: the pod was deleted before it was read to its end";
        assert_eq!(said.matches(told).count(), 1, "{run}: {said}");
    }
    stage.run(&["verify", place]).code(8);
}

#[test]
fn a_save_tells_of_objects_that_cannot_be_read_any_more() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    stage.create(&JobPlan::batch(0).counts("blast", 50));
    stage.until_jobs_end();
    stage.run(&["save", ROW, place]).code(0);
    std::fs::remove_dir_all(format!("{place}/jobs/{ID}/chunks/changes")).unwrap();
    for _ in 0..2 {
        let said = stage.run(&["save", ROW, place]).code(8);
        let said = String::from_utf8_lossy(&said.get_output().stderr).into_owned();
        assert!(said.contains("changes/pods: lines 0 to ") && said.contains("it is not there"), "{said}");
    }
    // As it is now it is kept once more.
    assert!(!changes(&stage, "pods").is_empty());
}

/// The files of the chunks of a container's first instance, in order.
fn chunk_files(place: &str) -> Vec<std::path::PathBuf> {
    let logs = format!("{place}/jobs/{ID}/chunks/logs");
    let pod = std::fs::read_dir(logs).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<_> =
        std::fs::read_dir(pod.join("blast/0")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn chunks_are_filled_again(redact: &[&str]) {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let slowly =
        "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo \"line $i API_TOKEN=pl4nted0Secr3t$i\"; sleep 0.03; done";
    let plan = JobPlan::batch(0).container("blast", slowly);
    stage.create(&plan);
    stage.run(&[&["save", "-f", ID, place, "--max-age", "200ms"], redact].concat()).code(0);
    let whole = replayed(&stage, place, "blast");
    assert_eq!((whole.len(), whole[0].contains("pl4nted")), (60, redact.is_empty()));
    let files = chunk_files(place);
    assert!(files.len() >= 3, "{files:?}");
    let bytes: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let damage = || {
        let mut flipped = bytes[0].clone();
        flipped[20] ^= 1;
        std::fs::write(&files[0], flipped).unwrap();
        std::fs::write(&files[1], &bytes[1][..bytes[1].len() / 2]).unwrap();
        std::fs::remove_file(files.last().unwrap()).unwrap();
        stage.run(&["verify", place]).code(8);
    };
    damage();
    let save = || stage.run(&[&["save", ID, place], redact].concat());
    let said = String::from_utf8_lossy(&save().code(0).get_output().stderr).into_owned();
    assert_eq!(said.matches("are filled again from Kubernetes").count(), 3, "{said}");
    assert!(said.contains("blast instance 0: lines 0 to "), "{said}");
    stage.run(&["verify", place]).code(0);
    for (file, bytes) in files.iter().zip(&bytes) {
        assert_eq!(&std::fs::read(file).unwrap(), bytes, "{file:?}");
    }
    assert_eq!(replayed(&stage, place, "blast"), whole);

    // What is no file and cannot be replaced does not keep the others from being filled.
    damage();
    std::fs::remove_file(&files[1]).unwrap();
    std::fs::create_dir_all(files[1].join("odd")).unwrap();
    let said = String::from_utf8_lossy(&save().code(8).get_output().stderr).into_owned();
    assert_eq!(said.matches("are filled again from Kubernetes").count(), 2, "{said}");
    assert_eq!(said.matches("cannot be read any more: ").count(), 1, "{said}");
    std::fs::remove_dir_all(&files[1]).unwrap();
    save().code(0);
    assert_eq!(replayed(&stage, place, "blast"), whole);

    // What Kubernetes has no more stays missing, and is told each time.
    damage();
    stage.delete(&plan.name);
    stage.until("no pod is left", || stage.pods().is_empty());
    let said = String::from_utf8_lossy(&save().code(5).get_output().stderr).into_owned();
    assert_eq!(said.matches("cannot be read any more: Kubernetes does not have its log any more").count(), 2, "{said}");
    stage.run(&["verify", place]).code(8);
}

#[test]
fn chunks_that_are_damaged_are_filled_again_as_long_as_kubernetes_has_their_lines() {
    chunks_are_filled_again(&[]);
}

#[test]
fn chunks_whose_secrets_were_masked_are_filled_again() {
    chunks_are_filled_again(&["--redact"]);
}

/// The chunks of a stream that are in the archive.
fn chunks(stage: &Stage, stream: &str) -> usize {
    let directory = stage.directory.path().join(format!("archive/jobs/{ID}/chunks/{stream}"));
    std::fs::read_dir(directory).map_or(0, |entries| entries.count())
}

#[test]
fn pods_that_went_after_a_save_was_killed_are_told_as_missing() {
    // Nothing of the logs is durable for a minute. Pods are there first, or come while it follows.
    for pods_first in [true, false] {
        let stage = Stage::new();
        let place = stage.directory.path().join("archive");
        let place = text(&place);
        let script = format!("{}; while :; do sleep 0.1; done", count("before", 100));
        let plans = [0, 1].map(|shard| JobPlan::batch(shard).container("blast", &script));
        let create = || {
            for plan in &plans {
                stage.create(plan);
                stage.until_printed(&plan.name, "blast", "before line 100\n");
            }
        };
        if pods_first {
            create();
        }
        let save = stage.start(&["save", ROW, place, "-f"]);
        save.until_said("the archive holds what the pods wrote");
        if !pods_first {
            stage
                .until("the job is begun", || stage.directory.path().join(format!("archive/jobs/{ID}/index")).exists());
            create();
        }
        let told = || String::from_utf8_lossy(&stage.run(&["verify", place]).get_output().stdout).into_owned();
        stage.until("the pods are known", || {
            chunks(&stage, "changes/pods") > 0
                && plans.iter().all(|plan| changes(&stage, "pods").concat().contains(&plan.name))
                && changes(&stage, "pods").iter().filter(|pod| pod.contains("\"running\":{")).count() >= 2
        });
        assert!(told().contains("being saved: more may come"), "{}", told());
        // What is named is durable, and its commit follows at once.
        std::thread::sleep(Duration::from_millis(500));
        save.signal("-KILL");
        save.end();
        plans.iter().for_each(|plan| stage.delete(&plan.name));
        stage.until("no pod is left", || stage.pods().is_empty());
        let said = stage.run(&["save", ROW, place]).code(5);
        let said = String::from_utf8_lossy(&said.get_output().stderr).into_owned();
        assert!(said.contains("the archive of it remains unfinished"), "{said}");
        stage.run(&["verify", place]).code(8);
        assert!(told().contains("not ended: saving stopped"), "{}", told());
        let lost = told().matches("the pod was deleted before it was read").count();
        assert_eq!(lost, 2, "pods first: {pods_first}: {}", told());
        let replay = stage.run(&["replay", place, "-o", "raw"]).code(8);
        assert_eq!(replay.get_output().stdout, b"");
    }
}

#[test]
fn containers_that_a_killed_look_did_not_reach_are_told_as_missing() {
    let plans: Vec<JobPlan> = (0..8).map(|shard| JobPlan::batch(shard).counts("blast", 3000)).collect();
    let stage = Stage::new();
    plans.iter().for_each(|plan| stage.create(plan));
    stage.until_jobs_end();
    let places = [0, 150, 300, 450, 600].map(|millis| {
        let place = format!("{}/archive-{millis}", stage.directory.path().display());
        let save = stage.start(&["save", ROW, &place]);
        std::thread::sleep(Duration::from_millis(millis));
        save.signal("-KILL");
        (place, save.end().signal == Some(9))
    });
    plans.iter().for_each(|plan| stage.delete(&plan.name));
    stage.until("no pod is left", || stage.pods().is_empty());
    for (place, killed) in places {
        stage.run(&["save", ROW, &place]).code(5);
        let verified = stage.run(&["verify", &place]);
        let code = verified.get_output().status.code();
        let verified = String::from_utf8_lossy(&verified.get_output().stdout).into_owned();
        // It may have been killed behind its last word.
        let complete = verified.contains(": complete; ");
        assert!(complete || killed, "{verified}");
        let expected = if complete { 0 } else { 8 };
        assert_eq!(code, Some(expected), "{verified}");
        // Killed before the pods were known, nobody knows what there was, and nothing can have been read.
        let index = std::fs::read_dir(format!("{place}/jobs/{ID}/index")).unwrap();
        let index: String = index.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
        assert!(index.contains("changes/pods") || !index.contains("logs/"), "{index}");
        if index.contains("changes/pods") {
            let printed = stage.run(&["replay", &place, "-o", "raw"]).code(expected);
            let printed = crate::lines::lines(&printed.get_output().stdout);
            for plan in &plans {
                let found = plan.expected().iter().filter(|line| printed.contains(line)).count();
                assert!(
                    found == 3000 || (!complete && verified.contains(&plan.name)),
                    "{}: {found}: {verified}",
                    plan.name
                );
            }
        }
    }
}

#[test]
fn secrets_are_masked_on_the_way_in_and_the_rest_is_saved_once() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let script = "echo before; echo 'export API_TOKEN=pl4nted0Secr3t'; echo after; until [ -e on ]; do sleep 0.1; done; echo end";
    let plan = JobPlan::batch(0).container("blast", script).env("ACCOUNT_KEY", "pl4nted0Key==");
    stage.create(&plan);
    stage.until_printed(&plan.name, "blast", "after\n");
    let said = stage.run(&["save", ROW, place, "--redact"]).code(0);
    assert!(!String::from_utf8_lossy(&said.get_output().stderr).contains("secrets included"));
    stage.run(&["save", ROW, place, "--redact"]).code(0);
    let lines = crate::lines::lines(&stage.run(&["replay", place, "-o", "raw"]).get_output().stdout);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!((&*lines[0], &*lines[2]), ("before", "after"));
    assert!(lines[1].contains("API_TOKEN=") && !lines[1].contains("pl4nted"), "{lines:?}");
    let pods = changes(&stage, "pods").concat();
    assert!(pods.contains("ACCOUNT_KEY") && !pods.contains("pl4nted"), "{pods}");
    // Half of a log masked and half of it not would be neither.
    stage.run(&["save", ROW, place]).code(2);
    stage.delete(&plan.name);
}

/// Everything that is in a directory, chunks as the text that they hold.
fn everything(directory: &std::path::Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all += &everything(&path);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let is_chunk = path.extension().is_some_and(|extension| extension == "zst");
        let bytes = if is_chunk { zstd::stream::decode_all(&bytes[..]).unwrap() } else { bytes };
        all += &String::from_utf8_lossy(&bytes);
    }
    all
}

/// Wherever a secret stands: in a line, in the row, in a pod's environment or command, in what an event says.
#[test]
fn no_secret_is_anywhere_in_an_archive_that_is_masked_and_without_that_it_is_said_once() {
    let stage = Stage::new();
    let row = serde_json::json!({
        "job_id": "18b9edca-4d8a-41bc-9cd8-3a2f161259b6",
        "status": "running",
        "payload": {
            "elastic_blast_job_id": ID,
            "connection_string": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=pl4nted0Key0pl4nted==",
            "submit": {"stdout": "azcopy copy https://a.blob.core.windows.net/c?sv=2024&sig=pl4nted%2Bsig"},
        },
    });
    let row = stage.write("row.json", &row.to_string());
    let script = "echo 'export API_TOKEN=pl4nted0Secr3t'; echo after";
    let plan = JobPlan::batch(0).container("blast", script).env("ACCOUNT_KEY", "pl4nted0Key==");
    stage.create(&plan);
    stage.until_jobs_end();
    let pod = stage.pods().into_iter().find(|pod| pod.metadata.name.as_ref().unwrap().starts_with(&plan.name)).unwrap();
    let event = serde_json::json!({
        "metadata": {"name": "planted"},
        "involvedObject": {"kind": "Pod", "name": pod.metadata.name, "uid": pod.metadata.uid, "namespace": stage.namespace},
        "reason": "Failed",
        "message": "curl -H 'Authorization: Bearer pl4nted0Bear3r0Tok3n' failed",
    });
    stage.create_event(&event);
    let place = |name: &str| stage.directory.path().join(name);
    for (name, more) in [("masked", &["--redact"][..]), ("whole", &[])] {
        let place = place(name);
        let save = [&["save", text(&row), text(&place), "--dashboard-chunks"], more].concat();
        let said = String::from_utf8_lossy(&stage.run(&save).code(0).get_output().stderr).into_owned();
        assert_eq!(said.matches("secrets included").count(), usize::from(more.is_empty()), "{said}");
    }
    let (masked, whole) = (everything(&place("masked")), everything(&place("whole")));
    for what in ["API_TOKEN", "ACCOUNT_KEY", "connection_string", "azcopy copy https://a.blob", "Authorization: Bearer"]
    {
        assert!(masked.contains(what) && whole.contains(what), "{what}");
    }
    let found = masked.find("pl4nted").map(|at| &masked[at.saturating_sub(100)..(at + 100).min(masked.len())]);
    assert_eq!(found, None);
    for secret in ["pl4nted0Secr3t", "pl4nted0Key==", "pl4nted0Key0pl4nted", "pl4nted%2Bsig", "pl4nted0Bear3r"] {
        assert!(whole.contains(secret), "{secret}");
    }
}

#[test]
fn an_id_that_comes_later_is_waited_for_and_saved() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let row = |status: &str, id: Option<&str>| {
        let payload = serde_json::json!({"elastic_blast_job_id": id});
        let row =
            serde_json::json!({"job_id": "18b9edca-4d8a-41bc-9cd8-3a2f161259b6", "status": status, "payload": payload});
        row.to_string()
    };
    let path = stage.write("row.json", &row("queued", None));
    // A single look has nothing to wait with.
    stage.run(&["save", text(&path), place]).code(4);
    let save = stage.start(&["save", text(&path), place, "-f"]);
    save.until_said("the row holds no ElasticBLAST id yet, waiting for it");
    let job = JobPlan::batch(0).counts("blast", 20);
    stage.create(&job);
    stage.write("row.json", "{");
    save.until_said("the row cannot be read at present");
    stage.write("row.json", &row("running", Some(ID)));
    save.until_said(&format!("the row names its id now: {ID}"));
    let said = save.end().code(0).stderr;
    assert!(said.contains("the row can be read again") && said.contains("saved: 20 lines of 1 container"), "{said}");
    assert_eq!(replayed(&stage, place, "blast"), job.expected());
    let last = changes(&stage, "row").pop().unwrap();
    assert!(last.contains(ID), "{last}");

    // A row that ends without one is not waited for, and whoever waits may be asked to end.
    let path = stage.write("other.json", &row("queued", None));
    let save = stage.start(&["save", text(&path), place, "-f"]);
    save.until_said("waiting for it");
    stage.write("other.json", &row("failed", None));
    save.end().code(4);
    let path = stage.write("third.json", &row("queued", None));
    let save = stage.start(&["save", text(&path), place, "-f"]);
    save.until_said("waiting for it");
    save.signal("-TERM");
    let said = save.end().code(143).stderr;
    assert!(said.contains("nothing was saved"), "{said}");
}

#[test]
fn two_at_once_are_refused() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    let first = stage.start(&["save", ROW, place, "-f"]);
    first.until_said("the archive holds what the pods wrote");
    let second = stage.run(&["save", ROW, place, "-f"]).code(1);
    let said = String::from_utf8_lossy(&second.get_output().stderr).into_owned();
    assert!(said.contains("is being written by process") && said.contains("two at once are refused"), "{said}");
    first.signal("-TERM");
    first.end().code(143);
    // It has let go: now there is only nothing to save.
    stage.run(&["save", ROW, place]).code(5);
}

/// How often it is killed; `ELBTAIL_KILLS` says otherwise.
fn kills() -> usize {
    std::env::var("ELBTAIL_KILLS").map_or(10, |kills| kills.parse().unwrap())
}

#[test]
fn a_save_that_is_killed_at_any_moment_is_gone_on_from() {
    let stage = Stage::new();
    let place = stage.directory.path().join("archive");
    let place = text(&place);
    // 50 containers that fail twice and then end well, each instance with lines of its own, for about as long as it is killed.
    let lines = kills() + 5;
    let script = |tag: &str| {
        format!(
            "n=$(cat {tag} 2>/dev/null || echo 0); echo $((n+1)) > {tag}; \
             i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo \"{tag} $n line $i\"; sleep 0.3; done; [ $n -ge 2 ]"
        )
    };
    let plans: Vec<JobPlan> = (0..10)
        .map(|shard| {
            (0..5).fold(JobPlan::batch(shard).restarts(20), |plan, at| {
                plan.container(&format!("c{at}"), &script(&format!("s{shard}c{at}")))
            })
        })
        .collect();
    plans.iter().for_each(|plan| stage.create(plan));
    let mut random = fastrand::Rng::new();
    let mut killed = 0;
    while killed < kills() {
        let save = stage.start(&["save", ROW, place, "-f", "--max-age", "100ms"]);
        std::thread::sleep(Duration::from_millis(random.u64(0..1500)));
        save.signal("-KILL");
        killed += usize::from(save.end().signal == Some(9));
    }
    let last = stage.start(&["save", ROW, place, "-f"]).end();
    let verified = stage.run(&["verify", place]);
    let verified = String::from_utf8_lossy(&verified.get_output().stdout).into_owned();
    assert!(verified.contains(ID) && !verified.contains("not known to be complete"), "{verified}");
    let mut lost = 0;
    for shard in 0..10 {
        for at in 0..5 {
            let tag = format!("s{shard}c{at}");
            let numbers = |n: usize| (1..=lines).map(move |i| (n, i));
            let text = |(n, i): (usize, usize)| format!("{tag} {n} line {i}");
            let expected: Vec<String> = (0..3).flat_map(numbers).map(text).collect();
            let container = [&format!("c{at}"), "--pod", &format!("s{shard:02}")].map(str::to_owned);
            let run = stage.run(&["replay", place, "-o", "raw", "-c", &container[0], &container[1], &container[2]]);
            let found = crate::lines::lines(&run.get_output().stdout);
            // In order, each at most once, and those of the last instance all.
            let mut rest = expected.iter();
            assert!(found.iter().all(|line| rest.any(|it| it == line)), "{tag}: {found:?}");
            assert!(found.ends_with(&expected[2 * lines..]), "{tag}: {found:?}");
            // On a machine that is too busy an instance may come and go while nobody saves: then it is told, and only then.
            let name = format!("blastn-batch-s{shard:02}-job-000-");
            let told = verified.lines().any(|line| line.contains(&name) && line.contains(&format!(" c{at} instance")));
            assert_eq!(found != expected, told, "{tag}: {} of {}: {verified}", found.len(), expected.len());
            lost += expected.len() - found.len();
        }
    }
    println!("{killed} kills, {} lines of 50 containers, {lost} lost and told", 150 * lines - lost);
    assert!([Some(0), Some(8)].contains(&last.code), "{}", last.stderr);
}
