//! Rules: their pages, and faults in the formats of other programs.

use std::collections::BTreeSet;
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

/// Where the source of a diagnostic names its code.
const NAMING: [&str; 5] =
    ["Diagnostic::new(", "self.report(", "self.fault(", "self.error(", "problem("];

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let pages: BTreeSet<String> =
        engine::diagnostic::rules().into_iter().map(|rule| rule.code).collect();
    let mut source = String::new();
    for folder in ["document", "plan", "expression", "tool", "cli"] {
        read_into(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder), &mut source);
    }
    let is_code = |text: &&str| text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let named = NAMING.iter().flat_map(|opening| source.split(opening).skip(1));
    let named = named.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    let codes: BTreeSet<&str> = named.filter(is_code).collect();
    let strange: Vec<_> = codes.iter().filter(|code| !pages.contains(**code)).collect();
    assert!(strange.is_empty(), "codes without a page in docs/rules: {strange:?}");
    let unused: Vec<_> =
        pages.iter().filter(|page| !source.contains(&format!("\"{page}\""))).collect();
    assert!(unused.is_empty(), "pages of docs/rules that nothing tells: {unused:?}");
}

/// The library's own source below a folder: tests stand at the end of files, or in files of their own.
fn read_into(folder: &Path, source: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_into(&path, source);
        } else if !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).expect("a file");
            source.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
        }
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
fn denied_warnings_are_faults_in_every_way() {
    let unread = "name: w\nparams: {q: {type: string}}\nsteps:\n  - {id: a, compute: {b: 1}}\n";
    let check = |arguments: &[&str]| {
        Test::new().file("w.yaml", unread).args([&["validate", "w.yaml"], arguments].concat()).run()
    };
    check(&[]).code(0).says("ok: 1 file checked, 0 errors, 1 warning");
    check(&["--deny-warnings"]).code(2).says("failed: 1 file checked, 0 errors, 1 warning");
    check(&["--format", "junit"]).code(0).prints("failures=\"0\"");
    check(&["--format", "junit", "--deny-warnings"]).code(2).prints("failures=\"1\"");
}

#[test]
fn columns_are_counted_in_characters_wherever_they_are_told() {
    let wide = "name: w\nsteps:\n  - {id: a, agent: {instructions: \"日本語🎉\"}, promt: x}\n";
    let check = |format: &str| {
        Test::new().file("w.yaml", wide).args(["validate", "w.yaml", "--format", format]).run()
    };
    check("text").code(2).says("[w.yaml:3:44]");
    check("json").code(2).prints("\"column\":44");
    check("github").code(2).prints("line=3,col=44,");
}

#[test]
fn a_fault_of_an_agent_is_not_told_again_by_the_workflows_that_name_it() {
    let test = Test::demo().file("agents/cfo.yaml", "nmae: cfo\nrole: CFO\n");
    let report = test.args(["validate", "--format", "json"]).run().code(2).json();
    assert_eq!(report["errors"], 1, "{report}");
    assert_eq!(report["diagnostics"][0]["file"], "agents/cfo.yaml");
}

#[test]
fn a_circle_of_workflows_is_told_once_with_its_path() {
    let runs = |name: &str, next: &str| {
        format!("name: {name}\nsteps:\n  - id: next\n    workflow: {next}\n")
    };
    let test = Test::demo()
        .file("workflows/b.yaml", &runs("b", "c"))
        .file("workflows/c.yaml", &runs("c", "a"))
        .file("workflows/a.yaml", &runs("a", "b"))
        // Runs into the circle, and is no part of it.
        .file("workflows/outside.yaml", &runs("outside", "c"));
    let report = test.args(["validate", "--format", "json"]).run().code(2).json();
    assert_eq!(report["errors"], 1, "{report}");
    let fault = &report["diagnostics"][0];
    assert_eq!(fault["file"], "workflows/a.yaml", "{fault}");
    assert_eq!((&fault["line"], &fault["column"]), (&4.into(), &15.into()), "{fault}");
    let message = fault["message"].as_str().expect("a message");
    assert_eq!(message, "workflows run one another without end: a -> b -> c -> a");
}

#[test]
fn a_file_is_read_and_told_once_whoever_may_run_it() {
    let test = Test::demo()
        .file("workflows/broken.yaml", "nmae: broken\nsteps: [{id: a, compute: {b: 1}}]\n")
        .file("workflows/runs.yaml", "name: runs\nsteps:\n  - {id: a, workflow: brokn}\n");
    let report = test.args(["validate", "--format", "junit"]).run().code(2);
    let told = report.stdout.as_str();
    let case = "<testcase name=\"workflows/broken.yaml\"";
    assert_eq!(told.matches(case).count(), 1, "{told}");
    assert_eq!(told.matches("unknown key `nmae`").count(), 2, "message and text:\n{told}");
}
