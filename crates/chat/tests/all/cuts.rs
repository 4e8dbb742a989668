//! A turn that is cut after each of its writes, and another process that goes on: however far it came, it ends as if
//! nothing had happened, or asks about the one thing that nobody can know.

use std::collections::BTreeSet;
use std::sync::Arc;

use frontdesk_agent::{Agent, Agents, Handoff, OnMatch, PatternGuardrail, Timing};
use frontdesk_chat::OnDisconnect;
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_model::Model;
use frontdesk_protocol::ThreadId;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{TurnStatus, Usage, UtcDay};
use serde_json::{Value, json};

use crate::asking::{Done, action, lines, said};
use crate::desk::{Desk, add, create, plain, read_all, read_until, resuming, thread_of};
use crate::faulty::Faulty;
use crate::going_on::{Events, Planned, Work, assistant, last_status, press, process, seen};
use crate::model::{calls_with, says, says_and_calls, silently_calls, thinks_and_says};

/// More writes than a turn makes.
const MANY: usize = 1_000;

/// A turn whose process dies after so many writes, as another process leaves it.
struct Cut {
    store: Arc<MemoryStore>,
    done: Done,
    model: Arc<Planned>,
    desk: Desk,
    thread: ThreadId,
    /// Whether it died before the turn's end.
    died: bool,
}

/// What a turn is to do.
struct Errand {
    plan: Vec<(usize, Events)>,
    /// How often it adds something.
    adds: usize,
    /// After how many of its writes a call that adds is under way.
    asks: usize,
    says: &'static [&'static str],
}

fn errands() -> [Errand; 3] {
    [
        Errand {
            plan: vec![
                (0, calls_with(&[("look", "{}"), ("set", "{}")])),
                (2, says_and_calls("I add it.", &["add_task"])),
                (3, thinks_and_says("Added.")),
            ],
            adds: 1,
            asks: 1,
            says: &["I add it.", "Added."],
        },
        Errand {
            plan: vec![(0, silently_calls(&["add_task"])), (1, says("Added."))],
            adds: 1,
            asks: 1,
            says: &["Added."],
        },
        Errand {
            plan: vec![
                (0, silently_calls(&["add_task", "look", "add_task"])),
                (3, says("Added.")),
            ],
            adds: 2,
            asks: 3,
            says: &["Added."],
        },
    ]
}

impl Cut {
    /// A new thread's first turn.
    async fn first(
        writes: usize,
        message: &str,
        plan: Vec<(usize, Events)>,
        agents: impl Fn(Agent<TurnContext>) -> Agents<TurnContext>,
    ) -> Self {
        let store = Arc::new(MemoryStore::new());
        let (model, done) = (Planned::new(plan), Done::default());
        let agents = || agents(assistant(&model, &done, Work::Quick));
        let dying = dying(&store, writes, agents());
        let (_, mut reader) = dying.begin(create(message), &resuming()).await;
        let frames = read_until(&mut reader, |event| event["type"] == "thread.created").await;
        let thread = thread_of(&frames);
        let desk = process(&store, agents());
        let died = go_on(&desk, &store, &thread).await;
        Self {
            store,
            done,
            model,
            desk,
            thread,
            died,
        }
    }

    /// The turn in which the user approves a call of this tool.
    async fn approving(writes: usize, tool: &str) -> Self {
        let store = Arc::new(MemoryStore::new());
        let plan = vec![(0, calls_with(&[(tool, "{}")])), (1, says("Fine."))];
        let (model, done) = (Planned::new(plan), Done::default());
        let agent = || {
            let mut agent = assistant(&model, &done, Work::Quick);
            agent.approval.always.insert(tool.to_owned());
            Agents::of(agent)
        };
        let desk = process(&store, agent());
        let (_, mut reader) = desk.begin(create("Do it"), &resuming()).await;
        let thread = thread_of(&read_all(&mut reader).await);
        let items = desk.items(&thread, &plain()).await;
        let widget = items.last().unwrap()["id"].clone();
        let approve = action(&thread, &widget, &json!({"decision": "approve"}));
        let dying = dying(&store, writes, agent());
        let (_, _reader) = dying.begin(approve, &resuming()).await;
        let died = go_on(&desk, &store, &thread).await;
        Self {
            store,
            done,
            model,
            desk,
            thread,
            died,
        }
    }

    async fn items(&self) -> Vec<Value> {
        self.desk.items(&self.thread, &plain()).await
    }

    fn done(&self, what: &str) -> usize {
        let done = self.done.lock().unwrap();
        done.iter().filter(|done| *done == what).count()
    }

    async fn status(&self) -> TurnStatus {
        last_status(&self.store, &self.thread).await
    }

    async fn tokens(&self) -> u64 {
        let today = UtcDay::of(SystemClock.now());
        let scope = plain().scope();
        self.store.tokens_used(&scope, today).await.unwrap()
    }

    /// How many calls the user is asked about because of the cut.
    async fn questions(&self) -> usize {
        let items = self.items().await;
        let last = items.last().unwrap();
        let lines = lines(&last["widget"]);
        lines
            .iter()
            .filter(|line| line.starts_with("Interrupted · "))
            .count()
    }
}

/// A process that stops dead after so many writes.
fn dying(store: &Arc<MemoryStore>, writes: usize, agents: Agents<TurnContext>) -> Desk {
    let store = Faulty::over(store.clone(), writes);
    let responder = Arc::new(Assistant::new(agents));
    Desk::over(store.clone(), store, responder, OnDisconnect::Continue)
}

/// Lets the dying process do all that it can, and goes on with what it leaves; whether it left anything.
async fn go_on(desk: &Desk, store: &MemoryStore, thread: &ThreadId) -> bool {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
    let died = last_status(store, thread).await == TurnStatus::Running;
    assert_eq!(desk.recovered(thread).await, usize::from(died));
    died
}

