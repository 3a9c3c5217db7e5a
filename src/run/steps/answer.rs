//! What a model answered: is it what was asked for? Pure: nothing here asks again.

use crate::document::Figures;
use crate::event::{Fault, FigureCount};
use crate::expression::filters::format;
use crate::expression::{Written, fence};
use crate::id::StepPath;
use crate::model::Cut;
use crate::plan::AgentStep;
use crate::run::figures::{self, Evidence, Given, Traced};
use crate::value::{Value, one_line};

use super::Done;

/// An answer, checked.
pub(super) enum Checked {
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
    let listing = evidence.listing();
    let (list, more) = match (listing.is_empty(), tools) {
        (true, true) => ("that the results of tools bring", ""),
        (false, true) => (
            "of the list below",
            " The results of tools bring lists of their own, which count as well.",
        ),
        (_, false) => ("of the list below", ""),
    };
    let rule = format!(
        "Never write a figure yourself. Cite it from the evidence as [[path | filter]], with a path {list} and a filter out \
         of usd, number, percent, ratio, month; it is replaced by the value. Example: [[steps.a.output.b | usd]]. Compute \
         nothing: what has no path has no figure.{more}"
    );
    if listing.is_empty() && tools {
        rule
    } else {
        format!("{rule}\n{}", fence::fence(&listing, "evidence"))
    }
}

/// Checks an answer: its schema first, then its citations and figures. `prompt` is what the model was asked, `cut` tells
/// where the answer was cut, if it was.
pub(super) fn check(
    path: &StepPath,
    agent: &AgentStep,
    text: &str,
    cut: Option<&Cut>,
    prompt: &str,
    evidence: &Evidence,
) -> Checked {
    let output = match (&agent.schema, cut) {
        (Some(schema), cut) => match (structured(text, schema), cut) {
            (Ok(value), _) => value,
            (Err(_), Some(cut)) => return cut_short(cut, Some(schema)),
            (Err(faults), None) => return broken(&faults, schema),
        },
        (None, Some(cut)) if text.trim().is_empty() => return cut_short(cut, None),
        (None, None) if text.trim().is_empty() => return empty(),
        (None, _) => Value::String(text.trim().to_owned()),
    };
    let mut warnings = Vec::new();
    if let Some(cut) = cut {
        warnings.push(format!("the answer was cut {}: {}", cut.at(), cut.help()));
    }
    if agent.figures == Figures::None {
        return Checked::Good(Done { output, figures: FigureCount::default(), warnings });
    }
    let outside = outside_fences(prompt);
    let given = [outside.as_str()];
    let given = Given { texts: &given };
    let (output, figures, faults) = match agent.figures {
        Figures::Cite => {
            let Traced { output, figures, faults } =
                figures::trace_output(path, output, evidence, given, &format);
            (output, figures, faults)
        }
        Figures::Check | Figures::None => {
            let figures = figures::check_output(path, &output, evidence, given);
            (output, figures, Vec::new())
        }
    };
    let done = Done { output, figures, warnings };
    if faults.is_empty() {
        let unsourced = agent.figures == Figures::Cite && !done.figures.unverified.is_empty();
        let source = source(evidence.listing().is_empty(), agent.may_call());
        return if unsourced { unverified(done, source) } else { Checked::Good(done) };
    }
    let reasons: Vec<&str> = faults.iter().map(|fault| fault.reason.as_str()).collect();
    let fault = Fault::new(
        UNKNOWN_CITATION,
        format!("the answer cites what is not there: {}", reasons.join("; ")),
    );
    let repair = figures::repair_message(&faults);
    Checked::Faulty { usable: Some(done), fault, repair }
}

/// An answer that says nothing.
fn empty() -> Checked {
    let fault = Fault::new("empty-answer", "the answer is empty");
    Checked::Faulty {
        usable: None,
        fault,
        repair: "Your answer was empty. Answer the question.".to_owned(),
    }
}

