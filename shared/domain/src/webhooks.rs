//! Webhooks: addresses on the web that are told what happens, signed as the Standard Webhooks specification says
//! (version 1.0, symmetric signatures), so that receivers verify with a library that exists in their language.

use std::{
    collections::BTreeSet,
    fmt, iter,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use url::{Host, Url};
use utoipa::openapi::{
    RefOr,
    schema::{self, ObjectBuilder, Schema},
};

use crate::{
    ActivityId, Invalid, WebhookId,
    activity::{Action, Subject},
    settings::{Line, parse_url},
};

/// How many webhooks an installation may have: each is asked about every event.
pub const MAX_WEBHOOKS: usize = 20;
/// The type of what an admin sends to see whether a webhook works.
pub const TEST: &str = "webhook.test";

/// For how long the secret before signs beside the new one.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// For how long nothing gets through before a webhook is disabled.
const PATIENCE: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    pub url: WebhookUrl,
    pub event_types: EventTypes,
    pub description: Option<Line>,
    pub state: State,
    pub secret: SigningSecret,
    /// The secret before, and until when it signs too.
    pub previous_secret: Option<(SigningSecret, Timestamp)>,
    /// Since when nothing gets through.
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: String,
    /// Rises with every change.
    pub version: u64,
}

/// Whether a webhook is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Enabled,
    Disabled { at: Timestamp, reason: DisabledBy },
}

/// Why a webhook is told no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(as = WebhookDisabledBy, rename_all = "lowercase")]
pub enum DisabledBy {
    /// An admin wants it so.
    Admin,
    /// The receiver said that it is gone (410).
    Gone,
    /// Nothing got through for days.
    Failing,
}

impl DisabledBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Admin => "An admin disabled it.",
            Self::Gone => "The receiver answered that it is gone (410).",
            Self::Failing => "Nothing got through to the receiver for three days.",
        }
    }
}

impl FromStr for DisabledBy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Admin, Self::Gone, Self::Failing];
        all.into_iter().find(|reason| reason.as_str() == text).ok_or_else(|| "No such reason.".into())
    }
}

impl fmt::Display for DisabledBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Webhook {
    pub fn is_enabled(&self) -> bool {
        self.state == State::Enabled
    }

    /// Whether it is to be told of events of this type.
    pub fn wants(&self, event_type: &str) -> bool {
        self.is_enabled() && self.event_types.include(event_type)
    }

    /// How people call it. What follows on the host is between the receiver and the admins: it may hold a secret.
    pub fn label(&self) -> &str {
        self.description.as_ref().map_or_else(|| self.url.host(), Line::as_str)
    }

    /// A new secret. The old one goes on for a while, so that the receiver can follow in its own time.
    pub fn rotate_secret(&mut self, secret: SigningSecret, now: Timestamp) {
        let old = std::mem::replace(&mut self.secret, secret);
        self.previous_secret = now.checked_add(OVERLAP).ok().map(|until| (old, until));
    }

    pub fn enable(&mut self) {
        self.state = State::Enabled;
        self.failing_since = None;
    }

    pub fn disable(&mut self, reason: DisabledBy, now: Timestamp) {
        self.state = State::Disabled { at: now, reason };
    }

    /// Notes what a delivery shows of the receiver: it is disabled if it wants no more, or if this delivery is given up
    /// after days without any that got through.
    pub fn note(&mut self, delivery: &Delivery, now: Timestamp) {
        let Some(Attempt { outcome, .. }) = &delivery.last_attempt else {
            return;
        };
        match outcome {
            outcome if outcome.is_success() => self.failing_since = None,
            Outcome::Answered(GONE) if self.is_enabled() => self.disable(DisabledBy::Gone, now),
            _ if delivery.is_test() || !self.is_enabled() => {}
            _ => {
                let since = *self.failing_since.get_or_insert(now);
                if delivery.state == DeliveryState::Failed && now.duration_since(since) >= PATIENCE {
                    self.disable(DisabledBy::Failing, now);
                }
            }
        }
    }

    /// The header `webhook-signature`: a signature by each secret that counts.
    pub fn signatures(&self, id: &str, at: Timestamp, body: &str) -> String {
        let previous = self.previous_secret.as_ref().filter(|(_, until)| at < *until).map(|(secret, _)| secret);
        let secrets = [Some(&self.secret), previous].into_iter().flatten();
        let signatures = secrets.map(|secret| secret.sign(&format!("{id}.{}.{body}", at.as_second())));
        signatures.collect::<Vec<_>>().join(" ")
    }
}

