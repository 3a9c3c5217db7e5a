//! `llm-rubric` and `engine eval judge`: a model judges answers, visibly and at its own cost, or nobody does.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply, Seen};

/// Models `good` (which answers and costs 1) and `strict` (which judges and costs 10), on one server.
fn project(server: &ModelServer) -> Test {
    let model = |name: &str, price: u32| {
        format!(
            "  {name}: {{provider: openai, model: {name}, api_key_env: SOME_KEY, base_url: '{}/v1', price: {{input: {price}, output: {price}, as_of: 2026-11-01}}}}\n",
            server.url()
        )
    };
    Test::new()
        .file("engine.yaml", &format!("judge: strict\nmodels:\n{}{}", model("good", 1), model("strict", 10)))
        .file(
            "workflows/say.yaml",
            "name: say\nparams: {word: {type: string}}\nsteps:\n  - {id: a, agent: {instructions: Repeat.}, prompt: '{{ params.word }}', max_tokens: 10}\noutputs: {answer: '{{ steps.a.output }}'}\n",
        )
        .env("SOME_KEY", "sk-secret-key")
}

/// Whether a request is one to the judge.
fn judges(seen: &Seen) -> bool {
    seen.message("system").starts_with("You judge an answer")
}

fn verdict(pass: bool, score: f64) -> Reply {
    Reply::text(&json!({"reason": "It says so.", "score": score, "pass": pass}).to_string())
}

/// A server whose judge lets pass what holds the word `fine`.
fn server() -> ModelServer {
    ModelServer::start(|seen, _| {
        if !judges(seen) {
            return Reply::text(&format!("All is {}.", seen.message("user")));
        }
        let asked = seen.message("user");
        if asked.contains("is fine.") { verdict(true, 0.8) } else { verdict(false, 0.2) }
    })
}

fn case(word: &str, assert: &str) -> String {
    format!("cases: [{{workflow: say, params: {{word: {word}}}, assert: [{assert}]}}]\n")
}

fn status(report: &Value) -> &str {
    report["cases"][0]["status"].as_str().expect("a status")
}

#[test]
fn a_judge_decides_and_its_prompt_and_cost_are_told_apart() {
    let server = server();
    let mut test = project(&server);
    for (word, assert, wanted) in [
        ("fine", "llm-rubric: Says that all is well.", "passed"),
        ("lost", "llm-rubric: Says that all is well.", "failed"),
        ("lost", "not-llm-rubric: Says that all is well.", "passed"),
        ("fine", "not-llm-rubric: Says that all is well.", "failed"),
        ("fine", "llm-rubric: {rubric: Says that all is well., threshold: 0.8}", "passed"),
        // The judge lets it pass, and its score is too low for that.
        ("fine", "llm-rubric: {rubric: Says that all is well., threshold: 0.9}", "failed"),
    ] {
        test = test.file("evals/say.yaml", &case(word, assert));
        let ran = test.also(["eval", "--json"]);
        let report = ran.json();
        assert_eq!(status(&report), wanted, "{word} {assert}: {report:#}");
    }
    test = test.file("evals/say.yaml", &case("fine", "llm-rubric: Says that all is well."));
    let report = test.also(["eval", "--json"]).code(0).json();
    let attempt = &report["cases"][0]["attempts"][0];
    let judged = attempt["asserts"].as_array().expect("asserts").last().expect("one");
    let told = &judged["verdict"];
    assert_eq!((&told["model"], &told["score"]), (&json!("strict"), &json!(0.8)));
    let prompt = told["prompt"].as_str().expect("a prompt");
    assert!(
        prompt.contains("Says that all is well.") && prompt.contains("All is fine."),
        "{prompt}"
    );
    // 80 + 20 cached + 10 tokens at 1 and at 10 dollars a million.
    let close = |value: &Value, usd: f64| {
        let found = value.as_f64().expect("a cost");
        assert!((found - usd).abs() < 1e-9, "{found}, not {usd}");
    };
    close(&attempt["cost_usd"], 0.00011);
    close(&told["cost_usd"], 0.0011);
    close(&report["judging"]["cost_usd"], 0.0011);
    close(&report["models"][0]["cost_usd"], 0.00011);
    assert!(report["judging"]["instructions"].as_str().expect("a text").starts_with("You judge"));
    // What is judged stands in a fence, and the shape of the verdict is asked for.
    let seen = server.seen();
    let asked = seen.iter().rev().find(|seen| judges(seen)).expect("a question to the judge");
    assert!(asked.message("user").contains("<data:"), "{}", asked.message("user"));
    assert_eq!(asked.body["model"], "strict");
    assert!(
        asked.body["response_format"]["json_schema"]["schema"]["properties"]["score"].is_object()
    );
    let shown = test.also(["eval", "--html", "h.html", "--markdown", "m.md"]);
    shown.prints("rubrics: 1 judged by strict, for $0.0011").prints("besides the cases' own cost");
    let page = std::fs::read_to_string(test.path().join("h.html")).expect("a page");
    assert!(page.contains("It says so.") && page.contains("You judge an answer"), "{page}");
}

