//! What is shown of lines and how, without a cluster: `logs --stdin`.

use serde_json::{Value, json};

use crate::{assert_fails, elbtail, lines_schema::check};

/// An object as `logs -o json` prints it.
pub fn line(container: &str, number: u64, message: &str) -> String {
    object(container, number, json!({"message": message}))
}

/// The same with other fields.
pub fn object(container: &str, number: u64, more: Value) -> String {
    let mut object = json!({
        "timestamp": format!("2026-11-24T12:58:{:02}.959221551Z", 25 + number), "kind": "line", "namespace": "default",
        "pod": "blastn-batch-s03-job-000-3ed51a95-p9vp5", "container": container, "node": "node-1", "role": "batch",
        "phase": "running", "job_id": "job-429825360482416da20736cf3ed51a95", "row_id": "18b9edca", "restart": 0,
        "sequence": number,
    });
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{object}\n")
}

fn run(flags: &[&str], input: &str) -> (String, String) {
    let run = elbtail(&[&["logs", "--stdin"], flags].concat()).write_stdin(input).assert().code(0);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&run.get_output().stdout), text(&run.get_output().stderr))
}

fn shown(flags: &[&str], input: &str) -> Vec<String> {
    run(flags, input).0.lines().map(str::to_owned).collect()
}

fn story() -> String {
    let texts = ["start", "reading", "an error", "going on", "Error again", "\u{1b}[31mred\u{1b}[0m", "end"];
    texts.iter().zip(1..).map(|(text, number)| line("blast", number, text)).collect::<String>()
        + &line("results-export", 3, "uploading")
}

#[test]
fn lines_are_shown_as_they_were() {
    let lines = shown(&[], &story());
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[2], "blastn-s03-000-p9vp5 blast run    | an error");
    let again = run(&["-o", "json"], &story()).0;
    let without_number = |text: &str| -> Vec<Value> {
        let objects = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        objects
            .map(|mut object| {
                object.as_object_mut().unwrap().remove("sequence");
                object
            })
            .collect()
    };
    assert_eq!(without_number(&again), without_number(&story()), "the same objects");
}

