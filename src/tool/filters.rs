//! What queries filter by: the words of their SQL that stand beside a comparison. It is a guess by the text alone, which can
//! cost an index that nobody uses, and never a wrong answer.

use std::collections::BTreeSet;

/// What SQL is made of, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A name or a keyword, in lower case and without quotes.
    Word(String),
    /// `=`, `<`, `>`, `<=` or `>=`.
    Comparison,
    /// Anything else.
    Other(char),
}

/// The words that a query compares, and the tables that it may read: all of its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    compared: BTreeSet<String>,
    all: BTreeSet<String>,
}

impl Words {
    pub(super) fn of(query: &str) -> Self {
        let tokens = tokens(query);
        let mut words = Self::default();
        // Inside of `using (...)`, every name is compared.
        let mut using = false;
        for (index, token) in tokens.iter().enumerate() {
            let near = |distance: usize| tokens.get(index + distance);
            match token {
                Token::Word(word) => {
                    words.all.insert(word.clone());
                    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
                    // Of `t.name`, what stands before it counts.
                    let before = match before {
                        Some(Token::Other('.')) => index.checked_sub(3).and_then(|b| tokens.get(b)),
                        other => other,
                    };
                    let leads = near(1).is_some_and(is_test);
                    let follows = before == Some(&Token::Comparison)
                        && !matches!(near(1), Some(Token::Other('.' | '(')));
                    if leads || follows || using {
                        words.compared.insert(word.clone());
                    }
                    using = word == "using" || using;
                }
                Token::Other(')') => using = false,
                Token::Comparison | Token::Other(_) => {}
            }
        }
        words
    }

    /// Whether the query may read a table.
    pub(super) fn reads(&self, table: &str) -> bool {
        self.all.contains(&table.to_lowercase())
    }

    /// Whether it may filter by a column.
    pub(super) fn compares(&self, column: &str) -> bool {
        self.compared.contains(&column.to_lowercase())
    }
}

/// Whether what stands here tests what stood before it, in a way that an index helps with.
fn is_test(token: &Token) -> bool {
    match token {
        Token::Comparison => true,
        Token::Word(word) => matches!(word.as_str(), "in" | "between" | "is"),
        Token::Other(_) => false,
    }
}

fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let after = |mark: &str, from: usize| {
            let tail = rest.get(from..).unwrap_or_default();
            tail.find(mark).map_or(rest.len(), |at| from + at + mark.len())
        };
        let taken = match first {
            '-' if rest.starts_with("--") => after("\n", 2),
            '/' if rest.starts_with("/*") => after("*/", 2),
            '\'' => {
                tokens.push(Token::Other(first));
                after("'", 1)
            }
            '"' | '`' | '[' => {
                let end = after(if first == '[' { "]" } else { rest.get(..1).unwrap_or("\"") }, 1);
                let name = rest.get(1..end.saturating_sub(1)).unwrap_or_default();
                tokens.push(Token::Word(name.to_lowercase()));
                end
            }
            // A parameter is no name.
            ':' | '@' | '$' | '?' => {
                tokens.push(Token::Other(first));
                first.len_utf8() + word(rest.get(1..).unwrap_or_default())
            }
            '<' if rest.starts_with("<>") => {
                tokens.push(Token::Other('!'));
                2
            }
            '!' if rest.starts_with("!=") => {
                tokens.push(Token::Other('!'));
                2
            }
            '=' | '<' | '>' => {
                tokens.push(Token::Comparison);
                1 + rest.get(1..).unwrap_or_default().chars().take_while(|c| *c == '=').count()
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = word(rest);
                tokens.push(Token::Word(rest.get(..end).unwrap_or_default().to_lowercase()));
                end
            }
            c if c.is_whitespace() => c.len_utf8(),
            // Digits of a number, too: what matters is that no name stands here.
            other => {
                tokens.push(Token::Other(other));
                if other.is_ascii_digit() { word(rest) } else { other.len_utf8() }
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    tokens
}

/// The length of the word that a text begins with.
fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_beside_a_comparison_are_found() {
        let cases = [
            ("select a from t where b = :c", "b"),
            ("select a from t where :c = t.b and c<>1 and d != 2", "b"),
            (
                "select a as b from t -- where c = 1\nwhere \"d\" >= 'e = f' and g in (1) or h between 2 and 3",
                "d g h",
            ),
            (
                "select a from t join u on t.b = u.c where lower(d) = 'x' and max(e) > 1 /* f = 1 */",
                "b c",
            ),
            ("select a from t join u using (b, c) where [d] is null and `e`==1", "b c d e"),
            ("select sum(a) from t where 1 < f and g like 'x' group by h order by i", "f"),
        ];
        for (query, columns) in cases {
            let words = Words::of(query);
            let all = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
            let found: Vec<&str> = all.into_iter().filter(|name| words.compares(name)).collect();
            assert_eq!(found.join(" "), columns, "{query}");
            assert!(words.reads("T") && !words.reads("other"), "{query}");
        }
        for strange in ["'", "\"", "[", "/*", "é = ü", "1.5e3 = x", "$", ""] {
            Words::of(strange);
        }
    }
}
