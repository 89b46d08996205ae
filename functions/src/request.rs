//! The request in an event of API Gateway, as `lambda_http` can take it.
//!
//! API Gateway delivers paths decoded, and nowhere says that it refuses what has no place in a query. `lambda_http` makes
//! a URI of them, and panics where that fails, which ends the process. So what a client can write is encoded before.

use hyper::{HeaderMap, Uri, header};
use lambda_http::{LambdaEvent, aws_lambda_events::apigw::ApiGatewayV2httpRequest, request::LambdaRequest};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

/// What ends a path that was decoded.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'?').add(b'#');
/// What RFC 3986 has no place for in a query.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The same request, with a path, a query and a host of which a URI can be made.
pub fn encoded(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        encode(request);
    }
    event
}

fn encode(request: &mut ApiGatewayV2httpRequest) {
    let path = request.raw_path.as_deref().unwrap_or_default();
    let path = utf8_percent_encode(path.trim_start_matches('/'), PATH);
    request.raw_path = Some(format!("/{path}"));
    if let Some(query) = &mut request.raw_query_string {
        *query = utf8_percent_encode(query, QUERY).to_string();
    }
    keep(&mut request.headers, X_FORWARDED_PROTO, |scheme| matches!(scheme, "http" | "https"));
    keep(&mut request.headers, header::HOST.as_str(), is_host);
    request.request_context.domain_name.take_if(|name| !is_host(name));
}

/// Removes a header that is not as it should be.
fn keep(headers: &mut HeaderMap, name: &str, is_right: impl Fn(&str) -> bool) {
    if headers.get(name).is_some_and(|value| !value.to_str().is_ok_and(is_right)) {
        headers.remove(name);
    }
}

fn is_host(host: &str) -> bool {
    let url = Url::parse(&format!("https://{host}/"));
    url.is_ok_and(|url| url.path() == "/" && url.as_str().parse::<Uri>().is_ok())
}

#[cfg(test)]
mod tests {
    use lambda_http::{Context, Request, RequestExt as _};
    use serde_json::{Value, json};

    use super::*;

    fn request(path: &str, query: &str, host: &str, scheme: &str) -> Request {
        let mut event: Value = serde_json::from_str(include_str!("../../events/list_users.json")).unwrap();
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["headers"]["host"] = json!(host);
        event["headers"]["x-forwarded-proto"] = json!(scheme);
        let event = LambdaEvent::new(serde_json::from_value(event).unwrap(), Context::default());
        encoded(event).payload.into()
    }

    #[test]
    fn what_is_a_uri_stays_as_it_is() {
        let request = request("/v1/users", "q=ada%20l&limit=5", "roster.example.com", "https");
        assert_eq!(request.uri(), "https://roster.example.com/v1/users?q=ada%20l&limit=5");
        assert_eq!(request.headers()["host"], "roster.example.com");
    }

    #[test]
    fn a_path_that_was_decoded_is_a_path_again() {
        for (path, seen) in [
            ("/v1/users/a b ", "/v1/users/a%20b%20"),
            ("/v1/users/a?q=b#c", "/v1/users/a%3Fq=b%23c"),
            ("/v1/users/ä\u{0}\n\"<>^`{|}", "/v1/users/%C3%A4%00%0A%22%3C%3E^%60%7B|%7D"),
            ("//elsewhere.example.com/v1/users", "/elsewhere.example.com/v1/users"),
            ("v1/users", "/v1/users"),
            ("", "/"),
        ] {
            assert_eq!(request(path, "", "roster.example.com", "https").uri().path(), seen);
        }
    }

    #[test]
    fn a_query_that_is_none_is_read_as_it_was_meant() {
        let request = request("/v1/users", "q=<ä \"#\u{0}>", "roster.example.com", "https");
        assert_eq!(request.query_string_parameters().first("q"), Some("<ä \"#\u{0}>"));
        assert_eq!(request.uri().query(), Some("q=%3C%C3%A4%20%22%23%00%3E"));
    }

    #[test]
    fn a_host_or_a_scheme_that_is_none_does_not_count() {
        for (host, scheme) in [("", ""), ("a b", "https"), ("a/b?c", "ftp:"), ("ro<ster", "http s"), ("[::1", "https")]
        {
            assert_eq!(request("/v1/users", "", host, scheme).uri().path(), "/v1/users", "{host}, {scheme}");
        }
    }
}
