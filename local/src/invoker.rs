//! Runs an operation on an event, as Lambda would: alone, and safe from its panics.

use roster_functions::{
    events::{publish::Bus, sender::Sender},
    operations::{Operation, Runs, Trigger},
};
use roster_mail::Mailer;
use roster_web::App;
use serde::Serialize;
use serde_json::{Value, value::to_raw_value};

use crate::recorder::Recorder;

/// What event operations are run with.
#[derive(Clone)]
pub struct Invoker {
    pub app: App,
    pub mailer: Mailer,
    pub bus: Bus,
    pub sender: Sender,
    pub recorder: Recorder,
    pub operations: &'static [Operation],
}

impl Invoker {
    /// The operations that run on events, each with where these come from.
    pub fn event_operations(&self) -> impl Iterator<Item = (&'static Operation, Trigger)> + use<> {
        self.operations.iter().filter_map(|operation| Some((operation, operation.runs.trigger()?)))
    }

    /// The answer of `operation` to `event`, or why there is none.
    pub async fn invoke(&self, operation: &'static str, event: &(impl Serialize + Sync)) -> Result<Value, String> {
        let event = to_raw_value(event).map_err(|error| error.to_string())?;
        let answer = match self.operations.iter().find(|known| known.name == operation).map(|known| &known.runs) {
            Some(Runs::OnEvent(_, handler)) => handler(self.app.clone(), event),
            Some(Runs::OnMailEvent(_, handler)) => handler(self.app.clone(), self.mailer.clone(), event),
            Some(Runs::OnPublishingEvent(_, handler)) => handler(self.app.clone(), self.bus.clone(), event),
            Some(Runs::OnWebhookEvent(_, handler)) => handler(self.app.clone(), self.sender.clone(), event),
            Some(Runs::OnRequest(_) | Runs::OnOtherRequests) | None => {
                return Err(format!("{operation} is no event operation"));
            }
        };
        let recorder = self.recorder.clone();
        // In a task of its own a panic ends the invocation, not the consumer that asked for it.
        let answer = tokio::spawn(async move { recorder.record(operation, answer).await }).await;
        answer.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}