#[tokio::test]
async fn wherever_a_process_dies_its_turn_goes_on_and_nothing_is_done_twice() {
    for (number, errand) in errands().into_iter().enumerate() {
        let whole = Cut::first(MANY, "Do it", errand.plan.clone(), Agents::of).await;
        assert!(!whole.died);
        let (expected, asked) = (whole.items().await, whole.model.asked());
        let mut asked_after = Vec::new();
        for writes in 0.. {
            let at = format!("errand {number} after {writes} writes");
            let cut = Cut::first(writes, "Do it", errand.plan.clone(), Agents::of).await;
            if !cut.died {
                break;
            }
            assert_eq!(cut.done("add_task"), errand.adds, "{at}");
            let mut items = cut.items().await;
            if cut.status().await == TurnStatus::Waiting {
                asked_after.push(writes);
                let questions = cut.questions().await;
                assert!(questions > 0, "{at}");
                press(&cut.desk, &cut.thread, "approve").await;
                assert_eq!(cut.done("add_task"), errand.adds + questions, "{at}");
                items = cut.items().await;
            } else {
                assert_eq!(seen(&items), seen(&expected), "{at}");
            }
            assert_eq!(cut.status().await, TurnStatus::Done, "{at}");
            assert_eq!(said(&items), errand.says, "{at}");
            // What was asked about comes after the other results.
            let read = |asked: &[Vec<String>]| asked.last().unwrap().iter().cloned().collect();
            let (read, expected): (BTreeSet<String>, BTreeSet<String>) =
                (read(&cut.model.asked()), read(&asked));
            assert_eq!(read, expected, "{at}");
            assert_eq!(cut.tokens().await, whole.tokens().await, "{at}");
        }
        assert_eq!(
            asked_after.len(),
            errand.asks,
            "errand {number}: {asked_after:?}"
        );
    }
}

#[tokio::test]
async fn wherever_a_process_dies_what_was_approved_is_done_once_or_asked_about_again() {
    for tool in ["add_task", "set"] {
        let mut asked_after = Vec::new();
        for writes in 0.. {
            let at = format!("{tool} after {writes} writes");
            let cut = Cut::approving(writes, tool).await;
            if cut.status().await == TurnStatus::Waiting {
                asked_after.push(writes);
                assert_eq!((cut.done(tool), cut.questions().await), (1, 1), "{at}");
                press(&cut.desk, &cut.thread, "decline").await;
            }
            assert_eq!(cut.status().await, TurnStatus::Done, "{at}");
            let times = cut.done(tool);
            assert!(times == 1 || (tool == "set" && times == 2), "{at}: {times}");
            assert_eq!(said(&cut.items().await), ["Fine."], "{at}");
            if !cut.died {
                assert!(writes > 3, "{at}");
                break;
            }
        }
        let questions = usize::from(tool != "set");
        assert_eq!(asked_after.len(), questions, "{tool}: {asked_after:?}");
    }
}

#[tokio::test]
async fn a_message_that_was_withheld_stays_withheld() {
    let plan = || vec![(0, says("Never."))];
    let guarded = |mut agent: Agent<TurnContext>| {
        let stop = OnMatch::Stop {
            message: "No cards, please.".to_owned(),
        };
        let cards = PatternGuardrail::new("cards", [r"\d{4}-\d{4}"], stop).unwrap();
        agent
            .guardrails
            .input
            .push(Arc::new(cards.timed(Timing::Blocking)));
        Agents::of(agent)
    };
    let mut cuts = 0;
    for writes in 0.. {
        let cut = Cut::first(writes, "mine is 1234-5678", plan(), guarded).await;
        assert!(cut.model.asked().is_empty(), "after {writes} writes");
        let items = cut.items().await;
        assert_eq!(items.len(), 2, "{items:?}");
        assert_eq!(cut.status().await, TurnStatus::Done);
        if !cut.died {
            break;
        }
        cuts += 1;
        let (_, mut reader) = cut.desk.begin(add(&cut.thread, "And now?"), &plain()).await;
        read_all(&mut reader).await;
        let withheld = "User: [This message was withheld: a check did not let it through.]";
        assert_eq!(cut.model.asked()[0][0], withheld, "after {writes} writes");
    }
    assert!(cuts > 1, "{cuts} cuts");
}

#[tokio::test]
async fn wherever_a_process_dies_the_agent_that_took_over_goes_on() {
    let plan = || vec![(0, silently_calls(&["transfer_to_billing"]))];
    let billing = Planned::new(vec![(0, thinks_and_says("Paid."))]);
    let agents = |mut agent: Agent<TurnContext>| {
        agent.handoffs.push(Handoff::to("billing"));
        let other = Agent::new("billing", "", billing.clone() as Arc<dyn Model>);
        Agents::new(agent, [Arc::new(other)]).unwrap()
    };
    let whole = Cut::first(MANY, "Pay", plan(), agents).await;
    let expected = seen(&whole.items().await);
    for writes in 0.. {
        let cut = Cut::first(writes, "Pay", plan(), agents).await;
        let items = cut.items().await;
        assert_eq!(said(&items), ["Paid."], "after {writes} writes");
        assert_eq!(seen(&items), expected, "after {writes} writes");
        let (_, mut reader) = cut.desk.begin(add(&cut.thread, "Thanks"), &plain()).await;
        read_all(&mut reader).await;
        assert_eq!(said(&cut.items().await), ["Paid.", "Paid."]);
        if !cut.died {
            assert!(writes > 2, "{writes} writes");
            break;
        }
    }
}
