//! Secrets in lines.

use crate::{
    jobs::JobPlan,
    lines::stdout,
    stage::{ROW, Stage},
    terminal::{Terminal, uncoloured},
};

/// Lines as a pod prints them, and what may be shown of them.
const LINES: [(&str, &str); 5] = [
    ("run start 000 blastn core_nt_shard_03", "run start 000 blastn core_nt_shard_03"),
    (
        "azcopy cp https://s.blob.core.windows.net/q/a.fa?sv=2022-11-02&sig=pl4nted .",
        "azcopy cp https://s.blob.core.windows.net/q/a.fa?*** .",
    ),
    ("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"),
    ("MIIEpl4ntedBADANBgkq", "***"),
    ("-----END PRIVATE KEY-----", "***"),
];

#[test]
fn secrets_are_masked_on_a_terminal_and_in_json_and_pass_through_a_pipe() {
    let stage = Stage::new();
    let script: Vec<String> = LINES.iter().map(|(line, _)| format!("echo '{line}'")).collect();
    stage.create(&JobPlan::batch(0).container("blast", &script.join("; ")).counts("results-export", 3));
    stage.until_jobs_end();
    let [as_printed, masked] = [LINES.map(|(line, _)| line), LINES.map(|(_, shown)| shown)];
    let flags = ["logs", ROW, "-c", "blast"];
    for order in ["time", "arrival"] {
        for (more, expected) in [
            (&["-o", "raw"][..], as_printed),
            (&["-o", "raw", "--redact"], masked),
            (&["-o", "json"], masked),
            (&["-o", "json", "--no-redact"], as_printed),
        ] {
            let run = stage.run(&[&flags[..], &["--order", order], more].concat()).code(0);
            let printed: Vec<String> = stdout(&run)
                .into_iter()
                .map(|line| match serde_json::from_str::<serde_json::Value>(&line) {
                    Ok(object) => object["message"].as_str().unwrap().to_owned(),
                    Err(_) => line,
                })
                .collect();
            assert_eq!(printed, expected, "{order} {more:?}");
        }
        for (more, expected) in [(&[][..], masked), (&["--no-redact"], as_printed)] {
            let command = stage.command(&[&flags[..], &["--order", order, "-o", "raw"], more].concat());
            let shown = uncoloured(&Terminal::of(120).run(&command));
            assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{order} {more:?}");
        }
    }
}
