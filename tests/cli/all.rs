//! `save --all` that makes no sense.

use std::net::TcpListener;

use crate::{assert_fails, elbtail};

const ROW: &str = "testdata/rows/incident.json";

#[test]
fn one_job_or_all_of_them() {
    for (words, told) in [
        (&["save", "-f", "--all", ROW, "DEST"][..], "'--all' cannot be used with '[JOB]'"),
        (&["save", "--all", "DEST"], "--follow"),
        (&["save", "-f", "--all"], "<DEST>"),
        (&["save", "-f", "DEST"], "<JOB>"),
        (&["save"], "<DEST>"),
        (&["save", "-f", "--all", "DEST", "--job", "18b9edca"], "'--all' cannot be used with"),
        (&["save", "-f", "--all", "DEST", "--include-setup"], "'--all' cannot be used with"),
        (&["save", "-f", ROW, "DEST", "--listen", "127.0.0.1:0"], "cannot be used with"),
        (&["save", "-f", ROW, "DEST", "--lease-duration", "15s"], "cannot be used with"),
        (&["save", "-f", "DEST", "--listen", "127.0.0.1:0"], "--all"),
    ] {
        assert_fails(elbtail(words), 2, &[told]);
    }
}

#[test]
fn flags_stand_anywhere() {
    for words in [
        &["save", "-f", ROW, "s3:bucket"][..],
        &["save", ROW, "s3:bucket", "-f"],
        &["save", ROW, "-f", "s3:bucket"],
        &["save", ROW, "--max-age", "5s", "s3:bucket"],
        &["save", ROW, "-fn", "default", "s3:bucket"],
        &["save", "-f", "s3:bucket", "--all"],
    ] {
        assert_fails(elbtail(words), 2, &["s3:"]);
    }
}

#[test]
fn where_it_listens_and_how_long_a_lease_lasts() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (flag, value, told) in [
        ("--listen", taken.as_str(), "give another address or port"),
        ("--listen", "192.0.2.1:80", "give another address or port"),
        ("--listen", "8080", "--listen"),
        ("--listen", "localhost:8080", "--listen"),
        ("--lease-duration", "1s", "must last 2 s or longer"),
        ("--lease-duration", "0", "must last 2 s or longer"),
        ("--lease-duration", "-5s", "must not be negative"),
        ("--lease-duration", "15", "it has no unit"),
    ] {
        assert_fails(elbtail(&["save", "-f", "--all", "DEST", flag, value]), 2, &[told]);
    }
    assert!(!std::path::Path::new("DEST").exists(), "nothing was begun");
}
