//! Who prints what, when.

use super::{Act, JOB_ID, Role, SHARDS, SHORT, Scene, Script};
use crate::log::Stream::{self, Stderr, Stdout};

pub(super) const IMAGE: &str = "elbacr.azurecr.io/ncbi/elb:1.4.0";

/// The whole job, with so many lines of `blast` (and, with `all`, of every container).
pub(super) fn write(lines: usize, all: bool) -> Script {
    let mut writer = Writer { script: Script { roles: Vec::new(), scenes: Vec::new() }, lines, all };
    for shard in 0..SHARDS {
        writer.init_ssd(shard);
    }
    for shard in 0..SHARDS {
        writer.blast(shard);
    }
    writer.finalizer();
    writer.script.scenes.sort_by(|a, b| a.at.total_cmp(&b.at));
    writer.script
}

struct Writer {
    script: Script,
    lines: usize,
    all: bool,
}

type Lines = Vec<(Stream, String)>;

impl Writer {
    fn role(&mut self, role: Role) -> usize {
        self.script.roles.push(role);
        self.script.roles.len() - 1
    }

    fn scene(&mut self, at: f64, role: usize, act: Act) {
        self.script.scenes.push(Scene { at, act: (role, act) });
    }

    /// Prints lines evenly over a while.
    fn print(&mut self, from: f64, to: f64, role: usize, container: &'static str, lines: Lines) {
        let step = (to - from) / (lines.len() as f64 + 1.0);
        for (number, (stream, line)) in lines.into_iter().enumerate() {
            self.scene(from + step * (number as f64 + 1.0), role, Act::Print(container, stream, line));
        }
    }

    /// Fills up to the wanted number of lines, before the last few.
    fn fill(&self, wanted: bool, mut lines: Lines, last: usize, filler: impl Fn(usize) -> (Stream, String)) -> Lines {
        let missing = if wanted { self.lines.saturating_sub(lines.len()) } else { 0 };
        let end = lines.split_off(lines.len() - last);
        lines.extend((0..missing).map(filler));
        lines.extend(end);
        lines
    }

    fn labels(app: &str, shard: Option<usize>) -> Vec<(&'static str, String)> {
        let mut labels = vec![("app", app.to_owned()), ("elb-job-id", JOB_ID.to_owned())];
        if let Some(shard) = shard {
            labels.push(("db", format!("s{shard:02}")));
            labels.push(("shard", shard.to_string()));
        }
        labels
    }

    fn init_ssd(&mut self, shard: usize) {
        let role = self.role(Role {
            job: format!("init-ssd-{SHORT}-{shard}"),
            labels: Self::labels("setup", None),
            init: None,
            containers: vec!["get-blastdb", "import-query-batches"],
            restart_policy: "Never",
            backoff: 3,
            ttl: false,
        });
        let late = shard as f64 * 0.004;
        self.scene(late, role, Act::Create);
        self.scene(late + 0.005, role, Act::Schedule);
        self.scene(late + 0.01, role, Act::Start(vec!["get-blastdb", "import-query-batches"]));
        let db = format!("core_nt_shard_{shard:02}");
        let download = vec![
            (Stdout, format!("Shard download: idx={shard:02} prefix={db} db=core_nt")),
            (Stdout, "Waiting 30s for workspace initialization".to_owned()),
            (Stderr, format!("azcopy attempt {}/5 failed, retrying in 20s...", shard % 2 + 1)),
            (Stdout, format!("INFO: Scanning {db}... ")),
            (Stdout, progress(8)),
            (Stdout, "Final Job Status: Completed".to_owned()),
            (Stdout, format!("Tue Nov 24 12:58:30 UTC 2026 RUNTIME download-{db} 12.5 seconds")),
        ];
        let download = self.fill(self.all, download, 3, |n| (Stdout, format!("INFO: {db}.{n:05}.nsq copied")));
        self.print(late + 0.01, 0.25 + late, role, "get-blastdb", download);
        let split = vec![
            (Stdout, "run.sh -i /blast/queries/query.fa -b 100000".to_owned()),
            (Stderr, "+ azcopy cp https://elbstore.blob.core.windows.net/queries/batch_000.fa .".to_owned()),
            (Stdout, "Split into 1 batches".to_owned()),
        ];
        let split = self.fill(self.all, split, 1, |n| (Stderr, format!("+ echo query {n} of shard {shard}")));
        self.print(late + 0.01, 0.12, role, "import-query-batches", split);
        self.scene(0.13 + late, role, Act::Terminate("import-query-batches"));
        self.scene(0.26 + late, role, Act::Terminate("get-blastdb"));
        self.scene(0.265 + late, role, Act::Complete);
    }

