//! The rules, played by the scripted model against the real tools.

use std::time::Duration;

use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_model::{
    Event, FunctionCallOutput, Item, Message, Model, Request, Schema, ToolDefinition,
};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};

use super::desk::{Answer, Desk, Result};

/// The most model calls of one turn.
const MAX_STEPS: usize = 6;

/// A conversation of one user with the scripted model.
struct Talk {
    desk: Desk,
    model: Scripted,
    request: Request,
}

impl Talk {
    async fn open() -> Result<Self> {
        let desk = Desk::open().await?;
        let listed = desk.request("ann", "tools/list", json!({})).await?;
        let tools = listed
            .get("tools")
            .and_then(Value::as_array)
            .ok_or("no tools")?
            .iter()
            .map(|tool| ToolDefinition {
                name: field(tool, "name").as_str().unwrap_or_default().to_owned(),
                description: String::new(),
                parameters: Schema::new(field(tool, "inputSchema")),
                strict: frontdesk_model::Strictness::Lenient,
            });
        let request = Request {
            tools: tools.collect(),
            ..Request::default()
        };
        let model =
            Scripted::new(Script::from_toml(frontdesk_taskflow::RULES)?).with_pace(Duration::ZERO);
        Ok(Self {
            desk,
            model,
            request,
        })
    }

    /// What the model answers in the end, after all its tool calls.
    async fn say(&mut self, text: &str) -> Result<String> {
        self.request.input.push(Item::Message(Message::user(text)));
        for _ in 0..MAX_STEPS {
            let output = self.step().await?;
            let mut answer = String::new();
            let mut results = Vec::new();
            for item in &output {
                match item {
                    Item::Message(message) => answer.push_str(&message.text()),
                    Item::FunctionCall(call) => {
                        let arguments = serde_json::from_str(&call.arguments)?;
                        let text = match self.desk.call("ann", &call.name, arguments).await? {
                            Answer::Done(value) => value.to_string(),
                            Answer::Failed(message) => message,
                        };
                        results.push(Item::FunctionCallOutput(FunctionCallOutput {
                            call_id: call.call_id.clone(),
                            output: Value::String(text),
                            extra: Map::new(),
                        }));
                    }
                    other => return Err(format!("unexpected: {other:?}").into()),
                }
            }
            self.request.input.extend(output);
            if results.is_empty() {
                return Ok(answer);
            }
            self.request.input.extend(results);
        }
        Err("the rule doesn't end".into())
    }

    async fn step(&self) -> Result<Vec<Item>> {
        let mut events = self.model.stream(self.request.clone()).await?;
        while let Some(event) = events.next().await {
            if let Event::Completed { output, .. } = event? {
                return Ok(output);
            }
        }
        Err("the stream doesn't end".into())
    }
}

fn field(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

/// What is answered to each of these in turn.
async fn answers(dialogue: &[(&str, &str)]) -> Result<Vec<String>> {
    let mut talk = Talk::open().await?;
    let mut answers = Vec::new();
    for (said, _) in dialogue {
        answers.push(talk.say(said).await?);
    }
    Ok(answers)
}

#[tokio::test]
async fn the_demonstration_s_three_sentences_work() {
    let dialogue = [
        ("Add a task: buy milk", "Added task #1: buy milk."),
        (
            "Add a task: water the plants",
            "Added task #2: water the plants.",
        ),
        (
            "What are my tasks?",
            "You have 2 to do:\n\n- #1 buy milk\n- #2 water the plants",
        ),
        (
            "Complete the first one",
            "Done: task #1, buy milk. Well done!",
        ),
        (
            "What are my tasks?",
            "You have 1 to do:\n\n- #2 water the plants",
        ),
        (
            "complete the first one.",
            "Done: task #2, water the plants. Well done!",
        ),
        (
            "Complete the first one",
            "There is no such open task to complete.",
        ),
        ("what are my tasks", "You have nothing to do. Enjoy it!"),
        (
            "Show my completed tasks",
            "You have completed 2:\n\n- #1 buy milk, done\n- #2 water the plants, done",
        ),
    ];
    let expected: Vec<&str> = dialogue.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers(&dialogue).await.unwrap(), expected);
}

#[tokio::test]
async fn tasks_are_added_in_many_words() {
    let dialogue = [
        ("please add a task to call mum", "Added task #1: call mum."),
        (
            "Create a new task called “tidy up”.",
            "Added task #2: tidy up.",
        ),
        (
            "remind me to pay rent, due 2026-11-30 with high priority",
            "Added task #3: pay rent, due 2026-11-30, high priority.",
        ),
        ("add bread to my list", "Added task #4: bread."),
        ("new todo: 42", "Added task #5: 42."),
        (
            "Could you add a task: größer denken?",
            "Added task #6: größer denken.",
        ),
        (
            "add a task: x due 2026-02-30",
            "That didn't work: due must be a day such as 2026-11-30.",
        ),
    ];
    let expected: Vec<&str> = dialogue.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers(&dialogue).await.unwrap(), expected);
}

