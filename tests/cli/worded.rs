//! Sentences whose figures no step has, since two values make them, and sentences that are plainly wrong although each figure is
//! somewhere in the evidence. One half of each was at hand when the rules were made, the other was read when they were finished.

use serde_json::Value;

use super::planted::{Line, fates_at, laid_out};
use super::support::Test;
use super::support::server::{ModelServer, Reply};

/// What an answer is written of, and sentences about that.
struct Review {
    /// The steps that read it, with their tools.
    tools: &'static [(&'static str, &'static str)],
    /// True sentences, at hand and held out.
    right: [&'static [&'static str]; 2],
    /// Sentences whose one figure is that of something else, at hand and held out.
    wrong: [&'static [&'static str]; 2],
}

const REVIEWS: &[Review] = &[
    Review {
        tools: &[
            ("pnl", "profit_and_loss"),
            ("cash", "cash_position"),
            ("budgets", "budget_overview"),
            ("months", "monthly_results"),
        ],
        right: [
            &[
                "Marketing is 3.0% over its budget.",
                "General admin went 3.9% over budget, or $72K.",
                "Customer support stayed 1.0% below its budget.",
                "Cost of goods took 41.5% of revenue.",
                "Sales and marketing together cost $6.22M.",
                "R&D makes up 29.6% of opex.",
                "All five budgets add up to $13.1M, against $13.2M spent.",
                "On average we made $370K of net income a month.",
                "Revenue rose by 54.1% between January and December.",
                "The first quarter brought $7.38M of revenue.",
                "Each dollar of revenue leaves $0.59 of gross profit.",
                "Cash equals 33.8% of a year's revenue.",
                "Organic revenue, which is not attributed, came to $21.5M.",
            ],
            &[
                "Opex swallowed 39.3% of revenue.",
                "Sales used 99.3% of its budget and is 0.7% under it.",
                "Marketing and general admin overran their budgets by $184,083 in sum.",
                "Of our revenue, 36% is attributed to marketing.",
                "EBITDA per month was $540K on average.",
                "Between June and July, revenue moved from $2.55M to $2.38M, a change of $165K.",
                "Research and development spends 1.6x as much as sales.",
                "Receipts exceed outgoings by $346K a month.",
                "Depreciation accounts for $540K, the gap between EBITDA and the operating result.",
                "Out of every dollar of revenue $0.11 goes into marketing.",
                "The fourth quarter contributed $10.4M to revenue.",
                "Marketing's share of the total budget is 28%.",
                "In all, departments spent $137,611 more than budgeted.",
            ],
        ],
        wrong: [
            &[
                "Operating margin: 58.5%",
                "Operating margin is 58.5%.",
                "Net margin was 17.6%.",
                "The company lost $4,434,904.",
                "The net loss was $4.4M.",
                "We burn $346K a month.",
                "Cost of goods was $19.7M.",
                "Marketing has $111,705 left in its budget.",
                "Sales is over budget by $17,642.",
                "Marketing is under budget by $111,705.",
                "R&D used 103% of its budget.",
                "December revenue was $33.7M.",
                "Gross profit: $13.97M.",
                "EBITDA of $4.43M.",
                "Our gross margin stands at 17.6%, which is healthy.",
                "The operating result came to $6.48M.",
                "With a net margin of 58.5%, we are fine.",
                "Customer support is over its budget by $12,206.",
                "General admin still has $72,378 to spend.",
                "In March, revenue was $33.7M.",
                "Operating costs were $13.97M.",
                "The company made a loss of $5.94M before interest.",
            ],
            &[
                "The EBITDA margin of the company is fine; its net margin is 58.5%.",
                "Our operating loss was $5.94M.",
                "R&D went over budget by $16,624.",
                "General admin has $72,378 of budget remaining.",
                "Net burn is $346K per month.",
                "Gross profit of $13.2M covers opex.",
                "In November we had revenue of $33.7M.",
                "Sales cost $1,942,078.",
                "The operating margin improved to 13.2%.",
                "Net income: $5,943,399",
                "Marketing used 99.3% of its budget.",
                "Outgoings of $2.79M a month are covered.",
                "Cost of sales amounted to $19,709,310.",
                "Net income for the fourth quarter was $4.43M.",
            ],
        ],
    },
    Review {
        tools: &[("channels", "channel_performance"), ("budgets", "channel_budgets")],
        right: [
            &[
                "Facebook's spend went up 30.6%, its revenue 22.8%.",
                "TikTok's revenue fell 5.2%.",
                "Email earned 42% more revenue than a year ago.",
                "Facebook and Instagram together spent $1.22M.",
                "Google Search takes 29.7% of the total spend.",
                "TikTok lost $115,513 before the cost of goods.",
                "Across all channels ROAS was 3.18x.",
                "LinkedIn spends 3.0x what email does.",
                "Email, affiliates and events brought $3.00M between them.",
                "The eight channels spent $478K each on average.",
                "Facebook is 9.0% over its budget.",
            ],
            &[
                "Instagram's revenue grew 19.6% on 23.9% more spend.",
                "Events made a surplus of $577,849 over their spend.",
                "The two largest channels, Google Search and Facebook, account for 49% of spend.",
                "LinkedIn costs 55% of the revenue it brings.",
                "Google Search overshot its budget by 3.6%.",
                "Spending on TikTok is up 22% on the year before.",
                "Affiliate's revenue is 1.2x that of email.",
                "Total attributed revenue rose by $2.39M over the prior year.",
            ],
        ],
        wrong: [
            &[
                "Email overspent its budget by $1,000,000.",
                "TikTok made a profit of $115,513.",
                "Spend on TikTok fell by $68,061.",
                "Facebook revenue was $1,638,427.",
                "The marginal ROAS of email is 8.75x.",
                "LinkedIn has $7,056 of its budget left.",
            ],
            &[
                "TikTok's ROAS was 8.75x.",
                "Email's spend fell by $18,462.",
                "Instagram is $9,988 under budget.",
                "Events exceeded their budget by $21,742.",
                "The prior spend of Facebook was $731,669.",
            ],
        ],
    },
    Review {
        tools: &[
            ("hiring", "hiring_cost, with: {role: software_engineer, count: 10}"),
            ("people", "headcount"),
            ("roles", "positions"),
        ],
        right: [
            &[
                "Each of the ten engineers costs $183,060 in the first year.",
                "The team would grow by 29%, from 34 to 44 engineers.",
                "Equipment and hiring come to $14,700 per hire.",
                "R&D employs 46% of all people.",
                "The average payroll per head in sales is $97,216.",
            ],
            &[
                "Hiring ten engineers raises the yearly payroll of R&D by 17.3%.",
                "A senior engineer costs $46,360 a year more than a software engineer.",
                "The company employs 120 people at a payroll of $15.5M.",
                "Open positions are 17% of the headcount in sales.",
            ],
        ],
        wrong: [
            &[
                "Software engineers have a base salary of $168,360.",
                "The one-time cost is $1,830,600.",
            ],
            &["Ten engineers cost $147,000 a year.", "Headcount in sales is 55."],
        ],
    },
    Review {
        tools: &[
            ("q3", "channel_performance, with: {from: \"2025-07\", to: \"2025-09\"}"),
            ("q4", "channel_performance, with: {from: \"2025-10\", to: \"2025-12\"}"),
            ("p3", "profit_and_loss, with: {from: \"2025-07\", to: \"2025-09\"}"),
            ("p4", "profit_and_loss, with: {from: \"2025-10\", to: \"2025-12\"}"),
        ],
        right: [
            &[
                "Revenue grew 38.4% from Q3 to Q4.",
                "Net income more than doubled, by 104%, in the fourth quarter.",
                "In Q4 revenue averaged $3.46M a month.",
                "The second half of the year brought $17.9M of revenue.",
                "Email's spend rose by 19.2% from the third to the fourth quarter.",
            ],
            &[
                "Opex climbed 18% between the third and the fourth quarter.",
                "The gross margin improved by 0.31 percentage points from Q3 to Q4.",
                "Google Search spent $194K more in Q4 than in Q3.",
                "Q4 EBITDA was 1.9x that of Q3.",
            ],
        ],
        wrong: [&[], &["In Q3 revenue was $10.4M.", "Email's revenue in Q3 was $286,512."]],
    },
];

