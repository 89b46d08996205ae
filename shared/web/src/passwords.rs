//! Hashing off the async threads, a bounded number at a time: each takes 19 MiB and tens of milliseconds of a core.

use std::sync::{Arc, Mutex, PoisonError};

use roster_domain::{
    Error,
    passwords::{HashError, Hasher, Password, StoredPassword},
};
use tokio::sync::Semaphore;

use crate::app::random;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Hasher>>>,
}

impl Passwords {
    /// At most `parallel` hashes at once; further ones wait.
    pub fn new(parallel: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(parallel)), idle: Arc::default() }
    }

    pub async fn hash(&self, password: Password) -> Result<StoredPassword, Error> {
        self.run(move |hasher| hasher.hash(&password, random())).await
    }

    /// Whether `password` is the stored one. Where none is stored, the answer is no and takes as long.
    pub async fn verify(&self, password: Password, stored: Option<StoredPassword>) -> Result<bool, Error> {
        self.run(move |hasher| hasher.verify(&password, stored.as_ref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Hasher) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Error::unexpected)?;
        let idle = Arc::clone(&self.idle);
        let done = tokio::task::spawn_blocking(move || {
            let mut hasher = lock(&idle).pop().unwrap_or_default();
            let done = work(&mut hasher);
            lock(&idle).push(hasher);
            drop(permit);
            done
        });
        done.await.map_err(Error::unexpected)?.map_err(Error::unexpected)
    }
}

fn lock(idle: &Mutex<Vec<Hasher>>) -> std::sync::MutexGuard<'_, Vec<Hasher>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_many_hashes_at_once_few_take_memory() {
        let passwords = Passwords::new(2);
        let hashes = (0..8).map(|n| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.hash(Password::typed(&format!("password {n}")).unwrap()).await })
        });

        for hash in hashes.collect::<Vec<_>>() {
            hash.await.unwrap().unwrap();
        }

        assert!(lock(&passwords.idle).len() <= 2, "each keeps 19 MiB");
    }
}
