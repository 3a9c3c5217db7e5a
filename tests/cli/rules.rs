//! Rules: their pages, and faults in the formats of other programs.

use std::path::Path;

use crate::support::Test;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules").join(name);
    std::fs::read_to_string(path).expect("a page")
}

#[test]
fn the_listing_in_the_docs_is_made_of_the_pages() {
    assert_eq!(
        engine::diagnostic::listing(),
        page("README.md"),
        "docs/rules/README.md is out of date: write `engine::diagnostic::listing()` into it"
    );
    for rule in engine::diagnostic::rules() {
        let head = format!("# {}\n\n{}\n\n", rule.code, word(rule.severity));
        assert!(rule.page.starts_with(&head), "{} does not begin with its code", rule.code);
        assert!(rule.page.split("\n\n").count() >= 4, "{} explains nothing", rule.code);
    }
}

fn word(severity: engine::diagnostic::Severity) -> &'static str {
    match severity {
        engine::diagnostic::Severity::Error => "error",
        engine::diagnostic::Severity::Warning => "warning",
    }
}

#[test]
fn a_rule_is_explained_and_a_mistyped_one_suggested() {
    Test::new().args(["explain", "mixed-units"]).run().code(0).prints("Dollars less a percentage");
    Test::new().args(["explain", "mixed-unit"]).run().code(2).says("did you mean `mixed-units`?");
    Test::new().args(["explain"]).run().code(0).prints("unknown-step");
}

#[test]
fn faults_are_written_for_other_programs() {
    let broken =
        "name: w\nsteps:\n  - id: a\n    agent: {instructions: Answer.}\n    promt: Hello\n";
    for (format, part) in [
        (
            "github",
            "::error file=w.yaml,line=5,col=5,endLine=5,endColumn=10,title=unknown-key::unknown key `promt`",
        ),
        ("sarif", "\"ruleId\":\"unknown-key\""),
        ("junit", "<testcase name=\"w.yaml\""),
        ("json", "\"code\":\"unknown-key\""),
    ] {
        Test::new()
            .file("w.yaml", broken)
            .args(["validate", "w.yaml", "--format", format])
            .run()
            .code(2)
            .prints(part);
    }
}

#[test]
fn a_fault_of_an_agent_is_not_told_again_by_the_workflows_that_name_it() {
    let test = Test::demo().file("agents/cfo.yaml", "nmae: cfo\nrole: CFO\n");
    let report = test.args(["validate", "--format", "json"]).run().code(2).json();
    assert_eq!(report["errors"], 1, "{report}");
    assert_eq!(report["diagnostics"][0]["file"], "agents/cfo.yaml");
}
