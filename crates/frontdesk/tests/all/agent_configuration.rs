//! `[agent.NAME]` and `[client_tool.NAME]`: what they mean, and what a mistake is told as.

use std::fs;

use frontdesk::config::{AgentSection, Config, Origin};
use frontdesk_agent::{AfterToolUse, Ask, HandoffHistory};
use frontdesk_model::{ParallelToolCalls, ToolChoice};
use serde_json::json;
use tempfile::TempDir;

use super::model_configuration::read;

fn agent(keys: &str) -> AgentSection {
    config(keys).agents["assistant"].clone()
}

fn config(keys: &str) -> Config {
    read(&format!("[agent.assistant]\n{keys}"), &[]).unwrap()
}

#[test]
fn an_agent_of_which_nothing_is_said_is_the_usual_one() {
    let config = read("", &[]).unwrap();
    assert_eq!(config.chat.assistant.agent.value, "assistant");
    let agent = &config.agents["assistant"];
    assert_eq!(agent.model.value, "default");
    assert_eq!(agent.model.origin, Origin::Default);
    assert!(agent.handoffs.is_empty() && agent.instructions.is_none());
    assert!(agent.description.is_none() && agent.output_schema.is_none());
    let tools = &agent.tools;
    assert!(tools.mcp.is_none() && tools.only.is_empty() && tools.stop_at.is_empty());
    assert_eq!(tools.choice.value, ToolChoice::Auto);
    assert_eq!(tools.after_use.value, AfterToolUse::Reset);
    assert_eq!(tools.parallel.value, ParallelToolCalls::ProviderDefault);
}

#[test]
fn agents_hand_over_to_each_other() {
    let file = "[agent.front]\nhandoffs = [\"billing\", { to = \"support\", history = \"without_tools\", \
                description = \"Faults.\", tool_name = \"to_support\" }]\n\
                [agent.billing]\ndescription = \"Invoices.\"\nhandoffs = [\"front\"]\n\
                [agent.support]\nhandoffs = [{ to = \"front\", history = \"newest_message\" }]\n\
                [chat]\nagent = \"front\"";
    let config = read(file, &[]).unwrap();
    assert_eq!(config.chat.assistant.agent.value, "front");
    let billing = config.agents["billing"].description.as_ref().unwrap();
    assert_eq!(billing.value, "Invoices.");

    let front = &config.agents["front"].handoffs;
    let told: Vec<_> = front
        .iter()
        .map(|handoff| {
            let said = |setting: &Option<frontdesk::config::Setting<String>>| {
                setting.as_ref().map(|setting| setting.value.clone())
            };
            (
                handoff.to.value.as_str(),
                said(&handoff.description),
                said(&handoff.tool_name),
                handoff.history.value,
            )
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            ("billing", None, None, HandoffHistory::All),
            (
                "support",
                some("Faults."),
                some("to_support"),
                HandoffHistory::WithoutTools
            ),
        ]
    );
    assert!(
        front
            .iter()
            .all(|handoff| matches!(handoff.to.origin, Origin::File(_)))
    );
    let support = &config.agents["support"].handoffs[0];
    assert_eq!(support.history.value, HandoffHistory::NewestMessage);

    let variables = &[("FRONTDESK__AGENT__FRONT__HANDOFFS", "billing, support")];
    let config = read(file, variables).unwrap();
    let front = &config.agents["front"].handoffs;
    let names: Vec<&str> = front
        .iter()
        .map(|handoff| handoff.to.value.as_str())
        .collect();
    assert_eq!(names, ["billing", "support"]);
}

#[test]
fn an_agents_tools_are_as_configured() {
    let config = config(
        "mcp = [\"taskflow\", \"files\"]\ntools = { taskflow = [\"list_*\", \"add_task\"] }\n\
         agents_as_tools = [\"researcher\"]\nclient_tools = [\"open_page\"]\n\
         hosted_tools = [{ type = \"web_search\", filters = { allowed_domains = [\"example.com\"] } }]\n\
         tool_choice = \"required\"\nreset_tool_choice = false\nparallel_tool_calls = false\n\
         max_parallel_tools = 4\nstop_at_tools = [\"add_task\"]\nmax_turns = 3\n\
         ask_before = \"never\"\nalways_ask = [\"pay\"]\nnever_ask = [\"look\"]\n\
         [agent.researcher]\ndescription = \"Finds out.\"\n[mcp.files]\nurl = \"http://localhost/mcp\"\n\
         [client_tool.open_page]\ndescription = \"Opens a page.\"",
    );
    let agent = &config.agents["assistant"];
    let tools = &agent.tools;
    assert_eq!(tools.mcp.as_ref().unwrap().value, ["taskflow", "files"]);
    assert_eq!(tools.only["taskflow"].value, ["list_*", "add_task"]);
    assert!(matches!(tools.only["taskflow"].origin, Origin::File(_)));
    assert_eq!(tools.agents.as_ref().unwrap().value, ["researcher"]);
    assert_eq!(tools.client.as_ref().unwrap().value, ["open_page"]);
    assert_eq!(
        tools.hosted.as_ref().unwrap().value,
        [json!({ "type": "web_search", "filters": { "allowed_domains": ["example.com"] } })]
    );
    assert_eq!(tools.choice.value, ToolChoice::Required);
    assert_eq!(tools.after_use.value, AfterToolUse::Keep);
    assert_eq!(tools.parallel.value, ParallelToolCalls::OneAtATime);
    assert_eq!(tools.max_parallel.as_ref().unwrap().value, 4);
    assert!(tools.stop_at.contains("add_task"));
    assert_eq!(agent.max_turns.as_ref().unwrap().value, 3);
    let approval = &agent.approval;
    assert_eq!(approval.ask_before.as_ref().unwrap().value, Ask::Never);
    assert!(approval.always_ask.contains("pay") && approval.never_ask.contains("look"));
    // The demonstration's server is there because it is named.
    assert!(config.mcp.contains_key("taskflow"));
}

