//! Attachments through the public door: uploaded by real clients in every way, shown by links, sent, and removed.

use frontdesk_testkit::schemas::{Schema, check};
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::client::{Visitor, answer, events, http, message};
use super::site::Site;

/// An image of 3 × 2 pixels.
const PNG: &[u8] = include_bytes!("../../../files/tests/data/small.png");

fn form(bytes: &'static [u8], name: &'static str, media_type: &str) -> Form {
    let part = Part::bytes(bytes).file_name(name);
    Form::new()
        .text("purpose", "attachments")
        .part("file", part.mime_str(media_type).unwrap())
}

async fn announce(visitor: &Visitor<'_>, name: &str, media_type: &str, size: usize) -> Value {
    let params = json!({ "name": name, "mime_type": media_type, "size": size });
    let (status, made) = visitor.ask("attachments.create", params).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    check(Schema::Attachment, &made).unwrap();
    made
}

async fn upload(
    visitor: &Visitor<'_>,
    bytes: &'static [u8],
    name: &'static str,
    media_type: &str,
) -> (StatusCode, Value) {
    let form = form(bytes, name, media_type);
    let sent = visitor.post("/chatkit/files").multipart(form).send().await;
    answer(sent.unwrap()).await
}

fn with_file(text: &str, id: &Value) -> Value {
    let mut input = message(text);
    input["attachments"] = json!([id]);
    json!({ "input": input })
}

async fn load(url: &Value) -> Response {
    http().get(url.as_str().unwrap()).send().await.unwrap()
}

