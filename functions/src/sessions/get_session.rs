//! The session that asks, and whose it is.

use axum::{Json, extract::State};
use roster_web::{
    App, ProblemBody, Result, SignedIn,
    views::{SessionView, UserView},
};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct CurrentSession {
    user: UserView,
    session: SessionView,
    /// Whether the password is temporary: until it is changed, the session may do nothing else.
    password_change_required: bool,
}

/// Get the current session
#[utoipa::path(
    get,
    path = "/v1/session",
    tag = "Sessions",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = CurrentSession), (status = 401, description = "`unauthenticated`", body = ProblemBody))
)]
pub async fn get_session(signed_in: SignedIn, State(app): State<App>) -> Result<Json<CurrentSession>> {
    Ok(Json(CurrentSession {
        user: UserView::new(&signed_in.user, app.now()),
        session: SessionView::new(&signed_in.session, true),
        password_change_required: signed_in.user.password_temporary,
    }))
}