/// What became of the figures of an answer.
#[derive(Default)]
struct Rate {
    figures: u32,
    reported: u32,
}

impl Rate {
    /// How many of a hundred are reported.
    fn percent(&self) -> f64 {
        f64::from(self.reported) / f64::from(self.figures.max(1)) * 100.0
    }
}

/// The entries of the ledger for an answer that these lines make.
fn ledger(review: &Review, lines: &[Line]) -> (Vec<usize>, Value) {
    let (answer, places) = laid_out(lines);
    let server = ModelServer::start(move |_, _| Reply::text(&answer));
    let steps = review.tools.iter().map(|(id, tool)| format!("  - {{id: {id}, tool: {tool}}}\n"));
    let reads = review.tools.iter().map(|(id, _)| format!("{{{{ steps.{id}.output | tojson }}}} "));
    let (steps, reads) = (steps.collect::<String>(), reads.collect::<String>());
    let workflow = format!(
        "name: review\nsteps:\n{steps}  - id: answer\n    agent: {{instructions: Answer.}}\n    prompt: '{reads}'\n    figures: check\n\
         outputs: {{answer: '{{{{ steps.answer.output }}}}'}}\n"
    );
    let test = Test::demo().file("workflows/review.yaml", &workflow).openai(&server);
    (places, test.args(["run", "review", "--json", "--figures"]).run().code(0).json())
}

