//! Units: what a value is a value of, and which figures may therefore stand for it.

use super::numbers::Kind;

/// Whose money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Currency {
    /// `$`, `USD`, and the other dollars.
    Dollar,
    /// `€`, `EUR`.
    Euro,
    /// `£`, `GBP`.
    Pound,
    /// `¥`, `JPY`, `CNY`.
    Yen,
    /// `₹`, `INR`.
    Rupee,
    /// `CHF`.
    Franc,
}

/// Signs of currencies.
pub(super) const SIGNS: &[(char, Currency)] = &[
    ('$', Currency::Dollar),
    ('€', Currency::Euro),
    ('£', Currency::Pound),
    ('¥', Currency::Yen),
    ('₹', Currency::Rupee),
];

/// Codes of currencies, as written before or behind an amount.
pub(super) const CODES: &[(&str, Currency)] = &[
    ("USD", Currency::Dollar),
    ("CAD", Currency::Dollar),
    ("AUD", Currency::Dollar),
    ("EUR", Currency::Euro),
    ("GBP", Currency::Pound),
    ("JPY", Currency::Yen),
    ("CNY", Currency::Yen),
    ("INR", Currency::Rupee),
    ("CHF", Currency::Franc),
];

/// Names of currencies, as written behind an amount.
pub(super) const NAMES: &[(&str, Currency)] = &[
    ("dollars", Currency::Dollar),
    ("dollar", Currency::Dollar),
    ("bucks", Currency::Dollar),
    ("euros", Currency::Euro),
    ("euro", Currency::Euro),
    ("pounds", Currency::Pound),
    ("yen", Currency::Yen),
    ("rupees", Currency::Rupee),
    ("francs", Currency::Franc),
];

/// Names of one of each.
pub(super) const ONES: &[(&str, Currency)] = &[
    ("dollar", Currency::Dollar),
    ("euro", Currency::Euro),
    ("pound", Currency::Pound),
    ("rupee", Currency::Rupee),
    ("franc", Currency::Franc),
];

/// What is counted: units of tools, and words behind a number that tell that it is a number of things.
pub(super) const COUNTED: &[&str] = &[
    "months",
    "days",
    "weeks",
    "years",
    "hours",
    "quarters",
    "people",
    "persons",
    "employees",
    "colleagues",
    "engineers",
    "hires",
    "positions",
    "roles",
    "openings",
    "campaigns",
    "channels",
    "departments",
    "customers",
    "conversions",
    "clicks",
    "impressions",
    "orders",
    "units",
    "items",
    "leads",
    "users",
    "visits",
    "sessions",
    "subscribers",
    "teams",
    "rows",
    "visitors",
    "accounts",
    "deals",
    "contracts",
    "products",
    "stores",
    "tickets",
    "calls",
    "purchases",
    "signups",
    "installs",
    "downloads",
    "licences",
    "licenses",
    "seats",
    "projects",
    "transactions",
    "members",
    "partners",
    "workers",
    "developers",
    "managers",
    "analysts",
    "recruiters",
];

/// What a value is a value of, as far as its unit tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Money(Currency),
    /// 0.584 for 58.4 %.
    Ratio,
    /// 58.4 for 58.4 %.
    Percent,
    /// A number of things.
    Count,
    /// Nobody said, or in a word that means nothing here.
    Unknown,
}

impl Unit {
    pub(super) fn named(name: Option<&str>) -> Self {
        let Some(name) = name.map(str::trim) else { return Self::Unknown };
        let coded = CODES.iter().find(|(code, _)| code.eq_ignore_ascii_case(name));
        let called = || NAMES.iter().find(|(called, _)| called.eq_ignore_ascii_case(name));
        if let Some((_, currency)) = coded.or_else(called) {
            return Self::Money(*currency);
        }
        match name.to_ascii_lowercase().as_str() {
            "ratio" | "fraction" | "share" | "multiple" => Self::Ratio,
            "percent" | "pct" | "%" => Self::Percent,
            "number" | "count" => Self::Count,
            // Months are no money and no percentage, like any number of things.
            name if COUNTED.contains(&name) => Self::Count,
            _ => Self::Unknown,
        }
    }
}

impl From<Kind> for Unit {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Money(currency) => Self::Money(currency),
            Kind::Percent => Self::Percent,
            Kind::Ratio => Self::Ratio,
            Kind::Plain => Self::Unknown,
        }
    }
}
