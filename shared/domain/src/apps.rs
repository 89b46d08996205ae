//! Apps: what users sign in to.

use jiff::Timestamp;

use crate::{
    AppSlug, RoleSlug,
    settings::{Line, WebAddress},
};

/// An app with its own list of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub slug: AppSlug,
    pub name: Line,
    pub url: Option<WebAddress>,
    pub description: Option<Line>,
    pub roles: Vec<AppRole>,
    pub created_at: Timestamp,
    /// Counts the changes.
    pub version: u64,
}

/// What a user can be in an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRole {
    pub slug: RoleSlug,
    pub name: Line,
    pub description: Option<Line>,
}

/// How many roles one app can have.
pub const MAX_ROLES: usize = 50;

impl App {
    pub fn has_role(&self, role: &RoleSlug) -> bool {
        self.roles.iter().any(|known| known.slug == *role)
    }
}

/// The roles that a new app starts with: `admin`, `power` and `basic`.
pub fn starting_roles() -> Vec<AppRole> {
    [("admin", "Admin"), ("power", "Power user"), ("basic", "Basic user")]
        .into_iter()
        .filter_map(|(slug, name)| {
            Some(AppRole { slug: slug.parse().ok()?, name: name.parse().ok()?, description: None })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_app_has_three_roles_and_no_other() {
        let app = App {
            slug: "crm".parse().unwrap(),
            name: "CRM".parse().unwrap(),
            url: None,
            description: None,
            roles: starting_roles(),
            created_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let slugs: Vec<&str> = app.roles.iter().map(|role| role.slug.as_str()).collect();
        assert_eq!(slugs, ["admin", "power", "basic"]);
        assert!(app.roles.iter().all(|role| app.has_role(&role.slug)));
        assert!(!app.has_role(&"owner".parse().unwrap()));
    }
}
