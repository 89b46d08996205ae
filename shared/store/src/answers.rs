//! Answers that are given again when a request is repeated with the same idempotency key.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::{SignedDuration, Timestamp};
use roster_domain::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{Store, items::Attributes, keys, transaction::failed};

/// For how long an answer is given again.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// After this time a request that has no answer yet has none to come: its function was stopped.
const LONGEST_REQUEST: SignedDuration = SignedDuration::from_secs(60);

/// The answer to a request, or the place for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The hash of the request that was asked first.
    pub fingerprint: String,
    pub asked_at: Timestamp,
    /// The status and the body of its answer; none as long as it runs.
    pub given: Option<(u16, String)>,
}

/// What there is for a key.
pub enum Claimed {
    /// Nothing: the request is the first, and its answer is to be kept.
    First,
    /// The request was asked before.
    Before(Answer),
}

impl Store {
    /// Access pattern 44: claims the key for a request, unless it belongs to one.
    pub async fn claim_answer(&self, (caller, operation, key): (&str, &str, &str), answer: &Answer) -> Result<Claimed> {
        let oldest = answer.asked_at.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let stuck = answer.asked_at.saturating_sub(LONGEST_REQUEST).unwrap_or(Timestamp::MIN);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(attributes(caller, operation, key, answer)?))
            .condition_expression(
                "attribute_not_exists(pk) OR asked_at < :oldest OR (attribute_type(given, :null) AND asked_at < :stuck)",
            )
            .expression_attribute_values(":oldest", AttributeValue::S(oldest.to_string()))
            .expression_attribute_values(":stuck", AttributeValue::S(stuck.to_string()))
            .expression_attribute_values(":null", AttributeValue::S("NULL".to_owned()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else {
            return Ok(Claimed::First);
        };
        match error.as_service_error() {
            Some(aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(refused)) => {
                let before = refused.item().cloned().unwrap_or_default();
                serde_dynamo::from_item(before).map(Claimed::Before).map_err(Error::unexpected)
            }
            _ => Err(failed(error)),
        }
    }

    /// Access pattern 45: keeps the answer, or frees the key where there is none to keep.
    pub async fn settle_answer(&self, (caller, operation, key): (&str, &str, &str), answer: &Answer) -> Result<()> {
        if answer.given.is_some() {
            let put = self.client.put_item().table_name(&self.table);
            let put = put.set_item(Some(attributes(caller, operation, key, answer)?));
            return put.send().await.map(drop).map_err(failed);
        }
        let key = keys::answer(caller, operation, key).attributes();
        self.client.delete_item().table_name(&self.table).set_key(Some(key)).send().await.map(drop).map_err(failed)
    }
}

fn attributes(caller: &str, operation: &str, key: &str, answer: &Answer) -> Result<Attributes> {
    let mut attributes: Attributes = serde_dynamo::to_item(answer).map_err(Error::unexpected)?;
    attributes.extend(keys::answer(caller, operation, key).attributes());
    let end = (answer.asked_at.as_second() + KEPT.as_secs()).to_string();
    attributes.insert(crate::schema::TTL_ATTRIBUTE.to_owned(), AttributeValue::N(end));
    Ok(attributes)
}
