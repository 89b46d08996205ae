//! Sends to the addresses of webhooks, and to nothing else: a name is resolved, every address that it has is judged, and
//! the connection goes to one that was judged. So nobody uses Roster to look into the network that it runs in.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, client::conn::http1, header, rt};
use hyper_util::rt::TokioIo;
use roster_domain::webhooks::{Outcome, Reach, WebhookUrl};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};
use url::Host;

/// What a receiver may take to answer, everything included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The way to receivers. Clones share its certificate authorities.
#[derive(Clone)]
pub struct Sender {
    reach: Reach,
    tls: TlsConnector,
}

/// A request, as the Standard Webhooks specification has it.
pub(crate) struct Message<'a> {
    pub(crate) id: &'a str,
    /// In seconds since 1970.
    pub(crate) timestamp: i64,
    pub(crate) signatures: String,
    pub(crate) body: String,
}

/// Why there is no answer, in words for admins.
type Failure = String;

impl Sender {
    /// A sender that goes this far. The certificate authorities are Mozilla's.
    pub fn new(reach: Reach) -> Result<Self, tokio_rustls::rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { reach, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Sends a message once. Redirects are not followed, and only the status of the answer is read.
    pub(crate) async fn send(&self, url: &WebhookUrl, message: Message<'_>) -> Outcome {
        match timeout(TIMEOUT, self.status(url, message)).await {
            Ok(Ok(status)) => Outcome::Answered(status),
            Ok(Err(reason)) => Outcome::Unanswered(reason),
            Err(_) => Outcome::Unanswered(format!("There was no answer within {} seconds.", TIMEOUT.as_secs())),
        }
    }

    async fn status(&self, url: &WebhookUrl, message: Message<'_>) -> Result<u16, Failure> {
        let request = request(url, message).map_err(|error| format!("The request cannot be made: {error}."))?;
        let connection = self.connect(url).await?;
        if url.url().scheme() == "http" {
            return exchange(connection, request).await;
        }
        let name = ServerName::try_from(url.host().trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|_| "No certificate can be for this host.".to_owned())?;
        let connection = self.tls.connect(name, connection).await;
        exchange(connection.map_err(|error| format!("TLS failed: {error}."))?, request).await
    }

    /// A connection to one of the addresses of the host, if all of them may be reached.
    async fn connect(&self, url: &WebhookUrl) -> Result<TcpStream, Failure> {
        let port = url.url().port_or_known_default().unwrap_or(443);
        let addresses: Vec<SocketAddr> = match url.url().host() {
            Some(Host::Ipv4(address)) => vec![(address, port).into()],
            Some(Host::Ipv6(address)) => vec![(address, port).into()],
            Some(Host::Domain(name)) => {
                let found = lookup_host((name, port)).await;
                found.map_err(|error| format!("The host is not found: {error}."))?.collect()
            }
            None => Vec::new(),
        };
        if !addresses.iter().all(|address| self.reach.allows(address.ip())) {
            return Err("The host is not on the public internet, and is not asked.".to_owned());
        }
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(format!("The host cannot be reached: {last}."))
    }
}

fn request(url: &WebhookUrl, message: Message<'_>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let url = url.url();
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Request::post(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, "Roster-Webhooks/1")
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", message.id)
        .header("webhook-timestamp", message.timestamp)
        .header("webhook-signature", message.signatures)
        .body(Full::new(message.body.into()))
}

async fn exchange<C>(connection: C, request: Request<Full<Bytes>>) -> Result<u16, Failure>
where
    C: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    TokioIo<C>: rt::Read + rt::Write,
{
    let failed = |error: hyper::Error| format!("The connection broke: {error}.");
    let (mut sender, connection) = http1::handshake(TokioIo::new(connection)).await.map_err(failed)?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(failed)?;
        Ok(answer.status().as_u16())
    };
    tokio::select! {
        biased;
        answer = answer => answer,
        ended = connection => {
            ended.map_err(failed)?;
            Err("The connection was closed without an answer.".to_owned())
        }
    }
}