#[tokio::test]
async fn tasks_are_named_by_number_by_place_and_by_name() {
    let dialogue = [
        ("add a task: buy milk", "Added task #1: buy milk."),
        ("add a task: buy bread", "Added task #2: buy bread."),
        ("add a task: sleep", "Added task #3: sleep."),
        ("start task 2", "Task #2, buy bread, is in progress now."),
        (
            "What am I working on?",
            "In progress:\n\n- #2 buy bread, in progress",
        ),
        ("mark 3 as done", "Done: task #3, sleep. Well done!"),
        ("reopen #3", "Task #3, sleep, is open again."),
        ("finish the last one", "Done: task #3, sleep. Well done!"),
        ("complete milk", "Done: task #1, buy milk. Well done!"),
        ("reopen the first one", "Task #1, buy milk, is open again."),
        (
            "start buy",
            "Several tasks fit. Which one? Say its number.\n\n- #1 buy milk\n- #2 buy bread, in progress",
        ),
        (
            "complete the dishes",
            "There is no such open task to complete. I looked for “dishes”.",
        ),
        (
            "show task 2",
            "Task #2: buy bread (in progress, normal priority).",
        ),
        (
            "rename task 2 to buy rye bread",
            "Task #2 is now called buy rye bread.",
        ),
        (
            "set task 2 due 2026-12-01",
            "Task #2, buy rye bread, is due 2026-12-01.",
        ),
        (
            "find bread",
            "I found 1:\n\n- #2 buy rye bread, in progress, due 2026-12-01",
        ),
        ("delete task 2", "Deleted task #2: buy rye bread."),
        ("delete task 2", "That didn't work: there is no task 2."),
        (
            "list all tasks",
            "You have 2 in all:\n\n- #1 buy milk\n- #3 sleep, done",
        ),
    ];
    let expected: Vec<&str> = dialogue.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers(&dialogue).await.unwrap(), expected);
}

#[tokio::test]
async fn projects_are_made_filled_worked_off_and_put_away() {
    let dialogue = [
        ("What are my projects?", "You have no projects."),
        ("Add a project: Garden", "Added project #1: Garden."),
        (
            "please create a new project called “The 2nd house”.",
            "Added project #2: The 2nd house.",
        ),
        (
            "add a task to project Garden: dig",
            "Added task #1 to project Garden: dig.",
        ),
        (
            "Add roses to the project garden",
            "Added task #2 to project Garden: roses.",
        ),
        ("add a task: sleep", "Added task #3: sleep."),
        (
            "move task 3 to project the 2nd house",
            "Task #3, sleep, is in project The 2nd house now.",
        ),
        (
            "import tasks into project Garden: sow, , water, 7",
            "Added 3 tasks.",
        ),
        (
            "show project garden",
            "Garden has 5:\n\n- #1 dig\n- #2 roses\n- #4 sow\n- #5 water\n- #6 7",
        ),
        (
            "What are my tasks?",
            "You have 6 to do:\n\n- #1 dig, Garden\n- #2 roses, Garden\n- #3 sleep, The 2nd house\n\
             - #4 sow, Garden\n- #5 water, Garden\n- #6 7, Garden",
        ),
        (
            "complete all tasks in project garden",
            "Done: 5 tasks. Well done!",
        ),
        (
            "finish everything in project garden",
            "There was nothing to do in that project.",
        ),
        (
            "list my projects",
            "You have 2 projects:\n\n- #1 Garden, 0 to do, 5 done\n- #2 The 2nd house, 1 to do, 0 done",
        ),
        (
            "take task 3 out of its project",
            "Task #3, sleep, is in no project now.",
        ),
        (
            "rename project The 2nd house to Cabin",
            "Project #2 is now called Cabin.",
        ),
        ("archive project cabin", "Project #2, Cabin, is archived."),
        (
            "add a task to project cabin: x",
            "That didn't work: the project is archived: Cabin; restore it first.",
        ),
        ("restore project 2", "Project #2, Cabin, is in use again."),
        ("delete project cabin", "Deleted project #2: Cabin."),
        (
            "delete project cabin",
            "That didn't work: there is no project cabin.",
        ),
        (
            "my projects",
            "You have 1 project:\n\n- #1 Garden, 0 to do, 5 done",
        ),
    ];
    let expected: Vec<&str> = dialogue.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers(&dialogue).await.unwrap(), expected);
}

#[tokio::test]
async fn tasks_are_assigned_and_found_by_who_does_them() {
    let dialogue = [
        ("add a task: dig", "Added task #1: dig."),
        ("add a task: sow", "Added task #2: sow."),
        ("Assign task 1 to Kim", "Task #1, dig, is Kim's now."),
        ("give #2 to me", "Task #2, sow, is ann's now."),
        ("what is assigned to kim?", "I found 1:\n\n- #1 dig"),
        ("show the tasks of me", "I found 1:\n\n- #2 sow"),
        (
            "what are my tasks?",
            "You have 2 to do:\n\n- #1 dig, Kim\n- #2 sow, ann",
        ),
        ("show task 1", "Task #1: dig (open, normal priority, Kim)."),
        ("unassign task 1", "Task #1, dig, is nobody's now."),
        ("what is assigned to Kim?", "Nothing is assigned to Kim."),
    ];
    let expected: Vec<&str> = dialogue.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers(&dialogue).await.unwrap(), expected);
}

#[tokio::test]
async fn it_says_what_it_is() {
    let mut talk = Talk::open().await.unwrap();
    let intro = "I am a scripted demonstration, not an AI: I know a few sentences about tasks, and I do what they say \
                 with real tools. Try: “Add a task: buy milk”, “Add a project: Garden”, “Start task 2”, “Complete the first one”, \
                 “Rename task 1 to buy oat milk”, “Assign task 1 to Kim”, “What are my tasks?”.";
    assert_eq!(talk.say("who are you?").await.unwrap(), intro);
    assert_eq!(talk.say("hello").await.unwrap(), format!("Hello! {intro}"));
    assert_eq!(
        talk.say("write a poem about the sea").await.unwrap(),
        format!("I don't know that sentence. {intro}")
    );
}