impl From<&Webhook> for Subject {
    fn from(webhook: &Webhook) -> Self {
        Self::Webhook { id: webhook.id, label: webhook.label().to_owned() }
    }
}

/// What requests are signed with. It is kept as it is, for it has to sign.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret([u8; 32]);

impl SigningSecret {
    const PREFIX: &str = "whsec_";

    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The text form, for whom it is made: the receiver's.
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, STANDARD.encode(self.0))
    }

    fn sign(&self, content: &str) -> String {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(content.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl FromStr for SigningSecret {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bytes = text.strip_prefix(Self::PREFIX).and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| "This is no secret of a webhook.".into())
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

/// Of which events a webhook is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventTypes {
    All,
    These(BTreeSet<Action>),
}

impl EventTypes {
    /// Stands for all of them.
    pub const ALL: &str = "*";

    pub fn include(&self, event_type: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(types) => types.iter().any(|known| known.as_str() == event_type),
        }
    }

    pub fn as_strs(&self) -> Vec<&'static str> {
        match self {
            Self::All => vec![Self::ALL],
            Self::These(types) => types.iter().map(|known| known.as_str()).collect(),
        }
    }
}

impl fmt::Display for EventTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_strs().join(", "))
    }
}

/// A type of events as the API document describes it.
pub struct EventType;

impl utoipa::PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        let types = iter::once(EventTypes::ALL).chain(Action::ALL.iter().map(|action| action.as_str()));
        let described = ObjectBuilder::new().schema_type(schema::Type::String).enum_values(Some(types));
        described.description(Some("What happened; `*` stands for everything.")).build().into()
    }
}

impl utoipa::ToSchema for EventType {}

/// Where a webhook is: `https`, or `http` on this machine.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = "uri", example = "https://hooks.example.com/roster", max_length = 500)]
pub struct WebhookUrl(Url); // Invariant: it has a host, and neither credentials nor a fragment.

impl WebhookUrl {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The part that may be told to others: what follows on it may hold a secret of the receiver.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Refuses what is plain to see from the address: names are resolved, and judged, when something is sent.
    pub fn check(&self, reach: Reach) -> Result<(), Invalid> {
        let is_allowed = |address: IpAddr| reach.allows(address);
        let refused = || Err("This address is not on the public internet.".into());
        match self.0.host() {
            _ if self.0.scheme() != "https" && reach == Reach::Internet => Err("Use https.".into()),
            Some(Host::Ipv4(address)) if !is_allowed(address.into()) => refused(),
            Some(Host::Ipv6(address)) if !is_allowed(address.into()) => refused(),
            _ => Ok(()),
        }
    }
}

impl FromStr for WebhookUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let url = parse_url(text)?;
        if url.fragment().is_some() {
            return Err("A fragment is never sent; leave out what follows on #.".into());
        }
        Ok(Self(url))
    }
}

/// Where webhooks may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Internet,
    /// Also on this machine: only for a local installation.
    InternetAndThisMachine,
}

impl Reach {
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || self == Self::InternetAndThisMachine && address.is_loopback()
    }
}

