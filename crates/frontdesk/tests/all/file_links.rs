//! The link to load an attachment by, as a browser follows it: without sign-in, for a while, for this file alone.

use frontdesk_clock::{Clock, SystemClock};
use frontdesk_files::{Links, Purpose};
use frontdesk_identity::{Scope, Secret, TenantId, UserId};
use frontdesk_protocol::AttachmentId;
use frontdesk_testkit::issuer::Issuer;
use frontdesk_testkit::schemas::{Schema, check};
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::client::{Visitor, answer, events, http, message};
use super::site::{Site, token};

/// An image of 3 × 2 pixels.
const PNG: &[u8] = include_bytes!("../../../files/tests/data/small.png");
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";
const SECRET: &str = "a secret of the tests, long enough";

async fn upload(ann: &Visitor<'_>, bytes: &'static [u8], media_type: &str) -> Value {
    let part = Part::bytes(bytes).file_name("a file");
    let form = Form::new().part("file", part.mime_str(media_type).unwrap());
    let sent = ann.post("/chatkit/files").multipart(form).send().await;
    let (status, made) = answer(sent.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    check(Schema::Attachment, &made).unwrap();
    made
}

async fn load(url: &str) -> Response {
    http().get(url).send().await.unwrap()
}

/// Where a sent attachment can be loaded, as the stream and the list of items say it.
async fn sent(ann: &Visitor<'_>, id: &Value) -> [String; 2] {
    let mut input = message("Look");
    input["attachments"] = json!([id]);
    let sent = ann.call("threads.create", json!({ "input": input })).await;
    let sent = events(sent).await;
    check(Schema::Event, &sent[1].data).unwrap();
    let thread = &sent[0].data["thread"]["id"];
    let (_, listed) = ann.ask("items.list", json!({ "thread_id": thread })).await;
    let items = listed["data"].as_array().unwrap();
    let listed = items.iter().find(|item| item["type"] == "user_message");
    [&sent[1].data["item"], listed.unwrap()].map(|item| {
        item["attachments"][0]["download_url"]
            .as_str()
            .unwrap()
            .to_owned()
    })
}

#[tokio::test]
async fn what_was_attached_is_loaded_by_its_link() {
    let issuer = Issuer::start().await.unwrap();
    let site = Site::with_issuer(&issuer, &[]).await;
    let ann = Visitor::with_token(&site, token(&issuer, "ann", "acme"));
    for (bytes, media_type) in [
        (PDF, "application/pdf"),
        (b"a text", "text/plain"),
        (PNG, "image/png"),
    ] {
        let made = upload(&ann, bytes, media_type).await;
        let path = format!("/chatkit/files/{}", made["id"].as_str().unwrap());
        let unnamed = load(&site.url(&path)).await;
        assert_eq!(unnamed.status(), StatusCode::UNAUTHORIZED);
        let [shown, listed] = sent(&ann, &made["id"]).await;
        let told = made["download_url"].as_str().unwrap().to_owned();
        for url in [told, shown, listed] {
            let given = load(&url).await;
            assert_eq!(given.status(), StatusCode::OK, "{media_type}");
            let sent_as = given.headers()["content-type"].to_str().unwrap();
            assert!(sent_as.starts_with(media_type), "{sent_as}");
            assert_eq!(given.bytes().await.unwrap(), bytes);
        }
    }
}

#[tokio::test]
async fn a_link_to_load_runs_out_and_is_good_for_nothing_else() {
    let issuer = Issuer::start().await.unwrap();
    let secret = [("FRONTDESK__SERVER__SECRET", SECRET)];
    let site = Site::with_issuer(&issuer, &secret).await;
    let ann = Visitor::with_token(&site, token(&issuer, "ann", "acme"));
    let (mine, other) = (
        upload(&ann, PDF, "application/pdf").await,
        upload(&ann, PNG, "image/png").await,
    );
    let [mine, id, other] = [&mine["download_url"], &mine["id"], &other["id"]]
        .map(|text| text.as_str().unwrap().to_owned());
    let links = Links::from_secret(&Secret::new(SECRET)).unwrap();
    let ann_here = Scope {
        tenant: TenantId::new("acme").unwrap(),
        user: UserId::new("ann").unwrap(),
    };
    let now = SystemClock.now();
    // A link is good for two hours at most.
    let path = |earlier: i64| {
        let then = frontdesk_clock::Timestamp::from_second(now.as_second() - earlier).unwrap();
        let attachment = AttachmentId::new(id.clone());
        let link = links.sign(Purpose::Download, &ann_here, &attachment, then);
        site.url(&format!("/chatkit/files/{id}?link={link}"))
    };
    assert_eq!(load(&path(0)).await.status(), StatusCode::OK);
    for (case, request, expected) in [
        ("over", http().get(path(7_200)), "the link has expired"),
        (
            "another file's",
            http().get(mine.replace(&id, &other)),
            "the link is not valid",
        ),
        (
            "changed",
            http().get(format!("{mine}x")),
            "the link is not valid",
        ),
        (
            "to upload",
            http().put(&mine).body(PDF),
            "the link is not valid for this",
        ),
    ] {
        let (status, refused) = answer(request.send().await.unwrap()).await;
        let told = (status, refused["error"]["message"].as_str().unwrap());
        assert_eq!(told, (StatusCode::FORBIDDEN, expected), "{case}");
    }
}
