//! Figures in Markdown tables: the header names the column and the first cell the row, so both say whose value a cell holds.
//!
//! ```text
//! | Channel | Spend | ROAS |        | Metric | Email | TikTok |        | Field | Value |
//! | email   |  ...  |  ... |        | Spend  |  ...  |  ...   |        | Spend |  ...  |
//! ```
//!
//! A header with a word that no field has (`Spend 2024`, `Share of spend`) names nothing, and the row alone is checked.

use super::glue::tells_nothing;
use super::naming::{fits, is};
use super::numbers::Figure;
use super::operands::{Operand, UNITS};
use super::sentence::{Sentence, alike, same};

/// Headers of tables that have a field in each row.
const GENERIC: &[&str] =
    &["value", "amount", "figure", "result", "number", "total", "usd", "current", "actual"];

/// What the place of a figure in a table says of it.
pub(super) enum Cell<'o> {
    /// It is the value of that row and column.
    Right(&'o Operand),
    /// The row and column have another value, or it is of another row.
    Wrong {
        /// What should stand there.
        expected: Option<&'o Operand>,
        found: &'o Operand,
        /// What the row is named.
        row: String,
    },
}

/// Looks at the cell of a figure that some operand is; none outside of tables and where the cell names nothing.
pub(super) fn cell<'o>(text: &str, figure: &Figure, operands: &'o [Operand]) -> Option<Cell<'o>> {
    let (row, column) = names(text, figure.range.start)?;
    let found: Vec<&Operand> = operands.iter().filter(|operand| is(operand, figure)).collect();
    let first = *found.first()?;
    let fitting: Vec<&Operand> =
        operands.iter().filter(|operand| !operand.total && fits(operand, figure)).collect();
    let generic =
        column.is_empty() || words(&column).iter().all(|word| GENERIC.contains(&word.as_str()));
    // The header names the fields and the first cell the rows, or the other way round.
    let by_column = if generic { Vec::new() } else { of_field(&column, &fitting) };
    let by_row = if by_column.is_empty() { of_field(&row, &fitting) } else { Vec::new() };
    let (fields, rows) = if by_column.is_empty() && !by_row.is_empty() {
        (by_row, if generic { Vec::new() } else { of_row(&column, &fitting) })
    } else {
        (by_column, of_row(&row, &fitting))
    };
    let within = |operand: &&&Operand, list: &[&Operand]| {
        list.iter().any(|one| std::ptr::eq(**operand, *one))
    };
    let wrong = |expected| Some(Cell::Wrong { expected, found: first, row: row.clone() });
    let right: Vec<&Operand> = fields.iter().filter(|one| within(one, &rows)).copied().collect();
    if let Some(expected) = right.first() {
        return match right.iter().find(|operand| is(operand, figure)) {
            Some(operand) => Some(Cell::Right(operand)),
            None => wrong(Some(*expected)),
        };
    }
    // Of totals and of single objects nobody says which row they are.
    let of_rows = found.iter().all(|operand| operand.is_row());
    if !rows.is_empty() {
        let is_there = !of_rows || found.iter().any(|operand| within(&operand, &rows));
        return if is_there { None } else { wrong(None) };
    }
    if !fields.is_empty() && fields.iter().all(|operand| !operand.is_row()) {
        return match fields.iter().find(|operand| is(operand, figure)) {
            Some(operand) => Some(Cell::Right(operand)),
            None => wrong(fields.first().copied()),
        };
    }
    None
}

/// What names the row and the column of the cell at a place; the column is empty without a header.
fn names(text: &str, at: usize) -> Option<(String, String)> {
    let (before, after) = (text.get(..at)?, text.get(at..)?);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = after.find('\n').map_or(text.len(), |end| at + end);
    let line = text.get(start..end)?;
    let bars = text.get(start..at)?.matches('|').count();
    let column = bars.checked_sub(usize::from(line.trim_start().starts_with('|')))?;
    if column == 0 {
        return None;
    }
    let row = cells(line).next()?;
    let above = before.get(..start)?.lines().rev().take_while(|line| line.contains('|'));
    let mut above = above.skip_while(|line| !is_rule(line));
    let header = above.nth(1).and_then(|header| cells(header).nth(column));
    // Without a header a bar may be any sign.
    (header.is_some() || line.trim_start().starts_with('|'))
        .then(|| (row, header.unwrap_or_default()))
}

/// The cells of a line, without marks of Markdown.
fn cells(line: &str) -> impl Iterator<Item = String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    line.split('|').map(|cell| cell.trim().trim_matches(['*', '_', '`', ' ']).to_lowercase())
}

/// `|---|:--:|`
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':') || c.is_whitespace())
}

/// The words of a cell that tell something.
fn words(cell: &str) -> Vec<String> {
    let words = cell.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).filter(|word| !tells_nothing(word)).collect()
}

/// The values whose field a cell names: by all words where there are such, else by some of them.
fn of_field<'o>(cell: &str, operands: &[&'o Operand]) -> Vec<&'o Operand> {
    let mut said = words(cell);
    if said.len() > 1 {
        said.retain(|word| !UNITS.contains(&word.as_str()));
    }
    if said.is_empty() {
        return Vec::new();
    }
    let part = |operand: &&&Operand| {
        said.iter().all(|word| operand.words.iter().any(|name| same(word, name)))
    };
    let whole = |operand: &&&Operand| {
        operand.words.iter().all(|name| said.iter().any(|word| same(word, name)))
    };
    let parts: Vec<&Operand> = operands.iter().filter(part).copied().collect();
    let wholes: Vec<&Operand> = parts.iter().filter(whole).copied().collect();
    if wholes.is_empty() { parts } else { wholes }
}

/// The values whose row a cell names: by a whole text of it where there is one, else by the longest that the cell holds.
fn of_row<'o>(cell: &str, operands: &[&'o Operand]) -> Vec<&'o Operand> {
    let sentence = Sentence::of(cell);
    let said = words(cell);
    let is_whole = |label: &String| {
        let own = words(label);
        let is_time = label.starts_with(|c: char| c.is_ascii_digit());
        sentence.labels(label)
            && (is_time || said.iter().all(|word| own.iter().any(|part| alike(part, word))))
    };
    let rows = || operands.iter().filter(|operand| operand.is_row()).copied();
    let whole: Vec<&Operand> = rows().filter(|row| row.labels.iter().any(is_whole)).collect();
    if !whole.is_empty() {
        return whole;
    }
    let length = |row: &&Operand| {
        row.labels.iter().filter(|label| sentence.labels(label)).map(String::len).max()
    };
    let longest = rows().filter_map(|row| length(&row)).max();
    rows().filter(|row| longest.is_some() && length(row) == longest).collect()
}
