//! Templates as the API shows and takes them.

use jiff::Timestamp;
use roster_domain::{
    Error,
    templates::{CustomTemplate, TemplateKind, TemplateSource},
};
use roster_mail::{check, default_source, description, variables};
use roster_web::fields;
use serde::Serialize;
use utoipa::ToSchema;

/// What a kind of mail is made of.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailTemplate)]
pub struct TemplateView {
    #[schema(value_type = TemplateKind)]
    kind: &'static str,
    /// What the mail is for.
    description: &'static str,
    subject: String,
    html: String,
    text: String,
    /// Whether an admin wrote it; else it is the default.
    customised: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    changed_at: Option<Timestamp>,
    /// The first mail that could not be made of this template. The default is used for all that cannot.
    last_failure: Option<FailureView>,
    /// What it may show.
    variables: Vec<VariableView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TemplateFailure)]
struct FailureView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    reason: String,
}

/// A value that a template may show.
#[derive(Serialize, ToSchema)]
#[schema(as = TemplateVariable)]
struct VariableView {
    #[schema(example = "link")]
    name: &'static str,
    description: &'static str,
    /// Whether the mail must show it, in HTML and in text.
    required: bool,
}

impl TemplateView {
    pub(crate) fn new(kind: TemplateKind, custom: Option<CustomTemplate>) -> Self {
        let variables = variables(kind).map(|variable| VariableView {
            name: variable.name,
            description: variable.description,
            required: variable.required,
        });
        let (customised, changed_at) = (custom.is_some(), custom.as_ref().map(|custom| custom.changed_at));
        let (source, failure) = match custom {
            Some(custom) => (custom.source, custom.failure),
            None => (default_source(kind).clone(), None),
        };
        Self {
            kind: kind.as_str(),
            description: description(kind),
            subject: source.subject,
            html: source.html,
            text: source.text,
            customised,
            changed_at,
            last_failure: failure.map(|failure| FailureView { at: failure.at, reason: failure.reason }),
            variables: variables.collect(),
        }
    }
}

fields! {
    /// A template, in the syntax of MiniJinja: `{{ … }}`, `{% if … %}`, `{% for … %}` and a few filters.
    #[derive(ToSchema)]
    pub struct WriteTemplate {
        /// One line.
        #[schema(max_length = 200, example = "{{ invited_by }} invites you to {{ company }}")]
        subject: String,
        /// The whole mail; values are escaped.
        #[schema(max_length = 100_000, example = "<p><a href=\"{{ link }}\">Accept the invite</a></p>")]
        html: String,
        /// For programs that show no HTML.
        #[schema(max_length = 20_000, example = "Accept the invite: {{ link }}")]
        text: String,
    }
}

impl WriteTemplate {
    /// The template, if a mail of this kind can be made of it.
    pub(crate) fn checked(self, kind: TemplateKind) -> Result<TemplateSource, Error> {
        let source = TemplateSource { subject: self.subject, html: self.html, text: self.text };
        match check(kind, &source) {
            Ok(()) => Ok(source),
            Err(faults) => Err(Error::InvalidFields(faults.into_iter().map(Into::into).collect())),
        }
    }
}
