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

#[tokio::test]
async fn the_page_is_short_and_loads_nothing_from_elsewhere() {
    let site = Site::configured(&[]).await;
    let mut lines = 0;
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
    ] {
        let response = http().get(site.url(path)).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], kind);
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("script-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );
        let text = response.text().await.unwrap();
        assert!(
            !text.contains("//cdn") && !text.contains("https://") && !text.contains("innerHTML"),
            "{path}"
        );
        lines += text.lines().count();
    }
    assert!(lines <= 150, "{lines} lines");
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
        assert_eq!(read("/help/desk/page.js").await.0, StatusCode::OK);
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
