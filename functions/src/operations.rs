//! Every operation of the system, once: what `ls` shows as files, `template.yaml` deploys as functions and the local
//! installation serves in one process.

use std::{future::Future, pin::Pin, time::Duration};

use axum::{Router, handler::Handler, http::Method, routing::MethodRouter};
use lambda_runtime::Error;
use pastey::paste;
use roster_mail::Mailer;
use roster_store::keys;
use roster_web::{App, Manner, harden};
use serde_json::{Value, value::RawValue};
use utoipa::{
    Path,
    openapi::{
        RefOr,
        path::{HttpMethod, Operation as Described, ParameterIn},
    },
};
use utoipa_axum::{PathItemExt as _, router::OpenApiRouter, routes};

use crate::{
    activity, api_keys, apps, events,
    events::{publish::Bus, sender::Sender},
    invites, me, meta, passwords, sessions, settings, setup, users, webhooks,
};

/// One operation: one handler, one Lambda function.
#[derive(Clone, Copy)]
pub struct Operation {
    /// The name of the operation, of its function and of its Lambda handler setting.
    pub name: &'static str,
    pub runs: Runs,
}

/// What makes an operation run.
#[derive(Clone, Copy)]
pub enum Runs {
    /// A request, at the path and method of the handler's annotation.
    OnRequest(Annotated),
    /// A request that no other operation serves.
    OnOtherRequests,
    /// An event.
    OnEvent(Trigger, fn(App, Payload) -> EventAnswer),
    /// An event, in an operation that sends mail.
    OnMailEvent(Trigger, fn(App, Mailer, Payload) -> EventAnswer),
    /// An event, in an operation that publishes events.
    OnPublishingEvent(Trigger, fn(App, Bus, Payload) -> EventAnswer),
    /// An event, in an operation that sends to webhooks.
    OnWebhookEvent(Trigger, fn(App, Sender, Payload) -> EventAnswer),
}

/// What the annotation of an operation tells.
#[derive(Clone, Copy)]
pub struct Annotated {
    pub route: fn() -> Route,
    /// The route and the schemas of what is sent and answered. To make them was up to a third of a function's start, and
    /// only the API document needs them.
    pub document: fn() -> OpenApiRouter<App>,
}

/// Where an operation is found, and what it is like.
pub struct Route {
    pub(crate) path: String,
    methods: Vec<HttpMethod>,
    handler: MethodRouter<App>,
    described: Described,
}

impl Route {
    /// What `routes!` makes of a handler and its annotation, less the schemas.
    pub fn of<Annotation: Path, T: 'static>(handler: &impl Handler<T, App>) -> Self {
        let methods = Annotation::methods();
        let each = methods.iter();
        Self {
            path: Annotation::path(),
            handler: each.fold(MethodRouter::new(), |all, one| all.on(one.to_method_filter(), handler.clone())),
            methods,
            described: Annotation::operation(),
        }
    }

    pub(crate) fn methods(&self) -> impl Iterator<Item = Method> {
        self.methods.iter().map(|method| match method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Post => Method::POST,
            HttpMethod::Head => Method::HEAD,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Trace => Method::TRACE,
            HttpMethod::Delete => Method::DELETE,
            HttpMethod::Options => Method::OPTIONS,
        })
    }

    /// Whether it asks for no credentials.
    pub fn is_public(&self) -> bool {
        self.described.security.is_none()
    }

    fn has_parameter(&self, stands_in: &ParameterIn, name: Option<&str>) -> bool {
        self.described.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(parameter) => {
                parameter.parameter_in == *stands_in && name.is_none_or(|name| parameter.name == name)
            }
            RefOr::Ref(_) => false,
        })
    }
}

impl Runs {
    /// Where the events come from, of an operation that runs on events.
    pub fn trigger(&self) -> Option<Trigger> {
        match self {
            Self::OnRequest(_) | Self::OnOtherRequests => None,
            Self::OnEvent(trigger, _)
            | Self::OnMailEvent(trigger, _)
            | Self::OnPublishingEvent(trigger, _)
            | Self::OnWebhookEvent(trigger, _) => Some(*trigger),
        }
    }
}

/// An event as it arrived, for its operation to read.
pub type Payload = Box<RawValue>;

/// The answer of an event operation, as Lambda takes it.
pub type EventAnswer = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

/// Where the events of an operation come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Records of the table's stream that pass one of the filters. They wait for others to come along, for as long as
    /// the batching window or until the batch is full.
    Stream { filters: &'static [StreamFilter], batching_window: Duration },
    /// A schedule with this rate.
    Schedule(Duration),
    /// What SES reports of the mails of this installation: events of these detail types.
    MailEvents(&'static [&'static str]),
    /// Every event on the bus of domain events.
    DomainEvent,
}

/// Records that an operation is given: those of `event_name` on items whose `key` starts with `prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFilter {
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub event_name: &'static str,
    /// `pk` or `sk`.
    pub key: &'static str,
    pub prefix: &'static str,
}

