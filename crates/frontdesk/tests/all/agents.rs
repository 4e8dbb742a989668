//! Agents, models and guardrails as they are put together from a file.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_agent::{Agent, Agents, Hook, RunContext};
use frontdesk_chat::assistant::TurnContext;
use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_testkit::model_server::{Dialect, ModelServer, Script as Answers, Transcript};
use serde_json::{Value, json};

use super::client::{Visitor, answer, events, http, message, said};
use super::site::{RULES, Site};

/// Does what the message says, by its tools or in words.
const CALLER: &str = r#"
otherwise = "Nothing."
on_error = "{{ error.tool }}: {{ error.message }}"

[[rule]]
when = '^ask the keeper: (?<words>.+)$'
[[rule.step]]
call = { tool = "keeper", arguments = { input = "{{ match.words }}" } }
[[rule.step]]
say = "It says: {{ outputs[0] }}"

[[rule]]
when = '^add (?<title>.+)$'
[[rule.step]]
call = { tool = "add_task", arguments = { title = "{{ match.title }}" } }
[[rule.step]]
say = "Added."

[[rule]]
when = '^bill me$'
[[rule.step]]
call = { tool = "to_billing", arguments = {} }

[[rule]]
when = '^list$'
[[rule.step]]
call = { tool = "list_tasks" }
[[rule.step]]
say = "There are {{ results.list_tasks.tasks | length }}."

[[rule]]
when = '^say (?<words>.+)$'
[[rule.step]]
say = "{{ match.words }}"
"#;

const NO_TOOL: &str = "For this I would call the tool “add_task”, but it isn't available here.";

async fn ready(site: &Site) -> Value {
    answer(http().get(site.url("/readyz")).send().await.unwrap())
        .await
        .1
}

#[tokio::test]
async fn an_agent_asks_another_one_which_has_tools_of_its_own() {
    let file = "[model.default]\nrules_file = \"DIR/caller.toml\"\n\
                [model.tasks]\nrules_file = \"DIR/rules.toml\"\n\
                [agent.assistant]\nmodel = \"default\"\nmcp = []\nagents_as_tools = [\"keeper\"]\n\
                [agent.keeper]\ndescription = \"Keeps tasks.\"\nmodel = \"tasks\"\nmcp = [\"taskflow\"]";
    let files = [
        ("frontdesk.toml", file),
        ("caller.toml", CALLER),
        ("rules.toml", RULES),
    ];
    let site = Site::of_files(&files, |builder| builder).await;
    let visitor = Visitor::new(&site);
    let (_, events) = visitor.create("ask the keeper: Add a task: buy milk").await;
    assert_eq!(said(&events), "It says: Added buy milk.");
    let (_, events) = visitor.create("add bread").await;
    assert_eq!(said(&events), NO_TOOL);
    let parts = &ready(&site).await["parts"];
    assert_eq!(
        [&parts["model.default"], &parts["model.tasks"]],
        ["ok", "ok"]
    );
}

#[tokio::test]
async fn an_agent_hands_over_to_another_one() {
    let file = "[model.default]\nrules_file = \"DIR/caller.toml\"\n\
                [model.billing]\nrules_file = \"DIR/billing.toml\"\n\
                [agent.front]\nmodel = \"default\"\nmcp = []\n\
                handoffs = [{ to = \"billing\", tool_name = \"to_billing\" }]\n\
                [agent.billing]\nmodel = \"billing\"\nmcp = []\n\
                [chat]\nagent = \"front\"";
    let files = [
        ("frontdesk.toml", file),
        ("caller.toml", CALLER),
        ("billing.toml", "otherwise = \"You owe nothing.\""),
    ];
    let site = Site::of_files(&files, |builder| builder).await;
    let (_, events) = Visitor::new(&site).create("bill me").await;
    assert_eq!(said(&events), "You owe nothing.");
}

#[tokio::test]
async fn an_agent_has_the_tools_of_a_server_that_it_is_given() {
    let file = "[model.default]\nrules_file = \"DIR/caller.toml\"\n\
                [agent.assistant]\nmcp = [\"taskflow\"]\ntools = { taskflow = [\"list_*\"] }";
    let files = [("frontdesk.toml", file), ("caller.toml", CALLER)];
    let site = Site::of_files(&files, |builder| builder).await;
    let visitor = Visitor::new(&site);
    let (_, events) = visitor.create("add bread").await;
    assert_eq!(said(&events), NO_TOOL);
    let (_, events) = visitor.create("list").await;
    assert_eq!(said(&events), "There are 0.");
}

