//! A ChatKit request: no body makes the parser panic, and what was read can be written.
//!
//! Where the written form can be read again, it is written the same; a `null` that is left out may be missed then.

#![no_main]

use frontdesk_protocol::Request;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(request) = Request::parse(body) {
        let written = serde_json::to_vec(&request).expect("what was read can be written");
        if let Ok(again) = Request::parse(&written) {
            let rewritten = serde_json::to_vec(&again).expect("what was read again can be written");
            assert_eq!(written, rewritten);
        }
    }
});
