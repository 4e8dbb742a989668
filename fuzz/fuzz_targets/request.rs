//! A ChatKit request: no body makes the parser panic, and what was read can be written and read again.

#![no_main]

use frontdesk_protocol::Request;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(request) = Request::parse(body) {
        let written = serde_json::to_vec(&request).expect("what was read can be written");
        let again = Request::parse(&written).expect("what was written can be read");
        let rewritten = serde_json::to_vec(&again).expect("what was read again can be written");
        assert_eq!(written, rewritten);
    }
});
