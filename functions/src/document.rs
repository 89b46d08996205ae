//! The API document (OpenAPI 3.1): the annotations of the operations, and what holds for all of them.

use std::collections::BTreeSet;

use roster_domain::{
    ActivityId, ApiKeyId, AppSlug, RoleSlug, SessionId, UserId, WebhookId,
    webhooks::{DisabledBy, EventType},
};
use serde_json::{Map, Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::operations::{self, Runs};

/// The API document.
pub fn document() -> Value {
    let mut router = OpenApiRouter::with_openapi(About::openapi());
    for operation in operations::all() {
        if let Runs::OnRequest(routes) = operation.runs {
            router = router.merge((routes.document)());
        }
    }
    let mut document = serde_json::to_value(router.into_openapi()).unwrap_or_default();
    for operation in operations_of(&mut document) {
        complete(operation);
    }
    close_requests(&mut document);
    refer_to_components(&mut document);
    give_examples(&mut document);
    document
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Roster",
        description = "User management for teams on AWS. Lists come in pages; refusals are problem+json (RFC 9457).",
        contact(name = "The admins of this installation")
    ),
    servers((url = "/", description = "This installation")),
    components(schemas(ActivityId, ApiKeyId, AppSlug, DisabledBy, EventType, RoleSlug, SessionId, UserId, WebhookId)),
    tags(
        (name = "Setup", description = "The first admin."),
        (name = "Sessions", description = "Signing in and out."),
        (name = "Passwords", description = "Forgotten passwords, and what a new one must be like."),
        (name = "My account", description = "What everybody does for themselves."),
        (name = "Invites", description = "Onboarding by e-mail or by a link."),
        (name = "Users", description = "Everybody in the installation."),
        (name = "Activity", description = "The audit log."),
        (name = "Apps", description = "What users sign in to, and their roles there."),
        (name = "Settings", description = "What holds for the installation."),
        (name = "API keys", description = "Credentials of programs."),
        (name = "Webhooks", description = "Receivers that are told what happens."),
        (name = "Service", description = "The service itself.")
    ),
    modifiers(&Credentials)
)]
struct About;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("A session token, or an API key.")).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::with_description(
            "__Host-roster",
            "The console's session. Changes also need the header X-Roster-Request: 1.",
        );
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// Examples of fields whose types do not bring their own, by the name of the field. Where a name means several things,
/// the schema stands before it.
fn examples() -> Value {
    serde_json::from_str(include_str!("examples.json")).unwrap_or_default()
}

fn give_examples(document: &mut Value) {
    let examples = examples();
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (schema_name, schema) in schemas {
        let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        for (name, field) in fields.iter_mut().filter(|(_, field)| needs_example(field)) {
            let example = examples.get(format!("{schema_name}.{name}")).or_else(|| examples.get(name));
            if let Some(example) = example {
                field["example"] = example.clone();
            }
        }
    }
}

/// Whether a field is text or a number of which nothing says what it looks like.
fn needs_example(field: &Value) -> bool {
    let is_told = ["example", "enum", "const", "default", "$ref", "oneOf"].iter().any(|key| field.get(key).is_some());
    let is = |kind: &str| {
        field["type"] == kind || field["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
    };
    !is_told && field["format"] != "date-time" && (is("string") || is("integer"))
}

fn operations_of(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

/// Adds what every operation has: a description, and the refusals that have nothing to do with what it does.
fn complete(operation: &mut Value) {
    if operation.get("description").is_none() {
        operation["description"] = json!(format!("{}.", operation["summary"].as_str().unwrap_or_default()));
    }
    let takes_body = operation.get("requestBody").is_some();
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        if response["description"].as_str().unwrap_or_default().is_empty() {
            response["description"] = json!(if status == "201" { "Created." } else { "Done." });
        }
    }
    let problem = |description: &str| {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
    };
    if takes_body {
        responses.insert("413".to_owned(), problem("`body-too-large`: more than 1 MiB"));
        responses.insert("415".to_owned(), problem("`unsupported-media-type`: not declared as JSON"));
    }
    responses.insert("default".to_owned(), problem("Any other refusal, such as `unavailable` (503)."));
    for (_, response) in responses.iter_mut() {
        let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else { continue };
        let is_problem = |content: &Map<String, Value>| {
            content.get("application/json").is_some_and(|json| json["schema"]["$ref"] == "#/components/schemas/Problem")
        };
        if is_problem(content)
            && let Some(schema) = content.remove("application/json")
        {
            content.insert("application/problem+json".to_owned(), schema);
        }
    }
}

/// Says that requests hold no other fields than those described: unknown ones are refused.
fn close_requests(document: &mut Value) {
    let mut open: Vec<String> = Vec::new();
    for operation in operations_of(document) {
        references(&operation["requestBody"], &mut open);
    }
    let mut closed = BTreeSet::new();
    while let Some(name) = open.pop() {
        let schema = &mut document["components"]["schemas"][&name];
        if !closed.insert(name) {
            continue;
        }
        if schema["properties"].is_object() {
            schema["additionalProperties"] = json!(false);
        }
        references(schema, &mut open);
    }
}

/// The names of the components that `value` refers to.
fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(|name| name.as_str()?.strip_prefix("#/components/schemas/"));
            names.extend(name.map(str::to_owned));
            fields.values().for_each(|value| references(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, names)),
        _ => {}
    }
}

/// Generic answers hold a copy of what they are lists of; a reference says the same and keeps its name.
fn refer_to_components(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let named: Vec<(String, Value)> = schemas.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    for (_, schema) in schemas.iter_mut() {
        for list in ["items", "results"] {
            let Some(item) = schema.pointer_mut(&format!("/properties/{list}/items")) else { continue };
            if let Some((name, _)) = named.iter().find(|(_, known)| known == item) {
                *item = json!({ "$ref": format!("#/components/schemas/{name}") });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_an_example() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let bare = schemas.iter().filter(|(_, schema)| schema.get("example").is_none()).flat_map(|(name, schema)| {
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields.filter(|(_, field)| needs_example(field)).map(move |(field, _)| format!("{name}.{field}"))
        });
        assert_eq!(bare.collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn every_example_is_of_a_field() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let has = |schema: &Value, field: &str| schema["properties"].get(field).is_some();
        for name in examples().as_object().unwrap().keys() {
            let is_used = match name.split_once('.') {
                Some((schema, field)) => has(&schemas[schema], field),
                None => schemas.values().any(|schema| has(schema, name)),
            };
            assert!(is_used, "{name}");
        }
    }
}
