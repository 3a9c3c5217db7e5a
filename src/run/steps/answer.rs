//! What a model answered: is it what was asked for? Pure: nothing here asks again.

use crate::document::Figures;
use crate::event::{Fault, FigureCount, Unverified};
use crate::expression::fence;
use crate::id::StepPath;
use crate::model::Answer;
use crate::plan::AgentStep;
use crate::run::figures::{self, CitationFault, Evidence, Given};
use crate::value::Value;

use super::Done;

/// An answer, judged.
pub(super) enum Judged {
    /// It is what was asked for.
    Good(Done),
    /// It is not.
    Faulty {
        /// What can be made of it all the same.
        usable: Option<Done>,
        /// What is wrong, for the outcome.
        fault: Fault,
        /// What is wrong, for the model.
        repair: String,
    },
}

/// The rule for figures, with the evidence that can be cited; tools bring more of it.
pub(super) fn citation_rule(evidence: &Evidence, tools: bool) -> String {
    let more = if tools {
        " The results of tools bring lists of their own, which count as well."
    } else {
        ""
    };
    format!(
        "Never write a figure yourself. Cite it from the evidence as [[path | filter]], with a path of the list below and a \
         filter out of usd, number, percent, ratio, month; it is replaced by the value. Example: [[steps.a.output.b | usd]]. \
         Compute nothing: what is not in the list has no figure.{more}\n{}",
        fence::fence(&evidence.listing(), "evidence")
    )
}

/// Judges an answer: its schema first, then its citations and figures. `prompt` is what the model was asked.
pub(super) fn judge(
    path: &StepPath,
    agent: &AgentStep,
    answer: &Answer,
    prompt: &str,
    evidence: &Evidence,
) -> Judged {
    let output = match &agent.schema {
        Some(schema) => match structured(&answer.text, schema) {
            Ok(value) => value,
            Err(faults) => return broken(&faults, answer, schema),
        },
        None => Value::String(answer.text.trim().to_owned()),
    };
    let mut warnings = Vec::new();
    if answer.truncated {
        warnings.push("the answer was cut at its greatest length; raise `max_tokens`".to_owned());
    }
    if agent.figures == Figures::None {
        return Judged::Good(Done { output, figures: FigureCount::default(), warnings });
    }
    let mut read = Read {
        step: path,
        evidence,
        prompt: outside_fences(prompt),
        count: FigureCount::default(),
        faults: Vec::new(),
    };
    let output = read.texts(output, agent.figures);
    let Read { count, faults, .. } = read;
    let done = Done { output, figures: count, warnings };
    if faults.is_empty() {
        return Judged::Good(done);
    }
    let fault = Fault::new(
        "unknown-citation",
        format!("the answer cites what is not there: {}", reasons(&faults)),
    );
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| {
            let meant = fault
                .suggestion
                .as_ref()
                .map_or_else(String::new, |path| format!(" Did you mean [[{path}]]?"));
            format!("- {}: {}.{meant}", fault.citation, fault.reason)
        })
        .collect();
    let repair = format!(
        "Your answer has citations that do not exist:\n{}\nWrite the whole answer again. Cite only paths of the list, as [[path | filter]].",
        lines.join("\n")
    );
    Judged::Faulty { usable: Some(done), fault, repair }
}

/// Fills in the citations of a step's `default`.
pub(super) fn fill(step: &StepPath, output: Value, evidence: &Evidence) -> (Value, FigureCount) {
    let mut read = Read {
        step,
        evidence,
        prompt: String::new(),
        count: FigureCount::default(),
        faults: Vec::new(),
    };
    let output = read.defaults(output);
    (output, read.count)
}

