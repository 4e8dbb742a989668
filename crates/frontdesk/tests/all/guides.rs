//! The configurations in the guides and on the first page are read as they stand, and with what is commented out in them.

use std::fs;
use std::path::Path;

use frontdesk::config::{Config, Sources};
use tempfile::TempDir;

/// The section of the models' keys.
const MODEL: &str = "[model.default]\nprovider = \"openai_responses\"";
/// The section of a tool server's keys.
const SERVER: &str = "[mcp.tasks]\nurl = \"https://tasks.example.com/mcp\"";
/// What ways of calling tool servers need that pass the user's token on.
const TOKENS: &str =
    "[auth]\nmode = \"jwt\"\nissuer = \"https://sso.example.com\"\naudience = \"frontdesk\"";

/// These ways.
const NEED_TOKENS: [&str; 2] = ["auth = \"exchange\"", "auth = \"forward\""];

/// The guides, with the heading that keys get where they stand alone, and whether all that is commented out goes
/// together; where it doesn't, each line is tried by itself.
const GUIDES: [(&str, &str, Comments); 11] = [
    ("models.md", MODEL, Comments::Together),
    ("files.md", MODEL, Comments::Together),
    ("context.md", MODEL, Comments::Together),
    ("agents.md", MODEL, Comments::Together),
    ("turns.md", MODEL, Comments::Together),
    ("tools.md", SERVER, Comments::Together),
    ("sign-in.md", MODEL, Comments::Alone),
    ("front-end.md", MODEL, Comments::Together),
    ("../operations/postgresql.md", MODEL, Comments::Together),
    ("../operations/data.md", MODEL, Comments::Together),
    ("../../README.md", MODEL, Comments::Together),
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
/// What is in front of a line that is commented out.
const COMMENT: &str = "\n# ";

/// What becomes of the lines that are commented out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comments {
    Together,
    Alone,
}

impl Comments {
    /// The block as it stands, and with its comments.
    fn variants(self, block: &str) -> Vec<String> {
        let lines = block.matches(COMMENT).count();
        let mut variants = vec![block.to_owned()];
        if self == Self::Together {
            variants.push(block.replace(COMMENT, "\n"));
            return variants;
        }
        for line in 0..lines {
            let before: Vec<_> = block.split(COMMENT).collect();
            let (before, after) = before.split_at(line + 1);
            let (before, after) = (before.join(COMMENT), after.join(COMMENT));
            variants.push(format!("{before}\n{after}"));
        }
        variants
    }
}

/// The blocks of TOML in a guide.
fn blocks(guide: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides");
    let text = fs::read_to_string(path.join(guide)).unwrap();
    let after_fences = text.split("```toml\n").skip(1);
    let blocks = after_fences.map(|after| after.split("\n```").next().unwrap().to_owned());
    blocks.collect()
}

/// The block as a file: keys get a heading, and what it names is there.
fn file(block: &str, heading: &str, dir: &str) -> String {
    let mut file = block.replace(SECRETS, &format!("{dir}/"));
    for (name, _) in FILES {
        file = file.replace(&format!("\"{name}\""), &format!("\"{dir}/{name}\""));
    }
    if !file.starts_with('[') {
        file = format!("{heading}\n{file}");
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
    if NEED_TOKENS.iter().any(|way| file.contains(way)) {
        file = format!("{file}\n{TOKENS}");
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
        "sso",
        "tasks",
        "jwt",
    ] {
        fs::write(dir.path().join(secret), "sk-secret, long enough for HS256").unwrap();
    }
    for url in ["database-url", "database-itself"] {
        let address = "postgres://ann:secret@db/app?sslmode=verify-full";
        fs::write(dir.path().join(url), address).unwrap();
    }
    fs::write(dir.path().join("frontdesk"), "s".repeat(64)).unwrap();
    for (guide, heading, comments) in GUIDES {
        let blocks = blocks(guide);
        assert!(!blocks.is_empty(), "{guide}");
        for block in blocks.iter().flat_map(|block| comments.variants(block)) {
            let written = dir.path().join("frontdesk.toml");
            fs::write(&written, file(&block, heading, path)).unwrap();
            let read = Config::read(&Sources {
                file: Some(written),
                ..Sources::default()
            });
            assert!(read.is_ok(), "{guide}: {block}\n{:?}", read.unwrap_err());
        }
    }
}
