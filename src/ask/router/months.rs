//! Months and spans of months.

use std::fmt;

use crate::document::ParamType;
use crate::value::Object;

/// A month of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    /// Months since January of the year 0.
    index: i32,
}

impl Month {
    /// The month of a year, January being 1; a month outside the year falls into the years around it.
    pub const fn new(year: i32, month: u8) -> Self {
        Self { index: year.saturating_mul(12).saturating_add(month as i32).saturating_sub(1) }
    }

    /// A month as the data has it: `YYYY-MM`, whatever follows.
    pub fn read(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let month = rest.get(..2)?.parse().ok().filter(|month| (1..=12).contains(month))?;
        Some(Self::new(year.parse().ok()?, month))
    }

    /// The month so many months later, or earlier where `months` is negative.
    pub(super) fn plus(self, months: i32) -> Self {
        Self { index: self.index.saturating_add(months) }
    }

    pub(super) fn year(self) -> i32 {
        self.index.div_euclid(12)
    }

    /// The span of `length` months, counted from January, that holds this month.
    pub(super) fn span(self, length: i32) -> Period {
        let from = Self { index: self.index - self.index.rem_euclid(length) };
        Period { from: Some(from), to: from.plus(length - 1) }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.index.rem_euclid(12) + 1)
    }
}

/// A span of months, both ends included; without `from` it begins with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first month.
    pub from: Option<Month>,
    /// The last month.
    pub to: Month,
}

impl Period {
    /// Puts the months into `from` and `to` of something that takes both; false where it does not.
    pub(in crate::ask) fn give(
        self,
        params: &mut Object,
        param: impl Fn(&str) -> Option<ParamType>,
    ) -> bool {
        let takes = |name| param(name) == Some(ParamType::String);
        if !(takes("from") && takes("to")) {
            return false;
        }
        if let Some(from) = self.from {
            params.insert("from".to_owned(), from.to_string().into());
        }
        params.insert("to".to_owned(), self.to.to_string().into());
        true
    }

    /// The last span of its kind that ended by `last`, for spans that come round every year.
    pub(super) fn latest(self, last: Month) -> Self {
        let years = (self.to.index - last.index + 11).div_euclid(12);
        self.shifted(-12 * years)
    }

    /// How many months it is long; none where it begins with the data.
    pub(super) fn months(self) -> Option<i32> {
        Some(self.to.index - self.from?.index + 1)
    }

    pub(super) fn shifted(self, months: i32) -> Self {
        Self { from: self.from.map(|from| from.plus(months)), to: self.to.plus(months) }
    }

    /// What of it lies within the data, which ends with `last`.
    pub(super) fn within(self, last: Month) -> Option<Self> {
        let began = self.from.is_none_or(|from| from <= last);
        began.then_some(Self { from: self.from, to: self.to.min(last) })
    }
}
