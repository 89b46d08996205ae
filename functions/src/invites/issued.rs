//! How an invite goes out: by a mail in the outbox, or as a link that the admin hands over.

use std::str::FromStr;

use jiff::Timestamp;
use roster_domain::{
    Caller, Error, Invalid, Result, User,
    invites::Invite,
    mails::{Kind, Mail},
    settings::{EmailSettings, PlatformUrl},
    tokens::InviteToken,
};
use roster_web::{App, Client, Text, views::UserView};
use serde::Serialize;
use utoipa::ToSchema;

/// How the invitee gets the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum DeliveryBy {
    /// Roster mails it.
    #[default]
    Email,
    /// The answer holds it, once; nothing is mailed.
    Link,
}

impl FromStr for DeliveryBy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "email" => Ok(Self::Email),
            "link" => Ok(Self::Link),
            _ => Err("The delivery is email or link.".into()),
        }
    }
}

impl Text for DeliveryBy {}

/// An invite that was issued.
#[derive(Serialize, ToSchema)]
pub struct Issued {
    pub(crate) user: UserView,
    /// With delivery `link`: the link to hand over, given once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://users.example.com/accept-invite#token=invite_…")]
    pub(crate) invite_link: Option<String>,
}

/// Where links lead: the address that an admin set, else the one by which we are reached.
pub(crate) fn platform_url(set: Option<&PlatformUrl>, client: &Client) -> Result<PlatformUrl> {
    set.map_or_else(|| client.platform_url(), |url| Ok(url.clone()))
}

/// A mail that carries the invite, noted on the user. A reminder will follow.
pub(crate) fn mail_invite(app: &App, invite: &mut Invite, user: &mut User, now: Timestamp) -> Mail {
    invite.plan_reminder(now);
    carry(app, user, Kind::Invitation { generation: invite.generation }, now)
}

/// A mail of this kind that carries the invite, noted on the user.
pub(crate) fn carry(app: &App, user: &mut User, kind: Kind, now: Timestamp) -> Mail {
    let mail = Mail::new(app.mail_id(now), Some(user.id), user.email.clone(), kind, now);
    if let Some(invited) = user.invite_mut() {
        invited.be_carried_by(&mail);
    }
    mail
}

/// A link that opens the invite. It is not mailed, so the delivery stays `none`.
pub(crate) fn hand_over(app: &App, invite: &mut Invite, platform_url: &PlatformUrl) -> String {
    let token = InviteToken { user: invite.user, secret: app.secret() };
    invite.add_link(token.secret.hash());
    platform_url.invite_link(&token)
}

/// Renews the invite of a user whose address has changed: earlier links are dead. It is mailed, if it was mailed
/// before.
pub(crate) fn reissue(
    app: &App,
    caller: &Caller,
    (mut invite, settings): (Invite, Option<&EmailSettings>),
    user: &mut User,
    now: Timestamp,
) -> Result<(Invite, Option<Mail>)> {
    let was_mailed = user.invite().is_some_and(|invited| invited.mail.is_some());
    if was_mailed && settings.is_none() {
        return Err(Error::EmailNotConfigured);
    }
    invite.renew(user, caller, None, now)?;
    let mail = was_mailed.then(|| mail_invite(app, &mut invite, user, now));
    Ok((invite, mail))
}
