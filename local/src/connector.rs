//! The AWS clients, as they are, with an HTTP client that reaches no network: it hands each request to the engine, to
//! the mailbox or to the bus, and answers in the wire format of the service.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, StalledStreamProtectionConfig,
    retry::{RetryConfig, RetryPartition},
    timeout::TimeoutConfig,
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use axum::Router;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    runtime::{Handle, RuntimeFlavor},
    sync::watch,
    task::yield_now,
};

use crate::{
    bus::{self, Bus},
    engine::Engine,
    faults::{self, Fault, Faults},
    mailbox::Mailbox,
    recorder::Recorder,
};

/// The services behind the clients.
#[derive(Clone, Debug)]
pub struct Connector {
    pub engine: Engine,
    pub mailbox: Mailbox,
    pub bus: Bus,
    pub recorder: Recorder,
    pub faults: Faults,
}

/// How the clients try again. Nobody at the other end needs rest: it is this process.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_initial_backoff(Duration::from_millis(1))
}

/// What is left of an installation's tries is no other's, however many run in this process.
fn own_partition() -> RetryPartition {
    static PARTITIONS: AtomicU64 = AtomicU64::new(1);
    RetryPartition::new(format!("local-{}", PARTITIONS.fetch_add(1, Ordering::Relaxed)))
}

macro_rules! client {
    ($sdk:ident, $connector:expr) => {{
        let config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .allow_no_auth()
            .retry_config(retries())
            .retry_partition(own_partition())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .http_client($connector.http_client());
        $sdk::Client::from_conf(config.build())
    }};
}

impl Connector {
    /// A client of the table.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(aws_sdk_dynamodb, self)
    }

    /// A client that sends mail.
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        client!(aws_sdk_sesv2, self)
    }

    /// A client that publishes events.
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        client!(aws_sdk_eventbridge, self)
    }

    fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// Nothing goes wrong any more, and what was late happens.
    pub(crate) fn heal(&self) {
        for (action, body) in self.faults.heal() {
            // Nobody waits for the answer.
            drop(self.serve(&action, &body));
        }
    }

    /// The answer to a call, as long as nothing goes wrong.
    fn serve(&self, action: &str, body: &[u8]) -> Result<HttpResponse, ConnectorError> {
        match action {
            SEND_EMAIL => self.send_mail(body),
            "PutEvents" => {
                self.recorder.publishes();
                let (status, body) = self.bus.accept(body);
                response(status, body)
            }
            _ => {
                let recorded = self.recorder.starts(action, body);
                let answer = self.engine.call(action, recorded.as_deref().unwrap_or(body));
                self.recorder.ends(action, &answer.body);
                response(answer.status, answer.body)
            }
        }
    }

    /// The answer to a call to which this happens.
    fn fail(&self, fault: Fault, action: &str, body: &[u8]) -> Result<HttpResponse, ConnectorError> {
        let lost = || Err(ConnectorError::timeout("no answer in time".into()));
        match fault {
            Fault::Dropped => Err(ConnectorError::io("the connection broke".into())),
            Fault::AnswerLost | Fault::Death => {
                drop(self.serve(action, body));
                lost()
            }
            Fault::Late => {
                self.faults.hold(action, body);
                lost()
            }
            Fault::ServerError | Fault::Throttled | Fault::Conflict => {
                let answer = faults::refusal(fault, action, body);
                response(answer.status, answer.body)
            }
            Fault::Partial if action == "PutEvents" => {
                self.bus.fail([bus::Fault::Refused(0)]);
                self.serve(action, body)
            }
            Fault::Partial => match faults::part(action, body) {
                Some((part, None)) => self.serve(action, &part),
                Some((part, Some((name, rest)))) => {
                    let answer = self.engine.call(action, &part);
                    let mut document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                    document[name] = rest;
                    response(answer.status, document.to_string().into_bytes())
                }
                None => self.serve(action, body),
            },
            Fault::Stale => {
                let past = self.faults.past().unwrap_or_else(|| self.engine.clone());
                let answer = past.call(action, body);
                response(answer.status, answer.body)
            }
        }
    }

    fn send_mail(&self, body: &[u8]) -> Result<HttpResponse, ConnectorError> {
        self.recorder.sends_mail(body);
        let answer = self.mailbox.accept(body).into_response();
        let answer = answer.ok_or_else(|| ConnectorError::timeout("no answer in time".into()))?;
        let answer = HttpResponse::try_from(answer.map(SdkBody::from));
        answer.map(with_request_id).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

/// The one action of SES that we use; it is known by its path.
const SEND_EMAIL: &str = "SendEmail";

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(body) = request.body().bytes() else {
            return HttpConnectorFuture::ready(Err(ConnectorError::user("a body that streams".into())));
        };
        let target = request.headers().get("x-amz-target");
        let action = target.and_then(|target| target.rsplit('.').next()).unwrap_or(SEND_EMAIL);
        let is_dead = self.faults.are_deadly();
        let fault = if is_dead { None } else { self.faults.of(action, body) };
        let answer = match fault {
            _ if is_dead => Err(ConnectorError::io("the process is dead".into())),
            None => self.serve(action, body),
            Some(fault) => self.fail(fault, action, body),
        };
        if !is_dead && fault != Some(Fault::Death) {
            return with_a_turn_for_others(answer);
        }
        self.faults.die();
        let faults = self.faults.clone();
        HttpConnectorFuture::new(async move {
            faults.buried().await;
            Err(ConnectorError::io("the process is dead".into()))
        })
    }
}

