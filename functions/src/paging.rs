//! How much of a list one call gives.

use std::str::FromStr;

use roster_domain::Invalid;
use roster_web::Text;

/// How many items a page holds: 1 to 100.
#[derive(Clone, Copy)]
pub struct Limit(usize);

impl Limit {
    pub(crate) fn or_default(limit: Option<Self>) -> usize {
        limit.map_or(50, |limit| limit.0)
    }
}

impl FromStr for Limit {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
        limit.map(Self).ok_or_else(|| "A page holds 1 to 100 items.".into())
    }
}

impl Text for Limit {}
