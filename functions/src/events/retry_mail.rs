//! Mails whose next try is due are sent, and those whose stream record was lost.

use lambda_runtime::Error;
use roster_mail::Mailer;
use roster_store::MailRef;
use roster_web::App;
use serde_json::{Value, json};

use super::delivery::deliver;
use crate::operations::Payload;

/// How many mails one run takes up; the next run follows within a minute.
const BATCH: i32 = 100;

/// Sends what is due in the outbox.
pub async fn retry_mail(app: App, mailer: Mailer, _schedule: Payload) -> Result<Value, Error> {
    let due = app.store.mails_due(app.now(), BATCH).await?;
    let mut failed = None;
    for mail in &due {
        if let Err(error) = deliver(&app, &mailer, &MailRef::of(mail)).await {
            tracing::error!(?error, mail.id = %mail.id, "a mail could not be taken up");
            failed = Some(error);
        }
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(json!({ "tried": due.len() })),
    }
}
