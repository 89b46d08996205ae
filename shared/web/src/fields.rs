//! Bodies and queries: parsed into types that cannot hold a bad value, with all bad fields named at once.
//!
//! serde stops at the first fault, so an object is taken apart field by field: each gives its value or its reason, and
//! what is left over is unknown and refused.

use std::{collections::BTreeMap, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
};
use jiff::Timestamp;
use roster_domain::{
    AppRoles, AppSlug, EmailAddress, Error, FieldError, Invalid, PersonName, Role, RoleSlug, Status, UserId,
    activity::Action,
    passwords::Password,
    settings::{Line, PlatformUrl, WebAddress},
    webhooks::{EventTypes, WebhookUrl},
};
use serde_json::{Map, Value};

use crate::{Problem, problem::Result};

/// What can stand in a field.
pub trait FieldValue: Sized {
    /// The value, or nothing and the reasons in `errors`. `value` is nothing where the field is absent.
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self>;
}

/// What can be read from the fields of an object. [`fields!`](crate::fields) implements it.
pub trait FromFields: Sized {
    fn from_fields(fields: &mut Fields) -> Option<Self>;
}

/// The fields of an object that are not yet taken.
pub struct Fields<'a> {
    values: Map<String, Value>,
    pointer: String,
    errors: &'a mut Vec<FieldError>,
}

impl Fields<'_> {
    /// Takes a field out; nothing if it is not valid.
    pub fn take<T: FieldValue>(&mut self, name: &str) -> Option<T> {
        T::read(self.values.remove(name), &format!("{}/{name}", self.pointer), self.errors)
    }

    fn refuse_the_rest(self) {
        for name in self.values.keys() {
            // RFC 6901, section 3.
            let name = name.replace('~', "~0").replace('/', "~1");
            let pointer = format!("{}/{name}", self.pointer);
            self.errors.push(FieldError::new(pointer, "There is no such field; check its spelling."));
        }
    }
}

/// Declares an object of a request: a struct that is read field by field and described in the API document.
#[macro_export]
macro_rules! fields {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $( $(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty, )* }
    ) => {
        $(#[$meta])*
        $vis struct $name { $( $(#[$field_meta])* $field_vis $field: $type, )* }

        impl $crate::FromFields for $name {
            fn from_fields(fields: &mut $crate::Fields) -> Option<Self> {
                $( let $field = fields.take(stringify!($field)); )*
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
}

/// Reads a whole object.
pub(crate) fn read_object<T: FromFields>(
    values: Map<String, Value>,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let before = errors.len();
    let mut fields = Fields { values, pointer: pointer.to_owned(), errors };
    let read = T::from_fields(&mut fields);
    fields.refuse_the_rest();
    read.filter(|_| errors.len() == before)
}

fn refuse<T>(pointer: &str, detail: impl Into<String>, errors: &mut Vec<FieldError>) -> Option<T> {
    errors.push(FieldError::new(pointer, detail));
    None
}

/// Text that stands for a value.
pub trait Text: FromStr<Err = Invalid> {}

impl Text for EmailAddress {}
impl Text for PersonName {}
impl Text for Role {}
impl Text for Status {}
impl Text for Action {}
impl Text for AppSlug {}
impl Text for RoleSlug {}
impl Text for UserId {}
impl Text for Line {}
impl Text for WebAddress {}
impl Text for PlatformUrl {}
impl Text for WebhookUrl {}

impl<T: Text> FieldValue for T {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let text = String::read(value, pointer, errors)?;
        text.parse().map_err(|invalid: Invalid| errors.push(FieldError::new(pointer, invalid.0))).ok()
    }
}

impl FieldValue for String {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        match value {
            Some(Value::String(text)) => Some(text),
            None | Some(Value::Null) => refuse(pointer, "This field is required.", errors),
            Some(_) => refuse(pointer, "This must be a string.", errors),
        }
    }
}

impl FieldValue for bool {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        match value {
            Some(Value::Bool(value)) => Some(value),
            None | Some(Value::Null) => refuse(pointer, "This field is required.", errors),
            Some(_) => refuse(pointer, "This must be true or false.", errors),
        }
    }
}

/// A moment, in RFC 3339.
impl FieldValue for Timestamp {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let text = String::read(value, pointer, errors)?;
        let moment = text.parse().ok();
        moment.or_else(|| refuse(pointer, "This must be a time such as 2026-12-01T10:00:00Z.", errors))
    }
}

/// What is judged later, each on its own.
pub struct Rows<const MAX: usize>(pub Vec<Value>);

impl<const MAX: usize> FieldValue for Rows<MAX> {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        match value {
            Some(Value::Array(rows)) if rows.len() <= MAX => Some(Self(rows)),
            Some(Value::Array(_)) => {
                refuse(pointer, format!("There can be {MAX} at most; send the rest in another call."), errors)
            }
            None | Some(Value::Null) => refuse(pointer, "This field is required.", errors),
            Some(_) => refuse(pointer, "This must be a list.", errors),
        }
    }
}

/// Reads one of many rows: its reasons are its own.
pub fn read_row<T: FromFields>(row: Value) -> Result<T, Vec<FieldError>> {
    let Value::Object(values) = row else {
        return Err(vec![FieldError::new("", "This must be an object.")]);
    };
    let mut errors = Vec::new();
    read_object(values, "", &mut errors).ok_or(errors)
}

impl FieldValue for Password {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let text = String::read(value, pointer, errors)?;
        Self::typed(&text).map_err(|invalid| errors.push(FieldError::new(pointer, invalid.0))).ok()
    }
}

