//! What is chosen: tools that have to be called, tools that answer, models, and what no longer asks.

use std::sync::{Arc, Mutex};

use frontdesk_agent::{
    AfterToolUse, Agent, Agents, ApprovedTool, AskedCall, Asking, Because, Considered, Ended,
    NoArguments, RunOptions, Start, ToolContext, ToolError, function_tool, run,
};
use frontdesk_model::{Item, Model, ParallelToolCalls, Priced, Prices, ToolChoice, Usage};
use serde_json::json;

use crate::scene::{
    Desk, Notes, PlayedModel, agent, asks_first, calls, context, play, results, says, usage,
};

fn with_tools(model: &Arc<PlayedModel>) -> Agent<Desk> {
    async fn ring(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
        Ok("rang".to_owned())
    }
    async fn fail(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
        Err(ToolError::plain("no paper"))
    }
    let tools = vec![
        function_tool("ring.bell", "Rings.", ring),
        function_tool("fail", "Fails.", fail),
    ];
    agent(model, tools)
}

async fn run_with(agent: Agent<Desk>, options: RunOptions) -> (Ended, Vec<AskedCall>) {
    let start = Start {
        input: vec![Item::user("hello")],
        options,
        ..Start::default()
    };
    let mut notes = Notes::default();
    let outcome = run(&Agents::of(agent), start, context(), &mut notes).await;
    (outcome.unwrap().ended, notes.asked())
}

#[tokio::test]
async fn a_choice_of_tool_holds_until_a_tool_was_used() {
    use AfterToolUse::{Keep, Reset};
    let tool = |name: &str| ToolChoice::Tool(name.to_owned());
    let required = || ToolChoice::Required;
    let cases = [
        (required(), Reset, None, [required(), ToolChoice::Auto]),
        (required(), Keep, None, [required(), required()]),
        (
            tool("ring.bell"),
            Reset,
            None,
            [tool("ring_bell"), ToolChoice::Auto],
        ),
        (
            tool("desk__ring.bell"),
            Keep,
            None,
            [tool("ring_bell"), tool("ring_bell")],
        ),
        (
            tool("gone"),
            Keep,
            None,
            [ToolChoice::Auto, ToolChoice::Auto],
        ),
        (
            required(),
            Keep,
            Some(tool("fail")),
            [tool("fail"), required()],
        ),
        (
            ToolChoice::Auto,
            Reset,
            Some(required()),
            [required(), ToolChoice::Auto],
        ),
    ];
    for (choice, after, chosen, expected) in cases {
        let model = PlayedModel::new(vec![calls(&[("a", "ring_bell", "{}")]), says("Done.")]);
        let mut agent = with_tools(&model);
        agent.tool_choice = choice.clone();
        agent.after_tool_use = after;
        agent.parallel_tool_calls = ParallelToolCalls::OneAtATime;
        let options = RunOptions {
            tool_choice: chosen,
            ..RunOptions::default()
        };
        run_with(agent, options).await;
        let asked = [model.request(0), model.request(1)];
        let one_at_a_time = ParallelToolCalls::OneAtATime;
        assert!(
            asked
                .iter()
                .all(|asked| asked.parallel_tool_calls == one_at_a_time)
        );
        let choices = asked.map(|asked| asked.tool_choice);
        assert_eq!(choices, expected, "{choice:?} {after:?}");
    }
}

#[tokio::test]
async fn without_tools_nothing_is_said_of_them_and_hosted_ones_are_passed_on() {
    let search = || json!({"type": "web_search"});
    let chosen = ToolChoice::Tool("web_search".to_owned());
    for (hosted, expected) in [(vec![], ToolChoice::Auto), (vec![search()], chosen.clone())] {
        let model = PlayedModel::new(vec![says("Done.")]);
        let mut agent = agent(&model, vec![]);
        agent.hosted_tools = hosted.clone().into();
        agent.tool_choice = chosen.clone();
        agent.parallel_tool_calls = ParallelToolCalls::Allowed;
        play(agent).await.0.unwrap();
        let asked = model.request(0);
        assert_eq!(asked.tool_choice, expected);
        assert_eq!(asked.hosted_tools.to_vec(), hosted);
        let has_tools = asked.parallel_tool_calls == ParallelToolCalls::Allowed;
        assert_eq!(has_tools, !hosted.is_empty());
    }
}

