//! Every operation of the system, once: what `ls` shows as files, `template.yaml` deploys as functions and the local
//! installation serves in one process.

use std::{future::Future, pin::Pin, time::Duration};

use lambda_runtime::Error;
use roster_mail::Mailer;
use roster_web::App;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

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

/// All operations, in the order of the API document.
pub fn all() -> &'static [Operation] {
    &[]
}
