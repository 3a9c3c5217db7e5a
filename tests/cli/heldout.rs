//! Answers to other questions than those that the rules for figures were made with, worded as a model words them and
//! written before their rates were known. Each of their figures is swapped, and given other units.

use std::collections::BTreeMap;

use serde_json::Value;

use super::planted::{Line, Tally, count, fates_at, laid_out, like, table, wrong_units};
use super::support::Test;
use super::support::server::{ModelServer, Reply};

/// Reads what the answers speak of.
const WORKFLOW: &str = r#"
name: review
steps:
  - {id: channels, tool: channel_performance}
  - {id: campaigns, tool: campaign_performance}
  - {id: budgets, tool: budget_overview}
  - {id: people, tool: headcount}
  - {id: roles, tool: positions}
  - {id: months, tool: monthly_results, with: {from: "2025-07", to: "2025-12"}}
  - {id: cash, tool: cash_position}
  - id: answer
    agent: {instructions: Answer.}
    prompt: >-
      {{ steps.channels.output | tojson }} {{ steps.campaigns.output | tojson }} {{ steps.budgets.output | tojson }}
      {{ steps.people.output | tojson }} {{ steps.roles.output | tojson }} {{ steps.months.output | tojson }}
      {{ steps.cash.output | tojson }}
    figures: check
outputs: {answer: "{{ steps.answer.output }}"}
"#;

