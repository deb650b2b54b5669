//! A job that was never run: pods, lines and ends as a run would have told them, for pages and benchmarks of any size.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use elbtail::{
    follow::{
        drive::Batch,
        note::{Note, Proof},
    },
    k8s::{InstanceId, Line, Pod, Stamp, Target, targets},
    render::JobIds,
    report::{Gathered, Redaction},
    session::RunEvent,
};
use serde_json::{Value, json};

/// Its id.
pub const JOB: &str = "job-429825360482416da20736cf3ed51a95";
const SHORT: &str = "3ed51a95";
/// When it began, in seconds since 1970: 2026-11-24T12:00:00Z.
const BEGAN: i64 = 1_795_521_600;

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Batches in all.
    pub batches: usize,
    /// Shards they are spread over.
    pub shards: usize,
    /// Nodes they run on.
    pub nodes: usize,
}

/// A container of a pod: its name, its lines with their seconds, and its status.
type Made<'a> = (&'a str, &'a [(i64, &'a str)], Value);

/// A run of it that nobody made.
pub struct Told {
    gathered: Gathered,
    now: Stamp,
}

fn time(second: i64) -> Value {
    Stamp((BEGAN + second) * 1_000_000_000).to_timestamp().to_string().into()
}

fn ended(from: i64, to: i64, code: i32, reason: &str) -> Value {
    json!({"exitCode": code, "reason": reason, "startedAt": time(from), "finishedAt": time(to), "containerID": "containerd://1"})
}

impl Told {
    fn new(redaction: Redaction) -> Told {
        let mut gathered = Gathered::new(redaction);
        let now = Stamp((BEGAN + 7200) * 1_000_000_000);
        gathered.take(&RunEvent::Job(JobIds { job: Some(JOB.to_owned()), row: None }), now);
        Told { gathered, now }
    }

    /// A pod and what became of it.
    fn pod(&mut self, name: &str, node: Option<&str>, created: i64, containers: &[Made<'_>]) {
        let init = |name: &str| name == "import-query-batches" && containers.len() == 3;
        let spec = |is_init: bool| -> Vec<Value> {
            containers.iter().filter(|it| init(it.0) == is_init).map(|(name, ..)| json!({"name": name})).collect()
        };
        let statuses = |is_init: bool| -> Vec<Value> {
            let of = containers.iter().filter(|it| init(it.0) == is_init);
            of.map(|(name, _, status)| {
                let mut status = status.clone();
                status["name"] = (*name).into();
                status
            })
            .collect()
        };
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}"), "creationTimestamp": time(created)},
            "spec": {"nodeName": node, "initContainers": spec(true), "containers": spec(false)},
            "status": {"initContainerStatuses": statuses(true), "containerStatuses": statuses(false)},
        }))
        .unwrap();
        let found: Vec<Arc<Target>> = targets(&pod).into_iter().map(Arc::new).collect();
        for target in &found {
            self.take(&RunEvent::Found(target.clone()));
        }
        for (name, lines, status) in containers {
            let target = found.iter().find(|target| target.container == *name).unwrap();
            let restart = status["restartCount"].as_u64().unwrap_or_default() as u32;
            let instance = InstanceId { container: Arc::new(target.id()), restart };
            let line = |(at, text): &(i64, &str)| Line {
                stamp: Stamp((BEGAN + at) * 1_000_000_000),
                text: text.to_string().into(),
            };
            let lines: Vec<Line> = lines.iter().map(line).collect();
            if !lines.is_empty() {
                let count = lines.len() as u64;
                self.take(&RunEvent::Lines(Batch { instance: instance.clone(), stream: None, lines }));
                if status["state"]["terminated"].is_object() {
                    self.take(&RunEvent::Complete { instance, lines: count, proof: Proof::Checked });
                }
            }
        }
        self.gathered.overview.pod(&pod, self.now);
    }

    fn take(&mut self, event: &RunEvent) {
        self.gathered.take(event, self.now);
    }

    /// Says that lines of a container are missing.
    fn gap(&mut self, pod: &str, container: &str, reason: &str) {
        let uid = format!("uid-{pod}");
        let mut of = self.gathered.overview.containers().iter().map(|life| &life.target);
        let target = of.rfind(|target| target.uid == uid && target.container == container).cloned();
        let Some(target) = target else { return };
        let instance = InstanceId { container: Arc::new(target.id()), restart: 0 };
        let note = Note::Missing { restart: 0, reason: reason.to_owned() };
        self.take(&RunEvent::Gap { instance, note });
    }
}

