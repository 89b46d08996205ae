//! What mails are made of, and the test mail.

use aws_sdk_dynamodb::types::AttributeValue;
use roster_domain::{
    AppRoles, Error, Result,
    activity::Activity,
    apps::App,
    mails::Mail,
    settings::EmailSettings,
    templates::{CustomTemplate, TemplateKind},
};

use crate::{
    Claim, Store,
    items::LastTest,
    keys,
    transaction::{Condition, Transaction},
};

impl Store {
    /// Access pattern 54: the templates that admins wrote.
    pub async fn templates(&self) -> Result<Vec<CustomTemplate>> {
        let templates = TemplateKind::ALL.map(keys::template);
        let mut found = self.read(&templates).await?;
        templates.iter().filter_map(|template| found.take(template).transpose()).collect()
    }

    /// Access pattern 55: a template that an admin wrote.
    pub async fn template(&self, kind: TemplateKind) -> Result<Option<CustomTemplate>> {
        self.get(keys::template(kind)).await
    }

    /// Access pattern 56: what a mail is made of: the template that an admin wrote, and the apps in which the user has
    /// a role, as far as there are.
    pub async fn template_and_apps(
        &self,
        kind: TemplateKind,
        app_roles: &AppRoles,
    ) -> Result<(Option<CustomTemplate>, Vec<App>)> {
        let template = keys::template(kind);
        let apps: Vec<_> = app_roles.keys().map(keys::app).collect();
        let mut found = self.read([&template].into_iter().chain(&apps)).await?;
        let custom = found.take(&template)?;
        let apps = apps.iter().filter_map(|app| found.take(app).transpose()).collect::<Result<_>>()?;
        Ok((custom, apps))
    }

    /// Access pattern 57: another template.
    pub async fn put_template(&self, template: &CustomTemplate, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.put(template)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 58: the default template again. Fails with [`Error::Conflict`] if it is the default already.
    pub async fn delete_template(&self, kind: TemplateKind, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.delete_if(keys::template(kind), Condition::new("attribute_exists(pk)", []), |_| Error::Conflict)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 59: a template failed. Fails with [`Error::Conflict`] if that is known already, or the template
    /// is another one by now.
    pub async fn record_template_failure(&self, template: &CustomTemplate, activity: &Activity) -> Result<()> {
        let mut writes = Transaction::new(self);
        let is_news = Condition::new(
            "changed_at = :changed_at AND attribute_not_exists(failure)",
            [(":changed_at", AttributeValue::S(template.changed_at.to_string()))],
        );
        writes.put_if(template, is_news, |_| Error::Conflict)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 60: a test mail is asked for.
    pub async fn request_test_mail(&self, mail: &Mail, activity: &Activity, answer: Option<&Claim>) -> Result<()> {
        let mut writes = Transaction::new(self);
        writes.put(mail)?;
        writes.put(&LastTest { mail: mail.id, to: mail.to.clone() })?;
        writes.keep_answer(answer)?;
        writes.activity(activity)?;
        writes.commit().await
    }

    /// Access pattern 61: the e-mail settings, and the newest test mail.
    pub async fn email_settings_and_last_test(&self) -> Result<(Option<EmailSettings>, Option<Mail>)> {
        let (email, last_test) = (keys::email_settings(), keys::last_test());
        let mut found = self.read([&email, &last_test]).await?;
        let settings = found.take(&email)?;
        let mail = match found.take::<LastTest>(&last_test)? {
            Some(last) => self.get(keys::mail(None, &last.to, last.mail)).await?,
            None => None,
        };
        Ok((settings, mail))
    }
}
