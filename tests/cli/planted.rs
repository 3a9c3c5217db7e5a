//! How far wrong figures get: the answers of the demo's workflows with one figure made wrong, line by line, and true
//! figures that the evidence only makes. What becomes of each is read from the ledger of a real run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::support::Test;
use super::support::server::{ModelServer, Reply};

const RUNS: [&[&str]; 3] = [
    &["run", "roi_analysis", "-p", "campaign_id=facebook_holiday_2025"],
    &["run", "budget_check", "-p", "spend=250000", "-p", "category=marketing"],
    &["run", "channel_optimization"],
];

/// Of the derived figures made wrong only one in so many is tried: each is held against all that two values make.
const EVERY: usize = 4;

/// A line of a text, with the figure in question.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) before: String,
    pub(crate) figure: String,
    pub(crate) after: String,
}

/// What a run of the demo says of itself.
struct Demo {
    run: &'static [&'static str],
    /// The lines of the answer, each of its figures once, with its value.
    lines: Vec<(Line, f64)>,
    /// Outputs by step.
    outputs: BTreeMap<String, Value>,
}

impl Demo {
    fn new(run: &'static [&'static str]) -> Self {
        let flags = ["--json", "--figures"];
        let test = Test::demo().args(run.iter().copied().chain(flags).chain(["--offline"]));
        let outcome = test.run().code(0).json();
        let answer = outcome["outputs"]["answer"].as_str().expect("an answer").to_owned();
        let shown =
            test.also(["show", outcome["run_id"].as_str().expect("an id"), "--json"]).json();
        let events = shown["events"].as_array().expect("events").iter();
        let ends = events.filter(|record| record["event"]["type"] == "step_succeeded");
        let outputs = ends
            .map(|r| {
                (
                    r["event"]["step"].as_str().expect("a step").to_owned(),
                    r["event"]["output"].clone(),
                )
            })
            .collect();
        let ledger = outcome["figures"]["ledger"].as_array().expect("a ledger").iter();
        let lines = ledger.filter(|entry| entry["step"] == "answer").filter_map(|entry| {
            let (figure, value) = (entry["text"].as_str()?, entry["value"].as_f64()?);
            let at = usize::try_from(entry["at"].as_u64()?).ok()?;
            let (head, tail) = answer.split_at(at);
            let line = Line {
                class: "true",
                before: head.rsplit('\n').next()?.to_owned(),
                figure: figure.to_owned(),
                after: tail.strip_prefix(figure)?.lines().next().unwrap_or_default().to_owned(),
            };
            Some((line, value))
        });
        let lines = lines.collect();
        Self { run, lines, outputs }
    }

    /// A number of a step's output, by a pointer.
    fn value(&self, step: &str, pointer: &str) -> f64 {
        let value = self.outputs[step].pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("{step}{pointer}: {}", self.outputs[step]))
    }

    /// What becomes of the figure of each line, as the answer of a model.
    fn fates(&self, lines: &[Line]) -> Vec<(String, Value)> {
        let (answer, places) = laid_out(lines);
        let server = ModelServer::start(move |seen, _| match &seen.body["response_format"] {
            Value::Null => Reply::text(&answer),
            format => Reply::text(&wordless(&format["json_schema"]["schema"]).to_string()),
        });
        let arguments: Vec<&str> =
            self.run.iter().copied().chain(["--json", "--figures"]).collect();
        // Nothing is cited here, and what is asked to be mended would only be looked up twice.
        let mut test = Test::demo().openai(&server).args(arguments);
        for workflow in ["roi", "budget_check", "channel_optimization"] {
            test = test.change(
                &format!("workflows/{workflow}.yaml"),
                "figures: cite",
                "figures: check",
            );
        }
        let outcome = test.run().code(0).json();
        assert_eq!(outcome["degraded"], false, "{outcome:#}");
        fates_at(&places, &outcome)
    }
}

/// An answer that has all of the lines, and where the figure of each stands in it.
pub(crate) fn laid_out(lines: &[Line]) -> (String, Vec<usize>) {
    let mut answer = String::new();
    let mut places = Vec::new();
    for line in lines {
        answer.push_str(&line.before);
        places.push(answer.len());
        answer.push_str(&line.figure);
        answer.push_str(&line.after);
        answer.push_str("\n\n");
    }
    (answer, places)
}

