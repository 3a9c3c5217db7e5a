//! `engine data`: brings data to where tools read it.

use std::path::Path;

use crate::cli::arguments::{Data, Global, LoadData};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::{Loaded, Place};
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::diagnostic::suggest;
use crate::id::SourceName;
use crate::tool::{self, Copied};
use crate::value::counted;

pub(in crate::cli) fn run(
    command: &Data,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let Data::Load(arguments) = command;
    load(arguments, global, printer)
}

fn load(arguments: &LoadData, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
    let place = Place::find(global, Path::new("."))?;
    let loaded = Loaded::project(&place);
    if loaded.has_errors() {
        return Err(loaded.failure());
    }
    let Some(project) = &loaded.library.project else {
        return Err(Failure::usage(
            "there is no project here",
            "name one with --project, or make one with `engine init DIR`",
        ));
    };
    let source = SourceName::from(arguments.into.as_str());
    if !project.value.sources.contains_key(&source) {
        let known = project.value.sources.keys().map(SourceName::as_str);
        let help = suggest(source.as_str(), known, "sources");
        return Err(Failure::usage(format!("unknown source `{source}`"), help));
    }
    let toolbox = setup::tools(&place, &loaded.library, []);
    let work = tool::copy(&toolbox, &source, &arguments.folder, arguments.replace);
    let tables = setup::runtime()?.block_on(work).map_err(|error| {
        let fault = error.fault();
        match fault.kind.as_str() {
            "bad-csv" | "table-exists" => Failure::Usage(vec![fault]),
            _ => Failure::Machine(fault),
        }
    })?;
    if arguments.json {
        printer.json("the tables", &serde_json::json!({"source": source, "tables": tables}))?;
    } else {
        let line = |table: &Copied| {
            let Copied { table, rows, columns } = table;
            format!("{table}: {}, {}\n", counted(*rows, "row"), counted(columns.len(), "column"))
        };
        printer.out(&tables.iter().map(line).collect::<String>());
    }
    Ok(Exit::Success)
}
