//! The session that asks ends; others of the same user go on.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use roster_domain::{
    Error,
    activity::{Action, Subject},
};
use roster_web::{App, Client, NoContent, ProblemBody, Result, SignedIn, session_cookie};

/// Sign out
#[utoipa::path(
    delete,
    path = "/v1/session",
    tag = "Sessions",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The session has ended."),
        (status = 401, description = "`unauthenticated`", body = ProblemBody)
    )
)]
pub async fn sign_out(
    signed_in: SignedIn,
    client: Client,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response> {
    end(&app, &client, &signed_in).await.map_err(|error| match error {
        Error::SessionNotFound => Error::Unauthenticated,
        error => error,
    })?;
    let mut response = NoContent.into_response();
    if let Some(cookie) = session_cookie(&client, &headers, None) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session by which somebody is signed in.
pub(crate) async fn end(app: &App, client: &Client, signed_in: &SignedIn) -> Result<(), Error> {
    let SignedIn { caller, user, session } = signed_in;
    let parties = (caller.actor(), Subject::from(user));
    let activity = app.activity(app.now(), Action::SessionEnded, parties, Vec::new(), client);
    app.store.end_session(user.id, session.id, &activity).await
}
