//! Steps of kind `plan`: a model says what is to be done when their turn comes, and that is done like any other steps.

use serde_json::{Value, json};

use super::support::server::{ModelServer, Reply, Seen};
use super::support::{Test, step};

const WORKFLOW: &str = r#"
name: market
params: {market: {type: string}}
steps:
  - id: period
    tool: data_period
  - id: study
    plan:
      goal: "What would it take to enter {{ params.market }} after {{ steps.period.output.last_month }}?"
      agents: [cfo, cro]
      max_steps: 3
    on_error: default
    default: Nobody could plan this.
  - id: verdict
    agent: {instructions: Say yes or no.}
    prompt: "{{ steps.study.output }}"
    figures: none
outputs: {study: "{{ steps.study.output }}", verdict: "{{ steps.verdict.output }}"}
"#;

fn market() -> Test {
    let test = Test::demo().file("workflows/market.yaml", WORKFLOW);
    test.args(["run", "market", "-p", "market=Brazil", "--json"])
}

fn is_inquiry(seen: &Seen) -> bool {
    seen.message("system").starts_with("You plan who finds out")
}

fn part(id: &str, agent: &str, needs: &[&str]) -> Value {
    json!({"id": id, "agent": agent, "task": format!("What of {id}?"), "tool": null, "with": [], "needs": needs})
}

/// Plans so, and has one answer to everything else.
fn server(plan: Value) -> ModelServer {
    ModelServer::start(move |seen, _| {
        if !is_inquiry(seen) {
            return Reply::text("It is fine.").after(std::time::Duration::from_millis(150));
        }
        Reply::text(&json!({"parts": plan}).to_string())
    })
}

#[test]
fn what_a_model_plans_is_done_in_parallel_inside_the_step() {
    let cash = json!({"id": "cash", "agent": null, "task": "", "tool": "cash_position", "with": [], "needs": []});
    let server = server(json!([part("money", "cfo", &[]), part("demand", "cro", &[]), cash]));
    let outcome = market().openai(&server).run().code(0).json();
    assert_eq!(outcome["outputs"], json!({"study": "It is fine.", "verdict": "It is fine."}));
    let study = step(&outcome, "study");
    assert_eq!(study["kind"], "plan");
    let inside = study["steps"].as_array().expect("steps").iter();
    let inside: Vec<&str> = inside.map(|one| one["id"].as_str().expect("an id")).collect();
    assert_eq!(inside, ["study/money", "study/demand", "study/cash", "study/answer"]);
    assert_eq!(outcome["usage"]["model_calls"], 5);

    let seen = server.seen();
    let inquiry = seen.iter().find(|one| is_inquiry(one)).expect("an inquiry");
    assert!(inquiry.message("user").contains("enter Brazil after 2025-12?"), "a goal reads steps");
    let schema = inquiry.body.to_string();
    assert!(schema.contains(r#"["cfo","cro",null]"#), "only who may take part: {schema}");
    assert!(schema.contains(r#""maxItems":3"#), "{schema}");
    assert_eq!(seen.iter().map(|one| one.in_flight).max(), Some(2));
    let answer = seen.iter().find(|one| one.message("user").contains("Found by `money`"));
    assert!(
        answer
            .expect("a synthesis")
            .message("user")
            .contains("Found by `cash` (tool cash_position)")
    );
}

#[test]
fn without_a_model_the_step_does_what_its_on_error_says() {
    let outcome = market().also(["run", "market", "-p", "market=Chile", "--json", "--offline"]);
    let outcome = outcome.json();
    assert_eq!(step(&outcome, "study")["status"], "defaulted");
    assert_eq!(outcome["outputs"]["study"], "Nobody could plan this.");
    assert_eq!(outcome["degraded"], true);
}

#[test]
fn plans_are_checked_before_anything_runs() {
    let wrong =
        WORKFLOW.replace("[cfo, cro]", "[cfo, crow]").replace("max_steps: 3", "max_steps: 0");
    let test = Test::demo().file("workflows/market.yaml", &wrong);
    let ran = test.also(["validate", "workflows/market.yaml"]).code(2);
    ran.says("max_steps").says("1");
    let wrong =
        WORKFLOW.replace("[cfo, cro]", "[cfo, crow]").replace("params.market", "params.markt");
    let test = Test::demo().file("workflows/market.yaml", &wrong);
    let ran = test.also(["validate", "workflows/market.yaml"]).code(2);
    ran.says("did you mean `cro`").says("did you mean `market`");
    market().also(["plan", "market"]).code(0).prints("planned while it runs");
}

#[test]
fn a_plan_whose_process_dies_goes_on_with_the_plan_it_made() {
    let server = server(json!([part("money", "cfo", &[]), part("demand", "cro", &[])]));
    let test = market().openai(&server);
    let run = test.run().code(0).json()["run_id"].as_str().expect("an id").to_owned();
    let (_, events) = super::lasting::events(test.path());
    let made = events.iter().position(|one| one["event"]["type"] == "plan_made").expect("a plan");
    super::lasting::cut(test.path(), &run, &events[..=made]);
    let before = server.seen().len();
    let outcome = test.also(["resume", &run, "--json"]).code(0).json();
    assert_eq!(outcome["outputs"]["study"], "It is fine.");
    let after = &server.seen()[before..];
    assert_eq!(
        after.len(),
        4,
        "two agents, their answer and the verdict; the plan is not paid for again"
    );
    assert!(!after.iter().any(is_inquiry));
}
