//! `figure`: a value of the outputs, or a number of the answer, is right.

use super::{Found, Known, differs, nothing, rounding, short, told};
use crate::document::{Figure, Returns};
use crate::run::figures::{self, Kind};
use crate::value::{Value, at_path};

pub(super) fn look(figure: &Figure, known: &Known<'_>) -> Found {
    let Some(outputs) = known.given.outputs() else { return nothing(known.given) };
    let Some(wanted) = figure.is.as_ref().or(known.wanted.as_ref()) else {
        return Found::Nothing("nothing tells what the figure must be".to_owned());
    };
    let within = |wanted: f64| {
        figure.within.as_ref().map_or_else(|| rounding(wanted), |within| within.of(wanted))
    };
    let outputs = Value::Object(outputs.clone());
    let columns = figure.sql.as_ref().is_some_and(|sql| sql.returns == Returns::Row);
    match &figure.at {
        Some(path) => {
            let segments: Vec<&str> = path.split('.').collect();
            let there = at_path(&outputs, &segments);
            match differs(wanted, there, path, &within) {
                Some(what) => told(false, what),
                None => told(true, format!("{path} is {wanted}")),
            }
        }
        None if columns || wanted.is_object() => match paths(wanted, &outputs, &within) {
            Some(what) => told(false, what),
            None => told(true, format!("the outputs hold {wanted}")),
        },
        None => {
            let answer = known.given.text();
            let holds = match wanted.as_f64() {
                Some(number) => holds_number(&answer, number, within(number)),
                None => wanted.as_str().is_some_and(|text| answer.contains(text)),
            };
            if holds {
                return told(true, format!("the answer holds {wanted}"));
            }
            told(false, format!("{wanted} is not in the answer: {}", short(&answer)))
        }
    }
}

/// Each key is the path of its own value.
fn paths(wanted: &Value, outputs: &Value, within: &dyn Fn(f64) -> f64) -> Option<String> {
    wanted.as_object()?.iter().find_map(|(path, value)| {
        let segments: Vec<&str> = path.split('.').collect();
        differs(value, at_path(outputs, &segments), path, within)
    })
}

/// Whether a text holds a number, as exactly as it is written there: `$1.2M` is right for 1,180,000.
fn holds_number(text: &str, wanted: f64, within: f64) -> bool {
    let magnitude = wanted.abs();
    let near = |value: f64, quantum: f64, wanted: f64| {
        (value - wanted).abs() <= (quantum / 2.0).max(within) + rounding(wanted)
    };
    let figure = |figure: &figures::Figure| {
        near(figure.value, figure.quantum, magnitude)
            || figure.kind == Kind::Percent && near(figure.value, figure.quantum, magnitude * 100.0)
    };
    // Small whole numbers are no figures to the engine, since most of them only count.
    let word = |word: &str| {
        word.trim_matches('.').parse::<f64>().is_ok_and(|value| near(value, 0.0, magnitude))
    };
    figures::figures(text).iter().any(figure)
        || text.split(|c: char| !c.is_ascii_digit() && c != '.').any(word)
}

#[cfg(test)]
mod tests {
    use super::holds_number;

    #[test]
    fn a_number_is_found_as_exactly_as_it_is_written() {
        let text = "It made $1.2M, a margin of 58.4%, 7 months, a loss of $3,400 and 2.31x.";
        for (number, is) in [
            (1_180_000.0, true),
            (1_300_000.0, false),
            (0.5838, true),
            (58.4, true),
            (0.59, false),
            (7.0, true),
            (-3400.0, true),
            (3401.0, false),
            (2.3134, true),
        ] {
            assert_eq!(holds_number(text, number, 0.0), is, "{number}");
        }
        assert!(holds_number(text, 3350.0, 60.0), "within an amount");
    }
}
