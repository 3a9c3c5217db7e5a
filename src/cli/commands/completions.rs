//! `engine completions`: a script for the shell.

use clap::CommandFactory;

use crate::cli::arguments::{Arguments, Completions};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;

pub(in crate::cli) fn run(arguments: &Completions, printer: &Printer) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "engine", &mut script);
    printer.out(&String::from_utf8_lossy(&script));
    Exit::Success
}