    fn blast(&mut self, shard: usize) {
        let role = self.role(Role {
            job: format!("blastn-batch-s{shard:02}-job-000-{SHORT}"),
            labels: Self::labels("blast", Some(shard)),
            init: Some("import-query-batches"),
            containers: vec!["blast", "results-export"],
            restart_policy: "OnFailure",
            backoff: 3,
            ttl: true,
        });
        let late = shard as f64 * 0.006;
        self.scene(0.30 + late, role, Act::Create);
        self.scene(0.305 + late, role, Act::Schedule);
        self.scene(0.31 + late, role, Act::Start(vec!["import-query-batches"]));
        let import = vec![
            (Stdout, "Downloading batch_000.fa".to_owned()),
            (Stdout, progress(3)),
            (Stdout, "INFO: azcopy done".to_owned()),
        ];
        let import = self.fill(self.all, import, 1, |n| (Stdout, format!("INFO: batch_000.fa part {n}")));
        self.print(0.31 + late, 0.36 + late, role, "import-query-batches", import);
        self.scene(0.365 + late, role, Act::Terminate("import-query-batches"));
        self.scene(0.37 + late, role, Act::Start(vec!["blast", "results-export"]));
        let db = format!("core_nt_shard_{shard:02}");
        let blast = vec![
            (Stdout, "BASH version 5.2.21(1)-release".to_owned()),
            (Stdout, format!("run start 000 blastn {db}")),
            (
                Stdout,
                format!(
                    "blastn -db {db} -query /shared/requests/batch_000.fa \
                     -out /shared/results/batch_000-blastn-s{shard:02}.out -num_threads 8 -outfmt 7"
                ),
            ),
            (Stderr, "Warning: [blastn] Examining 5 or more matches is recommended".to_owned()),
            (Stdout, format!("RUNTIME blast-job-000 {}.000000 seconds", 40 + shard)),
            (Stdout, "run end 000 0".to_owned()),
        ];
        let blast = self.fill(true, blast, 2, |n| {
            let warning = "Could not calculate ungapped Karlin-Altschul parameters due to an invalid query sequence \
                           or its translation. Please verify the query sequence(s) and/or filtering options";
            (Stderr, format!("Warning: [blastn] Query_{} contig_{shard}_{n}: {warning}", n + 1))
        });
        self.print(0.37 + late, 0.80 + late, role, "blast", blast);
        self.scene(0.81 + late, role, Act::Terminate("blast"));
        let export = vec![
            (Stderr, "+ BLAST_EXIT_CODE=0".to_owned()),
            (Stderr, format!("+ gzip /shared/results/batch_000-blastn-s{shard:02}.out")),
            (
                Stderr,
                format!(
                    "+ azcopy cp batch_000-blastn-s{shard:02}.out.gz https://elbstore.blob.core.windows.net/results/{JOB_ID}/"
                ),
            ),
            (Stdout, progress(4)),
            (Stdout, format!("INFO: azcopy upload completed batch_000-blastn-s{shard:02}.out.gz")),
        ];
        let export = self.fill(self.all, export, 1, |n| (Stderr, format!("+ echo block {n} of shard {shard}")));
        self.print(0.81 + late, 0.88 + late, role, "results-export", export);
        self.scene(0.885 + late, role, Act::Terminate("results-export"));
        self.scene(0.89 + late, role, Act::Complete);
    }

    fn finalizer(&mut self) {
        let role = self.role(Role {
            job: format!("elb-finalizer-{SHORT}"),
            labels: Self::labels("finalizer", None),
            init: None,
            containers: vec!["finalizer"],
            restart_policy: "Never",
            backoff: 0,
            ttl: false,
        });
        self.scene(0.34, role, Act::Create);
        self.scene(0.345, role, Act::Schedule);
        self.scene(0.35, role, Act::Start(vec!["finalizer"]));
        let begin = vec![
            (Stdout, "ElasticBLAST Finalizer started".to_owned()),
            (Stdout, format!("Detected {SHARDS} BLAST job(s); waiting for completion")),
        ];
        self.print(0.35, 0.37, role, "finalizer", begin);
        let wait = self.fill(self.all, vec![(Stdout, "Waiting for 5 BLAST job(s)".to_owned()); 3], 1, |n| {
            (Stdout, format!("Waiting for {SHARDS} BLAST job(s), {}s", n * 10))
        });
        self.print(0.40, 0.90, role, "finalizer", wait);
        let end = vec![
            (Stdout, "SUCCESS: all BLAST jobs completed".to_owned()),
            (Stdout, format!("INFO: uploaded {JOB_ID}/metadata/SUCCESS.txt")),
        ];
        self.print(0.93, 0.98, role, "finalizer", end);
        self.scene(0.99, role, Act::Terminate("finalizer"));
        self.scene(1.0, role, Act::Complete);
    }
}

/// azcopy redraws one line again and again.
fn progress(files: usize) -> String {
    let steps: Vec<String> = (0..=files)
        .map(|done| {
            let percent = done as f64 * 100.0 / files as f64;
            let pending = files - done;
            format!(
                "{percent:.1} %, {done} Done, 0 Failed, {pending} Pending, 0 Skipped, {files} Total, \
                 2-sec Throughput (Mb/s): {:.1}",
                812.3 - done as f64
            )
        })
        .collect();
    steps.join("\r")
}
