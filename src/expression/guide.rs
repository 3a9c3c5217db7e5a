//! What filters do, for those who write them.

/// A filter, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterHelp {
    /// Its name.
    pub name: &'static str,
    /// What it does: a sentence.
    pub summary: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
    /// What that gives, as JSON.
    pub result: &'static str,
}

/// What a filter does.
pub fn filter_help(name: &str) -> Option<&'static FilterHelp> {
    GUIDE.iter().find(|help| help.name == name)
}

const fn help(
    name: &'static str,
    summary: &'static str,
    example: &'static str,
    result: &'static str,
) -> FilterHelp {
    FilterHelp { name, summary, example, result }
}

const GUIDE: &[FilterHelp] = &[
    help(
        "usd",
        "An amount of US dollars, in whole ones unless it is small.",
        "1234.5 | usd",
        r#""$1,235""#,
    ),
    help(
        "number",
        "A number with separators and at most two decimals.",
        "1234567.891 | number",
        r#""1,234,567.89""#,
    ),
    help("percent", "A ratio as a percentage.", "0.584 | percent", r#""58.4%""#),
    help("ratio", "A ratio as a multiple.", "2.309 | ratio", r#""2.31x""#),
    help("month", "A month in words.", "'2025-10' | month", r#""October 2025""#),
    help(
        "table",
        "A Markdown table of a list of maps, or of one map; `columns` chooses and orders them, `units` writes their numbers.",
        "[{'a': 1, 'b': 2}] | table(columns=['b'], units={'b': 'usd'})",
        r#""| b |\n| --- |\n| $2 |""#,
    ),
    help("tojson", "The value as JSON.", "{'a': [1, 2]} | tojson", r#""{\"a\":[1,2]}""#),
    help(
        "default",
        "Another value where there is none.",
        "none | default('n/a', true)",
        r#""n/a""#,
    ),
    help("round", "Rounds to a number of decimals.", "2.345 | round(1)", "2.3"),
    help("abs", "A number without its sign.", "-3 | abs", "3"),
    help("int", "A whole number.", "'42' | int", "42"),
    help("float", "A number.", "'2.5' | float", "2.5"),
    help("sum", "The sum of a list.", "[1, 2, 3] | sum", "6"),
    help("min", "The least of a list.", "[3, 1, 2] | min", "1"),
    help("max", "The greatest of a list.", "[3, 1, 2] | max", "3"),
    help("first", "The first of a list.", "[3, 1] | first", "3"),
    help("last", "The last of a list.", "[3, 1] | last", "1"),
    help("length", "How many items a list has, or characters a text.", "[3, 1] | length", "2"),
    help("sort", "A list in order.", "[3, 1, 2] | sort", "[1,2,3]"),
    help("unique", "A list without repetitions.", "[1, 2, 1] | unique", "[1,2]"),
    help(
        "map",
        "One field of every item of a list.",
        "[{'a': 1}, {'a': 2}] | map(attribute='a') | list",
        "[1,2]",
    ),
    help("select", "The items that pass a test.", "[1, 2, 3] | select('odd') | list", "[1,3]"),
    help("reject", "The items that do not pass a test.", "[1, 2, 3] | reject('odd') | list", "[2]"),
    help(
        "selectattr",
        "The items whose field passes a test.",
        "[{'a': 1}, {'a': 2}] | selectattr('a', 'odd') | list",
        r#"[{"a":1}]"#,
    ),
    help(
        "rejectattr",
        "The items whose field does not pass a test.",
        "[{'a': 1}, {'a': 2}] | rejectattr('a', 'odd') | list",
        r#"[{"a":2}]"#,
    ),
    help("join", "The items of a list as one text.", "['a', 'b'] | join(', ')", r#""a, b""#),
    help("list", "Anything that can be gone through, as a list.", "'ab' | list", r#"["a","b"]"#),
    help("string", "The value as text.", "42 | string", r#""42""#),
    help("upper", "Text in capitals.", "'roi' | upper", r#""ROI""#),
    help("lower", "Text in small letters.", "'ROI' | lower", r#""roi""#),
    help("title", "Text with a capital at every word.", "'two words' | title", r#""Two Words""#),
    help(
        "capitalize",
        "Text with a capital at its beginning.",
        "'two words' | capitalize",
        r#""Two words""#,
    ),
    help(
        "replace",
        "Text with one part replaced by another.",
        "'a_b' | replace('_', ' ')",
        r#""a b""#,
    ),
    help("trim", "Text without space around it.", "' a ' | trim", r#""a""#),
    help("split", "Text taken apart.", "'a,b' | split(',') | list", r#"["a","b"]"#),
    help("reverse", "A list backwards.", "[1, 2] | reverse | list", "[2,1]"),
    help(
        "items",
        "A map as a list of keys with values.",
        "{'a': 1} | items | list",
        r#"[["a",1]]"#,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Scope, evaluate, filters};

    #[test]
    fn examples_give_what_they_say() {
        for help in GUIDE {
            assert!(filters::NAMES.contains(&help.name), "{}", help.name);
            let result = evaluate(help.example, &Scope::default());
            let result = result.map(|value| value.to_string());
            assert_eq!(result.as_deref().ok(), Some(help.result), "{}: {result:?}", help.example);
        }
    }
}