/// Lines of answers. A figure is `{step/row/field/written like}`; a step that gives one row has none to name.
const ANSWERS: &[&str] = &[
    // Which campaigns should we stop?
    "Stop the TikTok campaigns first: TikTok Always On spent {campaigns/tiktok_always_on/spend_usd/$1} and brought in only {campaigns/tiktok_always_on/revenue_usd/$1}.",
    "TikTok Holiday 2025 did worst, at {campaigns/tiktok_holiday_2025/roas/1.00x}; TikTok Spring 2025 was hardly better at {campaigns/tiktok_spring_2025/roas/1.00x}.",
    "A conversion through LinkedIn Holiday 2025 cost {campaigns/linkedin_holiday_2025/cost_per_conversion_usd/$1}, while one through Email Always On cost {campaigns/email_always_on/cost_per_conversion_usd/$1.00}.",
    "- Facebook Holiday 2025: {campaigns/facebook_holiday_2025/conversions/1} conversions for {campaigns/facebook_holiday_2025/spend_usd/$1}",
    "- Instagram Holiday 2025: {campaigns/instagram_holiday_2025/conversions/1} conversions for {campaigns/instagram_holiday_2025/spend_usd/$1}",
    "| Email Spring 2025 | {campaigns/email_spring_2025/spend_usd/$1} | {campaigns/email_spring_2025/revenue_usd/$1} | {campaigns/email_spring_2025/roas/1.00x} |",
    "| Events Spring 2025 | {campaigns/events_spring_2025/spend_usd/$1} | {campaigns/events_spring_2025/revenue_usd/$1} | {campaigns/events_spring_2025/roas/1.00x} |",
    // Where does marketing money earn the most?
    "Email is far ahead of the rest: it returned {channels/email/roas/1.00x}, against {channels/google_search/roas/1.00x} for Google.",
    "Affiliates come third. They took {channels/affiliate/spend_usd/$1} and brought {channels/affiliate/revenue_usd/$1}.",
    "The largest channel is Google Search, with {channels/google_search/spend_usd/$1} of spend; Facebook follows with {channels/facebook/spend_usd/$1}.",
    "Compared with Facebook, email needed little: {channels/email/spend_usd/$1}.",
    "TikTok lost money on every dollar, and the last dollars did even worse (a marginal return of {channels/tiktok/marginal_roas/1.00x}).",
    "FB made {channels/facebook/roas/1.00x} and email {channels/email/roas/1.00x}.",
    "LinkedIn grew its spend by {channels/linkedin/spend_change_usd/$1} for {channels/linkedin/revenue_change_usd/$1} more revenue.",
    "Events did better than Instagram at the margin, {channels/events/marginal_roas/1.00x} to {channels/instagram/marginal_roas/1.00x}.",
    "Put more into email. It brought {channels/email/revenue_usd/$1} last year.",
    "What email does with {channels/email/spend_usd/$1}, TikTok does not do with {channels/tiktok/spend_usd/$1}.",
    // Are the departments within their budgets?
    "Marketing overspent: {budgets/marketing/actual_usd/$1} against a plan of {budgets/marketing/budget_usd/$1}.",
    "G&A used {budgets/general_admin/used/1.0%} of its budget and sales {budgets/sales/used/1.0%}.",
    "Research and development has {budgets/research_development/budget_left_usd/$1} left, customer support {budgets/customer_support/budget_left_usd/$1}.",
    "R&D is the largest, at {budgets/research_development/budget_usd/$1}; marketing comes next.",
    "Sales kept to its {budgets/sales/budget_usd/$1} and has {budgets/sales/budget_left_usd/$1} to spare, which marketing could have used.",
    "Support is within budget, unlike marketing: it spent {budgets/customer_support/actual_usd/$1}.",
    // What do our people cost?
    "The payroll of sales is {people/sales/yearly_payroll_usd/$1} a year for {people/sales/headcount/1} people.",
    "Research and development employs {people/research_development/headcount/1} people at {people/research_development/yearly_payroll_usd/$1}.",
    "A software engineer costs {roles/software_engineer/yearly_cost_usd/$1} a year, a senior engineer {roles/senior_engineer/yearly_cost_usd/$1}.",
    "An account executive takes {roles/account_executive/one_time_cost_usd/$1} to hire and {roles/account_executive/base_salary_usd/$1} in salary.",
    "Hiring a recruiter costs {roles/recruiter/one_time_cost_usd/$1} once.",
    "For a data analyst the base salary is {roles/data_analyst/base_salary_usd/$1}, before benefits.",
    // How did the second half of the year go?
    "November was the best month: revenue of {months/2025-11/revenue_usd/$1} and a net income of {months/2025-11/net_income_usd/$1}.",
    "Revenue rose from {months/2025-07/revenue_usd/$1} in July to {months/2025-12/revenue_usd/$1} in December.",
    "In October we earned {months/2025-10/net_income_usd/$1}, up from {months/2025-09/net_income_usd/$1} the month before.",
    "The gross margin of August 2025 was {months/2025-08/gross_margin/1.0%}.",
    "September's EBITDA came to {months/2025-09/ebitda_usd/$1}, after {months/2025-08/ebitda_usd/$1}.",
    "| December 2025 | {months/2025-12/revenue_usd/$1} | {months/2025-12/opex_usd/$1} | {months/2025-12/ebitda_usd/$1} |",
    // How long does our cash last?
    "We hold {cash//cash_usd/$1} in cash, which covers {cash//cover_months/1.00} months of outgoings.",
    "Monthly receipts average {cash//monthly_receipts_usd/$1} and outgoings {cash//monthly_outgoings_usd/$1}.",
];

