//! The variable parts of a path. What cannot be an id is the id of nothing: 404.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use roster_domain::{ActivityId, ApiKeyId, AppSlug, Error, SessionId, UserId, WebhookId, templates::TemplateKind};

use crate::Problem;

/// The variable parts of the path, in their order.
pub struct Path<T>(pub T);

/// What a path can hold.
pub trait PathValue: FromStr {
    /// What it means that there is no such thing.
    fn missing() -> Error;
}

impl PathValue for UserId {
    fn missing() -> Error {
        Error::UserNotFound
    }
}

impl PathValue for SessionId {
    fn missing() -> Error {
        Error::SessionNotFound
    }
}

impl PathValue for ApiKeyId {
    fn missing() -> Error {
        Error::ApiKeyNotFound
    }
}

impl PathValue for WebhookId {
    fn missing() -> Error {
        Error::WebhookNotFound
    }
}

/// What is named by an entry of the activity is the delivery of its event.
impl PathValue for ActivityId {
    fn missing() -> Error {
        Error::DeliveryNotFound
    }
}

impl PathValue for AppSlug {
    fn missing() -> Error {
        Error::UnknownApp
    }
}

impl PathValue for TemplateKind {
    fn missing() -> Error {
        Error::UnknownTemplate
    }
}

impl<S: Send + Sync, T: PathValue> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let values = values(parts, state).await;
        Ok(Self(parsed(&values, 0)?))
    }
}

impl<S: Send + Sync, A: PathValue, B: PathValue> FromRequestParts<S> for Path<(A, B)> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let values = values(parts, state).await;
        Ok(Self((parsed(&values, 0)?, parsed(&values, 1)?)))
    }
}

async fn values<S: Send + Sync>(parts: &mut Parts, state: &S) -> Vec<String> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    params.map(|params| params.iter().map(|(_, value)| value.to_owned()).collect()).unwrap_or_default()
}

fn parsed<T: PathValue>(values: &[String], n: usize) -> Result<T, Problem> {
    let parsed = values.get(n).and_then(|value| value.parse().ok());
    parsed.ok_or_else(|| T::missing().into())
}
