//! `engine sessions`: the conversations of a project.

use std::path::Path;

use crate::cli::arguments::{Global, SessionCommand, Sessions as Arguments};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Place;
use crate::cli::printer::Printer;
use crate::cli::sessions::Sessions;

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
                printer.out(&format!("{}\n", names.join("\n")));
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
                    printer.out(&format!("> {}\n  {answer}\n\n", turn.question));
                }
            }
        }
        Some(SessionCommand::Delete { name }) => {
            sessions.delete(name)?;
            printer.err(&format!("forgot `{name}`; its runs stay in the journal\n"));
        }
    }
    Ok(Exit::Success)
}
