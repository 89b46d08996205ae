//! Every operation of the system, once: what `ls` shows as files, `template.yaml` deploys as functions and the local
//! installation serves in one process.

use std::{future::Future, pin::Pin, time::Duration};

use axum::{Router, http::Method};
use lambda_runtime::Error;
use roster_domain::UserId;
use roster_mail::Mailer;
use roster_store::keys;
use roster_web::{App, harden};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, RefOr,
        path::{Operation as Described, Parameter, ParameterIn, PathItem},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{apps, events, invites, me, meta, sessions, settings, setup, users};

/// One operation: one handler, one Lambda function.
pub struct Operation {
    /// The name of the operation, of its function and of its Lambda handler setting.
    pub name: &'static str,
    pub runs: Runs,
}

/// What makes an operation run.
pub enum Runs {
    /// A request, at the path and method of the handler's annotation.
    OnRequest(fn() -> OpenApiRouter<App>),
    /// A request that no other operation serves.
    OnOtherRequests,
    /// An event.
    OnEvent(Trigger, fn(App, Value) -> EventAnswer),
    /// An event, in an operation that sends mail.
    OnMailEvent(Trigger, fn(App, Mailer, Value) -> EventAnswer),
}

/// The answer of an event operation, as Lambda takes it.
pub type EventAnswer = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

/// Where the events of an operation come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Records of the table's stream.
    Stream(StreamFilter),
    /// A schedule with this rate.
    Schedule(Duration),
}

/// The records that an operation is given: those of `event_name` on items whose sort key starts with `sk_prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFilter {
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub event_name: &'static str,
    pub sk_prefix: &'static str,
}

macro_rules! request {
    ($area:ident::$name:ident) => {
        Operation {
            name: stringify!($name),
            runs: Runs::OnRequest(|| OpenApiRouter::new().routes(routes!($area::$name::$name))),
        }
    };
}

macro_rules! event {
    ($name:ident on $trigger:expr) => {
        Operation {
            name: stringify!($name),
            runs: Runs::OnEvent($trigger, |app, event| Box::pin(events::$name::$name(app, event))),
        }
    };
    ($name:ident with mailer on $trigger:expr) => {
        Operation {
            name: stringify!($name),
            runs: Runs::OnMailEvent($trigger, |app, mailer, event| Box::pin(events::$name::$name(app, mailer, event))),
        }
    };
}

/// All operations, in the order of the API document.
pub fn all() -> &'static [Operation] {
    ALL
}

const ALL: &[Operation] = &[
    request!(setup::get_setup),
    request!(setup::set_up),
    request!(sessions::sign_in),
    request!(sessions::get_session),
    request!(sessions::sign_out),
    request!(me::get_me),
    request!(me::update_me),
    request!(me::change_password),
    request!(invites::invite_user),
    request!(invites::list_invites),
    request!(invites::renew_invite),
    request!(invites::revoke_invite),
    request!(invites::inspect_invite),
    request!(invites::accept_invite),
    request!(invites::request_renewal),
    request!(users::list_users),
    request!(users::get_user),
    request!(users::update_user),
    request!(users::delete_user),
    request!(users::set_app_role),
    request!(users::remove_app_role),
    request!(apps::list_apps),
    request!(apps::create_app),
    request!(apps::get_app),
    request!(settings::get_email_settings),
    request!(settings::set_email_settings),
    request!(meta::health),
    request!(meta::openapi),
    Operation { name: "not_found", runs: Runs::OnOtherRequests },
    event!(deliver_mail with mailer on inserted(keys::MAIL_PREFIX)),
    event!(retry_mail with mailer on every_minutes(1)),
    event!(expire_invites on every_minutes(5)),
    event!(clean_up_user on removed(keys::USER)),
];

const fn inserted(sk_prefix: &'static str) -> Trigger {
    Trigger::Stream(StreamFilter { event_name: "INSERT", sk_prefix })
}

const fn removed(sk_prefix: &'static str) -> Trigger {
    Trigger::Stream(StreamFilter { event_name: "REMOVE", sk_prefix })
}

const fn every_minutes(minutes: u64) -> Trigger {
    Trigger::Schedule(Duration::from_secs(minutes * 60))
}

impl Operation {
    /// The routes of an operation that serves requests: what its function runs in Lambda.
    pub fn router(&self) -> Option<Router<App>> {
        match self.runs {
            Runs::OnRequest(build) => {
                let (router, document) = build().split_for_parts();
                let described = described(document);
                let takes_query = described.iter().any(|(_, _, operation)| takes_query(operation));
                let is_public = described.iter().all(|(_, _, operation)| operation.security.is_none());
                Some(harden(router, takes_query, is_public))
            }
            Runs::OnOtherRequests => Some(Router::new().fallback(meta::not_found::not_found)),
            Runs::OnEvent(..) | Runs::OnMailEvent(..) => None,
        }
    }
}

/// Methods and path templates of an operation.
pub fn routes(operation: &Operation) -> impl Iterator<Item = (Method, String)> {
    let document = match operation.runs {
        Runs::OnRequest(build) => build().into_openapi(),
        Runs::OnOtherRequests | Runs::OnEvent(..) | Runs::OnMailEvent(..) => openapi::OpenApi::default(),
    };
    described(document).into_iter().map(|(method, path, _)| (method, path))
}

/// The API document.
pub fn document() -> openapi::OpenApi {
    let mut router = OpenApiRouter::with_openapi(About::openapi());
    for operation in ALL {
        if let Runs::OnRequest(build) = operation.runs {
            router = router.merge(build());
        }
    }
    router.into_openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Roster",
        description = "User management for teams on AWS. Lists come in pages; refusals are problem+json (RFC 9457)."
    ),
    // What only paths mention is not found by itself.
    components(schemas(UserId)),
    modifiers(&Credentials)
)]
struct About;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A session token.")).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::with_description(
            "__Host-roster",
            "The console's session. Changes also need the header X-Roster-Request: 1.",
        );
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

fn described(document: openapi::OpenApi) -> Vec<(Method, String, Described)> {
    let items = document.paths.paths.into_iter();
    items
        .flat_map(|(path, item)| methods(item).map(move |(method, described)| (method, path.clone(), described)))
        .collect()
}

fn methods(item: PathItem) -> impl Iterator<Item = (Method, Described)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ];
    all.into_iter().filter_map(|(method, described)| Some((method, described?)))
}

fn takes_query(operation: &Described) -> bool {
    let is_query = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    };
    operation.parameters.iter().flatten().any(is_query)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn the_api_document_holds_all_that_it_refers_to() {
        let document = serde_json::to_value(document()).unwrap();
        let mut found = BTreeSet::new();
        references(&document, &mut found);

        let missing = found.iter().filter(|reference| document.pointer(reference.trim_start_matches('#')).is_none());

        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
    }
}
