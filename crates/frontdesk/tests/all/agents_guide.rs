//! The configuration that the guide about agents shows is one that is read.

use std::fs;

use frontdesk::config::{Config, Sources};
use tempfile::TempDir;

const GUIDE: &str = include_str!("../../../../docs/guides/agents.md");
/// What the guide's pieces name and don't show.
const REST: [(&str, &str); 6] = [
    ("[model.default]", "provider = \"scripted\""),
    ("[model.small]", "provider = \"scripted\""),
    ("[mcp.orders]", "url = \"http://127.0.0.1:1/mcp\""),
    ("[mcp.stock]", "url = \"http://127.0.0.1:2/mcp\""),
    ("[mcp.manuals]", "url = \"http://127.0.0.1:3/mcp\""),
    ("[server]", "listen = \"127.0.0.1:0\""),
];

#[test]
fn every_piece_of_configuration_is_read() {
    let dir = TempDir::new().unwrap();
    let schema = dir.path().join("invoice.schema.json");
    fs::write(&schema, "{\"type\": \"object\", \"properties\": {}}").unwrap();
    let mut read = 0;
    for block in GUIDE.split("```toml\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        let mut text = block.replace("invoice.schema.json", schema.to_str().unwrap());
        for (section, rest) in REST {
            if !block.contains(section) {
                text.extend(["\n", section, "\n", rest, "\n"]);
            }
        }
        let path = dir.path().join("frontdesk.toml");
        fs::write(&path, &text).unwrap();
        let config = Config::read(&Sources {
            file: Some(path),
            ..Sources::default()
        });
        if let Err(error) = config {
            panic!("{error}\n{text}");
        }
        read += 1;
    }
    assert!(read > 8, "{read}");
}
