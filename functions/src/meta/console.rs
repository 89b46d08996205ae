//! The files of the admin console and the page of the API document: no operation, but what the one for other requests
//! answers outside the API.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use roster_console::Asset;

/// What the console may do: talk to us, run and show what came from us, and show logos from elsewhere.
///
/// No `unsafe-inline`, for styles neither: see `applyTheme` in the console. Mails are shown in sandboxed frames.
const POLICY: &str = "default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";
/// A page must be new after every deployment; what it loads has a new name when it changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NEVER: &str = "no-store";

/// The file at `path`, or the page of the console for those who ask for a page, as browsers do; `None` for others: a
/// program that has mistaken a path is to hear of it.
pub(super) fn answer(path: &str, headers: &HeaderMap) -> Option<Response> {
    let page = || match path {
        "/" => roster_console::page(),
        "/docs" => roster_console::docs(),
        _ if is_page(path) && takes_pages(headers) => roster_console::page(),
        _ => None,
    };
    let asset = roster_console::asset(path).or_else(page)?;
    Some(file(asset, takes_brotli(headers)))
}

/// Whether the console could have a page at `path`: it is made of words, ids and slugs. A file that is gone is none.
fn is_page(path: &str) -> bool {
    path.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '/' | '-' | '_'))
}

fn file(asset: Asset, takes_brotli: bool) -> Response {
    let (encoding, bytes) = asset.encoded();
    let body = if takes_brotli || encoding.is_none() { Ok(Body::from(bytes)) } else { asset.decoded().map(Body::from) };
    let Ok(body) = body else {
        // It was compressed by our own build.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let caching = if asset.is_hashed { FOR_EVER } else { NEVER };
    for (name, value) in [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, caching),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::VARY, "accept-encoding"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(encoding) = encoding.filter(|_| takes_brotli) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether the client names HTML among what it takes.
fn takes_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}

/// Whether the client takes brotli: it is named, and not with a weight of nothing.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("br") && weight.is_none_or(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn accepting(encodings: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, encodings.parse().unwrap())])
    }

    #[test]
    fn every_page_is_the_console_and_is_not_kept() {
        for path in ["/", "/users", "/users/01JD8ZQ4V9WX6M2N3P5R7S8T9A", "/accept-invite"] {
            let browser = HeaderMap::from_iter([(header::ACCEPT, "text/html,*/*;q=0.8".parse().unwrap())]);
            let response = answer(path, &browser).unwrap();

            assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
            assert_eq!(header(&response, "cache-control"), "no-store");
            assert!(!header(&response, "content-security-policy").contains("unsafe"));
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_no_page() {
        assert!(answer("/assets/index-of-yesterday.js", &HeaderMap::new()).is_none());
        assert!(answer("/robots.txt", &HeaderMap::new()).is_none());
        assert!(answer("/userz", &HeaderMap::new()).is_none(), "a program asks");
        assert!(answer("/%2e%2e", &HeaderMap::new()).is_none());
    }

    #[test]
    fn brotli_is_for_those_who_take_it() {
        let encoding = |accepted| header(&answer("/", &accepting(accepted)).unwrap(), "content-encoding").to_owned();

        assert_eq!(encoding("gzip, deflate, br, zstd"), "br");
        assert_eq!(encoding("br;q=0.5"), "br");
        assert_eq!(encoding("gzip, br;q=0"), "");
        assert_eq!(encoding("*"), "");
    }
}
