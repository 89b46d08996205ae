//! Answers that are more than JSON.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use roster_domain::{Error, FieldError};
use serde::Serialize;

use crate::Problem;

/// 201 with what was made.
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// 204.
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// 200 with the version of what is shown in `ETag`.
pub struct WithVersion<T> {
    pub version: u64,
    pub body: T,
}

impl<T: Serialize> IntoResponse for WithVersion<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.version)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// The version that a change is meant for (RFC 9110, section 13.1.1).
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(Option<u64>);

impl IfMatch {
    /// Any version is meant.
    pub fn any() -> Self {
        Self(None)
    }

    /// Refuses if the current version is another one.
    pub fn check(self, version: u64) -> Result<(), Error> {
        match self.0 {
            Some(wanted) if wanted != version => Err(Error::Stale { version }),
            _ => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let tag = value.to_str().unwrap_or_default().trim();
        if tag == "*" {
            return Ok(Self(None));
        }
        let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| tag.parse().ok());
        let refused = || FieldError::new("If-Match", "Send the ETag of the user as you got it, such as \"3\".");
        version.map(|version| Self(Some(version))).ok_or_else(|| Error::InvalidFields(vec![refused()]).into())
    }
}
