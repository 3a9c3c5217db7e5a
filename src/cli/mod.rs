//! The command line: builds adapters, calls the library, prints. The only place that reads the
//! environment, opens files of the project, writes to the terminal and decides exit codes.

mod allowance;
mod arguments;
mod asking;
mod changed;
mod commands;
mod drive;
mod environment;
mod evaluating;
mod exit;
mod files;
mod load;
mod loading;
mod parallel;
mod params;
mod printer;
mod rows;
mod sessions;
mod setup;
mod since;
mod voice;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, Global};
use exit::{Exit, Failure};
use printer::Printer;

/// Runs a command line and gives its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let printer = Printer::for_process();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` are asked for, so they go to standard output and are no failure.
            let wanted = !error.use_stderr();
            let text = if printer.colour() {
                error.render().ansi().to_string()
            } else {
                error.render().to_string()
            };
            if wanted {
                printer.out(&text);
            } else {
                printer.err(&text);
            }
            return if wanted { Exit::Success } else { Exit::Usage }.into();
        }
    };
    match dispatch(arguments, &printer) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            printer.err(&failure.render(printer.colour()));
            failure.exit().into()
        }
    }
}

fn dispatch(arguments: Arguments, printer: &Printer) -> Result<Exit, Failure> {
    let quiet = arguments.command.is_quiet();
    let global = Global { quiet, ..arguments.global };
    if let Some(file) = &global.env_file {
        environment::add(file)?;
    }
    match arguments.command {
        Command::Ask(command) => commands::ask::run(&command, &global, printer),
        Command::Chat(command) => commands::chat::run(&command, &global, printer),
        Command::Tools(command) => commands::tools::run(&command, &global, printer),
        Command::Run(command) => commands::run::run(&command, &global, printer),
        Command::Eval(command) => commands::eval::run(&command, &global, printer),
        Command::Explain(command) => commands::explain::run(&command, printer),
        Command::Validate(command) => commands::validate::run(&command, &global, printer),
        Command::Plan(command) => commands::plan::run(&command, &global, printer),
        Command::Graph(command) => commands::graph::run(&command, &global, printer),
        Command::Runs(command) => commands::history::runs(&command, &global, printer),
        Command::Show(command) => commands::history::show(&command, &global, printer),
        Command::Resume(command) => commands::resume::run(&command, &global, printer),
        Command::Rerun(command) => commands::rerun::run(&command, &global, printer),
        Command::Approve(command) => commands::approve::run(&command, &global, printer),
        Command::Cancel(command) => commands::cancel::run(&command, &global, printer),
        Command::Costs(command) => commands::costs::run(&command, &global, printer),
        Command::Data(command) => commands::data::run(&command, &global, printer),
        Command::Sessions(command) => commands::sessions::run(&command, &global, printer),
        Command::Schema(command) => commands::schema::run(&command, printer),
        Command::Init(command) => commands::init::run(&command, printer),
        Command::Lsp => commands::lsp::run(&global),
        Command::Completions(command) => Ok(commands::completions::run(&command, printer)),
    }
}
