use std::sync::Arc;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
pub struct Document<T> { pub file: Arc<SourceFile>, pub value: T }
impl<T> Document<T> {
    pub fn span_of(&self, _: &str) -> Span { Span::default() }
    pub fn key_span(&self, _: &str) -> Span { Span::default() }
    pub fn place(&self, _: &str, line: usize, column: usize, width: usize) -> Span { Span::on_line(line, column, width) }
}
pub trait Kindred: serde::de::DeserializeOwned {}
impl<T: serde::de::DeserializeOwned> Kindred for T {}
pub fn read<T: Kindred>(file: Arc<SourceFile>) -> (Option<Document<T>>, Vec<Diagnostic>) {
    match serde_saphyr::from_str(&file.text) { Ok(value) => (Some(Document{file, value}), vec![]), Err(e) => (None, vec![Diagnostic::error("yaml", e.to_string()).in_file(&file)]) }
}
pub fn read_object(text: &str) -> Result<crate::value::Object, String> { serde_saphyr::from_str(text).map_err(|e| e.to_string()) }
#[derive(Clone, Copy)]
pub enum Kind { Workflow }
impl Kind { pub const ALL: [Self; 1] = [Self::Workflow]; pub fn name(self) -> &'static str { "workflow" } }
pub fn schema(_: Kind) -> crate::value::Value { schemars::schema_for!(super::Workflow).to_value() }
