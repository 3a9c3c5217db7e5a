//! `engine sessions`: the conversations of a project.

use std::path::Path;

use crate::ask::Turn;
use crate::cli::arguments::{Global, SessionCommand, Sessions as Arguments};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Place;
use crate::cli::printer::Printer;
use crate::cli::sessions::Sessions;
use crate::report;

pub(in crate::cli) fn run(
    arguments: &Arguments,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let place = Place::find(global, Path::new(""))?;
    let sessions = Sessions::beside(&place.journal(global));
    match &arguments.command {
        None | Some(SessionCommand::List) => {
            let names = sessions.names();
            if arguments.json {
                printer.json("the names", &names)?;
            } else if names.is_empty() {
                printer.out("no sessions\n");
            } else {
                for name in names {
                    printer.out(&line(&name, &sessions.turns(&name)?));
                }
            }
        }
        Some(SessionCommand::Show { name }) => {
            let turns = sessions.existing(name)?;
            if arguments.json {
                printer.json("the session", &turns)?;
            } else {
                for turn in turns {
                    let answer =
                        turn.answer.as_deref().unwrap_or("(no answer)").replace('\n', "\n  ");
                    let run = turn.run_id.map_or_else(String::new, |run| format!(", run {run}"));
                    let at = report::day_and_time(turn.at_us);
                    printer.out(&format!("{at}{run}\n> {}\n  {answer}\n\n", turn.question));
                }
            }
        }
        Some(SessionCommand::Search { text, limit }) => {
            let found = sessions.recall(text, *limit)?;
            if arguments.json {
                printer.json("the questions", &found)?;
            } else {
                printer.out(&report::recalled(&found));
            }
        }
        Some(SessionCommand::Delete { name }) => {
            sessions.delete(name)?;
            printer.err(&format!("forgot `{name}`; its runs stay in the journal\n"));
        }
    }
    Ok(Exit::Success)
}

/// A session in a line: how much was asked, when last, and what.
fn line(name: &str, turns: &[Turn]) -> String {
    let questions = if turns.len() == 1 { "question" } else { "questions" };
    let last = turns.last().map_or_else(String::new, |turn| {
        format!("  {}  {}", report::day_and_time(turn.at_us), turn.question)
    });
    format!("{name:<24}  {} {questions}{last}\n", turns.len())
}
