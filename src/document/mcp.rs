//! MCP servers of a project, and the tools of theirs that it uses.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Checker;
use super::secrets::{carries_secret, is_secret_name, is_written_out};
use crate::id::ServerName;
use crate::value::{HumanDuration, Object, Value, pointer_segment};

/// A tool of an MCP server. Its arguments are the `params`, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mcp {
    /// The server; a key of `mcp` in engine.yaml.
    #[schemars(example = &"crm")]
    pub server: ServerName,
    /// The tool as the server calls it.
    #[schemars(example = &"search")]
    pub tool: String,
    /// What is taken of the answer: a JSON pointer; all of it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(/|$)"), example = &"/customers")]
    pub select: Option<String>,
    /// Whether the file says what effect it has; where it does not, what the server says of itself is heeded.
    #[serde(skip)]
    pub says_effect: bool,
}

/// An MCP server: a command that is started, or an address. It has exactly one of `command` and `url`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct McpServer {
    /// The program and its arguments; it speaks MCP over its standard input and output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["npx", "-y", "@example/crm-mcp"])]
    pub command: Vec<String>,
    /// With `command`: its environment. Besides these it has PATH, HOME, LANG, TMPDIR and nothing else.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"CRM_TOKEN": {"env": "CRM_TOKEN"}}))]
    pub env: IndexMap<String, Variable>,
    /// With `command`: the folder it starts in, relative to the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"servers/crm")]
    pub cwd: Option<String>,
    /// The address of a server that speaks streamable HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"https://mcp.example.com/mcp")]
    pub url: Option<String>,
    /// With `url`: the environment variable that holds the bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Z_][A-Z0-9_]*$"), example = &"WIKI_TOKEN")]
    pub token_env: Option<String>,
    /// With `url`: whether the address may be this machine or lie in a private network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
    /// The longest that the server may take to start, and to answer a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Variable {
    /// A text that everybody may read.
    Text(String),
    /// What the engine's own environment holds.
    Passed(Passed),
}

/// A variable that is handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    /// Its name in the engine's environment.
    #[schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"), example = &"CRM_TOKEN")]
    pub env: String,
}

impl McpServer {
    /// The environment variables that it is given secrets by.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        let passed = self.env.values().filter_map(|variable| match variable {
            Variable::Passed(passed) => Some(passed.env.as_str()),
            Variable::Text(_) => None,
        });
        passed.chain(self.token_env.as_deref())
    }
}

/// Keys that belong to one of the two ways to a server.
const OF_COMMAND: [&str; 2] = ["env", "cwd"];
const OF_URL: [&str; 2] = ["token_env", "allow_private"];

impl Checker<'_> {
    /// Which way to each server is written, and what stands in its environment.
    pub(super) fn servers(&mut self, project: &Value) {
        for (name, server) in project.get("mcp").and_then(Value::as_object).into_iter().flatten() {
            let Some(server) = server.as_object() else { continue };
            let pointer = format!("/mcp/{}", pointer_segment(name));
            let (way, strange) = match (server.contains_key("command"), server.contains_key("url"))
            {
                (true, false) => ("command", OF_URL),
                (false, true) => ("url", OF_COMMAND),
                (true, true) => {
                    let span = self.key_span(&format!("{pointer}/url"));
                    let message = format!("server `{name}` has a `command` and a `url`");
                    let help = "a server is either started or asked: make it two";
                    self.report("wrong-kind", message, Some(help.to_owned()), span);
                    continue;
                }
                (false, false) => {
                    let span = self.value_span(&pointer);
                    let message = format!("server `{name}` has neither `command` nor `url`");
                    let help = "add `command: [program, argument]`, or `url: https://...`";
                    self.report("missing-key", message, Some(help.to_owned()), span);
                    continue;
                }
            };
            for key in strange.into_iter().filter(|key| server.contains_key(*key)) {
                let message = format!("`{key}` means nothing for a server with a `{way}`");
                self.misplaced(&format!("{pointer}/{key}"), message, "remove it");
            }
            self.command(server, &pointer);
            let env = server.get("env").and_then(Value::as_object).into_iter().flatten();
            for (variable, value) in env {
                if value.as_str().is_some_and(|text| is_literal(variable, text)) {
                    let help = format!("write `{variable}: {{env: {variable}}}`");
                    let place = format!("{pointer}/env/{}", pointer_segment(variable));
                    self.literal_secret(variable, &place, help);
                }
            }
        }
    }

    /// Secrets among the words of a server's command: `--token x`, `--token=x`, `TOKEN=x`, `X-Api-Key: x`.
    fn command(&mut self, server: &Object, pointer: &str) {
        let command = server.get("command").and_then(Value::as_array).into_iter().flatten();
        let words: Vec<&str> = command.map(|word| word.as_str().unwrap_or_default()).collect();
        for (number, word) in words.iter().enumerate() {
            let (name, value, at) = if let Some((name, value)) = word.split_once('=') {
                (name, value, number)
            } else if let Some((name, value)) = word.split_once(": ") {
                (name, value, number)
            } else {
                (*word, words.get(number + 1).copied().unwrap_or_default(), number + 1)
            };
            let is_option = name.starts_with('-');
            let is_secret = if is_option {
                is_secret_name(name) && (at == number || !value.starts_with('-'))
            } else {
                at == number && is_literal(name, value)
            };
            if is_secret && !value.is_empty() && !name.contains(char::is_whitespace) {
                let help = "give it by the server's environment: `env: {NAME: {env: NAME}}`";
                self.literal_secret(name, &format!("{pointer}/command/{at}"), help.to_owned());
            }
        }
    }

    /// What a name gives away, at its place.
    pub(super) fn literal_secret(&mut self, name: &str, pointer: &str, help: String) {
        let span = self.value_span(pointer);
        let message = format!("`{name}` carries a secret, which never stands in a file");
        self.report("literal-secret", message, Some(help), span);
    }
}

/// Whether a program's variable holds a secret. Keys and credentials may be files, which are named and not written out.
fn is_literal(variable: &str, text: &str) -> bool {
    let is_file = text.starts_with(['/', '.', '~']) && text.contains('/');
    let names_file = || is_file && !is_secret_name(variable);
    is_written_out(text) && carries_secret(variable) && !names_file()
}
