use frontdesk_testkit::schemas::{Schema, check};
use serde_json::json;

#[test]
fn good_values_pass_and_bad_ones_name_the_fault() {
    check(
        Schema::Event,
        &json!({"type": "notice", "level": "info", "message": "hello"}),
    )
    .unwrap();
    check(
        Schema::Event,
        &json!({"type": "stream_options", "stream_options": {"allow_cancel": true}}),
    )
    .unwrap();
    for schema in [Schema::Event, Schema::Item, Schema::Request, Schema::Thread] {
        let fault = check(schema, &json!({"type": 1})).unwrap_err().to_string();
        assert!(fault.contains(&format!("{schema:?}")), "{fault}");
    }
}