/// A sentence as a line of an answer, without a figure in question.
fn line(sentence: &str) -> Line {
    Line { class: "", before: String::new(), figure: sentence.to_owned(), after: String::new() }
}

/// The figures of each sentence: where each begins in it, its text, and whether it is reported.
fn figures(review: &Review, sentences: &[&str]) -> Vec<Vec<(usize, String, bool)>> {
    if sentences.is_empty() {
        return Vec::new();
    }
    let lines: Vec<Line> = sentences.iter().map(|sentence| line(sentence)).collect();
    let (places, outcome) = ledger(review, &lines);
    let entries = outcome["figures"]["ledger"].as_array().expect("a ledger");
    let of = |place: usize, sentence: &str| {
        let mine = entries.iter().filter(|entry| entry["step"] == "answer").filter_map(|entry| {
            let at = usize::try_from(entry["at"].as_u64()?).ok()?.checked_sub(place)?;
            let text = entry["text"].as_str()?.to_owned();
            (at < sentence.len()).then(|| (at, text, entry["how"] == "unverified"))
        });
        mine.collect()
    };
    places.iter().zip(sentences).map(|(place, sentence)| of(*place, sentence)).collect()
}

/// The figures of true sentences, and the same with a digit changed.
fn right(review: &Review, sentences: &[&str], told: &mut Vec<String>) -> [Rate; 2] {
    let (mut right, mut changed) = (Rate::default(), Vec::new());
    for (sentence, found) in sentences.iter().zip(figures(review, sentences)) {
        for (at, text, is_reported) in found {
            right.figures += 1;
            right.reported += u32::from(is_reported);
            if is_reported {
                told.push(format!("reported: {text} in {sentence}"));
            }
            for (digit, old) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
                for step in 1..=9 {
                    let new = char::from(b'0' + (old - b'0' + step) % 10);
                    let mut figure = text.clone();
                    figure.replace_range(digit..=digit, &new.to_string());
                    let (before, after) = sentence.split_at(at);
                    let after = after.strip_prefix(text.as_str()).expect("the figure");
                    let (before, after) = (before.to_owned(), after.to_owned());
                    changed.push(Line { class: "changed", before, figure, after });
                }
            }
        }
    }
    let (places, outcome) = ledger(review, &changed);
    let mut wrong = Rate::default();
    for (line, (how, entry)) in changed.iter().zip(fates_at(&places, &outcome)) {
        // A zero in front changes what is read, and a count of a few things is none that is looked up.
        if how == "overlooked" {
            continue;
        }
        wrong.figures += 1;
        wrong.reported += u32::from(how == "unverified");
        if how != "unverified" {
            let Line { before, figure, after, .. } = line;
            told.push(format!(
                "{how}: {before}{figure}{after} {} {}",
                entry["path"], entry["formula"]
            ));
        }
    }
    [right, wrong]
}

#[test]
fn true_sentences_are_traced_and_plainly_wrong_ones_are_not() {
    // How many of a hundred: true figures that are reported, changed ones that are, and sentences that are plainly wrong.
    for (half, name, limits) in
        [(0, "at hand", [5.0, 95.0, 95.0]), (1, "held out", [12.0, 95.0, 60.0])]
    {
        let (mut trues, mut changed, mut wrong) =
            (Rate::default(), Rate::default(), Rate::default());
        let mut told = Vec::new();
        for review in REVIEWS {
            let [right, planted] = right(review, review.right[half], &mut told);
            for (sum, one) in [(&mut trues, right), (&mut changed, planted)] {
                sum.figures += one.figures;
                sum.reported += one.reported;
            }
            let found = figures(review, review.wrong[half]);
            for (sentence, found) in review.wrong[half].iter().zip(found) {
                let is_reported = found.iter().any(|(.., is_reported)| *is_reported);
                wrong.figures += 1;
                wrong.reported += u32::from(is_reported);
                if !is_reported {
                    told.push(format!("not reported: {sentence}"));
                }
            }
        }
        println!("{}", told.join("\n"));
        for (what, rate) in
            [("true", &trues), ("a digit changed", &changed), ("plainly wrong", &wrong)]
        {
            println!(
                "{name}: {what}: {} of {} reported ({:.1} %)",
                rate.reported,
                rate.figures,
                rate.percent()
            );
        }
        assert!(trues.figures > 30 && changed.figures > 150 && wrong.figures > 15);
        assert!(trues.percent() <= limits[0], "{name}: true figures are reported");
        assert!(changed.percent() >= limits[1], "{name}: changed figures are not reported");
        assert!(wrong.percent() >= limits[2], "{name}: wrong sentences are not reported");
    }
}
