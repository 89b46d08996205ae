//! Runs the operations that have a schedule, by the clock of the installation, with the event that EventBridge sends.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, Unit};
use roster_functions::operations::Trigger;
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, Notify},
    time::sleep,
};

use crate::{clock::LocalClock, invoker::Invoker, state::StateFile};

/// When each operation ran last. One that never ran counts from the first start of the installation.
type LastRuns = BTreeMap<String, Timestamp>;

/// The schedules. Clones share them.
#[derive(Clone)]
pub struct Schedules {
    invoker: Invoker,
    clock: LocalClock,
    last_runs: Arc<Mutex<LastRuns>>,
    file: StateFile,
    /// The clock was moved.
    moved: Arc<Notify>,
}

impl Schedules {
    /// The schedules as `file` remembers them.
    pub fn load(invoker: Invoker, clock: LocalClock, file: StateFile) -> std::io::Result<Self> {
        let mut last_runs: LastRuns = file.load()?;
        for (operation, trigger) in invoker.event_operations() {
            if matches!(trigger, Trigger::Schedule(_)) {
                last_runs.entry(operation.name.to_owned()).or_insert_with(|| clock.now());
            }
        }
        file.save(&last_runs)?;
        Ok(Self { invoker, clock, last_runs: Arc::new(Mutex::new(last_runs)), file, moved: Arc::default() })
    }

    /// Runs what becomes due, for ever.
    pub async fn run(self) {
        loop {
            match self.run_due().await {
                Some(pause) => tokio::select! {
                    () = sleep(pause) => {}
                    () = self.moved.notified() => {}
                },
                None => return,
            }
        }
    }

    /// Moves the clock and runs what is due then.
    pub async fn advance(&self, by: Duration) -> std::io::Result<Timestamp> {
        self.clock.advance(by)?;
        self.run_due().await;
        self.moved.notify_one();
        Ok(self.clock.now())
    }

    /// Runs everything that is due, and says how long it is until something will be.
    pub async fn run_due(&self) -> Option<Duration> {
        let mut last_runs = self.last_runs.lock().await;
        let mut pause: Option<Duration> = None;
        for (operation, trigger) in self.invoker.event_operations() {
            let Trigger::Schedule(rate) = trigger else { continue };
            let now = self.clock.now();
            let last_run = last_runs.entry(operation.name.to_owned()).or_insert(now);
            let mut left = left(*last_run, rate, now);
            if left.is_zero() {
                *last_run = now;
                left = rate;
                if let Err(error) = self.invoker.invoke(operation.name, &event(operation.name, now)).await {
                    tracing::error!(operation = operation.name, error, "a scheduled operation failed");
                }
                if let Err(error) = self.file.save(&*last_runs) {
                    tracing::error!(%error, "the schedules are not saved");
                }
            }
            pause = Some(pause.map_or(left, |pause| pause.min(left)));
        }
        pause
    }
}

fn left(last_run: Timestamp, rate: Duration, now: Timestamp) -> Duration {
    let passed = now.duration_since(last_run).max(SignedDuration::ZERO).unsigned_abs();
    rate.saturating_sub(passed)
}

/// The event of a schedule, at `now`.
pub fn event(operation: &str, now: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": format!("{:032x}", now.as_nanosecond()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": now.round(Unit::Second).unwrap_or(now),
        "region": "local",
        "resources": [format!("arn:aws:events:local:000000000000:rule/{operation}")],
        "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use aws_lambda_events::event::eventbridge::EventBridgeEvent;
    use roster_functions::operations::{EventAnswer, Operation, Payload, Runs};
    use roster_web::App;

    use super::*;
    use crate::{Installation, Options};

    #[tokio::test]
    async fn a_schedule_runs_when_the_clock_says_so() {
        static EVENTS: StdMutex<Vec<Payload>> = StdMutex::new(Vec::new());
        fn handler(_: App, event: Payload) -> EventAnswer {
            EVENTS.lock().unwrap().push(event);
            Box::pin(async { Ok(Value::Null) })
        }
        const HOURLY: Trigger = Trigger::Schedule(Duration::from_hours(1));
        static OPERATIONS: [Operation; 1] = [Operation { name: "expire", runs: Runs::OnEvent(HOURLY, handler) }];
        let installation =
            Installation::start(Options { operations: &OPERATIONS, ..Options::ephemeral() }).await.unwrap();
        let runs = || EVENTS.lock().unwrap().len();

        installation.settle().await;
        assert_eq!(runs(), 0);
        installation.advance(Duration::from_secs(3601)).await.unwrap();
        assert_eq!(runs(), 1);
        installation.advance(Duration::from_mins(1)).await.unwrap();
        assert_eq!(runs(), 1);
        installation.advance(Duration::from_hours(48)).await.unwrap();
        assert_eq!(runs(), 2, "what was missed is made up for once");

        let event: EventBridgeEvent<Value> = serde_json::from_str(EVENTS.lock().unwrap()[0].get()).unwrap();
        assert_eq!((&*event.source, &*event.detail_type), ("aws.events", "Scheduled Event"));
    }
}
