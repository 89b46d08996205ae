//! What no other operation serves: the console; within the API, 404, or 405 with the methods that the path takes.

use axum::{extract::Request, http::Method, response::Response};
use roster_web::with_headers;

use super::console;
use crate::operations::{self, Runs};

/// Answers a request that no route takes.
pub async fn not_found(request: Request) -> Response {
    let allowed = methods_of(request.uri().path());
    if allowed.is_empty() {
        return page_or_nothing(request).await;
    }
    let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    roster_web::method_not_allowed(&request.into_parts().0, allow)
}

async fn page_or_nothing(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if matches!(parts.method, Method::GET | Method::HEAD)
        && !is_of_api(path)
        && let Some(response) = console::answer(path, &parts.headers)
    {
        return with_headers(&parts, response);
    }
    roster_web::not_found(Request::from_parts(parts, body)).await
}

/// Whether a program asks, of whatever version, which has no use for a page. `/_local` is there in a local installation
/// only.
fn is_of_api(path: &str) -> bool {
    let root = path.split('/').nth(1).unwrap_or_default();
    root == "_local" || root.strip_prefix('v').is_some_and(|version| version.parse::<u8>().is_ok())
}

fn methods_of(path: &str) -> Vec<Method> {
    let requests = operations::all().iter().filter(|operation| matches!(operation.runs, Runs::OnRequest(_)));
    let (exact, variable): (Vec<_>, Vec<_>) = requests
        .flat_map(operations::routes)
        .filter(|(_, template)| is_of(template, path))
        .partition(|(_, template)| template == path);
    let routes = if exact.is_empty() { variable } else { exact };
    routes.into_iter().map(|(method, _)| method).collect()
}

/// Whether `path` is one of those that `template` describes.
fn is_of(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_the_api() {
        for path in ["/v1", "/v1/nothing", "/v2/users", "/_local/mail"] {
            assert!(is_of_api(path), "{path}");
        }
        for path in ["/", "/users", "/vendors"] {
            assert!(!is_of_api(path), "{path}");
        }
    }

    #[test]
    fn a_path_is_told_from_its_template() {
        assert!(is_of("/v1/users/{id}", "/v1/users/1"));
        assert!(!is_of("/v1/users/{id}", "/v1/users/"));
        assert!(!is_of("/v1/users/{id}", "/v1/users/1/invite"));
        assert!(!is_of("/v1/users", "/v1/users/1"));
    }
}
