//! Where the words of questions lead, held against evals/router.yaml.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::support::Test;

/// The least share of decisions that have to be right.
const PRECISION: f64 = 0.95;

/// The cases: one a line, in flow style.
fn cases() -> Vec<Value> {
    let text = include_str!("../../evals/router.yaml");
    let cases: Value = serde_saphyr::from_str(text).expect("YAML");
    cases["cases"].as_array().expect("a list").clone()
}

fn is_right(case: &Value, route: &Value) -> bool {
    let same = |key: &str| case[key] == route[key];
    match case["kind"].as_str().expect("a kind") {
        "workflow" | "clarify" => same("kind") && same("workflow") && same("params"),
        "agent" => same("kind") && same("agents"),
        "unanswerable" => route["kind"] == "agent" || route["kind"] == "out_of_scope",
        _ => same("kind"),
    }
}

#[test]
fn the_router_is_right_where_it_decides() {
    let test = Test::demo();
    let (mut decided, mut right, mut strangers, mut refused, mut teams, mut found) =
        (0, 0, 0, 0, 0, 0);
    let mut wrong = String::new();
    let cases = cases();
    assert!(cases.len() >= 150, "{}", cases.len());
    for case in &cases {
        let question = case["question"].as_str().expect("a question");
        let ran = test.also(["ask", question, "--plan-only", "--offline", "--json"]);
        let route = ran.json()["route"].clone();
        let kind = case["kind"].as_str().expect("a kind");
        if kind == "out_of_scope" {
            strangers += 1;
            refused += usize::from(route["kind"] == kind && route["sure"] == json!(true));
        }
        if kind == "plan" {
            teams += 1;
            let named =
                |agent: &Value| route["agents"].as_array().is_some_and(|all| all.contains(agent));
            found += usize::from(case["agents"].as_array().expect("agents").iter().all(named));
        }
        if route["sure"] != json!(true) {
            continue;
        }
        decided += 1;
        if is_right(case, &route) {
            right += 1;
        } else {
            writeln!(wrong, "{question}\n  goes to {route}").expect("a text");
        }
    }
    let share = |part: usize, whole: usize| {
        f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
    };
    let single = cases.len() - teams;
    let report = format!(
        "{} questions: decides {decided} of {single} that one can answer ({:.2}), {right} rightly ({:.3}); refuses \
         {refused} of {strangers} strangers ({:.2}); names all specialists of {found} of {teams} ({:.2})",
        cases.len(),
        share(decided, single),
        share(right, decided),
        share(refused, strangers),
        share(found, teams),
    );
    println!("{report}\n{wrong}");
    assert!(share(right, decided) >= PRECISION, "{report}\n{wrong}");
}
