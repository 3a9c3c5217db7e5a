//! Checks tools before they are called. Queries are prepared against their sources, never run: what SQLite says is told
//! in the words of the tool's file, at the place in the query; the columns it finds are the fields that steps may read.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Connection, ErrorCode, Statement};

use super::source::FUNCTIONS;
use super::{ToolError, Toolbox, http, postgres, query};
use crate::diagnostic::{Diagnostic, line_and_column, suggest};
use crate::document::{Returns, Sql, Tool, ToolKind};
use crate::expression::{Problem, Type};
use crate::id::{SourceName, ToolName};
use crate::plan::Library;

/// Names and types of a query's columns.
type Columns = Vec<(String, Type)>;

/// What the preparation of a query tells.
pub(super) struct Prepared {
    /// None where no server was asked.
    columns: Option<Columns>,
    /// Params that the query does not read.
    unread: Vec<String>,
    /// What the query does that its author hardly means.
    doubts: Vec<Problem>,
}

/// What came of a query: the outer fault is the source's, the inner one the query's.
type Checked = Result<Result<Prepared, Problem>, ToolError>;

/// What servers say of the queries that they are to run.
#[derive(Default)]
pub struct Databases(BTreeMap<ToolName, Checked>);

impl Databases {
    /// Has the servers prepare the queries of all tools; runs none.
    pub async fn ask(toolbox: &Toolbox, library: &Library) -> Self {
        let mut said = BTreeMap::new();
        let mut lost: BTreeSet<&SourceName> = BTreeSet::new();
        for tool in library.tools() {
            let ToolKind::Sql(sql) = &tool.kind else { continue };
            let Some(server) = toolbox.database(sql).filter(|_| !lost.contains(&sql.source)) else {
                continue;
            };
            let checked = postgres::check(server, tool, sql).await;
            if checked.is_err() {
                lost.insert(&sql.source);
            }
            said.insert(tool.name.clone(), checked);
        }
        Self(said)
    }
}

/// Checks the wanted tools, and tells the library what columns queries have. Nothing connects to a server: what those
/// say, who asked them hands in.
pub fn check_tools(
    toolbox: &Toolbox,
    library: &mut Library,
    wanted: impl Fn(&ToolName) -> bool,
    mut databases: Databases,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut columns = BTreeMap::new();
    // A source that cannot be read is told once, not for each of its tools.
    let mut lost: BTreeSet<&SourceName> = BTreeSet::new();
    for (document, index, tool) in library.tool_places().filter(|(_, _, tool)| wanted(&tool.name)) {
        let at = format!("/tools/{index}");
        // Nothing is known of it but its name.
        if document.lost(&at) {
            continue;
        }
        let sql = match &tool.kind {
            ToolKind::Sql(sql) => sql,
            ToolKind::Mcp(_) => continue,
            ToolKind::Http(http) => {
                found.extend(http::check(document, &at, tool, http));
                continue;
            }
        };
        if lost.contains(&sql.source) {
            continue;
        }
        let checked = if let Some(source) = toolbox.source(sql) {
            source.read(|connection| Ok(prepare(connection, tool, sql)))
        } else if toolbox.database(sql).is_some() {
            let params = || {
                let unread = postgres::check_parameters(tool, sql);
                Ok(unread.map(|unread| Prepared { columns: None, unread, doubts: Vec::new() }))
            };
            databases.0.remove(&tool.name).unwrap_or_else(params)
        } else {
            continue;
        };
        match checked {
            Ok(Ok(Prepared { columns: known, unread, doubts })) => {
                let query = format!("{at}/sql/query");
                found.extend(doubts.iter().map(|doubt| document.diagnostic(doubt, &query)));
                found.extend(unread.iter().map(|name| {
                    let message = format!("the query does not read param `{name}`");
                    Diagnostic::new("unused-param", message)
                        .help(format!("read `:{name}` in the query, or remove the param"))
                        .at(&document.file, document.key_span(&format!("{at}/params/{name}")))
                }));
                let Some(known) = known else { continue };
                found.extend(units_of_nothing(tool, &known).map(|(name, help)| {
                    let message = format!("the query gives no `{name}`");
                    Diagnostic::new("unknown-field", message)
                        .help(help)
                        .at(&document.file, document.key_span(&format!("{at}/units/{name}")))
                }));
                columns.insert(tool.name.clone(), known);
            }
            // A param that is at fault itself is not missing.
            Ok(Err(problem))
                if problem.code == "sql-param" && document.lacks(&format!("{at}/params")) => {}
            Ok(Err(problem)) => {
                found.push(document.diagnostic(&problem, &format!("{at}/sql/query")));
            }
            Err(error) => {
                lost.insert(&sql.source);
                found.extend(library.project.as_ref().map(|project| {
                    let fault = error.fault();
                    let code =
                        if fault.kind == "bad-csv" { "bad-csv" } else { "source-unavailable" };
                    let mut diagnostic = Diagnostic::new(code, fault.message)
                        .at(&project.file, project.span_of(&format!("/sources/{}", sql.source)));
                    diagnostic.help = fault.help;
                    diagnostic
                }));
            }
        }
    }
    library.columns = columns;
    found
}

