//! New entries of the outbox are sent.
//!
//! A failure of SES is noted on the entry, which `retry_mail` takes up again, so one bad recipient holds up nobody. Only
//! a failure to read or write the table makes Lambda give the record again.

use lambda_runtime::Error;
use roster_mail::Mailer;
use roster_store::MailRef;
use roster_web::App;
use serde_json::Value;

use super::{delivery::deliver, stream};
use crate::operations::Payload;

/// Sends the mails of these stream records.
pub async fn deliver_mail(app: App, mailer: Mailer, event: Payload) -> Result<Value, Error> {
    stream::each(serde_json::from_str(event.get())?, async |record| {
        let key = stream::key(&record, "pk").zip(stream::key(&record, "sk"));
        match key.and_then(|(pk, sk)| MailRef::of_key(pk, sk)) {
            Some(mail) => deliver(&app, &mailer, &mail).await,
            None => Ok(()),
        }
    })
    .await
}
