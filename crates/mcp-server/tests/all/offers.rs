//! Resources, prompts, completion, content, logging and scopes, by requests of the stateless era.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, Caller, Content, Contents, KitError, Level, Link, Log, Message, Params,
    Partial, Prompt, RequestInfo, Resource, ResourceTemplate, Structured, Text, Tool, ToolFailure,
    ToolServer,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stand::Stand;

type Outcome<T> = std::result::Result<T, ToolFailure>;

#[derive(Debug, Deserialize, JsonSchema)]
struct Note {
    id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Letter {
    /// To whom it goes.
    to: String,
    tone: Option<String>,
}

async fn about() -> Outcome<String> {
    Ok("All about it".to_owned())
}

async fn picture() -> Outcome<Vec<u8>> {
    Ok(vec![1, 2, 3])
}

async fn note(Caller(caller): Caller, Params(note): Params<Note>) -> Outcome<Option<Contents>> {
    if note.id == "broken" {
        return Err("the password is 12345".parse::<i32>().unwrap_err().into());
    }
    let text = format!("{} of {}", note.id, caller.user);
    Ok((note.id != "none").then(|| Contents::text(text).mime_type("text/markdown")))
}

async fn notes(Caller(caller): Caller) -> Outcome<Vec<Link>> {
    Ok(vec![Link {
        uri: format!("note://{}-1", caller.user),
        name: "one".to_owned(),
        title: None,
        description: None,
        mime_type: None,
    }])
}

async fn letter(Params(letter): Params<Letter>) -> Outcome<Vec<Message>> {
    let tone = letter.tone.unwrap_or_else(|| "plain".to_owned());
    Ok(vec![
        Message::user(format!("A {tone} letter to {}", letter.to)),
        Message::assistant(Content::image([0xFF], "image/png")),
    ])
}

async fn tones(Partial(partial): Partial) -> Outcome<Vec<String>> {
    let all = (0..200).map(|number| format!("tone {number}"));
    Ok(all.filter(|tone| tone.starts_with(&partial)).collect())
}

async fn everything() -> Outcome<Vec<Content>> {
    Ok(vec![
        Content::text("text"),
        Content::image([1], "image/png"),
        Content::audio([2], "audio/wav"),
        Content::link("note://1", "one"),
        Content::embedded("note://2", Contents::text("two").mime_type("text/plain")),
    ])
}

async fn number() -> Outcome<Structured<u32>> {
    Ok(Structured(7))
}

async fn talk(log: Log, info: RequestInfo) -> Outcome<Text> {
    log.debug("a detail").await;
    log.send(Level::Warning, Some("talk"), json!({"left": 1}))
        .await;
    let kept: Vec<&str> = info.headers.keys().map(http::HeaderName::as_str).collect();
    Ok(Text(kept.join(" ")))
}

async fn slow() -> Outcome<Text> {
    std::future::pending().await
}

fn server() -> ToolServer<()> {
    ToolServer::new("offers", "1", ())
        .tool(Tool::new("everything", everything))
        .tool(Tool::new("number", number))
        .tool(Tool::new("talk", talk))
        .tool(Tool::new("slow", slow).timeout(Duration::from_millis(5)))
        .tool(
            Tool::new("write", about_text)
                .scope("notes:read")
                .scope("notes:write"),
        )
        .resource(Resource::new("note://about", "about", about).mime_type("text/plain"))
        .resource(Resource::new("note://picture", "picture", picture).mime_type("image/png"))
        .resource(Resource::new("note://secret", "secret", about).scope("notes:secret"))
        .resource_template(
            ResourceTemplate::new("note://{id}", "note", note)
                .list(notes)
                .complete("id", tones),
        )
        .prompt(
            Prompt::new("letter", letter)
                .description("Writes a letter")
                .complete("tone", tones),
        )
        .prompt(Prompt::new("hidden", about).scope("notes:secret"))
}

async fn about_text() -> Outcome<Text> {
    Ok(Text("written".to_owned()))
}

async fn ask(stand: &Stand, method: &str, params: Value) -> Value {
    stand.ask("ann", method, params).await.unwrap().result()
}

#[tokio::test]
async fn resources_are_read_at_their_address_or_by_their_template() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let cases = [
        (
            "note://about",
            json!({"mimeType": "text/plain", "text": "All about it"}),
        ),
        (
            "note://picture",
            json!({"mimeType": "image/png", "blob": "AQID"}),
        ),
        (
            "note://a%20b",
            json!({"mimeType": "text/markdown", "text": "a b of ann"}),
        ),
    ];
    for (uri, mut contents) in cases {
        contents["uri"] = uri.into();
        let result = ask(&stand, "resources/read", json!({"uri": uri})).await;
        assert_eq!(result["contents"], json!([contents]));
        assert_eq!(
            (&result["ttlMs"], &result["cacheScope"]),
            (&json!(0), &json!("private"))
        );
    }
    for nothing in ["note://none", "note://a/b", "other://a"] {
        let error = ask(&stand, "resources/read", json!({"uri": nothing})).await;
        assert_eq!(
            error,
            json!({"code": -32_602, "message": "resource not found", "data": {"uri": nothing}})
        );
    }
    let broken = ask(&stand, "resources/read", json!({"uri": "note://broken"})).await;
    assert_eq!(
        broken,
        json!({"code": -32_603, "message": "the server failed"})
    );
}

