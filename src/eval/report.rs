//! What an eval ends with: the JSON that `engine eval --json` prints, and that `--baseline` reads again. Stable.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baseline::Comparison;
use super::given::Route;
use super::judge::{INSTRUCTIONS, Verdict};
use super::selection::{Selecting, Selection};
use super::spent::Spent;
use super::statistics::{median, percentile_95, wilson};
use crate::id::{ModelName, RunId};
use crate::value::sum;

/// What an eval ended with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Whether everything is as it must be: no file fell short, and nothing got worse than the baseline.
    pub passed: bool,
    /// When it began: RFC 3339, UTC.
    pub started_at: String,
    /// How long it took.
    pub duration_ms: f64,
    /// Where answers of models come from, if not from models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Replayed>,
    /// The models, in the order given, with what each came to.
    pub models: Vec<Totals>,
    /// The files, with what each came to.
    pub files: Vec<FileReport>,
    /// How sure and how right the words of questions were; absent where no case looks at a route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
    /// How often questions went to the agents that they take, by model and by who chose; empty where no case says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selection: Vec<Selecting>,
    /// What judges were asked and what that cost; absent where no case has a rubric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judging: Option<Judging>,
    /// What changed against an earlier report; absent where none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Comparison>,
    /// Every case with every model.
    pub cases: Vec<CaseReport>,
}

/// Recordings that answers of models are taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replayed {
    /// Who made answers up, where no model gave them: such answers tell nothing about a model.
    pub made_by: Vec<String>,
}

impl Replayed {
    /// It in words.
    pub fn line(&self) -> String {
        let made = if self.made_by.is_empty() {
            String::new()
        } else {
            format!(", made up by: {}. They tell nothing about a model", self.made_by.join(", "))
        };
        format!("answers of models are recorded ones{made}")
    }
}

/// How something ended.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something does not hold.
    Failed,
    /// It is left to a model, and none was asked: words alone are not sure, or nobody judged.
    Undecided,
    /// Everything holds.
    #[default]
    Passed,
}

impl Status {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Undecided => "undecided",
            Self::Passed => "passed",
        }
    }
}

/// What a case came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseReport {
    /// The file, without folder and ending.
    pub file: String,
    /// The case; unique in its file.
    pub name: String,
    /// Words by which it is picked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The model that `auto` stood for; `auto` where none was chosen, `offline` where none was asked.
    pub model: String,
    /// `passed` where every attempt is.
    pub status: Status,
    /// The share of its decided attempts that passed; null where none was decided.
    pub pass_rate: Option<f64>,
    /// Where the true share lies with 95 % confidence (Wilson); null where none was decided.
    pub interval: Option<[f64; 2]>,
    /// The attempts.
    pub attempts: Vec<Attempt>,
}

/// One attempt of a case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// How it ended.
    pub status: Status,
    /// What was looked at.
    pub asserts: Vec<Judged>,
    /// The last answer, as a text.
    pub answer: String,
    /// Where the last question went; absent where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// Who answers, and whom it takes; absent where the case does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// The runs, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunId>,
    /// Whether a model was wanted and none answered.
    pub degraded: bool,
    /// US dollars of all priced calls.
    pub cost_usd: f64,
    /// Calls of models without a price.
    pub unpriced_calls: u64,
    /// From each question to its answer, all of them together; queries and judges are no part of it.
    pub duration_ms: f64,
}

/// An assertion and what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// The question of a conversation, from 1; absent where there is one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<usize>,
    /// The assertion, in a line.
    pub assert: String,
    /// Whether it holds.
    pub status: Status,
    /// What is there.
    pub found: String,
    /// With `llm-rubric`: what the judge says, and what it was asked; absent where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What was spent on a judge that gave no verdict; absent where none was asked or it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Spent>,
}

/// What a file came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileReport {
    /// The file, without folder and ending.
    pub name: String,
    /// What it holds against what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Attempts that passed.
    pub passed: usize,
    /// Attempts that failed.
    pub failed: usize,
    /// Attempts that words alone could not decide.
    pub undecided: usize,
    /// The share of the decided attempts that must pass.
    pub wanted: f64,
    /// Whether that many did.
    pub holds: bool,
}

/// What a model came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// The model.
    pub model: String,
    /// Attempts that passed.
    pub passed: usize,
    /// Attempts that failed.
    pub failed: usize,
    /// Attempts that words alone could not decide.
    pub undecided: usize,
    /// The share of the decided attempts that passed; null where none was decided.
    pub accuracy: Option<f64>,
    /// Where the true share lies with 95 % confidence (Wilson).
    pub interval: Option<[f64; 2]>,
    /// US dollars of all priced calls.
    pub cost_usd: f64,
    /// Calls of models without a price.
    pub unpriced_calls: u64,
    /// Half of the attempts took no longer.
    pub p50_ms: Option<f64>,
    /// 95 of 100 attempts took no longer.
    pub p95_ms: Option<f64>,
}

