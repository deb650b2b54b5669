//! What the full-screen view costs beside `logs -f`.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use testcluster::load::JOB_ID;

use crate::{
    Plan,
    bars::{bar, note},
    process::{Process, cpu_of},
    server::Server,
};

/// How much more of a core it may take.
const BAR: f64 = 30.0;

/// The view on a terminal of its own, 200×60, which `script` makes and nobody reads slowly.
struct Watched {
    script: Child,
    pid: u32,
}

impl Watched {
    fn start(mut command: Command) -> Watched {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let words = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_str().unwrap());
        let words = shlex::try_join(words).unwrap();
        let line = format!("stty cols 200 rows 60; echo $$ > {}; exec {words}", file.display());
        let mut script = Command::new("script");
        script.args(["--quiet", "--command", &line, "/dev/null"]);
        script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR");
        // Its input stays open and silent.
        let script = script.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        command.stdin(Stdio::null());
        let pid = loop {
            if let Some(pid) = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()) {
                break pid;
            }
            sleep(Duration::from_millis(10));
        };
        Watched { script, pid }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.pid.to_string()).status();
        let _ = self.script.wait();
    }
}

/// 1,000 containers at 20,000 lines a second.
pub fn beside_logs(plan: &Plan) {
    println!("watch 1000 containers at 20,000 lines a second, beside logs -f");
    let took = Duration::from_secs(if plan.full { 20 } else { 8 });
    let mut server = Server::flow(1000);
    let elbtail = Process::start(server.elbtail(&["logs", JOB_ID, "-f"]));
    elbtail.until_lines(1000, Duration::from_secs(60)).expect("all streams open");
    server.rate(20_000);
    sleep(Duration::from_secs(2));
    let (cpu, began) = (elbtail.cpu(), Instant::now());
    sleep(took);
    let logs = (elbtail.cpu() - cpu) / began.elapsed().as_secs_f64() * 100.0;
    drop(elbtail);
    server.rate(0);
    let watched = Watched::start(server.elbtail(&["watch", JOB_ID]));
    sleep(Duration::from_secs(8));
    server.rate(20_000);
    sleep(Duration::from_secs(2));
    let (cpu, began) = (cpu_of(watched.pid), Instant::now());
    sleep(took);
    let watch = (cpu_of(watched.pid) - cpu) / began.elapsed().as_secs_f64() * 100.0;
    note("CPU of logs -f", logs, "% of a core");
    note("CPU of watch", watch, "% of a core");
    note("watch / logs -f", watch / logs, "");
    bar("more than logs -f", watch - logs, "% of a core", BAR);
    println!();
}
