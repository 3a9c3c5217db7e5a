//! `--quiet` leaves out what is merely nice to know: what went wrong, how to mend it and what a run waits for are told.

use super::support::Test;
use super::support::server::{ModelServer, Reply};

const ENGINE: &str = "models:\n  m: {provider: openai, model: x, api_key_env: M_KEY, base_url: \"http://127.0.0.1:9/v1\"}\n";

const STEP: &str = "  - id: said\n    agent: {instructions: Speak., model: m}\n    prompt: Well?\n";

#[test]
fn what_went_wrong_is_told_with_its_mend() {
    let failed =
        format!("name: w\nsteps:\n{STEP}outputs: {{said: '{{{{ steps.said.output }}}}'}}\n");
    let partial = format!(
        "name: w\nsteps:\n{STEP}  - id: two\n    compute: {{n: 1 + 1}}\n\
         outputs: {{said: '{{{{ steps.said.output }}}}', two: '{{{{ steps.two.output.n }}}}'}}\n"
    );
    for (text, code) in [(failed, 1), (partial, 3)] {
        let test = Test::new().file("engine.yaml", ENGINE).file("w.yaml", &text);
        let ran = test.args(["run", "w.yaml", "--quiet"]).run().code(code);
        assert!(ran.stderr.starts_with("error: step `said` failed: "), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("\n  help: ") && ran.stderr.contains("M_KEY"),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stderr.lines().count(), 2, "and nothing else: {}", ran.stderr);
    }
}

#[test]
fn what_a_run_waits_for_and_what_strictness_refuses_is_told() {
    let waits = "name: w\nsteps:\n  - id: ok\n    approval: {message: Well?}\n";
    let test = Test::new().file("w.yaml", waits).args(["run", "w.yaml", "--quiet"]);
    let ran = test.run().code(3);
    assert!(ran.stderr.starts_with("waiting: `engine approve "), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let server = ModelServer::start(|_, _| Reply::text("We made $4,711 in all."));
    let says = "name: w\nsteps:\n  - {id: a, agent: {instructions: x}, prompt: How much?}\noutputs: {a: '{{ steps.a.output }}'}\n";
    let test = Test::new().file("w.yaml", says).openai(&server);
    let quiet = test.also(["run", "w.yaml", "--quiet"]).code(0);
    assert_eq!(quiet.stderr, "");
    let ran = test.also(["run", "w.yaml", "--quiet", "--strict"]).code(5);
    assert!(ran.stderr.starts_with("error: `$4,711` in step `a`: "), "{}", ran.stderr);
}