fn each<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|entry| entry[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_have_what_the_caller_may_know_of() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let resources = ask(&stand, "resources/list", json!({})).await;
    assert_eq!(
        each(&resources["resources"], "uri"),
        ["note://about", "note://picture", "note://ann-1"]
    );
    let templates = ask(&stand, "resources/templates/list", json!({})).await;
    assert_eq!(
        each(&templates["resourceTemplates"], "uriTemplate"),
        ["note://{id}"]
    );
    let prompts = ask(&stand, "prompts/list", json!({})).await;
    assert_eq!(
        prompts["prompts"],
        json!([{"name": "letter", "description": "Writes a letter", "arguments": [
            {"name": "to", "description": "To whom it goes.", "required": true},
            {"name": "tone", "required": false},
        ]}])
    );
    let tools = ask(&stand, "tools/list", json!({})).await;
    assert_eq!(
        each(&tools["tools"], "name"),
        ["everything", "number", "talk", "slow"]
    );

    let all = Stand::serve(server(), |options| {
        options.granted_scopes = ["notes:read", "notes:write", "notes:secret"]
            .map(str::to_owned)
            .to_vec();
    })
    .await
    .unwrap();
    let tools = ask(&all, "tools/list", json!({})).await;
    assert_eq!(tools["tools"].as_array().unwrap().len(), 5);
    let resources = ask(&all, "resources/list", json!({})).await;
    assert_eq!(resources["resources"].as_array().unwrap().len(), 4);
    let prompts = ask(&all, "prompts/list", json!({})).await;
    assert_eq!(each(&prompts["prompts"], "name"), ["letter", "hidden"]);
}

#[tokio::test]
async fn a_missing_scope_is_a_challenge_that_names_all_that_are_needed() {
    let stand = Stand::serve(server(), |options| {
        options.granted_scopes = vec!["notes:read".to_owned()];
    })
    .await
    .unwrap();
    let cases = [
        (
            "tools/call",
            json!({"name": "write"}),
            "notes:read notes:write",
        ),
        (
            "resources/read",
            json!({"uri": "note://secret"}),
            "notes:secret",
        ),
        ("prompts/get", json!({"name": "hidden"}), "notes:secret"),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "hidden"}, "argument": {"name": "a", "value": ""}}),
            "notes:secret",
        ),
    ];
    let base = stand.url.trim_end_matches("/mcp");
    for (method, params, scopes) in cases {
        let answer = stand.ask("ann", method, params).await.unwrap();
        assert_eq!(answer.status, 403, "{method}");
        assert_eq!(
            answer.headers["www-authenticate"],
            format!(
                "Bearer error=\"insufficient_scope\", scope=\"{scopes}\", \
                 resource_metadata=\"{base}/.well-known/oauth-protected-resource/mcp\""
            )
        );
        let message = format!("the permission is missing: {scopes}");
        assert_eq!(answer.result()["message"], message);
    }
    let response = reqwest::Client::builder().build().unwrap().post(&stand.url);
    let response = response.send().await.unwrap();
    assert_eq!(
        response.headers()["www-authenticate"],
        format!(
            "Bearer resource_metadata=\"{base}/.well-known/oauth-protected-resource/mcp\", \
             scope=\"notes:read notes:secret notes:write\""
        )
    );
}

#[tokio::test]
async fn prompts_have_messages_and_arguments_are_completed() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let params = json!({"name": "letter", "arguments": {"to": "Bob"}});
    let result = ask(&stand, "prompts/get", params).await;
    assert_eq!(
        result["messages"],
        json!([
            {"role": "user", "content": {"type": "text", "text": "A plain letter to Bob"}},
            {"role": "assistant", "content": {"type": "image", "data": "/w==", "mimeType": "image/png"}},
        ])
    );
    let wrong = ask(&stand, "prompts/get", json!({"name": "letter"})).await;
    assert_eq!(
        (&wrong["code"], &wrong["message"]),
        (
            &json!(-32_602),
            &json!("invalid arguments: missing field `to`")
        )
    );
    let complete = async |reference: Value, argument: &str, value: &str| {
        let params = json!({"ref": reference, "argument": {"name": argument, "value": value}});
        ask(&stand, "completion/complete", params).await["completion"].clone()
    };
    let prompt = json!({"type": "ref/prompt", "name": "letter"});
    let template = json!({"type": "ref/resource", "uri": "note://{id}"});
    let few = json!({"values": ["tone 199"], "total": 1, "hasMore": false});
    assert_eq!(complete(prompt.clone(), "tone", "tone 199").await, few);
    assert_eq!(complete(template, "id", "tone 199").await, few);
    let many = complete(prompt.clone(), "tone", "tone").await;
    assert_eq!(many["values"].as_array().unwrap().len(), 100);
    assert_eq!(
        (&many["total"], &many["hasMore"]),
        (&json!(200), &json!(true))
    );
    assert_eq!(complete(prompt, "to", "").await["values"], json!([]));
}