#[test]
fn without_a_judge_nothing_passes_for_judged() {
    let server = server();
    let test = project(&server).change(
        "engine.yaml",
        "model: strict, api_key_env: SOME_KEY",
        "model: strict, api_key_env: OTHER_KEY",
    );
    let test = test.file("evals/say.yaml", &case("fine", "llm-rubric: Says that all is well."));
    // The judge's key is not set; the model that answers has its own.
    let ran = test.also(["eval"]).code(0);
    ran.prints("NOT JUDGED").prints("undecided");
    let report = test.also(["eval", "--json"]).code(0).json();
    assert_eq!(status(&report), "undecided");
    assert_eq!(
        (&report["judging"]["judged"], &report["judging"]["not_judged"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(report["models"][0]["passed"], 0);
    assert!(!server.seen().iter().any(judges));
    let found = report["cases"][0]["attempts"][0]["asserts"][1]["found"].as_str().expect("a text");
    assert!(found.starts_with("not judged: model `strict` needs a key"), "{found}");
    // A judge that is there and gives no verdict, or that may not spend enough, is a failure.
    let broken = ModelServer::start(|seen, _| {
        if judges(seen) { Reply::error(400, "no") } else { Reply::text("All is fine.") }
    });
    let test = project(&broken).file("evals/say.yaml", &case("fine", "not-llm-rubric: Is bad."));
    let report = test.also(["eval", "--json"]).code(1).json();
    let found = report["cases"][0]["attempts"][0]["asserts"][1]["found"].as_str().expect("a text");
    assert!(found.starts_with("not judged: "), "{found}");
    // Where there is no answer, nobody is asked about it.
    let silent = ModelServer::start(|_, _| Reply::error(400, "no"));
    let report = project(&silent)
        .file("evals/say.yaml", &case("fine", "llm-rubric: Says that all is well."))
        .also(["eval", "--json"])
        .code(1)
        .json();
    assert_eq!(
        (&report["judging"]["judged"], silent.seen().iter().filter(|seen| judges(seen)).count()),
        (&json!(0), 0)
    );
    let report = test.also(["eval", "--json", "--max-cost-usd", "0.0005"]).code(1).json();
    let found = report["cases"][0]["attempts"][0]["asserts"][1]["found"].as_str().expect("a text");
    assert!(found.contains("not judged: ") && found.contains("budget"), "{found}");
}

#[test]
fn the_judge_of_a_file_comes_before_that_of_the_project() {
    let server = server();
    let test = project(&server);
    let named = format!("judge: good\n{}", case("fine", "llm-rubric: Says that all is well."));
    let test = test.file("evals/say.yaml", &named);
    let report = test.also(["eval", "--json"]).code(0).json();
    assert_eq!(report["judging"]["models"], json!(["good"]));
    let test = test.file("evals/say.yaml", &named.replace("good", "god"));
    test.also(["validate"]).code(2).says("unknown model `god`").says("did you mean `good`?");
    let test = test.file("evals/say.yaml", "tags: [x]\n");
    test.also(["validate"]).code(2).says("neither `cases` nor `examples`");
}

const EXAMPLES: &str = "examples:\n\
    \x20 - {question: How is it?, answer: All is fine., rubric: Says that all is well., pass: true}\n\
    \x20 - {answer: It is fine., rubric: Says that all is well., pass: true}\n\
    \x20 - {answer: All is well., rubric: Says that all is well., pass: true}\n\
    \x20 - {answer: All is lost., rubric: Says that all is well., pass: false}\n\
    \x20 - {answer: It is lost., rubric: Says that all is well., pass: false}\n\
    \x20 - {answer: Nothing is fine., rubric: Says that all is well., pass: false}\n";

#[test]
fn the_agreement_of_a_judge_with_people_is_measured() {
    let server = server();
    let test = project(&server).file("evals/labelled.yaml", EXAMPLES);
    test.also(["validate"]).code(0);
    let report = test.also(["eval", "judge", "--json"]).code(0).json();
    assert_eq!(
        report["table"],
        json!({"both_pass": 2, "judge_only": 1, "people_only": 1, "both_fail": 2})
    );
    let near = |key: &str, wanted: f64| {
        let found = report[key].as_f64().expect("a number");
        assert!((found - wanted).abs() < 1e-3, "{key} is {found}");
    };
    near("agreement", 0.6667);
    near("kappa", 0.3333);
    near("cost_usd", 6.0 * 0.0011);
    let [from, to] = [0, 1].map(|n| report["kappa_interval"][n].as_f64().expect("a number"));
    assert!(from < 0.3333 && to > 0.3333, "{from} {to}");
    assert_eq!(server.seen().len(), 6);
    let ran = test.also(["eval", "judge", "--at-least", "0.6"]).code(1);
    ran.prints("people say fail, the judge pass: It says so.").prints("kappa      0.33");
    // What is recorded is judged again by nobody.
    test.also(["eval", "judge", "--record", "tape"]).code(0);
    let before = server.seen().len();
    let again = test.also(["eval", "judge", "--replay", "tape", "--json"]).code(0).json();
    assert_eq!((&again["kappa"], server.seen().len()), (&report["kappa"], before));
    // Examples are no cases, and a project without them has nothing to be measured by.
    test.also(["eval"]).code(2).says("no case is left");
    let test = test.file("evals/labelled.yaml", &case("fine", "contains: fine"));
    test.also(["eval", "judge"]).code(2).says("no eval here has examples");
}

#[test]
fn what_a_judge_says_in_vain_is_paid_for_all_the_same() {
    let server = ModelServer::start(|seen, _| {
        Reply::text(if judges(seen) { "It depends." } else { "All is fine." })
    });
    let test = project(&server).file("evals/labelled.yaml", EXAMPLES);
    let paid = |found: &Value, before: usize| {
        let asked = server.seen().iter().skip(before).filter(|seen| judges(seen)).count();
        let cost = found.as_f64().expect("a cost");
        let calls = f64::from(u32::try_from(asked).expect("a count"));
        assert!(asked > 0 && (cost - calls * 0.0011).abs() < 1e-9, "{asked} calls for {cost}");
    };
    let report = test.also(["eval", "judge", "--json"]).code(1).json();
    assert_eq!((&report["judged"], &report["not_judged"]), (&json!(0), &json!(6)));
    paid(&report["cost_usd"], 0);
    let shown = test.also(["eval", "judge"]).code(1).prints("no case was judged\ncost       $");
    assert!(!shown.stdout.contains("agreement") && !shown.stdout.contains("\n\n\n"));
    test.also(["eval", "judge", "--at-least", "2"]).code(2).says("kappa is at most 1");
    let test =
        test.file("evals/labelled.yaml", &case("fine", "llm-rubric: Says that all is well."));
    let before = server.seen().len();
    let report = test.also(["eval", "--json"]).code(1).json();
    assert_eq!(report["judging"]["not_judged"], 1);
    paid(&report["judging"]["cost_usd"], before);
}
