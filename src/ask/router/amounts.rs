//! Amounts in a question: money, percentages and plain counts, told apart.

use std::ops::Range;

use super::numbers::{number, pointed};
use super::words::{Kind, Token};

/// What an amount is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// US dollars, or money without a currency.
    Dollars,
    /// Money in a currency that the data is not kept in.
    OtherMoney,
    /// Money for every month, quarter or year.
    Rate,
    /// Percent of something.
    Percent,
    /// A plain number: ten engineers, top 3.
    Count,
    /// Something that can be read in several ways, or in none: `$1,5 million`, `$500.000`, `$1e6`.
    Unclear,
}

/// An amount with the tokens it takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Amount {
    pub(super) value: f64,
    pub(super) unit: Unit,
    pub(super) span: Range<usize>,
}

const DOLLARS: &[&str] = &["$", "usd", "dollar", "dollars", "buck", "bucks"];
const OTHER_MONEY: &[&str] = &[
    "\u{20ac}", "\u{a3}", "\u{a5}", "\u{20b9}", "\u{20a9}", "\u{20ba}", "inr", "rupees", "cad",
    "aud", "jpy", "cny", "eur", "euro", "euros", "gbp", "pound", "pounds", "chf", "yen",
];
const PERCENT: &[&str] = &["%", "percent", "pct"];

/// What is counted in thousands although it is no money.
const COUNTED: &[&str] = &[
    "people",
    "employees",
    "users",
    "customers",
    "clicks",
    "impressions",
    "conversions",
    "hires",
    "engineers",
    "followers",
    "visits",
    "orders",
    "leads",
    "times",
    "headcount",
];

/// The amounts of a question, in order, outside the tokens that are `taken`.
pub(super) fn amounts(tokens: &[Token], taken: &[Range<usize>]) -> Vec<Amount> {
    let mut found: Vec<Amount> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let amount =
            taken.iter().all(|span| !span.contains(&at)).then(|| amount_at(tokens, at)).flatten();
        at = amount.as_ref().map_or(at + 1, |(amount, _)| amount.span.end);
        if let Some((amount, scale)) = amount {
            if let Some((last, scale)) = found.last_mut().zip(scale) {
                share_scale(tokens, last, &amount, scale);
            }
            found.push(amount);
        }
    }
    found
}

/// `$1.5-2m`, `between 1.5 and 2 million`: what is meant by the second number is meant by the first as well.
fn share_scale(tokens: &[Token], first: &mut Amount, second: &Amount, scale: f64) {
    let between = tokens.get(first.span.end..second.span.start).unwrap_or_default();
    let [link, symbol @ ..] = between else { return };
    let linked = link.is(&["-", "to", "and", "or"]) && symbol.is_empty();
    let unscaled = matches!(first.unit, Unit::Count | Unit::Dollars) && first.value < 1000.0;
    if linked && unscaled && second.unit != Unit::Count {
        (first.value, first.unit) = (first.value * scale, second.unit);
    }
}

