//! [`Tmux`]: a real terminal that can be looked at and typed into.

use std::{
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal of its own, in which a shell runs. It ends with the value.
pub struct Tmux {
    socket: String,
}

impl Tmux {
    /// A terminal of so many columns and rows. Its shell has said `ready`.
    pub fn new(columns: u16, rows: u16) -> Tmux {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let socket = format!("elbtail-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let tmux = Tmux { socket };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        tmux.run(&["new-session", "-d", "-x", &columns, "-y", &rows, "env -u NO_COLOR PS1='$ ' LC_ALL=C.UTF-8 sh"]);
        tmux.type_line("echo rea''dy");
        tmux.until("ready");
        tmux
    }

    fn run(&self, words: &[&str]) -> Output {
        let output = Command::new("tmux")
            .args(["-L", &self.socket, "-f", "/dev/null"])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .expect("tmux is needed for tests on a terminal; .ci/servers (as root) installs it");
        assert!(output.status.success(), "tmux {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Types text, then Enter.
    pub fn type_line(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
        self.keys(&["Enter"]);
    }

    #[allow(dead_code, reason = "each test binary uses a part")]
    /// Presses keys, by tmux's names: `q`, `Tab`, `C-c`.
    pub fn keys(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    /// Makes the terminal so large.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.run(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.run(&["capture-pane", "-p"]).stdout).into_owned()
    }

    /// The same, and before it all that has left it.
    #[allow(dead_code, reason = "each test binary uses a part")]
    pub fn scrolled(&self) -> String {
        String::from_utf8_lossy(&self.run(&["capture-pane", "-p", "-S", "-"]).stdout).into_owned()
    }

    /// What a format of tmux says, such as `#{alternate_on}`.
    pub fn says(&self, format: &str) -> String {
        String::from_utf8_lossy(&self.run(&["display-message", "-p", format]).stdout).trim().to_owned()
    }

    /// Waits until a text is on the screen, and returns all of it.
    pub fn until(&self, text: &str) -> String {
        self.until_it(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is as wanted, and returns all of it.
    pub fn until_it(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if is_it(&screen) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "{what} was not seen:\n{screen}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    #[allow(dead_code, reason = "each test binary uses a part")]
    /// Asserts that the shell has the terminal again, as it was: the main screen, which shows what is typed, and no mouse.
    pub fn assert_restored(&self) {
        self.until_it("the main screen", |_| self.says("#{alternate_on}") == "0");
        assert_eq!(
            self.says("#{mouse_any_flag}#{cursor_flag}"),
            "01",
            "the mouse is the terminal's, the cursor is shown"
        );
        self.type_line("clear; stty -a | tr ';' ' ' | tr ' ' '\\n' | grep -x -e '-*icanon' -e '-*echo' -e '-*isig' | xargs echo modes");
        let screen = self.until("modes ");
        assert!(screen.contains("modes isig icanon echo"), "{screen}");
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // Nothing better can be done when it is gone already.
        let _ = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}
