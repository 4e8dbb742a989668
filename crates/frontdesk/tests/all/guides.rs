//! The configurations in the guides and on the first page are read as they stand, with what is commented out in them, too.

use std::fs;
use std::path::Path;

use frontdesk::config::{Config, Sources};
use tempfile::TempDir;

/// The guides whose blocks are whole sections, or keys of a model.
const GUIDES: [&str; 7] = [
    "models.md",
    "files.md",
    "context.md",
    "agents.md",
    "../operations/postgresql.md",
    "turns.md",
    "../../README.md",
];
/// The models that the guides speak of.
const MODELS: [&str; 4] = ["default", "claude", "local", "small"];
/// The tool servers that they speak of.
const SERVERS: [&str; 4] = ["orders", "stock", "manuals", "invoices"];
/// The files that they speak of, and what is in them.
const FILES: [(&str, &str); 2] = [
    ("assistant.md", "You are the assistant."),
    ("invoice.schema.json", "{\"type\": \"object\"}"),
];
/// Where the guides have their secrets.
const SECRETS: &str = "/run/secrets/";

/// The blocks of TOML in a guide.
fn blocks(guide: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides");
    let text = fs::read_to_string(path.join(guide)).unwrap();
    let after_fences = text.split("```toml\n").skip(1);
    let blocks = after_fences.map(|after| after.split("\n```").next().unwrap().to_owned());
    blocks.collect()
}

/// The block as a file: keys get a model's heading, and what it names is there.
fn file(block: &str, dir: &str) -> String {
    let mut file = block
        .replace(SECRETS, &format!("{dir}/"))
        .replace("\n# ", "\n");
    for (name, _) in FILES {
        file = file.replace(&format!("\"{name}\""), &format!("\"{dir}/{name}\""));
    }
    if !file.starts_with('[') {
        file = format!("[model.default]\nprovider = \"openai_responses\"\n{file}");
    }
    for model in MODELS {
        let heading = format!("[model.{model}]");
        if !file.contains(&heading) {
            file = format!("{file}\n{heading}");
        }
    }
    for server in SERVERS {
        let heading = format!("[mcp.{server}]");
        if !file.contains(&heading) {
            file = format!("{file}\n{heading}\nurl = \"http://localhost:8001/mcp\"");
        }
    }
    file
}

#[test]
fn what_the_guides_show_is_read() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().to_str().unwrap();
    for (name, text) in FILES {
        fs::write(dir.path().join(name), text).unwrap();
    }
    for secret in [
        "openai",
        "azure",
        "openrouter",
        "deepseek",
        "anthropic",
        "s3",
    ] {
        fs::write(dir.path().join(secret), "sk-secret").unwrap();
    }
    for url in ["database-url", "database-itself"] {
        fs::write(dir.path().join(url), "postgres://ann:secret@db/app").unwrap();
    }
    fs::write(dir.path().join("frontdesk"), "s".repeat(64)).unwrap();
    for guide in GUIDES {
        let blocks = blocks(guide);
        assert!(!blocks.is_empty(), "{guide}");
        for block in blocks {
            let written = dir.path().join("frontdesk.toml");
            fs::write(&written, file(&block, path)).unwrap();
            let read = Config::read(&Sources {
                file: Some(written),
                ..Sources::default()
            });
            assert!(read.is_ok(), "{guide}: {block}\n{:?}", read.unwrap_err());
        }
    }
}
