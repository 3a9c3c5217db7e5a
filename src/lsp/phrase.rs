//! What a cursor stands in within a template, an expression or a citation, told from the text around it.

/// A part of a text that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phrase {
    /// A dotted name, as far as the cursor's segment.
    Name {
        /// The segments before.
        path: Vec<String>,
        segment: Half,
        citation: bool,
    },
    /// Behind a `|`.
    Filter { segment: Half, citation: bool },
}

/// A word and where in it the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Half {
    pub(super) typed: String,
    pub(super) rest: String,
}

impl Half {
    pub(super) fn whole(&self) -> String {
        format!("{}{}", self.typed, self.rest)
    }
}

/// The phrase at a cursor. `expression` tells that the whole text is one, without braces around it.
pub(super) fn at(before: &str, after: &str, expression: bool) -> Option<Phrase> {
    let (inside, citation) = if expression {
        (before, false)
    } else if let Some(inside) = opened(before, &["{{", "{%"], &["}}", "%}"]) {
        (inside, false)
    } else {
        let line = before.rsplit('\n').next().unwrap_or(before);
        (opened(line, &["[["], &["]]"])?, true)
    };
    if in_quotes(inside) {
        return None;
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let head = inside.trim_end_matches(|c| is_name(c) || c == '.');
    let token = inside.get(head.len()..).unwrap_or_default();
    let rest: String = after.chars().take_while(|c| is_name(*c)).collect();
    let mut path: Vec<String> = token.split('.').map(str::to_owned).collect();
    let segment = Half { typed: path.pop().unwrap_or_default(), rest };
    let head = head.trim_end();
    if path.is_empty() && head.ends_with('|') && !head.ends_with("||") {
        return Some(Phrase::Filter { segment, citation });
    }
    // A number, or a word behind a value that is no name.
    let odd = path
        .first()
        .is_some_and(|first| !first.starts_with(|c: char| is_name(c) && !c.is_numeric()));
    (!odd).then_some(Phrase::Name { path, segment, citation })
}

/// What stands behind the last opening mark, if it is not closed.
fn opened<'t>(text: &'t str, open: &[&str], close: &[&str]) -> Option<&'t str> {
    let start = open.iter().filter_map(|mark| Some(text.rfind(mark)? + mark.len())).max()?;
    let inside = text.get(start..)?;
    (!close.iter().any(|mark| inside.contains(mark))).then_some(inside)
}

/// Whether the end of an expression is inside of a literal text.
fn in_quotes(text: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(_) | None => {}
        }
    }
    quote.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phrase_at_a_cursor_is_found() {
        for (marked, expression, found) in [
            ("{{ ¦ }}", false, "|"),
            ("{{ steps.a.out¦put }}", false, "steps.a.out|put"),
            ("{{ x }} ¦", false, "nothing"),
            ("text ¦", false, "nothing"),
            ("{{ x | us¦d }}", false, "filter us|d"),
            ("{{ x |¦", false, "filter |"),
            ("{% if a and b.c¦", false, "b.c|"),
            ("{{ 'steps.¦' }}", false, "nothing"),
            ("{{ f(a, 'x').y¦ }}", false, "nothing"),
            ("x [[steps.a.¦]]", false, "cite steps.a.|"),
            ("[[steps.a | ¦", false, "cite filter |"),
            ("[[steps\n ¦", false, "nothing"),
            ("a + steps.¦ > 0", true, "steps.|"),
            ("1.5¦", true, "nothing"),
        ] {
            let (before, after) = marked.split_once('¦').unwrap();
            let told = match at(before, after, expression) {
                None => "nothing".to_owned(),
                Some(Phrase::Name { path, segment: Half { typed, rest }, citation }) => {
                    let path = [path.as_slice(), &[typed]].concat().join(".");
                    format!("{}{path}|{rest}", if citation { "cite " } else { "" })
                }
                Some(Phrase::Filter { segment: Half { typed, rest }, citation }) => {
                    format!("{}filter {typed}|{rest}", if citation { "cite " } else { "" })
                }
            };
            assert_eq!(told, found, "{marked}");
        }
    }
}