/// Further lines, of which nothing was known when the rules were finished.
const UNSEEN: &[&str] = &[
    "Your cheapest customers come from email, where a conversion costs about {campaigns/email_always_on/cost_per_conversion_usd/$1}.",
    "Google Search is the workhorse. With {channels/google_search/revenue_usd/$1} it brings in more than any other channel, and its marginal return of {channels/google_search/marginal_roas/1.00x} is healthy.",
    "I would not touch LinkedIn: {channels/linkedin/spend_usd/$1} went in, {channels/linkedin/revenue_usd/$1} came out.",
    "Instagram and Facebook look alike ({channels/instagram/roas/1.00x} and {channels/facebook/roas/1.00x}), so treat them as one.",
    "Events are expensive per lead, but they returned {channels/events/roas/1.00x} all the same.",
    "Cut TikTok. That frees {channels/tiktok/spend_usd/$1}, more than three times what email gets ({channels/email/spend_usd/$1}).",
    "Affiliate spend went up by {channels/affiliate/spend_change_usd/$1} and paid for itself.",
    "Below the line are TikTok ({channels/tiktok/roas/1.00x}) and, barely, LinkedIn ({channels/linkedin/roas/1.00x}).",
    "Among the holiday campaigns, Google Search Holiday 2025 led with {campaigns/google_search_holiday_2025/revenue_usd/$1} of revenue, ahead of Facebook's {campaigns/facebook_holiday_2025/revenue_usd/$1}.",
    "Email Spring 2025 cost next to nothing: {campaigns/email_spring_2025/spend_usd/$1}.",
    "**Affiliate Holiday 2025** - spend {campaigns/affiliate_holiday_2025/spend_usd/$1}, revenue {campaigns/affiliate_holiday_2025/revenue_usd/$1}, return {campaigns/affiliate_holiday_2025/roas/1.00x}",
    "**Linkedin Spring 2025** - spend {campaigns/linkedin_spring_2025/spend_usd/$1}, revenue {campaigns/linkedin_spring_2025/revenue_usd/$1}, return {campaigns/linkedin_spring_2025/roas/1.00x}",
    "| marketing | {budgets/marketing/budget_usd/$1} | {budgets/marketing/actual_usd/$1} | {budgets/marketing/used/1.0%} |",
    "| sales | {budgets/sales/budget_usd/$1} | {budgets/sales/actual_usd/$1} | {budgets/sales/used/1.0%} |",
    "Two departments are over: marketing at {budgets/marketing/used/1.0%} and administration at {budgets/general_admin/used/1.0%}.",
    "The engineers cost us {people/research_development/yearly_payroll_usd/$1} a year, sales less than a third of that ({people/sales/yearly_payroll_usd/$1}).",
    "Customer support has the tightest plan; it ended the year {budgets/customer_support/budget_left_usd/$1} under budget.",
    "If you hire a marketing manager, reckon with {roles/marketing_manager/yearly_cost_usd/$1} a year and {roles/marketing_manager/one_time_cost_usd/$1} to start.",
    "A recruiter earns {roles/recruiter/base_salary_usd/$1}; an SDR earns {roles/sales_development_rep/base_salary_usd/$1}.",
    "Senior engineers are the dearest: {roles/senior_engineer/base_salary_usd/$1} each before benefits.",
    "We closed December with {cash//cash_usd/$1} in the bank.",
    "Autumn was strong, with revenue climbing to {months/2025-10/revenue_usd/$1} in October and {months/2025-11/revenue_usd/$1} in November.",
    "August's net income of {months/2025-08/net_income_usd/$1} was modest; by December it had doubled to {months/2025-12/net_income_usd/$1}.",
    "Costs peaked in November at {months/2025-11/opex_usd/$1}.",
    "It fell back a little in December, to {months/2025-12/ebitda_usd/$1}.",
    "Compared with July ({months/2025-07/gross_profit_usd/$1}), gross profit is up by half: {months/2025-12/gross_profit_usd/$1} at the end of the year.",
];

