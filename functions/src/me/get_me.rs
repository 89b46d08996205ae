//! Who am I.

use axum::extract::State;
use roster_web::{App, ProblemBody, Result, SignedIn, WithVersion, views::UserView};

/// Get my account
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "My account",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = UserView), (status = 401, description = "`unauthenticated`", body = ProblemBody))
)]
pub async fn get_me(signed_in: SignedIn, State(app): State<App>) -> Result<WithVersion<UserView>> {
    let user = signed_in.user;
    Ok(WithVersion { version: user.version, body: UserView::new(&user, app.now()) })
}