#[tokio::test]
async fn results_have_any_content() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let result = ask(&stand, "tools/call", json!({"name": "everything"})).await;
    assert_eq!(
        result["content"],
        json!([
            {"type": "text", "text": "text"},
            {"type": "image", "data": "AQ==", "mimeType": "image/png"},
            {"type": "audio", "data": "Ag==", "mimeType": "audio/wav"},
            {"type": "resource_link", "uri": "note://1", "name": "one"},
            {"type": "resource", "resource": {"uri": "note://2", "mimeType": "text/plain", "text": "two"}},
        ])
    );
    let number = ask(&stand, "tools/call", json!({"name": "number"})).await;
    assert_eq!(number["structuredContent"], 7);
    let slow = ask(&stand, "tools/call", json!({"name": "slow"})).await;
    assert_eq!(
        (&slow["isError"], &slow["content"][0]["text"]),
        (&json!(true), &json!("the tool did not finish within 5ms"))
    );
}

#[tokio::test]
async fn in_the_older_era_structured_results_are_objects() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let older = async |method: &str, params: Value| {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let response = reqwest::Client::builder()
            .build()
            .unwrap()
            .post(&stand.url)
            .bearer_auth(stand.token("ann").unwrap())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body.to_string());
        let response = response.send().await.unwrap();
        crate::stand::Answer::read(response).await.unwrap().result()
    };
    let number = older("tools/call", json!({"name": "number"})).await;
    assert_eq!(
        (&number["structuredContent"], &number["content"][0]["text"]),
        (&Value::Null, &json!("7"))
    );
    let tools = older("tools/list", json!({})).await;
    assert_eq!(
        (
            &tools["tools"][1]["name"],
            &tools["tools"][1]["outputSchema"]
        ),
        (&json!("number"), &Value::Null)
    );
    let tools = ask(&stand, "tools/list", json!({})).await;
    assert_eq!(tools["tools"][1]["outputSchema"]["type"], "integer");
}

#[tokio::test]
async fn log_messages_go_to_clients_that_ask_and_headers_hold_no_credential() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let call = json!({"name": "talk"});
    let silent = stand.ask("ann", "tools/call", call.clone()).await.unwrap();
    assert_eq!(silent.messages.len(), 1);
    assert_eq!(
        silent.result()["content"][0]["text"],
        "mcp-protocol-version"
    );

    let mut body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call});
    body["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/logLevel": "info",
    });
    let response = reqwest::Client::builder()
        .build()
        .unwrap()
        .post(&stand.url)
        .bearer_auth(stand.token("ann").unwrap())
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "talk")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let answer = crate::stand::Answer::read(response).await.unwrap();
    assert_eq!(answer.messages.len(), 2);
    assert_eq!(
        answer.messages[0],
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params":
            {"level": "warning", "logger": "talk", "data": {"left": 1}}})
    );
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let server = (0..150).fold(ToolServer::new("many", "1", ()), |server, number| {
        server.tool(Tool::new(format!("tool_{number}"), about_text))
    });
    let stand = Stand::serve(server, |_| ()).await.unwrap();
    let first = ask(&stand, "tools/list", json!({})).await;
    assert_eq!(first["tools"].as_array().unwrap().len(), 100);
    let cursor = json!({"cursor": first["nextCursor"]});
    let second = ask(&stand, "tools/list", cursor).await;
    assert_eq!(second["tools"][0]["name"], "tool_100");
    assert_eq!(
        (
            second["tools"].as_array().unwrap().len(),
            &second["nextCursor"]
        ),
        (50, &Value::Null)
    );
    let wrong = ask(&stand, "tools/list", json!({"cursor": "x"})).await;
    assert_eq!(wrong["code"], -32_602);
}

#[tokio::test]
async fn a_server_for_everyone_needs_no_token() {
    let everyone = Principal::new(TenantId::single(), UserId::new("everyone").unwrap());
    let stand = Stand::serve(server(), |options| {
        options.authentication = Authentication::Everyone(Arc::new(everyone));
    })
    .await
    .unwrap();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/list"}).to_string();
    let response = reqwest::Client::builder()
        .build()
        .unwrap()
        .post(&stand.url)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(body);
    let answer = crate::stand::Answer::read(response.send().await.unwrap())
        .await
        .unwrap();
    assert_eq!(answer.result()["resources"][2]["uri"], "note://everyone-1");
}

#[test]
fn what_is_completed_is_there() {
    let prompt = Prompt::new("letter", letter).complete("tune", tones);
    let template = ResourceTemplate::new("note://{id}", "note", note).complete("tune", tones);
    let without = Prompt::new("about", about).complete("tune", tones);
    let server = || ToolServer::new("offers", "1", ());
    for server in [
        server().prompt(prompt),
        server().prompt(without),
        server().resource_template(template),
    ] {
        let error = server.in_memory().err();
        assert!(matches!(error, Some(KitError::Completion(name)) if name == "tune"));
    }
}