/// The JSON of an answer, checked; or its faults in words.
fn structured(text: &str, schema: &Value) -> Result<Value, Vec<String>> {
    let text = text.trim();
    // Models that have no mode for JSON put it into a code fence.
    let inside = text
        .strip_prefix("```json")
        .or_else(|| text.strip_prefix("```"))
        .and_then(|t| t.trim().strip_suffix("```"));
    let value: Value = serde_json::from_str(inside.unwrap_or(text).trim())
        .map_err(|error| vec![format!("it is no JSON: {error}")])?;
    let validator = jsonschema::validator_for(schema)
        .map_err(|error| vec![format!("the schema is no schema: {error}")])?;
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| {
            let place = error.instance_path().as_str();
            if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
        })
        .collect();
    if faults.is_empty() { Ok(value) } else { Err(faults) }
}

fn broken(faults: &[String], answer: &Answer, schema: &Value) -> Judged {
    let cut = if answer.truncated { " (it was cut at its greatest length)" } else { "" };
    let list: Vec<String> = faults.iter().map(|fault| format!("- {fault}")).collect();
    let mut fault = Fault::new(
        "bad-answer",
        format!("the answer is not as its schema says{cut}: {}", faults.join("; ")),
    );
    if answer.truncated {
        fault = fault.help("raise `max_tokens`");
    }
    let repair = format!(
        "Your answer is not as the JSON Schema says:\n{}\nAnswer again, with one JSON object and nothing else, by this schema:\n{schema}",
        list.join("\n")
    );
    Judged::Faulty { usable: None, fault, repair }
}

/// Reads the texts of an output.
struct Read<'r> {
    step: &'r StepPath,
    evidence: &'r Evidence,
    prompt: String,
    count: FigureCount,
    /// Citations for the repair turn.
    faults: Vec<CitationFault>,
}

impl Read<'_> {
    fn texts(&mut self, value: Value, figures: Figures) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text, figures)),
            Value::Array(items) => {
                items.into_iter().map(|item| self.texts(item, figures)).collect()
            }
            Value::Object(object) => {
                object.into_iter().map(|(key, item)| (key, self.texts(item, figures))).collect()
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }

    fn text(&mut self, text: String, figures: Figures) -> String {
        let (text, ranges) =
            if figures == Figures::Cite { self.cited(&text) } else { (text, Vec::new()) };
        let given = [self.prompt.as_str()];
        let (matched, unverified) =
            figures::verify(&text, &ranges, self.evidence, Given { texts: &given });
        self.count.matched += matched;
        for (text, reason) in unverified {
            self.count.unverified.push(Unverified { text, step: self.step.clone(), reason });
        }
        text
    }

    fn cited(&mut self, text: &str) -> (String, Vec<std::ops::Range<usize>>) {
        let filled = figures::fill(text, self.evidence);
        self.count.cited += filled.cited;
        for fault in filled.faults {
            let (text, reason) = (fault.text.clone(), fault.reason.clone());
            self.count.unverified.push(Unverified { text, step: self.step.clone(), reason });
            self.faults.push(fault);
        }
        (filled.text, filled.ranges)
    }

    /// The texts of a default are the author's: their citations are filled in, their figures are theirs.
    fn defaults(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) if text.contains("[[") => Value::String(self.cited(&text).0),
            Value::Array(items) => items.into_iter().map(|item| self.defaults(item)).collect(),
            Value::Object(object) => {
                object.into_iter().map(|(key, item)| (key, self.defaults(item))).collect()
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
        }
    }
}

fn reasons(faults: &[CitationFault]) -> String {
    faults.iter().map(|fault| fault.reason.as_str()).collect::<Vec<_>>().join("; ")
}

/// What the author wrote into a prompt: numbers in fenced data need a source of their own.
fn outside_fences(prompt: &str) -> String {
    let mut out = String::new();
    let mut rest = prompt;
    while let Some((before, after)) = rest.split_once("<data:") {
        out.push_str(before);
        let id = after.get(..8).unwrap_or_default();
        match after.split_once(&format!("</data:{id}>")) {
            Some((_, behind)) => rest = behind,
            None => return out,
        }
    }
    out.push_str(rest);
    out
}
