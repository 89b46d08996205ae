//! Apps, and API keys: what builders and admins manage beside users.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use roster_domain::{
    ApiKeyId, AppRoles, AppSlug, Error, Result, RoleSlug, activity::Activity, api_keys::ApiKey, apps::App,
};

use crate::{
    Claim, Store,
    items::Item,
    keys,
    lists::{Page, PageRequest, Range, Source},
    transaction::{Condition, Transaction, failed},
};

impl Store {
    /// Access pattern 18: a new app. A slug is taken as long as users still have roles in an app of that name.
    pub async fn create_app(&self, app: &App, activity: &Activity, answer: Option<&Claim>) -> Result<()> {
        if self.users_with_role(&app.slug, None).await? > 0 {
            return Err(Error::SlugTaken);
        }
        let mut writes = Transaction::new(self);
        writes.put_if(app, Condition::is_new(), |_| Error::SlugTaken)?;
        writes.keep_answer(answer)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 34: an app is changed, if it is still as it was read; else [`Error::Conflict`].
    pub async fn update_app(&self, before: &App, after: &App, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        let after = App { version: before.version + 1, ..after.clone() };
        writes.put_if(&after, unchanged(before), |_| Error::Conflict)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 35: an app is deleted. The roles of its users follow, see [`Store::users_with_role`].
    pub async fn delete_app(&self, app: &App, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.delete_if(app.key(), unchanged(app), |_| Error::Conflict)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 36: how many users have a role, or any, in an app.
    pub async fn users_with_role(&self, app: &AppSlug, role: Option<&RoleSlug>) -> Result<u64> {
        let source = Source::app_roles(app, role);
        let mut count = 0;
        let mut start = None;
        loop {
            let query = self.query_of(&source).select(Select::Count).set_exclusive_start_key(start);
            let answer = query.send().await.map_err(failed)?;
            count += u64::try_from(answer.count).unwrap_or_default();
            start = answer.last_evaluated_key;
            // Any is enough to know that there are some.
            if start.is_none() || role.is_none() && count > 0 {
                return Ok(count);
            }
        }
    }

    /// Access pattern 37: the apps in which a user has a role, as far as there are.
    pub async fn apps_of(&self, app_roles: &AppRoles) -> Result<Vec<App>> {
        let apps: Vec<_> = app_roles.keys().map(keys::app).collect();
        if apps.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.read(&apps).await?;
        apps.iter().filter_map(|app| found.take(app).transpose()).collect()
    }

    /// Access pattern 38: an API key by id.
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>> {
        self.get(keys::api_key(id)).await
    }

    /// Access pattern 39: API keys, oldest first.
    pub async fn api_keys(&self, page: &PageRequest) -> Result<Page<ApiKey>> {
        self.page_of("api-keys", &Source::ascending("gsi1", keys::API_KEYS, Range::All), page).await
    }

    /// Access pattern 40: a new API key.
    pub async fn create_api_key(&self, key: &ApiKey, activity: &Activity, answer: Option<&Claim>) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.put_if(key, Condition::is_new(), |_| Error::unexpected("a new API key's id is taken"))?;
        writes.keep_answer(answer)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 41: an API key ends.
    pub async fn delete_api_key(&self, id: ApiKeyId, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        let exists = Condition::new("attribute_exists(pk)", []);
        writes.delete_if(keys::api_key(id), exists, |_| Error::ApiKeyNotFound)?;
        writes.activity(activity)?;
        writes.commit().await
    }
}

fn unchanged(app: &App) -> Condition {
    Condition::new("version = :version", [(":version", AttributeValue::N(app.version.to_string()))])
}
