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

/// A workflow with one mistake: its code, place, and what the help must say.
#[test]
fn the_mistakes_that_people_make() {
    let head = "name: w\nsteps:\n  - id: a\n    compute: {x: 1}\n";
    let cases = [
        (
            "depends_on from other tools",
            "  - id: b\n    depends_on: [a]\n    compute: {y: 2}\n",
            "foreign-key",
            6,
            5,
            "`needs`",
        ),
        (
            "dependsOn",
            "  - id: b\n    dependsOn: [a]\n    compute: {y: 2}\n",
            "foreign-key",
            6,
            5,
            "`needs`",
        ),
        (
            "if for when",
            "  - id: b\n    if: true\n    compute: {y: 2}\n",
            "foreign-key",
            6,
            5,
            "`when`",
        ),
        (
            "args for with",
            "  - id: b\n    tool: t\n    args: {x: 1}\n",
            "foreign-key",
            7,
            5,
            "`with`",
        ),
        (
            "a loop by another name",
            "  - id: b\n    foreach: [1]\n    compute: {y: 2}\n",
            "foreign-key",
            6,
            5,
            "`for_each`",
        ),
        (
            "a plan without anybody",
            "  - id: b\n    plan: {goal: other}\n",
            "unknown-agent",
            6,
            11,
            "agents/",
        ),
        (
            "a workflow that is not there",
            "  - id: b\n    workflow: other\n",
            "unknown-workflow",
            6,
            15,
            "there are no workflows",
        ),
        (
            "a list that is a text",
            "  - id: b\n    for_each: params.rows\n    compute: {y: item}\n",
            "type-mismatch",
            6,
            15,
            "`\"{{ params.rows }}\"`",
        ),
        (
            "a typo in a key",
            "  - id: b\n    compute: {y: 2}\n    retyr: {max_attempts: 2}\n",
            "unknown-key",
            7,
            5,
            "did you mean `retry`",
        ),
        (
            "a typo in a nested key",
            "  - id: b\n    compute: {y: 2}\n    retry: {max_atempts: 2}\n",
            "unknown-key",
            7,
            13,
            "did you mean `max_attempts`",
        ),
        (
            "no kind",
            "  - id: b\n    needs: [a]\n",
            "wrong-kind",
            5,
            5,
            "`agent`, `tool`, `workflow`, `compute`, `plan` or `approval`",
        ),
        (
            "two kinds",
            "  - id: b\n    tool: t\n    compute: {y: 2}\n",
            "wrong-kind",
            7,
            5,
            "two steps",
        ),
        (
            "a key of another kind",
            "  - id: b\n    compute: {y: 2}\n    prompt: Hi\n",
            "misplaced-key",
            7,
            5,
            "remove it",
        ),
        (
            "an agent without a prompt",
            "  - id: b\n    agent: {instructions: x}\n",
            "missing-key",
            6,
            5,
            "`prompt:`",
        ),
        (
            "a default that is never taken",
            "  - id: b\n    compute: {y: 2}\n    default: 3\n",
            "misplaced-key",
            7,
            5,
            "on_error: default",
        ),
        (
            "on_error without a default",
            "  - id: b\n    compute: {y: 2}\n    on_error: default\n",
            "missing-key",
            7,
            15,
            "`default:`",
        ),
        (
            "a wrong word",
            "  - id: b\n    compute: {y: 2}\n    on_error: skipp\n",
            "invalid-value",
            7,
            15,
            "did you mean `skip`",
        ),
        (
            "a number for a duration",
            "  - id: b\n    compute: {y: 2}\n    timeout: 30\n",
            "wrong-type",
            7,
            14,
            "30s",
        ),
        (
            "a bad duration",
            "  - id: b\n    compute: {y: 2}\n    timeout: 30sec\n",
            "invalid-value",
            7,
            14,
            "write `30s`",
        ),
        (
            "a text for a list",
            "  - id: b\n    compute: {y: 2}\n    needs: a\n",
            "wrong-type",
            7,
            12,
            "[a, b]",
        ),
        (
            "braces in an expression",
            "  - id: b\n    compute: {y: 2}\n    when: \"{{ steps.a.output.x }}\"\n",
            "braces",
            7,
            11,
            "`steps.a.output.x`",
        ),
        (
            "a key twice",
            "  - id: b\n    compute: {y: 2}\n    compute: {z: 2}\n",
            "duplicate-key",
            7,
            5,
            "remove one",
        ),
        (
            "an id with a dash",
            "  - id: b-c\n    compute: {y: 2}\n",
            "invalid-value",
            5,
            9,
            "letters, digits",
        ),
        ("no id", "  - compute: {y: 2}\n", "missing-key", 5, 5, "`id:`"),
        (
            "a template without quotes",
            "  - id: b\n    tool: t\n    with: {x: {{ params.x }}}\n",
            "",
            7,
            0,
            "",
        ),
        ("a tab", "  - id: b\n\tcompute: {y: 2}\n", "yaml-syntax", 6, 1, "tabs"),
        ("a second document", "---\nname: x\n", "yaml-documents", 5, 1, "one document"),
        (
            "a bad answer schema",
            "  - id: b\n    agent: {instructions: x}\n    prompt: y\n    output: {schema: {type: objekt}}\n",
            "invalid-schema",
            8,
            0,
            "",
        ),
    ];
    for (name, rest, code, line, column, help) in cases {
        let test = Test::new()
            .file("w.yaml", &format!("{head}{rest}"))
            .args(["validate", "w.yaml", "--format", "json"]);
        let report = test.run().code(2).json();
        // A tool `t` there is nowhere: that is a mistake of its own.
        let is_other = |one: &&serde_json::Value| {
            one["severity"] == "error" && one["message"] != "unknown tool `t`"
        };
        let all = report["diagnostics"].as_array().expect("diagnostics");
        let all: Vec<_> = all.iter().filter(is_other).collect();
        let found = all.first().copied().unwrap_or(&serde_json::Value::Null);
        assert!(code.is_empty() || found["code"] == code, "{name}: {report:#}");
        assert_eq!(found["line"], line, "{name}: {report:#}");
        assert!(column == 0 || found["column"] == column, "{name}: {report:#}");
        assert!(found["help"].as_str().unwrap_or_default().contains(help), "{name}: {report:#}");
        assert!(all.len() < 2, "{name}: one mistake is told once: {report:#}");
    }
}

#[test]
fn no_input_makes_it_panic() {
    let deep = format!("name: w\nsteps: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]\n";
    for text in [
        "",
        " ",
        "\u{0}",
        "\u{feff}",
        "- a",
        "42",
        "null",
        "{",
        "[",
        "\"",
        "'",
        ": :",
        "a: *b",
        "!!binary x",
        "%YAML 9",
        "\r\n\r",
        bomb,
        &deep,
        "name: \u{0}",
    ] {
        let ran = Test::new().file("w.yaml", text).args(["validate", "w.yaml"]).run();
        assert_eq!(ran.code, 2, "{text:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{text:?}: {}", ran.stderr);
    }
    let crlf = "name: w\r\nsteps:\r\n  - {id: a, compute: {x: params.y}}\r\n";
    Test::new().file("w.yaml", crlf).args(["validate", "w.yaml"]).run().code(2).says("w.yaml:3:26");
}
