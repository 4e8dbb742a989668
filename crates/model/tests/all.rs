//! The model crate through its public door.

#[cfg(test)]
#[path = "all/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "all/anthropic_answers.rs"]
mod anthropic_answers;
#[cfg(test)]
#[path = "all/anthropic_failures.rs"]
mod anthropic_failures;
#[cfg(test)]
#[path = "all/anthropic_history.rs"]
mod anthropic_history;
#[cfg(test)]
#[path = "all/anthropic_hosted.rs"]
mod anthropic_hosted;
#[cfg(test)]
#[path = "all/anthropic_requests.rs"]
mod anthropic_requests;
#[cfg(test)]
#[path = "all/any_history.rs"]
mod any_history;
#[cfg(test)]
#[path = "all/asked_waits.rs"]
mod asked_waits;
#[cfg(test)]
#[path = "all/beyond_text.rs"]
mod beyond_text;
#[cfg(test)]
#[path = "all/chat_answers.rs"]
mod chat_answers;
#[cfg(test)]
#[path = "all/chat_extras.rs"]
mod chat_extras;
#[cfg(test)]
#[path = "all/chat_history.rs"]
mod chat_history;
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
#[path = "all/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "all/items.rs"]
mod items;
#[cfg(test)]
#[path = "all/kept_answers.rs"]
mod kept_answers;
#[cfg(test)]
#[path = "all/limited.rs"]
mod limited;
#[cfg(test)]
#[path = "all/missing.rs"]
mod missing;
#[cfg(test)]
#[path = "all/planned.rs"]
mod planned;
#[cfg(test)]
#[path = "all/prices.rs"]
mod prices;
#[cfg(test)]
#[path = "all/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "all/replay.rs"]
mod replay;
#[cfg(test)]
#[path = "all/retries.rs"]
mod retries;
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
#[path = "all/silence.rs"]
mod silence;
#[cfg(test)]
#[path = "all/sse.rs"]
mod sse;
#[cfg(test)]
#[path = "all/tools_and_forms.rs"]
mod tools_and_forms;
#[cfg(test)]
#[path = "all/transcription.rs"]
mod transcription;
