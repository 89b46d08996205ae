//! All-or-nothing writes, and what their failures mean.
//!
//! A condition that fails is a refusal, and each write says which. A conflict with another transaction is none: it is
//! tried again here, for the SDK does not. When the answer of a commit is lost and the write is repeated, its own
//! earlier success must not be taken for somebody else's: every change carries an activity entry with an id of its
//! own, so finding that entry is the proof that the change was made.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use jiff::Timestamp;
use roster_domain::{EmailAddress, Error, Result, activity::Activity};

use crate::{
    Store,
    items::{Attributes, Item, activity_attributes},
    keys::{self, Key},
    passwords,
};

/// What a failed condition means, given the item as it is.
type Meaning = Box<dyn Fn(Option<Attributes>) -> Error + Send + Sync>;

/// Writes that happen together or not at all.
pub(crate) struct Transaction<'a> {
    store: &'a Store,
    writes: Vec<(TransactWriteItem, Meaning)>,
    activity: Option<usize>,
}

/// A condition on the item as it was, with its values.
pub(crate) struct Condition {
    pub(crate) expression: String,
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

impl Condition {
    pub(crate) fn new(
        expression: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Self {
        Self { expression: expression.into(), values: values.into_iter().collect() }
    }

    pub(crate) fn is_new() -> Self {
        Self::new("attribute_not_exists(pk)", [])
    }
}

/// How often a conflict is tried again before the caller is told to come back.
const ATTEMPTS: u32 = 8;

impl<'a> Transaction<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, writes: Vec::new(), activity: None }
    }

    /// Writes an item, whatever was there.
    pub(crate) fn put(&mut self, item: &impl Item) -> Result<()> {
        self.push_put(item.attributes()?, None, Box::new(|_| impossible()))
    }

    pub(crate) fn put_if(
        &mut self,
        item: &impl Item,
        condition: Condition,
        otherwise: impl Fn(Option<Attributes>) -> Error + Send + Sync + 'static,
    ) -> Result<()> {
        self.push_put(item.attributes()?, Some(condition), Box::new(otherwise))
    }

    /// Deletes an item, if it is there.
    pub(crate) fn delete(&mut self, key: Key) -> Result<()> {
        self.push_delete(key, None, Box::new(|_| impossible()))
    }

    pub(crate) fn delete_if(
        &mut self,
        key: Key,
        condition: Condition,
        otherwise: impl Fn(Option<Attributes>) -> Error + Send + Sync + 'static,
    ) -> Result<()> {
        self.push_delete(key, Some(condition), Box::new(otherwise))
    }

