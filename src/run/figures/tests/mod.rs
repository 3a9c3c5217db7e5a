//! What users may rely on about figures, case by case, and what holds for any text.

mod citations;
mod derived;
mod evidence;
mod numbers;
mod places;
mod properties;
mod quantities;
mod rows;
mod verify;
mod written;

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::json;

use super::{Evidence, Origin};
use crate::value::Value;

/// The evidence of the demo's question: metrics by SQL, a computed result, an agent's judgement, a tool's result.
fn demo() -> Arc<Evidence> {
    let params = json!({"campaign_id": "facebook_holiday_2025", "spend": 500_000});
    let params = Arc::new(Evidence::of_params(params.as_object().unwrap(), &IndexMap::new()));
    let metrics = data(
        "steps.metrics.output",
        json!({
            "campaign_name": "Holiday: 20% off", "spend_usd": 123_456.78, "revenue_usd": 285_000, "clicks": 48_210,
            "conversions": 1204, "roas": 2.3085, "first_month": "2025-10", "cost_per_conversion_usd": 102.539,
        }),
        &[
            ("clicks", "number"),
            ("conversions", "number"),
            ("roas", "ratio"),
            ("first_month", "month"),
        ],
        &params,
    );
    let roi = data(
        "steps.roi.output",
        json!({
            "net_profit": -3_400.0, "gross_margin": 0.584, "margin_pct": 71.5, "true_roi": -0.0275, "break_even": null,
            "growth": 0.125, "runway_months": 14.2, "revenue": 1_234_567.0, "assets": 3_040_000_000_i64,
            "profitable": false, "rates": {"Win Rate": 0.333},
        }),
        &[],
        &metrics,
    );
    let rows = data(
        "steps.rows.output",
        json!([{"channel": "search", "spend_usd": 12_000, "share": 0.41}, {"channel": "social", "spend_usd": 8_500, "share": 0.29}]),
        &[("share", "ratio")],
        &params,
    );
    let judged = Evidence::of_output(
        "steps.judge.output".to_owned(),
        &Arc::new(
            json!({"score": 87, "verdict": "thin", "note": "Expect $77,000 next year, and 58.4% again."}),
        ),
        &IndexMap::new(),
        Origin::Model,
        &roi,
    );
    let cash = data("steps.cfo.tools.0", json!({"cash": 912_345.0}), &[("cash", "usd")], &judged);
    Evidence::gather([cash, rows, params])
}

fn data(path: &str, value: Value, units: &[(&str, &str)], given: &Arc<Evidence>) -> Arc<Evidence> {
    let units =
        units.iter().map(|(field, unit)| ((*field).to_owned(), (*unit).to_owned())).collect();
    Evidence::of_output(path.to_owned(), &Arc::new(value), &units, Origin::Data, given)
}
