//! What signing in answers, however it came about: by password, by setup, by an accepted invite.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use roster_domain::{User, sessions::Session, settings::SecuritySettings, tokens::SessionToken};
use roster_web::{App, Client, session_cookie, views::UserView};
use serde::Serialize;
use utoipa::ToSchema;

/// A session that began.
#[derive(Serialize, ToSchema)]
pub struct Started {
    /// The session token, given once. Send it as `Authorization: Bearer …`.
    token: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    user: UserView,
    /// Whether the password is temporary: until it is changed, the session may do nothing else.
    password_change_required: bool,
    #[serde(skip)]
    #[schema(ignore)]
    kept: SessionToken,
}

/// A new session of `user`, and its token.
pub(crate) fn start(
    app: &App,
    client: &Client,
    user: &User,
    settings: SecuritySettings,
    now: Timestamp,
) -> (Session, SessionToken) {
    let origin = (client.origin.ip.clone(), client.origin.user_agent.clone());
    Session::start(user, settings, (app.session_id(now), app.secret()), origin, now)
}

impl Started {
    pub(crate) fn new(user: &User, session: &Session, token: &SessionToken, now: Timestamp) -> Self {
        Self {
            token: token.to_string(),
            expires_at: session.expires_at,
            user: UserView::new(user, now),
            password_change_required: user.password_temporary,
            kept: token.clone(),
        }
    }

    /// 201, with the cookie where the console asks.
    pub(crate) fn into_response(self, client: &Client, headers: &HeaderMap, now: Timestamp) -> Response {
        let life = self.expires_at.duration_since(now);
        let cookie = session_cookie(client, headers, Some((&self.kept, life)));
        let mut response = (StatusCode::CREATED, Json(self)).into_response();
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}