macro_rules! request {
    ($area:ident::$name:ident) => {
        Operation {
            name: stringify!($name),
            runs: Runs::OnRequest(Annotated {
                route: || paste! { Route::of::<$area::$name::[<__path_ $name>], _>(&$area::$name::$name) },
                document: || OpenApiRouter::new().routes(routes!($area::$name::$name)),
            }),
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
    ($name:ident with bus on $trigger:expr) => {
        Operation {
            name: stringify!($name),
            runs: Runs::OnPublishingEvent($trigger, |app, bus, event| Box::pin(events::$name::$name(app, bus, event))),
        }
    };
    ($name:ident with sender on $trigger:expr) => {
        Operation {
            name: stringify!($name),
            runs: Runs::OnWebhookEvent($trigger, |app, sender, event| {
                Box::pin(events::$name::$name(app, sender, event))
            }),
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
    request!(passwords::request_password_reset),
    request!(passwords::complete_password_reset),
    request!(passwords::get_password_policy),
    request!(me::get_me),
    request!(me::update_me),
    request!(me::change_password),
    request!(me::list_my_sessions),
    request!(me::end_my_session),
    request!(me::list_my_apps),
    request!(me::check_access),
    request!(invites::invite_user),
    request!(invites::invite_users),
    request!(invites::list_invites),
    request!(invites::renew_invite),
    request!(invites::revoke_invite),
    request!(invites::inspect_invite),
    request!(invites::accept_invite),
    request!(invites::request_renewal),
    request!(users::list_users),
    request!(users::get_users_summary),
    request!(users::export_users),
    request!(users::create_user),
    request!(users::create_users),
    request!(users::delete_users),
    request!(users::get_user),
    request!(users::update_user),
    request!(users::delete_user),
    request!(users::suspend_user),
    request!(users::reactivate_user),
    request!(users::unlock_user),
    request!(users::reset_password),
    request!(users::list_user_sessions),
    request!(users::end_user_sessions),
    request!(users::end_user_session),
    request!(users::set_app_role),
    request!(users::remove_app_role),
    request!(users::list_user_activity),
    request!(activity::list_activity),
    request!(apps::list_apps),
    request!(apps::create_app),
    request!(apps::get_app),
    request!(apps::update_app),
    request!(apps::delete_app),
    request!(apps::list_app_users),
    request!(settings::get_email_settings),
    request!(settings::set_email_settings),
    request!(settings::send_test_mail),
    request!(settings::list_templates),
    request!(settings::get_template),
    request!(settings::set_template),
    request!(settings::restore_template),
    request!(settings::preview_template),
    request!(settings::get_security_settings),
    request!(settings::set_security_settings),
    request!(api_keys::list_api_keys),
    request!(api_keys::create_api_key),
    request!(api_keys::delete_api_key),
    request!(webhooks::list_webhooks),
    request!(webhooks::create_webhook),
    request!(webhooks::get_webhook),
    request!(webhooks::update_webhook),
    request!(webhooks::delete_webhook),
    request!(webhooks::rotate_webhook_secret),
    request!(webhooks::test_webhook),
    request!(webhooks::list_webhook_deliveries),
    request!(webhooks::resend_webhook_delivery),
    request!(meta::health),
    request!(meta::openapi),
    Operation { name: "not_found", runs: Runs::OnOtherRequests },
    event!(deliver_mail with mailer on MAILS),
    event!(retry_mail with mailer on every_minutes(1)),
    event!(record_mail_event on Trigger::MailEvents(MAIL_EVENTS)),
    event!(expire_invites on every_minutes(5)),
    event!(follow_changes with bus on CHANGES),
    event!(deliver_webhook with sender on Trigger::DomainEvent),
    event!(retry_webhooks with sender on every_minutes(1)),
];

/// New mails. Somebody waits for them.
const MAILS: Trigger = Trigger::Stream {
    filters: &[StreamFilter { event_name: "INSERT", key: "sk", prefix: keys::MAIL_PREFIX }],
    batching_window: Duration::ZERO,
};
/// What becomes of mails.
const MAIL_EVENTS: &[&str] = &[
    "Email Delivered",
    "Email Bounced",
    "Email Complaint Received",
    "Email Rejected",
    "Email Rendering Failed",
    "Email Delivery Delayed",
];
/// What happens to users, apps that are deleted, and the activity. A batch is sealed and published at once.
const CHANGES: Trigger = Trigger::Stream {
    filters: &[
        StreamFilter { event_name: "INSERT", key: "sk", prefix: keys::USER },
        StreamFilter { event_name: "MODIFY", key: "sk", prefix: keys::USER },
        StreamFilter { event_name: "REMOVE", key: "sk", prefix: keys::USER },
        StreamFilter { event_name: "REMOVE", key: "sk", prefix: keys::APP },
        StreamFilter { event_name: "INSERT", key: "pk", prefix: keys::ACTIVITY_PREFIX },
    ],
    batching_window: Duration::from_secs(1),
};

const fn every_minutes(minutes: u64) -> Trigger {
    Trigger::Schedule(Duration::from_secs(minutes * 60))
}

impl Operation {
    /// What an operation that serves requests runs: in Lambda, its function has these routes alone.
    pub fn router(&self, app: App) -> Option<Router> {
        match self.runs {
            Runs::OnRequest(Annotated { route, .. }) => {
                let route = route();
                let manner = Manner {
                    name: self.name,
                    is_public: route.is_public(),
                    takes_query: route.has_parameter(&ParameterIn::Query, None),
                    is_idempotent: route.has_parameter(&ParameterIn::Header, Some("Idempotency-Key")),
                };
                Some(harden(Router::new().route(&route.path, route.handler), manner, app))
            }
            Runs::OnOtherRequests => Some(Router::new().fallback(meta::not_found::not_found)),
            _ => None,
        }
    }
}

/// Methods and path templates of an operation.
pub fn routes(operation: &Operation) -> impl Iterator<Item = (Method, String)> {
    let route = match operation.runs {
        Runs::OnRequest(Annotated { route, .. }) => Some(route()),
        _ => None,
    };
    route.into_iter().flat_map(|route| route.methods().map(|method| (method, route.path.clone())).collect::<Vec<_>>())
}
