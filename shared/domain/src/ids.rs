//! Ids: ULIDs, opaque and for ever. They sort by age.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use ulid::Ulid;

use crate::Invalid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, utoipa::ToSchema)]
        #[schema(value_type = String, example = "01JD8ZQ4V9WX6M2N3P5R7S8T9A", min_length = 26, max_length = 26)]
        pub struct $name(Ulid);

        impl $name {
            /// A new id, made at `now`.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let mut bytes = [0; 16];
                bytes[6..].copy_from_slice(&random);
                let millisecond = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Self(Ulid::from_parts(millisecond, u128::from_be_bytes(bytes)))
            }

            /// When the id was made, to the millisecond.
            pub fn made_at(self) -> Timestamp {
                let millisecond = i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX);
                Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                Ulid::from_string(text).map(Self).map_err(|_| "An id has 26 letters and digits.".into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    UserId
    SessionId
    ApiKeyId
    MailId
    ActivityId
    WebhookId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_age_and_survive_their_text_form() {
        let early = UserId::new(Timestamp::from_second(1_700_000_000).unwrap(), [255; 10]);
        let late = UserId::new(Timestamp::from_second(1_700_000_001).unwrap(), [0; 10]);

        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(early.made_at().as_second(), 1_700_000_000);
        assert!("not an id".parse::<UserId>().is_err());
    }
}
