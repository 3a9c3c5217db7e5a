//! What evals read themselves: the rows that cases are made for, and what queries say of figures.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::json;

use super::files::File;
use crate::cli::load::Place;
use crate::cli::setup;
use crate::document::{
    Check, Effect, ExpectedSql, Param, ParamType, Returns, Rows, Sql, Tool, ToolKind,
};
use crate::eval::{Case, Data, of_value, parse_rows};
use crate::event::Fault;
use crate::id::ToolName;
use crate::plan::Library;
use crate::tool::Toolbox;
use crate::value::{Object, Value};

/// The longest that a query may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Queries of evals, as tools of their own: they read as tools do, and no more.
pub(in crate::cli) struct Queries {
    toolbox: Toolbox,
    names: BTreeMap<String, ToolName>,
    /// What was asked before: a case that is repeated asks the same.
    known: RefCell<BTreeMap<String, Value>>,
}

impl Queries {
    /// The queries of all figures.
    pub(in crate::cli) fn of_cases(place: &Place, library: &Library, cases: &[Case]) -> Self {
        let queries = figures(cases).map(|(_, sql, with)| (plain(sql), sql.returns, with));
        Self::of(place, library, queries)
    }

    /// The queries of all rows.
    fn of_rows(place: &Place, library: &Library, files: &[File]) -> Self {
        let cases = files.iter().flat_map(|file| &file.document.value.cases);
        let rows = cases.filter_map(|case| case.for_each.as_ref()?.sql.clone());
        Self::of(place, library, rows.map(|sql| (sql, Returns::Rows, Object::new())))
    }

    fn of(
        place: &Place,
        library: &Library,
        queries: impl IntoIterator<Item = (Sql, Returns, Object)>,
    ) -> Self {
        let (mut names, mut tools) = (BTreeMap::new(), Vec::new());
        for (sql, returns, with) in queries {
            let given = read_by(&sql.query, &with);
            let key = key(&sql, returns, &given);
            let name = ToolName::from(format!("eval_query_{}", names.len() + 1));
            if let std::collections::btree_map::Entry::Vacant(free) = names.entry(key) {
                free.insert(name.clone());
                tools.push(tool(name, sql, returns, &given));
            }
        }
        let toolbox = setup::tools(place, library, tools);
        Self { toolbox, names, known: RefCell::default() }
    }