/// Answers with tables, written before the rules for tables were tried on them.
const TABLES: &[&str] = &[
    "| Channel | Spend | Revenue | ROAS |\n|---|---:|---:|---:|\n| Email | {channels/email/spend_usd/$1} | {channels/email/revenue_usd/$1} | {channels/email/roas/1.00x} |\n| TikTok | {channels/tiktok/spend_usd/$1} | {channels/tiktok/revenue_usd/$1} | {channels/tiktok/roas/1.00x} |\n| Google Search | {channels/google_search/spend_usd/$1} | {channels/google_search/revenue_usd/$1} | {channels/google_search/roas/1.00x} |",
    "| Department | Budget 2025 | Actual | Used | Left |\n| :-- | --: | --: | --: | --: |\n| **Marketing** | {budgets/marketing/budget_usd/$1} | {budgets/marketing/actual_usd/$1} | {budgets/marketing/used/1.0%} | {budgets/marketing/budget_left_usd/$1} |\n| Customer Support | {budgets/customer_support/budget_usd/$1} | {budgets/customer_support/actual_usd/$1} | {budgets/customer_support/used/1.0%} | {budgets/customer_support/budget_left_usd/$1} |",
    "| Metric | Facebook | LinkedIn |\n|---|---|---|\n| Spend | {channels/facebook/spend_usd/$1} | {channels/linkedin/spend_usd/$1} |\n| Attributed revenue | {channels/facebook/revenue_usd/$1} | {channels/linkedin/revenue_usd/$1} |\n| Marginal ROAS | {channels/facebook/marginal_roas/1.00x} | {channels/linkedin/marginal_roas/1.00x} |",
    "| Month | Revenue | Net income | Gross margin |\n|---|---|---|---|\n| October 2025 | {months/2025-10/revenue_usd/$1} | {months/2025-10/net_income_usd/$1} | {months/2025-10/gross_margin/1.0%} |\n| November 2025 | {months/2025-11/revenue_usd/$1} | {months/2025-11/net_income_usd/$1} | {months/2025-11/gross_margin/1.0%} |",
    "| Role | Base salary | Yearly cost | One-time cost |\n|---|---|---|---|\n| Software engineer | {roles/software_engineer/base_salary_usd/$1} | {roles/software_engineer/yearly_cost_usd/$1} | {roles/software_engineer/one_time_cost_usd/$1} |\n| Recruiter | {roles/recruiter/base_salary_usd/$1} | {roles/recruiter/yearly_cost_usd/$1} | {roles/recruiter/one_time_cost_usd/$1} |",
    "| Item | Amount |\n|---|---|\n| Cash in the bank | {cash//cash_usd/$1} |\n| Monthly outgoings | {cash//monthly_outgoings_usd/$1} |\n| Monthly receipts | {cash//monthly_receipts_usd/$1} |",
    "| Campaign | What it cost | Conversions | Per conversion |\n|---|---|---|---|\n| Facebook Holiday 2025 | {campaigns/facebook_holiday_2025/spend_usd/$1} | {campaigns/facebook_holiday_2025/conversions/1} | {campaigns/facebook_holiday_2025/cost_per_conversion_usd/$1.00} |\n| Email Always On | {campaigns/email_always_on/spend_usd/$1} | {campaigns/email_always_on/conversions/1} | {campaigns/email_always_on/cost_per_conversion_usd/$1.00} |",
];

/// Reads two quarters.
const QUARTERS: &str = r#"
name: review
steps:
  - {id: q3, tool: channel_performance, with: {from: "2025-07", to: "2025-09"}}
  - {id: q4, tool: channel_performance, with: {from: "2025-10", to: "2025-12"}}
  - {id: p3, tool: profit_and_loss, with: {from: "2025-07", to: "2025-09"}}
  - {id: p4, tool: profit_and_loss, with: {from: "2025-10", to: "2025-12"}}
  - id: answer
    agent: {instructions: Answer.}
    prompt: >-
      {{ steps.q3.output | tojson }} {{ steps.q4.output | tojson }} {{ steps.p3.output | tojson }} {{ steps.p4.output | tojson }}
    figures: check
outputs: {answer: "{{ steps.answer.output }}"}
"#;

/// Answers about them, written before the rule for periods was tried on them.
const PERIODS: &[&str] = &[
    "Email made {q3/email/revenue_usd/$1} in Q3 and {q4/email/revenue_usd/$1} in Q4.",
    "In the third quarter of 2025 TikTok spent {q3/tiktok/spend_usd/$1}.",
    "Facebook's ROAS in Q4 2025 was {q4/facebook/roas/1.00x}.",
    "Q3 brought {q3/google_search/revenue_usd/$1} from Google Search, Q4 {q4/google_search/revenue_usd/$1}.",
    "LinkedIn's spend rose from {q3/linkedin/spend_usd/$1} in the third quarter to {q4/linkedin/spend_usd/$1} in the fourth quarter.",
    "- Events, Q4: {q4/events/spend_usd/$1} spent, {q4/events/revenue_usd/$1} attributed",
    "- Events, Q3: {q3/events/spend_usd/$1} spent, {q3/events/revenue_usd/$1} attributed",
    "From July to September email returned {q3/email/roas/1.00x}.",
    "At the end of the year, in Q4, affiliates took {q4/affiliate/spend_usd/$1}.",
    "The company's revenue was {p3//revenue_usd/$1} in Q3 2025 and {p4//revenue_usd/$1} in Q4 2025.",
    "Net income of Q4: {p4//net_income_usd/$1} (Q3: {p3//net_income_usd/$1}).",
    "Instagram cost {q4/instagram/spend_usd/$1} in the last quarter of the year, up from {q3/instagram/spend_usd/$1}.",
    "In Q4 the gross margin was {p4//gross_margin/1.0%}, against {p3//gross_margin/1.0%} in the quarter before.",
];