#[test]
fn lines_are_chosen_by_what_they_say() {
    for (flags, texts) in [
        (&["-i", "error"][..], &["an error"][..]),
        (&["-i", "(?i)error"], &["an error", "Error again"]),
        (&["-i", "^start$", "--include", "^end"], &["start", "end"]),
        (&["-i", "(?i)error", "-e", "again"], &["an error"]),
        (&["-e", "a", "--exclude", "r"], &["going on", "end"]),
        (&["-i", "31"], &[]),
        (&["-i", "^red$"], &["\u{1b}[31mred\u{1b}[0m"]),
        (&["-i", "an error", "-C", "1"], &["reading", "an error", "going on"]),
        (&["-i", "an error", "-B", "2"], &["start", "reading", "an error"]),
        (&["-i", "an error", "-A", "1"], &["an error", "going on"]),
        (&["-i", "an error", "-C", "2", "-A", "0"], &["start", "reading", "an error"]),
        (&["-i", "start|end", "--context-lines", "1"], &["start", "reading", "\u{1b}[31mred\u{1b}[0m", "end"]),
        (&["-E", "blast"], &["uploading"]),
        (&["-E", "las"], &["uploading"]),
        (
            &["-E", "^las"],
            &["start", "reading", "an error", "going on", "Error again", "\u{1b}[31mred\u{1b}[0m", "end", "uploading"],
        ),
        (&["-c", "blast", "--until-time", "2026-11-24T12:58:26.959221551Z"], &["start"]),
        (
            &["-c", "blast", "--since-time", "2026-11-24T12:58:31Z", "--until-time", "2026-11-24T12:58:32Z"],
            &["\u{1b}[31mred\u{1b}[0m"],
        ),
        (
            &["--until", "1h"],
            &["start", "reading", "an error", "going on", "Error again", "\u{1b}[31mred\u{1b}[0m", "end", "uploading"],
        ),
        (&["--exclude-pod", "blastn-s03-000-p9vp5/blast"], &["uploading"]),
        (&["--node", "node-1", "--node", "node-2", "-i", "start"], &["start"]),
        (&["--limit-bytes", "14", "-c", "blast"], &["start", "reading"]),
        (&["--limit-bytes=0", "-i", "start"], &["start"]),
    ] {
        assert_eq!(shown(&[&["-o", "raw", "-q"], flags].concat(), &story()), texts, "{flags:?}");
    }
    // One moment is a time between two that are the same.
    let moment = "2026-11-24T12:58:26.959221551Z";
    let flags = ["-o", "raw", "--since-time", moment, "--until-time", moment];
    assert_eq!(shown(&flags, &story()), ["start"]);
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    for (flags, part) in [
        (&["-i", "("][..], "unclosed group"),
        (&["-C", "3"], "--include"),
        (&["-i", "a", "-C", "-1"], "-1"),
        (&["-A", "1"], "--errors"),
        (&["-i", "a", "-C", "x"], "it is no number of lines from 0 to 10000; write it as 3"),
        (&["-i", "a", "-B", "10001"], "it is no number of lines from 0 to 10000"),
        (&["--tail", "abc"], "it is no number of lines; write it as 100, or -1 for all"),
        (&["--tail=-2"], "or -1 for all"),
        (&["--limit-bytes=-1"], "write it as 1000000"),
        (&["--limit-bytes", "1k"], "it is no number of bytes without a unit"),
        (&["--since-time", "yesterday"], "write it as 2026-11-24T12:58:25Z"),
        (&["--until-time", "2026-01-01"], "write it as 2026-11-24T12:58:25Z"),
        (&["--timezone", "+25:00"], "no such zone"),
        (&["-i", ""], "it is empty, which would match everything"),
        (&["-e", ""], "it is empty, which would match everything"),
        (&["-E", ""], "it is empty, which would match everything"),
        (&["--exclude-pod", ""], "it is empty, which would match everything"),
        (&["--hold", "1s"], "--hold goes with -f and --order time"),
        (&["--hold", "1s", "--order", "time"], "--hold goes with -f and --order time"),
        (&["--hold", "1s", "-f"], "--hold goes with -f and --order time"),
        (&["--hold", "1s", "-f", "--order", "arrival"], "--hold goes with -f and --order time"),
        (&["-t", "short"], "as in -t=short"),
        (&["--timestamps", "%H:%M"], "as in -t=%H:%M"),
        (&["-t=never"], "strftime format"),
        (&["-t=%!"], "it is no strftime format"),
        (&["--timezone", "Mars/Olympus"], "Asia/Seoul"),
        (&["--stream", "stdin"], "stdout"),
        (&["--container-state", "running,dead"], "terminated"),
        (&["-o", "jsn"], "json"),
        (&["--events"], "-o json"),
        (&["--events", "-o", "logfmt"], "-o json"),
        (&["--template", "{{ massage }}"], "--template, line 1: no field \"massage\""),
        (&["--template", "a\n{{ message"], "--template, line 2: "),
        (&["--template", "{{.Message}}"], "{{ message }} for {{.Message}}"),
        (&["--template", "{{ message }}", "-o", "json"], "--output"),
        (&["-T", "no/such.tmpl"], "no/such.tmpl"),
        (&["--template", ""], "--template, it is empty"),
        (&["--template", " \n"], "--template, it is empty"),
        (&["--since", "1h", "--until", "2h"], "no line is between the two"),
        (&["--since", "1h", "--until", "1h"], "no line is between the two"),
        (
            &["--since-time", "2026-11-24T12:58:26Z", "--until-time", "2026-11-24T12:58:25Z"],
            "no line is between the two",
        ),
        (&["--since", "1h", "--until-time", "2020-01-01T00:00:00Z"], "no line is between the two"),
        (&["--until-time", "0001-01-01T00:00:00Z"], "--until-time"),
        (&["--stdin"], "cannot be used with"),
        (&["--includ", "a"], "--include"),
        (&["--hilight", "a"], "--highlight"),
        (&["--exclude-containr", "a"], "--exclude-container"),
    ] {
        let mut command = elbtail(
            &[&["logs", "job-429825360482416da20736cf3ed51a95", "--server", "https://127.0.0.1:1"], flags].concat(),
        );
        command.write_stdin("");
        assert_fails(command, 2, &[part]);
    }
}

