//! Many tools at once: each result is told when it is there, not when all are.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_agent::{
    AgentEvent, Agents, Ended, Observer, Stopped, ToolContext, ToolError, function_tool, run,
};
use frontdesk_model::Item;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use crate::scene::{Desk, PlayedModel, agent, calls, context, results, says};

#[derive(Deserialize, JsonSchema)]
struct Number {
    number: usize,
}

/// The order in which the tools are let go.
const ORDER: [usize; 8] = [5, 0, 7, 2, 6, 1, 4, 3];

/// Lets the next tool go when the one before was told as finished.
struct Gatekeeper {
    waiting: Vec<Option<oneshot::Sender<()>>>,
    told: Vec<String>,
    arrived: mpsc::Receiver<(usize, oneshot::Sender<()>)>,
}

impl Gatekeeper {
    fn let_go(&mut self) {
        if let Some(next) = ORDER.get(self.told.len()) {
            self.waiting[*next].take().unwrap().send(()).unwrap();
        }
    }
}

#[async_trait]
impl Observer for Gatekeeper {
    async fn observe(&mut self, event: AgentEvent) -> Result<(), Stopped> {
        match event {
            AgentEvent::ToolFinished { text, .. } => {
                self.told.push(text);
                self.let_go();
            }
            // The first report comes when all eight have come.
            AgentEvent::ToolProgress { .. } => {
                while let Ok((number, sender)) = self.arrived.try_recv() {
                    self.waiting[number] = Some(sender);
                }
                assert!(self.waiting.iter().all(Option::is_some));
                self.let_go();
            }
            _ => {}
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn check_24_eight_slow_tools_work_at_once_and_each_result_is_told_when_it_is_there() {
    let (arrive, arrived) = mpsc::channel(8);
    let count = Arc::new(Mutex::new(0));
    let work = move |number: Number, context: ToolContext<Desk>| {
        let (arrive, count) = (arrive.clone(), Arc::clone(&count));
        async move {
            let (go, gone) = oneshot::channel();
            arrive.try_send((number.number, go)).unwrap();
            let arrived = {
                let mut count = count.lock().unwrap();
                *count += 1;
                *count
            };
            if arrived == 8 {
                context
                    .progress
                    .report(frontdesk_agent::Progress::default());
            }
            gone.await.unwrap();
            Ok::<_, ToolError>(format!("done {}", number.number))
        }
    };
    let asked: Vec<(String, String)> = (0..8)
        .map(|number| (format!("c{number}"), format!("{{\"number\": {number}}}")))
        .collect();
    let asked: Vec<(&str, &str, &str)> = asked
        .iter()
        .map(|(id, arguments)| (id.as_str(), "work", arguments.as_str()))
        .collect();
    let model = PlayedModel::new(vec![calls(&asked), says("Done.")]);
    let agents = Agents::of(agent(&model, vec![function_tool("work", "Works.", work)]));
    let mut gatekeeper = Gatekeeper {
        waiting: (0..8).map(|_| None).collect(),
        told: Vec::new(),
        arrived,
    };
    let input = vec![Item::user("hello")];
    let outcome = run(&agents, input, context(), &mut gatekeeper)
        .await
        .unwrap();

    assert_eq!(outcome.ended, Ended::Answered);
    assert_eq!(
        gatekeeper.told,
        ORDER.map(|number| format!("done {number}"))
    );
    // The model reads them in the order of its calls.
    let read: Vec<String> = (0..8)
        .map(|number| format!("c{number}: done {number}"))
        .collect();
    assert_eq!(results(&outcome.new_items), read);
    assert_eq!(results(&model.request(1).input), read);
}

/// Hears nothing.
struct Deaf;

#[async_trait]
impl Observer for Deaf {
    async fn observe(&mut self, _: AgentEvent) -> Result<(), Stopped> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn check_24_eight_slow_tools_take_as_long_as_the_slowest() {
    let slow = |wanted: Number, _: ToolContext<Desk>| async move {
        sleep(Duration::from_secs(1 + wanted.number as u64)).await;
        Ok::<_, ToolError>("done")
    };
    let asked: [_; 8] =
        std::array::from_fn(|number| (format!("c{number}"), format!("{{\"number\": {number}}}")));
    let asked = asked
        .each_ref()
        .map(|(id, arguments)| (id.as_str(), "slow", arguments.as_str()));
    let model = PlayedModel::new(vec![calls(&asked), says("Done.")]);
    let agents = Agents::of(agent(&model, vec![function_tool("slow", "Works.", slow)]));
    let start = Instant::now();
    let input = vec![Item::user("hello")];
    run(&agents, input, context(), &mut Deaf).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 8);
}
