//! Plans kept as workflows for questions of their kind.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply, Seen};

const QUESTION: &str =
    "Should we repeat the Facebook Holiday 2025 campaign or hire sales people with $80K?";

fn is_decision(seen: &Seen) -> bool {
    seen.message("system").starts_with("You send a question")
}

/// A model that plans a look at the campaign, some arithmetic and what HR says, and answers everything else alike.
fn server() -> ModelServer {
    let part = |id: &str, with: Value| {
        let mut part =
            json!({"id": id, "agent": null, "task": "", "tool": null, "with": [], "needs": []});
        if let (Some(part), Value::Object(with)) = (part.as_object_mut(), with) {
            part.extend(with);
        }
        part
    };
    let parts = [
        part(
            "metrics",
            json!({"tool": "campaign_metrics", "with": [{"name": "campaign_id", "value": "facebook_holiday_2025"}]}),
        ),
        part(
            "rest",
            json!({"with": [{"name": "left", "value": "80000 - steps.metrics.output.spend_usd"}]}),
        ),
        part(
            "people",
            json!({"agent": "hr", "task": "What do $80,000 buy in sales, and how soon?"}),
        ),
    ];
    let decision = json!({"kind": "plan", "workflow": null, "params": [], "agent": null, "parts": parts, "reason": "Both."});
    ModelServer::start(move |seen, _| {
        Reply::text(&if is_decision(seen) {
            decision.to_string()
        } else {
            "It is fine.".to_owned()
        })
    })
}

#[test]
fn what_the_question_names_becomes_params_of_the_workflow() {
    let server = server();
    let test = Test::demo().openai(&server);
    let test =
        test.args(["ask", QUESTION, "--plan-only", "--save", "workflows/repeat_or_hire.yaml"]);
    test.run().code(0).says("kept as");
    let kept = std::fs::read_to_string(test.path().join("workflows/repeat_or_hire.yaml"))
        .expect("the file");
    for text in [
        "for the question\n#\n#   Should we repeat the Facebook Holiday 2025 campaign or hire sales people with $80K?\n",
        "#   campaign_id: `Facebook Holiday 2025`\n",
        "#   amount: `$80K`\n",
        "Should we repeat the {campaign_id} campaign or hire {category} people with {amount}?",
        "# Reads `campaign_metrics`: One campaign",
        "params.amount - steps.metrics.output.spend_usd",
        "{{ params.amount | usd }} buy in {{ params.category }}, and how soon?",
        "tool: list_campaigns",
    ] {
        assert!(kept.contains(text), "no `{text}` in\n{kept}");
    }
    test.also(["validate", "--deny-warnings"]).code(0);

    let other = "Should we repeat the TikTok Spring 2025 campaign or hire sales people with $120K?";
    let answer = test.also(["ask", other, "--json"]).code(0).json();
    assert_eq!(answer["workflow"], "repeat_or_hire", "{answer:#}");
    assert_eq!(answer["route"]["by"], "lexical");
    let params =
        json!({"campaign_id": "tiktok_spring_2025", "category": "sales", "amount": 120_000});
    assert_eq!(answer["route"]["params"], params);
    let seen = server.seen();
    assert_eq!(seen.iter().filter(|one| is_decision(one)).count(), 1, "only the first was planned");
    let last = seen.last().expect("a request").message("user").to_owned();
    assert!(last.contains("$120,000") && last.contains("tiktok_spring_2025"), "{last}");
    assert!(
        !last.contains("$80") && !last.contains("80,000"),
        "nothing of the first question is left: {last}"
    );
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let test = Test::demo().file("notes.yaml", "mine");
    let ask = |path: &str| test.also(["ask", QUESTION, "--offline", "--plan-only", "--save", path]);
    ask("notes.yaml").code(2).says("exists already");
    assert_eq!(std::fs::read_to_string(test.path().join("notes.yaml")).expect("it"), "mine");
    ask("elsewhere/budget_check.yaml").code(2).says("there is a workflow `budget_check` already");
    assert!(!test.path().join("elsewhere").exists());
}

#[test]
fn a_plan_without_a_model_is_kept_as_well_and_its_months_are_params() {
    let question = "How did hiring costs and marketing results compare in Q3 2025?";
    let test = Test::demo();
    let ask = |question: &str, rest: &[&'static str]| {
        test.also(["ask", question, "--offline", "--json"].into_iter().chain(rest.iter().copied()))
    };
    let first = ask(question, &["--save", "workflows/compare.yaml"]).code(0).json();
    assert!(first["plan"].is_object(), "{first:#}");
    test.also(["validate", "--deny-warnings"]).code(0);
    let kept =
        std::fs::read_to_string(test.path().join("workflows/compare.yaml")).expect("the file");
    assert!(kept.contains("default: 2025-07"), "{kept}");
    let example = "How did hiring costs and {category} results compare in Q3 2025?";
    assert!(kept.contains(&format!("questions:\n- {example}\n")), "{kept}");
    let second =
        ask("How did hiring costs and marketing results compare in Q2 2025?", &[]).code(0).json();
    assert_eq!(second["workflow"], "compare", "{second:#}");
    assert_eq!(
        second["route"]["params"],
        json!({"category": "marketing", "from": "2025-04", "to": "2025-06"})
    );
}

#[test]
fn a_plan_is_kept_as_yaml_and_where_it_is_not_found_that_is_told() {
    let test = Test::demo();
    let ask = |path: &str| test.also(["ask", QUESTION, "--offline", "--plan-only", "--save", path]);
    ask("workflows/kept.txt").code(2).says("neither in `.yaml` nor in `.yml`");
    assert!(!test.path().join("workflows/kept.txt").exists());
    let note = "the router looks only into workflows/";
    ask("elsewhere/one.yaml").code(0).says(note);
    let found = ask("workflows/below/two.yml").code(0);
    assert!(found.stderr.contains("kept as") && !found.stderr.contains(note), "{}", found.stderr);
}

#[test]
fn a_kept_question_that_would_not_find_its_workflow_says_why() {
    let test = Test::demo();
    let ask = |question: &str, path: &str| {
        test.also(["ask", question, "--offline", "--plan-only", "--save", path]).code(0)
    };
    let note = "the words of its own question will not find it";
    let found = ask("how much cash do we have", "workflows/cash.yaml");
    assert!(found.stderr.contains("kept as") && !found.stderr.contains(note), "{}", found.stderr);
    let again = test.also(["ask", "How much cash do we have?", "--offline", "--json"]).code(0);
    assert_eq!(again.json()["route"]["workflow"], "cash");
    let fire = ["ask", "How much cash do we burn?", "--offline", "--json"];
    assert_eq!(test.also(fire).code(0).json()["route"]["workflow"], Value::Null);
    let later = ask("How will our channels do in 2030?", "workflows/later.yaml");
    later.says(note).says("it asks about a time that the data does not reach");
    let two = "Should we repeat the Facebook Holiday 2025 campaign with $80K or hire recruiters with $90K?";
    let found = ask(two, "workflows/two.yaml");
    assert!(!found.stderr.contains(note), "each amount has its place: {}", found.stderr);
    let role = ask("whats the cost of hiring 3 SDRs", "workflows/role.yaml");
    assert!(!role.stderr.contains(note), "what people say for a role: {}", role.stderr);
    let other = ["ask", "Whats the cost of hiring 5 AEs?", "--offline", "--json"];
    let params = json!({"count": 5, "role": "account_executive"});
    assert_eq!(test.also(other).code(0).json()["route"]["params"], params);
}
