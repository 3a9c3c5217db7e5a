//! Agents that ask one another.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply, Seen};
use super::tools::project;

const WORKFLOW: &str = r#"
name: w
steps:
  - id: answer
    agent: lead
    prompt: Can we open a third shop?
    figures: cite
outputs: {answer: "{{ steps.answer.output }}"}
"#;

/// Four agents, each asking the next and the first.
fn chain(workflow: &str) -> Test {
    let agent = |name: &str, rest: &str| format!("name: {name}\nrole: {name} agent\n{rest}");
    project(workflow)
        .file("agents/lead.yaml", &agent("lead", "consult: [money]\n"))
        .file(
            "agents/money.yaml",
            &agent(
                "money",
                "covers: Sales and money.\ntools: [sales]\nconsult: [lead, people, stock]\n",
            ),
        )
        .file("agents/people.yaml", &agent("people", "consult: [money, stock]\ntools: [shops]\n"))
        .file("agents/stock.yaml", &agent("stock", "goal: Count.\n"))
}

fn ask(question: &str) -> Value {
    json!({"question": question})
}

fn is(seen: &Seen, agent: &str) -> bool {
    seen.message("system").starts_with(&format!("You are the {agent} agent"))
}

#[test]
fn an_agent_asks_another_which_looks_it_up() {
    let server = ModelServer::start(|seen, _| match (is(seen, "lead"), seen.results().len()) {
        (true, 0) => Reply::calls(&[("a", "ask_money", ask("What did north sell in 2025?"))]),
        (true, _) => Reply::text("Yes: north sold [[steps.answer.tools.0.tools.0.sold_usd]]."),
        (false, 0) => Reply::calls(&[("b", "sales", json!({"shop": "north"}))]),
        (false, _) => Reply::text("It sold [[steps.answer.tools.0.tools.0.sold_usd | usd]]."),
    });
    let test = chain(WORKFLOW).openai(&server);
    let outcome = test.run().code(0).json();
    assert_eq!(outcome["outputs"]["answer"], "Yes: north sold $1,200.");
    assert_eq!(
        outcome["figures"],
        json!({"cited": 1, "matched": 0, "derived": 0, "unverified": []})
    );
    assert_eq!(outcome["usage"]["model_calls"], 4, "all of them are the step's");

    let seen = server.seen();
    assert_eq!(
        seen[0].body["tools"],
        json!([{"type": "function", "function": {
        "name": "ask_money", "description": "Ask the money agent. Sales and money.",
        "parameters": {"type": "object", "properties": {"question": {"type": "string", "description":
            "The question, with everything it takes to answer it: the agent sees nothing else."}},
            "required": ["question"]}}}])
    );
    let prompt = seen[1].message("user");
    assert!(
        prompt.contains("\nWhat did north sell in 2025?\n</data:"),
        "the question is fenced: {prompt}"
    );
    assert_eq!(
        seen[1].offered(),
        ["sales", "ask_people", "ask_stock"],
        "nobody who waits for the answer is asked"
    );
    let told = seen[3].results()[0].1;
    assert!(told.contains("source=\"steps.answer.tools.0\">\nIt sold $1,200.\n</data:"), "{told}");
    assert!(told.contains("steps.answer.tools.0.tools.0.sold_usd = 1200 (usd)"), "{told}");

    let shown = test.also(["show", outcome["run_id"].as_str().expect("an id"), "--json"]);
    let shown = shown.code(0).json();
    let events: Vec<&Value> =
        shown["events"].as_array().expect("events").iter().map(|record| &record["event"]).collect();
    let calls: Vec<(&str, &str)> = events
        .iter()
        .filter(|event| event["type"] == "tool_called" && event["step"] == "answer")
        .map(|event| {
            let named = |key: &str| event["call"][key].as_str().unwrap_or_default();
            (named("agent"), named("tool"))
        })
        .collect();
    assert_eq!(calls, [("money", "sales"), ("", "ask_money")]);
    let asked = events.iter().filter(|event| event["type"] == "model_called");
    let agents: Vec<&Value> = asked.map(|event| &event["call"]["agent"]).collect();
    assert_eq!(agents, [&Value::Null, &json!("money"), &json!("money"), &Value::Null]);
}

#[test]
fn chains_of_questions_end() {
    let server = ModelServer::start(|seen, _| {
        let asks = seen.offered().into_iter().find(|name| name.starts_with("ask_"));
        match asks {
            Some(name) if seen.results().is_empty() => {
                Reply::calls(&[("a", name, ask("And you?"))])
            }
            _ => Reply::text("Fine."),
        }
    });
    chain(WORKFLOW).openai(&server).run().code(0);
    let seen = server.seen();
    let offered: Vec<Vec<&str>> = seen.iter().take(3).map(Seen::offered).collect();
    assert_eq!(
        offered,
        [vec!["ask_money"], vec!["sales", "ask_people", "ask_stock"], vec!["shops"]],
        "two agents deep, and no further"
    );
    assert_eq!(seen.len(), 5);
}

#[test]
fn an_agent_that_cannot_answer_is_no_end() {
    let server = ModelServer::start(|seen, _| match (is(seen, "lead"), seen.results().len()) {
        (true, 0) => {
            Reply::calls(&[("a", "ask_money", ask("Well?")), ("b", "ask_money", json!({}))])
        }
        (true, _) => Reply::text("I cannot tell."),
        (false, _) => Reply::error(400, "no"),
    });
    let outcome = chain(WORKFLOW).openai(&server).run().code(0).json();
    assert_eq!(outcome["outputs"]["answer"], "I cannot tell.");
    let seen = server.seen();
    let told = seen.last().expect("a request").results();
    assert!(told[0].1.contains("error: ") && told[0].1.contains("400"), "{told:?}");
    assert!(told[1].1.contains("param `question` is missing"), "{told:?}");
}

#[test]
fn a_manager_written_in_place_asks_its_agents() {
    let workflow = WORKFLOW
        .replace("agent: lead", "agent: {instructions: You manage., consult: [money, stock]}");
    let server = ModelServer::start(|_, _| Reply::text("No."));
    chain(&workflow).openai(&server).run().code(0);
    assert_eq!(server.seen()[0].offered(), ["ask_money", "ask_stock"]);
    let unknown = workflow.replace("stock]", "stocks]");
    chain(&unknown).args(["validate", "w.yaml"]).run().code(2).says("did you mean `stock`");
}
