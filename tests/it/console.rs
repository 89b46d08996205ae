//! The admin console as browsers get it: through the front door, as API Gateway would pass it on.

use crate::support::TestApp;

#[tokio::test]
async fn the_console_is_a_page_that_is_new_after_every_deployment() {
    let app = TestApp::start().await;

    for path in ["/", "/users", "/accept-invite", "/users?status=active"] {
        let page = app.stranger().get(path).header("accept", "text/html,*/*;q=0.8").await.assert_status(200);

        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn the_api_document_has_a_page_that_loads_nothing_from_elsewhere() {
    let app = TestApp::start().await;

    let page = app.stranger().get("/docs").await.assert_status(200);

    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let html = String::from_utf8(page.bytes.to_vec()).unwrap();
    assert!(html.contains("<title>API"), "{html}");
    let elsewhere: Vec<_> = html.split(['"', '>']).filter(|part| part.contains("//")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[tokio::test]
async fn a_program_that_mistakes_a_path_hears_of_it() {
    let app = TestApp::start().await;
    app.stranger().get("/v1users").await.assert_problem(404, "not-found");
    app.stranger().get("/users").header("accept", "application/json").await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn what_the_page_loads_is_kept_for_ever_and_comes_compressed() {
    let app = TestApp::start().await;
    let page = app.stranger().get("/").await;
    let html = String::from_utf8(page.bytes.to_vec()).unwrap();
    let script = html.split('"').find(|part| part.starts_with("/assets/react-")).unwrap();

    let compressed = app.stranger().get(script).header("accept-encoding", "gzip, br").await.assert_status(200);
    let plain = app.stranger().get(script).await.assert_status(200);

    assert_eq!(compressed.header("content-encoding"), Some("br"));
    assert_eq!(compressed.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(plain.bytes.len() > 2 * compressed.bytes.len());
}

#[tokio::test]
async fn the_page_names_its_style_so_that_nothing_is_seen_without() {
    let app = TestApp::start().await;
    let page = app.stranger().get("/").await;
    let html = String::from_utf8(page.bytes.to_vec()).unwrap();

    let links = html.split("<link ").filter(|link| link.starts_with("rel=\"stylesheet\"")).collect::<Vec<_>>();

    assert_eq!(links.len(), 1, "{html}");
    let style = links[0].split('"').find(|part| part.starts_with("/assets/")).unwrap();
    app.stranger().get(style).await.assert_status(200);
}

#[tokio::test]
async fn a_script_of_an_earlier_deployment_is_gone() {
    let app = TestApp::start().await;
    app.stranger().get("/assets/index-00000000.js").await.assert_problem(404, "not-found");
}
