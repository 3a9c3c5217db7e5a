//! Lines that begin too far left or right.

use super::lines::{Line, is_block_header};
use super::{Scene, Suspicion};
use crate::diagnostic::Span;

/// Spaces by which what is inside goes beyond what is around it.
const STEP: usize = 2;

/// Text of a block (`prompt: |`) that begins left of the block.
pub(super) fn blocks(scene: &Scene<'_>) -> Option<Suspicion> {
    let line = scene.line(scene.fault).filter(|line| line.is_free())?;
    let (number, above) = scene.above(scene.fault).and_then(|n| Some((n, scene.line(n)?)))?;
    let (to, key) = if above.in_block {
        let header = scene.lines.get(..number)?.iter().rposition(|line| !line.in_block)?;
        let first = scene.line(header + 1)?;
        let parts = scene.line(header)?.parts();
        if line.indent > parts.start && number == header + 1 {
            return (line.indent < first.indent).then(|| Suspicion {
                message: "the first line of this text begins right of the others".to_owned(),
                help: format!("begin it at column {}, as the lines below do", line.indent + 1),
                ..at(header + 1, first, line.indent)
            });
        }
        let below = scene.line(scene.fault + 1)?;
        let goes_on = below.indent >= first.indent || line.parts().key.is_none();
        (goes_on.then_some(first.indent)?, parts.key)
    } else {
        let parts = above.parts();
        parts.value.filter(|(_, value)| is_block_header(value))?;
        (parts.start + STEP, parts.key)
    };
    let key = key.unwrap_or("-");
    (line.indent < to).then(|| Suspicion {
        message: format!("the text below `{key}` is not indented"),
        help: format!("begin every line of the text at column {}", to + 1),
        ..at(scene.fault, line, to)
    })
}

/// A line that would be right at another column, where lines above begin.
pub(super) fn suspicions(scene: &Scene<'_>) -> Vec<Suspicion> {
    let mut found = Vec::new();
    for (number, line) in scene.near().filter(|(_, line)| line.is_free()) {
        let mut columns: Vec<(usize, usize, &str)> = Vec::new();
        let above = scene.lines.iter().enumerate().take(number).rev();
        for (other, above) in above.filter(|(_, line)| line.is_free()).take(40) {
            let parts = above.parts();
            let name = parts.key.unwrap_or("-");
            for (column, name) in [(parts.start, name), (above.indent, "-")] {
                let known = columns.iter().any(|(known, _, _)| *known == column);
                if !known && column != line.indent && (column == parts.start || name == "-") {
                    columns.push((column, other, name));
                }
            }
        }
        columns.sort_by_key(|(column, _, _)| column.abs_diff(line.indent));
        found.extend(columns.into_iter().take(4).map(|(column, other, name)| Suspicion {
            message: "this line begins at a column where nothing can begin".to_owned(),
            help: format!(
                "begin it at column {}, as `{name}` of line {} does",
                column + 1,
                other + 1
            ),
            ..at(number, line, column)
        }));
        // The first of several keys may be the one that is wrong.
        if number == scene.fault
            && let Some((number, first)) =
                scene.above(number).and_then(|n| Some((n, scene.line(n)?)))
            && first.is_free()
            && first.indent != line.indent
        {
            let column = line.indent + 1;
            found.push(Suspicion {
                message: "this line begins at another column than those below it".to_owned(),
                help: format!("begin it at column {column}, as line {} does", scene.fault + 1),
                ..at(number, first, line.indent)
            });
        }
        if line.parts().key.is_none()
            && let Some(above) = scene.above(number).and_then(|number| scene.line(number))
            && let Some(key) = above.parts().key
        {
            found.push(Suspicion {
                message: format!("the text of `{key}` goes on here without being indented"),
                help: format!(
                    "begin it at column {}, or put it on one line",
                    above.parts().start + STEP + 1
                ),
                ..at(number, line, above.parts().start + STEP)
            });
        }
    }
    found
}

/// The mend that moves a line to another column.
fn at(number: usize, line: &Line<'_>, column: usize) -> Suspicion {
    let content = line.text.trim_start();
    Suspicion {
        message: String::new(),
        help: String::new(),
        span: Span::on_line(number + 1, line.indent + 1, content.chars().count()),
        edits: vec![(number, [" ".repeat(column).as_str(), content].concat())],
    }
}
