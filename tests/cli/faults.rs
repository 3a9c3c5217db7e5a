//! Faulty files: all faults at once, each with its place and a way to mend it, before anything runs.

use super::support::Test;

/// `validate` and `run` of a workflow say the same, with exit code 2: code, line, column and a part of the help.
#[track_caller]
fn check(yaml: &str, expected: &[(&str, u64, u64, &str)]) {
    let test = Test::new().file("w.yaml", yaml).args(["validate", "w.yaml", "--format", "json"]);
    let report = test.run().code(2).json();
    let found: Vec<_> = report["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| {
            (
                d["code"].as_str().unwrap_or(""),
                d["line"].as_u64().unwrap_or(0),
                d["column"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    let wanted: Vec<_> =
        expected.iter().map(|(code, line, column, _)| (*code, *line, *column)).collect();
    assert_eq!(found, wanted, "{report:#}");
    for ((_, _, _, help), diagnostic) in
        expected.iter().zip(report["diagnostics"].as_array().expect("a list"))
    {
        let said = diagnostic["help"].as_str().unwrap_or_default();
        assert!(said.contains(help), "`{help}` is missing in `{said}`");
    }
    test.args(["run", "w.yaml"]).run().code(2);
}

#[test]
fn names_that_do_not_exist() {
    check(
        "name: w
params: {campaign: {type: string}}
steps:
  - id: metrics
    compute: {roas: params.campain}
  - id: b
    compute: {x: steps.metrcs.output.roas}
  - id: c
    compute: {x: steps.metrics.output.rosa}
  - id: d
    compute: {x: metrics.roas}
  - id: e
    tool: nope
  - id: f
    agent: nobody
    prompt: Hi
  - id: g
    needs: [metricz]
    compute: {x: 1 | usdd}
",
        &[
            ("unknown-param", 5, 21, "did you mean `campaign`"),
            ("unknown-step", 7, 18, "did you mean `metrics`"),
            ("unknown-field", 9, 18, "did you mean `roas`"),
            ("unknown-name", 11, 18, "steps.metrics.output"),
            ("unknown-tool", 13, 11, "no tools"),
            ("unknown-agent", 15, 12, "no agents"),
            ("unknown-step", 18, 13, "did you mean `metrics`"),
            ("unknown-filter", 19, 22, "did you mean `usd`"),
        ],
    );
}

#[test]
fn a_cycle_is_shown_as_the_path_that_closes_it() {
    let yaml = "name: w
steps:
  - {id: a, compute: {x: steps.c.output.x}}
  - {id: b, compute: {x: steps.a.output.x}}
  - {id: c, compute: {x: steps.b.output.x}}
";
    check(yaml, &[("cycle", 3, 10, "remove one")]);
    let ran = Test::new().file("w.yaml", yaml).args(["validate", "w.yaml"]).run().code(2);
    ran.says("a -> c -> b -> a");
}

#[test]
fn a_place_inside_a_block_of_text_is_the_place_in_the_file() {
    check(
        "name: w
steps:
  - id: a
    agent: {instructions: x}
    prompt: |
      First line
      and {{ params.missing }} here
outputs:
  y: \"{{ steps.a.output.field }}\"
",
        &[("unknown-param", 7, 14, "no params"), ("unknown-field", 9, 10, "output.schema")],
    );
}

#[test]
fn a_step_that_reads_itself_and_a_step_written_twice() {
    check(
        "name: w
steps:
  - {id: a, compute: {x: steps.a.output.x}}
  - {id: b, compute: {x: 1}}
  - {id: b, compute: {x: 2}}
",
        &[("reads-itself", 3, 26, "earlier"), ("duplicate-step", 5, 10, "own")],
    );
}

#[test]
fn text_of_a_fault_shows_the_line_and_the_help() {
    Test::new()
        .file("w.yaml", "name: w\nsteps:\n  - {id: a, compute: {x: params.y}}\n")
        .args(["validate", "w.yaml"])
        .run()
        .code(2)
        .says("w.yaml:3:26")
        .says("compute: {x: params.y}")
        .says("unknown param `y`")
        .says("1 file checked, 1 error");
}

#[test]
fn two_faulty_files_are_told_in_one_go() {
    let ran = Test::demo()
        .file("agents/cfo.yaml", "name: cfo\nrol: Chief\n")
        .file("workflows/roi.yaml", "name: roi_analysis\nsteps: []\n")
        .args(["validate", "--format", "json"])
        .run()
        .code(2);
    let text = ran.json().to_string();
    assert!(text.contains("agents/cfo.yaml") && text.contains("workflows/roi.yaml"), "{text}");
}

#[test]
fn a_file_that_is_not_there_is_said() {
    Test::new().args(["run", "nope.yaml"]).run().code(2).says("nope.yaml");
    Test::demo().args(["run", "roi_analysys"]).run().code(2).says("did you mean `roi_analysis`");
    Test::new().args(["validate"]).run().code(2).says("engine init");
    Test::new().args(["frobnicate"]).run().code(2);
}
