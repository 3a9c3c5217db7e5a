//! Helps for what people write by habit, where the general help would lead astray.

use super::foreign::Place;
use crate::value::{HumanDuration, Value};

/// What to write instead of a value of the wrong type, by the key it stands at.
pub(super) fn of_type(key: &str, value: &Value) -> Option<String> {
    Some(match (key, value) {
        (_, Value::Number(number)) if number.as_f64() <= Some(0.0) && takes_time(key) => {
            no_time(key)
        }
        // By others it is a number of milliseconds.
        ("latency" | "not-latency", Value::Number(number)) => {
            format!("write a number and its unit: {number}ms")
        }
        ("is-json" | "not-is-json", Value::Object(_)) => {
            format!("write `{}: {{...}}`", key.replace("is-json", "json-schema"))
        }
        (_, Value::Number(number)) if takes_time(key) => {
            format!("write a number and its unit: {number}s, {number}m")
        }
        ("cache", Value::String(time)) if HumanDuration::parse(time).is_ok() => {
            format!("write `true`, or `cache: {{ttl: {time}}}`")
        }
        ("cache", Value::String(word)) if let Some(meant) = switch(word) => {
            format!("write `{meant}`")
        }
        ("cache", Value::String(_)) => "write `true`, or `cache: {ttl: 1h}`".to_owned(),
        ("cache", Value::Number(time)) => format!("write true, or `cache: {{ttl: {time}m}}`"),
        ("values", Value::Array(_)) => {
            "write `enum: [...]`; `values` names a tool that lists them: `values: {tool: ..., field: ...}`".to_owned()
        }
        ("params", Value::Array(_)) => {
            "write a map, with an entry for each param: `NAME: {type: string}`".to_owned()
        }
        ("needs", _) => "write a list: [a, b], or one item a line behind `- `".to_owned(),
        ("values", Value::String(words)) if words.contains(',') => {
            format!("write `enum: [{words}]`; `values` names a tool that lists them: `values: {{tool: ..., field: ...}}`")
        }
        ("for_each", _) => {
            "give it a list, or one expression: `for_each: \"{{ steps.ID.output }}\"`".to_owned()
        }
        ("approval", Value::String(_)) => "write a map: `approval: {message: ...}`".to_owned(),
        ("plan", Value::String(_)) => "write a map: `plan: {goal: ...}`".to_owned(),
        ("command", Value::String(command)) => {
            let words: Vec<&str> = command.split_whitespace().collect();
            format!("write a list, the arguments as well: `command: [{}]`", words.join(", "))
        }
        ("when", Value::Bool(true)) => "remove it: without `when` a step always runs".to_owned(),
        ("when", Value::Bool(false)) => {
            "write a condition, such as `steps.ID.output.field > 0`, or remove the step".to_owned()
        }
        ("id" | "name", Value::Number(_) | Value::Bool(_)) => {
            "use letters, digits and `_`, and begin with a letter".to_owned()
        }
        ("retry", _) => "write a map: `retry: {max_attempts: 3}`".to_owned(),
        ("budget", Value::Number(number)) => format!("write a map: `budget: {{usd: {number}}}`"),
        ("price", Value::Number(number)) => {
            format!(
                "write a map: `price: {{input: {number}, output: {number}}}`, in dollars per million tokens"
            )
        }
        ("agent" | "tool" | "workflow", Value::Array(_)) => {
            "write one name: a step has one of them, and others are steps of their own".to_owned()
        }
        ("tool" | "workflow", Value::Object(_)) => {
            "write the name alone; arguments go below the `with:` of the step".to_owned()
        }
        ("model" | "default_model", Value::Object(_)) => {
            "write the name alone, as engine.yaml has it: `model: auto`".to_owned()
        }
        ("sources", Value::String(path)) => format!("write a map: `name: {{csv: {path}}}`"),
        ("schema", Value::String(_)) => {
            "write a map: `schema: {type: object, required: [a], properties: {a: {type: string}}}`"
                .to_owned()
        }
        ("steps", Value::Object(_)) => {
            "write a list: each step begins with `- id: NAME`".to_owned()
        }
        ("tools" | "overview" | "consult", Value::Object(_)) => {
            "write the name alone; arguments go below the `with:` of a step".to_owned()
        }
        (
            "usd" | "tokens" | "input" | "cached_input" | "output" | "backoff" | "max_tokens",
            Value::String(_),
        ) => "write a bare number, such as 0.25: signs, words and quotes are no part of it"
            .to_owned(),
        ("figures", Value::Bool(_)) => "values: `cite`, `check`, `none`".to_owned(),
        ("on_error", Value::Bool(_)) => "values: `fail`, `skip`, `default`".to_owned(),
        _ => return None,
    })
}