/// Whether an address is on the public internet: none of the special-purpose ranges that IANA lists (RFC 6890), nor one
/// that leads to an IPv4 address in disguise.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    const SPECIAL: [(Ipv4Addr, u32); 15] = [
        (Ipv4Addr::UNSPECIFIED, 8),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 0, 0, 0), 24),
        (Ipv4Addr::new(192, 0, 2, 0), 24),
        (Ipv4Addr::new(192, 88, 99, 0), 24),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(198, 18, 0, 0), 15),
        (Ipv4Addr::new(198, 51, 100, 0), 24),
        (Ipv4Addr::new(203, 0, 113, 0), 24),
        (Ipv4Addr::new(224, 0, 0, 0), 4),
        (Ipv4Addr::new(240, 0, 0, 0), 4),
    ];
    !SPECIAL.iter().any(|(network, bits)| (address.to_bits() ^ network.to_bits()) >> (32 - bits) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    /// Within what is given out at all, `2000::/3`: protocols (Teredo and ORCHID among them), documentation, 6to4.
    const SPECIAL: [(Ipv6Addr, u32); 4] = [
        (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
        (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
        (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    ];
    let is_in = |network: &Ipv6Addr, bits: u32| (address.to_bits() ^ network.to_bits()) >> (128 - bits) == 0;
    is_in(&Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
        && !SPECIAL.iter().any(|(network, bits)| is_in(network, *bits))
}

/// An event on its way to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub webhook: WebhookId,
    /// The event's id, and with the webhook the delivery's: an event that comes twice is delivered once.
    pub event: ActivityId,
    pub event_type: String,
    /// What is sent.
    pub body: String,
    pub state: DeliveryState,
    /// How often sending was tried since it was asked for last.
    pub attempts: u32,
    pub last_attempt: Option<Attempt>,
    pub created_at: Timestamp,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be tried at `due_at`.
    Queued {
        due_at: Timestamp,
    },
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// What a try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub at: Timestamp,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With this status.
    Answered(u16),
    /// There was no answer, for this reason.
    Unanswered(String),
}

impl Outcome {
    fn is_success(&self) -> bool {
        matches!(self, Self::Answered(200..300))
    }
}

/// By this status a receiver says that it wants no more.
const GONE: u16 = 410;
/// A try that began is over by then.
const CLAIM: SignedDuration = SignedDuration::from_mins(2);
/// How long after a failed try the next one follows, at least: a day in all.
const RETRIES: [SignedDuration; 9] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(4),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(9),
];

impl Delivery {
    pub fn new((webhook, event): (WebhookId, ActivityId), event_type: String, body: String, now: Timestamp) -> Self {
        let state = DeliveryState::Queued { due_at: now };
        Self { webhook, event, event_type, body, state, attempts: 0, last_attempt: None, created_at: now }
    }

    pub fn is_test(&self) -> bool {
        self.event_type == TEST
    }

    /// Whether it is to be tried by now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        matches!(self.state, DeliveryState::Queued { due_at } if due_at <= now)
    }

    /// From now on one try is under way. If it ends with whoever makes it, the delivery is due again later.
    pub fn begin(&mut self, now: Timestamp) {
        self.state = DeliveryState::Queued { due_at: now.checked_add(CLAIM).unwrap_or(now) };
    }

    /// It is to be sent once more, with all its tries.
    pub fn ask_again(&mut self, now: Timestamp) {
        self.state = DeliveryState::Queued { due_at: now };
        self.attempts = 0;
    }

    /// Notes what the try came to. `random` spreads the tries, so that a receiver that recovers is not overrun.
    pub fn note(&mut self, outcome: Outcome, now: Timestamp, random: u8) {
        let pause = RETRIES.get(self.attempts as usize).filter(|_| !self.is_test());
        self.attempts += 1;
        let jittered = |pause: &SignedDuration| *pause + *pause / 5 * i32::from(random) / 255;
        self.state = match &outcome {
            outcome if outcome.is_success() => DeliveryState::Delivered,
            Outcome::Answered(GONE) => DeliveryState::Failed,
            _ => match pause.and_then(|pause| now.checked_add(jittered(pause)).ok()) {
                Some(due_at) => DeliveryState::Queued { due_at },
                None => DeliveryState::Failed,
            },
        };
        self.last_attempt = Some(Attempt { at: now, outcome });
    }

    /// It is given up without a try.
    pub fn give_up(&mut self) {
        self.state = DeliveryState::Failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn webhook() -> Webhook {
        Webhook {
            id: WebhookId::new(at(0), [1; 10]),
            url: "https://hooks.example.com/s3cret".parse().unwrap(),
            event_types: EventTypes::These([Action::UserInvited].into()),
            description: None,
            state: State::Enabled,
            secret: SigningSecret::new([7; 32]),
            previous_secret: None,
            failing_since: None,
            created_at: at(0),
            created_by: "Ada".to_owned(),
            version: 1,
        }
    }

    fn delivery(event_type: &str) -> Delivery {
        let ids = (webhook().id, ActivityId::new(at(0), [1; 10]));
        Delivery::new(ids, event_type.to_owned(), "{}".to_owned(), at(0))
    }

    #[test]
    fn only_the_public_internet_is_reached() {
        for (address, is_public) in [
            ("1.1.1.1", true),
            ("8.8.8.8", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("172.15.255.255", true),
            ("172.32.0.0", true),
            ("192.167.255.255", true),
            ("198.17.255.255", true),
            ("223.255.255.255", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.192", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.51.100.7", false),
            ("203.0.113.7", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true),
            ("2a00:1450::1", true),
            ("2001:200::1", true),
            ("3ffe::1", true),
            ("::", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:1.1.1.1", false),
            ("::127.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b::101:101", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:1ff::1", false),
            ("2001:db8::1", false),
            ("2002:a00:1::", false),
            ("3fff::1", false),
            ("4000::1", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(Reach::Internet.allows(parsed), is_public, "{address}");
            let is_here = matches!(address, "::1" | "127.0.0.1" | "127.255.255.254");
            assert_eq!(Reach::InternetAndThisMachine.allows(parsed), is_public || is_here, "{address}");
        }
    }

    #[test]
    fn an_address_that_is_plainly_not_for_webhooks_is_refused() {
        let check = |text: &str, reach| text.parse::<WebhookUrl>().and_then(|url| url.check(reach));
        for text in [
            "https://hooks.example.com",
            "https://hooks.example.com:8443/a?b=c",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(check(text, Reach::Internet), Ok(()), "{text}");
        }
        let here = ["http://127.0.0.1:3000/", "http://localhost/", "https://127.0.0.1/", "https://[::1]/"];
        for text in here {
            assert!(check(text, Reach::Internet).is_err(), "{text}");
        }
        for text in here {
            assert_eq!(check(text, Reach::InternetAndThisMachine), Ok(()), "{text}");
        }
        for text in [
            "",
            "hooks.example.com",
            "http://hooks.example.com",
            "https://user:password@example.com",
            "https://example.com/#a",
            "https://10.1.2.3/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "ftp://example.com",
            "file:///etc/passwd",
        ] {
            let refused = [Reach::Internet, Reach::InternetAndThisMachine].map(|reach| check(text, reach).is_err());
            let is_this_machine = matches!(text, "https://0x7f.1/" | "https://2130706433/");
            assert_eq!(refused, [true, !is_this_machine], "{text}");
        }
    }

    #[test]
    fn both_secrets_sign_for_a_day_after_a_rotation() {
        let mut webhook = webhook();
        let before = webhook.signatures("msg_1", at(0), "{}");
        webhook.rotate_secret(SigningSecret::new([8; 32]), at(0));

        let during = webhook.signatures("msg_1", at(0), "{}");
        let (new, old) = during.split_once(' ').unwrap();
        assert_eq!(old, before);
        assert_ne!(new, before);
        let after = at(24 * 3600);
        assert_eq!(webhook.signatures("msg_1", after, "{}").split(' ').count(), 1);
    }

    #[test]
    fn a_secret_survives_its_text_form_and_does_not_show_otherwise() {
        let secret = SigningSecret::new([7; 32]);
        assert_eq!(secret.reveal().parse(), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
        assert!("whsec_AAAA".parse::<SigningSecret>().is_err());
    }

    #[test]
    fn a_delivery_is_tried_for_about_a_day() {
        for random in [0, 255] {
            let mut delivery = delivery("user.invited");
            let mut now = at(0);
            let mut tries = 0;
            while let DeliveryState::Queued { due_at } = delivery.state
                && tries < 100
            {
                now = due_at;
                delivery.note(Outcome::Answered(500), now, random);
                tries += 1;
            }
            assert_eq!((delivery.state, tries), (DeliveryState::Failed, 10));
            let hours = now.duration_since(at(0)).as_hours();
            assert!((22..=28).contains(&hours), "{hours}");
        }
    }

    #[test]
    fn what_is_taken_is_delivered_and_redirects_are_not() {
        let state = |outcome: Outcome| {
            let mut delivery = delivery("user.invited");
            delivery.note(outcome, at(0), 0);
            delivery.state.as_str()
        };
        assert_eq!(state(Outcome::Answered(200)), "delivered");
        assert_eq!(state(Outcome::Answered(204)), "delivered");
        for status in [199, 301, 400, 404, 429, 500] {
            assert_eq!(state(Outcome::Answered(status)), "queued", "{status}");
        }
        assert_eq!(state(Outcome::Answered(410)), "failed");
        assert_eq!(state(Outcome::Unanswered("no".to_owned())), "queued");
    }

    #[test]
    fn a_webhook_is_disabled_when_nothing_got_through_for_days() {
        let day = 24 * 3600;
        let failed = |webhook: &mut Webhook, state, now| {
            let attempt = Attempt { at: now, outcome: Outcome::Answered(500) };
            let mut delivery = delivery("user.invited");
            (delivery.state, delivery.last_attempt) = (state, Some(attempt));
            webhook.note(&delivery, now);
        };
        let queued = DeliveryState::Queued { due_at: at(0) };
        let mut webhook = webhook();

        failed(&mut webhook, queued, at(0));
        failed(&mut webhook, DeliveryState::Failed, at(day));
        assert_eq!((webhook.failing_since, webhook.is_enabled()), (Some(at(0)), true));
        failed(&mut webhook, queued, at(3 * day));
        assert!(webhook.is_enabled(), "one that is still tried may get through");
        failed(&mut webhook, DeliveryState::Failed, at(3 * day - 1));
        assert!(webhook.is_enabled(), "three days are not over");
        let mut recovered = webhook.clone();
        let mut delivery = delivery("user.invited");
        delivery.note(Outcome::Answered(200), at(3 * day), 0);
        recovered.note(&delivery, at(3 * day));
        failed(&mut recovered, DeliveryState::Failed, at(3 * day));
        assert_eq!((recovered.failing_since, recovered.is_enabled()), (Some(at(3 * day)), true));

        failed(&mut webhook, DeliveryState::Failed, at(3 * day));
        assert_eq!(webhook.state, State::Disabled { at: at(3 * day), reason: DisabledBy::Failing });
    }

    #[test]
    fn a_test_is_tried_once_and_a_receiver_that_is_gone_is_told_no_more() {
        let (mut webhook, mut test) = (webhook(), delivery(TEST));
        test.note(Outcome::Answered(500), at(0), 0);
        webhook.note(&test, at(0));
        assert_eq!((test.state, webhook.failing_since), (DeliveryState::Failed, None));

        let mut delivery = delivery("user.invited");
        delivery.note(Outcome::Answered(GONE), at(0), 0);
        webhook.note(&delivery, at(0));
        assert_eq!(webhook.state, State::Disabled { at: at(0), reason: DisabledBy::Gone });
        assert!(!webhook.wants("user.invited"));
    }

    #[test]
    fn a_webhook_that_is_disabled_already_stays_as_it_is_whatever_a_late_delivery_shows() {
        let mut webhook = webhook();
        webhook.disable(DisabledBy::Admin, at(0));
        let before = webhook.clone();
        for status in [410, 500] {
            let mut delivery = delivery("user.invited");
            delivery.note(Outcome::Answered(status), at(1), 0);
            webhook.note(&delivery, at(1));
            assert_eq!(webhook, before, "{status}");
        }
        webhook.note(&delivery("user.invited"), at(1));
        assert_eq!(webhook, before, "nothing was tried");
    }

    #[test]
    fn a_webhook_is_told_what_it_wants_while_it_is_enabled() {
        let mut webhook = webhook();
        assert!(webhook.is_enabled() && webhook.wants("user.invited") && !webhook.wants("user.deleted"));
        assert_eq!(webhook.event_types.to_string(), "user.invited");
        webhook.event_types = EventTypes::All;
        assert!(webhook.wants("user.deleted"));
        assert_eq!(webhook.event_types.as_strs(), ["*"]);
        webhook.failing_since = Some(at(0));
        webhook.disable(DisabledBy::Failing, at(1));
        assert!(!webhook.is_enabled() && !webhook.wants("user.invited"));
        webhook.enable();
        assert!(webhook.wants("user.invited") && webhook.failing_since.is_none());
        for reason in [DisabledBy::Admin, DisabledBy::Gone, DisabledBy::Failing] {
            assert!(reason.sentence().ends_with('.'), "{reason}");
        }
    }

    #[test]
    fn a_webhook_is_called_by_its_description_or_host_and_never_by_what_follows() {
        let mut webhook = webhook();
        assert_eq!(
            (webhook.label(), webhook.url.origin().as_str()),
            ("hooks.example.com", "https://hooks.example.com")
        );
        assert_eq!(webhook.url.as_str(), "https://hooks.example.com/s3cret");
        webhook.description = "Payroll".parse().ok();
        assert_eq!(webhook.label(), "Payroll");
    }

    #[test]
    fn a_delivery_is_due_at_its_time_and_to_one_at_a_time() {
        let mut delivery = delivery("user.invited");
        assert!(!delivery.is_due(at(-1)) && delivery.is_due(at(0)));
        delivery.begin(at(0));
        assert!(!delivery.is_due(at(119)) && delivery.is_due(at(120)), "two minutes are left to who began");
        delivery.note(Outcome::Answered(500), at(0), 0);
        delivery.give_up();
        assert!(!delivery.is_due(Timestamp::MAX));
        delivery.ask_again(at(200));
        assert!(delivery.is_due(at(200)));
        assert_eq!(delivery.attempts, 0, "all tries are there again");
    }

    #[test]
    fn the_pause_after_a_failed_try_grows_by_a_fifth_at_most() {
        let pauses = |random| {
            let mut delivery = delivery("user.invited");
            RETRIES.map(|_| {
                delivery.note(Outcome::Unanswered("no".to_owned()), at(0), random);
                match delivery.state {
                    DeliveryState::Queued { due_at } => due_at.duration_since(at(0)),
                    state => panic!("{state:?}"),
                }
            })
        };
        assert_eq!(pauses(0), RETRIES);
        assert_eq!(pauses(255), RETRIES.map(|pause| pause + pause / 5));
        assert_eq!(pauses(51), RETRIES.map(|pause| pause + pause / 25));
    }
}