#[test]
fn what_kubectl_and_stern_say_of_what_is_so_anyhow_is_accepted() {
    let run = elbtail(&["logs", "nosuch.json", "--all-containers", "--all-pods", "--prefix", "--ignore-errors"])
        .args(["--max-log-requests", "9", "--init-containers", "--ephemeral-containers"])
        .assert();
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains("nosuch.json") && !said.contains("unexpected argument"), "{said}");
}

#[test]
fn problems_have_as_many_lines_around_them_as_is_said() {
    let texts = ["a", "b", "c", "d", "upload failed", "e", "f", "g"];
    let input: String = texts.iter().zip(1..).map(|(text, number)| line("blast", number, text)).collect();
    for (flags, shown_texts) in [
        (&[][..], &texts[1..7]),
        (&["-C", "1"], &texts[3..6]),
        (&["-C", "0"], &texts[4..5]),
        (&["-B", "2"], &texts[2..5]),
        (&["-A", "3"], &texts[4..8]),
    ] {
        assert_eq!(shown(&[&["-o", "raw", "--errors"], flags].concat(), &input), shown_texts, "{flags:?}");
    }
}

#[test]
fn lines_around_others_are_set_apart_as_grep_does() {
    let texts = ["a", "!1", "b", "c", "d", "!2", "!3", "e", "f", "g", "!4"];
    let input: String = texts.iter().zip(1..).map(|(text, number)| line("blast", number, text)).collect();
    for (flags, expected) in [
        (&["-C", "1"][..], &["a", "!1", "b", "--", "d", "!2", "!3", "e", "--", "g", "!4"][..]),
        (&["-A", "1"], &["!1", "b", "--", "!2", "!3", "e", "--", "!4"]),
        (&["-B", "1"], &["a", "!1", "--", "d", "!2", "!3", "--", "g", "!4"]),
        (&["-C", "2"], &["a", "!1", "b", "c", "d", "!2", "!3", "e", "f", "g", "!4"]),
        (&[], &["!1", "!2", "!3", "!4"]),
    ] {
        let lines = shown(&[&["-i", "!"], flags].concat(), &input);
        let said: Vec<_> = lines.iter().map(|line| line.split_once("| ").unwrap().1).collect();
        assert_eq!(said, expected, "{flags:?}");
        for format in [&["-o", "json"][..], &["-o", "raw"], &["--template", "{{ message }}"]] {
            let lines = shown(&[&["-i", "!"], flags, format].concat(), &input);
            assert_eq!(lines.len(), expected.iter().filter(|text| **text != "--").count(), "{flags:?} {format:?}");
        }
    }
}

#[test]
fn what_is_about_a_cluster_or_rows_does_not_go_with_stdin() {
    for flags in [
        &["-n", "other"][..],
        &["--context", "c"],
        &["--db", "sqlite:x"],
        &["--db-table", "t"],
        &["--hold", "1s"],
        &["--all-namespaces"],
    ] {
        let mut command = elbtail(&[&["logs", "--stdin"], flags].concat());
        command.write_stdin(story());
        assert_fails(command, 2, &["cannot be used with", "--stdin", flags[0].trim_start_matches("-n")]);
    }
    for (flags, missing) in [
        (&["-l", "app=blast"][..], "-l cannot choose with --stdin, since lines of -o json do not tell the labels"),
        (&["--field-selector", "status.phase=Failed"], "--field-selector cannot choose with --stdin"),
        (&["--container-state", "running"], "--container-state cannot choose with --stdin"),
    ] {
        let mut command = elbtail(&[&["logs", "--stdin"], flags].concat());
        command.write_stdin(story());
        assert_fails(command, 2, &[missing, "choose with --pod, -c, --phase or --node"]);
    }
    // Of what the environment says nobody has thought now.
    elbtail(&["logs", "--stdin", "-q"]).env("ELBTAIL_DB", "sqlite:x").write_stdin(story()).assert().code(0).stderr("");
}