/// An answer with figures that nothing bears out. Where citing them does not mend that, it is taken with them marked.
fn unverified(done: Done, source: &str) -> Checked {
    let told = done.figures.unverified.iter();
    let list: Vec<String> =
        told.map(|figure| format!("- {}: {}", figure.text, figure.reason)).collect();
    let fault = Fault::new(UNVERIFIED, format!("figures have no source: {}", list.join("; ")));
    let repair = format!(
        "Your answer has figures that the evidence does not bear out:\n{}\nWrite the whole answer again. {source}",
        list.join("\n")
    );
    Checked::Faulty { usable: Some(done), fault, repair }
}

/// Where figures are to be taken from, told to a model whose figures had no source.
fn source(nothing_listed: bool, may_call: bool) -> &'static str {
    match (nothing_listed, may_call) {
        (false, _) => {
            "Cite every figure from the list, as [[path | filter]], and leave out what is not in it."
        }
        (true, true) => {
            "Look every figure up with a tool and cite it as [[path | filter]], or leave it out."
        }
        (true, false) => "There is nothing to cite, so write it without figures.",
    }
}

/// The kind of fault of an answer that cites what is not there.
const UNKNOWN_CITATION: &str = "unknown-citation";

/// The kind of fault of an answer whose figures nothing bears out.
const UNVERIFIED: &str = "unverified-figure";

/// Whether an answer lacks evidence, which tools may bring.
pub(super) fn lacks_evidence(fault: &Fault) -> bool {
    [UNKNOWN_CITATION, UNVERIFIED].contains(&fault.kind.as_str())
}

/// Fills in the citations of a step's `default`.
pub(super) fn fill(
    step: &StepPath,
    output: Value,
    written: &[Written],
    evidence: &Evidence,
) -> (Value, FigureCount) {
    let Traced { output, figures, .. } =
        figures::fill_output(step, output, written, evidence, &format);
    (output, figures)
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

/// An answer that fits its schema and will not do all the same. The faults quote what the model wrote.
pub(super) fn refused(faults: &str) -> Checked {
    let fault = Fault::new(UNUSABLE, format!("the answer was refused: {}", one_line(faults)));
    let repair = format!(
        "This answer was refused; give one that mends its faults:\n{}",
        fence::fence(faults, "faults")
    );
    Checked::Faulty { usable: None, fault, repair }
}

/// The kind of fault of an answer that is not what was asked for.
pub(super) const UNUSABLE: &str = "bad-answer";

/// The kind of fault of an answer that was cut before it could be used.
pub(super) const CUT: &str = "answer-cut";

fn broken(faults: &[String], schema: &Value) -> Checked {
    let list: Vec<String> = faults.iter().map(|fault| format!("- {fault}")).collect();
    let fault = Fault::new(
        UNUSABLE,
        format!("the answer is not as its schema says: {}", faults.join("; ")),
    );
    let repair = format!(
        "Your answer is not as the JSON Schema says:\n{}\nAnswer again, with one JSON object and nothing else, by this schema:\n{schema}",
        list.join("\n")
    );
    Checked::Faulty { usable: None, fault, repair }
}

/// What was cut before it could be used: its end is missing, so its other faults say nothing.
fn cut_short(cut: &Cut, schema: Option<&Value>) -> Checked {
    let at = cut.at();
    let (before, form) = match schema {
        Some(schema) => (
            "its JSON was whole",
            format!("with one JSON object and nothing else, by this schema:\n{schema}"),
        ),
        None => ("it said anything", "with a few sentences and without thinking aloud.".to_owned()),
    };
    let fault = cut_fault(cut, before);
    let repair = format!(
        "Your answer was cut {at}, before {before}. Answer again, from its beginning and much shorter (leave out what is not asked \
         for, keep texts brief), {form}"
    );
    Checked::Faulty { usable: None, fault, repair }
}

/// The fault of an answer that was cut before something.
pub(super) fn cut_fault(cut: &Cut, before: &str) -> Fault {
    Fault::new(CUT, format!("the answer was cut {}, before {before}", cut.at())).help(cut.help())
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