/// Absent and `null` are the same: nothing.
impl<T: FieldValue> FieldValue for Option<T> {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        match value {
            None | Some(Value::Null) => Some(None),
            value => T::read(value, pointer, errors).map(Some),
        }
    }
}

/// A field of a change: absent, it stays as it is; `null` takes the value away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T: FieldValue> FieldValue for Patch<T> {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        match value {
            None => Some(Self::Keep),
            Some(Value::Null) => Some(Self::Clear),
            value => T::read(value, pointer, errors).map(Self::Set),
        }
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranged<const MIN: u16, const MAX: u16>(pub u16);

impl<const MIN: u16, const MAX: u16> FromStr for Ranged<MIN, MAX> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = text.parse().ok().filter(|number| (MIN..=MAX).contains(number));
        number.map(Self).ok_or_else(|| Invalid(format!("This must be a whole number from {MIN} to {MAX}.")))
    }
}

impl<const MIN: u16, const MAX: u16> FieldValue for Ranged<MIN, MAX> {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let text = match value {
            None | Some(Value::Null) => return refuse(pointer, "This field is required.", errors),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => String::new(),
        };
        text.parse().map_err(|invalid: Invalid| errors.push(FieldError::new(pointer, invalid.0))).ok()
    }
}

impl FieldValue for AppRoles {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let Some(Value::Object(values)) = value else {
            return refuse(pointer, "This must be an object of app slugs and role slugs.", errors);
        };
        let before = errors.len();
        let mut roles = BTreeMap::new();
        for (app, role) in values {
            let pointer = format!("{pointer}/{}", app.replace('~', "~0").replace('/', "~1"));
            let app = AppSlug::read(Some(Value::String(app)), &pointer, errors);
            let role = RoleSlug::read(Some(role), &pointer, errors);
            roles.extend(app.zip(role));
        }
        (errors.len() == before).then_some(roles)
    }
}

/// How many types can be named at once.
const MAX_EVENT_TYPES: usize = 100;

impl FieldValue for EventTypes {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let values = match value {
            Some(Value::Array(values)) if (1..=MAX_EVENT_TYPES).contains(&values.len()) => values,
            Some(Value::Array(_)) => {
                return refuse(pointer, "Name the types of events, or * for all of them.", errors);
            }
            None | Some(Value::Null) => return refuse(pointer, "This field is required.", errors),
            Some(_) => return refuse(pointer, "This must be a list of types of events.", errors),
        };
        if values.iter().any(|value| value == Self::ALL) {
            return match values.len() {
                1 => Some(Self::All),
                _ => refuse(pointer, "* stands for all types; name no others beside it.", errors),
            };
        }
        let before = errors.len();
        let types = values
            .into_iter()
            .enumerate()
            .filter_map(|(n, value)| Action::read(Some(value), &format!("{pointer}/{n}"), errors));
        let types = types.collect();
        (errors.len() == before).then_some(Self::These(types))
    }
}