/// What became of the figures at these places of an answer.
pub(crate) fn fates_at(places: &[usize], outcome: &Value) -> Vec<(String, Value)> {
    let ledger = outcome["figures"]["ledger"].as_array().expect("a ledger");
    let found = |at: &usize| {
        let entry = ledger.iter().find(|e| e["step"] == "answer" && e["at"] == json!(at));
        let entry = entry.cloned().unwrap_or_default();
        (entry["how"].as_str().unwrap_or("overlooked").to_owned(), entry)
    };
    places.iter().map(found).collect()
}

/// The smallest value that a schema of the demo allows, without a figure.
fn wordless(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().expect("properties");
            properties.iter().map(|(name, schema)| (name.clone(), wordless(schema))).collect()
        }
        Some("array") => json!([]),
        _ => json!("words"),
    }
}

/// A value written as another figure is.
pub(crate) fn like(figure: &str, value: f64) -> String {
    let grouped = |value: f64, decimals: usize| {
        let text = format!("{:.decimals$}", value.abs());
        let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
        let mut out = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out + rest
    };
    let sign = if value < 0.0 { "-" } else { "" };
    let decimals = figure
        .rsplit_once('.')
        .map_or(0, |(_, rest)| rest.bytes().filter(u8::is_ascii_digit).count());
    match figure.chars().last() {
        Some('%') => format!("{sign}{}%", grouped(value * 100.0, decimals)),
        Some('x') => format!("{sign}{}x", grouped(value, decimals)),
        _ if figure.contains('$') => format!("{sign}${}", grouped(value, decimals)),
        _ => format!("{sign}{}", grouped(value, decimals)),
    }
}

/// A repeatable source of numbers, so that the rates are the same each time.
struct Draw(u64);

impl Draw {
    fn unit(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 33).expect("31 bits")) / f64::from(1u32 << 31)
    }
}

/// A figure with the units of others. 2.76x is 276 %, but not 2.76 %.
pub(crate) fn wrong_units(figure: &str) -> Vec<String> {
    let digits: String =
        figure.chars().filter(|c| c.is_ascii_digit() || matches!(c, ',' | '.')).collect();
    let mut texts = vec![
        format!("${digits}"),
        format!("{digits}%"),
        format!("{digits}x"),
        format!("€{digits}"),
    ];
    texts.retain(|text| text != figure && !figure.starts_with('-'));
    texts
}

/// All ways in which the figure of a line is made wrong. `others` are the other figures of the answer.
fn wrong(line: &Line, value: f64, others: &[(Line, f64)], draw: &mut Draw) -> Vec<Line> {
    let figure = &line.figure;
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for (at, old) in figure.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let first = figure.find(|c: char| c.is_ascii_digit()) == Some(at);
        for new in ('0'..='9').filter(|new| *new != old && !(first && *new == '0')) {
            let mut text = figure.clone();
            text.replace_range(at..=at, &new.to_string());
            found.push(("a digit changed", text));
        }
    }
    for (other, of) in others {
        let same_unit = like(figure, *of) == other.figure;
        if same_unit && other.figure != *figure {
            found.push(("swapped with another", other.figure.clone()));
        }
    }
    let signed =
        figure.strip_prefix('-').map_or_else(|| format!("-{figure}"), |text| format!("+{text}"));
    found.push(("wrong sign", signed));
    found.extend(wrong_units(figure).into_iter().map(|text| ("wrong unit", text)));
    for (class, factor) in [
        ("off by 1 %", 1.01),
        ("off by 1 %", 0.99),
        ("off by 10 %", 1.1),
        ("off by 10 %", 0.9),
        ("off 1000 times", 1000.0),
        ("off 1000 times", 0.001),
    ] {
        found.push((class, like(figure, value * factor)));
    }
    for _ in 0..20 {
        let size = value.abs().max(0.01) * 10f64.powf(draw.unit() * 2.0 - 1.0);
        found.push(("invented", like(figure, size)));
    }
    found.retain(|(_, text)| text != figure && text.contains(|c: char| ('1'..='9').contains(&c)));
    let line = |(class, figure)| Line { class, figure, ..line.clone() };
    found.into_iter().map(line).collect()
}

