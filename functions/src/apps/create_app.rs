//! A new app, with roles of its own or with those that every app starts with.

use axum::{extract::State, http::StatusCode};
use roster_domain::{
    AppSlug, Error, FieldError, RoleSlug,
    activity::{Action, Change, Subject},
    apps::{App as RosterApp, AppRole, MAX_ROLES, starting_roles},
    settings::{Line, WebAddress},
};
use roster_web::{App, Body, Builder, Client, Created, Many, Once, ProblemBody, Result, fields, views::AppView};
use utoipa::ToSchema;

fields! {
    /// A new app.
    #[derive(ToSchema)]
    pub struct CreateApp {
        slug: AppSlug,
        name: Line,
        url: Option<WebAddress>,
        description: Option<Line>,
        /// `admin`, `power` and `basic`, if nothing is said.
        #[schema(value_type = Option<Vec<NewAppRole>>, max_items = 50)]
        roles: Option<Many<NewAppRole, MAX_ROLES>>,
    }
}

fields! {
    /// A role of an app.
    #[derive(ToSchema)]
    pub struct NewAppRole {
        slug: RoleSlug,
        name: Line,
        description: Option<Line>,
    }
}

/// Create an app
#[utoipa::path(
    post,
    path = "/v1/apps",
    tag = "Apps",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request.")),
    request_body = CreateApp,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = AppView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 409, description = "`slug-taken`", body = ProblemBody),
        (status = 422, description = "`idempotency-key-reused`", body = ProblemBody)
    )
)]
pub async fn create_app(
    builder: Builder,
    client: Client,
    State(app): State<App>,
    once: Once,
    Body(body): Body<CreateApp>,
) -> Result<Created<AppView>> {
    let now = app.now();
    let roles = body.roles.map_or_else(|| Ok(starting_roles()), |roles| distinct(roles.0))?;
    let new = RosterApp {
        slug: body.slug,
        name: body.name,
        url: body.url,
        description: body.description,
        roles,
        created_at: now,
        version: 1,
    };
    let changes = changes(None, Some(&new));
    let subject = Subject::App { slug: new.slug.clone(), label: new.name.as_str().to_owned() };
    let activity = app.activity(now, Action::AppCreated, (builder.actor(), subject), changes, &client);
    let view = AppView::from(&new);
    let answer = once.answer(StatusCode::CREATED, &view)?;
    app.store.create_app(&new, &activity, answer.as_ref()).await?;
    Ok(Created(view))
}

/// What differs between two states of an app, as the activity tells it.
pub(crate) fn changes(before: Option<&RosterApp>, after: Option<&RosterApp>) -> Vec<Change> {
    let described = |app: Option<&RosterApp>| app.map(described).unwrap_or_default();
    let (before, after) = (described(before), described(after));
    let fields = FIELDS.iter().zip(before.into_iter().zip(after)).filter(|(_, (old, new))| old != new);
    fields.map(|(field, (old, new))| Change::new(*field, old, new)).collect()
}

const FIELDS: [&str; 4] = ["name", "url", "description", "roles"];

fn described(app: &RosterApp) -> [Option<String>; FIELDS.len()] {
    let roles = app.roles.iter().map(|role| role.slug.as_str()).collect::<Vec<_>>().join(", ");
    [
        Some(app.name.as_str().to_owned()),
        app.url.as_ref().map(|url| url.as_str().to_owned()),
        app.description.as_ref().map(|line| line.as_str().to_owned()),
        Some(roles),
    ]
}

/// The roles, if there is one at least and no two share a slug.
pub(crate) fn distinct(roles: Vec<NewAppRole>) -> Result<Vec<AppRole>, Error> {
    let refused = |pointer: String, detail: &str| Error::InvalidFields(vec![FieldError::new(pointer, detail)]);
    if roles.is_empty() {
        return Err(refused("/roles".to_owned(), "An app has one role at least."));
    }
    let mut distinct: Vec<AppRole> = Vec::new();
    for (n, NewAppRole { slug, name, description }) in roles.into_iter().enumerate() {
        if distinct.iter().any(|role| role.slug == slug) {
            return Err(refused(format!("/roles/{n}/slug"), "Another role of this app has this slug."));
        }
        distinct.push(AppRole { slug, name, description });
    }
    Ok(distinct)
}