#[tokio::test]
async fn a_tool_that_answers_ends_the_run_if_it_did_what_it_should() {
    let both = [("x", "ring_bell", "{}"), ("y", "fail", "{}")];
    let answered = |id: &str| Ended::AnsweredByTool {
        call_id: id.to_owned(),
    };
    for (stop_at, expected) in [
        ("ring.bell", answered("x")),
        ("desk__ring_bell", answered("x")),
        ("fail", Ended::Answered),
    ] {
        let model = PlayedModel::new(vec![calls(&both), says("Done.")]);
        let mut agent = with_tools(&model);
        agent.stop_at_tools.insert(stop_at.to_owned());
        let (outcome, _) = play(agent).await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.ended, expected, "{stop_at}");
        assert_eq!(results(&outcome.new_items), ["x: rang", "y: no paper"]);
    }
}

#[tokio::test]
async fn another_model_can_be_chosen_for_a_run() {
    let (own, chosen) = (PlayedModel::new(vec![]), PlayedModel::new(vec![says("I.")]));
    let options = RunOptions {
        model: Some(chosen.clone()),
        ..RunOptions::default()
    };
    let (ended, _) = run_with(with_tools(&own), options).await;
    assert_eq!(ended, Ended::Answered);
    assert_eq!(chosen.requests.lock().unwrap().len(), 1);
}

/// The agent's word, the user's, and the function's; and why the call asks, if it does.
#[tokio::test]
async fn what_was_approved_for_good_asks_only_where_it_always_does() {
    use Asking::{AsPolicy, Asks, DoesNotAsk};
    let approved = |is: &str| {
        let tool = ApprovedTool {
            toolset: is.to_owned(),
            tool: "delete".to_owned(),
        };
        [tool].into()
    };
    let cases = [
        ("", "", AsPolicy, Some(Because::Marked)),
        ("", "careful", AsPolicy, None),
        ("", "other", AsPolicy, Some(Because::Marked)),
        ("delete", "careful", AsPolicy, Some(Because::Always)),
        ("delete", "", DoesNotAsk, Some(Because::Always)),
        ("", "careful", Asks, Some(Because::Function)),
        ("", "", DoesNotAsk, None),
    ];
    for (always, given, said, expected) in cases {
        let model = PlayedModel::new(vec![
            calls(&[("a", "delete", r#"{"id":1}"#)]),
            says("Done."),
        ]);
        let mut agent = agent(&model, vec![]);
        agent.toolsets.push(asks_first("delete"));
        agent.approval.always.insert(always.to_owned());
        let heard = Arc::new(Mutex::new(String::new()));
        let notebook = Arc::clone(&heard);
        agent.ask_when = Some(Arc::new(move |call: &Considered<'_, Desk>| {
            let who = &call.context.principal.user;
            let room = call.context.context.room;
            *notebook.lock().unwrap() = format!(
                "{who} {room} {}/{} {}",
                call.toolset, call.tool, call.arguments["id"]
            );
            said
        }));
        let options = RunOptions {
            approved: approved(given),
            ..RunOptions::default()
        };
        let (_, asked) = run_with(agent, options).await;
        let because = asked.first().map(|asked| asked.because);
        assert_eq!(because, expected, "{always} {given} {said:?}");
        let known = heard.lock().unwrap().clone();
        let is_asked = always.is_empty();
        assert_eq!(known == "ann lobby careful/delete 1", is_asked, "{known}");
    }
}

#[tokio::test]
async fn a_function_that_panics_asks() {
    let model = PlayedModel::new(vec![calls(&[("a", "ring_bell", "{}")])]);
    let mut agent = with_tools(&model);
    agent.ask_when = Some(Arc::new(|_: &Considered<'_, Desk>| panic!("a fault")));
    let (ended, _) = run_with(agent, RunOptions::default()).await;
    assert_eq!(ended, Ended::WaitingForApproval);
}

#[tokio::test]
async fn what_tools_use_counts_in_the_run_even_if_they_fail() {
    async fn ask(_: NoArguments, context: ToolContext<Desk>) -> Result<String, ToolError> {
        let used = Usage {
            output_tokens: 1_000_000,
            ..usage(5)
        };
        context.usage.add(used, Some(0.25));
        Err(ToolError::plain("no answer"))
    }
    for (prices, expected) in [(Some(2.0), Some(0.25)), (None, None)] {
        let model = PlayedModel::new(vec![calls(&[("a", "ask", "{}")]), says("Sorry.")]);
        let mut agent = agent(&model, vec![function_tool("ask", "Asks.", ask)]);
        if let Some(price) = prices {
            let prices = Prices::new(price, None, price).unwrap();
            agent.model = Arc::new(Priced::new(model.clone() as Arc<dyn Model>, prices));
        }
        let (outcome, _) = play(agent).await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.usage.total_tokens, 10 + 5 + 10);
        assert_eq!(outcome.usage.output_tokens, 1_000_000);
        assert_eq!(outcome.cost, expected);
    }
}
