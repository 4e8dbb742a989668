//! SIGKILL at each step of a turn, on SQLite and on PostgreSQL: the next process goes on, the client reads on, and nothing
//! that may not be done twice is.

use frontdesk_testkit::clients::{Client, Event, Streaming, create};
use frontdesk_testkit::held_tools::{ADD, HeldTools, LOOK, SET};
use frontdesk_testkit::model_server::{Call, Fault, ModelServer, Response, Script};
use frontdesk_testkit::postgres::Postgres;
use frontdesk_testkit::view::{Next, Place, View};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::desk::{self, Desk, PATIENCE, is_message, text};
use super::postgres;

/// What users say when they are asked whether a call is to be made again, and how often it is made in all then.
const DECISIONS: [(&str, u64); 2] = [("decline", 1), ("approve", 2)];

/// When the process is killed.
enum When {
    /// The model was asked so often.
    Asked(u64),
    /// So many pieces of the answer's text were seen.
    Read(usize),
    /// The tool does its work, and its answer is held.
    Calls(&'static str),
    /// The answer was shown as done.
    Done,
}

/// A kill at one step.
struct Step {
    name: &'static str,
    /// What the model answers before the kill, and after it.
    before: Vec<Response>,
    when: When,
    after: Vec<Response>,
    /// What is read in the end.
    said: &'static str,
    /// How often the model was asked in all, and each tool called.
    asked: u64,
    look: u64,
    set: u64,
    add: u64,
}

/// The site, and what its client has read.
struct Site {
    desk: Desk,
    model: ModelServer,
    tools: HeldTools,
    view: View,
    place: Place,
    turn: String,
}

fn says(text: &str) -> Response {
    Response::text(text, 4)
}

fn calls(tool: &str) -> Response {
    Response::calls([Call::new("call", tool, json!({}))])
}

fn silent() -> Response {
    says("Nobody reads this.").with_fault(Fault::StallAfter(0))
}

/// What the model has asked for is stored before it is done: the model is never asked for it again.
fn steps() -> Vec<Step> {
    let broken = Response::text("Once upon a time there was", 20).with_fault(Fault::StallAfter(12));
    vec![
        Step::plain(),
        Step {
            name: "in the middle of the text",
            before: vec![broken],
            when: When::Read(3),
            ..Step::plain()
        },
        Step {
            name: "while a tool reads",
            before: vec![calls(LOOK)],
            when: When::Calls(LOOK),
            look: 2,
            ..Step::plain()
        },
        Step {
            name: "while an idempotent tool works",
            before: vec![calls(SET)],
            when: When::Calls(SET),
            set: 2,
            ..Step::plain()
        },
        Step {
            name: "between two batches",
            before: vec![calls(ADD), calls(LOOK), silent()],
            when: When::Asked(3),
            after: vec![calls(SET), says("Here it is.")],
            asked: 5,
            look: 1,
            set: 1,
            add: 1,
            ..Step::plain()
        },
        Step {
            name: "at the end",
            before: vec![says("Here it is.")],
            when: When::Done,
            after: vec![says("Nobody asks for this.")],
            asked: 1,
            ..Step::plain()
        },
    ]
}

impl Step {
    /// The model is silent at first, and is asked again.
    fn plain() -> Self {
        Self {
            name: "after the user's item",
            before: vec![silent()],
            when: When::Asked(1),
            after: vec![says("Here it is.")],
            said: "Here it is.",
            asked: 2,
            look: 0,
            set: 0,
            add: 0,
        }
    }
}

impl Site {
    /// On SQLite.
    async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// On PostgreSQL, in a schema of its own: nobody else's turn is in the way.
    async fn open_on(postgres: &Postgres) -> Self {
        let mut store = postgres::variables(&postgres.url(), &postgres.new_schema());
        // Many processes start at the same time.
        store.push(("FRONTDESK__STORE__ACQUIRE_TIMEOUT", "20s".to_owned()));
        Self::open_with(&store).await
    }