/// True sentences whose figure no step has, with its value: sums, differences, shares, growth, a month's part.
fn made(demo: &Demo) -> Vec<(Line, f64)> {
    let mut lines = Vec::new();
    let mut say = |before: &str, like_figure: &str, value: f64, after: &str| {
        let (before, after) = (before.to_owned(), after.to_owned());
        lines
            .push((Line { class: "made", before, figure: like(like_figure, value), after }, value));
    };
    match demo.run[1] {
        "roi_analysis" => {
            let of = |name: &str| demo.value("metrics", name);
            let (spend, revenue) = (of("/spend_usd"), of("/revenue_usd"));
            let profit = demo.value("roi", "/net_profit");
            say("Attributed revenue exceeded spend by ", "$1", revenue - spend, ".");
            say("Spend took ", "1.0%", spend / revenue, " of the attributed revenue.");
            say("Spend took ", "1%", spend / revenue, " of revenue.");
            say("The net profit is ", "1.0%", profit / revenue, " of revenue.");
            say(
                "The campaign's spend was ",
                "$1",
                spend / 12.0,
                " a month when spread over a year.",
            );
            say("Each click brought ", "$1.00", revenue / of("/clicks"), " of revenue.");
            say(
                "Revenue of the campaign was ",
                "1.00%",
                revenue / demo.value("margin", "/company_revenue_usd"),
                " of company revenue.",
            );
            say(
                "Gross profit less net profit is ",
                "$1",
                demo.value("roi", "/gross_profit") - profit,
                ".",
            );
            say("A ROAS of break-even against the true ROI: the ROAS was ", "1.00x", 2.0, " high.");
            lines.pop();
        }
        "budget_check" => {
            let of = |name: &str| demo.value("results", name);
            say(
                "Operating costs (opex) took ",
                "1.0%",
                of("/opex_usd") / of("/revenue_usd"),
                " of revenue.",
            );
            say(
                "Research development cost ",
                "$1",
                of("/research_development_usd") - of("/marketing_usd"),
                " more than marketing.",
            );
            say(
                "Marketing and sales cost ",
                "$1",
                of("/marketing_usd") + of("/sales_usd"),
                " together.",
            );
            say("Revenue averaged ", "$1", of("/revenue_usd") / 12.0, " a month.");
            say("Revenue averaged ", "$1", of("/revenue_usd") / 4.0, " in a quarter.");
            say(
                "Monthly outgoings come to ",
                "$1",
                demo.value("cash", "/monthly_outgoings_usd") * 12.0,
                " in a year.",
            );
            say(
                "Monthly receipts exceed monthly outgoings by ",
                "$1",
                demo.value("cash", "/monthly_receipts_usd")
                    - demo.value("cash", "/monthly_outgoings_usd"),
                ".",
            );
            say(
                "Net income was ",
                "1.0%",
                of("/net_income_usd") / of("/gross_profit_usd"),
                " of gross profit.",
            );
            say(
                "The gross margin is ",
                "1.0%",
                of("/gross_margin") - of("/operating_margin"),
                " above the operating margin, in points.",
            );
            say(
                "Revenue less gross profit is ",
                "$1",
                of("/revenue_usd") - of("/gross_profit_usd"),
                ".",
            );
            lines.pop();
        }
        _ => {
            let rows = demo.outputs["performance"].as_array().expect("rows").clone();
            let of = |row: &Value, name: &str| row[name].as_f64().unwrap_or_default();
            let total: f64 = rows.iter().map(|row| of(row, "spend_usd")).sum();
            say("Total spend over all channels was ", "$1", total, ".");
            for row in &rows {
                let name = row["channel"].as_str().expect("a channel").replace('_', " ");
                say(
                    &format!("The {name} channel took "),
                    "1.0%",
                    of(row, "spend_usd") / total,
                    " of the spend.",
                );
                say(
                    &format!("For {name}, revenue exceeded spend by "),
                    "$1",
                    of(row, "revenue_usd") - of(row, "spend_usd"),
                    ".",
                );
                say(
                    &format!("The spend of {name} averaged "),
                    "$1",
                    of(row, "spend_usd") / 12.0,
                    " a month.",
                );
            }
            for pair in rows.windows(2) {
                let name =
                    |row: &Value| row["channel"].as_str().expect("a channel").replace('_', " ");
                let (a, b) = (name(&pair[0]), name(&pair[1]));
                say(
                    &format!("Spend on {a} was "),
                    "$1",
                    of(&pair[0], "spend_usd") - of(&pair[1], "spend_usd"),
                    &format!(" above the spend on {b}."),
                );
                say(
                    &format!("Spend on {a} and {b} came to "),
                    "$1",
                    of(&pair[0], "spend_usd") + of(&pair[1], "spend_usd"),
                    " together.",
                );
            }
        }
    }
    // What a step has anyway is no derived value, and a loss is worded as one.
    lines.retain(|(line, value)| *value > 0.0 && !line.figure.starts_with('-'));
    lines
}

