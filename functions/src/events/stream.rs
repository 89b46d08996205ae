//! Records of the table's stream, and which of them failed.

use std::future::Future;

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use lambda_runtime::Error;
use serde_json::Value;

/// Handles the records in their order up to the first that fails, and reports that one: Lambda gives it and what
/// follows it again.
pub(crate) async fn each<F>(event: Event, mut handle: impl FnMut(EventRecord) -> F) -> Result<Value, Error>
where
    F: Future<Output = roster_domain::Result<()>>,
{
    for record in event.records {
        let sequence_number = record.change.sequence_number.clone();
        if let Err(error) = handle(record).await {
            tracing::error!(?error, sequence_number, "a record failed");
            return Ok(failed_from(sequence_number)?);
        }
    }
    Ok(serde_json::to_value(DynamoDbEventResponse::default())?)
}

/// The answer that this record failed, and that what follows it is not done.
pub(crate) fn failed_from(sequence_number: Option<String>) -> serde_json::Result<Value> {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence_number;
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    serde_json::to_value(response)
}

/// An attribute of the item's key.
pub(crate) fn key<'a>(record: &'a EventRecord, name: &str) -> Option<&'a str> {
    match record.change.keys.get(name)? {
        serde_dynamo::AttributeValue::S(text) => Some(text),
        _ => None,
    }
}
