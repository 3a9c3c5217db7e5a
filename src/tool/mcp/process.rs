//! A server that was started: its environment, its pipes, what it says on its standard error, and its end.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;

use crate::document::{McpServer, Variable};
use crate::tool::clean::told;
use crate::tool::http::Secrets;
use crate::tool::{ToolError, UNREACHABLE};

/// What every server's environment holds besides what the project gives it.
const USUAL: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "TEMP"];

/// Lines of its standard error that are kept, for the message where it dies.
const NOISE: usize = 8;

/// As much of such a line as is looked at, in bytes.
const LINE: u64 = 64 << 10;

/// How often it is listened, 20 ms apart, for what a server said before it died.
const PATIENCE: u32 = 10;

/// A process, with what it last said. Whoever drops it ends it, and what it started in turn.
pub(super) struct Process {
    child: Child,
    listener: JoinSet<()>,
    noise: Noise,
}

type Noise = Arc<Mutex<VecDeque<String>>>;

impl Process {
    /// Starts a server; what it writes and reads comes with it.
    pub(super) fn start(
        spec: &McpServer,
        root: &Path,
        secrets: &Secrets,
    ) -> Result<(Self, ChildStdout, ChildStdin), ToolError> {
        let (program, arguments) = spec
            .command
            .split_first()
            .ok_or_else(|| ToolError::new("no-server", "the server's `command` is empty"))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(spec.cwd.as_ref().map_or_else(|| root.to_owned(), |cwd| root.join(cwd)))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        for name in USUAL {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, variable) in &spec.env {
            match variable {
                Variable::Text(text) => command.env(name, text),
                Variable::Passed(passed) => {
                    command.env(name, secret(secrets, &passed.env)?.expose_secret())
                }
            };
        }
        let mut child = command.spawn().map_err(|error| {
            ToolError::new(UNREACHABLE, format!("`{program}` does not start: {error}"))
                .help("check `command` of the server in engine.yaml")
        })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ToolError::new("bug", "the server was started without pipes"));
        };
        let noise = Noise::default();
        let mut listener = JoinSet::new();
        if let Some(stderr) = child.stderr.take() {
            listener.spawn(listen(stderr, secrets.clone(), Arc::clone(&noise)));
        }
        Ok((Self { child, listener, noise }, output, input))
    }

    /// Waits for its end, which is that of its standard error. Waiting for the process itself would give its number away, by which
    /// whatever is left of its group is ended.
    pub(super) async fn ended(&mut self) {
        drop(self.listener.join_next().await);
    }

    /// What it last said, as the end of a message. Who has just died may not have been heard yet.
    pub(super) async fn said(&self) -> String {
        let heard = || !self.noise.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        for _ in 0..PATIENCE {
            if heard() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let noise = self.noise.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = noise.iter().map(String::as_str).collect();
        if lines.is_empty() { String::new() } else { format!("; it said: {}", lines.join(" / ")) }
    }
}

#[cfg(unix)]
impl Drop for Process {
    /// Launchers start the server proper as a process of its own, which would outlive them.
    fn drop(&mut self) {
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::Pid;
        // Nobody has waited for the process, so its number is still its own.
        if let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // A group that has ended already is what was wanted.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

/// Keeps the last lines that a server writes to its standard error. Whatever these are, it is read on: a pipe that nobody
/// reads would stop or end the server.
async fn listen(stderr: ChildStderr, secrets: Secrets, noise: Noise) {
    let mut stderr = BufReader::new(stderr);
    let mut bytes = Vec::new();
    let mut goes_on = false;
    loop {
        bytes.clear();
        let read = (&mut stderr).take(LINE).read_until(b'\n', &mut bytes).await;
        if matches!(read, Ok(0) | Err(_)) {
            return;
        }
        let begins = !goes_on;
        goes_on = bytes.last() != Some(&b'\n');
        let line = told(String::from_utf8_lossy(&bytes), secrets.values());
        // The rest of a line that is too long is not shown: it may begin within a secret.
        if begins && !line.is_empty() {
            let mut noise = noise.lock().unwrap_or_else(PoisonError::into_inner);
            if noise.len() == NOISE {
                noise.pop_front();
            }
            noise.push_back(line);
        }
    }
}

/// A secret that the project hands on.
pub(super) fn secret<'s>(secrets: &'s Secrets, name: &str) -> Result<&'s SecretString, ToolError> {
    secrets.get(name).ok_or_else(|| {
        ToolError::new("missing-secret", format!("{name} is not set"))
            .help("set the environment variable, and start the command again")
    })
}
