//! Files to cases: rows fill the texts of a case, names become unique, and what goes without saying is said.

use std::collections::BTreeMap;

use super::case::{Ask, Case, Turn};
use crate::document::{self, Assertion, Check, Eval, Rows};
use crate::event::{Fault, RunStatus};
use crate::expression::{Scope, Template, evaluate_condition, view};
use crate::value::{Object, Value, unquoted};

/// An eval and what it is called.
pub struct Source<'e> {
    /// The name of its file, without folder and ending.
    pub name: &'e str,
    /// What it says.
    pub eval: &'e Eval,
}

/// Whoever can read rows.
pub trait Data {
    /// The rows that a case of an eval is made for.
    fn rows(&self, file: usize, rows: &Rows) -> impl Future<Output = Result<Vec<Object>, Fault>>;
}

/// The cases of all files, in order.
#[expect(clippy::future_not_send, reason = "rows are read on the thread that runs the cases")]
pub async fn expand(files: &[Source<'_>], data: &impl Data) -> Result<Vec<Case>, Vec<Fault>> {
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for (file, source) in files.iter().enumerate() {
        let mut names = BTreeMap::new();
        for written in &source.eval.cases {
            let told = |fault: Fault| Fault {
                message: format!("{}: {}", source.name, fault.message),
                ..fault
            };
            match rows_of(written, file, data).await {
                Ok(rows) => {
                    for row in rows {
                        match filled(written, row.as_ref()) {
                            Ok(Some(case)) => cases.push(made(file, source.eval, case, &mut names)),
                            Ok(None) => {}
                            Err(fault) => faults.push(told(fault)),
                        }
                    }
                }
                Err(fault) => faults.push(told(fault)),
            }
        }
    }
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

/// The rows of a case; one without `for_each` has none and is made once.
#[expect(clippy::future_not_send, reason = "rows are read on the thread that runs the cases")]
async fn rows_of(
    written: &document::Case,
    file: usize,
    data: &impl Data,
) -> Result<Vec<Option<Object>>, Fault> {
    match &written.for_each {
        None => Ok(vec![None]),
        Some(rows) => Ok(data.rows(file, rows).await?.into_iter().map(Some).collect()),
    }
}

/// A case with the values of its row; none where its `when` leaves the row out.
fn filled(written: &document::Case, row: Option<&Object>) -> Result<Option<document::Case>, Fault> {
    let Some(row) = row else { return Ok(Some(written.clone())) };
    let mut scope = Scope::new(&view(&Object::new()), []);
    for (name, value) in row {
        scope.set(name, view(value));
    }
    scope.set("row", view(row));
    if let Some(when) = &written.when
        && !evaluate_condition(when, &scope)?
    {
        return Ok(None);
    }
    let plain = document::Case { for_each: None, when: None, ..written.clone() };
    let unfit = |error: serde_json::Error| {
        let row = Value::Object(row.clone());
        Fault::new("bad-rows", format!("the row {row} makes no case: {error}"))
    };
    let value = serde_json::to_value(&plain).map_err(unfit)?;
    let value = Template::new(&value).render(&scope)?;
    serde_json::from_value(value).map(Some).map_err(unfit)
}

fn made(
    file: usize,
    eval: &Eval,
    case: document::Case,
    names: &mut BTreeMap<String, usize>,
) -> Case {
    let document::Case {
        name,
        workflow,
        params,
        question,
        route_only,
        conversation,
        tags,
        assert,
        ..
    } = case;
    let params: Object = params.into_iter().collect();
    let name = name.unwrap_or_else(|| match (&question, &workflow, conversation.first()) {
        (Some(question), _, _) => question.clone(),
        (None, Some(workflow), _) => called(workflow.as_str(), &params),
        (None, None, first) => first.map(|turn| turn.question.clone()).unwrap_or_default(),
    });
    let uses = names.entry(name.clone()).or_insert(0);
    *uses += 1;
    let name = if *uses > 1 { format!("{name} #{uses}") } else { name };
    let asked = |question: String, route_only: bool, assert: Vec<Assertion>| Turn {
        ask: Ask::Question { question, route_only },
        assert,
    };
    let mut turns: Vec<Turn> = match (workflow, question) {
        (Some(workflow), _) => vec![Turn { ask: Ask::Run { workflow, params }, assert }],
        (None, Some(question)) => vec![asked(question, route_only, assert)],
        (None, None) => {
            let each = conversation.into_iter();
            let mut turns: Vec<Turn> =
                each.map(|turn| asked(turn.question, route_only, turn.assert)).collect();
            if let Some(last) = turns.last_mut() {
                last.assert.extend(assert);
            }
            turns
        }
    };
    for turn in &mut turns {
        turn.assert.extend(eval.assert.iter().cloned());
        let tells = |assertion: &Assertion| {
            matches!(assertion.check, Check::Status(_) | Check::Exit(_) | Check::Route(_))
        };
        let only_way = matches!(turn.ask, Ask::Question { route_only: true, .. });
        if !only_way && !turn.assert.iter().any(tells) {
            let succeeds = Check::Status(RunStatus::Succeeded);
            turn.assert.insert(0, Assertion { not: false, check: succeeds });
        }
    }
    let tags = eval.tags.iter().cloned().chain(tags).collect();
    Case { file, name, tags, turns }
}

/// A workflow with its params, in a line.
fn called(workflow: &str, params: &Object) -> String {
    let params: Vec<String> =
        params.iter().map(|(name, value)| format!("{name}={}", unquoted(value))).collect();
    if params.is_empty() { workflow.to_owned() } else { format!("{workflow} {}", params.join(" ")) }
}