/// A list of objects, at most `MAX`.
pub struct Many<T, const MAX: usize>(pub Vec<T>);

impl<T: FromFields, const MAX: usize> FieldValue for Many<T, MAX> {
    fn read(value: Option<Value>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let values = match value {
            Some(Value::Array(values)) => values,
            None | Some(Value::Null) => return refuse(pointer, "This field is required.", errors),
            Some(_) => return refuse(pointer, "This must be a list.", errors),
        };
        if values.len() > MAX {
            return refuse(pointer, format!("There can be {MAX} at most."), errors);
        }
        let before = errors.len();
        let mut items = Vec::new();
        for (n, value) in values.into_iter().enumerate() {
            let pointer = format!("{pointer}/{n}");
            match value {
                Value::Object(values) => items.extend(read_object(values, &pointer, errors)),
                _ => errors.push(FieldError::new(pointer, "This must be an object.")),
            }
        }
        (errors.len() == before).then_some(Self(items))
    }
}

/// The JSON object in the body.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: FromFields> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if !is_json(&request) {
            return Err(Problem::UnsupportedMediaType);
        }
        parse(&bytes(request, state).await?).map(Self)
    }
}

/// As [`Body`], where all fields are optional: nothing is the empty object.
pub struct OptionalBody<T>(pub T);

impl<S: Send + Sync, T: FromFields> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let is_json = is_json(&request);
        let bytes = bytes(request, state).await?;
        match (bytes.trim_ascii(), is_json) {
            (b"", _) | (b"null", true) => parse(b"{}").map(Self),
            (_, false) => Err(Problem::UnsupportedMediaType),
            (_, true) => parse(&bytes).map(Self),
        }
    }
}

fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state).await.map_err(|_| Problem::BodyTooLarge)
}

fn parse<T: FromFields>(bytes: &[u8]) -> Result<T> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| Problem::MalformedBody(format!("{error}.")))?;
    let Value::Object(values) = value else {
        return Err(Problem::MalformedBody("This is JSON, but not an object.".to_owned()));
    };
    let mut errors = Vec::new();
    read_object(values, "", &mut errors).ok_or_else(|| Error::InvalidFields(errors).into())
}

/// The query of the address.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: FromFields> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let mut errors = Vec::new();
        let values = query_values(parts.uri.query().unwrap_or_default(), &mut errors);
        let read = read_object(values, "", &mut errors).filter(|_| errors.is_empty());
        read.map(Self).ok_or_else(|| Error::InvalidFields(errors).into())
    }
}

/// The names and values of a query, as `application/x-www-form-urlencoded` has them.
pub(crate) fn query_values(query: &str, errors: &mut Vec<FieldError>) -> Map<String, Value> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let mut values = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name);
        if values.insert(name.clone(), Value::String(decoded(value))).is_some() {
            errors.push(FieldError::new(format!("/{name}"), "This parameter is given twice."));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fields! {
        #[derive(Debug, PartialEq)]
        struct Example {
            email: EmailAddress,
            name: Option<PersonName>,
            hours: Option<Ranged<1, 720>>,
            roles: Option<AppRoles>,
        }
    }

    fn errors(body: &Value) -> Vec<(String, String)> {
        match parse::<Example>(body.to_string().as_bytes()) {
            Err(Problem::Refused(Error::InvalidFields(errors))) => {
                errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
            }
            Err(problem) => panic!("{problem:?}"),
            Ok(_) => Vec::new(),
        }
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let body = json!({ "email": 5, "name": "", "hours": 721, "roles": { "A b": "x" }, "nam/e": 1 });

        let pointers: Vec<String> = errors(&body).into_iter().map(|(pointer, _)| pointer).collect();

        assert_eq!(pointers, ["/email", "/name", "/hours", "/roles/A b", "/nam~1e"]);
    }

    #[test]
    fn what_is_optional_may_be_absent_or_null() {
        assert!(errors(&json!({ "email": "ada@example.com", "name": null })).is_empty());
        assert_eq!(errors(&json!({})), [("/email".to_owned(), "This field is required.".to_owned())]);
        assert_eq!(errors(&json!({ "email": "ada@example.com", "hours": 1.5 })).len(), 1);
        assert_eq!(errors(&json!({ "email": "ada@example.com", "hours": "5" })).len(), 1);
    }
}