#[tokio::test]
async fn guardrails_stop_and_replace_as_configured() {
    let file = "[model.default]\nrules_file = \"DIR/caller.toml\"\n\
                [agent.assistant]\nmcp = []\nguardrails = [\"cards\", \"words\"]\n\
                [guardrail.cards]\non = [\"input\"]\npattern = '\\d{16}'\nstop = \"No card numbers, please.\"\n\
                [guardrail.words]\non = [\"output\"]\npattern = 'darn'\nreplace = \"****\"";
    let files = [("frontdesk.toml", file), ("caller.toml", CALLER)];
    let site = Site::of_files(&files, |builder| builder).await;
    let visitor = Visitor::new(&site);
    let (_, events) = visitor.create("say 1234123412341234").await;
    assert_eq!(said(&events), "No card numbers, please.");
    let (_, events) = visitor.create("say well, darn it").await;
    assert_eq!(said(&events), "well, **** it");
}

#[tokio::test]
async fn a_model_in_reserve_answers_while_the_first_one_is_away() {
    let file = "[model.default]\nbase_url = \"http://127.0.0.1:9/v1\"\nname = \"gone\"\nretries = 0\n\
                fallback = [\"spare\"]\nat_once = 2\nprice_per_million = { input = 1, output = 2 }\n\
                [model.spare]\nrules_file = \"DIR/caller.toml\"\n[agent.assistant]\nmcp = []";
    let files = [("frontdesk.toml", file), ("caller.toml", CALLER)];
    let site = Site::of_files(&files, |builder| builder).await;
    let (_, events) = Visitor::new(&site).create("say I am here").await;
    assert_eq!(said(&events), "I am here");
    let told = ready(&site).await;
    let states = [
        &told["status"],
        &told["parts"]["model.default"],
        &told["parts"]["model.spare"],
    ];
    assert_eq!(states, ["degraded", "degraded", "ok"]);
}

#[tokio::test]
async fn each_dialect_is_asked_with_its_key_and_its_settings() {
    for (dialect, keys) in [
        (Dialect::Responses, "provider = \"openai_responses\""),
        (
            Dialect::Chat,
            "provider = \"openai_chat\"\nprofile = \"vllm\"",
        ),
        (Dialect::Messages, "provider = \"anthropic\""),
    ] {
        let server = ModelServer::start(Answers::text("Hello.", 2))
            .await
            .unwrap();
        let file = format!(
            "[model.default]\n{keys}\nbase_url = \"{}\"\nname = \"big\"\napi_key = \"sk-own\"\ntemperature = 0.5\n\
             extra = {{ service_tier = \"flex\" }}\n[agent.assistant]\nmcp = []\ninstructions = \"On {{{{ page.project }}}}.\"\n\
             [chat]\npage_headers = {{ project = \"X-Project\" }}",
            server.base_url()
        );
        let site = Site::of_files(&[("frontdesk.toml", &file)], |builder| builder).await;
        let body = json!({ "type": "threads.create", "params": { "input": message("Hello") } });
        let asking = Visitor::new(&site).post("/chatkit");
        let asking = asking
            .header("content-type", "application/json")
            .header("x-project", "Caf%C3%A9")
            .body(body.to_string());
        let events = events(asking.send().await.unwrap()).await;
        assert_eq!(said(&events), "Hello.", "{dialect:?}");
        let asked = &server.requests()[0];
        assert!(asked.body.to_string().contains("On Café."), "{asked:?}");
        assert_eq!(asked.dialect, dialect);
        let key = match dialect {
            Dialect::Messages => asked.api_key.clone(),
            Dialect::Responses | Dialect::Chat => asked.authorization.clone(),
        };
        assert!(key.unwrap().ends_with("sk-own"));
        let fields = ["model", "temperature", "service_tier"].map(|field| &asked.body[field]);
        assert_eq!(fields, [&json!("big"), &json!(0.5), &json!("flex")]);
    }
}

