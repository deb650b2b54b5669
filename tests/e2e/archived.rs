//! `logs --archive`: what was saved and what the cluster has, as one sequence.

use std::{collections::BTreeMap, ops::Range, sync::OnceLock, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use testcluster::{Access, Options, PodHandle, Stream};

use crate::{
    lines::{lines, stderr, stdout},
    stage::{ID, ROW, SHORT, Stage, text},
};

/// So many milliseconds after the pods started.
fn at(millis: u64) -> Timestamp {
    static NOW: OnceLock<i64> = OnceLock::new();
    let now = Timestamp::from_second(*NOW.get_or_init(|| Timestamp::now().as_second())).unwrap();
    now - Duration::from_secs(3600) + Duration::from_millis(millis)
}

/// A stage with an archive.
struct Scene {
    stage: Stage,
    place: String,
}

/// A pod and what its instances have printed until now.
struct Printer {
    pod: PodHandle,
    printed: Vec<Vec<(Timestamp, String)>>,
}

impl Scene {
    fn new() -> Scene {
        let stage = Stage::local_with(Options { collect_after: Duration::from_secs(3600), ..Options::default() });
        let viewer = Access::all().deny("*", "nodes/proxy");
        stage.cluster().add_user("viewer", "viewer", viewer);
        let place = text(&stage.directory.path().join("archive")).to_owned();
        Scene { stage, place }
    }

    fn pod(&self, shard: usize) -> Printer {
        let pod = self.not_started(shard);
        pod.at(at(0)).start("blast");
        Printer { pod, printed: vec![Vec::new()] }
    }

    fn not_started(&self, shard: usize) -> PodHandle {
        self.stage
            .cluster()
            .pod(&format!("blastn-batch-s0{shard}-job-000-{SHORT}-xxxxx"))
            .namespace(&self.stage.namespace)
            .label("app", "blast")
            .label("elb-job-id", ID)
            .label("shard", &shard.to_string())
            .restart_policy("OnFailure")
            .container("blast")
            .create()
    }

    fn save(&self) {
        self.stage.run(&["save", ROW, &self.place]).code(0);
    }

    fn logs(&self, code: i32, more: &[&str]) -> (Vec<String>, String) {
        let run = self.stage.run(&[&["logs", ROW, "--archive", &self.place][..], more].concat()).code(code);
        (stdout(&run), stderr(&run))
    }

    /// The printed lines of each instance, by the shard of its pod.
    #[track_caller]
    fn read(&self, code: i32, more: &[&str]) -> BTreeMap<(usize, u64), Vec<String>> {
        by_instance(&self.logs(code, &[&["-o", "json"], more].concat()).0)
    }
}

fn by_instance(printed: &[String]) -> BTreeMap<(usize, u64), Vec<String>> {
    let mut all: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for line in printed {
        let line: Value = serde_json::from_str(line).unwrap();
        let shard: usize = line["pod"].as_str().unwrap()["blastn-batch-s0".len()..][..1].parse().unwrap();
        let message = line["message"].as_str().unwrap().to_owned();
        all.entry((shard, line["restart"].as_u64().unwrap())).or_default().push(message);
    }
    all
}

impl Printer {
    /// Prints numbered lines from this millisecond on, ten a second.
    fn print(&mut self, numbers: Range<u64>, begin: u64) {
        let restart = self.printed.len() - 1;
        for (step, number) in (0..).zip(numbers) {
            let (time, line) = (at(begin + 100 * step), format!("instance {restart} line {number}"));
            self.pod.print_at("blast", time, Stream::Stdout, &line);
            self.printed[restart].push((time, line));
        }
    }

    fn restart(&mut self, time: u64) {
        self.pod.at(at(time)).restart("blast");
        self.printed.push(Vec::new());
    }
}

/// What the instances of pods 0, 1, … have printed.
fn all_of(pods: &[&Printer]) -> BTreeMap<(usize, u64), Vec<String>> {
    since(at(0), pods)
}

/// The same from a moment on.
fn since(time: Timestamp, pods: &[&Printer]) -> BTreeMap<(usize, u64), Vec<String>> {
    let mut all = BTreeMap::new();
    for (shard, pod) in pods.iter().enumerate() {
        for (restart, printed) in (0..).zip(&pod.printed) {
            let late = printed.iter().filter(|(stamp, _)| *stamp >= time).map(|(_, line)| line.clone());
            all.insert((shard, restart), late.collect::<Vec<String>>());
        }
    }
    all.retain(|_, lines| !lines.is_empty());
    all
}

fn last(lines: &[String], count: usize) -> Vec<String> {
    lines[lines.len().saturating_sub(count)..].to_vec()
}

/// Pod 0 goes on, pod 1 was deleted after it was saved, pod 2 was started again, pod 3 came later.
fn half_saved() -> (Scene, [Printer; 4]) {
    let scene = Scene::new();
    let [mut goes_on, mut deleted, mut restarted] = [0, 1, 2].map(|shard| scene.pod(shard));
    goes_on.print(0..100, 1000);
    deleted.print(0..80, 1000);
    deleted.pod.at(at(20_000)).terminate("blast", 0);
    restarted.print(0..50, 2000);
    scene.save();
    deleted.pod.delete();
    goes_on.print(100..150, 30_000);
    // Stamped before the last line that was saved: stdout and stderr are stamped apart.
    restarted.print(50..60, 6700);
    restarted.restart(40_000);
    restarted.print(0..40, 41_000);
    let mut late = scene.pod(3);
    late.print(0..30, 35_000);
    (scene, [goes_on, deleted, restarted, late])
}

#[test]
fn what_was_saved_and_what_came_later_are_one_log() {
    let (scene, [goes_on, deleted, restarted, late]) = half_saved();
    let all = all_of(&[&goes_on, &deleted, &restarted, &late]);
    for order in [&[][..], &["--order", "arrival"]] {
        assert_eq!(scene.read(0, order), all, "{order:?}");
    }
    let mut reached: BTreeMap<String, String> = BTreeMap::new();
    let printed = scene.logs(0, &["-o", "json"]).0;
    let counts_as = printed.iter().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let reached = reached.entry(line["pod"].to_string()).or_default();
        *reached = line["timestamp"].to_string().max(reached.clone());
        reached.clone()
    });
    assert!(counts_as.is_sorted(), "by time across the seam");
    // Filters.
    let only = |shard: usize| all.clone().into_iter().filter(move |((of, _), _)| *of == shard).collect();
    assert_eq!(scene.read(0, &["--pod", "s01"]), only(1), "gone");
    assert_eq!(scene.read(0, &["--pod", "s00/blast"]), only(0));
    assert_eq!(scene.read(0, &["-c", "blast", "--phase", "running"]), all);
    let said = scene.logs(5, &["-c", "nothing"]).1;
    assert!(said.contains("no container matches"), "{said}");
    // Lines by what they say, on both sides of the seam.
    let nines = |lines: &[String]| lines.iter().filter(|line| line.ends_with('9')).cloned().collect::<Vec<_>>();
    let expected: BTreeMap<_, _> = all.iter().map(|(of, lines)| (*of, nines(lines))).collect();
    assert_eq!(scene.read(0, &["-i", "9$"]), expected);
    assert_eq!(scene.read(0, &["-i", "9$", "-E", "nothing", "--exclude-pod", "s01"]), {
        let mut without = expected.clone();
        without.remove(&(1, 0));
        without
    });
    let shard = |wanted: &str| -> Vec<usize> {
        scene.read(0, &["--container-state", wanted]).keys().map(|(shard, _)| *shard).collect()
    };
    assert_eq!(shard("terminated"), [1], "as it was saved last");
    assert_eq!(shard("running,waiting"), [0, 2, 2, 3]);
    // The last lines, of the latest instance.
    for count in [3, 45, 1000] {
        let tail = scene.read(0, &["--tail", &count.to_string()]);
        let mut latest = all.clone();
        latest.remove(&(2, 0));
        let latest: BTreeMap<_, _> = latest.into_iter().map(|(of, lines)| (of, last(&lines, count))).collect();
        assert_eq!(tail, latest, "--tail {count}");
    }
    // From a moment on, before the seam and behind it; a part of a second counts.
    for time in [5_050, 6_750, 30_650, 41_000, 900_000] {
        let expected = since(at(time), &[&goes_on, &deleted, &restarted, &late]);
        for order in [&[][..], &["--order", "arrival"]] {
            let found = scene.read(0, &[&["--since-time", &at(time).to_string()], order].concat());
            assert_eq!(found, expected, "{time} {order:?}");
        }
    }
    // The instance before the latest, wherever it is.
    let before = BTreeMap::from([((2, 0), all[&(2, 0)].clone())]);
    assert_eq!(scene.read(0, &["-p"]), before);
}