/// The job: its nodes are prepared, its batches run as many at a time as nodes have room, a few are late, fail or are tried again, and
/// its finalizer ends it. What runs in it depends on its size alone.
pub fn made(size: Size, redaction: Redaction) -> Gathered {
    let mut told = Told::new(redaction);
    let node = |number: usize| format!("aks-blastpool-31415926-vmss{number:06}");
    for number in 0..size.nodes {
        let took = 70 + (number as i64 * 7) % 25;
        let lines = [
            (4, "Shard download: idx=03 prefix=core_nt_shard_03 db=core_nt"),
            (9, "azcopy attempt 1/5 failed, retrying in 20s..."),
            (29, "RUNTIME download-core_nt 40.5 seconds"),
        ];
        let done = |from, to| json!({"restartCount": 0, "state": {"terminated": ended(from, to, 0, "Completed")}});
        told.pod(
            &format!("init-ssd-{SHORT}-{number}-7vvqw"),
            Some(&node(number)),
            0,
            &[
                ("get-blastdb", if number % 3 == 0 { &lines } else { &lines[..1] }, done(3, took)),
                ("import-query-batches", &[], done(3, 12)),
            ],
        );
    }
    let room = size.nodes * 8;
    // The slots by when they are free.
    let mut free: BinaryHeap<Reverse<(i64, usize)>> = (0..room).map(|slot| Reverse((100, slot))).collect();
    let mut last = 100;
    for number in 0..size.batches {
        let (shard, batch) = (number % size.shards, number / size.shards);
        let name = format!("blastn-batch-s{shard:02}-job-{batch:03}-{SHORT}");
        let mut took = 60 + (number as i64 * 7919) % 37 + (shard as i64 * 5) % 30;
        let Reverse((begin, slot)) = free.pop().unwrap();
        if number % 97 == 41 {
            took *= 4;
        }
        let mut from = begin + 2;
        let on = node(slot % size.nodes);
        let init = json!({"restartCount": 0, "state": {"terminated": ended(from, from + 1, 0, "Completed")}});
        from += 2;
        let title = format!("run start {batch:03} blastn core_nt_shard_{shard:02}");
        let runtime = format!("RUNTIME blast-job-{batch:03} {took}.000000 seconds");
        let to = from + took;
        let good = [
            (from, "BASH version 5.1.16(1)-release"),
            (from, title.as_str()),
            (from + 1, "blastn -db core_nt -query /shared/requests/batch.fa -out /out -num_threads 8 -outfmt 7"),
            (to, runtime.as_str()),
            (to, "run end 000 0"),
        ];
        let bad = [
            good[0],
            good[1],
            (
                from + 1,
                "azcopy cp https://elb.blob.core.windows.net/db/x?sv=2024-01-01&sig=Planted%2FSignature%3D /blast",
            ),
            (
                to,
                "BLAST Database error: No alias or index file found for nucleotide database [core_nt_shard_03] in search path [/blast::]",
            ),
            (to, "RUNTIME blast-job-000 1.000000 seconds"),
            (to, "run end 000 2"),
        ];
        let export =
            [(to + 1, "+ azcopy cp /out az://results"), (to + 3, "INFO: azcopy upload completed batch.out.gz")];
        let exported = json!({"restartCount": 0, "state": {"terminated": ended(from, to + 3, 0, "Completed")}});
        let (blast, lines): (Value, &[(i64, &str)]) = match number % 211 {
            17 => (json!({"restartCount": 0, "state": {"terminated": ended(from, to, 2, "Error")}}), &bad),
            60 => (
                json!({
                    "restartCount": 1,
                    "lastState": {"terminated": ended(from, from + 20, 137, "OOMKilled")},
                    "state": {"terminated": ended(from + 30, to, 0, "Completed")},
                }),
                &good,
            ),
            _ => (json!({"restartCount": 0, "state": {"terminated": ended(from, to, 0, "Completed")}}), &good),
        };
        let pod = format!("{name}-{:05x}", 0x0a_17c3 + number * 7 % 0xf_ffff);
        told.pod(
            &pod,
            Some(&on),
            96,
            &[("import-query-batches", &[], init), ("blast", lines, blast), ("results-export", &export, exported)],
        );
        if number % 500 == 77 {
            told.gap(&pod, "blast", "rotated away before they could be read");
        }
        free.push(Reverse((to + 5, slot)));
        last = last.max(to + 5);
    }
    told.pod(
        &format!("elb-finalizer-{SHORT}-x2x2x"),
        Some(&node(0)),
        96,
        &[(
            "finalizer",
            &[(101, "ElasticBLAST Finalizer started"), (last + 2, "SUCCESS: all BLAST jobs completed")],
            json!({"restartCount": 0, "state": {"terminated": ended(100, last + 3, 0, "Completed")}}),
        )],
    );
    told.gathered
}

