//! `sums-text`: a query of SQLite that sums a column of texts, which gives 0 and no fault.

use rusqlite::Connection;

use super::check::{at_offset, columns_of_tables, is_text};
use crate::expression::Problem;

/// The functions that reckon.
const SUMS: [&str; 3] = ["sum", "avg", "total"];

/// The sums of columns that are texts in every table of the query that has them.
pub(super) fn of_texts(connection: &Connection, query: &str) -> Vec<Problem> {
    let sums = sums(query);
    if sums.is_empty() {
        return Vec::new();
    }
    let columns = columns_of_tables(connection, query);
    let texts = |name: &str| {
        let mut known =
            columns.iter().filter(|(column, _)| column.eq_ignore_ascii_case(name)).peekable();
        known.peek().is_some() && known.all(|(_, declared)| is_text(declared))
    };
    let lower = query.to_ascii_lowercase();
    // What the query itself gives the name may be anything.
    let renamed = |name: &str| {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let mut behind = lower.split(" as ").skip(1).map(str::trim_start);
        behind.any(|rest| {
            rest.split(|c| !part(c)).next().is_some_and(|it| it.eq_ignore_ascii_case(name))
        })
    };
    let found = sums.into_iter().filter(|(_, name, _)| texts(name) && !renamed(name));
    found
        .map(|(function, name, offset)| {
            let message = format!("`{name}` is a column of texts: `{function}` takes each for 0");
            let help = format!("{function} a column of numbers; `count(*)` counts rows, and `cast({name} as real)` reads numbers that stand in texts");
            at_offset(query, offset, "sums-text", &message, &help)
        })
        .collect()
}

/// The sums of a single column: the function, the column, and where it stands in the query.
fn sums(query: &str) -> Vec<(&'static str, &str, usize)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let lower = query.to_ascii_lowercase();
    let mut found = Vec::new();
    for function in SUMS {
        for (at, _) in lower.match_indices(function) {
            let before = lower.get(..at).and_then(|text| text.chars().next_back());
            let open = at + function.len();
            let Some(inside) =
                query.get(open..).and_then(|rest| rest.trim_start().strip_prefix('('))
            else {
                continue;
            };
            let Some((argument, _)) = inside.split_once(')') else { continue };
            let name = argument.trim().trim_matches(['"', '`']);
            let column = name.rsplit('.').next().unwrap_or(name).trim_matches(['"', '`']);
            let plain =
                !column.is_empty() && name.chars().all(|c| part(c) || matches!(c, '.' | '"' | '`'));
            if before.is_some_and(part) || !plain {
                continue;
            }
            let begins = query.len() - inside.len();
            let offset = begins + argument.rfind(column).unwrap_or_default();
            found.push((function, column, offset));
        }
    }
    found.sort_by_key(|(_, _, offset)| *offset);
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_bare_columns_are_summed() {
        let query = "select sum(a), AVG ( t.b ), sum(a + 1), total(\"c\"), summary(d), sum(cast(e as real)), sum(1)";
        let found: Vec<(&str, &str, &str)> = super::sums(query)
            .into_iter()
            .map(|(function, column, offset)| {
                (function, column, query.get(offset..=offset).unwrap_or_default())
            })
            .collect();
        assert_eq!(
            found,
            [("sum", "a", "a"), ("avg", "b", "b"), ("total", "c", "c"), ("sum", "1", "1")]
        );
    }
}
