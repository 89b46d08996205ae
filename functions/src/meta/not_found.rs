//! What no other operation serves: 404, or 405 with the methods that the path takes.

use axum::{extract::Request, http::Method, response::Response};

use crate::operations::{self, Runs};

/// Answers a request that no route takes.
pub async fn not_found(request: Request) -> Response {
    let allowed = methods_of(request.uri().path());
    if allowed.is_empty() {
        return roster_web::not_found(request).await;
    }
    let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    roster_web::method_not_allowed(&request.into_parts().0, allow)
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
    fn a_path_is_told_from_its_template() {
        assert!(is_of("/v1/users/{id}", "/v1/users/1"));
        assert!(!is_of("/v1/users/{id}", "/v1/users/"));
        assert!(!is_of("/v1/users/{id}", "/v1/users/1/invite"));
        assert!(!is_of("/v1/users", "/v1/users/1"));
    }
}
