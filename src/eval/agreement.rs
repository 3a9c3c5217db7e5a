//! How far a judge agrees with people: the JSON that `engine eval judge --json` prints. Stable.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::judge::{INSTRUCTIONS, Judgement, Verdict};
use super::report::share;
use super::spent::Spent;
use super::statistics::wilson;
use crate::document::Example;

/// How far a judge agrees with people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementReport {
    /// Whether every example was judged, and the judge agrees as far as it must.
    pub passed: bool,
    /// What the judge was told before it was asked.
    pub instructions: String,
    /// Examples that were judged.
    pub judged: usize,
    /// Examples that nobody judged.
    pub not_judged: usize,
    /// The share of the judged ones on which judge and people agree; null where there are none.
    pub agreement: Option<f64>,
    /// Where the true share lies with 95 % confidence (Wilson).
    pub interval: Option<[f64; 2]>,
    /// Cohen's kappa: 1 where they always agree, 0 where no more than chance does. Null where it is not defined: nobody judged,
    /// or both say the same of all.
    pub kappa: Option<f64>,
    /// Where the true kappa lies with 95 % confidence: that of the agreement, with what chance does held fixed.
    pub kappa_interval: Option<[f64; 2]>,
    /// The least kappa that was asked for; absent where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_kappa: Option<f64>,
    /// Who said what how often.
    pub table: Confusion,
    /// US dollars of all priced calls.
    pub cost_usd: f64,
    /// Calls without a price.
    pub unpriced_calls: u64,
    /// How long it took.
    pub duration_ms: f64,
    /// Every example, in order.
    pub examples: Vec<JudgedExample>,
}

/// Who said what how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confusion {
    /// Both let it pass.
    pub both_pass: usize,
    /// The judge lets pass what people do not.
    pub judge_only: usize,
    /// People let pass what the judge does not.
    pub people_only: usize,
    /// Neither lets it pass.
    pub both_fail: usize,
}

/// An example and what the judge says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JudgedExample {
    /// The file, without folder and ending.
    pub file: String,
    /// What was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What was answered.
    pub answer: String,
    /// What must be so of the answer.
    pub rubric: String,
    /// Whether people find it to be so.
    pub people: bool,
    /// What the judge says; absent where it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was spent on a judge that gave no verdict; absent where none was asked or it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Spent>,
}

impl JudgedExample {
    /// Of an example of a file, and what came of asking.
    pub fn of(file: &str, example: &Example, judgement: Judgement) -> Self {
        let (verdict, error, lost) = match judgement {
            Judgement::Given(verdict) => (Some(verdict), None, None),
            Judgement::Absent(why) => (None, Some(why), None),
            Judgement::Failed(fault, spent) => (None, Some(fault.message), Some(spent)),
        };
        Self {
            file: file.to_owned(),
            question: example.question.clone(),
            answer: example.answer.clone(),
            rubric: example.rubric.clone(),
            people: example.pass,
            verdict,
            error,
            lost,
        }
    }
}

