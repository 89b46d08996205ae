//! The clients of AWS, as Lambda needs them: built once, before the first request, from the environment alone.
//!
//! `aws-config` would look in files and ask services for what the environment of a function always tells.

use std::time::Duration;

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future::ProvideCredentials as Provided},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    connector_metadata::ConnectorMetadata,
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};
use lambda_runtime::Error;
use roster_domain::settings::SecuritySettings;
use roster_store::Store;

/// The certificate authorities of AWS's endpoints: Amazon Root CA 1 to 4 and Starfield Services Root CA G2.
///
/// Reading the system's whole store would double the time to the first answer. `docs/operations.md` says how to renew
/// the file.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// What one attempt of a call may take, and all its attempts.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

macro_rules! client {
    ($sdk:ident, $endpoint:literal) => {{
        use $sdk::config::{BehaviorVersion, Builder, Region, timeout::TimeoutConfig};
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let config = Builder::default()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(variable("AWS_REGION")?))
            .credentials_provider(Environment)
            .timeout_config(timeouts)
            .http_client(http_client()?);
        Ok($sdk::Client::from_conf(match optional($endpoint) {
            Some(url) => config.endpoint_url(url).build(),
            None => config.build(),
        }))
    }};
}

/// A client of DynamoDB.
pub fn dynamodb() -> Result<aws_sdk_dynamodb::Client, Error> {
    client!(aws_sdk_dynamodb, "AWS_ENDPOINT_URL_DYNAMODB")
}

/// The table with this name, with the security settings that `ROSTER_SECURITY` names until an admin chooses others.
pub fn store(table: String) -> Result<Store, Error> {
    let security = match optional("ROSTER_SECURITY").as_deref() {
        None | Some("standard") => SecuritySettings::default(),
        Some("strict") => SecuritySettings::STRICT,
        Some(other) => return Err(format!("ROSTER_SECURITY is standard or strict, not {other}").into()),
    };
    Ok(Store::new(dynamodb()?, table).with_security(security))
}

/// A client of SES.
pub fn ses() -> Result<aws_sdk_sesv2::Client, Error> {
    client!(aws_sdk_sesv2, "AWS_ENDPOINT_URL_SESV2")
}

/// A client of EventBridge.
pub fn eventbridge() -> Result<aws_sdk_eventbridge::Client, Error> {
    client!(aws_sdk_eventbridge, "AWS_ENDPOINT_URL_EVENTBRIDGE")
}

/// A variable that must be set.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| format!("the environment variable {name} is not set").into())
}

/// A variable that may be missing or empty.
pub fn optional(name: &str) -> Option<String> {
    variable(name).ok().filter(|value| !value.is_empty())
}

fn http_client() -> Result<OnDemand, Error> {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let context = TlsContext::builder().with_trust_store(roots).build()?;
    Ok(OnDemand(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https()))
}

/// The client of the SDK, which makes its connector with the first request. By itself it makes one more when a client of a
/// service is built, so that the system's certificates are read by then, and throws it away: a fifth of a function's start,
/// for certificates that are not used here.
#[derive(Debug)]
struct OnDemand(SharedHttpClient);

impl HttpClient for OnDemand {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// The credentials of the function's role, which Lambda keeps in the environment.
#[derive(Debug)]
struct Environment;

impl ProvideCredentials for Environment {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        let variable = |name| variable(name).map_err(CredentialsError::invalid_configuration);
        let credentials = variable("AWS_ACCESS_KEY_ID").and_then(|id| {
            let secret = variable("AWS_SECRET_ACCESS_KEY")?;
            Ok(Credentials::new(id, secret, optional("AWS_SESSION_TOKEN"), None, "environment"))
        });
        Provided::ready(credentials)
    }
}
