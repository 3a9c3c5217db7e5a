//! A server that was started: its environment, its pipes, what it says on its standard error, and its end.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex,
};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::said::Said;
use crate::document::{McpServer, Variable};
use crate::tool::clean::told;
use crate::tool::http::Secrets;
use crate::tool::{ToolError, UNREACHABLE};

/// What every server's environment holds besides what the project gives it.
const USUAL: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "TEMP"];

/// As much of such a line as is looked at, in bytes.
const LINE: u64 = 64 << 10;

/// Bytes of its standard output that are on their way at most.
const PASSED_ON: usize = 64 << 10;

/// As long as is waited for a process that closed its output to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// A process. Whoever drops it ends it, and what it started in turn.
pub(super) struct Process {
    child: Child,
    listener: JoinSet<()>,
}

impl Process {
    /// Starts a server; what it writes and reads comes with it.
    pub(super) fn start(
        spec: &McpServer,
        root: &Path,
        secrets: &Secrets,
        said: &Said,
    ) -> Result<(Self, DuplexStream, ChildStdin), ToolError> {
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
        let mut listener = JoinSet::new();
        let (forward, messages) = duplex(PASSED_ON);
        listener.spawn(pass_on(output, forward, said.clone()));
        if let Some(stderr) = child.stderr.take() {
            listener.spawn(listen(stderr, secrets.clone(), said.clone()));
        }
        Ok((Self { child, listener }, messages, input))
    }

    /// Waits for its end, which is that of what it writes. Waiting for the process itself would give its number away, by which
    /// whatever is left of its group is ended.
    pub(super) async fn ended(&mut self) {
        while self.listener.join_next().await.is_some() {}
    }

    /// How a process came to its end that ended by itself, as the middle of a message. Whatever it left behind is ended with it.
    pub(super) async fn end(mut self) -> String {
        // Whoever closes its pipes is about to end; what it wrote is heard out.
        drop(timeout(PATIENCE, self.ended()).await);
        self.kill();
        let Ok(status) = self.child.wait().await else { return "it ended".to_owned() };
        match status.code() {
            Some(code) => format!("it ended with exit code {code}"),
            None => "it ended".to_owned(),
        }
    }

    /// Launchers start the server proper as a process of its own, which would outlive them.
    #[cfg(unix)]
    fn kill(&self) {
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::Pid;
        // Nobody has waited for the process, so its number is still its own.
        if let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // A group that has ended already is what was wanted.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }

    #[cfg(not(unix))]
    fn kill(&self) {}
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Passes on what a server writes to its standard output, as long as somebody reads it. It is heard here, to its end, because
/// whoever speaks the protocol leaves as soon as a server does not listen, whatever that still had to say.
async fn pass_on(mut output: ChildStdout, mut forward: DuplexStream, said: Said) {
    let mut bytes = vec![0; PASSED_ON];
    let mut is_read = true;
    while let Ok(count @ 1..) = output.read(&mut bytes).await {
        let read = bytes.get(..count).unwrap_or_default();
        said.output(read);
        is_read = is_read && forward.write_all(read).await.is_ok();
    }
}

/// Keeps the last lines that a server writes to its standard error. Whatever these are, it is read on: a pipe that nobody
/// reads would stop or end the server.
async fn listen(stderr: ChildStderr, secrets: Secrets, said: Said) {
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
            said.noise(line);
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
