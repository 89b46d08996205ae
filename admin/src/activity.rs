//! The activity, to be looked through.

use std::{io::Write, str::FromStr};

use jiff::Timestamp;
use roster_domain::activity::Action;
use roster_store::ActivityFilter;
use roster_web::App;

use crate::{Result, each, print_line};

/// An action, or all that begin like this.
#[derive(Clone, Debug)]
pub(crate) struct Actions(String);

impl FromStr for Actions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let actions = Self(text.to_owned());
        if !text.is_empty() && Action::ALL.iter().any(|action| actions.contain(action.as_str())) {
            return Ok(actions);
        }
        let all: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        Err(format!("no action begins like this; there are {}", all.join(", ")))
    }
}

impl Actions {
    fn contain(&self, action: &str) -> bool {
        match self.0.parse::<Action>() {
            Ok(one) => one.as_str() == action,
            Err(_) => action.starts_with(&self.0),
        }
    }
}

/// Prints the entries of these actions, or of all if there are none, newest first.
pub(crate) async fn activity(
    out: &mut impl Write,
    app: &App,
    from: Option<Timestamp>,
    wanted: &[Actions],
) -> Result<()> {
    let filter = ActivityFilter { from, ..ActivityFilter::default() };
    let read = async |page: &_| app.store.activity(&filter, page, app.now()).await;
    each(read, |entry| {
        let is_wanted = wanted.is_empty() || wanted.iter().any(|actions| actions.contain(&entry.action));
        if is_wanted { print_line(out, &entry) } else { Ok(()) }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_only_itself_and_a_beginning_is_all_that_follow() {
        let contain = |text: &str, action| text.parse::<Actions>().unwrap().contain(action);

        assert!(contain("password.reset", "password.reset"));
        assert!(!contain("password.reset", "password.reset_by_admin"));
        assert!(contain("app.", "app.deleted") && !contain("app.", "app_role.set"));
        for nothing in ["", "password.*", "user.removed"] {
            assert!(nothing.parse::<Actions>().is_err(), "{nothing}");
        }
    }
}
