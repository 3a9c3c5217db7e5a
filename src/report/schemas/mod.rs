//! The JSON Schemas of everything that is written by people or read by programs, as `schemas/` holds them.
//! Those of files are dressed for editors; what `engine validate` holds files against is the same without the dress.

mod editors;
mod snippets;

use crate::document;
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

/// All schemas: the files of a project, and the outcome of a run.
pub fn all() -> Vec<Schema> {
    let mut schemas: Vec<Schema> = document::Kind::ALL
        .into_iter()
        .map(|kind| Schema { name: kind.name(), value: dressed(kind) })
        .collect();
    let mut outcome = schemars::schema_for!(Outcome).to_value();
    if let Some(object) = outcome.as_object_mut() {
        object
            .insert("title".to_owned(), "Outcome of a run: what `engine run --json` prints".into());
    }
    schemas.push(Schema { name: "outcome", value: outcome });
    schemas
}

/// The schema of a kind of file as editors understand it best.
fn dressed(kind: document::Kind) -> Value {
    let mut schema = document::schema(kind);
    editors::adapt(&mut schema);
    snippets::add(kind, &mut schema);
    schema
}

#[cfg(test)]
mod tests;