/// The figures as lists of facts name them, each with its value: `Net profit: $44,104`.
fn named(demo: &Demo) -> Vec<(Line, f64)> {
    let facts: &[(&str, &str, &str, &str)] = match demo.run[1] {
        "roi_analysis" => &[
            ("spend", "$1", "roi", "/spend"),
            ("attributed revenue", "$1", "roi", "/revenue"),
            ("gross profit", "$1", "roi", "/gross_profit"),
            ("net profit", "$1", "roi", "/net_profit"),
            ("ROAS", "1.00x", "roi", "/roas"),
            ("break-even ROAS", "1.00x", "roi", "/break_even_roas"),
            ("gross margin", "1.0%", "roi", "/gross_margin"),
            ("true ROI", "1.0%", "roi", "/true_roi"),
            ("company revenue", "$1", "margin", "/company_revenue_usd"),
        ],
        "budget_check" => &[
            ("cash", "$1", "cash", "/cash_usd"),
            ("cash after the spend", "$1", "decision", "/cash_after"),
            ("operating result", "$1", "decision", "/operating_result"),
            ("result after the spend", "$1", "decision", "/result_after"),
            ("revenue", "$1", "results", "/revenue_usd"),
            ("gross profit", "$1", "results", "/gross_profit_usd"),
            ("net income", "$1", "results", "/net_income_usd"),
            ("monthly receipts", "$1", "cash", "/monthly_receipts_usd"),
            ("monthly outgoings", "$1", "cash", "/monthly_outgoings_usd"),
            ("gross margin", "1.0%", "results", "/gross_margin"),
            ("operating margin", "1.0%", "results", "/operating_margin"),
            ("budget", "$1", "budget", "/budget_usd"),
        ],
        _ => &[
            ("spend on email", "$1", "performance", "email/spend_usd"),
            ("revenue of email", "$1", "performance", "email/revenue_usd"),
            ("spend on tiktok", "$1", "performance", "tiktok/spend_usd"),
            ("revenue of tiktok", "$1", "performance", "tiktok/revenue_usd"),
            ("spend on linkedin", "$1", "performance", "linkedin/spend_usd"),
            ("ROAS of email", "1.00x", "performance", "email/roas"),
            ("ROAS of tiktok", "1.00x", "performance", "tiktok/roas"),
            ("budget left", "$1", "budget", "/budget_left_usd"),
            ("budget", "$1", "budget", "/budget_usd"),
        ],
    };
    let mut lines = Vec::new();
    for (name, like_figure, step, pointer) in facts {
        let value = match pointer.split_once('/') {
            Some((channel, field)) if !channel.is_empty() => {
                let rows = demo.outputs[*step].as_array().expect("rows");
                let row = rows.iter().find(|row| row["channel"] == *channel).expect("the channel");
                row[field].as_f64().expect("a number")
            }
            _ => demo.value(step, pointer),
        };
        let figure = like(like_figure, value);
        for (before, after) in [
            (format!("- **{name}:** "), String::new()),
            (format!("The {name} was "), ".".to_owned()),
            (format!("The {name} stood at "), ", which the decision rests on.".to_owned()),
        ] {
            lines.push((Line { class: "named", before, figure: figure.clone(), after }, value));
        }
    }
    lines
}

