//! A running elbtail, looked at from outside.

use std::{
    fs,
    io::Read,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nix::unistd::{SysconfVar, sysconf};

/// A command whose output is read as it comes.
pub struct Process {
    child: Child,
    began: Instant,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    lines: AtomicUsize,
    /// Age on arrival of the lines that tell when they were written, in microseconds.
    ages: Mutex<Vec<u32>>,
}

impl Process {
    /// Starts it.
    pub fn start(mut command: Command) -> Process {
        let began = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let seen = Arc::<Seen>::default();
        let reader = seen.clone();
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 20];
            let mut held = 0;
            while let Ok(length @ 1..) = stdout.read(&mut buffer[held..]) {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64;
                let end = held + length;
                held = reader.take(&mut buffer, end, now);
            }
        });
        Process { child, began, seen }
    }

    /// Waits for so many lines in all, and tells the seconds since the start; `None` when they do not come in time.
    pub fn until_lines(&self, lines: usize, most: Duration) -> Option<f64> {
        while self.lines() < lines {
            if self.began.elapsed() > most {
                return None;
            }
            thread::sleep(Duration::from_millis(1));
        }
        Some(self.began.elapsed().as_secs_f64())
    }

    /// Lines so far.
    pub fn lines(&self) -> usize {
        self.seen.lines.load(Relaxed)
    }

    /// The ages of the lines since the last question, in milliseconds, sorted.
    pub fn ages(&self) -> Vec<f64> {
        let mut ages = std::mem::take(&mut *self.seen.ages.lock().unwrap());
        ages.sort_unstable();
        ages.into_iter().map(|age| f64::from(age) / 1e3).collect()
    }

    /// Seconds of processor time so far.
    pub fn cpu(&self) -> f64 {
        cpu_of(self.child.id())
    }

    /// Its memory at the most, in MB.
    pub fn peak(&self) -> f64 {
        let status = fs::read_to_string(self.path("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// TCP connections that are open.
    pub fn connections(&self) -> usize {
        let table = fs::read_to_string(self.path("net/tcp")).unwrap();
        let open: Vec<String> = table
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields[3] == "01")
            .map(|fields| format!("socket:[{}]", fields[9]))
            .collect();
        let files = fs::read_dir(self.path("fd")).unwrap().filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        files.filter(|link| open.iter().any(|socket| link.as_os_str() == socket.as_str())).count()
    }

    fn path(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id())
    }
}

/// Seconds of processor time that a process has taken.
pub fn cpu_of(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in parentheses, may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / sysconf(SysconfVar::CLK_TCK).unwrap().unwrap() as f64
}

impl Seen {
    /// Takes the whole lines of a buffer, and moves the rest to its start.
    fn take(&self, buffer: &mut [u8], end: usize, now: i64) -> usize {
        let mut start = 0;
        let mut ages = self.ages.lock().unwrap();
        let mut lines = 0;
        for at in memchr::memchr_iter(b'\n', &buffer[..end]) {
            let line = &buffer[start..at];
            if let Some(written) = memchr::memmem::find(line, b"t=") {
                let digits = line[written + 2..].iter().take_while(|byte| byte.is_ascii_digit());
                let written = digits.fold(0i64, |number, digit| number * 10 + i64::from(digit - b'0'));
                ages.push(u32::try_from((now - written).max(0) / 1000).unwrap_or(u32::MAX));
            }
            lines += 1;
            start = at + 1;
        }
        self.lines.fetch_add(lines, Relaxed);
        buffer.copy_within(start..end, 0);
        end - start
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
