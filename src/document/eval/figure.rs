//! `figure`: a value of the outputs, or a number of the answer, against a literal or a query.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Returns;
use crate::document::workflow::present;
use crate::id::SourceName;
use crate::value::{Value, one_line};

/// Characters of a query that reports show.
const LONGEST: usize = 64;

/// A value and what it must be: exactly one of `is` and `sql` says what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The dotted path of the value in the outputs (`channels.0.roas`). Without it a single value has to stand in the
    /// answer's text, and each column of a row is the path of its own value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"net_profit")]
    pub at: Option<String>,
    /// What it must be. Of a map, the keys that are named; of a list, every item.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(example = &44104)]
    pub is: Option<Value>,
    /// A query that tells what it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<ExpectedSql>,
    /// How far numbers may be off: an amount, or a share such as `1%`. Only rounding in the last digits where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Tolerance>,
}

/// A query that tells what a value must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedSql {
    /// The source it reads; a key of `sources` in engine.yaml.
    #[schemars(example = &"company")]
    pub source: SourceName,
    /// One `select`; `:name` stands for a param of the case.
    #[schemars(example = &"select sum(spend_usd) from marketing_performance where campaign_id = :campaign_id")]
    pub query: String,
    /// What it gives: one value, one row, or all rows.
    #[serde(default = "one_value", skip_serializing_if = "is_one_value")]
    pub returns: Returns,
    /// Values for the query, instead of the case's params.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(example = serde_json::json!({"campaign_id": "facebook_holiday_2025"}))]
    pub with: IndexMap<String, Value>,
}

impl ExpectedSql {
    /// As much of the query as fits into a line.
    fn beginning(&self) -> String {
        let words = one_line(&self.query);
        match words.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default().trim_end()),
            None => words,
        }
    }
}

fn one_value() -> Returns {
    Returns::Value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_one_value(returns: &Returns) -> bool {
    *returns == Returns::Value
}

impl Figure {
    /// It in a line, as reports show it; of a query its beginning.
    pub fn line(&self) -> String {
        let what = self.at.as_deref().unwrap_or("the answer");
        let wanted = match (&self.is, &self.sql) {
            (Some(value), _) => value.to_string(),
            (None, Some(sql)) => sql.beginning(),
            (None, None) => String::new(),
        };
        let within = match &self.within {
            Some(Tolerance::Amount(amount)) => format!(", within {amount}"),
            Some(Tolerance::Share(share)) => format!(", within {share}"),
            None => String::new(),
        };
        format!("{what} = {wanted}{within}")
    }
}

/// How far a number may be off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Tolerance {
    /// By so much.
    Amount(#[schemars(range(min = 0))] f64),
    /// By such a share of what it must be.
    Share(#[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)?%$"))] String),
}

impl Tolerance {
    /// The greatest difference from a number.
    pub fn of(&self, wanted: f64) -> f64 {
        match self {
            Self::Amount(amount) => *amount,
            Self::Share(text) => {
                let share: f64 = text.trim_end_matches('%').parse().unwrap_or_default();
                wanted.abs() * share / 100.0
            }
        }
    }
}