/// The amount that the tokens from a place on are, with the scale that it is written with.
fn amount_at(tokens: &[Token], start: usize) -> Option<(Amount, Option<f64>)> {
    let symbol = tokens.get(start).and_then(currency).map(|unit| {
        // `A$` and `C$` are dollars of others.
        let before = start.checked_sub(1).and_then(|at| tokens.get(at));
        let glued = tokens.get(start).is_some_and(|mark| mark.glued && mark.kind == Kind::Mark);
        let others = before.filter(|word| glued && word.kind == Kind::Word && !word.is(&["us"]));
        others.map_or(unit, |_| Unit::OtherMoney)
    });
    let first = start + usize::from(symbol.is_some());
    let number = number(tokens.get(first..)?)?;
    let mut end = first + number.length;
    let mut unit = symbol;
    if let Some(next) = tokens.get(end) {
        if next.is(PERCENT) {
            (unit, end) = (Some(Unit::Percent), end + 1);
        } else if let Some(behind) = currency(next) {
            (unit, end) = (unit.or(Some(behind)), end + 1);
        }
    }
    let counted = tokens.get(end).is_some_and(|next| next.is(COUNTED));
    let unit = match unit {
        Some(Unit::Dollars | Unit::OtherMoney) if recurs(tokens, end) => Unit::Rate,
        Some(unit) => unit,
        None if number.scale.is_none() || counted => Unit::Count,
        None if recurs(tokens, end) => Unit::Rate,
        None => Unit::Dollars,
    };
    let glued = |at: usize| tokens.get(at).filter(|token| token.glued);
    let goes_on = |at: usize| {
        let apostrophe = glued(at).is_some_and(|mark| mark.is(&["'", "\u{2019}"]));
        glued(at + usize::from(apostrophe)).is_some_and(|token| token.kind != Kind::Mark)
    };
    let is_money = !matches!(unit, Unit::Count | Unit::Percent);
    let is_clear = tokens.get(first).is_none_or(|token| is_clear(token, number.scale.is_some()));
    let unit = if !is_clear || is_money && goes_on(end) {
        while goes_on(end) {
            end += 1;
        }
        Unit::Unclear
    } else {
        unit
    };
    let negative = start > 0
        && tokens.get(start - 1).is_some_and(|mark| mark.is(&["-"]) && !mark.glued)
        && tokens.get(start).is_some_and(|token| token.glued);
    let value = if negative { -number.value } else { number.value };
    Some((Amount { value, unit, span: start..end }, number.scale))
}

