//! `engine approve`: answers what a run waits for, and goes on with it.

use crate::cli::arguments::{Approve, Global};
use crate::cli::drive;
use crate::cli::environment::environment;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::diagnostic::suggest;
use crate::run::{Asked, Decision, RunState, Unit};

pub(in crate::cli) fn run(
    arguments: &Approve,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let ending = arguments.ending;
    let mut answered = false;
    let decide = |state: &RunState| {
        answered = true;
        Ok(vec![decision(arguments, state)?])
    };
    let outcome = drive::go_on(&arguments.run, global, ending, None, decide, printer)?;
    if !answered {
        let message = format!("run {} has ended: it waits for no answer", outcome.run_id);
        return Err(Failure::usage(message, format!("`engine show {}` tells how", outcome.run_id)));
    }
    drive::end(ending, &outcome, None, printer)
}

fn decision(arguments: &Approve, state: &RunState) -> Result<Decision, Failure> {
    let (unit, asked) = asked(arguments, state)?;
    if let Some(expires) = asked.expires_us.filter(|expires| *expires <= setup::now_us()) {
        let at = jiff::Timestamp::from_microsecond(expires).map(|at| at.to_string());
        let message = format!("the time for an answer was over at {}", at.unwrap_or_default());
        let help = format!("`engine resume {}` goes on without one", arguments.run);
        return Err(Failure::usage(message, help));
    }
    let first = asked.choices.first().cloned().unwrap_or_default();
    let choice = arguments.choice.clone().unwrap_or(first);
    if !asked.choices.contains(&choice) {
        let help = suggest(&choice, asked.choices.iter().map(String::as_str), "choices");
        return Err(Failure::usage(format!("`{choice}` is none of the choices"), help));
    }
    let user = || {
        let environment = environment();
        let name = environment.get("USER").or_else(|| environment.get("USERNAME"));
        name.unwrap_or("unknown").to_owned()
    };
    let by = arguments.by.clone().unwrap_or_else(user);
    Ok(Decision { unit, choice, by, comment: arguments.comment.clone() })
}

/// The step that asks: the one that is named, or the only one.
fn asked<'s>(arguments: &Approve, state: &'s RunState) -> Result<(Unit, &'s Asked), Failure> {
    let waiting: Vec<(Unit, &Asked)> = state.waiting().collect();
    let names: Vec<String> =
        waiting.iter().map(|(unit, _)| state.path(*unit).to_string()).collect();
    match (&arguments.step, waiting.as_slice()) {
        (_, []) => {
            let help = format!("`engine resume {}` goes on with it", arguments.run);
            Err(Failure::usage("the run waits for no answer", help))
        }
        (None, [only]) => Ok(*only),
        (None, _) => {
            let help = format!("name one of: {}", names.join(", "));
            Err(Failure::usage("several steps wait for an answer", help))
        }
        (Some(step), all) => {
            let found = names.iter().position(|name| name == step);
            found.and_then(|at| all.get(at).copied()).ok_or_else(|| {
                let help = suggest(step, names.iter().map(String::as_str), "waiting steps");
                Failure::usage(format!("no step `{step}` waits for an answer"), help)
            })
        }
    }
}
