use super::super::{fill, fill_with, repair_message};
use super::demo;

#[test]
fn a_citation_is_filled_in_from_the_evidence() {
    for (text, filled) in [
        ("It made [[steps.roi.output.net_profit | usd]].", "It made -$3,400."),
        ("[[steps.roi.output.net_profit|usd]]", "-$3,400"),
        ("[[ steps.roi.output.net_profit|usd ]]", "-$3,400"),
        ("[[steps.metrics.output.roas | ratio]]", "2.31x"),
        ("[[steps.metrics.output.roas]]", "2.31x"),
        ("[[steps.metrics.output.spend_usd]]", "$123,457"),
        ("[[steps.roi.output.gross_margin | percent]]", "58.4%"),
        ("[[steps.roi.output.gross_margin | percent(0)]]", "58%"),
        ("[[steps.roi.output.margin_pct]]", "71.5%"),
        ("[[steps.roi.output.margin_pct | percent]]", "71.5%"),
        ("[[steps.roi.output.margin_pct | percent(0)]]", "72%"),
        ("[[steps.metrics.output.clicks | number]]", "48,210"),
        ("[[steps.rows.output.0.spend_usd | usd]]", "$12,000"),
        ("[[steps.rows.output[1].spend_usd | usd]]", "$8,500"),
        ("[[steps.rows.output[1].channel]]", "social"),
        ("[[steps.roi.output.rates.Win Rate | percent]]", "33.3%"),
        ("[[steps.cfo.tools.0.cash | usd]]", "$912,345"),
        ("[[params.spend | usd]]", "$500,000"),
        ("[[params.campaign_id]]", "facebook_holiday_2025"),
        ("[[steps.roi.output.profitable]]", "false"),
        ("[[steps.roi.output.break_even | ratio]]", "n/a"),
        ("`[[params.spend]]`", "`500,000`"),
        ("[[[params.spend]]]", "500,000"),
        ("[[params.spend]][[params.spend]]", "500,000500,000"),
        ("no citation [here](/x), a[0] nor [ [x] ]", "no citation [here](/x), a[0] nor [ [x] ]"),
        ("if [[ is left open", "if [[ is left open"),
    ] {
        let got = fill(text, &demo());
        assert_eq!(got.text, filled, "{text}");
        assert_eq!(got.faults, [], "{text}");
    }
}

#[test]
fn a_bad_citation_stands_as_unknown_with_a_reason() {
    for (text, filled, reason) in [
        (
            "[[steps.roi.output.profit | usd]]",
            "[unknown: steps.roi.output.profit]",
            "the evidence holds no `steps.roi.output.profit`",
        ),
        (
            "[[steps.rows.output.7.spend_usd]]",
            "[unknown: steps.rows.output.7.spend_usd]",
            "the evidence holds no",
        ),
        (
            "[[steps.roi.output]]",
            "[unknown: steps.roi.output]",
            "`steps.roi.output` is an object; cite",
        ),
        ("[[steps.rows.output]]", "[unknown: steps.rows.output]", "is an array"),
        ("[[params.spend | dollars]]", "[unknown: params.spend]", "unknown filter `dollars`"),
        ("[[params.campaign_id | usd]]", "[unknown: params.campaign_id]", "needs a number"),
        ("[[params.spend | ]]", "[unknown: params.spend]", "it is no citation"),
        ("[[params.spend | usd | usd]]", "[unknown: params.spend]", "it is no citation"),
        ("[[params.spend * 2]]", "[unknown: params.spend * 2]", "the evidence holds no"),
        ("see [[1]](https://x.y)", "see [unknown: 1](https://x.y)", "it is no citation"),
        ("[[Wiki Page|shown]]", "[unknown: Wiki Page]", "it is no citation"),
        ("[[]]", "[unknown: ]", "it is no citation"),
        ("[[[1, 2], [3, 4]]]", "[unknown: 1, 2, 3, 4]", "it is no citation"),
        ("[[ a [[params.spend]] ]]", "[unknown: a params.spend]", "it is no citation"),
        ("cut [[params.spend", "cut [unknown: params.spend]", "it is no citation"),
        ("cut [[params.spend] off", "cut [unknown: params.spend] off", "it is no citation"),
    ] {
        let got = fill(text, &demo());
        assert_eq!(got.text, filled, "{text}");
        assert_eq!((got.cited, got.faults.len()), (0, 1), "{text}");
        assert!(got.faults[0].reason.contains(reason), "{text}: {}", got.faults[0].reason);
        assert_eq!(
            got.text.get(got.ranges[0].clone()),
            Some(got.faults[0].text.as_str()),
            "{text}"
        );
    }
}

#[test]
fn the_path_that_may_be_meant_is_suggested() {
    for (path, meant) in [
        ("steps.roi.output.profit", "steps.roi.output.net_profit"),
        ("steps.roi.net_profit", "steps.roi.output.net_profit"),
        ("roi.net_profit", "steps.roi.output.net_profit"),
        ("steps.roi.output.gross_margn", "steps.roi.output.gross_margin"),
        ("steps.metric.output.roas", "steps.metrics.output.roas"),
        ("steps.rows.output.spend_usd", "steps.rows.output.0.spend_usd"),
        ("net_profit", "steps.roi.output.net_profit"),
    ] {
        let got = fill(&format!("[[{path} | usd]]"), &demo());
        assert_eq!(got.faults[0].suggestion.as_deref(), Some(meant), "{path}");
    }
    assert_eq!(fill("[[steps.zzz.qqq]]", &demo()).faults[0].suggestion, None);
}

#[test]
fn a_number_that_only_a_model_wrote_is_filled_in_and_reported() {
    let got = fill(
        "Score [[steps.judge.output.score]], verdict [[steps.judge.output.verdict]].",
        &demo(),
    );
    assert_eq!(got.text, "Score 87, verdict thin.");
    assert_eq!((got.cited, got.faults.len()), (1, 1));
    assert_eq!(got.faults[0].text, "87");
    assert_eq!(
        got.faults[0].reason,
        "only the model of step `judge` wrote it (steps.judge.output.score)"
    );
    // Its text is read like the answer's own.
    let got = fill("[[steps.judge.output.note]]", &demo());
    assert!(got.ranges.is_empty());
}

#[test]
fn data_never_becomes_a_citation() {
    let tricky = |_: &_, _: Option<&str>, _: Option<&str>| Ok("]][[params.spend]][[".to_owned());
    let once =
        fill_with("[[[params.spend]]] [[params.spend]][[params.spend]]]", &demo(), &tricky).text;
    assert!(!once.contains("[[") && !once.contains("]]"), "{once}");
    assert_eq!(fill(&once, &demo()).text, once);
}

#[test]
fn the_model_is_told_its_faults_and_what_it_may_have_meant() {
    let faults = fill("[[steps.roi.output.profit | usd]] and [[1]]", &demo()).faults;
    assert_eq!(
        repair_message(&faults),
        "Your answer has citations that cannot be filled in:\n\
         - [[steps.roi.output.profit | usd]]: the evidence holds no `steps.roi.output.profit`. Did you mean [[steps.roi.output.net_profit]]?\n\
         - [[1]]: it is no citation: [[path | filter]] is one, with a path of the evidence.\n\
         Write the whole answer again. Cite only paths of the list, as [[path | filter]]."
    );
    assert_eq!(repair_message(&[]), "");
}
