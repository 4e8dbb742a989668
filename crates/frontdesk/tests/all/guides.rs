//! The configurations in the guides are read as they stand, with what is commented out in them, too.

use std::fs;
use std::path::Path;

use frontdesk::config::{Config, Sources};
use tempfile::TempDir;

/// The guides whose blocks are whole sections, or keys of a model.
const GUIDES: [&str; 2] = ["models.md", "context.md"];
/// The models that the guides speak of.
const MODELS: [&str; 4] = ["default", "claude", "local", "small"];
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

/// The block as a file: keys get a model's heading, and the models that it names are there.
fn file(block: &str, secrets: &str) -> String {
    let mut file = block.replace(SECRETS, secrets).replace("\n# ", "\n");
    if !file.starts_with('[') {
        file = format!("[model.default]\nprovider = \"openai_responses\"\n{file}");
    }
    for model in MODELS {
        let heading = format!("[model.{model}]");
        if !file.contains(&heading) {
            file = format!("{file}\n{heading}");
        }
    }
    file
}

#[test]
fn what_the_guides_show_is_read() {
    let dir = TempDir::new().unwrap();
    let secrets = dir.path().to_str().unwrap();
    for secret in ["openai", "azure", "openrouter", "deepseek", "anthropic"] {
        fs::write(dir.path().join(secret), "sk-secret").unwrap();
    }
    for guide in GUIDES {
        let blocks = blocks(guide);
        assert!(!blocks.is_empty(), "{guide}");
        for block in blocks {
            let path = dir.path().join("frontdesk.toml");
            fs::write(&path, file(&block, &format!("{secrets}/"))).unwrap();
            let read = Config::read(&Sources {
                file: Some(path),
                ..Sources::default()
            });
            assert!(read.is_ok(), "{guide}: {block}\n{:?}", read.unwrap_err());
        }
    }
}
