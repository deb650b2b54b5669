//! [`JobPlan`]: a Kubernetes Job of ElasticBLAST whose containers print lines that can be counted.

use serde_json::{Value, json};

use crate::stage::{ID, SHORT};

/// A container and the script it runs. Scripts run in a directory that the pod's containers share and that outlives restarts.
#[derive(Debug, Clone)]
struct Part {
    name: String,
    script: String,
    env: Vec<(String, String)>,
    init: bool,
    image: Option<String>,
}

/// A Job before it exists.
#[derive(Debug, Clone)]
pub struct JobPlan {
    pub name: String,
    labels: Vec<(String, String)>,
    parts: Vec<Part>,
    restart: &'static str,
    backoff: u32,
    suspended: bool,
    node_selector: Option<Value>,
    expected: Vec<String>,
}

impl JobPlan {
    /// A Job without labels or containers.
    pub fn bare(name: &str) -> JobPlan {
        JobPlan {
            name: name.to_owned(),
            labels: Vec::new(),
            parts: Vec::new(),
            restart: "Never",
            backoff: 0,
            suspended: false,
            node_selector: None,
            expected: Vec::new(),
        }
    }

    /// A Job of the incident's ElasticBLAST job.
    pub fn new(name: &str, app: &str) -> JobPlan {
        JobPlan::bare(name).label("app", app).label("elb-job-id", ID)
    }

    /// The Job that searches a shard.
    pub fn batch(shard: usize) -> JobPlan {
        let name = format!("blastn-batch-s{shard:02}-job-000-{SHORT}");
        JobPlan::new(&name, "blast").label("db", &format!("s{shard:02}")).label("shard", &shard.to_string())
    }

    pub fn label(mut self, key: &str, value: &str) -> JobPlan {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds a container that runs `script`.
    pub fn container(mut self, name: &str, script: &str) -> JobPlan {
        let (name, script) = (name.to_owned(), script.to_owned());
        self.parts.push(Part { name, script, env: Vec::new(), init: false, image: None });
        self
    }

    /// Adds an init container that runs `script`.
    pub fn init(self, name: &str, script: &str) -> JobPlan {
        let mut plan = self.container(name, script);
        plan.last().init = true;
        plan
    }

    /// Adds a container that prints so many numbered lines and ends.
    pub fn counts(self, name: &str, lines: usize) -> JobPlan {
        let tag = self.tag(name);
        let mut plan = self.container(name, &count(&tag, lines));
        plan.expected.extend(numbered(&tag, lines));
        plan
    }

    /// Adds an init container that does.
    pub fn init_counts(self, name: &str, lines: usize) -> JobPlan {
        let mut plan = self.counts(name, lines);
        plan.last().init = true;
        plan
    }

    /// What the numbered lines of a container begin with.
    pub fn tag(&self, container: &str) -> String {
        format!("{}/{container}", self.name)
    }

    /// The lines that [`JobPlan::counts`] makes it print.
    pub fn expected(&self) -> Vec<String> {
        self.expected.clone()
    }

    /// Sets a variable of the container added last.
    pub fn env(mut self, name: &str, value: &str) -> JobPlan {
        self.last().env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the image of the container added last.
    pub fn image(mut self, image: &str) -> JobPlan {
        self.last().image = Some(image.to_owned());
        self
    }

    /// Restarts failed containers in place, at most so often.
    pub fn restarts(mut self, backoff: u32) -> JobPlan {
        (self.restart, self.backoff) = ("OnFailure", backoff);
        self
    }

    /// Makes no pod until it is resumed.
    pub fn suspended(mut self) -> JobPlan {
        self.suspended = true;
        self
    }

    /// Wants a node with this label.
    pub fn on_node(mut self, key: &str, value: &str) -> JobPlan {
        self.node_selector = Some(json!({ key: value }));
        self
    }

    fn last(&mut self) -> &mut Part {
        self.parts.last_mut().expect("a container was added before")
    }

    /// The object to create.
    pub fn object(&self, image: &str) -> Value {
        let container = |part: &Part| {
            let env: Vec<Value> = part.env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            json!({
                "name": part.name,
                "image": part.image.as_deref().unwrap_or(image),
                "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/sh", "-c", part.script],
                "env": env,
                "workingDir": "/shared",
                "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
            })
        };
        let of =
            |init: bool| -> Vec<Value> { self.parts.iter().filter(|part| part.init == init).map(container).collect() };
        let labels: serde_json::Map<String, Value> =
            self.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        let mut spec = json!({
            "restartPolicy": self.restart,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": false,
            "initContainers": of(true),
            "containers": of(false),
            "volumes": [{"name": "shared", "emptyDir": {}}],
        });
        if let Some(selector) = &self.node_selector {
            spec["nodeSelector"] = selector.clone();
        }
        json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": self.name, "labels": labels},
            "spec": {
                "backoffLimit": self.backoff,
                "suspend": self.suspended,
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        })
    }
}

/// A script that prints numbered lines.
pub fn count(tag: &str, lines: usize) -> String {
    format!("i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo \"{tag} line $i\"; done")
}

/// What [`count`] prints.
pub fn numbered(tag: &str, lines: usize) -> Vec<String> {
    (1..=lines).map(|number| format!("{tag} line {number}")).collect()
}

/// The incident's 11 Jobs: 21 containers and 5 init containers with so many lines each. The finalizer is suspended until it is
/// resumed: as the last of the job it waits for the others, which it cannot do without permissions of its own.
pub fn incident(lines: usize) -> Vec<JobPlan> {
    let setup = (0..5).map(|node| {
        let name = format!("init-ssd-{SHORT}-{node}");
        JobPlan::new(&name, "setup").counts("get-blastdb", lines).counts("import-query-batches", lines)
    });
    let batches = (0..5).map(|shard| {
        JobPlan::batch(shard)
            .restarts(3)
            .init_counts("import-query-batches", lines)
            .counts("blast", lines)
            .env("BLAST_ELB_JOB_ID", ID)
            .env("JOB_NUM", "000")
            .counts("results-export", lines)
    });
    setup.chain(batches).chain([finalizer(lines)]).collect()
}

/// The finalizer, suspended.
pub fn finalizer(lines: usize) -> JobPlan {
    let plan = JobPlan::new(&format!("elb-finalizer-{SHORT}"), "finalizer").suspended();
    plan.counts("finalizer", lines).env("BLAST_ELB_JOB_ID", ID)
}
