//! NUMERIC as JSON. It may have more digits than a double holds: a value as it is stored then becomes a text with all of
//! them; a computed one, such as a quotient, whose digits end only because the server stops there, becomes the nearest double.

use std::fmt::Write as _;

use serde_json::Number;

use super::wire::{BROKEN, Bytes};
use crate::value::Value;

/// Below this a double still holds a hundredth of a cent.
const HOLDS_CENTS: f64 = 1e13;

/// A NUMERIC. `exact` says that its digits were written by somebody, and not made by a division.
pub(super) fn value(raw: &[u8], exact: bool) -> Result<Value, String> {
    let text = text(raw)?;
    if let Some(number) = number(&text) {
        return Ok(Value::Number(number));
    }
    let near = text.contains('.') && !exact;
    let double: f64 = text.parse().map_err(|_| BROKEN)?;
    let near = Number::from_f64(double).filter(|_| near && double.abs() < HOLDS_CENTS);
    Ok(near.map_or(Value::String(text), Value::Number))
}

/// The number that a plain decimal is, where one is written with the same digits.
pub(super) fn number(text: &str) -> Option<Number> {
    let Some((whole, fraction)) = text.split_once('.') else {
        let small = text.parse::<i64>().map(Number::from);
        return small.or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    };
    let double: f64 = text.parse().ok()?;
    let fraction = fraction.trim_end_matches('0');
    let plain = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
    let same =
        double.to_string() == plain || double == 0.0 && plain.trim_matches(['-', '0']).is_empty();
    Number::from_f64(double).filter(|_| same)
}

/// Groups of four digits, as PostgreSQL sends them, as a plain decimal with as many places as it has.
fn text(raw: &[u8]) -> Result<String, String> {
    let mut bytes = Bytes(raw);
    let groups = usize::try_from(bytes.i16()?).map_err(|_| BROKEN)?;
    let weight = i32::from(bytes.i16()?);
    let sign = bytes.i16()?.cast_unsigned();
    let places = usize::try_from(bytes.i16()?).map_err(|_| BROKEN)?;
    if !matches!(sign, 0x0000 | 0x4000) {
        return Err("is not a finite number".to_owned());
    }
    let groups: Vec<i16> = (0..groups).map(|_| bytes.i16()).collect::<Result<_, _>>()?;
    let group = |at: i32| {
        usize::try_from(at).ok().and_then(|at| groups.get(at)).copied().unwrap_or_default()
    };
    let mut digits = String::new();
    for at in 0..=weight {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{:04}", group(at));
    }
    let whole = digits.trim_start_matches('0');
    let mut text = String::from(if sign == 0x4000 { "-" } else { "" });
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if places > 0 {
        let mut fraction = String::new();
        let mut at = weight + 1;
        // Groups before the first one that was sent are zeros.
        while fraction.len() < places {
            let _ = write!(fraction, "{:04}", group(at));
            at += 1;
        }
        text.push('.');
        text.push_str(fraction.get(..places).unwrap_or(&fraction));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::value;

    /// What the server sends for some groups of four digits.
    fn sent(weight: i16, negative: bool, places: i16, groups: &[i16]) -> Vec<u8> {
        let sign = if negative { 0x4000 } else { 0 };
        let head = [i16::try_from(groups.len()).unwrap(), weight, sign, places];
        head.iter().chain(groups).flat_map(|number| number.to_be_bytes()).collect()
    }

    #[test]
    fn digits_survive() {
        let stored = |raw: &[u8]| value(raw, true).unwrap();
        let computed = |raw: &[u8]| value(raw, false).unwrap();
        let third = sent(-1, false, 20, &[3333, 3333, 3333, 3333, 3333]);
        let big = sent(4, false, 2, &[1, 2345, 6789, 123, 4567, 8900]);
        let cases: [(Value, Value); 9] = [
            (stored(&sent(0, false, 0, &[])), json!(0)),
            (stored(&sent(1, true, 2, &[1, 2345, 6700])), json!(-12345.67)),
            (stored(&sent(0, false, 2, &[100])), json!(100.0)),
            (stored(&sent(-2, false, 8, &[1])), json!(1e-8)),
            (stored(&sent(4, false, 0, &[1844, 6744, 737, 955, 1615])), json!(u64::MAX)),
            (
                stored(&sent(4, false, 0, &[1844, 6744, 737, 955, 1616])),
                json!("18446744073709551616"),
            ),
            (stored(&third), json!("0.33333333333333333333")),
            (computed(&third), json!(1.0 / 3.0)),
            (computed(&big), json!("12345678901234567.89")),
        ];
        for (found, wanted) in cases {
            assert_eq!(found, wanted);
        }
        assert_eq!(
            value(&[0, 0, 0, 0, 0xc0, 0, 0, 0], true),
            Err("is not a finite number".to_owned())
        );
    }
}
