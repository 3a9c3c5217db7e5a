//! `similar`: the answer is like a text. The measure is that of Sørensen and Dice over pairs of letters: twice the pairs in
//! common, over all pairs of both. It needs no model, and knows nothing of what words mean.

use super::{Found, nothing, short, told};
use crate::document::Similar;
use crate::eval::given::Given;

pub(super) fn look(wanted: &Similar, given: &Given) -> Found {
    if !given.has_answer() {
        return nothing(given);
    }
    let answer = given.text();
    let likeness = likeness(wanted.text(), &answer);
    let threshold = wanted.threshold();
    let what = format!("the likeness is {likeness:.2}, of {threshold}: {}", short(&answer));
    told(likeness >= threshold, what)
}

/// How like two texts are, from 0 to 1, whatever the case of letters and the marks and spaces between words.
fn likeness(one: &str, other: &str) -> f64 {
    let plain = |text: &str| -> String {
        text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
    };
    strsim::sorensen_dice(&plain(one), &plain(other))
}

#[cfg(test)]
mod tests {
    use super::likeness;

    #[test]
    fn two_wordings_of_one_thing_are_alike_and_two_things_are_not() {
        let text = "The campaign lost $44,104 once the margin of 58.4% is counted.";
        let alike = "Once the margin of 58.4 % is counted, the campaign lost $44,104!";
        let other = "Headcount grew by twelve people, most of them engineers in Berlin.";
        assert!((likeness(text, &text.to_uppercase()) - 1.0).abs() < 1e-9);
        assert!(likeness(text, alike) > 0.85, "{}", likeness(text, alike));
        assert!(likeness(text, other) < 0.4, "{}", likeness(text, other));
        assert!(likeness(text, "") < 1e-9 && (likeness("", "") - 1.0).abs() < 1e-9);
    }
}
