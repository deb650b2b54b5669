//! A mini kubelet: runs the containers of pods created through the API as local processes.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::clock;
use crate::log::{CHUNK, InstanceLog, Stream};
use crate::pod::PodHandle;

/// Never waited for longer than this between two starts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Runs a pod to its end, in the background.
pub(crate) fn run(pod: PodHandle) {
    let stop = watch::Sender::new(None);
    let world = Arc::clone(pod.world());
    world.lock().running.insert(pod.uid().to_owned(), stop.clone());
    world.runtime.spawn(async move {
        let stopped = Stopped(stop.subscribe());
        Kubelet { pod: pod.clone(), stopped: stopped.clone() }.run().await;
        // Finished or not, the pod stays until somebody deletes it.
        stopped.clone().wait().await;
        pod.finish_delete();
        pod.world().lock().running.remove(pod.uid());
    });
}

/// Waits for the pod's deletion.
#[derive(Debug, Clone)]
struct Stopped(watch::Receiver<Option<u64>>);

impl Stopped {
    async fn wait(&mut self) -> u64 {
        match self.0.wait_for(Option::is_some).await {
            Ok(grace) => grace.unwrap_or(0),
            Err(_) => 0,
        }
    }

    fn already(&self) -> bool {
        self.0.borrow().is_some()
    }
}

struct Kubelet {
    pod: PodHandle,
    stopped: Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Exit(i32),
    Stopped,
}

impl Kubelet {
    async fn run(self) {
        let Some(object) = self.pod.object() else { return };
        let spec = &object["spec"];
        if spec["nodeSelector"].as_object().is_some_and(|selector| !selector.is_empty()) {
            self.pod.unschedulable(
                "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. \
                 preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
            );
            return;
        }
        let Ok(directory) = tempfile::tempdir() else { return };
        self.pod.schedule();
        let assigned = format!("Successfully assigned {}/{} to node1", self.pod.namespace(), self.pod.name());
        self.pod.event("Normal", "Scheduled", &assigned);
        let policy = spec["restartPolicy"].as_str().unwrap_or("Always");
        let of = |set: &str| spec[set].as_array().cloned().unwrap_or_default();
        for container in of("initContainers") {
            // An init container that succeeded is never run again, whatever the policy.
            let policy = if policy == "Never" { "Never" } else { "OnFailure" };
            if self.container(&container, policy, directory.path()).await != End::Exit(0) {
                return;
            }
        }
        let containers = of("containers");
        join_all(containers.iter().map(|container| self.container(container, policy, directory.path()))).await;
    }

