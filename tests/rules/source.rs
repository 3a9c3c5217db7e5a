//! Reads Rust source just far enough to judge it: tokens without comments and literals, and the
//! paths that start at a given root. It knows no types and expands no macro.

/// A word or a mark of the source, with the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A path as written, group by group taken apart: `a::{b, c::d}` gives `a::b` and `a::c::d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// The inline modules the path stands in, outermost first.
    pub(crate) inside: Vec<String>,
}

/// The tokens of a file. Comments, strings, characters, numbers and lifetimes leave no token;
/// `::` is one token, every other mark is a token of its own.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader { chars: source.chars().collect(), at: 0, line: 1 };
    let mut tokens = Vec::new();
    while let Some(c) = reader.peek(0) {
        let line = reader.line;
        match c {
            '/' if reader.peek(1) == Some('/') => reader.skip_while(|c| c != '\n'),
            '/' if reader.peek(1) == Some('*') => reader.skip_block_comment(),
            '"' => reader.skip_string(),
            '\'' => reader.skip_quote(),
            c if c.is_ascii_digit() => reader.skip_while(|c| c.is_alphanumeric() || c == '_'),
            c if is_word(c) => {
                let word = reader.word();
                let raw = matches!(word.as_str(), "r" | "br" | "cr");
                if !(raw && reader.skip_raw_string()) {
                    tokens.push(Token { text: word, line });
                }
            }
            ':' if reader.peek(1) == Some(':') => {
                reader.advance(2);
                tokens.push(Token { text: "::".to_owned(), line });
            }
            c => {
                reader.advance(1);
                if !c.is_whitespace() {
                    tokens.push(Token { text: c.to_string(), line });
                }
            }
        }
    }
    tokens
}