/// True sentences that name one value beside the figure of another, each with where its figure is.
fn worded(demo: &Demo) -> Vec<Line> {
    let told: &[(&str, &str, &str, &str, &str)] = match demo.run[1] {
        "roi_analysis" => &[
            ("Spend and revenue were ", "$1", "roi", "/spend", " and something more."),
            (
                "Of the revenue, ",
                "$1",
                "roi",
                "/gross_profit",
                " was left after the cost of goods.",
            ),
            ("", "$1", "roi", "/gross_profit", " of the revenue was kept as gross profit."),
            ("The spend came back as ", "$1", "roi", "/revenue", "."),
            ("The company's revenue was ", "$1", "margin", "/company_revenue_usd", "."),
            ("Profit after the spend: ", "$1", "roi", "/net_profit", "."),
            ("On its spend the campaign made ", "$1", "roi", "/net_profit", " in profit."),
            ("The return on spend was ", "1.00x", "roi", "/roas", "."),
            ("Each dollar of spend brought ", "$1.00", "roi", "/roas", "."),
        ],
        "budget_check" => &[
            ("The spend leaves ", "$1", "decision", "/cash_after", " of cash."),
            ("Cash was ", "$1", "decision", "/cash_after", " after the spend."),
            ("With the spend, cash of ", "$1", "decision", "/cash_after", " remains."),
            ("The operating result after the spend: ", "$1", "decision", "/result_after", "."),
            (
                "With the spend charged to it, the result is ",
                "$1",
                "decision",
                "/result_after",
                ".",
            ),
            ("The budget is overspent by ", "$1", "decision", "/overspent", "."),
            ("Budget overrun: ", "$1", "decision", "/overspent", "."),
            ("The overrun of the budget was ", "$1", "decision", "/overspent", "."),
            ("The company has used ", "$1", "budget", "/actual_usd", " of its budget."),
            ("Against the budget, ", "$1", "budget", "/actual_usd", " was spent."),
            ("Costs other than marketing: sales took ", "$1", "results", "/sales_usd", "."),
        ],
        _ => &[
            ("The budget is overspent by ", "$1", "budget", "/over_budget_usd", "."),
            ("Of the budget, ", "$1", "budget", "/actual_usd", " is spent."),
        ],
    };
    let told = told.iter().filter_map(|(before, like_figure, step, pointer, after)| {
        let value = demo.outputs.get(*step)?.pointer(pointer)?.as_f64()?;
        let (before, after) = ((*before).to_owned(), (*after).to_owned());
        Some(Line { class: "worded", before, figure: like(like_figure, value), after })
    });
    told.collect()
}

/// The figures of an answer as people round them.
fn reworded(line: &Line, value: f64) -> Vec<Line> {
    let mut texts = Vec::new();
    if line.figure.contains('$') && value.abs() >= 10_000.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        let value = value.abs();
        texts.push(format!("{sign}${:.0}K", value / 1e3));
        texts.push(format!("{sign}{:.1} thousand dollars", value / 1e3));
        texts.push(format!("{sign}${:.2} million", value / 1e6));
        texts.push(format!("{sign}USD {value:.0}"));
    }
    if line.figure.ends_with('%') {
        texts.push(format!("{:.0} percent", value * 100.0));
        texts.push(format!("{:.2} %", value * 100.0));
    }
    let zero = |text: &String| text.contains(|c: char| ('1'..='9').contains(&c));
    texts
        .into_iter()
        .filter(zero)
        .map(|figure| Line { class: "reworded", figure, ..line.clone() })
        .collect()
}

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) planted: u32,
    matched: u32,
    derived: u32,
    other: u32,
}

impl Tally {
    pub(crate) fn accepted(&self) -> u32 {
        self.matched + self.derived + self.other
    }
}

