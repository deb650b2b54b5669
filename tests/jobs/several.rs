//! Several jobs read as one.

use crate::{Batch, ONE, OTHER, Place, stderr, stdout};

fn two_jobs() -> Place {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Done);
    place.batch("blast-2", OTHER, 0, Batch::Done);
    place
}

#[test]
fn lines_of_several_jobs_come_as_one_each_with_its_mark() {
    let place = two_jobs();
    place.batch("default", OTHER, 1, Batch::Done);
    for flags in [&[][..], &["-f"]] {
        let run = place.run(&[&["logs", "3ed51a95", OTHER, ONE, "--color", "never"], flags].concat()).code(0);
        let printed = stdout(&run);
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 2, "{printed}");
        for (id, line) in [(ONE, "shard 0"), (OTHER, "shard 1")] {
            let short = &id[id.len() - 8..];
            let is_its = |text: &&&str| text.starts_with(&format!("{short} blastn-")) && text.ends_with(line);
            assert!(lines.iter().any(|text| is_its(&text)), "{short}: {printed}");
        }
        let run = place.run(&[&["logs", ONE, OTHER, "-o", "json"], flags].concat()).code(0);
        let of_job = |line: &str| {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            (object["job_id"].as_str().unwrap().to_owned(), object["message"].as_str().unwrap().to_owned())
        };
        let mut objects: Vec<_> = stdout(&run).lines().map(of_job).collect();
        objects.sort();
        let mut expected =
            [(ONE, "shard 0"), (OTHER, "shard 1")].map(|(id, line)| (id.to_owned(), format!("{id} {line}")));
        expected.sort();
        assert_eq!(objects, expected, "{flags:?}");
    }
}

#[test]
fn jobs_in_other_namespaces_are_found_with_a_flag() {
    let place = two_jobs();
    place.run(&["logs", OTHER]).code(5);
    place.run(&["logs", OTHER, "--all-namespaces", "-o", "raw"]).code(0).stdout(format!("{OTHER} shard 0\n"));
    place.run(&["logs", "00c0ffee", "--all-namespaces", "-o", "raw"]).code(0).stdout(format!("{OTHER} shard 0\n"));
    place.run(&["targets", OTHER, "--all-namespaces", "-o", "name"]).code(0);
    place.run(&["doctor", OTHER, "--all-namespaces"]).code(0);
    let both = stdout(&place.run(&["logs", ONE, OTHER, "--all-namespaces", "-o", "raw"]).code(0));
    assert_eq!(both.lines().count(), 2, "{both}");
    let nowhere = place.run(&["logs", "job-00000000000000000000000000000bad", "--all-namespaces"]).code(5);
    assert!(stderr(&nowhere).contains("in any namespace"), "{}", stderr(&nowhere));
}

#[test]
fn what_makes_no_sense_with_several_is_refused() {
    let place = two_jobs();
    for words in [&["logs", "-", "-"][..], &["logs", ONE, OTHER, "--latest"], &["logs", ONE, OTHER, "--job", "x"]] {
        place.run(words).code(2).stdout("");
    }
    let run = place.run(&["logs", ONE, "job-00000000000000000000000000000bad"]).code(5);
    assert!(stderr(&run).contains("no pods of job-00000000000000000000000000000bad"), "{}", stderr(&run));
}
