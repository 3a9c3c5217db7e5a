//! Keys that people bring from other tools, with the key that is meant.

use super::carried;
use crate::value::Value;

/// The part of a document that a key stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Workflow,
    Step,
    Agent,
    Tool,
    Sql,
    Http,
    Model,
    Limits,
    Source,
    Server,
    Output,
    Eval,
    Case,
    Assertion,
    Other,
}

/// What is said of a key.
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

/// `(key, the key that is meant)`, by place. Sources: GitHub Actions, Argo, Dagu, Kestra, n8n, `CrewAI`, `LangGraph`, promptfoo.
const WORKFLOW: &[(&str, &str)] = &[
    ("tasks", "steps"),
    ("jobs", "steps"),
    ("nodes", "steps"),
    ("stages", "steps"),
    ("inputs", "params"),
    ("parameters", "params"),
    ("args", "params"),
    ("arguments", "params"),
    ("variables", "params"),
    ("vars", "params"),
    ("id", "name"),
    ("title", "name"),
    ("output", "outputs"),
    ("returns", "outputs"),
    ("results", "outputs"),
    ("examples", "questions"),
];

const STEP: &[(&str, &str)] = &[
    ("depends_on", "needs"),
    ("dependsOn", "needs"),
    ("depends", "needs"),
    ("dependencies", "needs"),
    ("after", "needs"),
    ("requires", "needs"),
    ("runAfter", "needs"),
    ("run_after", "needs"),
    ("context", "needs"),
    ("wait_for", "needs"),
    ("if", "when"),
    ("condition", "when"),
    ("runIf", "when"),
    ("run_if", "when"),
    ("args", "with"),
    ("arguments", "with"),
    ("inputs", "with"),
    ("input", "with"),
    ("params", "with"),
    ("parameters", "with"),
    ("vars", "with"),
    ("foreach", "for_each"),
    ("forEach", "for_each"),
    ("for-each", "for_each"),
    ("with_items", "for_each"),
    ("loop", "for_each"),
    ("map", "for_each"),
    ("matrix", "for_each"),
    ("name", "id"),
    ("key", "id"),
    ("uses", "tool"),
    ("action", "tool"),
    ("function", "tool"),
    ("expression", "compute"),
    ("expressions", "compute"),
    ("calculate", "compute"),
    ("message", "prompt"),
    ("instruction", "prompt"),
    ("instructions", "prompt"),
    ("question", "prompt"),
    ("llm", "model"),
    ("models", "model"),
    ("retries", "retry"),
    ("retry_delay_seconds", "retry"),
    ("retry_delay", "retry"),
    ("max_retries", "retry"),
    ("retryPolicy", "retry"),
    ("retry_policy", "retry"),
    ("continue_on_error", "on_error"),
    ("continue-on-error", "on_error"),
    ("continueOn", "on_error"),
    ("on_failure", "on_error"),
    ("onError", "on_error"),
    ("ignore_errors", "on_error"),
    ("ignoreErrors", "on_error"),
    ("fallback", "default"),
    ("timeout_seconds", "timeout"),
    ("timeoutSec", "timeout"),
    ("timeout-minutes", "timeout"),
    ("output_schema", "output"),
    ("schema", "output"),
    ("response_format", "output"),
    ("expected_output", "output"),
    ("functions", "tools"),
    ("max_concurrency", "max_parallel"),
    ("concurrency", "max_parallel"),
    ("maxTurns", "max_turns"),
    ("max_iter", "max_turns"),
    ("max_iterations", "max_turns"),
];

const AGENT: &[(&str, &str)] = &[
    ("system_prompt", "instructions"),
    ("systemPrompt", "instructions"),
    ("system", "instructions"),
    ("prompt", "instructions"),
    ("backstory", "instructions"),
    ("llm", "model"),
    ("models", "model"),
    ("id", "name"),
    ("description", "covers"),
    ("skills", "covers"),
    ("examples", "questions"),
    ("functions", "tools"),
    ("delegates", "consult"),
    ("handoffs", "consult"),
];

const TOOL: &[(&str, &str)] = &[
    ("parameters", "params"),
    ("args", "params"),
    ("arguments", "params"),
    ("inputs", "params"),
    ("query", "sql"),
    ("request", "http"),
    ("rest", "http"),
    ("id", "name"),
    ("output", "returns"),
];

const HTTP: &[(&str, &str)] = &[
    ("uri", "url"),
    ("endpoint", "url"),
    ("address", "url"),
    ("verb", "method"),
    ("params", "query"),
    ("query_params", "query"),
    ("querystring", "query"),
    ("json", "body"),
    ("data", "body"),
    ("payload", "body"),
    ("hosts", "allow_hosts"),
    ("allowed_hosts", "allow_hosts"),
    ("jsonpath", "select"),
    ("pointer", "select"),
    ("path", "select"),
];

const SQL: &[(&str, &str)] = &[
    ("connection", "source"),
    ("database", "source"),
    ("db", "source"),
    ("datasource", "source"),
    ("statement", "query"),
    ("sql", "query"),
    ("select", "query"),
];

const SOURCE: &[(&str, &str)] = &[
    ("postgres", "postgres_env"),
    ("postgresql", "postgres_env"),
    ("postgres_url", "postgres_env"),
    ("database_url", "postgres_env"),
    ("url", "postgres_env"),
    ("dsn", "postgres_env"),
    ("file", "sqlite"),
    ("db", "sqlite"),
    ("sqlite3", "sqlite"),
    ("folder", "csv"),
    ("dir", "csv"),
];

