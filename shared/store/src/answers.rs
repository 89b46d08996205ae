//! Answers that are given again when a request is repeated with the same idempotency key.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::{SignedDuration, Timestamp};
use roster_domain::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    items::Attributes,
    keys::{self, Key},
    transaction::{Condition, Transaction, alone, failed},
};

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
    /// Tells one attempt from another, of the same request too.
    pub attempt: String,
    /// The status and the body of its answer; none as long as it runs.
    pub given: Option<(u16, String)>,
}

/// What an attempt holds while it answers a request: the place for its answer.
#[derive(Clone, Debug)]
pub struct Claim {
    key: Key,
    pub answer: Answer,
}

/// What there is for a key.
pub enum Claimed {
    /// Nothing: the request is the first, and its answer is to be kept.
    First,
    /// The request was asked before.
    Before(Answer),
}

impl Claim {
    pub fn new((caller, operation, key): (&str, &str, &str), answer: Answer) -> Self {
        Self { key: keys::answer(caller, operation, key), answer }
    }

    /// The same with its answer.
    #[must_use]
    pub fn answered(&self, status: u16, body: String) -> Self {
        Self { key: self.key.clone(), answer: Answer { given: Some((status, body)), ..self.answer.clone() } }
    }

    fn attributes(&self) -> Result<Attributes> {
        let mut attributes: Attributes = serde_dynamo::to_item(&self.answer).map_err(Error::unexpected)?;
        attributes.extend(self.key.clone().attributes());
        let end = (self.answer.asked_at.as_second() + KEPT.as_secs()).to_string();
        attributes.insert(crate::schema::TTL_ATTRIBUTE.to_owned(), AttributeValue::N(end));
        Ok(attributes)
    }

    /// The place is still held by this attempt, and empty.
    fn is_open(&self) -> Condition {
        let values = [
            (":attempt", AttributeValue::S(self.answer.attempt.clone())),
            (":null", AttributeValue::S("NULL".to_owned())),
        ];
        Condition::new("attempt = :attempt AND attribute_type(given, :null)", values)
    }
}

impl Transaction<'_> {
    /// Keeps the answer together with the effect: whoever repeats the request gets the one where there is the other. An
    /// attempt that lost its place meanwhile has no effect.
    pub(crate) fn keep_answer(&mut self, answered: Option<&Claim>) -> Result<()> {
        answered.map_or(Ok(()), |claim| {
            self.push_put(claim.attributes()?, Some(claim.is_open()), Box::new(|_| Error::IdempotencyKeyInUse))
        })
    }
}

impl Store {
    /// Access pattern 44: claims the key for a request, unless it belongs to one.
    pub async fn claim_answer(&self, claim: &Claim) -> Result<Claimed> {
        let asked_at = claim.answer.asked_at;
        let oldest = asked_at.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let stuck = asked_at.saturating_sub(LONGEST_REQUEST).unwrap_or(Timestamp::MIN);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(claim.attributes()?))
            .condition_expression(
                "attribute_not_exists(pk) OR asked_at < :oldest OR (attribute_type(given, :null) AND asked_at < :stuck)",
            )
            .expression_attribute_values(":oldest", AttributeValue::S(oldest.to_string()))
            .expression_attribute_values(":stuck", AttributeValue::S(stuck.to_string()))
            .expression_attribute_values(":null", AttributeValue::S("NULL".to_owned()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = alone(|| put.clone().send()).await else {
            return Ok(Claimed::First);
        };
        let Some(PutItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(failed(error));
        };
        let before: Answer =
            serde_dynamo::from_item(refused.item().cloned().unwrap_or_default()).map_err(Error::unexpected)?;
        // The claim was made, and its answer got lost: the client tried again, and met itself.
        Ok(if before.attempt == claim.answer.attempt { Claimed::First } else { Claimed::Before(before) })
    }

    /// Access pattern 45: keeps the answer, or frees the key where there is none to keep. A place that somebody else holds
    /// by now, or that has an answer, stays as it is.
    pub async fn settle_answer(&self, claim: &Claim) -> Result<()> {
        let Condition { expression, values } = claim.is_open();
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if claim.answer.given.is_some() {
            let put = self.client.put_item().table_name(&self.table).set_item(Some(claim.attributes()?));
            let put = put.condition_expression(expression).set_expression_attribute_values(Some(values));
            unless_refused(alone(|| put.clone().send()).await)
        } else {
            let key = claim.key.clone().attributes();
            let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
            let delete = delete.condition_expression(expression).set_expression_attribute_values(Some(values));
            unless_refused(alone(|| delete.clone().send()).await)
        }
    }
}

/// A write whose condition failed was not to be made.
fn unless_refused<T, E, R>(written: Result<T, SdkError<E, R>>) -> Result<()>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match written {
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
        written => written.map(drop).map_err(failed),
    }
}
