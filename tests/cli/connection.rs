//! Clusters that are not named well.

use crate::{assert_fails, elbtail};

const ROW: &str = "testdata/rows/incident.json";
const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: gone
clusters: [{name: red, cluster: {server: 'https://127.0.0.1:1'}}]
contexts: [{name: red, context: {cluster: red, user: me}}, {name: blue, context: {cluster: azure, user: me}}]
users: [{name: me, user: {token: secret-token}}]
";

#[test]
fn an_unknown_context_is_told_with_those_there_are() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), KUBECONFIG).unwrap();
    let path = file.path().to_str().unwrap();
    let with = |flags: &[&str]| elbtail(&[&["targets", ROW, "--kubeconfig", path], flags].concat());
    assert_fails(with(&["--context", "green"]), 2, &["--context \"green\"", "red, blue"]);
    let logs = elbtail(&["logs", ROW, "--kubeconfig", path, "-i", "error", "--context", "3"]);
    assert_fails(logs, 2, &["--context \"3\"", "red, blue", "lines around a hit are -C 3"]);
    assert_fails(with(&[]), 2, &["current-context \"gone\"", "red, blue"]);
    assert_fails(with(&["--context", "blue"]), 2, &["azure", "red"]);
    assert_fails(with(&["--context", "red", "--user", "you"]), 2, &["--user \"you\"", "me"]);
    // Nothing listens there.
    assert_fails(with(&["--context", "red", "--request-timeout", "2s"]), 6, &["127.0.0.1:1"]);
}

#[test]
fn no_kubeconfig_at_all() {
    assert_fails(elbtail(&["logs", ROW]), 2, &["/nonexistent/.kube/config", "--kubeconfig"]);
    assert_fails(elbtail(&["logs", ROW, "--kubeconfig", "no/such/file"]), 2, &["no/such/file"]);
}

#[test]
fn a_job_that_only_the_cluster_knows_needs_one() {
    for job in
        ["3ed51a95", "42982536", "job-4298253604", "pod/blastn-x", "job/x", "blastn-batch-s00-job-000-3ed51a95-x7k2p"]
    {
        for verb in [&["logs"][..], &["targets"], &["report", "-o", "json"], &["resolve"], &["doctor"]] {
            let words = [verb, &[job]].concat();
            assert_fails(elbtail(&words), 2, &["/nonexistent/.kube/config"]);
            let mut wrong = elbtail(&words);
            wrong.env("KUBECONFIG", "/no/such/file");
            assert_fails(wrong, 2, &["/no/such/file"]);
            assert_fails(elbtail(&[&words[..], &["--kubeconfig", "no/such/file"]].concat()), 2, &["no/such/file"]);
        }
    }
    // What no cluster calls so is a file.
    assert_fails(elbtail(&["logs", "row.jsn"]), 3, &["row.jsn"]);
}

#[test]
fn a_kubeconfig_that_is_none_is_told_without_its_text() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{KUBECONFIG}- ]: broken")).unwrap();
    let path = file.path().to_str().unwrap();
    let run = elbtail(&["logs", ROW, "--kubeconfig", path]).assert().code(2);
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains(path) && said.contains("line ") && !said.contains("secret-token"), "{said}");
}

#[test]
fn a_namespace_is_a_name_and_nothing_else() {
    let server = ["--server", "https://127.0.0.1:1", "--request-timeout", "2s"];
    let with = |namespace: &str| elbtail(&[&["targets", ROW, "-n", namespace], &server[..]].concat());
    for bad in ["BAD/../ns", "..", "a/b", "Blast", "a%2e", "-"] {
        assert_fails(with(bad), 2, &["--namespace", "is no name of a namespace"]);
    }
    for good in ["", "blast-2"] {
        assert_fails(with(good), 6, &["127.0.0.1:1"]);
    }
}

#[test]
fn a_flag_that_does_not_exist_is_not_made_a_job() {
    for wrong in [["targets", ROW, "-A"], ["targets", ROW, "--nosuchthing"], ["jobs", "--limit=3", "-9"]] {
        let run = elbtail(&wrong).assert().code(2);
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(said.contains("unexpected argument") && !said.contains("-- -"), "{said}");
    }
}

#[test]
fn kubectls_global_flags_are_known() {
    let flags = [
        "--as=me",
        "--as-uid=1",
        "--as-user-extra=scope=a",
        "--as-user-extra=scope=b",
        "--username=me",
        "--password=planted",
        "--cache-dir=/tmp",
        "--kuberc=/tmp/kuberc",
        "--log-flush-frequency=5s",
        "--v=6",
        "--vmodule=x=1",
        "--profile=none",
        "--profile-output=profile.pprof",
        "--disable-compression",
        "--match-server-version",
        "--warnings-as-errors",
        "--insecure-skip-tls-verify-backend",
        "--server=https://127.0.0.1:1",
        "--request-timeout=2s",
    ];
    assert_fails(elbtail(&[&["targets", ROW], &flags[..]].concat()), 6, &["127.0.0.1:1"]);
    assert_fails(elbtail(&["targets", ROW, "--as-user-extra", "scope"]), 2, &["KEY=VALUE"]);
    assert_fails(
        elbtail(&[
            "targets",
            ROW,
            "--server=https://127.0.0.1:1",
            "--client-certificate=/no/such.pem",
            "--client-key=/no/such.key",
        ]),
        2,
        &["/no/such"],
    );
}

#[test]
fn flags_that_make_no_sense() {
    for (flags, told) in [
        (&["logs"][..], "name the job"),
        (&["logs", ROW, "-c", "("], "'('"),
        (&["logs", ROW, "--tail", "-2"], "-2"),
        (&["logs", ROW, "--since", "soon"], "30s, 5m, 2h30m, 1d or 1w"),
        (&["logs", ROW, "--since", "5"], "no unit"),
        (&["logs", ROW, "--since", "-5m"], "must not be negative"),
        (&["logs", ROW, "-l", ""], "--selector"),
        (&["tail", ROW], "unrecognized subcommand 'tail'\n\nUsage"),
        (&["logs", ROW, "--only-errors"], "unexpected argument '--only-errors' found\n\nFor more"),
        (&["logs", ROW, "--namspace", "x"], "'--namespace'"),
        (&["logs", ROW, "--since=-5s"], "must not be negative"),
        (&["logs", ROW, "--since-time", "yesterday"], "yesterday"),
        (&["logs", ROW, "--since", "5s", "--since-time", "2026-01-01T00:00:00Z"], "cannot be used with"),
        (&["logs", ROW, "--phase", "resting"], "staging_db"),
        (&["logs", ROW, "-o", "yaml"], "raw"),
        (&["logs", ROW, "-f", "--hold", "2s"], "--order"),
        (&["log", ROW], "logs"),
        (&["targets", ROW, "-n"], "--namespace"),
        (&["resolve", ROW, "--frobnicate"], "--frobnicate"),
    ] {
        assert_fails(elbtail(flags), 2, &[told]);
    }
}
