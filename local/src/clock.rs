//! The clock of the installation: the time of the machine, moved forward by what `POST /_local/clock` asked for.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::state::StateFile;

/// A clock that moves forward when told. Clones show the same time.
#[derive(Clone, Debug)]
pub struct LocalClock {
    /// How far this clock is ahead of the machine's, in seconds.
    ahead: Arc<AtomicI64>,
    file: StateFile,
}

impl LocalClock {
    /// The clock as `file` remembers it.
    pub fn load(file: StateFile) -> io::Result<Self> {
        Ok(Self { ahead: Arc::new(AtomicI64::new(file.load()?)), file })
    }

    /// The time of the installation.
    pub fn now(&self) -> Timestamp {
        Self::at(self.ahead.load(Ordering::Relaxed)).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock forward and says what it shows then. Refuses what lies beyond the year 9999.
    pub fn advance(&self, by: Duration) -> io::Result<Timestamp> {
        let refused = || io::Error::new(io::ErrorKind::InvalidInput, "the clock cannot show a time that late");
        let by = i64::try_from(by.as_secs()).map_err(|_| refused())?;
        let ahead = self.ahead.load(Ordering::Relaxed).checked_add(by).ok_or_else(refused)?;
        let now = Self::at(ahead).ok_or_else(refused)?;
        self.file.save(&ahead)?;
        self.ahead.fetch_add(by, Ordering::Relaxed);
        Ok(now)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock of the installation")]
    fn at(ahead: i64) -> Option<Timestamp> {
        Timestamp::now().checked_add(SignedDuration::from_secs(ahead)).ok()
    }
}

impl roster_web::Clock for LocalClock {
    fn now(&self) -> Timestamp {
        self.now()
    }
}

/// The engine's TTL and its stream follow the same clock.
impl dynoxide::storage_backend::Clock for LocalClock {
    fn now_unix_secs(&self) -> u64 {
        self.now().as_second().try_into().unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.now().as_duration().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_forward_and_refuses_the_end_of_time() {
        let clock = LocalClock::load(StateFile::new(None, "clock.json")).unwrap();
        let before = clock.now();

        let after = clock.advance(Duration::from_hours(1)).unwrap();

        assert!(after.duration_since(before) >= SignedDuration::from_hours(1));
        assert!(clock.advance(Duration::from_secs(u64::MAX)).is_err());
        assert!(clock.advance(Duration::from_secs(400_000_000_000)).is_err());
        assert!(clock.now().duration_since(after) < SignedDuration::from_mins(1), "a refusal moves nothing");
    }
}