/// The fields of `units` that the query does not give, with what it gives.
fn units_of_nothing<'t>(
    tool: &'t Tool,
    columns: &'t Columns,
) -> impl Iterator<Item = (&'t String, String)> {
    let known = move |name: &String| columns.iter().any(|(column, _)| column == name);
    // The unit of a single value is told by any name.
    let several = tool.returns != Returns::Value;
    tool.units.keys().filter(move |name| several && !known(name)).map(move |name| {
        (name, suggest(name, columns.iter().map(|(column, _)| column.as_str()), "columns"))
    })
}

/// Prepares a tool's query. Faults have their place in the text of the query.
fn prepare(connection: &Connection, tool: &Tool, sql: &Sql) -> Result<Prepared, Problem> {
    let query = &sql.query;
    let mut statements = Batch::new(connection, query);
    let first = statements.next().map_err(|error| fault(connection, query, &error))?;
    let Some(statement) = first else {
        return Err(at(query, None, "sql-syntax", "the query is empty", "write one `select`"));
    };
    if !statement.readonly() || statement.column_count() == 0 {
        let message = "the query reads nothing";
        return Err(at(query, None, "sql-writes", message, "tools only read: write one `select`"));
    }
    let written = (1..=statement.parameter_count())
        .map(|index| statement.parameter_name(index).unwrap_or("?").to_owned());
    let unread = unread(written, tool, query)?;
    let columns = columns(&statement);
    drop(statement);
    if !matches!(statements.next(), Ok(None)) {
        let message = "the query holds more than one statement";
        return Err(at(query, None, "sql-syntax", message, "make it two tools"));
    }
    let doubts = super::sums::of_texts(connection, query);
    fit(tool, query, columns, unread).map(|prepared| Prepared { doubts, ..prepared })
}

/// Holds the columns of a query against what the tool says it returns.
pub(super) fn fit(
    tool: &Tool,
    query: &str,
    columns: Columns,
    unread: Vec<String>,
) -> Result<Prepared, Problem> {
    if let Some(name) = query::repeated(columns.iter().map(|(name, _)| name)) {
        let message = format!("two columns are named `{name}`");
        return Err(at(query, Some(name), "sql-syntax", &message, "name one of them with `as`"));
    }
    if tool.returns == Returns::Value && columns.len() != 1 {
        let message =
            format!("the query gives {} columns, and `returns: value` wants one", columns.len());
        return Err(at(
            query,
            None,
            "several-columns",
            &message,
            "select one, or say `returns: row`",
        ));
    }
    Ok(Prepared { columns: Some(columns), unread, doubts: Vec::new() })
}

/// The params of a tool that its query does not read. What the query reads, the tool has to declare.
pub(super) fn unread(
    written: impl IntoIterator<Item = String>,
    tool: &Tool,
    query: &str,
) -> Result<Vec<String>, Problem> {
    let mut unread: Vec<String> = tool.params.keys().cloned().collect();
    for written in written {
        let written = written.as_str();
        let Some(name) = written.strip_prefix(':') else {
            let message =
                format!("the query has a parameter `{written}` that no param can fill in");
            let help = "parameters are written `:name`, and `params` declares them";
            return Err(at(query, Some(written), "sql-param", &message, help));
        };
        if !tool.params.contains_key(name) {
            let message = format!("the query reads `:{name}`, which `params` does not declare");
            let help = if tool.params.is_empty() {
                format!("add it below `params:`, as in `{name}: {{type: string}}`")
            } else {
                suggest(name, tool.params.keys().map(String::as_str), "params")
            };
            return Err(at(query, Some(written), "sql-param", &message, &help));
        }
        unread.retain(|param| param != name);
    }
    Ok(unread)
}

/// Whether a column of this declared type holds texts.
pub(super) fn is_text(declared: &str) -> bool {
    let declared = declared.to_ascii_lowercase();
    ["char", "text", "clob"].iter().any(|word| declared.contains(word))
}

fn columns(statement: &Statement<'_>) -> Columns {
    let kind = |declared: Option<&str>| {
        let declared = declared.unwrap_or_default().to_ascii_lowercase();
        match declared.as_str() {
            "" => Type::Any,
            d if is_text(d) => Type::Text,
            d if ["int", "real", "floa", "doub", "dec", "num"]
                .iter()
                .any(|word| d.contains(word)) =>
            {
                Type::NUMBER
            }
            _ => Type::Any,
        }
    };
    statement.columns().map(|column| (column.name().to_owned(), kind(column.decl_type()))).collect()
}

