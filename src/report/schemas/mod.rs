//! The JSON Schemas of everything that is written by people or read by programs, as `schemas/` holds them.
//! Those of files are dressed for editors; what `engine validate` holds files against is the same without the dress.

mod editors;
mod snippets;

use crate::document;
use crate::eval;
use crate::report::{AskReport, BatchReport, CostReport};
use crate::run::Outcome;
use crate::value::Value;

/// One schema.
pub struct Schema {
    /// The kind of file it describes (`workflow`).
    pub name: &'static str,
    value: Value,
}

impl Schema {
    /// Its file in `schemas/`.
    pub fn file_name(&self) -> String {
        format!("{}.schema.json", self.name)
    }

    /// Its text, as the file holds it.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.value)
    }
}

/// All schemas: the files of a project, the outcome of a run, and what was spent.
pub fn all() -> Vec<Schema> {
    let mut schemas: Vec<Schema> = document::Kind::ALL
        .into_iter()
        .map(|kind| Schema { name: kind.name(), value: dressed(kind) })
        .collect();
    let outcome = schemars::schema_for!(Outcome).to_value();
    schemas.push(printed("outcome", outcome, "Outcome of a run: what `engine run --json` prints"));
    let ask = schemars::schema_for!(AskReport<'static>).to_value();
    schemas.push(printed("ask", ask, "Answer to a question: what `engine ask --json` prints"));
    let costs = schemars::schema_for!(CostReport).to_value();
    schemas.push(printed("costs", costs, "What was spent: what `engine costs --json` prints"));
    let batch = schemars::schema_for!(BatchReport).to_value();
    schemas.push(printed(
        "batch",
        batch,
        "What became of a batch: what `engine run --batch --json` says last, on standard error",
    ));
    let report = schemars::schema_for!(eval::Report).to_value();
    schemas.push(printed(
        "eval-report",
        report,
        "What cases came to: what `engine eval --json` prints",
    ));
    let agreement = schemars::schema_for!(eval::AgreementReport).to_value();
    schemas.push(printed(
        "judge-report",
        agreement,
        "How far a judge agrees with people: what `engine eval judge --json` prints",
    ));
    schemas
}

/// The schema of a kind of file as editors understand it best.
fn dressed(kind: document::Kind) -> Value {
    let mut schema = document::schema(kind);
    editors::adapt(&mut schema);
    snippets::add(kind, &mut schema);
    schema
}

/// The schema of something that a command prints.
fn printed(name: &'static str, mut value: Value, title: &str) -> Schema {
    if let Some(object) = value.as_object_mut() {
        object.insert("title".to_owned(), title.into());
    }
    Schema { name, value }
}

#[cfg(test)]
mod tests;
