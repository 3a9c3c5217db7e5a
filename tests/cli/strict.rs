//! `--strict`: a figure that no step has ends a run with exit 5, however it is written; a true one never does.

use serde_json::Value;

use super::planted::{Line, fates_at, laid_out};
use super::support::Test;
use super::support::server::{ModelServer, Reply};

const WORKFLOW: &str = r#"
name: w
params: {month: {type: string, default: "2025-10"}}
steps:
  - id: roi
    compute:
      spend_usd: "71318"
      revenue_usd: "2500000"
      fee_eur: "120000"
      loss_usd: "-1200"
      margin_pct: "62.5"
      share: "0.25"
      part: "0.75"
      third: "1 / 3"
      change: "0.125"
      growth: "2.0"
      lift: "10.0"
      roas: "2.5"
      cover_months: "4"
      customers: "1987"
      campaigns: "12"
      refunds: "7"
  - id: answer
    agent: {instructions: Answer.}
    prompt: "Did it pay in {{ params.month }}? It is {{ steps.roi.output | tojson }}."
    figures: check
outputs: {answer: "{{ steps.answer.output }}"}
"#;

/// What stands before a figure and behind it, the figure, and a wrong one in the same form.
const FORMS: &[(&str, &str, &str, &str)] = &[
    ("We won ", "1987", "2000", " customers."),
    ("We won ", "1987", "2025", " customers in October 2025."),
    ("Customers: ", "1987", "2024", ""),
    ("It cost ", "$ 71318", "$ 2050", " in all."),
    ("It cost ", "71,318", "72,000", "."),
    ("It cost ", "７１，３１８ dollars", "７１，３１９ dollars", "."),
    ("It cost ", "٧١٣١٨ dollars", "٧١٣١٩ dollars", "."),
    ("It cost ", "71\u{200b}318 dollars", "71\u{200b}319 dollars", "."),
    ("The margin is ", "62½%", "63½%", "."),
    ("The share is ", "¼", "⅕", "."),
    ("There were ", "Ⅻ", "Ⅺ", " campaigns."),
    ("It cost `", "71318", "71319", "`."),
    ("```\n", "$71,318", "$71,319", "\n```"),
    ("# ", "71,318", "71,319", " of it"),
    ("| cost | ", "71,318", "71,319", " |"),
    ("It cost ", "$71\u{a0}318", "$71\u{a0}319", "."),
    ("It made ", "twice", "six times", " the money of before."),
    ("It is ", "a third", "a fifth", " of it."),
    ("It had ", "doubled", "tripled", " by then."),
    ("It was a ", "tenfold", "elevenfold", " lift."),
    ("It is ", "three quarters", "two thirds", " of the sum."),
    ("There were ", "a dozen", "two dozen", " campaigns."),
    ("There were ", "seven", "zero", " refunds."),
    ("It came to (", "1,200", "1,300", ")."),
    ("It came to ", "−1,200", "−1,300", "."),
    ("It returned ", "2.5x", "3.5x", "."),
    ("It returned ", "2.5:1", "3.5:1", "."),
    ("It brought ", "2.5e6", "2.6e6", "."),
    ("It brought ", "2.5 × 10^6", "2.6 × 10^6", "."),
    ("It brought ", "2\u{2009}500\u{2009}000", "2\u{2009}600\u{2009}000", "."),
    ("It brought ", "2 500 000", "2 600 000", "."),
    ("It brought ", "2.500.000,00", "2.600.000,00", "."),
    ("It brought ", "USD 2.5mn", "USD 2.6mn", "."),
    ("The fee was ", "120 k€", "130 k€", "."),
    ("It is up ", "1,250 basis points", "1,350 basis points", "."),
    ("It is up ", "12.5 pp", "13.5 pp", "."),
    ("It is up ", "12 and a half percent", "13 and a half percent", "."),
    ("The share is ", "one in four", "one in five", "."),
    ("The part is ", "3/4", "4/5", " of it."),
    ("It covers ", "4", "3", " months."),
    ("It covers ", "four", "nine", " months."),
];

fn answered(answer: String) -> (ModelServer, Test) {
    let server = ModelServer::start(move |_, _| Reply::text(&answer));
    let test = Test::new().file("w.yaml", WORKFLOW).openai(&server);
    (server, test)
}

fn lines(
    form: impl Fn(&(&'static str, &'static str, &'static str, &'static str)) -> &'static str,
) -> Vec<Line> {
    let line = |of: &(&'static str, &'static str, &'static str, &'static str)| Line {
        class: "form",
        before: of.0.to_owned(),
        figure: form(of).to_owned(),
        after: of.3.to_owned(),
    };
    FORMS.iter().map(line).collect()
}

const RUN: [&str; 5] = ["run", "w.yaml", "--strict", "--json", "--figures"];

#[test]
fn a_wrong_figure_is_reported_in_every_form() {
    let lines = lines(|form| form.2);
    let (answer, places) = laid_out(&lines);
    let (_server, test) = answered(answer);
    let outcome = test.args(RUN).run().code(5).json();
    for (line, (how, entry)) in lines.iter().zip(fates_at(&places, &outcome)) {
        assert_eq!(how, "unverified", "{}{}{} {entry}", line.before, line.figure, line.after);
    }
}

#[test]
fn a_true_figure_is_traced_in_every_form() {
    let lines = lines(|form| form.1);
    let (answer, places) = laid_out(&lines);
    let (_server, test) = answered(answer);
    let outcome = test.args(RUN).run().json();
    let reported: Vec<String> = lines
        .iter()
        .zip(fates_at(&places, &outcome))
        .filter(|(_, (how, _))| how == "unverified" || how == "overlooked")
        .map(|(line, (how, entry))| {
            format!("{how}: {}{}{} {entry}", line.before, line.figure, line.after)
        })
        .collect();
    assert_eq!(reported, [""; 0]);
    assert_eq!(outcome["figures"]["unverified"], Value::Array(Vec::new()));
}

#[test]
fn one_wrong_figure_is_enough_for_exit_5() {
    for (form, code) in [(2, 5), (1, 0)] {
        for line in lines(|of| if form == 2 { of.2 } else { of.1 }).iter().step_by(9) {
            let (_server, test) = answered(format!("{}{}{}", line.before, line.figure, line.after));
            test.args(["run", "w.yaml", "--strict"]).run().code(code);
        }
    }
}
