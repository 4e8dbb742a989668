//! Tools that end with questions and go on with the answers: the stateless era's way to ask.
//! <https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr>

use frontdesk_mcp_server::{Elicit, Roots, Sample, Sampling, Text, Tool, ToolFailure, ToolServer};
use serde_json::{Map, Value, json};

use super::talk::object;

pub(super) fn add(server: ToolServer<()>) -> ToolServer<()> {
    let add =
        |server: ToolServer<()>, tool: Tool<()>, about: &str| server.tool(tool.description(about));
    let named = |name: &str| format!("test_input_required_result_{name}");
    let server = add(
        server,
        Tool::new(named("elicitation"), asks),
        "Asks for a name",
    );
    let server = add(
        server,
        Tool::new(named("sampling"), samples),
        "Asks the model",
    );
    let server = add(
        server,
        Tool::new(named("list_roots"), lists),
        "Asks for roots",
    );
    let server = add(
        server,
        Tool::new(named("request_state"), confirms),
        "Carries a state",
    );
    let server = add(
        server,
        Tool::new(named("tampered_state"), confirms),
        "Carries a state",
    );
    let server = add(
        server,
        Tool::new(named("multiple_inputs"), asks_all),
        "Asks all at once",
    );
    let server = add(
        server,
        Tool::new(named("multi_round"), asks_twice),
        "Asks twice",
    );
    add(
        server,
        Tool::new(named("capabilities"), asks_what_it_may),
        "Asks what it may",
    )
}

async fn asks(elicit: Elicit) -> Result<Text, ToolFailure> {
    let name = answer(&elicit, "user_name", "What is your name?", "name").await?;
    Ok(Text(format!("Hello, {name}!")))
}

async fn samples(sample: Sample) -> Result<Text, ToolFailure> {
    let question = sampling("What is the capital of France?");
    let sampled = sample.named("capital_question").ask(&question).await?;
    Ok(Text(sampled.text))
}

async fn lists(roots: Roots) -> Result<Text, ToolFailure> {
    let roots = roots.named("client_roots").list().await?;
    let uris: Vec<String> = roots.into_iter().map(|root| root.uri).collect();
    Ok(Text(format!("Roots: {}", uris.join(", "))))
}

/// That it comes here at all means that the state held.
async fn confirms(elicit: Elicit) -> Result<Text, ToolFailure> {
    let schema = form("ok", "boolean");
    let elicit = elicit.named("confirm");
    elicit.form_of("Please confirm", &schema).await?;
    Ok(Text("state-ok".to_owned()))
}

async fn asks_all(elicit: Elicit, sample: Sample, roots: Roots) -> Result<Text, ToolFailure> {
    let greeting = sampling("Generate a greeting");
    let (sample, roots) = (sample.named("greeting"), roots.named("client_roots"));
    let (name, sampled, roots) = tokio::try_join!(
        answer(&elicit, "user_name", "What is your name?", "name"),
        sample.ask(&greeting),
        roots.list(),
    )?;
    Ok(Text(format!(
        "{}, {name}! You have {} roots.",
        sampled.text,
        roots.len()
    )))
}

async fn asks_twice(elicit: Elicit) -> Result<Text, ToolFailure> {
    let name = answer(&elicit, "step1", "Step 1: What is your name?", "name").await?;
    let question = "Step 2: What is your favorite color?";
    let color = answer(&elicit, "step2", question, "color").await?;
    Ok(Text(format!("{name} likes {color}")))
}

async fn asks_what_it_may(elicit: Elicit, sample: Sample) -> Result<Text, ToolFailure> {
    let name = async {
        if elicit.has_forms() {
            answer(&elicit, "user_name", "What is your name?", "name").await
        } else {
            Ok("nobody".to_owned())
        }
    };
    let word = async {
        if sample.is_there() {
            let sampled = sample.ask(&sampling("Say a word")).await?;
            Ok::<_, ToolFailure>(sampled.text)
        } else {
            Ok("nothing".to_owned())
        }
    };
    let (name, word) = tokio::try_join!(name, word)?;
    Ok(Text(format!("{name} was told: {word}")))
}

/// Asks for one text.
pub(super) async fn answer(
    elicit: &Elicit,
    key: &str,
    question: &str,
    field: &str,
) -> Result<String, ToolFailure> {
    let elicited = elicit
        .named(key)
        .form_of(question, &form(field, "string"))
        .await?;
    let answer = elicited
        .accepted()
        .ok_or_else(|| ToolFailure::new("there was no answer"))?;
    let text = answer.get(field).and_then(Value::as_str);
    Ok(text.unwrap_or("nobody").to_owned())
}

fn form(field: &str, kind: &str) -> Map<String, Value> {
    object(json!({
        "type": "object",
        "properties": { field: {"type": kind} },
        "required": [field],
    }))
}

fn sampling(prompt: &str) -> Sampling {
    Sampling {
        system: None,
        prompt: prompt.to_owned(),
        max_tokens: 100,
    }
}