/// Whoever is answered at once never waits: while hundreds of mails went out, requests would not be heard. On the runtime of
/// a single test everything goes on as it comes: what follows from a request does not mix with what the test looks at next.
fn with_a_turn_for_others(answer: Result<HttpResponse, ConnectorError>) -> HttpConnectorFuture {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => HttpConnectorFuture::ready(answer),
        _ => HttpConnectorFuture::new(async {
            yield_now().await;
            answer
        }),
    }
}

/// Serves a service on a loopback port, for clients in other processes, until `stop` is set; answers its address.
pub(crate) async fn serve(router: Router, mut stop: watch::Receiver<bool>) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let shutdown = async move { drop(stop.wait_for(|stop| *stop).await) };
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(shutdown).await {
            tracing::error!(%error, "the port of a service is closed");
        }
    });
    Ok(url)
}

fn response(status: u16, body: Vec<u8>) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    Ok(with_request_id(HttpResponse::new(status, SdkBody::from(body))))
}

fn with_request_id(mut response: HttpResponse) -> HttpResponse {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:032X}", REQUESTS.fetch_add(1, Ordering::Relaxed));
    response.headers_mut().insert("x-amzn-requestid", id);
    response
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        sync::{Arc, atomic::AtomicBool},
    };

    use aws_sdk_dynamodb::{
        Client,
        error::ProvideErrorMetadata,
        types::{
            AttributeValue, ConditionCheck, Put, ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem, Update,
        },
    };

    use super::*;
    use crate::{clock::LocalClock, engine::TABLE, faults::Rule, mailbox, state::StateFile, streams::Backlog};

    async fn connector() -> (Connector, Client) {
        let clock = LocalClock::load(StateFile::new(None, "clock.json")).unwrap();
        let connector = Connector {
            engine: Engine::ephemeral(clock.clone(), Backlog::new()).unwrap(),
            mailbox: Mailbox::load(StateFile::new(None, "mail.jsonl"), clock.clone()).unwrap(),
            bus: Bus::load(StateFile::new(None, "events.jsonl"), clock).unwrap(),
            recorder: Recorder::on(),
            faults: Faults::on(),
        };
        let client = connector.dynamodb();
        roster_store::schema::create(&client, TABLE).await.unwrap();
        (connector, client)
    }

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    fn put(pk: &str) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(TABLE)
            .item("pk", text(pk))
            .item("sk", text("USER"))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(AllOld);
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    }

    fn count(pk: &str) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(TABLE)
            .key("pk", text(pk))
            .key("sk", text("COUNT"))
            .update_expression("ADD hits :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        TransactWriteItem::builder().update(update.build().unwrap()).build()
    }

    async fn get(client: &Client, pk: &str, sk: &str) -> Option<HashMap<String, AttributeValue>> {
        client.get_item().table_name(TABLE).key("pk", text(pk)).key("sk", text(sk)).send().await.unwrap().item
    }

    #[tokio::test]
    async fn a_condition_that_fails_shows_the_item() {
        let (_, client) = connector().await;
        let write = |name: &str| {
            client
                .put_item()
                .table_name(TABLE)
                .item("pk", text("a"))
                .item("sk", text("USER"))
                .item("name", text(name))
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(AllOld)
                .send()
        };
        write("Ada").await.unwrap();

        let error = write("Grace").await.unwrap_err().into_service_error();

        let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.item().unwrap()["name"], text("Ada"));
    }

    #[tokio::test]
    async fn a_cancelled_transaction_gives_its_reasons_and_writes_nothing() {
        let (_, client) = connector().await;
        client.transact_write_items().transact_items(put("taken")).send().await.unwrap();
        let missing = ConditionCheck::builder()
            .table_name(TABLE)
            .key("pk", text("nobody"))
            .key("sk", text("USER"))
            .condition_expression("attribute_exists(pk)");
        let missing = TransactWriteItem::builder().condition_check(missing.build().unwrap()).build();

        let items = [put("free"), put("taken"), missing];
        let error = client.transact_write_items().set_transact_items(Some(items.to_vec())).send().await.unwrap_err();

        let error = error.into_service_error();
        let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
            error,
        ) = error
        else {
            panic!("{error:?}");
        };
        let reasons = error.cancellation_reasons();
        let codes = reasons.iter().map(|reason| reason.code().unwrap()).collect::<Vec<_>>();
        assert_eq!(codes, ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]);
        assert_eq!(reasons[1].item().unwrap()["pk"], text("taken"));
        assert_eq!(get(&client, "free", "USER").await, None);
    }

    #[tokio::test]
    async fn a_transaction_that_comes_twice_with_its_token_is_one() {
        let (_, client) = connector().await;
        let send = |item| client.transact_write_items().transact_items(item).client_request_token("once").send();

        send(count("a")).await.unwrap();
        send(count("a")).await.unwrap();

        assert_eq!(get(&client, "a", "COUNT").await.unwrap()["hits"], AttributeValue::N("1".to_owned()));
        let other = send(count("b")).await.unwrap_err();
        assert_eq!(other.code(), Some("IdempotentParameterMismatchException"));
    }

    #[tokio::test]
    async fn a_write_whose_answer_is_lost_is_made_once() {
        let (connector, client) = connector().await;
        connector.faults.arm(vec![Rule { operation: "", call: 0, fault: Fault::AnswerLost, times: 1 }], None);

        client.transact_write_items().transact_items(count("a")).send().await.unwrap();

        assert_eq!(get(&client, "a", "COUNT").await.unwrap()["hits"], AttributeValue::N("1".to_owned()));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_have_their_turn_between_the_calls_of_somebody_who_makes_many() {
        const CALLS: usize = 100;
        let (_, client) = connector().await;
        let is_busy = Arc::new(AtomicBool::new(true));
        let other = tokio::spawn({
            let is_busy = is_busy.clone();
            async move {
                let mut turns = 0;
                while is_busy.load(Ordering::Relaxed) {
                    turns += 1;
                    yield_now().await;
                }
                turns
            }
        });

        let calls = tokio::spawn(async move {
            for _ in 0..CALLS {
                get(&client, "a", "USER").await;
            }
            is_busy.store(false, Ordering::Relaxed);
        });

        calls.await.unwrap();
        assert!(other.await.unwrap() >= CALLS);
    }

    #[tokio::test]
    async fn what_the_engine_does_not_offer_says_so() {
        let (_, client) = connector().await;

        let error = client.list_backups().send().await.unwrap_err();

        assert!(error.message().unwrap().contains("ListBackups"), "{error:?}");
    }

    #[tokio::test]
    async fn an_operation_is_recorded_with_its_permissions_and_its_cost() {
        let (connector, client) = connector().await;
        let work = async {
            client.transact_write_items().transact_items(put("a")).transact_items(count("a")).send().await.unwrap();
            let query = client.query().table_name(TABLE).index_name("gsi1").key_condition_expression("gsi1pk = :pk");
            query.expression_attribute_values(":pk", text("USERS")).send().await.unwrap();
            get(&client, "a", "USER").await.unwrap();
        };

        connector.recorder.record("invite", work).await;
        get(&client, "a", "USER").await.unwrap();

        let seen = connector.recorder.seen();
        let permissions = seen["invite"].permissions.iter().map(|(action, on)| (action.as_str(), on.as_str()));
        let expected = [
            ("dynamodb:GetItem", "table"),
            ("dynamodb:PutItem", "table"),
            ("dynamodb:Query", "gsi1"),
            ("dynamodb:UpdateItem", "table"),
        ];
        assert_eq!(permissions.collect::<Vec<_>>(), expected);
        let cost = seen["invite"].invocations[0];
        assert_eq!((cost.dynamodb_requests, cost.ses_requests), (3, 0));
        assert!((cost.write_units - 4.0).abs() < 0.01, "2 and 2: {cost:?}");
        assert!((cost.read_units - 1.0).abs() < 0.01, "a half and a half: {cost:?}");
        assert_eq!(seen.len(), 1, "what no operation did is not recorded");
    }

    async fn send_mail(client: &aws_sdk_sesv2::Client) -> Result<String, aws_sdk_sesv2::Error> {
        use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
        let content = |text: &str| Content::builder().data(text).charset("UTF-8").build().unwrap();
        let message = Message::builder()
            .subject(content("Grüße"))
            .body(Body::builder().text(content("Hello")).html(content("<p>Hello</p>")).build())
            .build();
        let sent = client
            .send_email()
            .from_email_address("Roster <roster@example.com>")
            .reply_to_addresses("help@example.com")
            .destination(Destination::builder().to_addresses("ada@example.com").build())
            .email_tags(MessageTag::builder().name("mail").value("1").build().unwrap())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await?;
        Ok(sent.message_id.unwrap_or_default())
    }

    #[tokio::test]
    async fn a_mail_that_is_sent_is_in_the_mailbox() {
        let (connector, _) = connector().await;

        let id = send_mail(&connector.ses()).await.unwrap();

        let mails = connector.mailbox.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!((&mails[0].id, &*mails[0].subject), (&id, "Grüße"));
        assert_eq!((&*mails[0].text, &*mails[0].html), ("Hello", "<p>Hello</p>"));
        assert_eq!(
            (&mails[0].to[..], &mails[0].reply_to[..]),
            (&["ada@example.com".into()][..], &["help@example.com".into()][..])
        );
        assert_eq!(mails[0].tags["mail"], "1");
    }

    #[tokio::test]
    async fn mail_fails_as_it_is_told_to() {
        let (connector, _) = connector().await;
        let client = connector.ses();

        connector.mailbox.fail([mailbox::Fault::Rejected("Email address is not verified.".to_owned())]);
        let rejected = send_mail(&client).await.unwrap_err();
        assert!(matches!(rejected, aws_sdk_sesv2::Error::MessageRejected(_)), "{rejected:?}");
        assert_eq!(connector.mailbox.mails(), [], "a rejected mail is not sent");

        connector.mailbox.fail([mailbox::Fault::Throttled, mailbox::Fault::ServerError]);
        send_mail(&client).await.unwrap();
        assert_eq!(connector.mailbox.mails().len(), 1, "the client tries again");

        connector.mailbox.fail([mailbox::Fault::TimeoutAfterAcceptance]);
        send_mail(&client).await.unwrap();
        assert_eq!(connector.mailbox.mails().len(), 3, "a mail whose acceptance is lost is sent twice");
    }
}
