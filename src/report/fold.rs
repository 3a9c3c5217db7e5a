//! Long lists of items in short: how they ended, what they cost, the faulty ones and the slowest.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::steps::StepLine;
use super::summary::{duration, spent};
use crate::id::StepPath;
use crate::value::{counted, millis};

/// Items that a step may have and still all be shown.
const SHORT: usize = 12;
/// The faulty items that are shown of a longer list, from the first.
const FAULTY: usize = 5;
/// The slowest items that are shown of it.
const SLOWEST: usize = 3;

/// The items of a step, by their number.
type Items<'l> = BTreeMap<usize, &'l StepLine>;

/// Leaves out most items of long lists, with what is nested in them; gives a line about each list.
pub(super) fn fold(lines: &mut IndexMap<StepPath, StepLine>) -> Vec<String> {
    let mut lists: IndexMap<String, Items<'_>> = IndexMap::new();
    for (path, line) in &*lines {
        if let Some((list, item)) =
            items(path.as_str()).last().filter(|_| path.as_str().ends_with(']'))
        {
            lists.entry(list.to_owned()).or_default().insert(item, line);
        }
    }
    lists.retain(|_, items| items.len() > SHORT);
    let shown: BTreeMap<&str, BTreeSet<usize>> =
        lists.iter().map(|(list, items)| (list.as_str(), telling(items))).collect();
    let is_shown = |path: &str, line: Option<&StepLine>| {
        let mut folded = items(path).filter_map(|(list, item)| Some((shown.get(list)?, item)));
        let nested = !path.ends_with(']') && folded.clone().next().is_some();
        folded.all(|(shown, item)| shown.contains(&item))
            && (!nested || line.is_none_or(|line| line.faulty))
    };
    let told: Vec<String> = lists
        .iter()
        .filter(|(list, _)| is_shown(list, None))
        .map(|(list, items)| tell(list, items, lines))
        .collect();
    let kept: BTreeSet<StepPath> = lines
        .iter()
        .filter(|(path, line)| is_shown(path.as_str(), Some(line)))
        .map(|(path, _)| path.clone())
        .collect();
    lines.retain(|path, _| kept.contains(path));
    told
}

/// The lists that a step stands in, from the outside, with its place in each.
fn items(path: &str) -> impl Iterator<Item = (&str, usize)> + Clone {
    let ends = path.match_indices(']').map(|(at, _)| at);
    ends.filter_map(|end| {
        let (list, item) = path.get(..end)?.rsplit_once('[')?;
        Some((list, item.parse().ok()?))
    })
}

/// The items that say most: those at fault, and those that took longest.
fn telling(items: &Items<'_>) -> BTreeSet<usize> {
    let faulty = items.iter().filter(|(_, line)| line.faulty).map(|(item, _)| *item);
    faulty.take(FAULTY).chain(slowest(items).into_iter().map(|(item, _)| item)).collect()
}

/// The items that took longest, with the microseconds that they worked.
fn slowest(items: &Items<'_>) -> Vec<(usize, i64)> {
    let mut timed: Vec<(usize, i64)> =
        items.iter().filter_map(|(item, line)| Some((*item, line.worked_us?))).collect();
    timed.sort_by_key(|(item, worked)| (-worked, *item));
    timed.truncate(SLOWEST);
    timed
}

fn tell(list: &str, items: &Items<'_>, lines: &IndexMap<StepPath, StepLine>) -> String {
    let mut by_status: IndexMap<&str, Vec<(usize, bool)>> = IndexMap::new();
    for (number, line) in items {
        by_status.entry(line.status).or_default().push((*number, line.faulty));
    }
    let in_brackets = |of: &[(usize, bool)]| {
        let mut faulty =
            of.iter().filter(|(_, faulty)| *faulty).map(|(item, _)| format!("[{item}]"));
        let names: Vec<String> = faulty.by_ref().take(FAULTY).collect();
        let more = if faulty.next().is_some() { ", ..." } else { "" };
        if names.is_empty() { String::new() } else { format!(" ({}{more})", names.join(", ")) }
    };
    let counts: Vec<String> = by_status
        .iter()
        .map(|(status, of)| format!("{} {status}{}", of.len(), in_brackets(of)))
        .collect();
    let slowest: Vec<String> = slowest(items)
        .into_iter()
        .map(|(item, worked)| format!("[{item}] {}", duration(millis(worked))))
        .collect();
    format!(
        "{list}: {}: {}{}; slowest {}",
        counted(items.len(), "item"),
        counts.join(", "),
        asked(list, lines),
        slowest.join(", ")
    )
}

/// What the items asked models, the steps inside of them too, and what that cost.
fn asked(list: &str, lines: &IndexMap<StepPath, StepLine>) -> String {
    let inside = |path: &StepPath| {
        path.as_str().strip_prefix(list).is_some_and(|rest| rest.starts_with('['))
    };
    let (mut calls, mut unpriced, mut usd) = (0, 0, None);
    for line in lines.iter().filter(|(path, _)| inside(path)).map(|(_, line)| line) {
        calls += line.calls;
        unpriced += line.unpriced_calls;
        if let Some(more) = line.cost_usd {
            *usd.get_or_insert(0.0) += more;
        }
    }
    if calls == 0 {
        return String::new();
    }
    let calls = counted(calls, "call");
    let cost = spent(usd, unpriced);
    if cost.is_empty() { format!("; {calls}") } else { format!("; {calls}, {cost}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: &'static str, worked_us: i64) -> StepLine {
        let faulty = matches!(status, "failed" | "defaulted");
        StepLine { status, faulty, worked_us: Some(worked_us), ..StepLine::default() }
    }

    #[test]
    fn of_a_long_list_what_failed_and_what_took_longest_is_shown() {
        let mut lines = IndexMap::from([("all".into(), line("failed", 9))]);
        for item in 0..40_i64 {
            let status = if item % 10 == 7 { "failed" } else { "succeeded" };
            lines.insert(format!("all[{item}]").into(), line(status, item * 1000));
            lines.insert(format!("all[{item}]/one").into(), line("succeeded", 1));
            lines.insert(format!("all[{item}]/two").into(), line(status, 1));
        }
        lines.insert("few[0]".into(), line("succeeded", 1));
        let told = fold(&mut lines);
        assert_eq!(
            told,
            [
                "all: 40 items: 36 succeeded, 4 failed ([7], [17], [27], [37]); slowest [39] 39ms, [38] 38ms, [37] 37ms"
            ]
        );
        let left: Vec<&str> = lines.keys().map(StepPath::as_str).collect();
        let wanted = "all all[7] all[7]/two all[17] all[17]/two all[27] all[27]/two all[37] all[37]/two all[38] all[39] few[0]";
        assert_eq!(left.join(" "), wanted);
    }

    #[test]
    fn short_lists_stay_and_lists_in_folded_items_are_not_told() {
        let mut lines = IndexMap::new();
        for item in 0..13_i64 {
            lines.insert(format!("all[{item}]").into(), line("succeeded", item));
            for inner in 0..13 {
                lines.insert(format!("all[{item}]/in[{inner}]").into(), line("succeeded", 1));
            }
        }
        let short = lines.len() - 14;
        let told = fold(&mut lines);
        assert_eq!(told.len(), 4, "the list, and those in its three slowest items: {told:?}");
        assert!(lines.len() < short);
        let mut lines: IndexMap<StepPath, StepLine> =
            (0..12).map(|item| (format!("a[{item}]").into(), line("failed", 1))).collect();
        assert_eq!(fold(&mut lines), Vec::<String>::new());
        assert_eq!(lines.len(), 12);
    }
}
