//! The wait that a provider asks for in the words of an error, when the headers are long gone.

use std::time::Duration;

use frontdesk_model::openai_responses::replayed;
use serde_json::json;

use crate::server::frames;

#[test]
fn a_wait_is_read_from_the_words_of_an_error() {
    let millis = |number| Some(Duration::from_millis(number));
    for (message, expected) in [
        (
            "Rate limit reached. Please try again in 1.3s.",
            millis(1_300),
        ),
        ("please try again in 450ms", millis(450)),
        ("try again in 20 seconds", millis(20_000)),
        ("try again in 6m0s", millis(360_000)),
        ("try again in a while", None),
        ("try again in 3", None),
        ("try again in 1.2.3s", None),
        ("try again in 99999999999999999999999999999s", None),
        ("try again in 3 fortnights", None),
        ("later", None),
    ] {
        let error = json!({"code": "rate_limit_exceeded", "message": message});
        let event =
            json!({"type": "response.failed", "response": {"status": "failed", "error": error}});
        let (_, error) = replayed([&*frames(&[event])]);
        assert_eq!(error.unwrap().retry_after, expected, "{message}");
    }
}
