//! The model crate through its public door.

#[cfg(test)]
#[path = "all/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "all/anthropic_answers.rs"]
mod anthropic_answers;
#[cfg(test)]
#[path = "all/anthropic_requests.rs"]
mod anthropic_requests;
#[cfg(test)]
#[path = "all/chat_answers.rs"]
mod chat_answers;
#[cfg(test)]
#[path = "all/chat_requests.rs"]
mod chat_requests;
#[cfg(test)]
#[path = "all/failures.rs"]
mod failures;
#[cfg(test)]
#[path = "all/fallback.rs"]
mod fallback;
#[cfg(test)]
#[path = "all/fits.rs"]
mod fits;
#[cfg(test)]
#[path = "all/items.rs"]
mod items;
#[cfg(test)]
#[path = "all/limited.rs"]
mod limited;
#[cfg(test)]
#[path = "all/planned.rs"]
mod planned;
#[cfg(test)]
#[path = "all/prices.rs"]
mod prices;
#[cfg(test)]
#[path = "all/replay.rs"]
mod replay;
#[cfg(test)]
#[path = "all/scripted.rs"]
mod scripted;
#[cfg(test)]
#[path = "all/scripts.rs"]
mod scripts;
#[cfg(test)]
#[path = "all/server.rs"]
mod server;
#[cfg(test)]
#[path = "all/sse.rs"]
mod sse;
#[cfg(test)]
#[path = "all/transcription.rs"]
mod transcription;