    async fn open_with(store: &[(&'static str, String)]) -> Self {
        let tools = HeldTools::start().await.unwrap();
        let model = ModelServer::start(Script::text("unused", 1)).await.unwrap();
        let file = format!("[mcp.held]\nurl = \"{}\"\nauth = \"none\"\n", tools.url());
        let base_url = model.base_url();
        let mut variables = vec![("OPENAI_BASE_URL", base_url.as_str())];
        variables.extend(store.iter().map(|(name, value)| (*name, value.as_str())));
        let desk = Desk::with_files(&[("frontdesk.toml", &file)], &variables).await;
        Self {
            desk,
            model,
            tools,
            view: View::default(),
            place: Place::default(),
            turn: String::new(),
        }
    }

    /// Sends a message, kills the process at the moment, and starts the next one.
    async fn kill(&mut self, before: Vec<Response>, when: &When, after: Vec<Response>) {
        self.model.play(Script::in_order(before));
        if let When::Calls(_) = when {
            self.tools.hold();
        }
        let mut stream = self.desk.resuming().open(&create("Go")).await.unwrap();
        self.turn = desk::turn(&stream.headers).unwrap();
        match *when {
            When::Asked(count) => {
                self.model.wait_for_requests(count, PATIENCE).await.unwrap();
            }
            When::Calls(tool) => self.tools.wait_for(tool, 1, PATIENCE).await.unwrap(),
            When::Read(count) => {
                self.read_until(&mut stream, "thread.item.updated", count)
                    .await;
            }
            When::Done => {
                // The message of the user, then that of the assistant.
                self.read_until(&mut stream, "thread.item.done", 2).await;
            }
        }
        self.desk.server.kill().await.unwrap();
        // What was under way is read, and then the broken connection is an error.
        while let Ok(Some(event)) = stream.next().await {
            self.take(&event).await;
        }
        self.model.play(Script::in_order(after));
        self.tools.release();
        self.desk.start().await;
    }

    async fn read_until(&mut self, stream: &mut Streaming, kind: &str, count: usize) {
        for _ in 0..count {
            for event in stream.until(kind).await.unwrap() {
                self.take(&event).await;
            }
        }
    }

    async fn take(&mut self, event: &Event) {
        self.place.advance(event.id.as_deref().unwrap()).unwrap();
        let next = self.view.apply(event).unwrap();
        if next == Next::Read {
            desk::check(std::slice::from_ref(event));
        } else {
            // It is ours, not ChatKit's.
            let thread = self.view.thread.clone().unwrap();
            let items = desk::items(&self.desk.client(), &thread).await;
            self.view.load(&items).unwrap();
        }
    }

    /// Reads on to the end of the turn, and compares with the store. Gives what it read, and what is stored.
    async fn read_on(&mut self) -> (Vec<Event>, Vec<Value>) {
        let client = self.desk.resuming();
        let mut client = client;
        if !self.place.is_start() {
            client = client.with_header("last-event-id", &self.place.to_string());
        }
        let path = format!("/chatkit/turns/{}/events", self.turn);
        let rest = client.follow(&path).await.unwrap().rest().await.unwrap();
        for event in &rest {
            self.take(event).await;
        }
        let thread = self.view.thread.clone().unwrap();
        let items = desk::items(&client, &thread).await;
        assert_eq!(self.view.difference(&items).unwrap(), None);
        let (_, named) = desk::thread(&client, &thread).await;
        assert_eq!(named, None, "the turn is over");
        (rest, items)
    }

    fn counts(&self) -> (u64, [u64; 3]) {
        let asked = self.model.requests().len() as u64;
        (asked, [LOOK, SET, ADD].map(|tool| self.tools.calls(tool)))
    }
}

/// The texts of the assistant's messages.
fn said(items: &[Value]) -> String {
    items
        .iter()
        .filter(|item| is_message(item))
        .map(text)
        .collect()
}

/// Kills at this step, and sees that the next process goes on as it should.
async fn goes_on_after(mut site: Site, step: Step) {
    site.kill(step.before, &step.when, step.after).await;
    let (rest, items) = site.read_on().await;
    let log = site.desk.server.log();
    assert_eq!(said(&items), step.said, "{}: {rest:?} {log}", step.name);
    let errors = rest.iter().filter(|event| event.kind() == "error").count();
    assert_eq!(errors, 0, "{}: {rest:?}", step.name);
    let expected = (step.asked, [step.look, step.set, step.add]);
    assert_eq!(site.counts(), expected, "{}: {items:?}", step.name);
}

#[tokio::test]
async fn a_turn_that_is_killed_at_any_step_goes_on() {
    for step in steps() {
        goes_on_after(Site::open().await, step).await;
    }
}

/// Nobody knows that the process is dead, so each turn is left alone until its lease has run out: all at the same time.
#[tokio::test]
async fn a_turn_that_is_killed_at_any_step_goes_on_in_another_process() {
    let test = "frontdesk::a_turn_that_is_killed_at_any_step_goes_on_in_another_process";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let mut killed = JoinSet::new();
    for step in steps() {
        killed.spawn(async move { goes_on_after(Site::open_on(postgres).await, step).await });
    }
    for (decision, add) in DECISIONS {
        killed.spawn(async move {
            is_asked_about(Site::open_on(postgres).await, decision, add).await;
        });
    }
    let killed = killed.join_all().await;
    assert_eq!(killed.len(), steps().len() + DECISIONS.len());
}

/// The widget that asks, and the thread that it is in.
async fn asked(site: &mut Site) -> (String, Value) {
    let after = vec![says("It goes on.")];
    site.kill(vec![calls(ADD)], &When::Calls(ADD), after).await;
    let (rest, items) = site.read_on().await;
    assert!(rest.iter().all(|event| event.kind() != "error"), "{rest:?}");
    assert_eq!(said(&items), "", "{items:?}");
    assert_eq!(site.counts(), (1, [0, 0, 1]), "nothing is done unasked");
    let widget = items.iter().find(|item| item["type"] == "widget");
    (site.view.thread.clone().unwrap(), widget.unwrap().clone())
}

async fn press(client: &Client, thread: &str, widget: &Value, decision: &str) {
    let action = json!({"type": "frontdesk.approval", "payload": {"decision": decision}});
    let params = json!({"thread_id": thread, "item_id": widget["id"], "action": action});
    let request = json!({"type": "threads.custom_action", "params": params});
    let answer = client.post(&request).await.unwrap();
    desk::valid(&answer);
    assert_eq!(answer.assistant_text().unwrap(), "It goes on.");
}

/// A call that was under way is made again only if the user says so.
async fn is_asked_about(mut site: Site, decision: &str, add: u64) {
    let (thread, widget) = asked(&mut site).await;
    press(&site.desk.client(), &thread, &widget, decision).await;
    assert_eq!(site.counts(), (2, [0, 0, add]), "{decision}");
}

#[tokio::test]
async fn what_may_have_been_done_is_asked_about_before_it_is_done_again() {
    for (decision, add) in DECISIONS {
        is_asked_about(Site::open().await, decision, add).await;
    }
}

#[tokio::test]
async fn a_message_in_place_of_an_answer_does_nothing_again() {
    let mut site = Site::open().await;
    let (thread, _) = asked(&mut site).await;
    let answer = site
        .desk
        .client()
        .add(&thread, "Never mind.")
        .await
        .unwrap();
    assert_eq!(answer.assistant_text().unwrap(), "It goes on.");
    assert_eq!(site.counts(), (2, [0, 0, 1]));
}
