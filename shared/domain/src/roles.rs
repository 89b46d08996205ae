//! Installation roles, and the slugs of apps and of their roles.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::Invalid;

/// What a user may do in the installation. Ordered: who is more may do what those below may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Role {
    /// Signs in.
    #[default]
    Member,
    /// Manages apps and their roles, reads users.
    Builder,
    /// Everything.
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Member, Self::Builder, Self::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Builder => "builder",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| "A role is admin, builder or member.".into())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! slugs {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
        #[schema(value_type = String, example = "basic", min_length = 1, max_length = 40, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
        pub struct $name(String); // Invariant: see `is_slug`.

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                if is_slug(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err("A slug has 1 to 40 characters of a-z, 0-9 and -, and begins and ends with a letter or digit.".into())
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

slugs! {
    /// Names an app in addresses.
    AppSlug
    /// Names a role of an app.
    RoleSlug
}

fn is_slug(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The role of a user in each app they may enter.
pub type AppRoles = BTreeMap<AppSlug, RoleSlug>;

/// In how many apps one user can have a role: the rows of one user are written in one transaction of 100 at most.
pub const MAX_APP_ROLES: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_has_letters_and_digits_and_hyphens_within() {
        for text in ["a", "7", "crm", "crm-2", "2-b--c", &"x".repeat(40)] {
            assert_eq!(text.parse::<AppSlug>().unwrap().as_str(), text);
            assert_eq!(text.parse::<RoleSlug>().unwrap().to_string(), text);
        }
        for text in ["", "-", "-a", "a-", "A", "a_b", "a b", "a/b", "a#b", "é", &"x".repeat(41)] {
            assert!(text.parse::<AppSlug>().is_err() && text.parse::<RoleSlug>().is_err(), "{text:?}");
        }
    }
}