#[test]
fn objects_over_several_lines_are_read_as_those_of_one() {
    let input = told() + &story();
    let spread = run(&["-o", "ppextjson", "--events"], &input).0;
    assert!(spread.lines().count() > 8 * 10, "{spread}");
    for flags in
        [&[][..], &["-o", "raw"], &["-o", "json", "--events"], &["--order", "time", "-o", "raw"], &["--tail", "1"]]
    {
        assert_eq!(run(flags, &spread), run(flags, &input), "{flags:?}");
    }
    // One that is broken off is text.
    for broken in ["{\n  \"a\": 1\n", "{\n  \"a\": 1\n}\n", "{\n{\n}\n"] {
        let (out, said) = run(&["-o", "raw"], &(line("blast", 1, "one") + broken));
        assert_eq!(out, format!("one\n{broken}"));
        assert!(said.contains("line 2 of standard input is no object"), "{said}");
    }
}

#[test]
fn what_was_told_keeps_its_time() {
    let input = told() + &story();
    let printed = run(&["-o", "json", "--events"], &input).0;
    let times = |text: &str| -> Vec<(String, String)> {
        let objects = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let times = objects.map(|object| (object["kind"].to_string(), object["timestamp"].to_string()));
        times.filter(|(kind, _)| kind != "\"found\"").collect()
    };
    assert_eq!(times(&printed), times(&input));
    assert!(!printed.lines().any(|line| !line.contains("2026-11-24T12:58:")), "what was found too: {printed}");
}

#[test]
fn a_gap_that_only_the_schema_knows_is_told() {
    for more in [
        json!({"kind": "gap", "message": "x", "restart": 0, "reason": "rotated away", "after": "2026-11-24T12:58:26Z"}),
        json!({"kind": "gap", "message": "the disk was full", "restart": 0}),
        json!({"kind": "gap", "message": "x", "reason": "the disk was full"}),
    ] {
        let run = elbtail(&["logs", "--stdin", "-q"]).write_stdin(object("blast", 1, more)).assert().code(8);
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(said.contains("blast: ") && said.contains("missing"), "{said}");
    }
}

#[test]
fn what_is_no_object_is_told_in_plain_words_and_not_with_q() {
    for text in ["[1]", "\"text\"", "7", "null", "{\"kind\":1}", "{\"kind\":\"gap\"}"] {
        let input = line("blast", 1, "one") + text + "\n";
        let (out, said) = run(&["-o", "raw"], &input);
        assert_eq!(out, format!("one\n{text}\n"));
        assert!(said.contains("line 2 of standard input is no object") && !said.contains("struct"), "{said}");
        assert_eq!(run(&["-o", "raw", "-q"], &input), (out, String::new()));
    }
}

#[test]
fn a_message_is_one_row_whatever_is_in_it() {
    let input = line("blast", 1, "a\nblastn-s03-000-p9vp5 results-export | forged\n");
    for flags in
        [&[][..], &["-o", "raw"], &["--template", "{{ pod }} {{ message }}"], &["-o", "logfmt"], &["-o", "json"]]
    {
        let lines = shown(flags, &input);
        assert!(lines.len() == 1 && lines[0].contains("forged"), "{flags:?} {lines:?}");
    }
    assert_eq!(shown(&["-o", "raw"], &line("blast", 1, "a\nb")), ["a^Jb"]);
}