/// What SQLite says, as a fault of the query.
fn fault(connection: &Connection, query: &str, error: &rusqlite::Error) -> Problem {
    let denied = error.sqlite_error_code() == Some(ErrorCode::AuthorizationForStatementDenied);
    let (message, offset) = match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => {
            (msg.clone(), usize::try_from(*offset).ok())
        }
        rusqlite::Error::SqliteFailure(_, Some(message)) => (message.clone(), None),
        other => (other.to_string(), None),
    };
    let after = |words: &str| message.strip_prefix(words).map(|name| name.trim().to_owned());
    if let Some(function) =
        after("not authorized to use function:").or_else(|| after("no such function:"))
    {
        let message = format!("there is no function `{function}` in queries");
        let help = suggest(&function, FUNCTIONS.iter().copied(), "functions");
        return at(query, Some(&function), "sql-function", &message, &help);
    }
    if denied {
        let message = "the query would do more than read";
        return at(query, None, "sql-writes", message, "tools only read: write one `select`");
    }
    if let Some(table) = after("no such table:") {
        let known = tables(connection);
        let help = suggest(&table, known.iter().map(String::as_str), "tables");
        return at(
            query,
            Some(&table),
            "unknown-table",
            &format!("there is no table `{table}`"),
            &help,
        );
    }
    if let Some(column) = after("no such column:") {
        let column = column.split(" - ").next().unwrap_or(&column).to_owned();
        let bare = column.rsplit('.').next().unwrap_or(&column).to_owned();
        let known = columns_of_tables(connection, query);
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in &known {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let help = suggest(&bare, names, "columns");
        let mut problem = at(
            query,
            Some(&column),
            "unknown-column",
            &format!("there is no column `{column}`"),
            &help,
        );
        if let Some(offset) = offset {
            (problem.line, problem.column) = line_and_column(query, offset);
        }
        return problem;
    }
    let help = "correct the query; it is SQLite's SQL";
    match offset {
        Some(offset) => at_offset(query, offset, "sql-syntax", &message, help),
        None => at(query, None, "sql-syntax", &message, help),
    }
}

/// A fault at a place of the query that a database names; it is as wide as the word there.
pub(super) fn at_offset(
    query: &str,
    offset: usize,
    code: &'static str,
    message: &str,
    help: &str,
) -> Problem {
    let (line, column) = line_and_column(query, offset);
    let rest = query.get(offset..).unwrap_or_default();
    let width = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').count().max(1);
    Problem { code, message: message.to_owned(), help: Some(help.to_owned()), line, column, width }
}

/// A fault at the first occurrence of a word of the query; at its beginning where there is none.
pub(super) fn at(
    query: &str,
    word: Option<&str>,
    code: &'static str,
    message: &str,
    help: &str,
) -> Problem {
    let found = word.and_then(|word| occurrence(query, word).map(|offset| (offset, word)));
    let start = query.len() - query.trim_start().len();
    let (offset, width) = if let Some((offset, word)) = found {
        (offset, word.chars().count())
    } else {
        let first = query.split_whitespace().next().unwrap_or_default();
        (start, first.chars().count().max(1))
    };
    let (line, column) = line_and_column(query, offset);
    Problem { code, message: message.to_owned(), help: Some(help.to_owned()), line, column, width }
}

/// Where a word stands as a word of its own.
fn occurrence(query: &str, word: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    query.match_indices(word).map(|(offset, _)| offset).find(|offset| {
        let before = query.get(..*offset).and_then(|text| text.chars().next_back());
        let after = query.get(offset + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

fn tables(connection: &Connection) -> Vec<String> {
    names(
        connection,
        "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite!_%' escape '!' order by name",
    )
}

/// The columns of the tables that the query names, with their declared types; of all tables where it names none that exist.
pub(super) fn columns_of_tables(connection: &Connection, query: &str) -> Vec<(String, String)> {
    let all = tables(connection);
    let lower = query.to_ascii_lowercase();
    let named: Vec<&String> = all
        .iter()
        .filter(|table| occurrence(&lower, &table.to_ascii_lowercase()).is_some())
        .collect();
    let tables = if named.is_empty() { all.iter().collect() } else { named };
    let mut found = Vec::new();
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        if let Ok(statement) = connection.prepare(&format!("select * from \"{quoted}\"")) {
            found.extend(statement.columns().map(|column| {
                (column.name().to_owned(), column.decl_type().unwrap_or_default().to_owned())
            }));
        }
    }
    found
}

fn names(connection: &Connection, query: &str) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        connection.prepare(query)?.query_map([], |row| row.get(0))?.collect()
    };
    read().unwrap_or_default()
}