/// What a word means that is true or false for other readers of YAML and for people, and a text here.
pub fn switch(word: &str) -> Option<bool> {
    match word.trim().to_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "enabled" => Some(true),
        "no" | "n" | "off" | "false" | "disabled" => Some(false),
        _ => None,
    }
}

/// How a param is written of which there is but a word: its type, or its value.
pub(super) fn of_param(name: &str, word: &str) -> String {
    const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];
    let meant = of_value("type", word).and_then(|help| help.split('`').nth(1));
    match meant.or_else(|| TYPES.into_iter().find(|known| *known == word)) {
        Some(kind) => format!("write `{name}: {{type: {kind}}}`"),
        None => format!("write `{name}: {{type: string, default: {word}}}`"),
    }
}

/// What to write instead of a text that is no name.
pub(super) fn name(text: &str) -> String {
    let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let name = parts.join("_");
    let rule = "use letters, digits and `_`, and begin with a letter";
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && text.is_ascii() { format!("write `{name}`: {rule}") } else { rule.to_owned() }
}

/// Whether a key holds a duration.
fn takes_time(key: &str) -> bool {
    matches!(
        key,
        "timeout"
            | "run_timeout"
            | "delay"
            | "ttl"
            | "first_byte"
            | "between_bytes"
            | "pause"
            | "latency"
    )
}

/// What to write instead of a time that is none, or less than none.
fn no_time(key: &str) -> String {
    match key {
        "timeout" | "run_timeout" | "first_byte" | "between_bytes" => {
            "give a time to wait, such as 30s, or remove it".to_owned()
        }
        "ttl" => "give a time, such as 1h; without `cache` nothing is kept".to_owned(),
        "pause" => "give a time, such as 15s; `faults: 0` never leaves a server alone".to_owned(),
        "delay" => "write `0s` to try again at once".to_owned(),
        _ => "give more than 0, such as 30s".to_owned(),
    }
}

/// What to write instead of a text that is no duration.
pub(super) fn duration(key: &str, text: &str) -> String {
    let none = |text: &str| HumanDuration::parse(text).is_ok_and(|time| time.0.is_zero());
    if text.starts_with('-') || none(text) {
        return no_time(key);
    }
    let written = text.trim().trim_start_matches("PT").to_lowercase();
    let digits = written.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(written.len());
    let (number, word) = written.split_at(digits);
    let unit = match word.trim() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => "ms",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        _ => "",
    };
    match (number.parse::<f64>(), unit) {
        (Err(_), _) | (_, "") => "write a number and a unit: 500ms, 30s, 5m".to_owned(),
        (Ok(_), _) if number.len() > 9 => "write a shorter time, or leave the key out".to_owned(),
        (Ok(_), unit) => format!("write `{number}{unit}`"),
    }
}

/// What to write instead of a value of the wrong type, by the part of the document that it stands for.
pub(super) fn of_part(place: Place, value: &Value) -> Option<String> {
    match (place, value) {
        (Place::Source, Value::String(path)) => {
            let is_file = std::path::Path::new(path).extension().is_some_and(|e| e != "csv");
            let kind = if is_file { "sqlite" } else { "csv" };
            Some(format!("write a map: `{{{kind}: {path}}}`"))
        }
        _ => None,
    }
}

