//! The page, alone and nested into another application under a prefix.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use reqwest::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::client::{events, http, message, said};
use super::site::Site;

/// So that what tests show of pages is true of the real ones.
#[test]
fn the_front_end_is_compiled_in() {
    let script = frontdesk_ui::asset("chatkit.js");
    let advice = "cargo's warning of the crate frontdesk-ui says why it isn't there";
    assert!(script.is_some() && frontdesk_ui::IS_BUILT, "{advice}");
}

#[tokio::test]
async fn the_page_is_held_to_its_own_server() {
    let site = Site::configured(&[]).await;
    for (path, framers) in [("/", "'none'"), ("/embed", "'self'")] {
        let response = http().get(site.url(path)).send().await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8"
        );
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        let says = |part: &str| policy.split("; ").any(|said| said == part);
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(says(part), "{part}: {policy}");
        }
        assert!(says(&format!("frame-ancestors {framers}")), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = response.text().await.unwrap();
        assert!(text.contains("src=\"chatkit.js\""), "{text}");
        assert!(!text.contains("//") && !text.contains("{{"), "{text}");
    }
}

#[tokio::test]
async fn the_script_is_small_and_sent_once() {
    let site = Site::configured(&[]).await;
    for path in ["/chatkit.js", "/ui/page.css", "/ui/lucide/search.svg"] {
        let response = http().get(site.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        assert_eq!(headers["access-control-allow-origin"], "*", "{path}");
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
        let whole = response.bytes().await.unwrap();

        let again = http()
            .get(site.url(path))
            .header("if-none-match", &headers["etag"]);
        assert_eq!(
            again.send().await.unwrap().status(),
            StatusCode::NOT_MODIFIED
        );

        let packed = http()
            .get(site.url(path))
            .header("accept-encoding", "br, gzip");
        let packed = packed.send().await.unwrap();
        if packed.headers().get("content-encoding").is_some() {
            assert_eq!(packed.headers()["content-encoding"], "gzip");
            assert!(packed.bytes().await.unwrap().len() < whole.len(), "{path}");
        }
    }
    for path in [
        "/ui/",
        "/ui/nothing.js",
        "/ui/../chatkit.js",
        "/ui/page.css.gz",
    ] {
        let response = http().get(site.url(path)).send().await.unwrap();
        assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            path.contains("..") || response.status() == StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn it_nests_under_a_prefix_beside_other_routes() {
    let site = Site::configured(&[]).await;
    for (prefix, page, base) in [
        ("/help/desk", "/help/desk", "./desk/"),
        ("/help/desk/", "/help/desk/", "./"),
    ] {
        let app = Router::new()
            .route("/own", get(async || "own"))
            .nest(prefix, site.frontdesk.router());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        serving.spawn(async move { axum::serve(listener, service).await.unwrap() });

        let read = async |path: &str| {
            let response = http()
                .get(format!("http://{address}{path}"))
                .send()
                .await
                .unwrap();
            (response.status(), response.text().await.unwrap())
        };
        assert_eq!(read("/own").await, (StatusCode::OK, "own".to_owned()));
        let (status, page) = read(page).await;
        assert_eq!(status, StatusCode::OK, "{prefix}");
        assert!(page.contains(&format!("<base href=\"{base}\">")), "{page}");
        assert_eq!(read("/help/desk/chatkit.js").await.0, StatusCode::OK);
        assert_eq!(read("/help/desk/nowhere").await.0, StatusCode::NOT_FOUND);

        let body = json!({ "type": "threads.create", "params": { "input": message("hello") } })
            .to_string();
        let url = format!("http://{address}/help/desk/chatkit");
        let response = http().post(url).body(body).send().await.unwrap();
        assert_eq!(
            said(&events(response).await),
            "Hello there, this is a script."
        );
    }
}