    /// Runs one container, again and again if the policy says so.
    async fn container(&self, spec: &Value, policy: &str, directory: &Path) -> End {
        let name = spec["name"].as_str().unwrap_or_default();
        let image = spec["image"].as_str().unwrap_or_default();
        let mut stopped = self.stopped.clone();
        if image.contains("missing") {
            self.fail_to_pull(name, image).await;
            return End::Stopped;
        }
        let mut backoff = self.pod.world().options.restart_backoff;
        let mut first = true;
        loop {
            if stopped.already() {
                return End::Stopped;
            }
            if first {
                self.pod.start(name)
            } else {
                self.pod.restart(name)
            };
            first = false;
            self.pod.event("Normal", "Started", &format!("Started container {name}"));
            let Some(log) = self.pod.log(name) else { return End::Stopped };
            let code = match self.command(spec, directory).spawn() {
                Err(error) => {
                    let message = format!("failed to start container: {error}");
                    self.pod.terminate_with(name, 128, "StartError", Some(&message));
                    128
                }
                Ok(child) => {
                    let code = self.attend(child, &log).await;
                    self.pod.terminate(name, code);
                    code
                }
            };
            let again = policy == "Always" || (policy == "OnFailure" && code != 0);
            if !again {
                return End::Exit(code);
            }
            if stopped.already() {
                return End::Stopped;
            }
            let place = format!("{}_{}({})", self.pod.name(), self.pod.namespace(), self.pod.uid());
            let message = format!("back-off {}s restarting failed container={name} pod={place}", backoff.as_secs_f64());
            self.pod.waiting(name, "CrashLoopBackOff", Some(&message));
            self.pod.event(
                "Warning",
                "BackOff",
                &format!("Back-off restarting failed container {name} in pod {place}"),
            );
            tokio::select! {
                () = tokio::time::sleep(backoff) => {}
                _ = stopped.wait() => return End::Stopped,
            }
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
    }

    async fn fail_to_pull(&self, name: &str, image: &str) {
        let mut stopped = self.stopped.clone();
        let error = format!("failed to pull and unpack image \"{image}\": failed to resolve image: {image}: not found");
        self.pod.waiting(name, "ErrImagePull", Some(&error));
        self.pod.event("Warning", "Failed", &format!("Failed to pull image \"{image}\": {error}"));
        tokio::select! {
            () = tokio::time::sleep(self.pod.world().options.restart_backoff) => {}
            _ = stopped.wait() => return,
        }
        let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {error}");
        self.pod.waiting(name, "ImagePullBackOff", Some(&message));
        self.pod.event("Normal", "BackOff", &format!("Back-off pulling image \"{image}\""));
        stopped.wait().await;
    }

    fn command(&self, spec: &Value, directory: &Path) -> Command {
        let words = |key: &str| -> Vec<String> {
            spec[key].as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
        };
        let line = [words("command"), words("args")].concat();
        let (program, arguments) = line.split_first().map_or(("true", &[][..]), |(program, rest)| (program, rest));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
            .env("HOSTNAME", self.pod.name())
            .env("ELBTAIL_POD_DIR", directory)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .process_group(0);
        for variable in spec["env"].as_array().into_iter().flatten() {
            let Some(name) = variable["name"].as_str() else { continue };
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("metadata.name") => self.pod.name(),
                Some("metadata.namespace") => self.pod.namespace(),
                Some("metadata.uid") => self.pod.uid(),
                _ => variable["value"].as_str().unwrap_or_default(),
            };
            command.env(name, value);
        }
        command
    }

    /// Reads a process to its end; on deletion it gets SIGTERM, and SIGKILL when its grace is over.
    async fn attend(&self, mut child: Child, log: &InstanceLog) -> i32 {
        let group = Group::of(&child);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let reading = async {
            tokio::join!(pump(stdout, log, Stream::Stdout), pump(stderr, log, Stream::Stderr));
        };
        let mut stopped = self.stopped.clone();
        let waiting = async {
            let status = tokio::select! {
                status = child.wait() => status,
                grace = stopped.wait() => {
                    group.ask();
                    match tokio::time::timeout(Duration::from_secs(grace), child.wait()).await {
                        Ok(status) => status,
                        Err(_) => {
                            group.kill();
                            child.wait().await
                        }
                    }
                }
            };
            // Whatever the container left behind must not keep its pipes open.
            group.kill();
            status
        };
        let (status, ()) = tokio::join!(waiting, reading);
        status.map_or(128, exit_code)
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// A process group that does not outlive this handle.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// SIGTERM goes to the container's first process alone, as the runtime sends it.
    fn ask(&self) {
        if let Some(first) = self.0 {
            let _ = kill_process(first, Signal::TERM);
        }
    }

    fn kill(&self) {
        if let Some(group) = self.0 {
            // It may be gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Stores a pipe's bytes as the runtime does: one chunk a line, or one for every 16 KiB of it.
async fn pump(pipe: Option<impl AsyncRead + Unpin>, log: &InstanceLog, stream: Stream) {
    let Some(mut pipe) = pipe else { return };
    let mut line: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = pipe.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            break;
        }
        line.extend_from_slice(&buffer[..read]);
        let mut start = 0;
        while let Some(length) = line[start..].iter().position(|byte| *byte == b'\n') {
            log.append(clock::now_nanos(), stream, &line[start..=start + length]);
            start += length + 1;
        }
        while line.len() - start > CHUNK {
            log.append_chunk(clock::now_nanos(), stream, true, &line[start..start + CHUNK]);
            start += CHUNK;
        }
        line.drain(..start);
    }
    if !line.is_empty() {
        // The runtime stores a last line without newline as a partial one, so it is served without newline.
        log.append_chunk(clock::now_nanos(), stream, true, &line);
    }
}