/// What an unknown key is told by its own value and by the one before it.
pub(super) fn of_part_by_name(place: Place, key: &str, parent: Option<&Value>) -> Option<String> {
    let parent = parent.and_then(Value::as_object)?;
    let value = parent.get(key)?;
    let has = |name: &str| value.get(name).is_some();
    let before = parent.iter().take_while(|(name, _)| *name != key).last();
    // `{default: 250,000}` is a number and a key for YAML.
    if let (Value::Null, Some((name, Value::Number(number)))) = (value, before)
        && key.chars().all(|c| c.is_ascii_digit())
    {
        return Some(if key.len() == 3 {
            format!(
                "write `{name}: {number}{key}`: a number has no comma, and a point before its fraction"
            )
        } else {
            format!(
                "write `{name}: {number}.{key}`: a point stands before the fraction of a number"
            )
        });
    }
    match place {
        Place::Output if parent.len() == 1 || !parent.contains_key("type") => Some(format!(
            "describe it below `schema:`: `schema: {{type: object, properties: {{{key}: {{type: string}}}}}}`"
        )),
        Place::Workflow if has("expected_output") || has("agent") || has("tool") => {
            Some(format!("write it as a step, in the list below `steps:`: `- id: {key}`"))
        }
        Place::Workflow | Place::Agent if has("role") || has("goal") || has("backstory") => {
            Some(format!(
                "write a file agents/{key}.yaml: `name: {key}`, and what stands below it one level up"
            ))
        }
        _ => None,
    }
}

/// What a key is told by what stands below it, where it has to be indented.
pub(super) fn owner_of(value: &Value) -> Option<&'static str> {
    let has = |key| value.get(key).is_some();
    if has("provider") {
        Some("models")
    } else if has("csv") || has("sqlite") || has("postgres_env") {
        Some("sources")
    } else {
        None
    }
}

/// The word that is meant, by the key it stands at.
pub(super) fn of_value(key: &str, word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    Some(match (key, word.as_str()) {
        ("type", "text" | "str" | "varchar" | "char") => "write `string`",
        ("type", "date" | "datetime" | "month" | "time") => {
            "write `string`, with a `pattern` such as \"^[0-9]{4}-[0-9]{2}$\""
        }
        ("type", "float" | "double" | "decimal" | "real" | "numeric" | "money") => "write `number`",
        ("type", "int" | "long" | "bigint") => "write `integer`",
        ("type", "bool") => "write `boolean`",
        ("type", "list" | "tuple" | "set") => "write `array`",
        ("type", "map" | "dict" | "json" | "record") => "write `object`",
        ("returns", "list" | "many" | "table" | "all" | "array") => "write `rows`",
        ("returns", "one" | "object" | "record" | "first") => "write `row`",
        ("returns", "scalar" | "number" | "single" | "string") => "write `value`",
        ("on_error", "continue" | "ignore" | "pass" | "warn") => {
            "write `skip`, or `default` with a `default:` to take"
        }
        ("on_error", "stop" | "abort" | "raise" | "error") => "write `fail`",
        ("figures", "strict" | "citations" | "cited") => "write `cite`",
        (
            "provider",
            "ollama" | "vllm" | "azure" | "llamacpp" | "lmstudio" | "groq" | "mistral"
            | "openrouter" | "local",
        ) => "write `openai`, with the server's address at `base_url`: it speaks the same protocol",
        ("provider", "claude") => "write `anthropic`",
        ("provider", "gpt" | "chatgpt") => "write `openai`",
        _ => return None,
    })
}

