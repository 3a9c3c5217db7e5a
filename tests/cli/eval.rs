//! `engine eval`: what it accepts, what it finds, how it tells it.

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply};

/// A project whose one workflow computes, and answers in words.
fn project() -> Test {
    Test::new()
        .file("engine.yaml", "sources: {shop: {csv: data}}\n")
        .file("data/sales.csv", "region,revenue\nnorth,1000\nsouth,250.5\n")
        .file(
            "tools/shop.yaml",
            "tools:\n  - name: regions\n    description: Every region.\n    sql: {source: shop, query: select region from sales}\n\
             \x20 - name: sales\n    description: Revenue of a region.\n    params: {region: {type: string}}\n\
             \x20   sql: {source: shop, query: 'select revenue from sales where region = :region'}\n    returns: value\n",
        )
        .file(
            "workflows/report.yaml",
            "name: report\nparams: {region: {type: string}, factor: {type: number, default: 1}}\nsteps:\n\
             \x20 - {id: sales, tool: sales, with: {region: '{{ params.region }}'}}\n\
             \x20 - {id: again, tool: sales, with: {region: '{{ params.region }}'}}\n\
             \x20 - id: sums\n    compute:\n      revenue: steps.sales.output * params.factor\n      parts: '[{\"of\": steps.again.output, \"name\": params.region}]'\n\
             outputs:\n  answer: 'Sales of {{ params.region }}: {{ steps.sums.output.revenue | usd }}'\n\
             \x20 revenue: '{{ steps.sums.output.revenue }}'\n  decision: go\n  parts: '{{ steps.sums.output.parts }}'\n",
        )
}

/// The status of each case, by its name.
#[track_caller]
fn statuses(report: &Value) -> Vec<(String, String)> {
    let cases = report["cases"].as_array().expect("cases").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    cases.map(|case| (text(&case["name"]), text(&case["status"]))).collect()
}

/// Assertions about `report` for north: those that hold, then those that do not.
const ASSERTIONS: [(&str, &str); 38] = [
    ("passed", "equals: 'Sales of north: $1,000'"),
    ("failed", "equals: 'Sales of north'"),
    ("passed", "contains: north"),
    ("passed", "contains: [north, Sales]"),
    ("failed", "contains: [north, south]"),
    ("failed", "contains: NORTH"),
    ("passed", "icontains: NORTH"),
    ("passed", "not-contains: south"),
    ("failed", "not-contains: north"),
    ("passed", "regex: '^Sales of \\w+: \\$'"),
    ("failed", "regex: '^north'"),
    ("passed", "similar: 'sales of NORTH - $1000'"),
    ("failed", "similar: {to: Sales of north, threshold: 0.9}"),
    ("passed", "similar: {to: Sales of north, threshold: 0.8}"),
    ("passed", "not-similar: Headcount grew by twelve people."),
    ("failed", "is-json: true"),
    ("passed", "not-is-json: true"),
    ("failed", "json-schema: {type: object}"),
    ("passed", "cost: 0"),
    ("passed", "latency: 30s"),
    ("failed", "not-latency: 30s"),
    ("passed", "figure: {at: revenue, is: 1000}"),
    ("failed", "figure: {at: revenue, is: 1001}"),
    ("passed", "figure: {at: revenue, is: 1001, within: 2}"),
    ("passed", "figure: {at: revenue, is: 1009, within: 1%}"),
    ("passed", "figure: {is: 1000}"),
    ("failed", "figure: {is: 1100}"),
    (
        "passed",
        "figure: {at: parts.0.of, sql: {source: shop, query: 'select revenue from sales where region = :region'}}",
    ),
    (
        "failed",
        "figure: {at: revenue, sql: {source: shop, query: 'select max(revenue) + 1 from sales'}}",
    ),
    (
        "passed",
        "figure: {sql: {source: shop, returns: row, query: 'select revenue from sales where region = :region'}}",
    ),
    (
        "passed",
        "figure: {at: parts, sql: {source: shop, returns: rows, query: 'select region as name from sales where revenue > 500'}}",
    ),
    (
        "failed",
        "figure: {at: parts, sql: {source: shop, returns: rows, query: 'select region as name from sales'}}",
    ),
    ("failed", "figure: {at: revenu, is: 1000}"),
    ("passed", "decision: go"),
    ("failed", "decision: stop"),
    ("passed", "steps-in-parallel: [sales, again]"),
    ("failed", "steps-in-parallel: [sales, sums]"),
    ("failed", "exit: 1"),
];

