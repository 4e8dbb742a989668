//! Tools of the user's own page: a call ends the run, and its result begins the next one.

use std::sync::Arc;

use frontdesk_agent::{
    Agent, Agents, Attended, ClientTool, Decision, Ended, NoArguments, RunOptions, Schema, Start,
    Strictness, ToolContext, ToolDefinition, ToolError, function_tool, resume, run,
};
use frontdesk_model::{Item, ToolChoice};
use serde_json::json;

use crate::scene::{
    Desk, Notes, PlayedModel, agent, asks_first, calls, context, play, results, says,
};

const FITS: &str = r#"{"page":"tasks"}"#;

/// An agent with a tool of the page, and one of its own.
fn with_page(model: &Arc<PlayedModel>) -> Agent<Desk> {
    async fn ring(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
        Ok("rang".to_owned())
    }
    let mut agent = agent(model, vec![function_tool("ring", "Rings.", ring)]);
    let parameters = json!({
        "type": "object", "properties": {"page": {"type": "string"}}, "required": ["page"]
    });
    agent.client_tools.push(ClientTool {
        definition: ToolDefinition {
            name: "open page".to_owned(),
            description: "Opens a page.".to_owned(),
            parameters: Schema::new(parameters),
            strict: Strictness::Lenient,
        },
        title: Some("Open a page".to_owned()),
    });
    // Whatever it is called, the page's tools ask nobody.
    agent.approval.always.insert("open page".to_owned());
    agent
}

#[tokio::test]
async fn the_page_is_called_after_all_other_calls_and_one_call_at_a_time() {
    let model = PlayedModel::new(vec![
        calls(&[
            ("p", "open_page", FITS),
            ("q", "open_page", FITS),
            ("a", "ring", "{}"),
        ]),
        says("There it is."),
    ]);
    let agents = Agents::of(with_page(&model));
    let mut notes = Notes::default();
    let hello = vec![Item::user("hello")];
    let outcome = run(&agents, hello.clone(), context(), &mut notes)
        .await
        .unwrap();
    let call_id = "p".to_owned();
    assert_eq!(outcome.ended, Ended::WaitingForClient { call_id });
    let second = "q: the call was not made: the user's page makes one call at a time; \
                  call it again after the other one";
    assert_eq!(results(&outcome.new_items), [second, "a: rang"]);
    let expected = [
        "model 1",
        "called a ring -",
        "arguments a {}",
        "step 1: 3 items, 10 tokens",
        &format!("result {second}").replace("result q:", "result q q:"),
        "effect of a ahead",
        "result a a: rang",
        "finished a ring ok: rang",
        r#"client p open page {"page":"tasks"} by desk Open a page"#,
    ];
    assert_eq!(notes.lines(), expected);

    // The next run begins with the result.
    let opened = vec![Item::function_call_output("p", "opened")];
    let input = [hello, outcome.new_items, opened].concat();
    let outcome = run(&agents, input, context(), &mut Notes::default()).await;
    assert_eq!(outcome.unwrap().ended, Ended::Answered);
    let read = results(&model.request(1).input);
    assert_eq!(read, ["p: opened", second, "a: rang"]);
}

/// A page that answers by itself would be called forever otherwise.
#[tokio::test]
async fn a_choice_of_tool_is_used_up_where_the_page_made_the_call() {
    let model = PlayedModel::new(vec![
        calls(&[("p", "open_page", FITS)]),
        says("There it is."),
        says("Again?"),
    ]);
    let mut agent = with_page(&model);
    agent.tool_choice = ToolChoice::Required;
    let agents = Agents::of(agent);
    let go = async |input: Vec<Item>| {
        let outcome = run(&agents, input.clone(), context(), &mut Notes::default()).await;
        [input, outcome.unwrap().new_items].concat()
    };
    let mut input = go(vec![Item::user("hello")]).await;
    input.push(Item::function_call_output("p", "opened"));
    let mut input = go(input).await;
    input.push(Item::user("once more"));
    go(input).await;
    let chosen = [0, 1, 2].map(|number| model.request(number).tool_choice);
    let expected = [ToolChoice::Required, ToolChoice::Auto, ToolChoice::Required];
    assert_eq!(chosen, expected);
}

#[tokio::test]
async fn a_call_that_does_not_fit_goes_back_to_the_model() {
    let model = PlayedModel::new(vec![calls(&[("p", "open_page", "{}")]), says("Sorry.")]);
    let (outcome, notes) = play(with_page(&model)).await;
    let expected = "p: the arguments don't fit the tool's schema: \"page\" is a required property";
    assert_eq!(results(&outcome.unwrap().new_items), [expected]);
    let heard = notes.lines();
    assert!(
        !heard
            .iter()
            .any(|line| line.starts_with("client") || line.starts_with("finished")),
        "{heard:#?}"
    );
}

#[tokio::test]
async fn the_page_waits_for_calls_that_ask_the_user() {
    let model = PlayedModel::new(vec![calls(&[
        ("p", "open_page", FITS),
        ("a", "delete", "{}"),
    ])]);
    let mut agent = with_page(&model);
    agent.toolsets.push(asks_first("delete"));
    let agents = Agents::of(agent);
    let mut notes = Notes::default();
    let hello = vec![Item::user("hello")];
    let outcome = run(&agents, hello.clone(), context(), &mut notes)
        .await
        .unwrap();
    assert_eq!(outcome.ended, Ended::WaitingForApproval);

    let no = Decision::Declined {
        reason: "the user said no".to_owned(),
    };
    let asked = notes.asked().into_iter();
    let decided = asked.map(|asked| (asked, no.clone())).collect();
    let input = [hello, outcome.new_items].concat();
    let mut notes = Notes::default();
    let outcome = resume(&agents, input, decided, context(), &mut notes).await;
    let outcome = outcome.unwrap();
    let call_id = "p".to_owned();
    assert_eq!(outcome.ended, Ended::WaitingForClient { call_id });
    assert_eq!(results(&outcome.new_items), ["a: the user said no"]);
    let last = r#"client p open page {"page":"tasks"} by desk Open a page"#;
    assert_eq!(notes.lines().last().map(String::as_str), Some(last));
}

#[tokio::test]
async fn without_a_user_no_page_is_called() {
    let model = PlayedModel::new(vec![calls(&[("p", "open_page", FITS)]), says("Alone.")]);
    let start = Start {
        input: vec![Item::user("hello")],
        options: RunOptions {
            attended: Attended::ByNobody,
            ..RunOptions::default()
        },
        ..Start::default()
    };
    let agents = Agents::of(with_page(&model));
    let outcome = run(&agents, start, context(), &mut Notes::default()).await;
    let expected = ["p: the call was not made: the user's page can't make it here"];
    assert_eq!(results(&outcome.unwrap().new_items), expected);
}