/// The tokens without the bodies of inline modules marked `#[cfg(test)]`.
pub(crate) fn without_test_modules(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(end) = end_of_test_module(tokens, at) {
            at = end;
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Every path that starts with one of `roots`, in `use` statements and elsewhere.
pub(crate) fn paths(tokens: &[Token], roots: &[&str]) -> Vec<Path> {
    let mut found = Vec::new();
    let mut modules: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = text(tokens, at + 1);
        let continues = at > 0 && text(tokens, at - 1) == "::" && at > 1 && {
            let before = text(tokens, at - 2);
            before == ">" || before.chars().all(is_word)
        };
        if roots.contains(&token.text.as_str()) && next == "::" && !continues {
            let inside: Vec<String> = modules.iter().map(|(name, _)| name.clone()).collect();
            at = branch(tokens, at, &[], &inside, &mut found);
            continue;
        }
        match token.text.as_str() {
            "mod" if text(tokens, at + 2) == "{" => modules.push((next.to_owned(), depth)),
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if modules.last().is_some_and(|(_, outer)| *outer == depth) {
                    modules.pop();
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads one branch of a use tree from `at`; returns where it ends.
fn branch(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    inside: &[String],
    found: &mut Vec<Path>,
) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    loop {
        let here = text(tokens, at);
        if here == "{" {
            at += 1;
            while !matches!(text(tokens, at), "}" | "") {
                let end = branch(tokens, at, &segments, inside, found);
                // `a as b` and the comma belong to no branch; stepping on also ends on odd input.
                at = end.max(at + usize::from(end == at));
                while matches!(text(tokens, at), "as" | ",") {
                    at += if text(tokens, at) == "as" { 2 } else { 1 };
                }
            }
            return at + 1;
        }
        if here != "*" && !here.chars().all(is_word) || here.is_empty() {
            break;
        }
        segments.push(here.to_owned());
        at += 1;
        let goes_on = text(tokens, at) == "::" && {
            let after = text(tokens, at + 1);
            after == "{" || after == "*" || after.chars().all(is_word)
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    found.push(Path { segments, line, inside: inside.to_vec() });
    at
}

/// Where the inline test module that starts at `at` ends, if one starts there.
fn end_of_test_module(tokens: &[Token], at: usize) -> Option<usize> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    if !mark.iter().enumerate().all(|(n, mark)| text(tokens, at + n) == *mark) {
        return None;
    }
    let mut here = at + mark.len();
    while text(tokens, here) == "#" {
        here = closing(tokens, here + 1, "[", "]");
    }
    (text(tokens, here) == "mod" && text(tokens, here + 2) == "{")
        .then(|| closing(tokens, here + 2, "{", "}"))
}

/// The place after the mark that closes the one at `at`.
fn closing(tokens: &[Token], at: usize, open: &str, close: &str) -> usize {
    let mut depth = 0_usize;
    for (n, token) in tokens.iter().enumerate().skip(at) {
        if token.text == open {
            depth += 1;
        } else if token.text == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return n + 1;
            }
        }
    }
    tokens.len()
}

/// The text of a token; empty past the end.
pub(crate) fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn advance(&mut self, count: usize) {
        for _ in 0..count {
            if self.peek(0) == Some('\n') {
                self.line += 1;
            }
            self.at += 1;
        }
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&keep) {
            self.advance(1);
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        self.skip_while(is_word);
        self.chars.iter().skip(start).take(self.at - start).collect()
    }

    /// Block comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.advance(2);
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.advance(2);
                }
                (None, _) => return,
                _ => self.advance(1),
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_string(&mut self) {
        self.advance(1);
        while let Some(c) = self.peek(0) {
            self.advance(if c == '\\' { 2 } else { 1 });
            if c == '"' {
                return;
            }
        }
    }

    /// A character (`'a'`, `'\n'`) or a lifetime (`'a`).
    fn skip_quote(&mut self) {
        if self.peek(1) == Some('\\') {
            self.advance(3);
            self.skip_while(|c| c != '\'');
            self.advance(1);
        } else if self.peek(2) == Some('\'') {
            self.advance(3);
        } else {
            self.advance(1);
            self.skip_while(is_word);
        }
    }

    /// Skips `"…"` or `#"…"#` after an `r`; says whether a string was there. A raw identifier
    /// loses its mark, so that `r#type` reads as `type`.
    fn skip_raw_string(&mut self) -> bool {
        let mut hashes = 0;
        while self.peek(hashes) == Some('#') {
            hashes += 1;
        }
        if self.peek(hashes) != Some('"') {
            let identifier = hashes == 1 && self.peek(1).is_some_and(is_word);
            self.advance(usize::from(identifier));
            return identifier;
        }
        self.advance(hashes + 1);
        while let Some(c) = self.peek(0) {
            self.advance(1);
            if c == '"' && (0..hashes).all(|n| self.peek(n) == Some('#')) {
                self.advance(hashes);
                break;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        tokens(source).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    fn found(source: &str, root: &str) -> Vec<String> {
        paths(&tokens(source), &[root]).iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn comments_and_literals_leave_no_token() {
        let source = "a // crate::x\n/* b /* c */ d */ e \"f \\\" g\" 'h' '\\'' 'i: j 1.0e5 r#\"k\"l\"# b\"m\"";
        assert_eq!(words(source), "a e : j . b");
    }

    #[test]
    fn raw_identifiers_and_line_numbers_are_kept() {
        assert_eq!(words("r#type x"), "type x");
        let lines: Vec<_> = tokens("a\n\"x\ny\"\nb").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 4]);
    }

    #[test]
    fn groups_are_taken_apart() {
        let source = "use crate::{self, a, b::{C as D, e::*}, f::g};";
        assert_eq!(
            found(source, "crate"),
            ["crate::self", "crate::a", "crate::b::C", "crate::b::e::*", "crate::f::g"]
        );
        assert_eq!(found("use {crate::a, std::b};", "crate"), ["crate::a"]);
    }

    #[test]
    fn paths_in_code_are_found() {
        assert_eq!(
            found("fn f(a: crate::b::C<crate::d::E>) {}", "crate"),
            ["crate::b::C", "crate::d::E"]
        );
        assert_eq!(
            found("x as crate::a::B; <crate::c::D as crate::e::F>::g()", "crate"),
            ["crate::a::B", "crate::c::D", "crate::e::F"]
        );
        assert_eq!(found("pub(crate) fn f() { $crate::a::b!() }", "crate"), ["crate::a::b"]);
        assert_eq!(found("other::std::fs; ::std::fs", "std"), ["std::fs"]);
    }

    #[test]
    fn inline_modules_are_remembered() {
        let source = "mod a { mod b { use super::c; } use super::d; } use super::e;";
        let inside: Vec<_> =
            paths(&tokens(source), &["super"]).iter().map(|path| path.inside.join("/")).collect();
        assert_eq!(inside, ["a/b", "a", ""]);
    }

    #[test]
    fn unfinished_source_ends() {
        assert_eq!(found("use crate::{a, b::{", "crate"), ["crate::a"]);
        assert_eq!(words("\"open"), "");
        assert_eq!(words("/* open"), "");
    }

    #[test]
    fn test_modules_are_left_out() {
        let source =
            "a #[cfg(test)] #[expect(x)] mod tests { fn f() { b } } c #[cfg(test)] mod t; d";
        let kept: Vec<_> =
            without_test_modules(&tokens(source)).into_iter().map(|token| token.text).collect();
        assert_eq!(kept.join(" "), "a c # [ cfg ( test ) ] mod t ; d");
    }
}