#[test]
fn each_assertion_holds_and_fails() {
    let mut text = "cases:\n".to_owned();
    for (status, assertion) in ASSERTIONS {
        let case = format!(
            "  - name: {}\n    workflow: report\n    params: {{region: north}}\n    assert:\n      - {assertion}\n",
            json!(format!("{status} {assertion}"))
        );
        text.push_str(&case);
    }
    let ran = project().file("evals/all.yaml", &text).args(["eval", "--json"]).run().code(1);
    let found = statuses(&ran.json());
    assert_eq!(found.len(), ASSERTIONS.len());
    for (name, status) in found {
        assert!(name.starts_with(&status), "{status}: {name}");
    }
}

#[test]
fn cases_come_from_rows_of_every_kind() {
    let test = project()
        .file("evals/rows.csv", "region,wanted\nnorth,1000\nsouth,250.5\n")
        .file("evals/lines.jsonl", "{\"region\": \"south\", \"wanted\": 250.5}\n")
        .file("evals/more.yaml", "list: [{region: north, wanted: 1000, skip: true}, {region: south, wanted: 250.5, skip: false}]\n")
        .file(
            "evals/each.yaml",
            "assert: [{figure: {at: revenue, is: 1, within: 0.5}}]\ncases: [{workflow: report, params: {region: north, factor: 0.001}}]\n",
        )
        .file(
            "evals/rows.yaml",
            "cases:\n\
             \x20 - &c {for_each: {file: rows.csv}, name: 'csv {{ region }}', workflow: report, params: {region: '{{ region }}'}, assert: [{figure: {at: revenue, is: '{{ wanted }}'}}]}\n\
             \x20 - {for_each: {file: lines.jsonl}, name: 'jsonl {{ region }}', workflow: report, params: {region: '{{ region }}'}, assert: [{figure: {at: revenue, is: '{{ wanted }}'}}]}\n\
             \x20 - {for_each: {file: more.yaml, at: list}, when: not skip, name: 'yaml {{ region }}', workflow: report, params: {region: '{{ region }}'}, assert: [{figure: {at: revenue, is: '{{ wanted }}'}}]}\n\
             \x20 - {for_each: {tool: regions}, name: 'tool {{ region }}', workflow: report, params: {region: '{{ region }}'}, tags: [picked]}\n\
             \x20 - {for_each: {values: [north, south]}, name: 'value {{ value }}', workflow: report, params: {region: '{{ value }}'}}\n\
             \x20 - {for_each: {sql: {source: shop, query: 'select region from sales where revenue < 500'}}, workflow: report, params: {region: '{{ row.region }}'}}\n",
        );
    test.also(["validate"]).code(0);
    let names = |arguments: &[&str]| -> Vec<String> {
        let ran = test.also(["eval", "--json"].iter().chain(arguments).copied()).code(0);
        statuses(&ran.json()).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(
        names(&[]),
        [
            "report region=north factor=0.001",
            "csv north",
            "csv south",
            "jsonl south",
            "yaml south",
            "tool north",
            "tool south",
            "value north",
            "value south",
            "report region=south"
        ]
    );
    assert_eq!(names(&["--filter", "CSV"]), ["csv north", "csv south"]);
    assert_eq!(names(&["--tag", "picked"]), ["tool north", "tool south"]);
    assert_eq!(names(&["evals/each.yaml"]).len(), 1);
    test.also(["eval", "--tag", "picke"]).code(2).says("did you mean `picked`");
    test.also(["eval", "--filter", "nobody"]).code(2).says("no case is left");
    test.also(["eval", "nowhere.yaml"]).code(2).says("there is no");
    let shown =
        test.also(["eval", "--tag", "picked", "--json", "--journal", "kept.db"]).code(0).json();
    let run = shown["cases"][0]["attempts"][0]["runs"][0].as_str().expect("a run");
    test.also(["show", run, "--journal", "kept.db"]).code(0).prints("Sales of north");
    std::fs::remove_file(test.path().join("evals/rows.csv")).expect("a file");
    test.also(["eval"]).code(2).says("rows: cannot read rows.csv");
}

#[test]
fn faults_of_evals_are_found_before_anything_runs() {
    for (eval, code, help) in [
        (
            "cases: [{workflow: reprot, params: {region: north}}]",
            "unknown-workflow",
            "did you mean `report`?",
        ),
        (
            "cases: [{workflow: report, params: {regoin: north}}]",
            "unknown-argument",
            "did you mean `region`?",
        ),
        ("cases: [{workflow: report}]", "missing-argument", "add `region`"),
        (
            "cases: [{question: Why?, assert: [{agents: [cfo]}]}]",
            "unknown-agent",
            "there are no agents",
        ),
        (
            "cases: [{question: Why?, assert: [{route: reprot}]}]",
            "unknown-workflow",
            "did you mean `report`?",
        ),
        (
            "cases: [{question: Why?, assert: [{contians: x}]}]",
            "unknown-key",
            "did you mean `contains`?",
        ),
        (
            "cases: [{question: Why?, assert: [{contains: x, regex: y}]}]",
            "wrong-kind",
            "an item of its own",
        ),
        (
            "cases: [{question: Why?, assert: [{regex: '('}]}]",
            "invalid-value",
            "close its brackets",
        ),
        ("cases: [{question: Why?, workflow: report}]", "wrong-kind", "keep one of them"),
        ("cases: [{name: x}]", "missing-key", "`workflow`, `question` or `conversation`"),
        (
            "cases: [{for_each: {tool: region}, question: '{{ region }}'}]",
            "unknown-tool",
            "did you mean `regions`?",
        ),
        ("cases: [{for_each: {values: [1]}, question: '{{ value'}]", "template-syntax", ""),
        ("cases: [{question: Why?, assert: [{figure: {at: x}}]}]", "missing-key", "`is` or `sql`"),
        (
            "cases: [{question: Why?, assert: [{figure: {sql: {source: shp, query: select 1}}}]}]",
            "unknown-source",
            "did you mean `shop`?",
        ),
        (
            "cases: [{workflow: report, params: {region: north}, assert: [{steps-in-parallel: [sale]}]}]",
            "unknown-step",
            "did you mean `sales`?",
        ),
        ("cases: [{question: Why?, params: {a: 1}}]", "misplaced-key", "add `workflow:`"),
        ("pass_rate: 2\ncases: [{question: Why?}]", "invalid-value", "give 1"),
        ("cases: []", "empty", "at least one"),
    ] {
        let test = project().file("evals/case.yaml", &format!("{eval}\n"));
        let found = test.also(["validate", "--format", "json"]).code(2).json();
        let diagnostics = found["diagnostics"].as_array().expect("diagnostics");
        assert_eq!(diagnostics.len(), 1, "{eval}: {diagnostics:#?}");
        assert_eq!(diagnostics[0]["code"], code, "{eval}: {}", diagnostics[0]);
        assert!(
            diagnostics[0]["help"].to_string().replace("\\\"", "\"").contains(help),
            "{eval}: {}",
            diagnostics[0]
        );
        assert_eq!(diagnostics[0]["file"], "evals/case.yaml");
        test.also(["eval"]).code(2).says(code);
    }
}

#[test]
fn a_query_that_can_tell_nothing_ends_it_before_anything_runs() {
    for (query, words) in [
        ("select revenu from sales", "no such column: revenu"),
        ("select revenue from sales where region = :regoin", "the query reads `:regoin`"),
        ("delete from sales", "of its figures: the query is not allowed"),
    ] {
        let case = format!(
            "cases: [{{workflow: report, params: {{region: north}}, assert: [{{figure: {{at: revenue, sql: {{source: shop, query: '{query}'}}}}}}]}}]\n"
        );
        let ran = project().file("evals/case.yaml", &case).args(["eval", "--json"]).run().code(2);
        assert_eq!(ran.stdout, "");
        ran.says("case `report region=north`").says(words);
    }
}

#[test]
fn reports_are_written_for_people_and_programs() {
    let test = project().file(
        "evals/two.yaml",
        "description: Two.\npass_rate: 0.5\ncases:\n  - {name: good, workflow: report, params: {region: north}, assert: [{contains: north}]}\n\
         \x20 - {name: 'bad <|> & one', workflow: report, params: {region: north}, assert: [{contains: '<south>'}]}\n",
    );
    let ran =
        test.also(["eval", "--junit", "j.xml", "--markdown", "m.md", "--html", "h.html"]).code(0);
    let ran = ran
        .prints("failed  two/bad <|> & one (offline)")
        .prints("`<south>` is not in the answer: Sales of north");
    ran.prints("everything holds").says("failed: two/bad");
    let read = |name: &str| std::fs::read_to_string(test.path().join(name)).expect("a file");
    let junit = read("j.xml");
    let xml = roxmltree::Document::parse(&junit).expect("XML");
    let cases: Vec<&str> = xml
        .descendants()
        .filter(|n| n.has_tag_name("testcase"))
        .filter_map(|n| n.attribute("name"))
        .collect();
    assert_eq!(cases, ["good [offline]", "bad <|> & one [offline]"]);
    // As many may fail as the file lets.
    assert!(!xml.descendants().any(|n| n.has_tag_name("failure")), "{junit}");
    assert!(read("m.md").contains("| two | 1 | 1 | 0 | 50.0 % | ok |"), "{}", read("m.md"));
    let page = read("h.html");
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no `{text}` in {page}"));
    let failed = at("<h3>bad &lt;|&gt; &amp; one</h3>");
    assert!(failed < at("All other cases") && at("All other cases") < at("<h3>good</h3>"));
    assert!(page.contains("`&lt;south&gt;` is not in the answer"), "{page}");
    assert!(page.contains("default-src 'none'"), "the page asks nothing of any server");
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    let strict = test.change("evals/two.yaml", "pass_rate: 0.5", "pass_rate: 0.6");
    let ran = strict.also(["eval", "--junit", "j.xml", "--json", "--quiet"]).code(1);
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.json()["files"][0]["holds"], false);
    let junit = std::fs::read_to_string(strict.path().join("j.xml")).expect("a file");
    assert!(junit.contains("<failure"), "{junit}");
}

