//! What editors offer to write: `defaultSnippets`, an extension of JSON Schema that VS Code and yaml-language-server
//! read. A text is YAML as it is inserted, so one that needs quotes brings them; `${1:name}` is where the cursor goes.

use serde_json::json;

use crate::document::Kind;
use crate::value::Value;

/// Adds the snippets of a kind of file, each to the schema of the place it is written at.
pub(super) fn add(kind: Kind, schema: &mut Value) {
    for (pointer, label, about, body) in of(kind) {
        let place = schema.pointer_mut(pointer).and_then(Value::as_object_mut);
        let snippets = place
            .map(|place| place.entry("defaultSnippets").or_insert_with(|| json!([])))
            .and_then(Value::as_array_mut);
        if let Some(snippets) = snippets {
            snippets.push(json!({"label": label, "description": about, "body": body}));
        }
    }
}

/// Place, label, description and body.
pub(super) type Snippet = (&'static str, &'static str, &'static str, Value);

/// The snippets of a kind of file.
pub(super) fn of(kind: Kind) -> Vec<Snippet> {
    match kind {
        Kind::Project => project(),
        Kind::Agent => agent(),
        Kind::Tools => tools(),
        Kind::Workflow => workflow().into_iter().chain(outer_steps()).collect(),
        Kind::Eval => eval(),
    }
}

fn eval() -> Vec<Snippet> {
    let cases = "/properties/cases";
    let figure =
        json!({"figure": {"at": "${4:net_profit}", "is": "${5:44104}", "within": "${6:1%}"}});
    vec![
        (
            cases,
            "case of a workflow",
            "Runs a workflow and holds a figure against what it must be",
            json!({"workflow": "${1:roi_analysis}", "params": {"${2:campaign_id}": "${3:facebook_holiday_2025}"}, "assert": [figure]}),
        ),
        (
            cases,
            "case of a question",
            "Asks a question and looks at who answers",
            json!({"question": "${1:Can we afford it?}", "assert": [{"route": "${2:agent}"}, {"agents": ["${3:cfo}"]}]}),
        ),
        (
            cases,
            "cases of rows",
            "Makes a case of each row that a tool lists",
            json!({
                "for_each": {"tool": "${1:list_campaigns}"},
                "workflow": "${2:roi_analysis}",
                "params": {"${3:campaign_id}": "\"{{ ${4:campaign_id} }}\""},
                "assert": [{"no-unverified-figures": true}],
            }),
        ),
        (
            "/properties/examples",
            "judged answer",
            "An answer that people judged, against which `engine eval judge` measures the judge",
            json!({"question": "${1:Can we afford it?}", "answer": "${2:Yes.}", "rubric": "${3:Says yes or no.}", "pass": true}),
        ),
    ]
}

fn project() -> Vec<Snippet> {
    let openai = json!({"provider": "openai", "model": "${2:gpt-4o-mini}", "api_key_env": "${3:OPENAI_API_KEY}"});
    let anthropic = json!({"provider": "anthropic", "model": "${2:claude-haiku-4-5}", "api_key_env": "${3:ANTHROPIC_API_KEY}"});
    let local = json!({"provider": "openai", "model": "${2:qwen3}", "base_url": "${3:http://127.0.0.1:11434/v1}"});
    vec![
        (
            "",
            "project",
            "A model and a folder of CSV files",
            json!({
                "default_model": "auto",
                "models": {"${1:openai}": openai},
                "sources": {"${4:company}": {"csv": "${5:data}"}},
            }),
        ),
        (
            "/properties/models",
            "model of OpenAI",
            "A model of OpenAI; its key stands in the environment",
            json!({"${1:openai}": openai}),
        ),
        (
            "/properties/models",
            "model of Anthropic",
            "A model of Anthropic; its key stands in the environment",
            json!({"${1:anthropic}": anthropic}),
        ),
        (
            "/properties/models",
            "model of a server of one's own",
            "Ollama, llama.cpp, vLLM: whatever speaks chat completions",
            json!({"${1:local}": local}),
        ),
        (
            "/properties/sources",
            "folder of CSV files",
            "Every CSV file in it is a table",
            json!({"${1:company}": {"csv": "${2:data}"}}),
        ),
        (
            "/properties/sources",
            "SQLite file",
            "A database in one file",
            json!({"${1:company}": {"sqlite": "${2:company.db}"}}),
        ),
        (
            "/properties/sources",
            "PostgreSQL database",
            "The variable holds its URL: postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
            json!({"${1:company}": {"postgres_env": "${2:DATABASE_URL}"}}),
        ),
    ]
}

fn agent() -> Vec<Snippet> {
    vec![(
        "",
        "agent",
        "An agent with a role, what it knows about and how it answers",
        json!({
            "name": "${1:cfo}",
            "role": "${2:Chief Financial Officer}",
            "goal": "${3:Judge what the company can afford}",
            "covers": "${4:Budget, revenue and profit}",
            "instructions": "${5:Answer first, then give the reasons.}",
            "model": "${6:auto}",
        }),
    )]
}

fn tools() -> Vec<Snippet> {
    let tools = "/properties/tools";
    vec![
        (
            tools,
            "tool that lists rows",
            "All rows of a query",
            json!({
                "name": "${1:list_campaigns}",
                "description": "${2:All campaigns.}",
                "sql": {"source": "${3:company}", "query": "${4:select * from campaigns}"},
                "returns": "rows",
            }),
        ),
        (
            tools,
            "tool with a param",
            "The one row that belongs to a param",
            json!({
                "name": "${1:campaign_metrics}",
                "description": "${2:One campaign.}",
                "params": {"${3:campaign_id}": {"type": "${4:string}"}},
                "sql": {"source": "${5:company}", "query": "\"select * from ${6:campaigns} where ${3:campaign_id} = :${3:campaign_id}\""},
                "returns": "row",
            }),
        ),
        (
            "/$defs/Tool/properties/units",
            "unit",
            "The unit of a field",
            json!({"${1:spend_usd}": "${2:usd}"}),
        ),
        ("/$defs/Tool/properties/params", "param", "A typed argument of the query", param()),
    ]
}

/// Steps that reach beyond the workflow: to another one, or to a person.
fn outer_steps() -> Vec<Snippet> {
    let steps = "/properties/steps";
    vec![
        (
            steps,
            "workflow step",
            "Runs another workflow",
            json!({
                "id": "${1:roi}",
                "workflow": "${2:roi_analysis}",
                "with": {"${3:campaign_id}": "\"{{ params.${4:campaign_id} }}\""},
            }),
        ),
        (
            steps,
            "plan step",
            "Has a model plan what is to be done for a goal, and does it",
            json!({
                "id": "${1:study}",
                "plan": {"goal": "${2:What would it take?}"},
            }),
        ),
        (
            steps,
            "approval step",
            "Asks a person, for whom the run waits",
            json!({
                "id": "${1:ok}",
                "approval": {"message": "${2:Go on?}", "choices": ["${3:approve}", "${4:reject}"]},
            }),
        ),
    ]
}

fn workflow() -> Vec<Snippet> {
    let step =
        json!([{"id": "${3:answer}", "agent": "${4:analyst}", "prompt": "${5:What follows?}"}]);
    let mut snippets = vec![
        (
            "",
            "workflow",
            "A workflow with one step",
            json!({
                "name": "${1:name}",
                "description": "${2:What it answers.}",
                "steps": step,
                "outputs": {"answer": "\"{{ steps.${3:answer}.output }}\""},
            }),
        ),
        ("/properties/params", "param", "A typed input", param()),
        (
            "/properties/params",
            "param with known values",
            "An input whose values a tool lists",
            json!({"${1:campaign_id}": {
                "type": "string",
                "description": "${2:What it means.}",
                "values": {"tool": "${3:list_campaigns}", "field": "${4:campaign_id}"},
            }}),
        ),
        (
            "/$defs/Step/properties/compute",
            "figure",
            "An expression over params, steps and the names before it",
            json!({"${1:profit}": "${2:params.revenue - params.cost}"}),
        ),
        (
            "/$defs/Step/properties/with",
            "argument",
            "A value or a template",
            json!({"${1:name}": "\"{{ params.${2:name} }}\""}),
        ),
        (
            "/$defs/Step/properties/default",
            "text",
            "The output where the step cannot be done",
            json!("${1:No answer.}"),
        ),
        (
            "/properties/outputs",
            "output",
            "A value or a template",
            json!({"${1:answer}": "\"{{ steps.${2:answer}.output }}\""}),
        ),
    ];
    snippets.extend(steps());
    snippets
}

fn steps() -> Vec<Snippet> {
    let steps = "/properties/steps";
    vec![
        (
            steps,
            "agent step",
            "Asks an agent",
            json!({
                "id": "${1:answer}",
                "agent": "${2:analyst}",
                "prompt": "${3:What follows?}",
            }),
        ),
        (
            steps,
            "agent step with a default",
            "Asks an agent; where none can answer, a fixed text stands",
            json!({
                "id": "${1:answer}",
                "agent": "${2:analyst}",
                "prompt": "${3:What follows?}",
                "figures": "${4:cite}",
                "on_error": "default",
                "default": "${5:No model could be asked.}",
            }),
        ),
        (
            steps,
            "tool step",
            "Calls a tool",
            json!({
                "id": "${1:metrics}",
                "tool": "${2:campaign_metrics}",
                "with": {"${3:campaign_id}": "\"{{ params.${4:campaign_id} }}\""},
            }),
        ),
        (
            steps,
            "workflow step",
            "Runs another workflow; its outputs are the step's",
            json!({
                "id": "${1:budget}",
                "workflow": "${2:budget_check}",
                "with": {"${3:spend}": "\"{{ params.${4:spend} }}\""},
            }),
        ),
        (
            steps,
            "approval step",
            "Asks a person and waits",
            json!({
                "id": "${1:consent}",
                "approval": {"message": "${2:Shall we?}"},
            }),
        ),
        (
            steps,
            "repeated step",
            "Does a step once for each item of a list",
            json!({
                "id": "${1:each}",
                "for_each": "\"{{ steps.${2:campaigns}.output }}\"",
                "as": "${3:campaign}",
                "agent": "${4:analyst}",
                "prompt": "\"{{ ${3:campaign} | tojson }}\"",
            }),
        ),
        (
            steps,
            "compute step",
            "Works out figures from those of other steps",
            json!({
                "id": "${1:roi}",
                "compute": {"${2:profit}": "${3:params.revenue - params.cost}"},
            }),
        ),
    ]
}

fn param() -> Value {
    json!({"${1:name}": {"type": "${2:string}", "description": "${3:What it means.}"}})
}
