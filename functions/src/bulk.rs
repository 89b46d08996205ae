//! Bulk calls: every row has its own outcome, in order, and a bad one harms no other.

use std::{collections::HashMap, future::Future};

use futures_util::{StreamExt, stream};
use roster_domain::{EmailAddress, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// How many rows one call takes.
pub(crate) const MAX_ROWS: usize = 500;
/// How many rows are written at once.
const PARALLEL: usize = 8;

/// The outcomes of a bulk call, in the order of its rows.
#[derive(Serialize, ToSchema)]
pub struct Results<T> {
    pub(crate) results: Vec<T>,
}

/// Does `work` for every row, some at a time; the results are in the order of the rows.
pub(crate) async fn in_order<R, T, F: Future<Output = T>>(
    rows: impl IntoIterator<Item = R>,
    work: impl FnMut(R) -> F,
) -> Vec<T> {
    stream::iter(rows).map(work).buffered(PARALLEL).collect().await
}

/// The address that a row names, valid or not.
pub(crate) fn email_of(row: &Value) -> Option<String> {
    row.get("email")?.as_str().map(str::to_owned)
}

/// What is wrong with a row, in one sentence or a few.
pub(crate) fn detail(errors: &[FieldError]) -> String {
    let named = errors.iter().map(|error| match error.pointer.trim_start_matches('/') {
        "" => error.detail.clone(),
        field => format!("{field}: {}", error.detail),
    });
    named.collect::<Vec<_>>().join(" ")
}

/// Which good row first names each address: later ones find it taken.
pub(crate) struct FirstRows(HashMap<String, usize>);

impl FirstRows {
    pub(crate) fn new<'a>(emails: impl Iterator<Item = (usize, &'a EmailAddress)>) -> Self {
        let mut first = HashMap::new();
        for (n, email) in emails {
            first.entry(email.key().to_owned()).or_insert(n);
        }
        Self(first)
    }

    /// The earlier good row that names the address of row `n`.
    pub(crate) fn before(&self, n: usize, email: &EmailAddress) -> Option<usize> {
        self.0.get(email.key()).copied().filter(|first| *first < n)
    }
}