/// A job that goes on: a batch has ended, one runs and is late, one waits for its image, and one has no node.
#[allow(dead_code, reason = "benchmarks need less")]
pub fn going_on(redaction: Redaction) -> Gathered {
    let mut told = Told::new(redaction);
    let running = |from: i64| json!({"restartCount": 0, "state": {"running": {"startedAt": time(from)}}});
    let waiting = |reason: &str| json!({"restartCount": 0, "state": {"waiting": {"reason": reason}}});
    let name = |batch: usize| format!("blastn-batch-s00-job-{batch:03}-{SHORT}-xxxxx");
    for batch in 0..4 {
        let from = 100 + batch as i64;
        let done = json!({"restartCount": 0, "state": {"terminated": ended(from, from + 60, 0, "Completed")}});
        told.pod(
            &name(batch),
            Some("node-1"),
            90,
            &[
                ("blast", &[(from, "run start 000 blastn nt"), (from + 60, "run end 000 0")], done.clone()),
                ("results-export", &[], done),
            ],
        );
    }
    told.pod(
        &name(4),
        Some("node-2"),
        90,
        &[("blast", &[(200, "run start 004 blastn nt")], running(200)), ("results-export", &[], running(200))],
    );
    told.pod(
        &name(5),
        Some("node-2"),
        90,
        &[("blast", &[], waiting("ImagePullBackOff")), ("results-export", &[], waiting("ImagePullBackOff"))],
    );
    told.pod(&name(6), None, 90, &[("blast", &[], waiting("")), ("results-export", &[], waiting(""))]);
    told.gathered
}

/// A pod whose names, reasons and lines try to be markup, scripts and commands.
pub fn hostile(redaction: Redaction) -> Gathered {
    const EVIL: &str = "</script><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    let mut told = Told::new(redaction);
    let line = format!("ERROR: {EVIL} <!-- {{{{ 7 * 7 }}}} `$(id)` \u{202e}\u{1b}[31m'\"&amp;");
    let name = format!("blastn-batch-{EVIL}-job-000-{SHORT}-x");
    let reason = format!("Error{EVIL}");
    told.pod(
        &name,
        Some(EVIL),
        0,
        &[
            (
                &format!("blast{EVIL}"),
                &[(5, "before <b>bold</b>"), (6, &line), (7, "after")],
                json!({
                    "restartCount": 0,
                    "state": {"terminated": ended(3, 9, 1, &reason)},
                }),
            ),
            ("results-export", &[], json!({"restartCount": 0, "state": {"waiting": {"reason": EVIL}}})),
        ],
    );
    told.gap(&name, &format!("blast{EVIL}"), EVIL);
    told.gathered
}
