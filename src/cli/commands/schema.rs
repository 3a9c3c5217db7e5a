//! `engine schema`: the JSON Schemas of the files, for editors and CI.

use std::path::Path;

use crate::cli::arguments::Schema;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::diagnostic::suggest;
use crate::report::schemas;

pub(in crate::cli) fn run(arguments: &Schema, printer: &Printer) -> Result<Exit, Failure> {
    let all = schemas::all();
    let chosen: Vec<_> = all
        .iter()
        .filter(|schema| arguments.kind.as_ref().is_none_or(|kind| *kind == schema.name))
        .collect();
    if chosen.is_empty() {
        let kind = arguments.kind.as_deref().unwrap_or_default();
        let help = suggest(kind, all.iter().map(|schema| schema.name), "kinds");
        return Err(Failure::usage(format!("there is no schema `{kind}`"), help));
    }
    for schema in chosen {
        if arguments.write {
            let path = Path::new("schemas").join(schema.file_name());
            std::fs::create_dir_all("schemas")
                .and_then(|()| std::fs::write(&path, schema.text()))
                .map_err(|e| Failure::machine(&format!("cannot write {}", path.display()), &e))?;
            printer.err(&format!("wrote {}\n", path.display()));
        } else {
            printer.out(&schema.text());
        }
    }
    Ok(Exit::Success)
}
