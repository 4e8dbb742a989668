//! `GET /chatkit/search`.

use reqwest::StatusCode;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::client::{Visitor, answer};
use super::site::Site;

/// A query by its fields.
type Asked<'a> = &'a [(&'a str, &'a str)];

async fn search(visitor: &Visitor<'_>, query: Asked<'_>) -> (StatusCode, Value) {
    let mut written = form_urlencoded::Serializer::new(String::new());
    let query = written.extend_pairs(query).finish();
    let path = format!("/chatkit/search?{query}");
    answer(visitor.get(&path).send().await.unwrap()).await
}

#[tokio::test]
async fn threads_are_found_newest_first_and_in_pages() {
    let site = Site::obedient(&[]).await;
    let ann = Visitor::named(&site, "ann");
    let mut threads = Vec::new();
    for text in ["say Kündigung one", "say nothing", "say 退款 Kündigung two"] {
        threads.push(ann.create(text).await.0);
    }
    let (status, all) = search(&ann, &[("q", "kundig")]).await;
    assert_eq!(status, StatusCode::OK, "{all}");
    let found = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["thread"]["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found(&all), [&*threads[2], &*threads[0]]);
    let newest = &all["data"][0];
    assert!(
        newest["snippet"]
            .as_str()
            .unwrap()
            .contains("Kündigung two")
    );
    assert!(newest["item_id"].is_string(), "{newest}");
    assert_eq!(newest["thread"]["items"]["data"], json!([]));

    let (_, first) = search(&ann, &[("q", "kundig"), ("limit", "1")]).await;
    assert_eq!(
        (found(&first), &first["has_more"]),
        (vec![threads[2].clone()], &json!(true))
    );
    let after = first["after"].as_str().unwrap();
    let (_, second) = search(&ann, &[("q", "kundig"), ("after", after)]).await;
    assert_eq!(
        (found(&second), &second["has_more"]),
        (vec![threads[0].clone()], &json!(false))
    );
    let (_, characters) = search(&ann, &[("q", "退款")]).await;
    assert_eq!(found(&characters), [&*threads[2]]);

    let by_id = json!({ "thread_id": threads[2] });
    assert_eq!(ann.ask("threads.delete", by_id).await.0, StatusCode::OK);
    let (_, left) = search(&ann, &[("q", "kundig")]).await;
    assert_eq!(found(&left), [&*threads[0]]);
}

#[tokio::test]
async fn a_search_for_nothing_is_refused_with_the_field() {
    let site = Site::obedient(&[]).await;
    let ann = Visitor::named(&site, "ann");
    let long = "x".repeat(2_000);
    let cases: [(Asked<'_>, StatusCode, &str); 6] = [
        (&[], StatusCode::BAD_REQUEST, "q"),
        (&[("q", " \"*\" ")], StatusCode::BAD_REQUEST, "q"),
        (&[("q", &long)], StatusCode::UNPROCESSABLE_ENTITY, "q"),
        (
            &[("q", "a"), ("limit", "-1")],
            StatusCode::BAD_REQUEST,
            "limit",
        ),
        (&[("q", "a"), ("limit", "x")], StatusCode::BAD_REQUEST, "q"),
        (
            &[("q", "a"), ("after", "thr_9")],
            StatusCode::BAD_REQUEST,
            "after",
        ),
    ];
    for (query, status, field) in cases {
        let (found, body) = search(&ann, query).await;
        assert_eq!(found, status, "{query:?}: {body}");
        assert_eq!(body["error"]["field"], field, "{query:?}: {body}");
    }
}