#[tokio::test]
async fn an_image_is_announced_uploaded_sent_and_shown() {
    let site = Site::configured(&[]).await;
    let ann = Visitor::named(&site, "ann");
    let made = announce(&ann, "red.png", "image/png", PNG.len()).await;
    let (id, preview) = (&made["id"], &made["preview_url"]);
    assert_eq!(made["type"], "image");
    assert_eq!(made["upload_descriptor"]["method"], "POST");
    let (status, refused) = ann.ask("threads.create", with_file("Look", id)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let expected = format!(
        "params.input.attachments: {} was not uploaded yet",
        id.as_str().unwrap()
    );
    assert_eq!(refused["error"]["message"], expected);
    assert_eq!(load(preview).await.status(), StatusCode::NOT_FOUND);

    // The link is enough, with a form or without, and again with the same bytes.
    let to = made["upload_descriptor"]["url"].as_str().unwrap();
    for request in [
        http()
            .post(to)
            .multipart(form(PNG, "other.png", "image/png")),
        http().put(to).body(PNG),
    ] {
        let (status, stored) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{stored}");
        check(Schema::Attachment, &stored).unwrap();
        assert_eq!(stored["name"], "red.png");
        assert_eq!(stored.get("upload_descriptor"), None);
    }
    let other = http().put(to).body("other bytes").send().await.unwrap();
    assert_eq!(other.status(), StatusCode::CONFLICT);

    let sent = ann.call("threads.create", with_file("Look", id)).await;
    let sent = events(sent).await;
    check(Schema::Event, &sent[1].data).unwrap();
    let thread = &sent[0].data["thread"]["id"];
    let shown = &sent[1].data["item"]["attachments"][0];
    let (_, listed) = ann.ask("items.list", json!({ "thread_id": thread })).await;
    let items = listed["data"].as_array().unwrap();
    let listed = items.iter().find(|item| item["type"] == "user_message");
    let listed = &listed.unwrap()["attachments"][0];
    for image in [shown, listed] {
        assert_eq!(image["thread_id"], *thread);
        let seen = load(&image["preview_url"]).await;
        assert_eq!(seen.status(), StatusCode::OK);
        assert_eq!(seen.headers()["content-type"], "image/jpeg");
        assert!(seen.bytes().await.unwrap().starts_with(b"\xff\xd8\xff"));
    }

    let mine = format!("/chatkit/files/{}", id.as_str().unwrap());
    let whole = ann.get(&mine).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "image/png");
    assert_eq!(whole.bytes().await.unwrap(), PNG);
    let gone = json!({ "thread_id": thread });
    assert_eq!(ann.ask("threads.delete", gone).await.0, StatusCode::OK);
    let whole = ann.get(&mine).send().await.unwrap();
    assert_eq!(whole.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        load(&shown["preview_url"]).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_file_is_uploaded_directly_and_deleted() {
    let site = Site::configured(&[]).await;
    let ann = Visitor::named(&site, "ann");
    let large: &[u8] = Vec::leak(b"0123456789abcde\n".repeat(400_000));
    let (status, made) = upload(&ann, large, "../log of 計画.txt", "text/plain").await;
    assert_eq!(status, StatusCode::OK, "{made}");
    check(Schema::Attachment, &made).unwrap();
    assert_eq!(made["type"], "file");
    assert!(
        !made["name"].as_str().unwrap().contains(['/', '\n']),
        "{made}"
    );
    let mine = format!("/chatkit/files/{}", made["id"].as_str().unwrap());
    let given = ann.get(&mine).send().await.unwrap();
    assert!(given.bytes().await.unwrap() == large);
    let delete = json!({ "attachment_id": made["id"] });
    assert_eq!(
        ann.ask("attachments.delete", delete).await.0,
        StatusCode::OK
    );
    let given = ann.get(&mine).send().await.unwrap();
    assert_eq!(given.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_is_uploaded_directly_as_the_body() {
    let site = Site::configured(&[]).await;
    let ann = Visitor::named(&site, "ann");
    for (query, media_type, bytes, name, found) in [
        (
            "?name=log%20of%20%E8%A8%88%E7%94%BB.txt",
            Some("text/plain; charset=utf-8"),
            b"a text".as_slice(),
            "log of 計画.txt",
            ("file", "text/plain"),
        ),
        (
            "?name=..%2Fred.png",
            Some("image/png"),
            PNG,
            "red.png",
            ("image", "image/png"),
        ),
        // What isn't said, the bytes say.
        ("", None, PNG, "file", ("image", "image/png")),
    ] {
        let mut request = ann.post(&format!("/chatkit/files{query}")).body(bytes);
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let (status, made) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        check(Schema::Attachment, &made).unwrap();
        assert_eq!(made["name"], name);
        assert_eq!(
            (&made["type"], &made["mime_type"]),
            (&json!(found.0), &json!(found.1))
        );
        let mine = format!("/chatkit/files/{}", made["id"].as_str().unwrap());
        let given = ann.get(&mine).send().await.unwrap();
        assert_eq!(given.bytes().await.unwrap(), bytes);
    }
    for (media_type, bytes, expected) in [
        (
            "image/png",
            b"a text".as_slice(),
            "the file looks like text/plain and not like image/png",
        ),
        (
            "application/x-www-form-urlencoded",
            b"a=b",
            "files of the type application/x-www-form-urlencoded are not taken",
        ),
        (
            "multipart/form-data",
            b"a",
            "files of the type multipart/form-data are not taken",
        ),
    ] {
        let request = ann
            .post("/chatkit/files")
            .header("content-type", media_type);
        let (status, refused) = answer(request.body(bytes).send().await.unwrap()).await;
        let message = &refused["error"]["message"];
        assert_eq!(
            (status, message),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!(expected))
        );
    }
    let empty = ann.post("/chatkit/files").send().await.unwrap();
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_reason() {
    let site = Site::configured(&[("FRONTDESK__FILES__MAX_BYTES", "1000")]).await;
    let ann = Visitor::named(&site, "ann");
    let large: &[u8] = Vec::leak(vec![b'a'; 3 << 20]);
    let cases: [(&[u8], &str, u16, &str); 5] = [
        (
            large,
            "text/plain",
            413,
            "the file is larger than 1000 bytes",
        ),
        (b"", "text/plain", 422, "the file is empty"),
        (
            b"<svg/>",
            "image/svg+xml",
            415,
            "files of the type image/svg+xml are not taken",
        ),
        (
            b"a text",
            "image/png",
            415,
            "the file looks like text/plain and not like image/png",
        ),
        (&PNG[..30], "image/png", 422, "the image can't be read"),
    ];
    for (bytes, media_type, expected, reason) in cases {
        let (status, refused) = upload(&ann, bytes, "a", media_type).await;
        let told = (
            status.as_u16(),
            refused["error"]["message"].as_str().unwrap(),
        );
        assert_eq!(told, (expected, reason));
    }
    for (request, expected) in [
        (
            ann.post("/chatkit/files")
                .multipart(Form::new().text("a", "b")),
            400,
        ),
        (ann.post("/chatkit/files/atc_none").body("bytes"), 404),
        (ann.get("/chatkit/files/..%2f..%2fetc%2fpasswd"), 404),
        (ann.get("/chatkit/files/%00"), 404),
    ] {
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
    for (name, size) in [("large", 1_001), ("empty", 0)] {
        let params = json!({ "name": name, "mime_type": "text/plain", "size": size });
        let (status, _) = ann.ask("attachments.create", params).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
    let made = announce(&ann, "five.txt", "text/plain", 5).await;
    let to = made["upload_descriptor"]["url"].as_str().unwrap();
    let four = http().put(to).body("four").send().await.unwrap();
    assert_eq!(four.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let five = http().put(to).body("fives").send().await.unwrap();
    assert_eq!(five.status(), StatusCode::OK);
}

#[tokio::test]
async fn no_browser_runs_what_was_uploaded() {
    let site = Site::configured(&[("FRONTDESK__FILES__TYPES", "text/*, image/*")]).await;
    let ann = Visitor::named(&site, "ann");
    let page = b"<html><script>alert(1)</script></html>";
    for (bytes, media_type) in [
        (page.as_slice(), "text/html"),
        (page, ""),
        (b"<svg onload='alert(1)'/>", "image/svg+xml"),
        (PNG, "image/png"),
    ] {
        let announced = if media_type.is_empty() {
            "application/octet-stream"
        } else {
            media_type
        };
        let (status, made) = upload(&ann, bytes, "a", announced).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let path = format!("/chatkit/files/{}", made["id"].as_str().unwrap());
        let given = ann.get(&path).send().await.unwrap();
        let headers = given.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; sandbox"
        );
        let disposition = headers["content-disposition"].to_str().unwrap();
        let sent_as = headers["content-type"].to_str().unwrap();
        if media_type == "image/png" {
            assert_eq!((sent_as, &disposition[..7]), ("image/png", "inline;"));
        } else {
            assert!(disposition.starts_with("attachment;"), "{media_type}");
            let harmless = ["text/plain; charset=utf-8", "application/octet-stream"];
            assert!(harmless.contains(&sent_as), "{media_type}: {sent_as}");
        }
    }
}

#[tokio::test]
async fn a_link_is_good_for_what_it_says_alone() {
    let site = Site::configured(&[]).await;
    let ann = Visitor::named(&site, "ann");
    let made = announce(&ann, "red.png", "image/png", PNG.len()).await;
    let other = announce(&ann, "other.png", "image/png", PNG.len()).await;
    let url = |made: &Value| {
        made["upload_descriptor"]["url"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (to, look) = (url(&made), made["preview_url"].as_str().unwrap());
    let stored = http().put(&to).body(PNG).send().await.unwrap();
    assert_eq!(stored.status(), StatusCode::OK);
    let ids = [&made, &other].map(|made| made["id"].as_str().unwrap());
    let swapped = to.replace(ids[0], ids[1]);
    let forged = format!("{to}x");
    let none = to.split('?').next().unwrap();
    let put = |url: &str| http().put(url).body(PNG);
    for (case, request) in [
        ("another file's", put(&swapped)),
        ("changed", put(&forged)),
        ("to look", put(look)),
        ("to upload", http().get(&to)),
        ("empty", put(&format!("{none}?link="))),
    ] {
        let (status, refused) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{case}: {refused}");
    }
    let bob = Visitor::named(&site, "bob");
    let path = format!("/chatkit/files/{}", ids[0]);
    for request in [bob.get(&path), bob.post(&path).body(PNG)] {
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::NOT_FOUND
        );
    }
}
