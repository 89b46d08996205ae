//! Deciding again when somebody else wrote in between.

use std::{future::Future, time::Duration};

use roster_domain::{Error, Result};

const ATTEMPTS: u32 = 10;

/// Reads, decides and writes, until what was read is still true when it is written.
pub async fn decide<T, F: Future<Output = Result<T>>>(mut attempt: impl FnMut() -> F) -> Result<T> {
    for n in 0..ATTEMPTS {
        match attempt().await {
            Err(Error::Conflict) => tokio::time::sleep(Duration::from_millis(5 << n.min(6))).await,
            outcome => return outcome,
        }
    }
    Err(Error::Unavailable("others kept writing the same user".into()))
}