#[test]
fn wrong_figures_are_reported_and_true_ones_are_not() {
    let mut wrongs: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut trues: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut draw = Draw(11);
    for run in RUNS {
        let demo = Demo::new(run);
        let made = made(&demo);
        let mut lines: Vec<Line> = demo.lines.iter().map(|(line, _)| line.clone()).collect();
        lines.extend(demo.lines.iter().flat_map(|(line, value)| reworded(line, *value)));
        lines.extend(made.iter().map(|(line, _)| line.clone()));
        lines.extend(worded(&demo));
        let named = named(&demo);
        lines.extend(named.iter().map(|(line, _)| line.clone()));
        for (line, (how, entry)) in lines.iter().zip(demo.fates(&lines)) {
            count(trues.entry(line.class).or_default(), &how);
            if how == "unverified" || how == "overlooked" {
                println!(
                    "alarm: {}{}{} ({how}) {}",
                    line.before, line.figure, line.after, entry["reason"]
                );
            }
        }
        let mut lines = Vec::new();
        for (line, value) in &demo.lines {
            lines.extend(wrong(line, *value, &demo.lines, &mut draw));
        }
        for (line, value) in &made {
            lines.extend(
                wrong(line, *value, &[], &mut draw)
                    .into_iter()
                    .step_by(EVERY)
                    .map(|line| Line { class: wrong_made(line.class), ..line }),
            );
        }
        for (line, value) in &named {
            lines.extend(
                wrong(line, *value, &named, &mut draw)
                    .into_iter()
                    .filter_map(|line| Some(Line { class: wrong_named(line.class)?, ..line })),
            );
        }
        for (line, (how, entry)) in lines.iter().zip(demo.fates(&lines)) {
            count(wrongs.entry(line.class).or_default(), &how);
            let shown = ["swapped with another", "wrong unit"].contains(&line.class);
            if how == "derived" || how == "overlooked" || (shown && how != "unverified") {
                println!(
                    "{how}: [{}] {}{}{} {}",
                    line.class, line.before, line.figure, line.after, entry["formula"]
                );
            }
        }
    }
    let (wrong, _) = table("wrong", &wrongs);
    // Swaps are as many as somebody plants, and say nothing of other wrong figures.
    let others = wrongs.iter().filter(|(class, _)| !class.contains("swapped"));
    let [mut planted, mut accepted, mut derived] = [0; 3];
    for (_, tally) in others {
        planted += tally.planted;
        accepted += tally.accepted();
        derived += tally.derived;
    }
    let (right, [said, found, _]) = table("true", &trues);
    println!("{wrong}{right}");
    let share = |part: u32, of: u32| f64::from(part) / f64::from(of.max(1)) * 100.0;
    println!(
        "false acceptance {:.2} % of {planted} ({:.2} % by derivation); false alarms {:.2} % of {said}",
        share(accepted, planted),
        share(derived, planted),
        share(said - found, said)
    );
    assert!(planted > 2000 && said > 100);
    for (class, tally) in &wrongs {
        // Nobody sees a swap within a row in a sentence that says more than a name.
        let limit = match *class {
            "swapped with another" => 75.0,
            "named: swapped" => 20.0,
            "wrong sign" => 10.0,
            // Of some computed values nobody says what they count.
            "wrong unit" => 8.0,
            _ => 5.0,
        };
        assert!(share(tally.accepted(), tally.planted) <= limit, "too many accepted: {class}");
    }
    for (class, tally) in &trues {
        let limit = if *class == "made" { 4.0 } else { 1.0 };
        let lost = share(tally.planted - tally.accepted(), tally.planted);
        assert!(lost <= limit, "too many reported: {class}");
    }
    assert!(share(accepted, planted) <= 1.5, "too many wrong figures are accepted");
    assert!(share(derived, planted) <= 1.0, "derivations accept too many wrong figures");
    assert!(share(said - found, said) <= 5.0, "too many true figures are reported");
}

fn wrong_made(class: &'static str) -> &'static str {
    match class {
        "a digit changed" => "made: a digit changed",
        "invented" => "made: invented",
        "off by 1 %" => "made: off by 1 %",
        _ => "made: wrong otherwise",
    }
}

/// Only what the name beside a figure tells is of interest here.
fn wrong_named(class: &'static str) -> Option<&'static str> {
    match class {
        "swapped with another" => Some("named: swapped"),
        "wrong unit" => Some("named: wrong unit"),
        _ => None,
    }
}

pub(crate) fn count(tally: &mut Tally, how: &str) {
    tally.planted += 1;
    match how {
        "matched" | "cited" => tally.matched += 1,
        "derived" => tally.derived += 1,
        "unverified" => {}
        _ => tally.other += 1,
    }
}

/// A table; what was written, what was accepted, and what of that by derivation.
pub(crate) fn table(of: &str, tallies: &BTreeMap<&str, Tally>) -> (String, [u32; 3]) {
    let row = |class: &str, cells: [&str; 5]| {
        let [planted, accepted, matched, derived, other] = cells;
        format!("{class:<28} {planted:>8} {accepted:>9} {matched:>8} {derived:>8} {other:>6}\n")
    };
    let mut text = row(of, ["written", "accepted", "matched", "derived", "other"]);
    for (class, tally) in tallies {
        let counts = [tally.planted, tally.accepted(), tally.matched, tally.derived, tally.other];
        text += &row(class, counts.map(|count| count.to_string()).each_ref().map(String::as_str));
    }
    let sum = |of: fn(&Tally) -> u32| tallies.values().map(of).sum();
    (text, [sum(|tally| tally.planted), sum(Tally::accepted), sum(|tally| tally.derived)])
}