#[test]
fn several_jobs_of_one_input_are_marked_once_there_are_several() {
    let other = line("blast", 3, "other")
        .replace("job-429825360482416da20736cf3ed51a95", "job-0000000000000000000000000000abcd")
        .replace("3ed51a95", "0000abcd");
    let lines = shown(&[], &(line("blast", 1, "one") + &line("blast", 2, "two") + &other + &line("blast", 4, "three")));
    assert!(lines[..2].iter().all(|line| line.starts_with("blastn-s03-000-p9vp5 blast")), "{lines:?}");
    assert!(lines[2].starts_with("0000abcd blastn-"), "{lines:?}");
    assert!(lines[3].starts_with("3ed51a95 blastn-s03-000-p9vp5 "), "{lines:?}");
}

#[test]
fn that_nothing_of_the_input_is_chosen_is_told() {
    for flags in [
        &["-c", "nosuch"][..],
        &["-c", "las"],
        &["--exclude-pod", "s03"],
        &["--limit-bytes", "0", "--node", "node-2"],
        &["--pod", "nosuch"],
        &["-E", "."],
        &["--node", "node-2", "-q"],
    ] {
        let run = elbtail(&[&["logs", "--stdin"], flags].concat()).write_stdin(story()).assert().code(5).stdout("");
        let said = String::from_utf8(run.get_output().stderr.clone()).unwrap();
        assert!(
            said.contains("error: no container matches what is asked for; standard input has lines of: "),
            "{said}"
        );
        assert!(said.contains("blastn-batch-s03-job-000-3ed51a95-p9vp5/results-export"), "{said}");
    }
    assert_eq!(run(&["-c", "blast"], &story()).1, "");
}

#[test]
fn times_are_shown_as_they_are_asked_for() {
    for (flags, texts) in [
        (&["-t"][..], ["2026-11-24T12:58:26.959221551Z start", "2026-11-24T12:58:28.959221551Z an error"]),
        (&["-t=short"], ["11-24 12:58:26 start", "11-24 12:58:28 an error"]),
        (&["-t=relative"], ["+00:00:00.000 start", "+00:00:02.000 an error"]),
        (&["--timestamps=%s"], ["1795525106 start", "1795525108 an error"]),
        (
            &["-t", "--timezone", "-05:30"],
            ["2026-11-24T07:28:26.959221551-05:30 start", "2026-11-24T07:28:28.959221551-05:30 an error"],
        ),
        (&["-t=false"], ["start", "an error"]),
    ] {
        assert_eq!(shown(&[&["-o", "raw", "-i", "start|an error"], flags].concat(), &story()), texts, "{flags:?}");
    }
    // As with kubectl, letters can stand together.
    assert_eq!(shown(&["-qti", "start", "-o", "raw"], &story()), ["2026-11-24T12:58:26.959221551Z start"]);
}

#[test]
fn matches_stand_out_where_there_is_colour() {
    let flags = ["-o", "raw", "-i", "error", "-H", "an"];
    assert_eq!(
        shown(&[&flags[..], &["--color", "always"]].concat(), &story()),
        ["\u{1b}[7man\u{1b}[27m \u{1b}[7merror\u{1b}[27m"]
    );
    assert_eq!(shown(&flags, &story()), ["an error"]);
    let red = shown(&["-o", "raw", "-i", "red", "--color", "always"], &story());
    assert_eq!(red, ["\u{1b}[31m\u{1b}[7mred\u{1b}[27m\u{1b}[0m"], "the line's own colour stays");
}

#[test]
fn streams_are_chosen_where_they_are_known() {
    let input = object("blast", 1, json!({"message": "out", "stream": "stdout"}))
        + &object("blast", 2, json!({"message": "err", "stream": "stderr"}))
        + &line("blast", 3, "who knows");
    let (out, said) = run(&["-o", "raw", "--stream", "stderr"], &input);
    assert_eq!(out, "err\nwho knows\n");
    assert!(said.contains("of 1 line it is not known whether stderr is their stream"), "{said}");
}

