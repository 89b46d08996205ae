//! What a deleted user leaves behind is removed: sessions, mails, whatever stands under their key.

use lambda_runtime::Error;
use roster_store::keys::user_of_partition;
use roster_web::App;
use serde_json::Value;

use super::stream;

/// Cleans up after the users of these stream records.
pub async fn clean_up_user(app: App, event: Value) -> Result<Value, Error> {
    stream::each(event, async |record| {
        if let Some(user) = stream::key(&record, "pk").and_then(user_of_partition) {
            app.store.clean_up_user(user).await?;
        }
        Ok(())
    })
    .await
}
