//! The example as its readers run it: the application's own page, and a chat below it.

use frontdesk_model::http;
use frontdesk_testkit::process::Launch;
use serde_json::json;

#[tokio::test]
async fn the_chat_answers_beside_the_application() {
    let folder = tempfile::tempdir().unwrap();
    let server = Launch::new(env!("CARGO_BIN_EXE_embedded"))
        .folder(folder.path())
        .env("FRONTDESK__SERVER__LISTEN", "127.0.0.1:0")
        .start()
        .await
        .unwrap();
    let http = http::client().unwrap();
    let home = http.get(server.url()).send().await.unwrap();
    assert_eq!(
        home.text().await.unwrap(),
        "The shop. Its chat is at /chat."
    );
    let page = format!("{}/chat", server.url());
    let page = http.get(page).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<base href=\"./chat/\">"), "{page}");

    let answers = [
        (
            "When do you open?",
            "We are open from Monday to Friday, 9:00 to 17:00.",
        ),
        ("Is there paper?", "We have it in white, ivory and blue."),
    ];
    for (question, answer) in answers {
        let input = json!({
            "content": [{ "type": "input_text", "text": question }],
            "attachments": [], "inference_options": {},
        });
        let request = json!({ "type": "threads.create", "params": { "input": input } });
        let answered = http
            .post(format!("{}/chat/chatkit", server.url()))
            .body(request.to_string())
            .send()
            .await
            .unwrap();
        let events = answered.text().await.unwrap();
        let done = format!("\"text\":\"{answer}\"");
        assert!(events.contains("thread.item.done"), "{events}");
        assert!(events.contains(&done), "{question}: {events}");
    }
}
