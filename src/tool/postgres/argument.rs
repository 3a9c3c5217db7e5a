//! Arguments on their way to the server: as texts, which it reads as the type that the parameter has.

use std::error::Error;

use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use tokio_util::bytes::BytesMut;

use super::parameters::Numbered;
use crate::value::{Object, Value, unquoted};

/// A value, or null.
#[derive(Debug)]
pub(super) struct Argument(Option<String>);

/// The arguments of a query, by number.
pub(super) fn bound(numbered: &Numbered, arguments: &Object) -> Vec<Argument> {
    let value = |name| arguments.get(name).filter(|value| !Value::is_null(value)).map(unquoted);
    numbered.names.iter().map(|name| Argument(value(name))).collect()
}

/// As many nulls as a query has parameters.
pub(super) fn nulls(numbered: &Numbered) -> Vec<Argument> {
    numbered.names.iter().map(|_| Argument(None)).collect()
}

impl ToSql for Argument {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
