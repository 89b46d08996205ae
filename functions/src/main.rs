//! The one program that every Lambda function runs: it takes its operation from the handler setting.

use std::{process::ExitCode, sync::Arc};

use lambda_http::Adapter;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use roster_domain::webhooks::Reach;
use roster_functions::{
    aws::{self, optional, variable},
    edge,
    events::{publish::Bus, sender::Sender},
    operations::{self, Operation, Payload, Runs},
    request,
};
use roster_mail::Mailer;
use roster_web::{App, Passwords, app::SystemClock};
use tower::ServiceExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let level = optional("ROSTER_LOG").and_then(|level| level.parse().ok()).unwrap_or(tracing::Level::INFO);
    tracing_subscriber::fmt().json().with_max_level(level).with_target(false).without_time().init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let name = variable("_HANDLER")?;
    let operation = operations::all().iter().find(|operation| operation.name == name);
    let operation =
        operation.ok_or_else(|| format!("there is no operation {name}; see functions/src/operations.rs"))?;
    let app = app()?;
    match operation.runs {
        Runs::OnRequest(_) | Runs::OnOtherRequests => serve(operation, app).await,
        Runs::OnEvent(_, handle) => {
            lambda_runtime::run(service_fn(|event: LambdaEvent<Payload>| handle(app.clone(), event.payload))).await
        }
        Runs::OnMailEvent(_, handle) => {
            let mailer = Mailer::new(aws::ses()?, optional("ROSTER_MAIL_CONFIGURATION_SET"));
            let handle = |event: LambdaEvent<Payload>| handle(app.clone(), mailer.clone(), event.payload);
            lambda_runtime::run(service_fn(handle)).await
        }
        Runs::OnPublishingEvent(_, handle) => {
            let bus = Bus::new(aws::eventbridge()?, variable("ROSTER_EVENT_BUS")?);
            let handle = |event: LambdaEvent<Payload>| handle(app.clone(), bus.clone(), event.payload);
            lambda_runtime::run(service_fn(handle)).await
        }
        Runs::OnWebhookEvent(_, handle) => {
            let sender = Sender::new(app.webhook_reach)?;
            let handle = |event: LambdaEvent<Payload>| handle(app.clone(), sender.clone(), event.payload);
            lambda_runtime::run(service_fn(handle)).await
        }
    }
}

async fn serve(operation: &Operation, app: App) -> Result<(), Error> {
    let router = operation.router(app).ok_or("the operation serves no requests")?;
    let router = edge::guard(router, optional("ROSTER_EDGE_SECRET").as_deref());
    lambda_runtime::run(Adapter::from(router).map_request(request::encoded)).await
}

fn app() -> Result<App, Error> {
    Ok(App {
        store: aws::store(variable("ROSTER_TABLE")?)?,
        clock: Arc::new(SystemClock),
        // Lambda gives a function one request at a time.
        passwords: Passwords::new(1),
        setup_secret: optional("ROSTER_SETUP_SECRET").map(Arc::from),
        webhook_reach: Reach::Internet,
    })
}