impl AgreementReport {
    /// Of all examples; kappa must be so much, where that is asked for.
    pub fn of(examples: Vec<JudgedExample>, least_kappa: Option<f64>) -> Self {
        let verdicts = || examples.iter().filter_map(|one| Some((one, one.verdict.as_ref()?)));
        let mut table = Confusion::default();
        for (example, verdict) in verdicts() {
            let field = match (example.people, verdict.pass) {
                (true, true) => &mut table.both_pass,
                (false, true) => &mut table.judge_only,
                (true, false) => &mut table.people_only,
                (false, false) => &mut table.both_fail,
            };
            *field += 1;
        }
        let judged = table.all();
        let agreed = table.both_pass + table.both_fail;
        let interval = (judged > 0).then(|| wilson(agreed, judged));
        let agreement = share(agreed, judged);
        // Chance agrees as often as two who know only how often each lets pass.
        let chance = table.chance().filter(|chance| *chance < 1.0);
        let beyond = |share: f64| chance.map(|chance| (share - chance) / (1.0 - chance));
        let kappa = agreement.and_then(beyond);
        let kappa_interval = interval.and_then(|[from, to]| Some([beyond(from)?, beyond(to)?]));
        let not_judged = examples.len() - judged;
        let lost = examples.iter().filter_map(|one| one.lost);
        let spent = verdicts().map(|(_, verdict)| verdict.spent());
        let Spent { cost_usd, unpriced_calls } = Spent::all(spent.chain(lost));
        let enough = least_kappa.is_none_or(|least| kappa.is_some_and(|kappa| kappa >= least));
        Self {
            passed: not_judged == 0 && judged > 0 && enough,
            instructions: INSTRUCTIONS.to_owned(),
            judged,
            not_judged,
            agreement,
            interval,
            kappa,
            kappa_interval,
            least_kappa,
            table,
            cost_usd,
            unpriced_calls,
            duration_ms: 0.0,
            examples,
        }
    }
}

impl Confusion {
    fn all(&self) -> usize {
        self.both_pass + self.judge_only + self.people_only + self.both_fail
    }

    /// How often chance alone agrees; none of none.
    fn chance(&self) -> Option<f64> {
        let all = self.all();
        let judge = share(self.both_pass + self.judge_only, all)?;
        let people = share(self.both_pass + self.people_only, all)?;
        Some(judge * people + (1.0 - judge) * (1.0 - people))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Fault;

    fn examples(table: [(bool, bool, usize); 4]) -> Vec<JudgedExample> {
        let one = |people: bool, judge: bool| {
            let example = Example {
                question: None,
                answer: "a".to_owned(),
                rubric: "r".to_owned(),
                pass: people,
            };
            let verdict = Verdict {
                pass: judge,
                score: 0.5,
                reason: String::new(),
                model: "m".into(),
                prompt: String::new(),
                cost_usd: 0.25,
                unpriced_calls: 0,
                run: String::new().into(),
            };
            JudgedExample::of("f", &example, Judgement::Given(verdict))
        };
        let all = table.into_iter();
        all.flat_map(|(people, judge, count)| (0..count).map(move |_| one(people, judge))).collect()
    }

    #[test]
    fn kappa_is_what_the_textbook_says() {
        // The grant proposals of the textbook: 20 and 15 agreed, 5 and 10 not; kappa 0.4.
        let table = [(true, true, 20), (false, true, 5), (true, false, 10), (false, false, 15)];
        let report = AgreementReport::of(examples(table), Some(0.3));
        assert!((report.agreement.unwrap() - 0.7).abs() < 1e-9);
        assert!((report.kappa.unwrap() - 0.4).abs() < 1e-9, "{:?}", report.kappa);
        let [from, to] = report.kappa_interval.unwrap();
        assert!(from > 0.1 && from < 0.4 && to > 0.4 && to < 0.7, "{from} {to}");
        assert!(report.passed && (report.cost_usd - 12.5).abs() < 1e-9);
        assert!(!AgreementReport::of(examples(table), Some(0.5)).passed);
    }

    #[test]
    fn what_is_not_judged_or_not_defined_never_passes_for_agreement() {
        let same = [(true, true, 4), (false, true, 0), (true, false, 0), (false, false, 0)];
        let report = AgreementReport::of(examples(same), None);
        assert_eq!((report.agreement, report.kappa), (Some(1.0), None));
        assert!(report.passed && !AgreementReport::of(examples(same), Some(0.1)).passed);
        let mut lost = examples(same);
        lost[0].verdict = None;
        lost[0].error = Some(Fault::new("x", "gone").message);
        let report = AgreementReport::of(lost, None);
        assert_eq!((report.judged, report.not_judged, report.passed), (3, 1, false));
        assert!(!AgreementReport::of(Vec::new(), None).passed);
    }
}