/// What is done here instead of what a key of another tool does, where no key stands for it.
pub(super) fn of_key(place: Place, key: &str) -> Option<&'static str> {
    Some(match (place, key) {
        (Place::Step, "run" | "command" | "cmd" | "script" | "shell" | "code") => {
            "steps run no programs: read data with a `tool`, calculate with `compute`"
        }
        (Place::Step | Place::Workflow, "env" | "environment") => {
            "steps have no environment: give values as `params`; keys of models are named in engine.yaml"
        }
        (Place::Step, "register" | "output_key" | "save_as" | "assign" | "result") => {
            "remove it: later steps read `steps.ID.output`"
        }
        (Place::Step, "type" | "kind") => {
            "remove it: what a step is, the key tells that it has of `agent`, `tool`, `workflow`, `compute`, `plan` and `approval`"
        }
        (Place::Step, "async" | "async_execution") => {
            "remove it: steps that do not read one another run at the same time"
        }
        (Place::Step, "human_input" | "interrupt" | "wait_for_approval") => {
            "a person is asked by a step of its own: `approval: {message: ...}`"
        }
        (Place::Step, "output_file") => {
            "remove it: `engine run` prints what the workflow gives, and `> FILE` keeps it"
        }
        (Place::Step, "preconditions") => "write `when`, with an expression",
        (Place::Agent, "max_iter" | "max_iterations" | "max_turns") => {
            "it belongs to a step: write `max_turns` there"
        }
        (Place::Agent, "allow_delegation") => "write `consult`, with the agents that it may ask",
        (Place::Limits, "timeout") => "write `run_timeout`",
        (Place::Step, "agents") => {
            "a step asks one agent, at `agent:`; write a step for each, those run at the same time"
        }
        (Place::Step, "parallel" | "branches" | "concurrent") => {
            "write its steps one level up: steps that do not read one another run at the same time"
        }
        (Place::Workflow, "state" | "state_schema") => {
            "remove it: what comes in is a param, and what a step gave is read as `steps.ID.output`"
        }
        (Place::Step, "next" | "then" | "goto" | "transitions")
        | (Place::Workflow, "edges" | "connections" | "start" | "entrypoint" | "entry_point") => {
            "remove it: a step waits for the steps that it reads, and for those at `needs`"
        }
        (Place::Workflow, "schedule" | "on" | "triggers" | "trigger" | "cron") => {
            "remove it: a workflow starts when it is called; let cron call `engine run`"
        }
        (Place::Step | Place::Workflow, "strategy") => "remove it: write one step for each value",
        (Place::Step | Place::Agent, "temperature" | "top_p") => {
            "it belongs to a model in engine.yaml: write `temperature` there"
        }
        (Place::Step, "system_prompt" | "system" | "role" | "goal") => {
            "it belongs to the agent: write it in its file, or `agent: {role: ..., instructions: ...}`"
        }
        (Place::Step | Place::Agent | Place::Workflow, "verbose" | "debug") => {
            "remove it: `engine show RUN` tells what a run did"
        }
        (Place::Workflow, "namespace" | "version" | "apiVersion" | "kind" | "metadata") => {
            "remove it: a workflow has a `name`, and its versions are the repository's"
        }
        (Place::Workflow, "agents" | "agent") => "write one file for each agent, in agents/",
        (Place::Workflow, "tools" | "tool") => "write tools in a file of tools/",
        (Place::Workflow, "models" | "model" | "services") => {
            "write models and sources in engine.yaml"
        }
        (Place::Workflow, "timeout" | "retry" | "on_error" | "needs" | "when") => {
            "it belongs to a step: write it below the step's `id`"
        }
        (Place::Step, "outputs" | "questions" | "steps") => {
            "it belongs to the workflow: begin the line with it; what a step gives is `output`"
        }
        (Place::Source, "csv" | "sqlite" | "postgres_env") => {
            "a source is of one kind: remove one of them, or write two sources"
        }
        (Place::Limits, "usd" | "tokens") => "indent it: it belongs below `budget:`",
        (Place::Output, "type" | "properties" | "required") => {
            "indent it: it belongs below `schema:`"
        }
        _ => return None,
    })
}
