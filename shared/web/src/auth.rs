//! Who asks: a credential becomes a caller, and the operation's signature says what a caller must be.
//!
//! A caller is known by one batched read of session and user, so that ending either ends the access at once (I6).

use std::ops::Deref;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};
use roster_domain::{
    Caller, Error, Role, User,
    access::Credential,
    sessions::Session,
    tokens::{ApiKeyToken, SessionToken},
};

use crate::{App, Client, Problem, hardening::check_query, problem::Result};

/// Somebody with a session, even one that may only change a temporary password.
#[derive(Clone)]
pub struct SignedIn {
    pub caller: Caller,
    pub user: User,
    pub session: Session,
}

/// Somebody with a session and a password of their own.
pub struct Member(pub SignedIn);

/// The session that a request carries although it needs none: a sign-in takes its place.
pub struct Former(pub Option<SignedIn>);

/// A builder or an admin. Only this extractor makes one, so it proves the right.
pub struct Builder(Caller);

/// An admin. Only this extractor makes one, so it proves the right.
pub struct Admin(Caller);

impl Deref for Builder {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl Deref for Admin {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let signed_in = identify(parts, &App::from_ref(state)).await?.signed_in()?;
        check_query(parts)?;
        Ok(signed_in)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Member
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let signed_in = identify(parts, &App::from_ref(state)).await?.signed_in()?;
        signed_in.caller.require(Role::Member)?;
        check_query(parts)?;
        Ok(Self(signed_in))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Former
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Ok(presented) = presented(parts) else {
            return Ok(Self(None));
        };
        match person(&presented, &App::from_ref(state)).await {
            Err(Problem::Refused(Error::Unauthenticated)) => Ok(Self(None)),
            found => found.map(Some).map(Self),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Builder
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        caller(parts, &App::from_ref(state), Role::Builder).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Admin
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        caller(parts, &App::from_ref(state), Role::Admin).await.map(Self)
    }
}

async fn caller(parts: &mut Parts, app: &App, role: Role) -> Result<Caller> {
    let caller = match identify(parts, app).await? {
        Identity::Person(signed_in) => signed_in.caller,
        Identity::Program(caller) => caller,
    };
    caller.require(role)?;
    check_query(parts)?;
    Ok(caller)
}

/// Who asks.
#[derive(Clone)]
pub(crate) enum Identity {
    Person(Box<SignedIn>),
    Program(Caller),
}

impl Identity {
    pub(crate) fn caller(&self) -> &Caller {
        match self {
            Self::Person(signed_in) => &signed_in.caller,
            Self::Program(caller) => caller,
        }
    }

    fn signed_in(self) -> Result<SignedIn> {
        match self {
            Self::Person(signed_in) => Ok(*signed_in),
            Self::Program(_) => Err(Error::SessionRequired.into()),
        }
    }
}

/// Finds out who asks, once for a request.
pub(crate) async fn identify(parts: &mut Parts, app: &App) -> Result<Identity> {
    if let Some(known) = parts.extensions.get::<Identity>() {
        return Ok(known.clone());
    }
    let presented = presented(parts)?;
    let identity = match presented.parse::<ApiKeyToken>() {
        Ok(token) => Identity::Program(program(&token, app).await?),
        Err(_) => Identity::Person(Box::new(person(&presented, app).await?)),
    };
    parts.extensions.insert(identity.clone());
    Ok(identity)
}

async fn program(token: &ApiKeyToken, app: &App) -> Result<Caller> {
    let key = app.store.api_key(token.key).await?;
    let key = key.filter(|key| key.is_valid(&token.secret.hash(), app.now())).ok_or(Error::Unauthenticated)?;
    let label = key.name.as_str().to_owned();
    Ok(Caller { credential: Credential::ApiKey(key.id), label, role: key.role })
}

async fn person(token: &str, app: &App) -> Result<SignedIn> {
    let token: SessionToken = token.parse().map_err(|_| Error::Unauthenticated)?;
    let now = app.now();
    let found = app.store.session(token.user, token.session).await?;
    let found = found.filter(|(session, user)| session.is_valid(user, &token.secret.hash(), now));
    let (session, user) = found.ok_or(Error::Unauthenticated)?;
    if session.is_to_be_touched(now)
        && let Err(error) = app.store.touch_session(&session, now).await
    {
        // The request does not depend on it; the next one tries again.
        tracing::warn!(?error, "a session's use was not noted");
    }
    Ok(SignedIn { caller: Caller::with_session(&user, session.id), user, session })
}

/// The credential that came with the request.
///
/// A cookie is sent by the browser, whoever wrote the page. A change by cookie therefore needs a header that only a
/// page of our own origin can add (OWASP CSRF Prevention Cheat Sheet, custom request headers).
fn presented(parts: &Parts) -> Result<String> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
        let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        return token.map(str::to_owned).ok_or_else(|| Error::Unauthenticated.into());
    }
    let name = cookie_name(&Client::of(parts));
    let token = cookie(&parts.headers, name).ok_or(Error::Unauthenticated)?;
    let changes = !matches!(parts.method, Method::GET | Method::HEAD);
    if changes && !is_from_our_page(&parts.headers) {
        return Err(Error::Forbidden("A change by cookie must carry the header X-Roster-Request: 1.").into());
    }
    Ok(token)
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

/// Whether the request carries `X-Roster-Request: 1`.
fn is_from_our_page(headers: &HeaderMap) -> bool {
    headers.get("x-roster-request").is_some_and(|value| value == "1")
}

/// `__Host-` cookies (RFC 6265bis, section 4.1.3.2) need https; a laptop has none.
fn cookie_name(client: &Client) -> &'static str {
    if client.is_secure() { "__Host-roster" } else { "roster" }
}

/// The cookie that hands a session to the console, where the console asked; `None` ends it.
pub fn session_cookie(
    client: &Client,
    headers: &HeaderMap,
    session: Option<(&SessionToken, jiff::SignedDuration)>,
) -> Option<HeaderValue> {
    if !is_from_our_page(headers) {
        return None;
    }
    let name = cookie_name(client);
    let secure = if client.is_secure() { "; Secure" } else { "" };
    let (value, max_age) =
        session.map_or((String::new(), 0), |(token, life)| (token.to_string(), life.as_secs().max(0)));
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&cookie).ok()
}