/// Whether the digits of a number are grouped in one way only: commas before every third digit, and no point that could
/// be such a comma.
fn is_clear(token: &Token, scaled: bool) -> bool {
    if token.kind != Kind::Number {
        return true;
    }
    let text = pointed(&token.text);
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(',');
    if grouped {
        return (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    }
    scaled || decimals.len() != 3 || first.len() > 3 || first == "0"
}

fn currency(token: &Token) -> Option<Unit> {
    if token.is(DOLLARS) {
        Some(Unit::Dollars)
    } else {
        token.is(OTHER_MONEY).then_some(Unit::OtherMoney)
    }
}

/// `per month`, `a year`, `/quarter`, `monthly`: the amount is not spent once.
fn recurs(tokens: &[Token], at: usize) -> bool {
    let word = |at: usize, words: &[&str]| {
        tokens.get(at).is_some_and(|token| token.kind != Kind::Number && token.is(words))
    };
    let every = word(at, &["a", "an", "per", "each", "every", "/"]);
    let of_each = word(at, &["per", "each", "every", "/"])
        && tokens.get(at + 1).is_some_and(|token| token.kind == Kind::Word);
    of_each
        || (every && word(at + 1, &["month", "year", "quarter", "week", "day", "mo", "yr"]))
        || word(at, &["monthly", "yearly", "annually", "quarterly", "weekly", "p"])
}

#[cfg(test)]
mod tests {
    use super::super::words::tokens;
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        use Unit::{Count, Dollars, OtherMoney, Percent, Rate, Unclear};
        for (text, expected) in [
            ("Can we spend $500K?", vec![(500_000.0, Dollars)]),
            ("1.5m on marketing", vec![(1_500_000.0, Dollars)]),
            ("$2 million", vec![(2_000_000.0, Dollars)]),
            ("$1,250,000.50 please", vec![(1_250_000.5, Dollars)]),
            ("250 grand", vec![(250_000.0, Dollars)]),
            ("half a million", vec![(500_000.0, Dollars)]),
            ("half a mil", vec![(500_000.0, Dollars)]),
            ("a quarter of a million dollars", vec![(250_000.0, Dollars)]),
            ("a quarter million", vec![(250_000.0, Dollars)]),
            ("a million bucks", vec![(1_000_000.0, Dollars)]),
            ("two hundred and fifty thousand dollars", vec![(250_000.0, Dollars)]),
            ("one and a half million", vec![(1_500_000.0, Dollars)]),
            ("twenty five grand", vec![(25_000.0, Dollars)]),
            ("a hundred thousand", vec![(100_000.0, Dollars)]),
            ("five hundred dollars", vec![(500.0, Dollars)]),
            ("USD 80,000", vec![(80_000.0, Dollars)]),
            ("80000 usd", vec![(80_000.0, Dollars)]),
            ("50000 on sales", vec![(50_000.0, Count)]),
            ("-$50K", vec![(-50_000.0, Dollars)]),
            ("\u{20ac}50k", vec![(50_000.0, OtherMoney)]),
            ("50k euros", vec![(50_000.0, OtherMoney)]),
            ("$20K a month", vec![(20_000.0, Rate)]),
            ("20k/month", vec![(20_000.0, Rate)]),
            ("raise it by 20%", vec![(20.0, Percent)]),
            ("7.5 percent", vec![(7.5, Percent)]),
            ("hire 10 engineers", vec![(10.0, Count)]),
            ("hire ten engineers", vec![(10.0, Count)]),
            ("a dozen of them", vec![(12.0, Count)]),
            ("half a dozen engineers", vec![(6.0, Count)]),
            ("two dozen engineers", vec![(24.0, Count)]),
            ("a pair of engineers", vec![(2.0, Count)]),
            ("10k clicks", vec![(10_000.0, Count)]),
            ("$50K or $80K", vec![(50_000.0, Dollars), (80_000.0, Dollars)]),
            ("$1,5 million", vec![(15_000_000.0, Unclear)]),
            ("$500.000", vec![(500.0, Unclear)]),
            ("$300.000,00", vec![(300_000.0, Dollars)]),
            ("$1.234.567", vec![(1_234_567.0, Dollars)]),
            ("$1.23.456", vec![(123_456.0, Unclear)]),
            ("$500,00", vec![(50_000.0, Unclear)]),
            ("$1'000'000", vec![(1.0, Unclear)]),
            ("$1e6", vec![(1.0, Unclear)]),
            ("$5T", vec![(5.0, Unclear)]),
            ("$1.500 million", vec![(1_500_000.0, Dollars)]),
            ("A$500K", vec![(500_000.0, OtherMoney)]),
            ("US$500K", vec![(500_000.0, Dollars)]),
            ("\u{20b9}500000", vec![(500_000.0, OtherMoney)]),
            ("$500K per head", vec![(500_000.0, Rate)]),
            ("the last quarter", vec![]),
            ("half of it", vec![]),
            ("1 1/2 million", vec![(1_500_000.0, Dollars)]),
            ("$1\u{bd} million", vec![(1_500_000.0, Dollars)]),
            ("3/4 of a million", vec![(750_000.0, Dollars)]),
            ("a million and a half", vec![(1_500_000.0, Dollars)]),
            ("a half-million", vec![(500_000.0, Dollars)]),
            ("a couple of hundred thousand", vec![(200_000.0, Dollars)]),
            ("a couple hundred grand", vec![(200_000.0, Dollars)]),
            ("a couple of engineers", vec![(2.0, Count)]),
            ("twenty-five grand", vec![(25_000.0, Dollars)]),
            ("two-hundred-thousand dollars", vec![(200_000.0, Dollars)]),
            ("$500 000", vec![(500_000.0, Dollars)]),
            ("$.5m", vec![(500_000.0, Dollars)]),
            ("$1.5-2m", vec![(1_500_000.0, Dollars), (2_000_000.0, Dollars)]),
            ("between 1.5 and 2 million", vec![(1_500_000.0, Dollars), (2_000_000.0, Dollars)]),
            ("500 to 600K", vec![(500_000.0, Dollars), (600_000.0, Dollars)]),
            ("10-15 engineers", vec![(10.0, Count), (15.0, Count)]),
            ("10 engineers and $2m", vec![(10.0, Count), (2_000_000.0, Dollars)]),
            ("a good year", vec![]),
            ("", vec![]),
        ] {
            let found = amounts(&tokens(text), &[]);
            let found: Vec<(f64, Unit)> = found.iter().map(|a| (a.value, a.unit)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
