//! What stands between the internet and the API, where a team has put something there: the distribution of
//! `edge.yaml`, with its firewall.
//!
//! Its requests carry a secret. Where one is set, requests without it are refused, and the client's address is the one
//! that the distribution tells: API Gateway sees the address of the distribution only.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use lambda_http::request::RequestContext;
use roster_domain::{Error, tokens::SecretHash};
use roster_web::{Problem, with_headers};

const SECRET: &str = "x-roster-edge-secret";
const CLIENT: &str = "x-roster-edge-client";

/// Lets in what has the secret, if there is one.
pub fn guard(router: Router, secret: Option<&str>) -> Router {
    let Some(secret) = secret.map(SecretHash::of_text).map(Arc::new) else {
        return router;
    };
    router.layer(from_fn(move |request: Request, next: Next| pass(Arc::clone(&secret), request, next)))
}

async fn pass(secret: Arc<SecretHash>, mut request: Request, next: Next) -> Response {
    if header(&request, SECRET).is_none_or(|given| SecretHash::of_text(given) != *secret) {
        let refused = Problem::from(Error::Forbidden("This is not the address of this installation that people use."));
        return with_headers(&request.into_parts().0, refused.into_response());
    }
    let client = header(&request, CLIENT).map(str::to_owned);
    if let Some(RequestContext::ApiGatewayV2(context)) = request.extensions_mut().get_mut() {
        context.http.source_ip = client;
    }
    next.run(request).await
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request, http::StatusCode, routing::get};
    use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
    use roster_web::Client;
    use tower::ServiceExt;

    use super::*;

    async fn ask(secret: Option<&str>, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let router = Router::new().route("/", get(|client: Client| async { client.origin.ip.unwrap_or_default() }));
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.http.source_ip = Some("192.0.2.1".to_owned());
        let request = Request::builder().uri("/").extension(RequestContext::ApiGatewayV2(context));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::empty()).unwrap();
        let response = guard(router, secret).oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn where_nothing_stands_before_the_api_its_headers_mean_nothing() {
        assert_eq!(ask(None, &[(CLIENT, "203.0.113.9")]).await, (StatusCode::OK, "192.0.2.1".to_owned()));
    }

    #[tokio::test]
    async fn who_goes_around_the_distribution_is_refused() {
        for headers in [&[][..], &[(SECRET, "a guess")], &[(CLIENT, "203.0.113.9")]] {
            let (status, body) = ask(Some("the secret"), headers).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert!(body.contains("/problems/forbidden"), "{body}");
        }
    }

    #[tokio::test]
    async fn the_distribution_tells_the_address_of_the_client() {
        let (status, ip) = ask(Some("the secret"), &[(SECRET, "the secret"), (CLIENT, "2001:db8::9")]).await;
        assert_eq!((status, ip.as_str()), (StatusCode::OK, "2001:db8::9"));
    }
}
