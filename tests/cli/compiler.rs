//! `engine validate` as a compiler: every mistake of every file and stage in one go, and none twice.

use crate::support::Test;

/// What is found: file, line and code, in the order told.
fn found(test: &Test) -> Vec<String> {
    let json = test.also(["validate", "--format", "json"]).json();
    let all = json["diagnostics"].as_array().expect("diagnostics").iter();
    let line = |one: &serde_json::Value| {
        let file = one["file"].as_str().unwrap_or_default().replace('\\', "/");
        format!("{file}:{} {}", one["line"], one["code"].as_str().unwrap_or_default())
    };
    all.map(line).collect()
}

const MODELS: &str =
    "models:\n  local: {provider: openai, model: m, base_url: 'http://127.0.0.1:9/v1'}\n";

#[test]
fn a_fault_of_one_file_hides_none_of_another() {
    let test = Test::new()
        .file("engine.yaml", &format!("{MODELS}  other: {{provider: opnai, model: m}}\nsources: {{data: {{csv: data}}}}\ndefault_modl: local\n"))
        .file("data/sales.csv", "month,usd\n2025-01,10\n2025-02,12\n")
        .file("agents/a.yaml", "name: a\nrol: Analyst\ngoal: Judge\ntools: [salse]\nmodel: other\n")
        .file("agents/b.yaml", "name: b\nrole: [Analyst\n")
        .file(
            "tools/t.yaml",
            "tools:\n  - name: sales\n    description: d\n    returns: table\n    sql: {source: data, query: 'select month, usdd from sales'}\n  - {name: more, description: d, sql: {source: dat, query: select 1 as one}}\n",
        )
        .file(
            "workflows/w.yaml",
            "name: w\nsteps:\n  - {id: s, tool: sales, timout: 5s}\n  - {id: x, agent: a, prompt: 'Well? {{ steps.s.output.0.month }} {{ params.y }}'}\n  - {id: y, agent: nobody, prompt: Well?}\n  - {id: z, tool: nothing}\n  - {id: i, workflow: inner, with: {m: 1}}\noutputs: {all: '{{ steps.x.output }} {{ steps.i.output.of }}'}\n",
        )
        .file(
            "workflows/inner.yaml",
            "name: inner\nparams: {n: {type: numbr}}\nsteps:\n  - {id: c, compute: {of: params.n + 1, more: params.m}}\noutputs: {of: '{{ steps.c.output.of }}'}\n",
        );
    let wanted = [
        "agents/a.yaml:2 unknown-key",
        "agents/a.yaml:4 unknown-tool",
        "agents/b.yaml:2 yaml-syntax",
        "engine.yaml:3 invalid-value",
        "engine.yaml:5 unknown-key",
        "tools/t.yaml:4 invalid-value",
        "tools/t.yaml:5 unknown-column",
        "tools/t.yaml:6 unknown-source",
        "workflows/inner.yaml:2 invalid-value",
        "workflows/inner.yaml:4 unknown-param",
        "workflows/w.yaml:3 unknown-key",
        "workflows/w.yaml:4 unknown-param",
        // Not told: an agent `nobody`, which agents/b.yaml may be; a model `other`, which is there and at fault.
        "workflows/w.yaml:6 unknown-tool",
        "workflows/w.yaml:7 missing-argument",
        "workflows/w.yaml:7 unknown-argument",
    ];
    let told = found(&test);
    let missing: Vec<_> = wanted.iter().filter(|one| !told.contains(&(**one).to_owned())).collect();
    let more: Vec<_> = told.iter().filter(|one| !wanted.contains(&one.as_str())).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing: {missing:#?}, more: {more:#?}");
    test.also(["run", "w"]).code(2).says("unknown key `timout`").says("there is no column `usdd`");
}

#[test]
fn what_is_at_fault_is_never_run() {
    let test = Test::new()
        .file("engine.yaml", MODELS)
        .file(
            "workflows/inner.yaml",
            "name: inner\nsteps:\n  - {id: c, compute: {of: '1'}, timout: 5s}\n",
        )
        .file("workflows/w.yaml", "name: w\nsteps:\n  - {id: i, workflow: inner}\n");
    test.also(["run", "w"]).code(2).says("unknown key `timout`");
    test.also(["run", "inner"]).code(2).says("unknown key `timout`");
    test.also(["plan", "w"]).code(2).says("unknown key `timout`");
}

#[test]
fn amounts_for_other_times_are_not_mixed() {
    let test = Test::new()
        .file("engine.yaml", &format!("{MODELS}sources: {{data: {{csv: data}}}}\n"))
        .file("data/sales.csv", "month,usd\n2025-01,10\n")
        .file(
            "tools/t.yaml",
            "tools:\n  - name: day\n    description: d\n    sql: {source: data, query: select sum(usd) / 31 as a from sales}\n    returns: value\n    units: {value: usd_per_day}\n  - name: months\n    description: d\n    sql: {source: data, query: \"select sum(usd) as spent, min(month) as first from sales\"}\n    returns: row\n    units: {spent: usd_per_month, first: month}\n",
        )
        .file(
            "workflows/w.yaml",
            "name: w\nsteps:\n  - {id: day, tool: day}\n  - {id: months, tool: months}\n  - id: sums\n    compute:\n      both: steps.day.output + steps.months.output.spent\n      more: steps.day.output > steps.months.output.spent\n      next: steps.months.output.first + 1\n      fine: steps.months.output.spent - 5\n",
        );
    let wanted = [
        "workflows/w.yaml:7 mixed-units",
        "workflows/w.yaml:8 mixed-units",
        "workflows/w.yaml:9 type-mismatch",
    ];
    assert_eq!(found(&test), wanted);
    test.also(["validate"]).code(2).says("so that it is for a month as well");
}

#[test]
fn a_file_of_another_kind_says_what_it_is() {
    let test = Test::demo();
    test.also(["run", "agents/cfo.yaml"])
        .code(2)
        .says("this is an agent, not a workflow")
        .says("agent: cfo");
    test.also(["run", "tools/finance.yaml"])
        .code(2)
        .says("this is a file of tools, not a workflow");
    test.also(["run", "engine.yaml"])
        .code(2)
        .says("this is a project's engine.yaml, not a workflow");
    let test = test.file("agents/w.yaml", "name: w\nsteps:\n  - {id: c, tool: cash_position}\n");
    assert_eq!(found(&test), ["agents/w.yaml:2 wrong-file"]);
}
