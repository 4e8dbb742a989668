//! Times: what is read, and how it is written.

use frontdesk_protocol::ThreadItem;
use serde_json::json;

fn item(time: &str) -> Result<ThreadItem, serde_json::Error> {
    serde_json::from_value(json!({
        "type": "end_of_turn", "id": "a", "thread_id": "t", "created_at": time,
    }))
}

#[test]
fn times_are_written_in_utc() {
    let cases = [
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("2026-01-01T10:00:00.5+02:00", "2026-01-01T08:00:00.5Z"),
        ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"),
        ("2026-01-01T10:00:00.123456", "2026-01-01T10:00:00.123456Z"),
        ("2026-01-01 10:00:00", "2026-01-01T10:00:00Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
    ];
    for (read, written) in cases {
        let value = serde_json::to_value(item(read).unwrap()).unwrap();
        assert_eq!(value["created_at"], written, "{read}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    let times = [
        "",
        "today",
        "2026-13-01T10:00:00Z",
        "2026-01-01T25:00:00",
        "9999-12-31T23:59:59-23:00",
        "-000001-01-01T00:00:00Z",
        "2026-01-01T10:00:00+99:00",
        "2026-01-01T10:00:00[Europe/Berlin]",
    ];
    for time in times {
        let error = item(time).unwrap_err().to_string();
        assert!(error.starts_with("at `created_at`: "), "{time}: {error}");
    }
}
