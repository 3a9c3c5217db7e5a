//! The ways into the parser of templates. It follows an expression as deep as it goes and would run out of stack, so
//! nothing gets to it that is longer than anybody writes.

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{self, Token};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Error, ErrorKind};

/// Operators, names and brackets that one expression may hold, and `elif`s that one text may.
const MOST: usize = 500;

/// The syntax tree of a text with templates.
pub(super) fn parse(source: &str) -> Result<Stmt<'_>, Error> {
    bounded(source, false)?;
    machinery::parse(source, "", SyntaxConfig::default())
}

/// The syntax tree of a bare expression.
pub(super) fn parse_expr(source: &str) -> Result<Expr<'_>, Error> {
    bounded(source, true)?;
    machinery::parse_expr(source)
}

fn bounded(source: &str, bare: bool) -> Result<(), Error> {
    let (mut length, mut branches) = (0, 0);
    let tokens = machinery::tokenize(source, bare, SyntaxConfig::default());
    for (token, _) in tokens.map_while(Result::ok) {
        match token {
            Token::TemplateData(_) | Token::VariableStart | Token::BlockStart => length = 0,
            // A list of values is long without being deep.
            Token::Comma | Token::Str(_) | Token::String(_) | Token::Int(_) | Token::Float(_) => {}
            Token::Ident("elif") => branches += 1,
            _ => length += 1,
        }
        if length.max(branches) > MOST {
            let message = format!(
                "an expression of more than {MOST} names and operators is too long: split it over `compute` steps"
            );
            return Err(Error::new(ErrorKind::SyntaxError, message));
        }
    }
    Ok(())
}
