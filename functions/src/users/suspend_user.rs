//! A user loses their access for a time, or until an admin gives it back. Sessions end at once.

use axum::extract::State;
use jiff::Timestamp;
use roster_domain::{FieldError, Invalid, User, UserId, activity::Action, users::Suspension};
use roster_web::{
    Admin, App, Client, IfMatch, OptionalBody, Path, ProblemBody, Result, Text, WithVersion, fields, views::UserView,
};
use utoipa::ToSchema;

use super::changing::{Changing, Extras, shown};

fields! {
    /// Why, and for how long.
    #[derive(ToSchema)]
    pub struct SuspendUser {
        /// Told to the user when they try to sign in.
        #[schema(value_type = Option<String>, max_length = 500)]
        reason: Option<Reason>,
        /// The moment at which the suspension ends by itself.
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
    }
}

/// Why a user is suspended: at most 500 characters.
pub struct Reason(String);

impl std::str::FromStr for Reason {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const MAX_CHARS: usize = 500;
        let text = text.trim();
        if text.chars().count() > MAX_CHARS || text.contains(|c: char| c.is_control() && c != '\n') {
            return Err(Invalid(format!("A reason is text of {MAX_CHARS} characters at most.")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Text for Reason {}

/// Suspend a user
#[utoipa::path(
    post,
    path = "/v1/users/{id}/suspend",
    tag = "Users",
    params(
        ("id" = UserId, Path),
        ("If-Match" = Option<String>, Header, description = "The version that the change is meant for.")
    ),
    request_body = Option<SuspendUser>,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`user-not-found`", body = ProblemBody),
        (status = 409, description = "`own-account`, `last-admin`, `still-invited`", body = ProblemBody),
        (status = 412, description = "`stale`", body = ProblemBody)
    )
)]
pub async fn suspend_user(
    admin: Admin,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    client: Client,
    State(app): State<App>,
    OptionalBody(body): OptionalBody<SuspendUser>,
) -> Result<WithVersion<UserView>> {
    if body.until.is_some_and(|until| until <= app.now()) {
        return Err(FieldError::new("/until", "This moment is over; name one that is to come.").into());
    }
    let reason = body.reason.map(|reason| reason.0).filter(|reason| !reason.is_empty());
    let suspension = Suspension { reason, until: body.until };
    let changing = Changing { app: &app, caller: &admin, client: &client, if_match, action: Action::UserSuspended };
    let suspend = |user: &mut User, _| {
        user.suspend(&admin, suspension.clone())?;
        Ok(Extras::default())
    };
    Ok(shown(&app, &changing.user_with_id(id, suspend).await?))
}
