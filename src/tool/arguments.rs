//! Values for params: read from text, checked against their type and bounds. All faults at once.

use indexmap::IndexMap;

use crate::diagnostic::suggest;
use crate::document::{Param, ParamType};
use crate::event::Fault;
use crate::value::{Object, Value, type_name, unquoted};

/// Reads a value from a command line: text as it is, everything else as its type says.
pub fn parse_param(param: &Param, text: &str) -> Result<Value, String> {
    let json =
        |what: &str| serde_json::from_str(text).map_err(|e| format!("`{text}` is no {what}: {e}"));
    match param.kind {
        ParamType::String => Ok(text.into()),
        ParamType::Boolean => match text {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(format!("`{text}` is neither true nor false")),
        },
        ParamType::Integer => match text.trim().parse::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err(format!("`{text}` is no whole number")),
        },
        ParamType::Number => {
            let number = text.trim();
            if let Ok(whole) = number.parse::<i64>() {
                return Ok(whole.into());
            }
            let read = number.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            read.map(Value::Number)
                .ok_or_else(|| format!("`{text}` is no number: write it like 250000 or 0.5"))
        }
        ParamType::Array => json("JSON list").and_then(|value: Value| of_kind(value, param.kind)),
        ParamType::Object => {
            json("JSON object").and_then(|value: Value| of_kind(value, param.kind))
        }
    }
}

fn of_kind(value: Value, kind: ParamType) -> Result<Value, String> {
    if fits(kind, &value) {
        Ok(value)
    } else {
        Err(format!("{} is given where {} is needed", type_name(&value), kind.describe()))
    }
}

/// Checks values against params and fills in defaults; the result holds every param.
pub fn check_params(
    params: &IndexMap<String, Param>,
    given: &Object,
) -> Result<Object, Vec<Fault>> {
    let mut faults = Vec::new();
    for name in given.keys().filter(|name| !params.contains_key(*name)) {
        let help = suggest(name, params.keys().map(String::as_str), "params");
        faults.push(Fault::new("bad-argument", format!("unknown param `{name}`")).help(help));
    }
    let mut values = Object::new();
    for (name, param) in params {
        match given.get(name).or(param.default.as_ref()) {
            Some(value) => {
                if let Err(fault) = check(name, param, value) {
                    faults.push(fault);
                }
                values.insert(name.clone(), value.clone());
            }
            None => faults.push(missing(name, param)),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// The kind of fault of a param that has neither a value nor a default.
pub const MISSING: &str = "missing-param";

fn missing(name: &str, param: &Param) -> Fault {
    let what = param.description.as_ref().map_or_else(String::new, |text| format!(": {text}"));
    let fault =
        Fault::new(MISSING, format!("param `{name}` is missing ({}{what})", param.kind.describe()));
    let choices: Vec<String> = param.choices.iter().map(ToString::to_string).collect();
    if choices.is_empty() { fault } else { fault.help(format!("one of: {}", choices.join(", "))) }
}

fn check(name: &str, param: &Param, value: &Value) -> Result<(), Fault> {
    let fault = |message: String| Fault::new("bad-argument", format!("param `{name}` {message}"));
    if value.is_null() && param.default.as_ref().is_some_and(Value::is_null) {
        return Ok(());
    }
    if !fits(param.kind, value) {
        let message = format!("needs {}, not {}", param.kind.describe(), type_name(value));
        return Err(fault(message).help("numbers and booleans go without quotes"));
    }
    if !param.choices.is_empty() && !param.choices.contains(value) {
        let text = unquoted(value);
        let help = suggest(&text, param.choices.iter().filter_map(Value::as_str), "values");
        return Err(fault(format!("cannot be {value}")).help(help));
    }
    if let Some(bound) = param.bound_broken(value) {
        return Err(fault(format!("is {value}, but {bound}")));
    }
    if let (Some(pattern), Some(text)) = (&param.pattern, value.as_str()) {
        let matches = jsonschema::validator_for(&serde_json::json!({"pattern": pattern}))
            .map(|v| v.is_valid(value));
        match matches {
            Ok(true) => {}
            Ok(false) => return Err(fault(format!("is `{text}`, which does not match {pattern}"))),
            Err(_) => {
                return Err(fault(format!(
                    "has a `pattern` that is no regular expression: {pattern}"
                )));
            }
        }
    }
    Ok(())
}

fn fits(kind: ParamType, value: &Value) -> bool {
    match kind {
        ParamType::String => value.is_string(),
        ParamType::Number => value.is_number(),
        ParamType::Integer => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        ParamType::Boolean => value.is_boolean(),
        ParamType::Array => value.is_array(),
        ParamType::Object => value.is_object(),
    }
}