const SERVER: &[(&str, &str)] = &[
    ("args", "command"),
    ("arguments", "command"),
    ("cmd", "command"),
    ("environment", "env"),
    ("directory", "cwd"),
    ("working_directory", "cwd"),
    ("endpoint", "url"),
    ("serverUrl", "url"),
    ("headers", "token_env"),
    ("token", "token_env"),
];

const MODEL: &[(&str, &str)] = &[
    ("api_key", "api_key_env"),
    ("apiKey", "api_key_env"),
    ("key", "api_key_env"),
    ("url", "base_url"),
    ("baseURL", "base_url"),
    ("endpoint", "base_url"),
    ("name", "model"),
    ("type", "provider"),
    ("max_completion_tokens", "max_tokens"),
    ("pricing", "price"),
    ("cost", "price"),
    ("rate_limit", "rate"),
];

/// What evals are called by promptfoo.
const EVAL: &[(&str, &str)] =
    &[("tests", "cases"), ("scenarios", "cases"), ("defaultTest", "assert")];

const CASE: &[(&str, &str)] = &[
    ("vars", "params"),
    ("inputs", "params"),
    ("description", "name"),
    ("asserts", "assert"),
    ("assertions", "assert"),
    ("expected", "assert"),
    ("prompt", "question"),
    ("input", "question"),
];

const ASSERTION: &[(&str, &str)] = &[
    ("contains-all", "contains"),
    ("icontains-all", "icontains"),
    ("contains-any", "regex"),
    ("icontains-any", "regex"),
    ("starts-with", "regex"),
    ("ends-with", "regex"),
    ("levenshtein", "similar"),
    ("rouge-n", "similar"),
    ("bleu", "similar"),
    ("factuality", "llm-rubric"),
    ("g-eval", "llm-rubric"),
    ("model-graded-closedqa", "llm-rubric"),
    ("answer-relevance", "llm-rubric"),
];

/// What to write instead of a kind of assertion that is called otherwise, or is not there.
fn of_assertion(key: &str, meant: &str) -> String {
    let plain = key.trim_start_matches("not-");
    let not = if plain == key { "" } else { "not-" };
    let how = match plain {
        "contains-all" | "icontains-all" => ", which takes a list as well",
        "contains-any" | "icontains-any" => ", with `|` between the texts",
        "starts-with" => ", with `^` before the text",
        "ends-with" => ", with `$` behind the text",
        _ => "",
    };
    format!("write `{not}{meant}`{how}")
}

/// What is to be said of an assertion that names its kind by `type`, as promptfoo has it.
pub(super) fn typed(assertion: &Value) -> Option<Found> {
    let kind = assertion.get("type")?.as_str()?;
    let wanted = ["value", "threshold"].iter().find_map(|key| assertion.get(*key));
    let wanted = match (kind.trim_start_matches("not-"), wanted) {
        ("latency", Some(Value::Number(milliseconds))) => format!("{milliseconds}ms"),
        ("is-json", None) => "true".to_owned(),
        (_, Some(Value::String(text))) if !text.contains('\n') => text.clone(),
        (_, Some(number @ Value::Number(_))) => number.to_string(),
        _ => "...".to_owned(),
    };
    let message = "an assertion has its kind as its key, not below `type`".to_owned();
    Some(Found { code: "foreign-key", message, help: format!("write `- {kind}: {wanted}`") })
}

/// What is to be said of a key that does not belong to this tool, if anything is known of it.
pub(super) fn key(place: Place, key: &str, parent: Option<&Value>) -> Option<Found> {
    let meant = stands_for(place, key)?;
    let twice = parent.and_then(|parent| parent.get(meant)).is_some();
    let value = parent.and_then(|parent| parent.get(key)).filter(|_| place == Place::Step);
    let carried = || carried::step(key, meant, value?);
    let help = match (meant, twice) {
        ("api_key_env", _) => {
            "write `api_key_env: NAME`, the environment variable that holds the key; a key never stands in a file".to_owned()
        }
        ("postgres_env", _) => {
            "write `postgres_env: NAME`, the environment variable that holds the URL; a URL with its password never stands in a file".to_owned()
        }
        ("command", _) if key != "cmd" => {
            "they belong behind the program: `command: [program, argument]`".to_owned()
        }
        ("token_env", _) => {
            "write `token_env: NAME`, the environment variable that holds the token; a token never stands in a file".to_owned()
        }
        (_, _) if place == Place::Assertion => of_assertion(key, meant),
        (_, false) if let Some(help) = carried() => help,
        ("id" | "name", true) => {
            format!("`{meant}` is here already: write `description`, or remove it")
        }
        (_, true) => format!("`{meant}` is here already: remove it"),
        (_, false) => format!("write `{meant}`"),
    };
    Some(Found { code: "foreign-key", message: format!("unknown key `{key}`"), help })
}

/// The key that a foreign key stands for.
pub(super) fn stands_for(place: Place, key: &str) -> Option<&'static str> {
    let table = match place {
        Place::Workflow => WORKFLOW,
        Place::Step => STEP,
        Place::Agent => AGENT,
        Place::Tool => TOOL,
        Place::Sql => SQL,
        Place::Http => HTTP,
        Place::Model => MODEL,
        Place::Source => SOURCE,
        Place::Server => SERVER,
        Place::Eval => EVAL,
        Place::Case => CASE,
        Place::Assertion => ASSERTION,
        Place::Limits | Place::Output | Place::Other => return None,
    };
    let key = if place == Place::Assertion { key.trim_start_matches("not-") } else { key };
    table.iter().find(|(foreign, _)| *foreign == key).map(|(_, meant)| *meant)
}

/// Whether a key of a step would make its kind, were it supported or rightly named.
pub(super) fn makes_a_kind(key: &str) -> bool {
    matches!(stands_for(Place::Step, key), Some("tool" | "compute" | "agent"))
}