/// How sure and how right the words of questions were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Routing {
    /// Questions whose route was looked at.
    pub questions: usize,
    /// Those that words alone decided.
    pub decided: usize,
    /// Those of them that went where they should.
    pub right: usize,
    /// The share of the decided ones that went where they should; null where none was decided.
    pub precision: Option<f64>,
    /// The share of all that words alone decided; null where there are none.
    pub coverage: Option<f64>,
}

/// What judges were asked, and what that cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judging {
    /// The models that judged.
    pub models: Vec<ModelName>,
    /// What each was told before it was asked.
    pub instructions: String,
    /// Rubrics that were judged.
    pub judged: usize,
    /// Rubrics that nobody judged; their cases did not pass.
    pub not_judged: usize,
    /// US dollars of all priced calls; in no case's own cost.
    pub cost_usd: f64,
    /// Calls of judges without a price.
    pub unpriced_calls: u64,
}

impl Judging {
    /// Of all attempts with a rubric.
    pub fn of(cases: &[CaseReport]) -> Option<Self> {
        let attempts = cases.iter().flat_map(|case| &case.attempts);
        let about = |one: &&Judged| one.assert.trim_start_matches("not-").starts_with(RUBRIC);
        let rubrics: Vec<&Judged> =
            attempts.flat_map(|attempt| &attempt.asserts).filter(about).collect();
        let verdicts = || rubrics.iter().filter_map(|one| one.verdict.as_ref());
        let models: BTreeSet<&ModelName> = verdicts().map(|verdict| &verdict.model).collect();
        let judged = verdicts().count();
        let lost = rubrics.iter().filter_map(|one| one.lost);
        let Spent { cost_usd, unpriced_calls } =
            Spent::all(verdicts().map(Verdict::spent).chain(lost));
        (!rubrics.is_empty()).then(|| Self {
            models: models.into_iter().cloned().collect(),
            instructions: INSTRUCTIONS.to_owned(),
            judged,
            not_judged: rubrics.len() - judged,
            cost_usd,
            unpriced_calls,
        })
    }
}

/// How the line of an assertion begins that a judge decides.
const RUBRIC: &str = "llm-rubric:";

impl Totals {
    /// What a model came to in its cases.
    pub fn of(model: &str, cases: &[CaseReport]) -> Self {
        let own = cases.iter().filter(|case| case.model == model);
        let attempts: Vec<&Attempt> = own.flat_map(|case| &case.attempts).collect();
        let count = |status| attempts.iter().filter(|one| one.status == status).count();
        let (passed, failed) = (count(Status::Passed), count(Status::Failed));
        let took: Vec<f64> = attempts.iter().map(|one| one.duration_ms).collect();
        Self {
            model: model.to_owned(),
            passed,
            failed,
            undecided: count(Status::Undecided),
            accuracy: share(passed, passed + failed),
            interval: (passed + failed > 0).then(|| wilson(passed, passed + failed)),
            cost_usd: sum(attempts.iter().map(|one| one.cost_usd)),
            unpriced_calls: attempts.iter().map(|one| one.unpriced_calls).sum(),
            p50_ms: median(&took),
            p95_ms: percentile_95(&took),
        }
    }
}

impl FileReport {
    /// What a file came to in its cases.
    pub fn of(name: &str, eval: &crate::document::Eval, cases: &[CaseReport]) -> Self {
        let own = cases.iter().filter(|case| case.file == name);
        let attempts: Vec<&Attempt> = own.flat_map(|case| &case.attempts).collect();
        let count = |status| attempts.iter().filter(|one| one.status == status).count();
        let (passed, failed) = (count(Status::Passed), count(Status::Failed));
        let wanted = eval.pass_rate.unwrap_or(1.0);
        Self {
            name: name.to_owned(),
            description: eval.description.clone(),
            passed,
            failed,
            undecided: count(Status::Undecided),
            wanted,
            holds: share(passed, passed + failed).is_none_or(|share| share >= wanted),
        }
    }
}

impl Routing {
    /// Of all attempts whose route was looked at.
    pub fn of(cases: &[CaseReport]) -> Option<Self> {
        let mut routing = Self::default();
        for attempt in cases.iter().flat_map(|case| &case.attempts) {
            let route = attempt.route.as_ref().filter(|route| route.by == "lexical");
            let about_way = |one: &&Judged| {
                one.assert.starts_with("route:") || one.assert.starts_with("params:")
            };
            let mut judged = attempt.asserts.iter().filter(about_way).peekable();
            let (Some(route), true) = (route, judged.peek().is_some()) else { continue };
            routing.questions += 1;
            if route.sure {
                routing.decided += 1;
                routing.right += usize::from(judged.all(|one| one.status == Status::Passed));
            }
        }
        routing.precision = share(routing.right, routing.decided);
        routing.coverage = share(routing.decided, routing.questions);
        (routing.questions > 0).then_some(routing)
    }
}

/// A part of a whole, from 0 to 1; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 cases")]
pub(super) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
