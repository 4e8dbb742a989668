//! The example as its readers run it: it asks, and goes on in another process.

use std::path::Path;
use std::process::Command;

/// What the example says, without a key.
#[cfg(test)]
fn say(folder: &Path, said: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_approvals"))
        .arg(said)
        .current_dir(folder)
        .env_remove("OPENAI_API_KEY")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn nothing_is_deleted_before_the_user_said_yes_and_then_once() {
    let folder = tempfile::tempdir().unwrap();
    let asked = "May I? Delete a backup {\"month\":\"May\"}\nAnswer with `yes` or `no`.\n";
    let say = |said| say(folder.path(), said);
    assert_eq!(say("Delete the backup of May"), asked);
    assert_eq!(
        say("no"),
        "[delete_backup: The user declined this call.]\nThat wasn't done: The user declined this call.\n"
    );
    assert_eq!(say("Delete the backup of May"), asked);
    assert_eq!(
        say("yes"),
        "[delete_backup: {\"month\":\"May\",\"on_behalf_of\":\"ann\"}]\nThe backup of May is gone.\n"
    );
    assert_eq!(say("Delete the backup of Mai").lines().count(), 2);
    assert_eq!(
        say("yes"),
        "[delete_backup: no such backup: Mai]\nThat wasn't done: no such backup: Mai\n"
    );
    let again = say("yes");
    assert!(
        again.starts_with("Error: nothing waits for an answer"),
        "{again}"
    );
}