/// A project whose answer is a model's.
fn asking() -> Test {
    Test::new()
        .file(
            "engine.yaml",
            "models:\n  good: {provider: openai, model: good, api_key_env: GOOD_KEY, base_url: GOOD, price: {input: 1, output: 1, as_of: 2026-11-01}}\n\
             \x20 bad: {provider: openai, model: bad, api_key_env: GOOD_KEY, base_url: GOOD, price: {input: 100, output: 100, as_of: 2026-11-01}}\n",
        )
        .file(
            "workflows/say.yaml",
            "name: say\nparams: {word: {type: string}}\nsteps:\n  - {id: a, agent: {instructions: Repeat.}, prompt: '{{ params.word }}', max_tokens: 10}\noutputs: {answer: '{{ steps.a.output }}'}\n",
        )
        .file(
            "evals/say.yaml",
            "cases:\n  - for_each: {values: [a, b, c, d, e, f]}\n    workflow: say\n    params: {word: '{{ value }}'}\n    assert: [{equals: '{{ value }}'}, {not-cost: 0}]\n",
        )
}

#[test]
fn models_are_set_side_by_side_and_against_a_baseline() {
    let server = ModelServer::start(|seen, _| {
        let word = seen.message("user").to_owned();
        Reply::text(if seen.body["model"] == "good" { &word } else { "something else" })
    });
    let address = format!("{}/v1", server.url());
    let test = asking().change("engine.yaml", "base_url: GOOD", &format!("base_url: '{address}'"));
    let test = test.change("engine.yaml", "base_url: GOOD", &format!("base_url: '{address}'"));
    let test = test.env("GOOD_KEY", "sk-secret-key");
    let report =
        test.also(["eval", "--models", "good,bad", "--repeat", "2", "--json"]).code(1).json();
    let of = |model: usize, key: &str| report["models"][model][key].clone();
    assert_eq!(
        (of(0, "model"), of(0, "passed"), of(0, "failed")),
        (json!("good"), json!(12), json!(0))
    );
    assert_eq!(
        (of(1, "model"), of(1, "passed"), of(1, "failed")),
        (json!("bad"), json!(0), json!(12))
    );
    assert!(of(1, "cost_usd").as_f64() > of(0, "cost_usd").as_f64());
    assert_eq!(server.seen().len(), 24, "each case twice with each model");
    let close = |value: &Value, wanted: f64| {
        let found = value.as_f64().expect("a number");
        assert!((found - wanted).abs() < 1e-4 * wanted.max(1.0), "{found}, not {wanted}");
    };
    // 110 tokens at one and at a hundred dollars a million, and the interval of 12 of 12 by the textbook.
    close(&of(0, "cost_usd"), 12.0 * 0.00011);
    close(&of(1, "cost_usd"), 12.0 * 0.011);
    close(&of(0, "interval")[0], 0.7575);
    // Half of the attempts took no longer than the median, and 95 of 100 (all of 12 but none) than the other.
    let cases = report["cases"].as_array().expect("cases").iter();
    let own = cases.filter(|case| case["model"] == "good").flat_map(|case| {
        case["attempts"].as_array().expect("attempts").iter().map(|one| &one["duration_ms"])
    });
    let mut took: Vec<f64> = own.map(|ms| ms.as_f64().expect("a time")).collect();
    took.sort_by(f64::total_cmp);
    close(&of(0, "p50_ms"), f64::midpoint(took[5], took[6]));
    close(&of(0, "p95_ms"), took[11]);
    let case = &report["cases"][0];
    assert_eq!(case["attempts"].as_array().map(Vec::len), Some(2));
    let from = case["interval"][0].as_f64().expect("a share");
    assert!((from - 0.3424).abs() < 1e-3, "the interval of 2 of 2: {from}");
    test.also(["eval", "--models", "good,bda"]).code(2).says("did you mean `bad`?");

    let kept = test.also(["eval", "--models", "good", "--json"]).code(0).stdout;
    std::fs::write(test.path().join("before.json"), &kept).expect("a file");
    // How long a busy machine takes is no matter here.
    let patient = ["eval", "--models", "good", "--baseline", "before.json", "--p95-bound", "1e9"];
    let same = test.also(patient).code(0);
    same.prints("6 cases in both, accuracy 100.0 % (before 100.0 %); 0 broke and 0 mended: probability 1.0000 by the exact");
    // The other model under the name of the first, as if a prompt or a server had changed.
    let worse = kept.replace("\"model\":\"good\"", "\"model\":\"bad\"");
    std::fs::write(test.path().join("before.json"), worse).expect("a file");
    let ran = test.also(["eval", "--models", "bad", "--baseline", "before.json"]).code(1);
    ran.prints("accuracy fell: 6 cases broke and 0 were mended").prints("a case costs $");
    test.also(["eval", "--models", "good", "--baseline", "before.json"])
        .code(2)
        .says("none of these cases");
    test.also(["eval", "--baseline", "engine.yaml"]).code(2).says("is no report");
}

