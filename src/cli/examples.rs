//! Examples, which `--help` ends with. A test reads each as a command line, and runs those that need no cluster.

/// `elbtail`.
pub const ELBTAIL: &str = "\
Examples:
  elbtail jobs
  elbtail logs -f row.json
  elbtail doctor row.json

Exit codes: 0 done, 1 unexpected, 2 usage, 3 row not readable, 4 no id in the row, 5 no pods match,
6 cluster not reachable, 7 not authenticated or forbidden, 8 lines are missing and elbtail knows it,
9 the job failed (with --exit-code) or doctor found a problem,
129 the terminal was closed, 130 interrupted, 143 asked to end";

pub const LOGS: &str = "\
Examples:
  elbtail logs -f row.json
  elbtail logs 3ed51a95 -c blast --since 10m
  elbtail logs -f --latest -o json --exit-code";

#[cfg(feature = "watch")]
pub const WATCH: &str = "\
Examples:
  elbtail watch row.json
  elbtail watch 3ed51a95 --phase running
  elbtail watch --archive /var/lib/elbtail row.json";

pub const RESOLVE: &str = "\
Examples:
  elbtail resolve row.json
  elbtail resolve -o name row.json
  elbtail resolve export.ndjson --job 18b9edca -o json";

pub const TARGETS: &str = "\
Examples:
  elbtail targets row.json
  elbtail targets -w 3ed51a95 -o wide
  elbtail targets row.json --phase running -o name";

pub const JOBS: &str = "\
Examples:
  elbtail jobs
  elbtail jobs -A -o wide
  elbtail jobs --db sqlite:jobs.db --status running";

pub const DOCTOR: &str = "\
Examples:
  elbtail doctor row.json
  elbtail doctor row.json --wait-healthy 5m -o junit
  elbtail doctor row.json --bundle ticket.tar.zst";

pub const REPORT: &str = "\
Examples:
  elbtail report row.json -o report.html
  elbtail report 3ed51a95 -o json
  elbtail report --archive /var/lib/elbtail row.json -o report.html";

#[cfg(feature = "archive")]
pub const SAVE: &str = "\
Examples:
  elbtail save -f row.json /var/lib/elbtail
  elbtail save row.json az://logs/elbtail --redact
  elbtail save -f --all -A s3://logs/elbtail";

#[cfg(feature = "archive")]
pub const ARCHIVES: &str = "\
Examples:
  elbtail archives /var/lib/elbtail
  elbtail archives az://logs/elbtail -o json";

#[cfg(feature = "archive")]
pub const REPLAY: &str = "\
Examples:
  elbtail replay /var/lib/elbtail row.json
  elbtail replay /var/lib/elbtail row.json -c blast --speed 10";

#[cfg(feature = "archive")]
pub const VERIFY: &str = "\
Examples:
  elbtail verify /var/lib/elbtail
  elbtail verify az://logs/elbtail job-429825360482416da20736cf3ed51a95";

#[cfg(feature = "archive")]
pub const PRUNE: &str = "\
Examples:
  elbtail prune /var/lib/elbtail --older-than 30d --dry-run
  elbtail prune /var/lib/elbtail --older-than 30d";

pub const CONFIG: &str = "\
Examples:
  elbtail config show
  elbtail config show --color never --timezone Local";

pub const COMPLETION: &str = "\
Examples:
  elbtail completion bash > ~/.local/share/bash-completion/completions/elbtail
  elbtail completion fish > ~/.config/fish/completions/elbtail.fish";

pub const VERSION: &str = "\
Examples:
  elbtail version
  elbtail version --client -o json";