#[test]
fn one_tool_may_have_to_be_called() {
    for (word, expected) in [
        ("auto", ToolChoice::Auto),
        ("none", ToolChoice::None),
        ("add_task", ToolChoice::Tool("add_task".to_owned())),
    ] {
        let choice = agent(&format!("tool_choice = \"{word}\"")).tools.choice;
        assert_eq!(choice.value, expected);
    }
    let allowed = agent("parallel_tool_calls = true\nreset_tool_choice = true").tools;
    assert_eq!(allowed.parallel.value, ParallelToolCalls::Allowed);
    assert_eq!(allowed.after_use.value, AfterToolUse::Reset);
}

#[test]
fn schemas_come_from_files_and_tables() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("schema.json");
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    fs::write(&path, schema.to_string()).unwrap();
    let config = config(&format!(
        "output_schema_file = {path:?}\n\
         [client_tool.of_a_file]\ndescription = \"d\"\nparameters_file = {path:?}\n\
         [client_tool.of_a_table]\ndescription = \"d\"\ntitle = \"Titled\"\n\
         parameters = {{ properties = {{ \"a.b\" = {{ type = \"string\" }} }}, required = [\"a.b\"] }}\n\
         [client_tool.of_none]\ndescription = \"d\"",
    ));
    let output = config.agents["assistant"].output_schema.as_ref().unwrap();
    assert_eq!(output.value, schema);
    assert_eq!(config.client_tools["of_a_file"].parameters.value, schema);
    let of_a_table = &config.client_tools["of_a_table"];
    assert_eq!(of_a_table.title.as_ref().unwrap().value, "Titled");
    assert_eq!(
        of_a_table.parameters.value,
        json!({ "type": "object", "properties": { "a.b": { "type": "string" } }, "required": ["a.b"] })
    );
    assert_eq!(
        config.client_tools["of_none"].parameters.value,
        json!({ "type": "object", "properties": {}, "additionalProperties": false })
    );

    fs::write(&path, "[1").unwrap();
    let said = read(
        &format!("[agent.assistant]\noutput_schema_file = {path:?}"),
        &[],
    );
    let said = said.unwrap_err();
    assert!(said.starts_with(path.to_str().unwrap()), "{said}");
    fs::write(&path, "{\"type\": \"string\"}").unwrap();
    let said = read(
        &format!("[agent.assistant]\noutput_schema_file = {path:?}"),
        &[],
    );
    assert_eq!(
        said.map(|_| ()).unwrap_err(),
        "agent.assistant.output_schema_file (from FILE): expected the JSON schema of an object, found type \"string\""
    );
}

