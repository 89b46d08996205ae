//! Refusals as `application/problem+json` (RFC 9457). The `type` of a problem is a promise and never changes.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use roster_domain::{Error, FieldError, webhooks::MAX_WEBHOOKS};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// A refusal on its way out.
#[derive(Debug)]
pub enum Problem {
    Refused(Error),
    /// The body is not JSON, or not an object.
    MalformedBody(String),
    UnsupportedMediaType,
    BodyTooLarge,
    NotFound,
    MethodNotAllowed {
        allow: String,
    },
}

/// Marks answers to callers who have not the right to what they asked.
#[derive(Clone, Copy)]
pub(crate) struct RightRefused;

/// What a refusal looks like.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/invalid-fields",
    "title": "Some fields are not valid",
    "status": 400,
    "detail": "Correct the fields below and send the request again.",
    "errors": [{ "pointer": "/email", "detail": "This is not an e-mail address; it looks like name@example.com." }]
}))]
pub struct ProblemBody {
    /// Names the kind of refusal; it never changes.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// What to do about it.
    detail: String,
    /// With `invalid-fields`: every field that is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldProblem>>,
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
struct FieldProblem {
    /// Where the field stands, as a JSON Pointer (RFC 6901).
    pointer: String,
    detail: String,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::Refused(Error::InvalidFields(vec![error]))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let is_refused_right = matches!(self, Self::Refused(Error::Forbidden(_)));
        let mut more = Map::new();
        let mut errors = None;
        let mut headers: Vec<(header::HeaderName, String)> = Vec::new();
        let (status, slug, title, detail) = match self {
            Self::MalformedBody(reason) => {
                (400, "malformed-body", "The body is not a JSON object", format!("Send a JSON object. {reason}"))
            }
            Self::UnsupportedMediaType => (
                415,
                "unsupported-media-type",
                "The body is not declared as JSON",
                "Send JSON with the header Content-Type: application/json.".to_owned(),
            ),
            Self::BodyTooLarge => (
                413,
                "body-too-large",
                "The body is too large",
                "A body has at most 1 MiB; send less at once.".to_owned(),
            ),
            Self::NotFound => (
                404,
                "not-found",
                "There is nothing here",
                "Check the path; GET /openapi.json lists all operations.".to_owned(),
            ),
            Self::MethodNotAllowed { allow } => {
                let detail = format!("This path takes {allow}.");
                headers.push((header::ALLOW, allow));
                (405, "method-not-allowed", "This path does not take this method", detail)
            }
            Self::Refused(error) => {
                if matches!(error, Error::Unauthenticated) {
                    headers.push((header::WWW_AUTHENTICATE, "Bearer".to_owned()));
                }
                refusal(error, &mut more, &mut errors, &mut headers)
            }
        };
        let body = ProblemBody {
            kind: if slug.is_empty() { "about:blank".to_owned() } else { format!("/problems/{slug}") },
            title: title.to_owned(),
            status,
            detail,
            errors,
            more,
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if is_refused_right {
            response.extensions_mut().insert(RightRefused);
        }
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each refusal, in one place")]
fn refusal(
    error: Error,
    more: &mut Map<String, Value>,
    errors: &mut Option<Vec<FieldProblem>>,
    headers: &mut Vec<(header::HeaderName, String)>,
) -> (u16, &'static str, &'static str, String) {
    let text = str::to_owned;
    match error {
        Error::InvalidFields(fields) => {
            let field = |FieldError { pointer, detail }| FieldProblem { pointer, detail };
            *errors = Some(fields.into_iter().map(field).collect());
            let detail = text("Correct the fields below and send the request again.");
            (400, "invalid-fields", "Some fields are not valid", detail)
        }
        Error::Unauthenticated => {
            let detail = text("Send a session token or an API key as Authorization: Bearer …, or sign in again.");
            (401, "unauthenticated", "No valid credentials", detail)
        }
        Error::Forbidden(detail) => (403, "forbidden", "Not allowed", text(detail)),
        Error::PasswordChangeRequired => {
            let detail = text("Choose a password of your own with POST /v1/me/password first.");
            (403, "password-change-required", "The temporary password must be changed", detail)
        }
        Error::SessionRequired => {
            (403, "forbidden", "Not allowed", text("This is for people who are signed in, not for API keys."))
        }
        Error::WrongSetupSecret => {
            let detail = text("The setup secret stands in the output of the installation's start or deployment.");
            (403, "wrong-setup-secret", "The setup secret is wrong", detail)
        }
        Error::AlreadySetUp => {
            let detail = text("The first admin exists. Sign in, or ask an admin for an invite.");
            (409, "already-set-up", "The installation is set up", detail)
        }
        Error::InvalidCredentials => {
            let detail = text("The e-mail address or the password is wrong.");
            (401, "invalid-credentials", "Sign-in failed", detail)
        }
        Error::AccountSuspended { reason, until } => {
            more.insert("reason".to_owned(), json!(reason));
            more.insert("until".to_owned(), json!(until));
            (403, "account-suspended", "The account is suspended", text("Ask an admin to reactivate it."))
        }
        Error::TemporaryPasswordExpired => {
            let detail = text("Ask for a new password with “forgotten password”, or ask an admin for another one.");
            (403, "temporary-password-expired", "The temporary password has expired", detail)
        }
        Error::TooManyAttempts { retry_after } => {
            headers.push((header::RETRY_AFTER, retry_after.as_secs().max(1).to_string()));
            (429, "too-many-attempts", "Too many attempts", text("Wait as long as Retry-After says, then try again."))
        }
        Error::WrongPassword => (
            403,
            "wrong-password",
            "The current password is wrong",
            text("Enter the password that you signed in with."),
        ),
        Error::LinkUnknown => {
            let detail = text("The link is wrong, was used, or was replaced by a newer one. Ask for a new one.");
            (404, "link-unknown", "There is no such reset link", detail)
        }
        Error::LinkExpired => {
            (410, "link-expired", "The reset link has expired", text("Ask for a new one with “forgotten password”."))
        }
        Error::SessionNotFound => {
            (404, "session-not-found", "There is no such session", text("Check the id; the session may have ended."))
        }
        Error::ApiKeyNotFound => {
            (404, "api-key-not-found", "There is no such API key", text("Check the id; the key may be deleted."))
        }
        Error::WebhookNotFound => {
            (404, "webhook-not-found", "There is no such webhook", text("Check the id; GET /v1/webhooks lists all."))
        }
        Error::DeliveryNotFound => {
            let detail = text("Check the id; deliveries are kept for 30 days.");
            (404, "delivery-not-found", "There is no such delivery", detail)
        }
        Error::TooManyWebhooks => {
            let detail = format!("There can be {MAX_WEBHOOKS} at most; delete one, or let one receiver serve several.");
            (409, "too-many-webhooks", "There are too many webhooks", detail)
        }
        Error::WebhookDisabled => {
            let detail = text("Enable it with PATCH /v1/webhooks/{id} first.");
            (409, "webhook-disabled", "The webhook is disabled", detail)
        }
        Error::IdempotencyKeyReused => {
            let detail = text("This Idempotency-Key was sent with another request. Use a new one for each request.");
            (422, "idempotency-key-reused", "The idempotency key belongs to another request", detail)
        }
        Error::IdempotencyKeyInUse => {
            headers.push((header::RETRY_AFTER, "1".to_owned()));
            let detail = text("The first request with this Idempotency-Key still runs. Ask again in a moment.");
            (409, "idempotency-key-in-use", "The first request still runs", detail)
        }
        Error::UserNotFound => {
            (404, "user-not-found", "There is no such user", text("Check the id; the user may be deleted."))
        }
        Error::EmailTaken { user_id, status } => {
            more.insert("user_id".to_owned(), json!(user_id.to_string()));
            more.insert("user_status".to_owned(), json!(status.map(roster_domain::Status::as_str)));
            let detail = text("A user has this address already. Open that user, or use another address.");
            (409, "email-taken", "The address is taken", detail)
        }
        Error::EmailNotConfigured => {
            let detail = text("Set sender and address of the installation with PUT /v1/settings/email first.");
            (409, "email-not-configured", "Mail is not set up", detail)
        }
        Error::NotInvited => {
            (409, "not-invited", "The user has no invite", text("Only users who have not accepted yet have an invite."))
        }
        Error::StillInvited => {
            let detail = text("The user has not accepted yet. Renew or revoke the invite instead.");
            (409, "still-invited", "The user has only been invited", detail)
        }
        Error::UserSuspended => {
            let detail = text("Suspended users get no link. Reactivate the user first, or show a temporary password.");
            (409, "user-suspended", "The user is suspended", detail)
        }
        Error::InviteExpired => {
            let detail = text("Ask for a new invite with POST /v1/invites/request-renewal.");
            (410, "invite-expired", "The invite has expired", detail)
        }
        Error::InviteReplaced => {
            let detail = text("A newer invite was sent: use the link in the newest mail.");
            (410, "invite-replaced", "The invite was replaced", detail)
        }
        Error::InviteUnknown => {
            let detail = text("The link is wrong, was revoked, or was used already. If you have accepted, sign in.");
            (404, "invite-unknown", "There is no such invite", detail)
        }
        Error::OwnAccount => {
            let detail = text("Nobody deletes, suspends or demotes themselves. Ask another admin.");
            (409, "own-account", "This is your own account", detail)
        }
        Error::LastAdmin => {
            let detail = text("There must be an active admin. Make somebody else admin first.");
            (409, "last-admin", "This is the last active admin", detail)
        }
        Error::Stale { version } => {
            more.insert("version".to_owned(), json!(version));
            headers.push((header::ETAG, format!("\"{version}\"")));
            let detail = text("Somebody changed this since you read it. Read it again and repeat your change.");
            (412, "stale", "Changed by somebody else", detail)
        }
        Error::UnknownApp => {
            (404, "unknown-app", "There is no such app", text("Check the slug; GET /v1/apps lists all apps."))
        }
        Error::UnknownTemplate => {
            let detail = text("GET /v1/settings/email-templates lists all templates.");
            (404, "unknown-template", "There is no such template", detail)
        }
        Error::SlugTaken => {
            (409, "slug-taken", "The slug is taken", text("An app has this slug already. Use another one."))
        }
        Error::RoleInUse { role, count } => {
            more.insert("role".to_owned(), json!(role.as_str()));
            more.insert("count".to_owned(), json!(count));
            let detail = format!("{count} users have the role {role}. Give them another one first.");
            (409, "role-in-use", "The role is in use", detail)
        }
        Error::NoAccess => {
            (403, "no-access", "No access to this app", text("Ask an admin or a builder for a role in the app."))
        }
        Error::Conflict => unavailable(headers, &"a conflict was not decided again"),
        Error::Unavailable(source) => unavailable(headers, &source),
        Error::Unexpected(source) => {
            tracing::error!(error = ?source, "unexpected");
            let detail =
                text("This is a fault of the service. Its operators find it by the X-Request-Id of this answer.");
            (500, "", "Internal error", detail)
        }
    }
}

fn unavailable(
    headers: &mut Vec<(header::HeaderName, String)>,
    source: &dyn std::fmt::Debug,
) -> (u16, &'static str, &'static str, String) {
    tracing::warn!(error = ?source, "unavailable");
    headers.push((header::RETRY_AFTER, "1".to_owned()));
    (503, "unavailable", "The service is busy", "Try again in a moment.".to_owned())
}