/// A figure of an answer.
struct Slot<'o> {
    line: Line,
    value: f64,
    field: &'static str,
    /// The same value of the other quarter.
    other_quarter: Option<f64>,
    row: &'o Value,
    /// The other rows of its result.
    others: Vec<&'o Value>,
}

/// The figures of answers.
fn slots<'o>(answers: &[&'static str], outputs: &'o BTreeMap<String, Value>) -> Vec<Slot<'o>> {
    let mut slots = Vec::new();
    for answer in answers {
        let read = |place: &'static str| {
            let parts: Vec<&'static str> = place.split('/').collect();
            let output = &outputs[parts[0]];
            let rows: Vec<&Value> =
                output.as_array().map_or_else(|| vec![output], |rows| rows.iter().collect());
            let is_it = |row: &&Value| {
                parts[1].is_empty()
                    || row.as_object().is_some_and(|row| row.values().any(|one| one == parts[1]))
            };
            let at = rows.iter().position(is_it).unwrap_or_else(|| panic!("{place}"));
            let value = rows[at][parts[2]].as_f64().unwrap_or_else(|| panic!("{place}"));
            (parts[2], parts[3], value, rows, at)
        };
        let pieces: Vec<(&str, Option<&'static str>)> = answer
            .split('{')
            .map(|piece| match piece.split_once('}') {
                Some((place, after)) => (after, Some(place)),
                None => (piece, None),
            })
            .collect();
        let written: Vec<String> = pieces
            .iter()
            .map(|(after, place)| {
                let figure = place.map(|place| {
                    let (_, form, value, ..) = read(place);
                    like(form, value)
                });
                figure.unwrap_or_default() + after
            })
            .collect();
        for (at, (after, place)) in pieces.iter().enumerate() {
            let Some(place) = place else { continue };
            let (field, form, value, rows, row) = read(place);
            let line = Line {
                class: "true",
                before: written[..at].concat(),
                figure: like(form, value),
                after: (*after).to_owned() + &written[at + 1..].concat(),
            };
            let step = place.split('/').next().unwrap_or_default();
            let pairs = [("q3", "q4"), ("q4", "q3"), ("p3", "p4"), ("p4", "p3")];
            let other_quarter = pairs.iter().find(|(one, _)| *one == step).map(|(one, other)| {
                let place = place.replacen(one, other, 1).into_boxed_str();
                read(Box::leak(place)).2
            });
            let others = rows.iter().enumerate().filter(|(other, _)| *other != row);
            let others = others.map(|(_, row)| *row).collect();
            slots.push(Slot { line, value, field, other_quarter, row: rows[row], others });
        }
    }
    slots
}

/// The figure of a slot, made wrong.
fn wrong(slot: &Slot<'_>) -> Vec<Line> {
    let Slot { line, value, field, other_quarter, row, others } = slot;
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let swapped = others.iter().filter_map(|other| other[*field].as_f64());
    found.extend(
        swapped.take(6).map(|other| ("swapped with another row", like(&line.figure, other))),
    );
    let quarter = other_quarter.map(|other| like(&line.figure, other));
    found.extend(quarter.map(|figure| ("swapped with another quarter", figure)));
    let unit = |name: &str| name.ends_with("_usd");
    let fields = row.as_object().expect("a row").iter();
    let fields = fields.filter(|(name, _)| name != field && unit(name) && unit(field));
    let fields = fields.filter_map(|(_, other)| other.as_f64());
    found.extend(fields.map(|other| ("swapped within the row", like(&line.figure, other))));
    found.extend(wrong_units(&line.figure).into_iter().map(|text| ("wrong unit", text)));
    for factor in [0.9, 1.1, 1.37] {
        found.push(("off by 10 % or more", like(&line.figure, value * factor)));
    }
    found.retain(|(_, figure)| *figure != line.figure);
    found.into_iter().map(|(class, figure)| Line { class, figure, ..line.clone() }).collect()
}