#[tokio::test]
async fn what_an_agent_says_of_its_answers_counts_before_what_its_model_says() {
    let server = ModelServer::start(Answers::text("Hello.", 1))
        .await
        .unwrap();
    let file = format!(
        "[model.default]\nprovider = \"openai_chat\"\nprofile = \"vllm\"\nbase_url = \"{}\"\nname = \"big\"\n\
         temperature = 0.5\ntop_p = 0.25\nextra = {{ seed = 1, user = \"desk\" }}\n\
         [agent.assistant]\nmcp = []\ntemperature = 0\nmax_output_tokens = 50\nextra = {{ seed = 2 }}",
        server.base_url()
    );
    let site = Site::of_files(&[("frontdesk.toml", &file)], |builder| builder).await;
    Visitor::new(&site).create("Hello").await;
    let asked = &server.requests()[0].body;
    let fields = ["temperature", "top_p", "max_tokens", "seed", "user"];
    assert_eq!(
        json!(fields.map(|field| &asked[field])),
        json!([0.0, 0.25, 50, 2, "desk"])
    );
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

#[async_trait]
impl Hook<TurnContext> for Heard {
    async fn agent_started(&self, agent: &str, _: &RunContext<TurnContext>) {
        self.0.lock().unwrap().push(agent.to_owned());
    }
}

#[tokio::test]
async fn hooks_that_are_brought_hear_of_all_configured_agents() {
    let file = "[model.default]\nrules_file = \"DIR/caller.toml\"\n\
                [model.mute]\nrules_file = \"DIR/mute.toml\"\n\
                [agent.assistant]\nmcp = []\nagents_as_tools = [\"keeper\"]\n\
                [agent.keeper]\ndescription = \"Keeps tasks.\"\nmodel = \"mute\"\nmcp = []";
    let files = [
        ("frontdesk.toml", file),
        ("caller.toml", CALLER),
        ("mute.toml", "otherwise = \"Hm.\""),
    ];
    let heard = Arc::new(Heard::default());
    let site = Site::of_files(&files, |builder| builder.hook(heard.clone())).await;
    let (_, events) = Visitor::new(&site).create("ask the keeper: anything").await;
    assert_eq!(said(&events), "It says: Hm.");
    assert_eq!(*heard.0.lock().unwrap(), ["assistant", "keeper"]);
}

#[tokio::test]
async fn agents_of_ones_own_take_the_place_of_the_configured_ones() {
    let model = Scripted::new(Script::from_toml("otherwise = \"Mine.\"").unwrap());
    let own = Agents::of(Agent::new("own", "", Arc::new(model)));
    let site = Site::with(&[], |builder| builder.agents(own)).await;
    let (_, events) = Visitor::new(&site).create("What are my tasks?").await;
    assert_eq!(said(&events), "Mine.");
}

#[tokio::test]
async fn what_users_say_is_written_down_by_the_named_model() {
    // Azure has the key in a header of its own.
    for (profile, authorization) in [("vllm", Some("Bearer sk-own")), ("azure", None)] {
        let server = ModelServer::start(Answers::text("Hello.", 1))
            .await
            .unwrap();
        server.transcribe(Transcript::Text("Buy milk.".to_owned()));
        let file = format!(
            "[model.default]\nrules_file = \"DIR/caller.toml\"\n\
         [model.whisper]\nprovider = \"openai_chat\"\nprofile = \"{profile}\"\nbase_url = \"{}\"\nname = \"ears\"\n\
         api_key = \"sk-own\"\n[agent.assistant]\nmodel = \"default\"\nmcp = []\n\
         [chat]\ntranscription_model = \"whisper\"",
            server.base_url()
        );
        let files = [("frontdesk.toml", file.as_str()), ("caller.toml", CALLER)];
        let site = Site::of_files(&files, |builder| builder).await;
        let params = json!({ "audio_base64": "AAAA", "mime_type": "audio/webm" });
        let (_, told) = Visitor::new(&site).ask("input.transcribe", params).await;
        assert_eq!(told, json!({ "text": "Buy milk." }));
        let speech = &server.speeches()[0];
        assert_eq!(speech.fields["model"], "ears");
        assert_eq!(speech.authorization.as_deref(), authorization, "{profile}");
    }
}