/// What a flag chooses of pods 0 and 1, and what `--stdin` says of it if objects do not have what it chooses by.
type Choice<'a> = (&'a [&'a str], &'a [usize], Option<&'a str>);

#[test]
fn each_choice_is_the_same_of_a_cluster_an_archive_both_and_printed_objects() {
    let scene = Scene::new();
    let mut runs = scene.pod(0);
    let ended = scene.not_started(1);
    ended.schedule_on("node-1").at(at(0)).start("blast");
    let mut ended = Printer { pod: ended, printed: vec![Vec::new()] };
    runs.print(0..5, 1000);
    ended.print(0..5, 1000);
    ended.pod.at(at(5000)).terminate("blast", 0);
    scene.save();
    let (no_labels, no_fields, no_states) =
        (Some("the labels of their pods"), Some("the fields of their pods"), Some("the states of their containers"));
    let name = format!("metadata.name={}", ended.pod.name());
    let choices: [Choice; 18] = [
        (&[], &[0, 1], None),
        (&["-c", "blast"], &[0, 1], None),
        (&["-c", "blas"], &[], None),
        (&["--pod", "s01"], &[1], None),
        (&["--phase", "running"], &[0, 1], None),
        (&["--phase", "submitting"], &[], None),
        (&["-E", "blast"], &[], None),
        (&["-E", "other"], &[0, 1], None),
        (&["--exclude-pod", "s00"], &[1], None),
        (&["--node", "node-1"], &[1], None),
        (&["--container-state", "terminated"], &[1], no_states),
        (&["--container-state", "running"], &[0], no_states),
        (&["-l", "shard=1"], &[1], no_labels),
        (&["-l", "app in (blast, setup),shard!=1"], &[0], no_labels),
        (&["-l", "!shard"], &[], no_labels),
        (&["--field-selector", "status.phase=Succeeded"], &[1], no_fields),
        (&["--field-selector", "spec.nodeName!=node-1"], &[0], no_fields),
        (&["--field-selector", &name], &[1], no_fields),
    ];
    let objects = scene.stage.run(&["logs", ROW, "-q", "-o", "json"]).code(0).get_output().stdout.clone();
    let all = all_of(&[&runs, &ended]);
    let place = &scene.place;
    let sources: [&[&str]; 4] =
        [&["logs", ROW], &["logs", ROW, "--archive", place], &["replay", place], &["logs", "--stdin"]];
    let chosen = |words: &[&str], flags: &[&str], shards: &[usize], code: Option<i32>| {
        let words = [words, &["-q", "-o", "json"], flags].concat();
        let run = if words.contains(&"--stdin") {
            let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
            command.args(&words).write_stdin(objects.clone()).assert()
        } else {
            scene.stage.run(&words)
        };
        let code = code.unwrap_or(if shards.is_empty() { 5 } else { 0 });
        let run = run.code(code);
        let expected: BTreeMap<_, _> =
            all.clone().into_iter().filter(|((of, _), _)| code != 2 && shards.contains(of)).collect();
        assert_eq!(by_instance(&stdout(&run)), expected, "{words:?} {flags:?}");
        stderr(&run)
    };
    for (flags, shards, missing) in choices {
        for words in sources {
            match missing.filter(|_| words.contains(&"--stdin")) {
                None if words[0] == "replay" && !shards.is_empty() => drop(chosen(words, flags, shards, Some(8))),
                None => drop(chosen(words, flags, shards, None)),
                Some(missing) => {
                    let said = chosen(words, flags, shards, Some(2));
                    let expected = format!(
                        "{} cannot choose with --stdin, since lines of -o json do not tell {missing}",
                        flags[0]
                    );
                    assert!(said.contains(&expected), "{said}");
                }
            }
        }
    }
    // What is gone is chosen as it was last.
    ended.pod.delete();
    for (flags, shards, _) in choices {
        chosen(sources[1], flags, shards, None);
    }
    let said = chosen(sources[1], &["-l", "shard=7"], &[], None);
    assert!(
        said.contains("archived containers of 2 pods") && said.contains("labels: app=blast, shard=0, shard=1"),
        "{said}"
    );
    let said = chosen(sources[1], &["-l", "a b"], &[], Some(2));
    assert!(said.contains("'a b' for '--selector <SELECTOR>': \"a b\" is no LABEL=VALUE"), "{said}");
}

#[test]
fn a_container_that_is_wanted_later_is_read_from_its_beginning() {
    for state in [["--container-state", "terminated"], ["--field-selector", "status.phase=Succeeded"]] {
        let scene = Scene::new();
        let mut runs = scene.pod(0);
        runs.print(0..20, 1000);
        scene.save();
        let words = ["logs", ROW, "--archive", &scene.place, "-f", "-o", "json"];
        let follow = scene.stage.start(&[&words[..], &state].concat());
        follow.until_said("waiting for one");
        runs.print(20..25, 30_000);
        runs.pod.at(at(40_000)).terminate("blast", 0);
        let printed = follow.end().code(0);
        assert_eq!(by_instance(&printed.lines()), all_of(&[&runs]), "{state:?}");
    }
}

#[test]
fn a_log_is_followed_from_its_archived_beginning() {
    let (scene, [mut goes_on, deleted, mut restarted, mut late]) = half_saved();
    let follow = scene.stage.start(&["logs", ROW, "--archive", &scene.place, "-f", "-o", "json"]);
    let newer = scene.stage.start(&["logs", ROW, "--archive", &scene.place, "-f", "-o", "json", "--tail", "7"]);
    follow.until_printed("instance 1 line 39");
    follow.until_printed("instance 0 line 149");
    newer.until_printed("instance 1 line 39");
    newer.until_printed("instance 0 line 149");
    newer.until_printed("instance 0 line 29");
    newer.until_printed("instance 0 line 79");
    goes_on.print(150..170, 60_000);
    late.print(30..35, 60_000);
    restarted.restart(62_000);
    restarted.print(0..20, 63_000);
    for printer in [&goes_on, &restarted, &late] {
        printer.pod.at(at(70_000)).terminate("blast", 0);
    }
    let printed = follow.end().code(0);
    let all = all_of(&[&goes_on, &deleted, &restarted, &late]);
    assert_eq!(by_instance(&printed.lines()), all);
    let newer = by_instance(&newer.end().code(0).lines());
    let counts = [((0, 0), 27), ((1, 0), 7), ((2, 1), 7), ((2, 2), 20), ((3, 0), 12)];
    assert_eq!(newer, counts.into_iter().map(|(of, count)| (of, last(&all[&of], count))).collect());
}

#[test]
fn what_no_pod_is_left_of_comes_from_the_archive_alone() {
    let (scene, [goes_on, deleted, restarted, late]) = half_saved();
    // The instance before the latest is collected when its pod ends.
    scene.save();
    for printer in [&goes_on, &restarted, &late] {
        printer.pod.at(at(70_000)).terminate("blast", 0);
    }
    scene.save();
    let all = all_of(&[&goes_on, &deleted, &restarted, &late]);
    for gone in [&goes_on, &restarted, &late] {
        gone.pod.delete();
        for more in [&[][..], &["-f"]] {
            assert_eq!(scene.read(0, more), all, "{more:?}");
        }
    }
    assert_eq!(scene.read(0, &["-p"]), BTreeMap::from([((2, 0), all[&(2, 0)].clone())]));
    let said = scene.logs(5, &["-c", "nothing"]).1;
    assert!(said.contains("archived containers of 4 pods"), "{said}");
    // What there is to choose by is told as of a cluster.
    let said = scene.logs(5, &["--node", "nothing"]).1;
    assert!(said.contains("  nodes: "), "{said}");
    let said = scene.logs(5, &["--container-state", "waiting"]).1;
    assert!(said.contains("blast (terminated)"), "{said}");
    // A replay chooses by the labels that pods had, as a server does.
    let replayed = |code: i32, labels: &str| {
        let run = scene.stage.run(&["replay", &scene.place, "-q", "-o", "raw", "-l", labels]).code(code);
        (stdout(&run).len(), stderr(&run))
    };
    assert_eq!(replayed(0, "app=blast").0, all.values().map(Vec::len).sum::<usize>());
    assert_eq!(replayed(5, "app=blast,app!=blast").0, 0);
    let (_, said) = replayed(5, "app in (setup, submit)");
    assert!(
        said.contains("no container matches what is asked for; archived containers of 4 pods")
            && said.contains("  labels: app=blast"),
        "{said}"
    );
    assert!(replayed(2, "a b").1.contains("\"a b\" is no LABEL=VALUE"));
    // Without it there is nothing.
    scene.stage.run(&["logs", ROW]).code(5);
}

#[test]
fn what_is_in_neither_is_told_at_its_place() {
    let (scene, [goes_on, _, restarted, _]) = half_saved();
    // Rotated away across the seam, and nobody may read the node's files.
    goes_on.pod.rotate("blast");
    goes_on.pod.print_at("blast", at(80_000), Stream::Stdout, "after the rotation");
    restarted.pod.delete();
    let (printed, said) = scene.logs(8, &["-o", "raw", "--token", "viewer", "--pod", "s00"]);
    assert_eq!(printed.len(), 101, "{said}");
    assert_eq!(printed[99..], ["instance 0 line 99", "after the rotation"]);
    assert!(said.contains("rotated away before they could be read"), "{said}");
    // With the files nothing is missing.
    let (printed, said) = scene.logs(0, &["-o", "raw", "--pod", "s00"]);
    assert_eq!(printed.len(), 151, "{said}");
    let (printed, said) = scene.logs(8, &["-o", "raw", "--pod", "s02"]);
    assert_eq!(printed.len(), 50);
    assert!(said.contains("saving stopped before its end was read"), "{said}");
}

/// What the archive has in a directory of the job, in order.
fn archived(scene: &Scene, part: &str) -> Vec<std::path::PathBuf> {
    let directory = format!("{}/jobs/{ID}/{part}", scene.place);
    let mut all: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn what_the_archive_cannot_read_is_missing() {
    let (scene, [goes_on, ..]) = half_saved();
    scene.save();
    let all = all_of(&[&goes_on])[&(0, 0)].clone();
    let pod = archived(&scene, "chunks/logs").remove(0);
    let chunk =
        archived(&scene, &format!("chunks/logs/{}/blast/0", pod.file_name().unwrap().to_str().unwrap())).remove(0);
    let bytes = std::fs::read(&chunk).unwrap();
    std::fs::write(&chunk, &bytes[..bytes.len() / 2]).unwrap();
    for more in [&[][..], &["--order", "arrival"], &["--only-log-lines"]] {
        let (printed, said) = scene.logs(8, &[&["-o", "raw", "--pod", "s00"], more].concat());
        assert_eq!(printed, all[100..], "{more:?}");
        assert!(said.contains("lines are missing from 1 of 1 container"), "{said}");
        assert!(said.contains("blast") && said.contains(chunk.file_name().unwrap().to_str().unwrap()), "{said}");
    }
    // The others have nothing to do with it.
    scene.logs(0, &["--pod", "s02"]);
    std::fs::write(&chunk, &bytes).unwrap();
    assert_eq!(scene.logs(0, &["-o", "raw", "--pod", "s00"]).0, all);
    // Of a commit nobody knows whose lines it named.
    let commits = archived(&scene, "index");
    std::fs::remove_file(&commits[commits.len() / 2]).unwrap();
    let said = scene.logs(8, &["-o", "raw", "--pod", "s02"]).1;
    let verify = format!("elbtail verify {} {ID}", scene.place);
    assert!(said.contains(&format!("a part of the index is missing; to see which: {verify}")), "{said}");
}

#[test]
fn what_came_after_the_last_save_is_not_known_when_no_pod_is_left() {
    let scene = Scene::new();
    let mut ended = scene.pod(0);
    ended.print(0..20, 1000);
    ended.pod.at(at(20_000)).terminate("blast", 0);
    let goes_on = scene.not_started(1);
    scene.save();
    let all = all_of(&[&ended]);
    assert_eq!(scene.read(0, &[]), all);
    ended.pod.delete();
    assert_eq!(scene.read(0, &[]), all, "a pod is left, which has the rest");
    goes_on.delete();
    assert_eq!(scene.read(8, &[]), all);
    let said = scene.logs(8, &[]).1;
    assert!(said.contains("not ended: saving stopped") && said.contains("no pods are left"), "{said}");
    let said = stderr(&scene.stage.run(&["replay", &scene.place]).code(8));
    assert!(said.contains("not ended: saving stopped"), "{said}");
}

#[test]
fn an_archive_without_the_job_or_none_at_all() {
    let scene = Scene::new();
    let mut printer = scene.pod(0);
    printer.print(0..10, 1000);
    let said = scene.logs(2, &[]).1;
    assert!(said.contains("holds no archive"), "{said}");
    let other = "job-529825360482416da20736cf3ed51a96";
    scene.stage.run(&["save", other, &scene.place]).code(5);
    let (printed, said) = scene.logs(0, &["-o", "raw"]);
    assert_eq!(printed, all_of(&[&printer])[&(0, 0)]);
    assert!(said.contains(&format!("the archive holds nothing of {ID} yet")), "{said}");
    printer.pod.delete();
    let said = scene.logs(5, &[]).1;
    assert!(said.contains("no pods of"), "{said}");
    assert!(lines(said.as_bytes()).iter().all(|line| !line.contains("panicked")));
}

#[test]
fn pods_that_are_looked_for_in_the_wrong_place_are_not_taken_for_gone() {
    let scene = Scene::new();
    let mut printer = scene.pod(0);
    printer.print(0..50, 1000);
    scene.save();
    let elsewhere = scene.stage.command_in("elsewhere", &["save", ROW, &scene.place]);
    crate::stage::run(elsewhere).code(5);
    printer.print(50..60, 20_000);
    printer.pod.at(at(30_000)).terminate("blast", 0);
    scene.save();
    scene.stage.run(&["verify", &scene.place]).code(0);
    assert_eq!(scene.read(0, &[]), all_of(&[&printer]));
}

#[test]
fn a_log_that_was_never_read_and_went_with_its_pod_is_told() {
    let scene = Scene::new();
    scene.stage.cluster().add_user("nologs", "nologs", Access::all().deny("*", "pods/log"));
    let (mut printer, waits) = (scene.pod(0), scene.not_started(1));
    printer.print(0..10, 1000);
    scene.stage.run(&["save", ROW, &scene.place, "--token", "nologs"]).code(7);
    let verified = stdout(&scene.stage.run(&["verify", &scene.place]).code(8)).join("\n");
    assert!(verified.contains("not ended: saving stopped") && !verified.contains("faults"), "{verified}");
    printer.pod.delete();
    waits.delete();
    scene.stage.run(&["save", ROW, &scene.place]).code(5);
    let verified = stdout(&scene.stage.run(&["verify", &scene.place]).code(8)).join("\n");
    assert!(
        verified.contains("blast instance 0: lines after line 0 are missing: the pod was deleted before it was read")
    );
    assert!(!verified.contains("s01"), "what had not started had no log: {verified}");
}
