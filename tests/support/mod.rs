//! Tests speak the user's language: a project of files, a command line, what is printed, what a model server saw.

pub(crate) mod server;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder with files, and a command line to be run in it.
pub(crate) struct Test {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// What a command line gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Test {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, arguments: Vec::new(), environment: Vec::new() }
    }

    /// A copy of the demo project.
    pub(crate) fn demo() -> Self {
        let test = Self::new();
        for part in ["engine.yaml", "agents", "tools", "workflows", "data"] {
            copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(part), &test.path().join(part));
        }
        test
    }

    /// A copy of the demo project with its evals.
    pub(crate) fn demo_with_evals() -> Self {
        let test = Self::demo();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("evals"), &test.path().join("evals"));
        test
    }

    /// Replaces a text of a file that holds it.
    pub(crate) fn change(self, name: &str, from: &str, to: &str) -> Self {
        let path = self.path().join(name);
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains(from), "{name} does not hold `{from}`");
        std::fs::write(path, text.replacen(from, to, 1)).expect("a file");
        self
    }

    /// Writes a file.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// The words after `engine`.
    pub(crate) fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments = arguments.into_iter().map(str::to_owned).collect();
        self
    }

    /// Sets a variable of the environment, which is empty otherwise.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Points the engine to a model server that speaks chat completions.
    pub(crate) fn openai(self, server: &server::ModelServer) -> Self {
        self.env("OPENAI_BASE_URL", &format!("{}/v1", server.url()))
            .env("OPENAI_API_KEY", "sk-secret-key")
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The command, ready to be spawned.
    pub(crate) fn command(&self) -> Command {
        self.command_of(self.arguments.iter().map(String::as_str))
    }

    /// Runs another command line in the same folder.
    pub(crate) fn also<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        self.command_of(arguments).output().expect("the engine starts").into()
    }

    /// Runs another command line in the same folder, which reads this from standard input.
    pub(crate) fn also_given<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        input: &str,
    ) -> Ran {
        let mut command = self.command_of(arguments);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("the engine starts");
        let mut stdin = child.stdin.take().expect("standard input");
        // It may end before it has read everything.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        child.wait_with_output().expect("the engine ends").into()
    }

    fn command_of<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it.
    pub(crate) fn run(&self) -> Ran {
        self.command().output().expect("the engine starts").into()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "exit code; stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Asserts that standard error holds a text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is missing in:\n{}", self.stderr);
        self
    }

    /// Asserts that standard output holds a text.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "`{text}` is missing in:\n{}", self.stdout);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{error} in:\n{}\nstderr:\n{}", self.stdout, self.stderr)
        })
    }
}

fn copy(from: &Path, to: &PathBuf) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).expect("a copy");
    }
}

/// The step of an outcome.
#[track_caller]
pub(crate) fn step<'o>(outcome: &'o Value, id: &str) -> &'o Value {
    let steps = outcome["steps"].as_array().expect("steps");
    steps
        .iter()
        .find(|step| step["id"] == id)
        .unwrap_or_else(|| panic!("no step `{id}` in {outcome:#}"))
}

/// Waits until something holds, half a minute at most.
#[track_caller]
pub(crate) fn waits_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