const MISTAKES: &[(&str, &str)] = &[
    (
        "[agent.a]\nhandofs = [\"b\"]\n[agent.b]",
        "unknown key: agent.a.handofs (from FILE); did you mean agent.a.handoffs?",
    ),
    (
        "[agent.a]\nhandoffs = [\"c\"]\n[agent.b]",
        "agent.a.handoffs (from FILE): expected names of [agent.NAME] sections, found \"c\"; did you mean \"a\"?",
    ),
    (
        "[agent.a]\nhandoffs = [\"a\"]",
        "agent.a.handoffs (from FILE) names the agent itself",
    ),
    (
        "[agent.a]\nhandoffs = [1]",
        "agent.a.handoffs (from FILE): expected a list of agents, each a name or a table such as { to = \"billing\" }, \
         found [1]",
    ),
    (
        "[agent.a]\nhandoffs = [\"b\", { to = \"b\", histroy = \"all\" }]\n[agent.b]",
        "unknown key: agent.a.handoffs.1.histroy (from FILE); did you mean agent.a.handoffs.1.history?",
    ),
    (
        "[agent.a]\nhandoffs = [{ history = \"all\" }]",
        "agent.a.handoffs.0.to is missing: expected the name of an agent",
    ),
    (
        "[agent.a]\nhandoffs = [{ to = \"b\", history = \"some\" }]\n[agent.b]",
        "agent.a.handoffs.0.history (from FILE): expected one of \"all\", \"without_tools\", \"newest_message\", \
         found \"some\"",
    ),
    (
        "[agent.a]\nhandoffs = [{ to = \"b\", tool_name = \"to b\" }]\n[agent.b]",
        "agent.a.handoffs.0.tool_name (from FILE): expected a name of at most 64 letters, digits, \"_\" and \"-\", \
         found \"to b\"",
    ),
    (
        "[agent.assistant]\nagents_as_tools = [\"b\"]\n[agent.b]",
        "agent.b.description is missing: expected what it is for, since agent.assistant has it as a tool",
    ),
    (
        "[agent.a]\ndescription = \"x\"\nagents_as_tools = [\"b\"]\n[agent.b]\ndescription = \"x\"\n\
         agents_as_tools = [\"a\"]",
        "agent.a.agents_as_tools (from FILE) goes in a circle: a > b > a",
    ),
    (
        "[agent.a]\nclient_tools = [\"open\"]\n[client_tool.opens]\ndescription = \"x\"",
        "agent.a.client_tools (from FILE): expected names of [client_tool.NAME] sections, found \"open\"; \
         did you mean \"opens\"?",
    ),
    (
        "[agent.a]\nguardrails = [\"cards\"]\n[guardrail.card]\non = [\"input\"]\npattern = \"x\"\nstop = \"no\"",
        "agent.a.guardrails (from FILE): expected names of [guardrail.NAME] sections, found \"cards\"; \
         did you mean \"card\"?",
    ),
    (
        "[agent.a]\nhosted_tools = [{ name = \"web_search\" }]",
        "agent.a.hosted_tools (from FILE): expected a list of tables with a type, such as [{ type = \"web_search\" }], \
         found [{ name = \"web_search\" }]",
    ),
    (
        "[agent.a]\ntemperature = 3",
        "agent.a.temperature (from FILE): expected a number from 0 to 2, found 3",
    ),
    (
        "[agent.a]\nmax_parallel_tools = 0",
        "agent.a.max_parallel_tools (from FILE): expected a number of tools from 1, found 0",
    ),
    (
        "[agent.a]\nreset_tool_choice = \"later\"",
        "agent.a.reset_tool_choice (from FILE): expected true or false, found \"later\"",
    ),
    (
        "[agent.a]\nmcp = []\ntools = { taskflow = [\"x\"] }\n[mcp.taskflow]\nurl = \"http://localhost/mcp\"",
        "agent.a.tools.taskflow (from FILE) is of a server that agent.a.mcp doesn't name",
    ),
    (
        "[agent.a]\ntools = { tasks = [\"x\"] }\n[mcp.task]\nurl = \"http://localhost/mcp\"",
        "agent.a.tools (from FILE): expected names of [mcp.NAME] sections, found \"tasks\"; did you mean \"task\"?",
    ),
    (
        "[agent.a]\ntools = { taskflow = [] }",
        "agent.a.tools.taskflow (from FILE): expected names of tools, such as [\"list_*\"]; to have none of a server's, \
         leave it out of mcp",
    ),
    (
        "[agent.a]\n[agent.b]\n[chat]\nagent = \"c\"",
        "chat.agent (from FILE): expected names of [agent.NAME] sections, found \"c\"; did you mean \"a\"?",
    ),
    (
        "[client_tool.x]",
        "client_tool.x.description is missing: expected what the tool does, for the model",
    ),
    (
        "[client_tool.\"open page\"]\ndescription = \"x\"",
        "client_tool.open page (from FILE): expected a name of at most 64 letters, digits, \"_\" and \"-\"",
    ),
    (
        "[client_tool.x]\ndescription = \"x\"\nparameters = { type = \"array\" }",
        "client_tool.x.parameters (from FILE): expected the JSON schema of an object, found type \"array\"",
    ),
    (
        "[client_tool.x]\ndescription = \"x\"\nparameters = {}\nparameters_file = \"y\"",
        "client_tool.x.parameters and client_tool.x.parameters_file (from FILE) are both set: keep one",
    ),
    (
        "[client_tool.x]\ndescription = \"x\"\nparameters = { properties = { a = { type = \"objekt\" } } }",
        "client_tool.x.parameters (from FILE): expected the JSON schema of an object, found \"objekt\" is not valid \
         under any of the schemas listed in the 'anyOf' keyword",
    ),
];

#[test]
fn mistakes_of_agents_name_the_key_its_origin_and_what_was_expected() {
    for (file, expected) in MISTAKES {
        let said = read(file, &[]).map(|_| ());
        assert_eq!(said, Err((*expected).to_owned()), "{file}");
    }
}
