//! Rows of files: what the columns of CSV, the lines of JSONL and the lists of YAML give a case.

use crate::event::Fault;
use crate::tool;
use crate::value::{Object, Value, at_path, type_name};

/// The rows of a file's text, by the ending of its name. `at` is the dotted path of the list in YAML and JSON.
pub fn parse(name: &str, text: &str, at: Option<&str>) -> Result<Vec<Object>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let rows = match ending.as_str() {
        "csv" => {
            tool::check_quotes(text).map_err(|(message, help)| fault(name, &message).help(help))?;
            csv(text).map_err(|message| fault(name, &message))?
        }
        "jsonl" | "ndjson" => jsonl(text).map_err(|message| fault(name, &message))?,
        "yaml" | "yml" | "json" => list(text, at).map_err(|message| fault(name, &message))?,
        _ => {
            let help = "name a file that ends with .csv, .jsonl, .yaml or .json";
            return Err(fault(name, "its ending tells no kind of rows").help(help));
        }
    };
    Ok(rows.into_iter().map(of_value).collect())
}

/// A row as texts read it: a map's keys, or a single value as `value`.
pub fn of_value(value: Value) -> Object {
    match value {
        Value::Object(row) => row,
        other => Object::from_iter([("value".to_owned(), other)]),
    }
}

fn fault(name: &str, message: &str) -> Fault {
    Fault::new("bad-rows", format!("{name}: {message}"))
}

/// Cells that are numbers, true or false are so; an empty cell is null.
fn csv(text: &str) -> Result<Vec<Value>, String> {
    let mut reader = tool::csv_rows(text);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.map_err(|error| error.to_string())?;
        if record.len() != header.len() {
            let line = record.position().map_or(0, csv::Position::line);
            let (got, wanted) = (record.len(), header.len());
            return Err(format!("line {line}: {got} values where the header has {wanted}"));
        }
        let cells = header.iter().zip(&record);
        Ok(Value::Object(cells.map(|(name, text)| (name.trim().to_owned(), cell(text))).collect()))
    };
    reader.into_records().map(row).collect()
}

fn cell(text: &str) -> Value {
    match text.trim() {
        "" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        word => {
            // `007` and `1e5` are names more often than numbers.
            let digits = word.strip_prefix('-').unwrap_or(word);
            let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
            let number = (plain && !padded).then(|| serde_json::from_str(word).ok()).flatten();
            number.unwrap_or_else(|| text.into())
        }
    }
}

fn jsonl(text: &str) -> Result<Vec<Value>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("line {number} is no JSON: {error}"))
    };
    lines.map(read).collect()
}

fn list(text: &str, at: Option<&str>) -> Result<Vec<Value>, String> {
    let whole = crate::document::read_value(text)?;
    let path: Vec<&str> = at.map_or_else(Vec::new, |at| at.split('.').collect());
    match at_path(&whole, &path) {
        Some(Value::Array(rows)) => Ok(rows.clone()),
        Some(other) => Err(format!("{} stands where a list of rows is needed", type_name(other))),
        None => Err(format!("it holds no `{}`", path.join("."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_read_as_their_file_says() {
        let rows =
            parse("a.csv", "id,spend,code,ok\nx, 12.5,007,true\ny,,1e5,false\n", None).unwrap();
        let rows: Vec<Value> = rows.into_iter().map(Value::Object).collect();
        assert_eq!(
            rows,
            [
                json!({"id": "x", "spend": 12.5, "code": "007", "ok": true}),
                json!({"id": "y", "spend": null, "code": "1e5", "ok": false})
            ]
        );
        assert_eq!(parse("a.jsonl", "{\"a\":1}\n\n3\n", None).unwrap().len(), 2);
        assert_eq!(parse("a.yaml", "cases:\n  - {a: 1}\n", Some("cases")).unwrap().len(), 1);
        for (name, text, at, part) in [
            ("a.txt", "", None, ".csv"),
            ("a.csv", "a,b\n1\n", None, "line 2: 1 values where the header has 2"),
            ("a.csv", "a,b\n1,2\n3,\"4\n5,6\n", None, "line 3: a quote opens here"),
            ("a.jsonl", "{}\n{", None, "line 2"),
            ("a.yaml", "a: 1", Some("b"), "no `b`"),
            ("a.yaml", "a: 1", None, "object stands"),
        ] {
            let fault = parse(name, text, at).unwrap_err();
            let told = format!("{} {}", fault.message, fault.help.unwrap_or_default());
            assert!(told.contains(part), "{told}");
        }
    }
}