    /// Asks each query once, so that one that can never tell anything is found before the first case is run.
    #[expect(clippy::future_not_send, reason = "cases run on one thread")]
    pub(in crate::cli) async fn try_each(&self, cases: &[Case]) -> Result<(), Vec<Fault>> {
        let (mut seen, mut faults) = (BTreeSet::new(), Vec::new());
        for (case, sql, with) in figures(cases) {
            let given = read_by(&sql.query, &with);
            if !seen.insert(key(&plain(sql), sql.returns, &given)) {
                continue;
            }
            let Err(fault) = self.expected(sql, &with).await else { continue };
            // That a query finds no row may be right for this case's values and wrong for others'.
            if matches!(
                fault.kind.as_str(),
                "sql-error" | "sql-param" | "not-allowed" | "source-unavailable"
            ) {
                let message =
                    format!("case `{}`: a query of its figures: {}", case.name, fault.message);
                faults.push(Fault { message, ..fault });
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// What a query gives.
    #[expect(clippy::future_not_send, reason = "cases run on one thread")]
    pub(in crate::cli) async fn ask(
        &self,
        sql: &Sql,
        returns: Returns,
        with: &Object,
    ) -> Result<Value, Fault> {
        let given = read_by(&sql.query, with);
        if let Some(missing) =
            names_in(&sql.query).into_iter().find(|name| !given.contains_key(name))
        {
            let message =
                format!("the query reads `:{missing}`, which the case gives no value for");
            return Err(Fault::new("sql-param", message)
                .help("give it below `params`, or below the query's `with`"));
        }
        let kind = key(sql, returns, &given);
        let asked = format!("{kind} {}", Value::Object(given.clone()));
        if let Some(known) = self.known.borrow().get(&asked) {
            return Ok(known.clone());
        }
        let name =
            self.names.get(&kind).ok_or_else(|| Fault::new("bug", "a query that no case has"))?;
        let value = self.toolbox.call(name, given, LIMIT).await.map_err(|error| {
            let fault = error.fault();
            // The tool is nobody's but the eval's, so its name tells nothing.
            let own = format!("tool `{name}`: ");
            let message = fault.message.strip_prefix(&own).unwrap_or(&fault.message).to_owned();
            Fault { message, ..fault }
        })?;
        self.known.borrow_mut().insert(asked, value.clone());
        Ok(value)
    }

    /// What a query says a figure must be.
    #[expect(clippy::future_not_send, reason = "cases run on one thread")]
    pub(in crate::cli) async fn expected(
        &self,
        sql: &ExpectedSql,
        with: &Object,
    ) -> Result<Value, Fault> {
        self.ask(&plain(sql), sql.returns, with).await
    }
}

/// The queries of all figures, each with the values that it reads from.
fn figures(cases: &[Case]) -> impl Iterator<Item = (&Case, &ExpectedSql, Object)> {
    let turns = cases.iter().flat_map(|case| case.turns.iter().map(move |turn| (case, turn)));
    let asserts =
        turns.flat_map(|(case, turn)| turn.assert.iter().map(move |one| (case, turn, one)));
    asserts.filter_map(|(case, turn, assertion)| {
        let Check::Figure(figure) = &assertion.check else { return None };
        let sql = figure.sql.as_ref()?;
        Some((case, sql, turn.values_of(sql)))
    })
}

fn plain(sql: &ExpectedSql) -> Sql {
    Sql { source: sql.source.clone(), query: sql.query.clone() }
}

/// What tells queries apart: the text, what it gives, and the types of its values.
fn key(sql: &Sql, returns: Returns, with: &Object) -> String {
    let kinds: Vec<Value> =
        with.iter().map(|(name, value)| json!([name, format!("{:?}", kind(value))])).collect();
    json!([sql.source, sql.query, returns, kinds]).to_string()
}

fn tool(name: ToolName, sql: Sql, returns: Returns, with: &Object) -> Tool {
    let param = |value: &Value| Param {
        kind: kind(value),
        default: value.is_null().then_some(Value::Null),
        ..Param::default()
    };
    Tool {
        name,
        description: "A query of an eval".to_owned(),
        params: with.iter().map(|(name, value)| (name.clone(), param(value))).collect(),
        kind: ToolKind::Sql(sql),
        effect: Effect::Read,
        returns,
        units: IndexMap::new(),
    }
}

fn kind(value: &Value) -> ParamType {
    match value {
        Value::Null | Value::String(_) => ParamType::String,
        Value::Bool(_) => ParamType::Boolean,
        Value::Number(number) if number.is_f64() => ParamType::Number,
        Value::Number(_) => ParamType::Integer,
        Value::Array(_) => ParamType::Array,
        Value::Object(_) => ParamType::Object,
    }
}

/// Of the values, those that a query reads.
fn read_by(query: &str, with: &Object) -> Object {
    let names = names_in(query);
    let read = with.iter().filter(|(name, _)| names.contains(*name));
    read.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The names of `:name` in a query; texts in quotes and casts (`::int`) hold none.
fn names_in(query: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (number, part) in query.split('\'').enumerate() {
        if number % 2 == 1 {
            continue;
        }
        for (at, _) in part.match_indices(':') {
            let before = part.get(..at).unwrap_or_default();
            let after = part.get(at + 1..).unwrap_or_default();
            let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
            let name = after.get(..end).unwrap_or_default();
            if !before.ends_with(':') && !name.is_empty() {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// Reads the rows that cases are made for.
pub(in crate::cli) struct Rowing<'r> {
    files: &'r [File],
    tools: &'r Toolbox,
    queries: Queries,
}

impl<'r> Rowing<'r> {
    pub(in crate::cli) fn new(
        place: &Place,
        library: &Library,
        tools: &'r Toolbox,
        files: &'r [File],
    ) -> Self {
        Self { files, tools, queries: Queries::of_rows(place, library, files) }
    }
}

impl Data for Rowing<'_> {
    #[expect(clippy::future_not_send, reason = "cases run on one thread")]
    async fn rows(&self, file: usize, rows: &Rows) -> Result<Vec<Object>, Fault> {
        if let Some(values) = &rows.values {
            return Ok(values.iter().cloned().map(of_value).collect());
        }
        if let Some(name) = &rows.file {
            let folder = self.files.get(file).map(|file| file.folder.clone()).unwrap_or_default();
            let text = std::fs::read_to_string(folder.join(name)).map_err(|error| {
                let message = format!("cannot read {name}: {error}");
                Fault::new("bad-rows", message).help("name a file beside the eval")
            })?;
            return parse_rows(name, &text, rows.at.as_deref());
        }
        let value = if let Some(tool) = &rows.tool {
            let with =
                rows.with.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            self.tools.call(tool, with, LIMIT).await.map_err(|error| error.fault())?
        } else if let Some(sql) = &rows.sql {
            self.queries.ask(sql, Returns::Rows, &Object::new()).await?
        } else {
            Value::Null
        };
        match value {
            Value::Array(rows) => Ok(rows.into_iter().map(of_value).collect()),
            Value::Null => Ok(Vec::new()),
            one => Ok(vec![of_value(one)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_the_names_behind_colons() {
        let query = "select a::int, ':no', strftime('%H:%M', b) from t where c = :c_1 and d = coalesce(:d,1)";
        assert_eq!(names_in(query).into_iter().collect::<Vec<_>>(), ["c_1", "d"]);
    }
}