#[test]
fn what_holds_now_and_then_has_a_rate_with_an_interval() {
    let server = ModelServer::start(|seen, number| {
        let word = seen.message("user").to_owned();
        Reply::text(if number.is_multiple_of(4) { "something else" } else { &word })
    });
    let address = format!("base_url: '{}/v1'", server.url());
    let test = asking().change("engine.yaml", "base_url: GOOD", &address);
    let test = test.change("engine.yaml", "base_url: GOOD", &address).env("GOOD_KEY", "k");
    let report = test
        .also([
            "eval",
            "--models",
            "good",
            "--repeat",
            "8",
            "--filter",
            "word=a",
            "--concurrency",
            "1",
            "--json",
        ])
        .code(1)
        .json();
    let case = &report["cases"][0];
    assert_eq!((&case["pass_rate"], &case["status"]), (&json!(0.75), &json!("failed")));
    let [from, to] = [0, 1].map(|n| case["interval"][n].as_f64().expect("a share"));
    // The interval of 6 of 8 by the textbook.
    assert!((from - 0.4093).abs() < 1e-3 && (to - 0.9285).abs() < 1e-3, "{from} {to}");
}

#[test]
fn nothing_is_recorded_where_no_model_is_there() {
    let test = project().file(
        "evals/case.yaml",
        "recorded: true\ncases: [{workflow: report, params: {region: north}}]\nexamples: [{answer: a, rubric: b, pass: true}]\n",
    );
    for arguments in [&["eval", "--record"][..], &["eval", "judge", "--record"]] {
        let ran = test.also(arguments.iter().copied()).code(2);
        assert_eq!(ran.stdout, "");
        ran.says("no model is there to be recorded");
    }
}
