//! `subscriptions/listen`: who is told what.

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_mcp_server::{Notifier, Resource, Tool, ToolFailure, ToolServer};
use serde_json::{Value, json};

use crate::stand::{Result, Stand, Stream, http};

async fn nothing() -> std::result::Result<String, ToolFailure> {
    Ok(String::new())
}

async fn write(notifier: Notifier) -> std::result::Result<String, ToolFailure> {
    notifier.resource_updated("a://1");
    notifier.everyone().tools_changed();
    Ok("written".to_owned())
}

fn server(notifier: Notifier) -> ToolServer<()> {
    ToolServer::new("changes", "1", ())
        .with_notifier(notifier)
        .tool(Tool::new("write", write))
        .resource(Resource::new("a://1", "one", nothing))
        .resource(Resource::new("a://secret", "secret", nothing).scope("secret"))
}

async fn listen(stand: &Stand, user: &str, wanted: Value) -> Result<Stream> {
    let body = json!({"jsonrpc": "2.0", "id": "s-1", "method": "subscriptions/listen", "params": {
        "notifications": wanted,
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }});
    let response = http()
        .post(&stand.url)
        .bearer_auth(stand.token(user)?)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "subscriptions/listen")
        .body(body.to_string())
        .send()
        .await?;
    let mut stream = Stream::of(response);
    let first = next(&mut stream).await?;
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    Ok(stream)
}

async fn next(stream: &mut Stream) -> Result<Value> {
    Ok(stream.next().await?.ok_or("the stream ended")?)
}

fn user(name: &str) -> Scope {
    Scope {
        tenant: TenantId::single(),
        user: UserId::new(name).unwrap(),
    }
}

#[tokio::test]
async fn listeners_hear_what_they_asked_for_and_may_know() {
    let notifier = Notifier::new();
    let stand = Stand::serve(server(notifier.clone()), |_| ())
        .await
        .unwrap();
    let resources = json!({"resourceSubscriptions": ["a://1", "a://secret"]});
    let mut ann = listen(&stand, "ann", resources.clone()).await.unwrap();
    let mut bob = listen(&stand, "bob", json!({"toolsListChanged": true}))
        .await
        .unwrap();

    notifier.resource_updated("a://secret");
    notifier.resource_updated("a://2");
    notifier.only(user("bob")).resource_updated("a://1");
    notifier.only(user("ann")).tools_changed();
    notifier.prompts_changed();
    notifier.only(user("ann")).resource_updated("a://1");
    notifier.tools_changed();

    let tag = json!({"io.modelcontextprotocol/subscriptionId": "s-1"});
    let heard = next(&mut ann).await.unwrap();
    assert_eq!(heard["method"], "notifications/resources/updated");
    assert_eq!(heard["params"], json!({"uri": "a://1", "_meta": tag}));
    let heard = next(&mut bob).await.unwrap();
    assert_eq!(heard["method"], "notifications/tools/list_changed");
    assert_eq!(heard["params"]["_meta"], tag);
}

#[tokio::test]
async fn what_a_call_changes_its_caller_hears() {
    let stand = Stand::serve(server(Notifier::new()), |_| ()).await.unwrap();
    let wanted = json!({"resourceSubscriptions": ["a://1"], "toolsListChanged": true});
    let mut ann = listen(&stand, "ann", wanted.clone()).await.unwrap();
    let mut bob = listen(&stand, "bob", wanted).await.unwrap();
    let written = stand.ask("ann", "tools/call", json!({"name": "write"}));
    assert_eq!(
        written.await.unwrap().result()["content"][0]["text"],
        "written"
    );
    let heard = next(&mut ann).await.unwrap();
    assert_eq!(heard["method"], "notifications/resources/updated");
    let heard = next(&mut bob).await.unwrap();
    assert_eq!(heard["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn who_listens_too_slowly_is_told_that_everything_changed() {
    let notifier = Notifier::new();
    let stand = Stand::serve(server(notifier.clone()), |_| ())
        .await
        .unwrap();
    let mut ann = listen(&stand, "ann", json!({"toolsListChanged": true}))
        .await
        .unwrap();
    // More at once than the channel holds, before the listener runs again.
    for _ in 0..1_000 {
        notifier.only(user("bob")).tools_changed();
    }
    let heard = next(&mut ann).await.unwrap();
    assert_eq!(heard["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn the_stream_ends_with_the_server() {
    let mut shutdown = None;
    let stand = Stand::serve(server(Notifier::new()), |options| {
        shutdown = Some(options.shutdown.clone());
    })
    .await
    .unwrap();
    let mut ann = listen(&stand, "ann", json!({"toolsListChanged": true}))
        .await
        .unwrap();
    shutdown.unwrap().cancel();
    while let Ok(Some(_)) = ann.next().await {}
}

#[tokio::test]
async fn no_caller_listens_more_often_than_it_may() {
    let notifier = Notifier::new();
    let stand = Stand::serve(server(notifier.clone()), |_| ())
        .await
        .unwrap();
    let wanted = json!({"toolsListChanged": true});
    let mut listening = Vec::new();
    for _ in 0..100 {
        listening.push(listen(&stand, "ann", wanted.clone()).await.unwrap());
    }
    let mut refused = listen(&stand, "ann", wanted.clone()).await.unwrap();
    let last = next(&mut refused).await.unwrap();
    assert_eq!(
        last["error"],
        json!({"code": -32_600, "message": "this caller listens too often already"})
    );
    listen(&stand, "bob", wanted.clone()).await.unwrap();
    listening.clear();
    // The server finds out in its own time that they have gone.
    let listens_again = async {
        loop {
            let mut stream = listen(&stand, "ann", wanted.clone()).await.unwrap();
            notifier.tools_changed();
            let heard = next(&mut stream).await.unwrap();
            if heard["method"] == "notifications/tools/list_changed" {
                break;
            }
        }
    };
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, listens_again).await.unwrap();
}
