//! Limits of sign-in: they stop guessing without locking out the person whose password is guessed.
//!
//! Wrong passwords are counted for each pair of account and client address, and for the account from everywhere.
//!
//! - From one address, the first [`sign_in_attempts`](crate::settings::SecuritySettings::sign_in_attempts) wrong
//!   passwords are free (5 if nothing is set). After that each wrong one pauses this address for this account: one
//!   minute, then two, four and so on, at most an hour. A day without a wrong one forgets them.
//! - After [`ACCOUNT_CEILING`] wrong passwords in a row from everywhere, the account pauses for an hour after each
//!   further one (NIST SP 800-63B-4, section 3.2.2: at most 100).
//! - The right password, an admin's unlock and a password reset begin anew.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

/// How many wrong passwords in a row an account takes from all addresses together.
pub const ACCOUNT_CEILING: u32 = 100;
const ACCOUNT_PAUSE: SignedDuration = SignedDuration::from_hours(1);
const FIRST_PAUSE_MINUTES: i64 = 1;
const LONGEST_PAUSE_MINUTES: i64 = 60;
/// How long wrong passwords from one address count.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Wrong passwords in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last_at: Timestamp,
}

/// What was counted before an attempt.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempts {
    pub from_address: Option<Failures>,
    pub from_everywhere: Option<Failures>,
    /// When an admin last unlocked the account.
    pub unlocked_at: Option<Timestamp>,
}

impl Attempts {
    /// What is counted from the address, if it still counts at `now`.
    pub fn counted_from_address(&self, now: Timestamp) -> Option<Failures> {
        self.from_address.filter(|failures| {
            now.duration_since(failures.last_at) < REMEMBERED
                && self.unlocked_at.is_none_or(|unlocked| failures.last_at > unlocked)
        })
    }

    /// Until when no password is looked at, if that is still to come.
    pub fn paused_until(&self, free_attempts: u16, now: Timestamp) -> Option<Timestamp> {
        let address = self.counted_from_address(now).and_then(|failures| {
            let beyond = failures.count.checked_sub(u32::from(free_attempts))?;
            let minutes = (FIRST_PAUSE_MINUTES << beyond.min(10)).min(LONGEST_PAUSE_MINUTES);
            failures.last_at.checked_add(SignedDuration::from_mins(minutes)).ok()
        });
        let account = self.from_everywhere.filter(|failures| failures.count >= ACCOUNT_CEILING);
        let account = account.and_then(|failures| failures.last_at.checked_add(ACCOUNT_PAUSE).ok());
        address.max(account).filter(|until| *until > now)
    }
}

/// The network of a client, for counting: one IPv4 address, or the /64 that one IPv6 customer has at least.
pub fn network(ip: &str) -> String {
    match ip.parse() {
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            let mapped = ip.to_ipv4_mapped().map(|ip| ip.to_string());
            mapped.unwrap_or_else(|| format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
        _ => ip.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    fn failed(count: u32, minutes: i64) -> Failures {
        Failures { count, last_at: at(minutes) }
    }

    #[test]
    fn pauses_of_an_address_begin_after_the_free_attempts_and_grow_to_an_hour() {
        let pause = |count| {
            let attempts = Attempts { from_address: Some(failed(count, 0)), ..Attempts::default() };
            attempts.paused_until(5, at(0)).map(|until| until.duration_since(at(0)).as_mins())
        };
        assert_eq!(
            [4, 5, 6, 7, 10, 11, 500].map(pause),
            [None, Some(1), Some(2), Some(4), Some(32), Some(60), Some(60)]
        );
    }

    #[test]
    fn a_pause_ends_and_a_day_or_an_unlock_forgets() {
        let mut attempts = Attempts { from_address: Some(failed(9, 0)), ..Attempts::default() };
        assert!(attempts.paused_until(5, at(15)).is_some());
        assert!(attempts.paused_until(5, at(16)).is_none());
        assert!(attempts.counted_from_address(at(24 * 60)).is_none());

        attempts.unlocked_at = Some(at(1));
        assert!(attempts.paused_until(5, at(2)).is_none());
    }

    #[test]
    fn the_account_pauses_at_its_ceiling_whatever_the_address() {
        let attempts = |count| Attempts { from_everywhere: Some(failed(count, 0)), ..Attempts::default() };
        assert!(attempts(99).paused_until(5, at(1)).is_none());
        assert_eq!(attempts(100).paused_until(5, at(1)), Some(at(60)));
    }

    #[test]
    fn clients_are_counted_by_their_network() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
    }
}
