//! What of a text carries meaning: stems of its words, without those that every question has.

use rust_stemmers::{Algorithm, Stemmer};

use super::typos::slips;
use super::words::{Kind, Token};

/// Words that tell nothing of what a question is about. Those about size, time and quality are
/// among them: every field has a best, a last and a most.
const STOP_WORDS: &str = "\
a able about above across after again against all already also am an and another any anybody anyone anything are around as \
ask asking at away back based be became because been before being below best better between big bigger biggest both but by bye \
can cannot come coming could d did do does doing done down during each either else enough even ever every exactly \
few find first for from further gave general get gets getting give given giving go goes going good got great had has have having \
he hello help her here hers hey hi high higher highest him his how however i if in incl including into is it its itself \
just keep kind know known large larger largest last latest least less let like little ll long look looking lot low lower \
lowest m made make makes making many may maybe me mean might month months more most much must my myself n need needed needs \
never new no nobody none nor not nothing now o of off often ok okay old on once one ones only or other our ours \
ourselves out over own part per perhaps please pls put puts question quarter quarters quite rather re really right s said same say see \
seem shall she should show since small so some somebody someone something soon still stuff such sure t take takes taking \
tell telling than thank thanks thx that the their theirs them then there these they thing things think thinking this those through thus till \
time times to today together tomorrow too toward try two under until up upon us use used using ve very want wants was way we well went were what \
whats when where whether which while who whole whom whose why will with within without won wonder wondering worse worst would year years yes yesterday yet you your yours";

/// Stems words, one language for all files and questions.
pub(super) struct Stems {
    stemmer: Stemmer,
    stop_words: Vec<&'static str>,
}

impl Stems {
    pub(super) fn new() -> Self {
        let mut stop_words: Vec<&str> = STOP_WORDS.split_whitespace().collect();
        stop_words.sort_unstable();
        Self { stemmer: Stemmer::create(Algorithm::English), stop_words }
    }

    /// The stem of a token; a number is its own, a mark has none.
    pub(super) fn stem(&self, token: &Token) -> Option<String> {
        match token.kind {
            Kind::Word => Some(self.stemmer.stem(&token.text).into_owned()),
            Kind::Number => Some(token.text.clone()),
            Kind::Mark => None,
        }
    }

    /// Whether two words are forms of one.
    pub(super) fn are_forms(&self, one: &str, other: &str) -> bool {
        self.stemmer.stem(one) == self.stemmer.stem(other)
    }

    /// Whether a token carries no meaning of its own.
    pub(super) fn is_idle(&self, token: &Token) -> bool {
        token.kind != Kind::Word || self.is_stop_word(token) || self.is_slip(&token.text)
    }

    /// Whether it is a word that every question has, with one letter left out or two swapped (`shoud`, `whcih`). One letter for
    /// another makes too many words of their own: `stall` is not `still`.
    fn is_slip(&self, word: &str) -> bool {
        let letters = |word: &str| {
            let mut letters: Vec<char> = word.chars().collect();
            letters.sort_unstable();
            letters
        };
        let (own, length) = (letters(word), word.chars().count());
        self.stop_words.iter().any(|meant| {
            let swapped = || own == letters(meant);
            slips(word, meant) == Some(1) && (meant.chars().count() > length || swapped())
        })
    }

    /// Whether it is a word that every question has.
    pub(super) fn is_stop_word(&self, token: &Token) -> bool {
        self.stop_words.binary_search(&token.text.as_str()).is_ok()
    }
}
