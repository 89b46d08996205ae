//! Who is at the other end: from API Gateway's request context, never from a header that a client can forge.

use axum::{extract::FromRequestParts, http::request::Parts};
use lambda_http::request::RequestContext;
use roster_domain::{Error, activity::Origin, attempts, settings::PlatformUrl};

use crate::Problem;

/// Where a request came from, and by which of our addresses.
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub origin: Origin,
    /// The domain by which API Gateway was reached. It serves only domains that were set up for it, and the local
    /// installation fills in the address it listens on: unlike the `Host` header, nobody outside can choose it.
    domain: String,
}

const MAX_USER_AGENT: usize = 256;

impl Client {
    pub(crate) fn of(parts: &Parts) -> Self {
        let Some(RequestContext::ApiGatewayV2(context)) = parts.extensions.get() else {
            return Self::default();
        };
        let user_agent = context.http.user_agent.as_deref();
        let origin = Origin {
            ip: context.http.source_ip.clone(),
            user_agent: user_agent.map(|agent| agent[..agent.floor_char_boundary(MAX_USER_AGENT)].to_owned()),
            request_id: context.request_id.clone(),
        };
        Self { origin, domain: context.domain_name.clone().unwrap_or_default() }
    }

    /// The network by which wrong passwords and the like are counted.
    pub fn network(&self) -> String {
        attempts::network(self.origin.ip.as_deref().unwrap_or_default())
    }

    /// Where links lead before an admin has set an address.
    pub fn platform_url(&self) -> Result<PlatformUrl, Error> {
        PlatformUrl::of_host(&self.domain).map_err(Error::unexpected)
    }

    /// Whether the client speaks https to us: everywhere but on the machine of the local installation.
    pub fn is_secure(&self) -> bool {
        !PlatformUrl::of_host(&self.domain).is_ok_and(|url| url.as_str().starts_with("http:"))
    }
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(parts))
    }
}
