//! The agent runtime through its public door.

#[cfg(test)]
#[path = "all/approval.rs"]
mod approval;
#[cfg(test)]
#[path = "all/arguments.rs"]
mod arguments;
#[cfg(test)]
#[path = "all/calls.rs"]
mod calls;
#[cfg(test)]
#[path = "all/conversation.rs"]
mod conversation;
#[cfg(test)]
#[path = "all/lines.rs"]
mod lines;
#[cfg(test)]
#[path = "all/reading.rs"]
mod reading;
#[cfg(test)]
#[path = "all/scene.rs"]
mod scene;
#[cfg(test)]
#[path = "all/state.rs"]
mod state;
#[cfg(test)]
#[path = "all/stopping.rs"]
mod stopping;
#[cfg(test)]
#[path = "all/toolsets.rs"]
mod toolsets;