/// What becomes of the figure of each line in an answer that has all of them.
fn fates(workflow: &str, lines: &[Line]) -> Vec<(String, Value)> {
    let (answer, places) = laid_out(lines);
    let server = ModelServer::start(move |_, _| Reply::text(&answer));
    let test = Test::demo().file("workflows/review.yaml", workflow).openai(&server);
    let outcome = test.args(["run", "review", "--json", "--figures"]).run().code(0).json();
    fates_at(&places, &outcome)
}

/// The outputs of a workflow's steps.
fn outputs(workflow: &str) -> BTreeMap<String, Value> {
    let server = ModelServer::start(|_, _| Reply::text("Done."));
    let test = Test::demo().file("workflows/review.yaml", workflow).openai(&server);
    let outcome = test.also(["run", "review", "--json"]).code(0).json();
    let shown = test.also(["show", outcome["run_id"].as_str().expect("an id"), "--json"]).json();
    let events = shown["events"].as_array().expect("events").iter();
    let ends = events.filter(|record| record["event"]["type"] == "step_succeeded");
    ends.map(|record| {
        let event = &record["event"];
        (event["step"].as_str().expect("a step").to_owned(), event["output"].clone())
    })
    .collect()
}

#[test]
fn answers_to_other_questions_fare_no_worse() {
    let (year, quarters) = (outputs(WORKFLOW), outputs(QUARTERS));
    // Of swaps within a row, with another row, and with another quarter.
    for (set, workflow, outputs, answers, limits) in [
        ("held out", WORKFLOW, &year, ANSWERS, [0.85, 0.5, 0.0]),
        ("unseen", WORKFLOW, &year, UNSEEN, [0.95, 0.5, 0.0]),
        ("tables", WORKFLOW, &year, TABLES, [0.3, 0.1, 0.0]),
        ("periods", QUARTERS, &quarters, PERIODS, [0.85, 0.85, 0.4]),
    ] {
        let mut odd = Vec::new();
        let [trues, wrongs] = tallies(workflow, &slots(answers, outputs), &mut odd);
        println!("{}", odd.join("\n"));
        println!("{set}\n{}{}", table("wrong", &wrongs).0, table("true", &trues).0);
        let lost = trues["true"].planted - trues["true"].accepted();
        assert_eq!(lost, 0, "{set}: true figures are reported");
        let [within, row, quarter] = limits;
        for (class, most) in [
            ("swapped within the row", within),
            ("swapped with another row", row),
            ("swapped with another quarter", quarter),
            ("wrong unit", 0.02),
            ("off by 10 % or more", 0.02),
        ] {
            let Some(tally) = wrongs.get(class) else { continue };
            let accepted = f64::from(tally.accepted()) / f64::from(tally.planted);
            assert!(tally.planted > 20 && accepted <= most, "{set}: {class}: {accepted}");
        }
    }
}

/// What becomes of figures as they are, and made wrong; and each that it should not become.
fn tallies(
    workflow: &str,
    slots: &[Slot<'_>],
    odd: &mut Vec<String>,
) -> [BTreeMap<&'static str, Tally>; 2] {
    let mut told = |lines: &[Line]| {
        let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
        for (line, (how, entry)) in lines.iter().zip(fates(workflow, lines)) {
            let Line { class, before, figure, after } = line;
            count(tallies.entry(class).or_default(), &how);
            if (*class == "true") == (how == "unverified") {
                let (path, reason) = (&entry["path"], &entry["reason"]);
                odd.push(format!("{how}: [{class}] {before}{figure}{after} {path} {reason}"));
            }
        }
        tallies
    };
    let lines: Vec<Line> = slots.iter().map(|slot| slot.line.clone()).collect();
    let wrongs: Vec<Line> = slots.iter().flat_map(wrong).collect();
    [told(&lines), told(&wrongs)]
}
