//! Figures whose words tell the other sign: `The company lost $4.4M`, which is what it earned; `Marketing has $111,705 left`, by which
//! it is over its budget.
//!
//! Only fields that are named for one side of zero can be told so, and of the words that tell a side the nearest to the figure counts.

use std::ops::Range;

use super::clause::Clause;
use super::formulas::{DECLINE, GROWTH};
use super::naming::is;
use super::numbers::{Figure, Lean, Sign};
use super::operands::Operand;
use super::sentence::{Sentence, words_of};

/// What a value is above zero and below it.
struct Sides {
    /// Words of the names of such fields.
    fields: &'static [&'static str],
    /// Words that tell a value above zero, its plain name among them.
    above: &'static [&'static str],
    below: &'static [&'static str],
}

const SURPLUS: Sides = Sides {
    fields: &["profit", "income", "result", "earnings", "ebitda", "ebit", "surplus"],
    above: &[
        "profit", "profits", "income", "result", "earnings", "ebitda", "ebit", "surplus", "earned",
        "earns", "made", "makes", "gained", "gain",
    ],
    below: &[
        "loss",
        "losses",
        "lost",
        "lose",
        "loses",
        "losing",
        "deficit",
        "short",
        "shortfall",
        "negative",
        "burned",
        "burnt",
        "missing",
        "red",
    ],
};

/// By each family of fields.
const SIDES: &[Sides] = &[
    SURPLUS,
    Sides {
        fields: &["left", "remaining", "remainder", "unspent", "headroom"],
        above: &[
            "left",
            "remaining",
            "remains",
            "remain",
            "under",
            "below",
            "within",
            "unspent",
            "spare",
            "underspent",
            "underspend",
            "still",
        ],
        below: &[
            "over",
            "overspent",
            "overspend",
            "overspending",
            "overrun",
            "overran",
            "overruns",
            "overshot",
            "exceeded",
            "exceeds",
            "exceeding",
            "exceed",
            "above",
            "beyond",
            "short",
            "more",
            "excess",
            "missing",
        ],
    },
    Sides {
        fields: &["burn"],
        above: &["burn", "burns", "burned", "burnt", "burning", "lose", "loses", "losing", "lost"],
        below: &[
            "build",
            "builds",
            "built",
            "building",
            "add",
            "adds",
            "added",
            "adding",
            "generate",
            "generates",
            "generated",
            "gain",
            "gains",
            "gained",
            "save",
            "saves",
            "saved",
            "positive",
            "surplus",
            "grows",
            "grew",
            "more",
            "exceed",
            "exceeds",
            "exceeded",
        ],
    },
    Sides { fields: &["change", "growth", "delta"], above: GROWTH, below: DECLINE },
];

/// They turn what is said beside them.
const NOT: &[&str] =
    &["no", "not", "never", "without", "neither", "nor", "instead", "cannot", "t", "negative"];

/// A word farther from the figure is not said of it.
const FARTHEST: usize = 7;

/// A figure that is told with the other sign.
pub(super) struct OtherSign<'o> {
    pub(super) found: &'o Operand,
    /// The word that tells it.
    pub(super) word: String,
}

/// Finds whether the words beside a figure tell the other sign than the value that it is. `figures` are where the figures of the
/// text stand, in order.
pub(super) fn other_sign<'o>(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
    operands: &'o [Operand],
) -> Option<OtherSign<'o>> {
    let mut found = operands.iter().filter(|operand| is(operand, figure));
    let first = found.next()?;
    let sides = SIDES.iter().find(|sides| sides.hold(first))?;
    let alike = |one: &Operand| sides.hold(one) && one.value.signum() == first.value.signum();
    if first.value == 0.0 || figure.sign != Sign::None || !found.all(alike) {
        return None;
    }
    let (is_above, word) = sides.told(text, figure, figures)?;
    (is_above != (first.value > 0.0)).then_some(OtherSign { found: first, word })
}

/// Whether a figure is told as a profit (or as a loss), if as either.
pub(super) fn told_as_profit(
    text: &str,
    figure: &Figure,
    figures: &[Range<usize>],
) -> Option<bool> {
    SURPLUS.told(text, figure, figures).map(|(is_above, _)| is_above)
}

/// Whether a word tells one of the sides of zero that a value is named for: `overrun` for a `budget_left`.
pub(super) fn tells_a_side(operand: &Operand, word: &str) -> bool {
    let tells = |sides: &Sides| sides.above.contains(&word) || sides.below.contains(&word);
    SIDES.iter().any(|sides| sides.hold(operand) && tells(sides))
}

/// Whether a sentence names a value by a word that says nothing else: `overrun` for a `budget_left`.
pub(super) fn is_named_by_side(operand: &Operand, sentence: &Sentence) -> bool {
    let names = |word: &String| {
        let rest = word.strip_prefix("over").or_else(|| word.strip_prefix("under"));
        rest.is_some_and(|rest| !rest.is_empty()) && tells_a_side(operand, word)
    };
    sentence.words().iter().any(names)
}

impl Sides {
    fn hold(&self, operand: &Operand) -> bool {
        operand.words.iter().any(|word| self.fields.contains(&word.as_str()))
    }

    /// Whether the nearest word that tells a side tells the one above zero, and that word.
    fn told(
        &self,
        text: &str,
        figure: &Figure,
        figures: &[Range<usize>],
    ) -> Option<(bool, String)> {
        let clause = Clause::around(text, figure, figures);
        // Accountants write a loss in brackets.
        if clause.since.ends_with('(') {
            return None;
        }
        let (left, right) = (words_of(clause.nearest()), words_of(clause.right));
        if left.iter().chain(&right).any(|word| NOT.contains(&word.as_str())) {
            return None;
        }
        // `over $111,705` is said of the figure.
        let rough = usize::from(figure.lean != Lean::None);
        let side = |(at, word): (usize, &String)| {
            let is = |list: &[&str]| list.contains(&word.as_str());
            let side = match (is(self.above), is(self.below)) {
                (true, false) => true,
                (false, true) => false,
                _ => return None,
            };
            Some((at, side, word.clone()))
        };
        let ahead = left.iter().rev().enumerate().skip(rough).find_map(side);
        let behind = right.iter().enumerate().find_map(side);
        let nearest = ahead.into_iter().chain(behind).filter(|(at, ..)| *at < FARTHEST);
        nearest.min_by_key(|(at, ..)| *at).map(|(_, side, word)| (side, word))
    }
}