#[test]
fn every_format_of_the_same_lines() {
    let input = line("blast", 1, r#"{"level":"info","msg":"start"}"#)
        + &object(
            "blast",
            2,
            json!({"message": "a\u{fffd}", "message_base64": "Yf8=", "stream": "stderr", "restart": 1}),
        )
        + &line("results-export", 3, "a \"quoted\" = b");
    for format in ["default", "raw", "json", "extjson", "ppextjson", "logfmt"] {
        let run = elbtail(&["logs", "--stdin", "-o", format]).write_stdin(input.as_str()).assert().code(0);
        let bytes = &run.get_output().stdout;
        insta::assert_snapshot!(
            format!("lines_{format}"),
            bytes.utf8_chunks().fold(String::new(), |text, chunk| {
                text + chunk.valid() + &chunk.invalid().iter().map(|byte| format!("<{byte:02x}>")).collect::<String>()
            })
        );
    }
    let template = "{{ timestamp | strftime('%T') }} {{ name | color }}/{{ container }}[{{ restart }}] {{ stream }}: {{ message }}";
    insta::assert_snapshot!("lines_template", run(&["--template", template], &input).0);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, format!("{template}\n")).unwrap();
    let from_file = run(&["-T", file.path().to_str().unwrap()], &input).0;
    assert_eq!(from_file, run(&["--template", template], &input).0);
}

