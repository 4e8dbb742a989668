//! The protocol against what was recorded of the reference, and against what nobody should send.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails here says where"
)]

#[path = "all/applying.rs"]
mod applying;
#[path = "all/bad_requests.rs"]
mod bad_requests;
#[path = "all/hostile.rs"]
mod hostile;
#[path = "all/privacy.rs"]
mod privacy;
#[path = "all/recorded.rs"]
mod recorded;
#[path = "all/times.rs"]
mod times;
#[path = "all/unknown.rs"]
mod unknown;
#[path = "all/vectors.rs"]
mod vectors;
#[path = "all/widgets.rs"]
mod widgets;
