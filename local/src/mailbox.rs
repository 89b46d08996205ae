//! Where mail ends that SES would send: it answers `SendEmail` of SES v2 and keeps what was sent, for people to read
//! and for tests to look into. It can be told to fail as SES does.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Router, extract::State, routing::post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hyper::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{clock::LocalClock, connector::serve, journal::Journal, state::StateFile};

/// A mail as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// The message id that SES gave it.
    pub id: String,
    pub to: Vec<String>,
    pub from: String,
    pub reply_to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub sent_at: Timestamp,
    pub tags: BTreeMap<String, String>,
    /// The configuration set that it was sent with.
    #[serde(default)]
    pub configuration_set: Option<String>,
}

/// A way in which SES fails.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Too many requests: the client tries again.
    Throttled,
    /// SES is down: the client tries again.
    ServerError,
    /// SES does not take this mail, for this reason.
    Rejected(String),
    /// SES takes the mail and its answer is lost: the client tries again.
    TimeoutAfterAcceptance,
}

/// What SES makes of a request.
#[derive(Debug)]
pub enum Sent {
    Accepted { id: String },
    Refused { status: u16, kind: &'static str, reason: String },
    NoAnswer,
}

/// The mailbox. Clones share it.
#[derive(Clone, Debug)]
pub struct Mailbox {
    content: Arc<Mutex<Content>>,
    clock: LocalClock,
}

#[derive(Debug)]
struct Content {
    mails: Journal<Mail>,
    faults: VecDeque<Fault>,
    odds: Odds,
}

/// Faults that happen to some of the requests, at random, but the same with the same seed.
#[derive(Debug, Default)]
struct Odds {
    faults: Vec<Fault>,
    percent: u64,
    seed: u64,
}

impl Odds {
    fn draw(&mut self) -> Option<Fault> {
        // splitmix64: good enough, and no dependency.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = mixed ^ (mixed >> 31);
        let which = (drawn / 100).checked_rem(self.faults.len() as u64)?;
        let is_unlucky = drawn % 100 < self.percent;
        self.faults.get(usize::try_from(which).ok()?).filter(|_| is_unlucky).cloned()
    }
}

impl Mailbox {
    /// The mailbox as `file` remembers it, a line for each mail.
    pub fn load(file: StateFile, clock: LocalClock) -> io::Result<Self> {
        let content = Content { mails: Journal::load(file)?, faults: VecDeque::new(), odds: Odds::default() };
        Ok(Self { content: Arc::new(Mutex::new(content)), clock })
    }

    /// Every mail, newest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.content().mails.newest_first()
    }

    /// The mail that SES gave this id.
    pub fn mail(&self, id: &str) -> Option<Mail> {
        self.content().mails.iter().find(|mail| mail.id == id).cloned()
    }

    /// Forgets every mail.
    pub fn clear(&self) -> io::Result<()> {
        self.content().mails.clear()
    }

    /// The next requests fail in these ways, one after the other.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.content().faults.extend(faults);
    }

    /// From now on, so many of a hundred requests fail in one of these ways. None, and it is over.
    pub fn fail_at_random(&self, faults: Vec<Fault>, percent: u8, seed: u64) {
        self.content().odds = Odds { faults, percent: percent.into(), seed };
    }

    /// Answers `SendEmail`, whose body this is.
    pub(crate) fn accept(&self, body: &[u8]) -> Sent {
        let mut content = self.content();
        let fault = content.faults.pop_front().or_else(|| content.odds.draw());
        let refused = |status, kind, reason: &str| Sent::Refused { status, kind, reason: reason.to_owned() };
        match &fault {
            Some(Fault::Throttled) => {
                return refused(429, "TooManyRequestsException", "Maximum sending rate exceeded.");
            }
            Some(Fault::ServerError) => return refused(500, "InternalFailure", "An internal failure occurred."),
            Some(Fault::Rejected(reason)) => return refused(400, "MessageRejected", reason),
            Some(Fault::TimeoutAfterAcceptance) | None => {}
        }
        let request = match serde_json::from_slice::<SendEmail>(body) {
            Ok(request) => request,
            Err(error) => return refused(400, "BadRequestException", &error.to_string()),
        };
        let mail = match request.into_mail(self.clock.now()) {
            Ok(mail) => mail,
            Err(error) => return refused(500, "InternalFailure", &error.to_string()),
        };
        let id = mail.id.clone();
        if let Err(error) = content.mails.keep(mail) {
            return refused(500, "InternalFailure", &error.to_string());
        }
        if fault.is_some() { Sent::NoAnswer } else { Sent::Accepted { id } }
    }

    /// Serves SES on a loopback port, for clients in other processes, until `stop` is set.
    pub async fn serve(&self, stop: watch::Receiver<bool>) -> io::Result<String> {
        serve(Router::new().route("/v2/email/outbound-emails", post(send_email)).with_state(self.clone()), stop).await
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sent {
    /// The answer as SES sends it; nothing, where it is lost.
    pub(crate) fn into_response(self) -> Option<Response<Vec<u8>>> {
        let (status, kind, body) = match self {
            Self::Accepted { id } => (200, None, serde_json::json!({ "MessageId": id })),
            Self::Refused { status, kind, reason } => (status, Some(kind), serde_json::json!({ "message": reason })),
            Self::NoAnswer => return None,
        };
        let mut response = Response::builder().status(status).header("content-type", "application/json");
        if let Some(kind) = kind {
            response = response.header("x-amzn-errortype", kind);
        }
        response.body(body.to_string().into_bytes()).ok()
    }
}

async fn send_email(State(mailbox): State<Mailbox>, body: Bytes) -> Response<axum::body::Body> {
    match mailbox.accept(&body).into_response() {
        Some(response) => response.map(axum::body::Body::from),
        // The client has to lose its patience.
        None => std::future::pending().await,
    }
}

/// `POST /v2/email/outbound-emails`, as far as we send it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    #[serde(default)]
    email_tags: Vec<Tag>,
    configuration_set_name: Option<String>,
    content: EmailContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EmailContent {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    #[serde(default)]
    html: Text,
    #[serde(default)]
    text: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

impl SendEmail {
    fn into_mail(self, sent_at: Timestamp) -> io::Result<Mail> {
        let mut id = [0; 24];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        Ok(Mail {
            id: URL_SAFE_NO_PAD.encode(id),
            to: self.destination.to_addresses,
            from: self.from_email_address,
            reply_to: self.reply_to_addresses,
            subject: self.content.simple.subject.data,
            text: self.content.simple.body.text.data,
            html: self.content.simple.body.html.data,
            sent_at,
            tags: self.email_tags.into_iter().map(|tag| (tag.name, tag.value)).collect(),
            configuration_set: self.configuration_set_name,
        })
    }
}
