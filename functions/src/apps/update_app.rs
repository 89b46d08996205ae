//! An app's name, address, description and roles. A role that users have stays.

use axum::{Json, extract::State};
use roster_domain::{
    AppSlug, Error,
    activity::{Action, Subject},
    apps::{App as RosterApp, MAX_ROLES},
    settings::{Line, WebAddress},
};
use roster_web::{App, Body, Builder, Client, Many, Patch, Path, ProblemBody, Result, decide, fields, views::AppView};
use utoipa::ToSchema;

use super::create_app::{NewAppRole, changes, distinct};

fields! {
    /// What changes; what is left out stays as it is, `null` takes it away.
    #[derive(ToSchema)]
    pub struct UpdateApp {
        name: Option<Line>,
        #[schema(value_type = Option<WebAddress>)]
        url: Patch<WebAddress>,
        #[schema(value_type = Option<Line>)]
        description: Patch<Line>,
        /// The whole list.
        #[schema(value_type = Option<Vec<NewAppRole>>, max_items = 50)]
        roles: Option<Many<NewAppRole, MAX_ROLES>>,
    }
}

/// Change an app
#[utoipa::path(
    patch,
    path = "/v1/apps/{slug}",
    tag = "Apps",
    params(("slug" = AppSlug, Path)),
    request_body = UpdateApp,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AppView),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody),
        (status = 404, description = "`unknown-app`", body = ProblemBody),
        (status = 409, description = "`role-in-use`, with the `role` and the `count` of its users", body = ProblemBody)
    )
)]
pub async fn update_app(
    builder: Builder,
    Path(slug): Path<AppSlug>,
    client: Client,
    State(app): State<App>,
    Body(body): Body<UpdateApp>,
) -> Result<Json<AppView>> {
    let roles = body.roles.map(|roles| distinct(roles.0)).transpose()?;
    let changed = decide(async || {
        let before = app.store.app(&slug).await?.ok_or(Error::UnknownApp)?;
        let after = RosterApp {
            name: body.name.clone().unwrap_or_else(|| before.name.clone()),
            url: patched(&body.url, before.url.as_ref()),
            description: patched(&body.description, before.description.as_ref()),
            roles: roles.clone().unwrap_or_else(|| before.roles.clone()),
            ..before.clone()
        };
        if after == before {
            return Ok(after);
        }
        for role in before.roles.iter().filter(|role| !after.has_role(&role.slug)) {
            let count = app.store.users_with_role(&slug, Some(&role.slug)).await?;
            if count > 0 {
                return Err(Error::RoleInUse { role: role.slug.clone(), count });
            }
        }
        let changes = changes(Some(&before), Some(&after));
        let subject = Subject::App { slug: slug.clone(), label: after.name.as_str().to_owned() };
        let activity = app.activity(app.now(), Action::AppUpdated, (builder.actor(), subject), changes, &client);
        app.store.update_app(&before, &after, &activity).await?;
        Ok(after)
    })
    .await?;
    Ok(Json(AppView::from(&changed)))
}

fn patched<T: Clone>(patch: &Patch<T>, before: Option<&T>) -> Option<T> {
    match patch {
        Patch::Keep => before.cloned(),
        Patch::Clear => None,
        Patch::Set(value) => Some(value.clone()),
    }
}
