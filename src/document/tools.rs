//! What the schema of a tool says badly: its kind, its effect, and secrets in headers.

use super::check::{Checker, is_misspelt};
use super::foreign::{self, Place};
use super::http::is_own;
use super::secrets::{carries_secret, is_secret_name};
use super::steps::listed;
use super::tool::TOOL_KINDS;
use crate::value::{Object, Value, pointer_segment};

impl Checker<'_> {
    /// Which kind each tool is, and what its request may not say.
    pub(super) fn tools(&mut self, file: &Value) {
        let tools = file.get("tools").and_then(Value::as_array).into_iter().flatten();
        for (number, tool) in tools.enumerate() {
            let Some(tool) = tool.as_object() else { continue };
            let pointer = format!("/tools/{number}");
            self.kind_of_tool(tool, &pointer);
            self.effect(tool, &pointer);
            if let Some(http) = tool.get("http").and_then(Value::as_object) {
                self.request(http, &format!("{pointer}/http"));
            }
        }
    }

    fn kind_of_tool(&mut self, tool: &Object, pointer: &str) {
        let mut kinds = tool.keys().map(String::as_str).filter(|key| TOOL_KINDS.contains(key));
        let first = kinds.next();
        for other in kinds {
            let message =
                format!("the tool is of kind `{}` and `{other}`", first.unwrap_or_default());
            let span = self.key_span(&format!("{pointer}/{other}"));
            self.report("wrong-kind", message, Some("make it two tools".to_owned()), span);
        }
        let known = self.keys_of("Tool");
        let meant = |key: &String| {
            foreign::stands_for(Place::Tool, key).is_some_and(|key| TOOL_KINDS.contains(&key))
        };
        let misspelt = || TOOL_KINDS.iter().any(|kind| is_misspelt(tool, kind, &known));
        if first.is_none() && !tool.keys().any(meant) && !misspelt() {
            let span = self.value_span(pointer);
            let message =
                format!("the tool has neither {}", listed(&TOOL_KINDS).replace(" or ", " nor "));
            let help =
                "add `sql:` for a query, `http:` for a request, or `mcp:` for a tool of a server"
                    .to_owned();
            self.report("missing-key", message, Some(help), span);
        }
    }

    fn effect(&mut self, tool: &Object, pointer: &str) {
        let effect = tool.get("effect").and_then(Value::as_str);
        let method = tool.get("http").and_then(|http| http.get("method")).and_then(Value::as_str);
        let place = format!("{pointer}/effect");
        if effect == Some("write") && tool.contains_key("sql") {
            let message = "queries only read".to_owned();
            self.misplaced(
                &place,
                message,
                "remove it: a tool that writes sends a request (`http:`)",
            );
        }
        if let (Some("read"), Some(method @ ("PUT" | "PATCH" | "DELETE"))) = (effect, method) {
            let message = format!("a {method} changes something");
            let span = self.value_span(&place);
            self.report("invalid-value", message, Some("write `effect: write`".to_owned()), span);
        }
    }

    fn request(&mut self, http: &Object, pointer: &str) {
        if let Some(schema) = http.get("schema") {
            self.json_schema(schema, &format!("{pointer}/schema"));
        }
        if http.get("method").and_then(Value::as_str).unwrap_or("GET") == "GET"
            && http.contains_key("body")
        {
            let message = "a GET has no body".to_owned();
            self.misplaced(
                &format!("{pointer}/body"),
                message,
                "use `query`, or write `method: POST`",
            );
        }
        let query = http.get("query").into_iter();
        let texts =
            query.map(|query| (query, "query")).chain(http.get("body").map(|b| (b, "body")));
        for (value, key) in texts {
            self.named_secrets(value, &format!("{pointer}/{key}"));
        }
        for (name, value) in http.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let place = format!("{pointer}/headers/{}", pointer_segment(name));
            if is_own(name) {
                let message = format!("`{name}` is written by the engine");
                self.misplaced(&place, message, "remove it");
            } else if value.is_string() && carries_secret(name) {
                let help = format!(
                    "write `{name}: {{env: NAME}}`, the environment variable that holds it; `{{env: NAME, prefix: \"Bearer \"}}` puts a word before it"
                );
                self.literal_secret(name, &place, help);
            }
        }
    }

    /// Texts of a request whose names say that they are secret, written out.
    fn named_secrets(&mut self, value: &Value, pointer: &str) {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(object) => {
                object.iter().map(|(name, value)| (pointer_segment(name), value)).collect()
            }
            Value::Array(items) => {
                items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect()
            }
            _ => return,
        };
        for (name, value) in below {
            let place = format!("{pointer}/{name}");
            let written =
                value.as_str().is_some_and(|text| !text.is_empty() && !text.contains("{{"));
            if written && is_secret_name(&name) {
                let help = "send it in a header, which takes it from the environment: `headers: {Authorization: {env: NAME, prefix: \"Bearer \"}}`";
                self.literal_secret(&name, &place, help.to_owned());
            } else {
                self.named_secrets(value, &place);
            }
        }
    }
}
