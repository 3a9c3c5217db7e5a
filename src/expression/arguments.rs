//! Arguments of filters that can be told to be wrong before anything runs: they are tried out.

use std::collections::BTreeMap;

use minijinja::machinery::ast::{CallArg, Filter};
use minijinja::{Error, ErrorKind, Value};

use super::environment::environment;
use super::guide::filter_help;

/// Values by name.
type Given = BTreeMap<String, Value>;

/// What is wrong with the arguments of a filter; none where they fit some value, or depend on what a run reads.
pub(super) fn fault(filter: &Filter<'_>) -> Option<String> {
    // What a text is filled with by `format` depends on the text.
    if filter.name == "format" {
        return None;
    }
    let (mut written, mut given) = (Vec::new(), Given::new());
    for (number, argument) in filter.args.iter().enumerate() {
        let (CallArg::Pos(expression) | CallArg::Kwarg(_, expression)) = argument else {
            return None;
        };
        let name = format!("a{number}");
        given.insert(name.clone(), expression.as_const()?);
        written.push(match argument {
            CallArg::Kwarg(keyword, _) => format!("{keyword}={name}"),
            _ => name,
        });
    }
    let written = written.join(", ");
    let samples = [1.into(), "a".into(), Value::from(Vec::<i64>::new()), Value::from(Given::new())];
    let attempts =
        samples.map(|sample| tried(filter.name, &written, &given, &sample).map(|e| (sample, e)));
    let faults: Vec<(Value, Error)> = attempts.into_iter().collect::<Option<_>>()?;
    let counted = faults.iter().find(|(_, error)| {
        matches!(error.kind(), ErrorKind::MissingArgument | ErrorKind::TooManyArguments)
    });
    // Where the filter takes the value without them, they are what it does not take.
    let (_, error) = counted.or_else(|| {
        let none = Given::new();
        faults.iter().find(|(sample, _)| {
            !written.is_empty() && tried(filter.name, "", &none, sample).is_none()
        })
    })?;
    Some(match (error.kind(), error.detail()) {
        (ErrorKind::MissingArgument, None) => "an argument is missing".to_owned(),
        (ErrorKind::TooManyArguments, None) => "there are too many arguments".to_owned(),
        (kind, None) => kind.to_string(),
        (_, Some(detail)) => detail.to_owned(),
    })
}

/// What comes of a filter, if it fails.
fn tried(name: &str, written: &str, given: &Given, sample: &Value) -> Option<Error> {
    let mut given = given.clone();
    given.insert("value".to_owned(), sample.clone());
    let source = format!("value|{name}({written})");
    let expression = environment().compile_expression(&source);
    expression.and_then(|e| e.eval(given).map(drop)).err()
}

/// How a filter is written with its arguments.
pub(super) fn usage(name: &str) -> String {
    match name {
        "usd" | "number" | "percent" | "ratio" | "round" => {
            format!("its one argument is a number of decimals: `value | {name}(2)`")
        }
        name => filter_help(name).map_or_else(
            || "remove what it does not take".to_owned(),
            |help| format!("{} Write it as in `{}`", help.summary, help.example),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::analyse_expression;

    #[test]
    fn arguments_that_fit_no_value_are_found_and_others_are_left_alone() {
        for (expression, wrong) in [
            ("params.x | round('two')", true),
            ("params.x | round(1, 2, 3)", true),
            ("params.x | usd(decimals=2)", true),
            ("params.x | percent('x')", true),
            ("params.x | replace('a')", true),
            ("params.x | month(2)", true),
            ("params.x | table(['a'])", true),
            ("params.x | round", false),
            ("params.x | round(2)", false),
            ("params.x | usd(params.x)", false),
            ("params.x | table(columns=['a'])", false),
            ("params.x | selectattr('a', 'gt', 3)", false),
            ("params.x | map('round', 2) | list", false),
            ("params.x | default('none') | replace('a', 'b')", false),
            ("'%s of %s' | format(params.x, 2)", false),
            ("params.x | tojson(indent=2)", false),
            ("params.x | dictsort(by='value', reverse=true)", false),
            ("params.x | groupby('a')", false),
            ("params.x | sort(attribute='a')", false),
            ("params.x | batch(2, '-')", false),
            ("params.x | zip([1, 2])", false),
            ("params.x | attr('a')", false),
            ("params.x | slice(2)", false),
            ("params.x | split(',', 1)", false),
            ("params.x | indent(2, true)", false),
            ("params.x | bool", false),
            ("params.x | chain([1])", false),
        ] {
            let codes: Vec<&str> =
                analyse_expression(expression).problems.iter().map(|p| p.code).collect();
            let found: &[&str] = if wrong { &["filter-argument"] } else { &[] };
            assert_eq!(codes, found, "{expression}");
        }
    }
}