#[test]
fn a_template_that_fails_for_a_line_costs_none() {
    let input = line("blast", 1, r#"{"n": 1}"#) + &line("blast", 2, "text") + &line("blast", 3, "more");
    let (out, said) = run(&["--template", "{{ (message | parsejson).n + 1 }}"], &input);
    assert_eq!(out, "2\ntext\nmore\n");
    assert_eq!(said.matches("the template fails").count(), 1, "{said}");
}

/// What a run may have told besides lines.
fn told() -> String {
    let note = |number: u64, kind: &str, detail: Value| {
        object("blast", number, json!({"kind": kind, "message": "told", "detail": {"note": detail}}))
    };
    note(1, "waiting", json!({"waiting": "PodInitializing"}))
        + &note(2, "started", json!({"started": 0}))
        + &line("blast", 3, "a line")
        + &note(4, "ended", json!({"ended": [0, {"exitCode": 3, "reason": "Error", "started": null, "hasLog": true}]}))
        + &object(
            "blast",
            5,
            json!({"kind": "complete", "message": "told", "detail": {"complete": {"lines": 1, "proof": "checked"}}}),
        )
        + "{\"timestamp\":\"2026-11-24T12:58:26Z\",\"kind\":\"job_ended\",\"sequence\":6,\"message\":\"x\",\"detail\":{\"job_ended\":{\"failed\":true,\"pods\":1}}}\n"
}

#[test]
fn objects_are_as_the_schema_says() {
    let gap = json!({"gap": {"restart": 0, "after": "2026-11-24T12:58:26Z", "before": null}});
    let input =
        told() + &object("blast", 7, json!({"kind": "gap", "message": "told", "detail": {"note": gap}})) + &story();
    for format in ["json", "extjson"] {
        let run = elbtail(&["logs", "--stdin", "--events", "-o", format]).write_stdin(input.as_str()).assert().code(8);
        let objects: Vec<Value> = String::from_utf8_lossy(&run.get_output().stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for (object, number) in objects.iter().zip(1..) {
            check(object).unwrap();
            assert_eq!(object["sequence"], number);
        }
        let kinds: Vec<_> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds[..8], ["found", "waiting", "started", "line", "ended", "complete", "job_ended", "gap"]);
        assert_eq!((&objects[4]["exit_code"], &objects[4]["reason"]), (&json!(3), &json!("Error")));
        assert_eq!(objects[7]["after"], "2026-11-24T12:58:26Z");
    }
    for wrong in [
        json!({"kind": "line"}),
        json!({"kind": "other", "timestamp": "2026-11-24T12:58:26Z", "sequence": 1, "message": ""}),
        json!({"kind": "notice", "timestamp": "2026-11-24T12:58:26Z", "sequence": 0, "message": ""}),
    ] {
        assert!(check(&wrong).is_err(), "{wrong}");
    }
}

/// Each kind that the schema names, without the detail that elbtail itself reads.
fn kinds() -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("../../docs/lines.schema.json")).unwrap();
    let kinds = schema["$defs"]["event"]["properties"]["kind"]["oneOf"].as_array().unwrap().clone();
    kinds.iter().map(|kind| kind["const"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_kind_that_the_schema_names_is_told_again_with_its_detail() {
    // What no other field says.
    let without = ["found", "gone", "complete", "notice"];
    for kind in kinds() {
        let more = json!({
            "kind": kind, "message": "the job has failed", "reason": "why", "exit_code": 3,
            "after": "2026-11-24T12:58:26Z", "before": "2026-11-24T12:58:27Z",
        });
        let input = object("blast", 1, more);
        let run = elbtail(&["logs", "--stdin", "--events", "-o", "json"]).write_stdin(input).assert();
        let output = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
        let told: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        told.iter().for_each(|object| check(object).unwrap());
        let of_kind = told.iter().find(|object| object["kind"] == kind.as_str());
        match of_kind {
            Some(object) => assert_eq!(object["detail"].is_object(), kind != "found", "{object}"),
            None => assert!(without.contains(&&*kind), "{kind}: {output}"),
        }
    }
}

#[test]
fn what_is_piped_in_is_cut_and_put_in_order_when_all_of_it_was_read() {
    let input = line("blast", 5, "five") + &line("results-export", 1, "one") + &line("blast", 2, "two");
    for (flags, texts) in [
        (&["--order", "time"][..], &["one", "two", "five"][..]),
        (&["--order", "arrival"], &["five", "one", "two"]),
        (&["--tail", "1"], &["one", "two"]),
        (&["--tail=1", "--order=time", "-c", "blast"], &["two"]),
        (&["--tail", "-1"], &["five", "one", "two"]),
        (&["--since-time", "2026-11-24T12:58:27Z"], &["five", "two"]),
        (&["--until-time", "2026-11-24T12:58:28Z"], &["one", "two"]),
    ] {
        assert_eq!(shown(&[&["-o", "raw"], flags].concat(), &input), texts, "{flags:?}");
    }
    let other = line("blast", 1, "other").replace("3ed51a95", "0000abcd");
    let marked = shown(&["--order", "time"], &(line("blast", 2, "one") + &other));
    assert!(marked[0].starts_with("0000abcd ") && marked[1].starts_with("3ed51a95 "), "{marked:?}");
}

#[test]
fn lines_without_their_prefix_are_asked_for_as_of_kubectl() {
    for (flags, text) in [
        (&["--prefix=false"][..], "one"),
        (&["--prefix=0"], "one"),
        (&["--prefix", "--prefix=false"], "one"),
        (&["--prefix=false", "-t=short"], "11-24 12:58:26 one"),
        (&["--prefix"], "blastn-s03-000-p9vp5 blast run    | one"),
        (&["--prefix=true"], "blastn-s03-000-p9vp5 blast run    | one"),
        (&["--prefix=false", "-o", "logfmt", "-i", "nothing"], ""),
    ] {
        assert_eq!(shown(flags, &line("blast", 1, "one")).join(""), text, "{flags:?}");
    }
    assert_fails(elbtail(&["logs", "--stdin", "--prefix=maybe"]), 2, &["--prefix", "write true or false"]);
}

#[test]
fn what_was_told_is_told_again() {
    let (out, said) = run(&["-o", "raw"], &told());
    assert_eq!(out, "a line\n");
    for part in
        ["blastn-s03-000-p9vp5/blast: waiting: PodInitializing", "blast: started", "blast: ended: Error, exit code 3"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(run(&["-o", "raw", "-q"], &told()).1, "");
    elbtail(&["logs", "--stdin", "--exit-code"]).write_stdin(told()).assert().code(9);
    let forbidden =
        object("blast", 1, json!({"kind": "forbidden", "message": "x", "detail": {"note": {"forbidden": "no"}}}));
    elbtail(&["logs", "--stdin"]).write_stdin(forbidden).assert().code(7);
}

#[test]
fn secrets_of_what_is_told_are_masked_in_objects() {
    let detail = json!({"note": {"noLog": "password=planted-s3cret"}});
    let input = object("blast", 1, json!({"kind": "no_log", "message": "x", "detail": detail}));
    let printed = |flags: &[&str]| run(&[&["-o", "json", "--events"], flags].concat(), &input).0;
    assert!(printed(&["--no-redact"]).contains("planted") && !printed(&[]).contains("planted"), "{}", printed(&[]));
    assert!(printed(&[]).contains("no log: password="), "{}", printed(&[]));
}

#[test]
fn text_that_no_run_has_printed_is_shown_and_told() {
    let input =
        format!("{}warning: something\n\n{{\"kind\":\"line\"}}\n{}", line("blast", 1, "one"), line("blast", 2, "two"));
    let (out, said) = run(&["-o", "raw"], &input);
    assert_eq!(out, "one\nwarning: something\n{\"kind\":\"line\"}\ntwo\n");
    assert!(said.contains("line 2 of standard input is no object of a run: expected value"), "{said}");
    assert!(said.contains("2 of 4 lines"), "{said}");
    let none = elbtail(&["logs", "--stdin", "-o", "raw"]).write_stdin("a\nb\n").assert().code(2);
    assert_eq!(none.get_output().stdout, b"a\nb\n");
    elbtail(&["logs", "--stdin"]).write_stdin("").assert().code(0).stdout("").stderr("");
    // A last line that was cut off.
    let cut = line("blast", 1, "one") + &line("blast", 2, "two")[..40];
    let (out, said) = run(&["-o", "raw"], &cut);
    assert!(out.starts_with("one\n{\"") && said.contains("line 2"), "{out} {said}");
}

#[test]
fn several_runs_keep_apart_what_is_theirs() {
    let other = line("blast", 1, "other")
        .replace("job-429825360482416da20736cf3ed51a95", "job-0000000000000000000000000000abcd")
        .replace("18b9edca", "row-2");
    let printed = run(&["-o", "json"], &(line("blast", 1, "one") + &other + &line("blast", 2, "two"))).0;
    let rows: Vec<Value> =
        printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["row_id"].clone()).collect();
    assert_eq!(rows, ["18b9edca", "row-2", "18b9edca"]);
}

/// The recipes of the README.
fn recipes() -> Vec<String> {
    let text = include_str!("../../README.md");
    let (_, block) = text.split_once("<!-- jq -->\n\n```sh\n").expect("the recipes");
    let (block, _) = block.split_once("```").unwrap();
    block.lines().filter(|line| line.contains("jq ")).map(str::to_owned).collect()
}

#[test]
fn the_recipes_work_on_jq() {
    let recipes = recipes();
    assert!(recipes.len() >= 5, "{recipes:?}");
    let printed = elbtail(&["logs", "--stdin", "-o", "json", "--events"])
        .write_stdin(told() + &story() + &object("blast", 9, json!({"message": "a\u{fffd}", "message_base64": "Yf8="})))
        .output()
        .unwrap();
    for recipe in recipes {
        let (_, filter) = recipe.split_once("| jq ").unwrap_or_else(|| panic!("{recipe}"));
        let filter = filter.split("   #").next().unwrap();
        let mut shell = assert_cmd::Command::new("sh");
        let run =
            shell.args(["-c", &format!("jq {filter}")]).write_stdin(printed.stdout.clone()).assert().code(0).stderr("");
        assert!(!run.get_output().stdout.is_empty(), "{recipe}");
    }
}