    /// Adds to numbers of an item.
    pub(crate) fn add(&mut self, key: Key, changes: &BTreeMap<String, i64>) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut update = Update::builder().table_name(&self.store.table).set_key(Some(key.attributes()));
        let mut terms = Vec::new();
        for (n, (name, by)) in changes.iter().enumerate() {
            terms.push(format!("{name} :by{n}"));
            update = update.expression_attribute_values(format!(":by{n}"), AttributeValue::N(by.to_string()));
        }
        let update =
            update.update_expression(format!("ADD {}", terms.join(", "))).build().map_err(Error::unexpected)?;
        self.writes.push((TransactWriteItem::builder().update(update).build(), Box::new(|_| impossible())));
        Ok(())
    }

    pub(crate) fn update_if(
        &mut self,
        key: Key,
        expression: &str,
        condition: Condition,
        otherwise: impl Fn(Option<Attributes>) -> Error + Send + Sync + 'static,
    ) -> Result<()> {
        let mut update = Update::builder()
            .table_name(&self.store.table)
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if !condition.expression.is_empty() {
            update = update.condition_expression(condition.expression);
        }
        for (name, value) in condition.values {
            update = update.expression_attribute_values(name, value);
        }
        let update = update.build().map_err(Error::unexpected)?;
        self.writes.push((TransactWriteItem::builder().update(update).build(), Box::new(otherwise)));
        Ok(())
    }

    /// Begins to count wrong passwords for an account anew.
    pub(crate) fn forget_attempts(&mut self, email: &EmailAddress, now: Timestamp) -> Result<()> {
        let values = [
            (":zero", AttributeValue::N("0".to_owned())),
            (":now", AttributeValue::S(now.to_string())),
            (":end", passwords::account_memory_end(now)),
        ];
        let expression = "SET failures = :zero, last_at = :now, unlocked_at = :now, expires_at_epoch = :end";
        self.update_if(keys::attempts(email), expression, Condition::new("", values), |_| impossible())
    }

    pub(crate) fn activity(&mut self, activity: &Activity) -> Result<()> {
        self.activity = Some(self.writes.len());
        self.push_put(activity_attributes(activity)?, Some(Condition::is_new()), Box::new(|_| impossible()))
    }

    pub(crate) fn push_put(
        &mut self,
        attributes: Attributes,
        condition: Option<Condition>,
        meaning: Meaning,
    ) -> Result<()> {
        let mut put = Put::builder().table_name(&self.store.table).set_item(Some(attributes));
        if let Some(condition) = condition {
            put = put
                .condition_expression(condition.expression)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            for (name, value) in condition.values {
                put = put.expression_attribute_values(name, value);
            }
        }
        let put = put.build().map_err(Error::unexpected)?;
        self.writes.push((TransactWriteItem::builder().put(put).build(), meaning));
        Ok(())
    }

    fn push_delete(&mut self, key: Key, condition: Option<Condition>, meaning: Meaning) -> Result<()> {
        let mut delete = Delete::builder().table_name(&self.store.table).set_key(Some(key.attributes()));
        if let Some(condition) = condition {
            delete = delete.condition_expression(condition.expression);
            for (name, value) in condition.values {
                delete = delete.expression_attribute_values(name, value);
            }
        }
        let delete = delete.build().map_err(Error::unexpected)?;
        self.writes.push((TransactWriteItem::builder().delete(delete).build(), meaning));
        Ok(())
    }

    /// The items that it puts, which must be all that it does.
    pub(crate) fn into_puts(self) -> Result<Vec<Attributes>> {
        let puts = self.writes.into_iter().map(|(write, _)| write.put.map(|put| put.item));
        puts.collect::<Option<_>>().ok_or_else(|| Error::unexpected("these writes are not only new items"))
    }

    /// Makes all writes, or none and says why.
    pub(crate) async fn commit(self) -> Result<()> {
        let items: Vec<TransactWriteItem> = self.writes.iter().map(|(item, _)| item.clone()).collect();
        for attempt in 0..ATTEMPTS {
            let sent = self.store.client.transact_write_items().set_transact_items(Some(items.clone())).send().await;
            let Err(error) = sent else {
                return Ok(());
            };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    if let Some(outcome) = self.explain(cancelled.cancellation_reasons()) {
                        return outcome;
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(failed(error)),
            }
            pause(attempt).await;
        }
        Err(Error::Unavailable("the transaction met other ones again and again".into()))
    }

    /// What a cancelled transaction means; nothing if it should be tried again.
    fn explain(&self, reasons: &[CancellationReason]) -> Option<Result<()>> {
        let failed_at = |n: usize| reasons.get(n).is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"));
        if self.activity.is_some_and(failed_at) {
            return Some(Ok(()));
        }
        let refused = self.writes.iter().zip(reasons).enumerate().find(|(n, _)| failed_at(*n));
        if let Some((_, ((_, meaning), reason))) = refused {
            return Some(Err(meaning(reason.item.clone())));
        }
        let is_passing = |code: &str| {
            matches!(code, "None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        };
        let fault = reasons.iter().find(|reason| !reason.code().is_none_or(is_passing))?;
        Some(Err(Error::unexpected(format!("transaction cancelled: {fault:?}"))))
    }
}

fn impossible() -> Error {
    Error::unexpected("an unconditional write failed its condition")
}

/// Waits a little, longer with each attempt, and never as long as somebody else.
pub(crate) async fn pause(attempt: u32) {
    let mut random = [0; 2];
    // Without randomness the pause is merely less fair.
    let _ignored = getrandom::fill(&mut random).is_ok();
    let longest = 10_u64 << attempt.min(6);
    let share = longest * u64::from(u16::from_be_bytes(random)) / u64::from(u16::MAX);
    tokio::time::sleep(Duration::from_millis(longest / 2 + share / 2)).await;
}

/// Makes a write of one item, again as long as a transaction is at the item: the SDK does not.
pub(crate) async fn alone<T, E, R, F>(send: impl Fn() -> F) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    let mut attempt = 0;
    loop {
        match send().await {
            Err(error) if error.code() == Some(CONFLICT) && attempt < ATTEMPTS => pause(attempt).await,
            outcome => return outcome,
        }
        attempt += 1;
    }
}

/// A transaction of somebody else is at the item.
const CONFLICT: &str = "TransactionConflictException";

/// What the failure of a call to DynamoDB means to the caller.
pub(crate) fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    const PASSING: [&str; 8] = [
        CONFLICT,
        "InternalServerError",
        "InternalServerErrorException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    ];
    let is_passing = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(service) => service.err().code().is_some_and(|code| PASSING.contains(&code)),
        _ => false,
    };
    if is_passing { Error::Unavailable(error.into()) } else { Error::unexpected(error) }
}
