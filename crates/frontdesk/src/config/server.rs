//! `[server]`: where it listens and where its data lies.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use frontdesk_identity::Secret;
use url::Url;

use super::layers::Layers;
use super::section::Section;
use super::web_address::web_address;
use super::{ConfigError, Setting};

/// Where it listens when nothing is said.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
/// How long running turns get at the end when nothing is said.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
/// What a public address may look like.
const EXAMPLE_PUBLIC_URL: &str = "https://chat.example.com";
/// The shortest server secret, in bytes.
const MIN_SECRET_BYTES: usize = 32;

/// `[server]`.
#[derive(Debug, Clone)]
pub struct ServerSection {
    /// `listen`: the address and port; port 0 takes a free one.
    pub listen: Setting<SocketAddr>,
    /// `public_url`: where browsers reach it, when that is another address.
    pub public_url: Option<Setting<Url>>,
    /// `data_dir`: where relative files lie.
    pub data_dir: Setting<PathBuf>,
    /// `secret` or `secret_file`: signs identity tokens. Without it, one is made once in the data directory.
    pub secret: Option<Setting<Secret>>,
    /// `shutdown_grace`: how long running turns get when the process is to end.
    pub shutdown_grace: Setting<Duration>,
}

impl ServerSection {
    pub(crate) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "server");
        let listen = section.read(
            "listen",
            "an address and a port such as \"127.0.0.1:8000\"",
            |value| listen(value.as_str()?),
        )?;
        let public_url_key = section.key("public_url");
        let public_url = section.text("public_url")?;
        let data_dir = section.path("data_dir")?;
        let secret = section.secret("secret")?;
        let shutdown_grace = section.duration("shutdown_grace")?;
        section.finish()?;
        let public_url = public_url
            .map(|url| web_address(public_url_key, url, EXAMPLE_PUBLIC_URL))
            .transpose()?;
        if let Some(short) = secret
            .as_ref()
            .filter(|secret| secret.value.expose().len() < MIN_SECRET_BYTES)
        {
            return Err(ConfigError::Invalid {
                key: "server.secret".to_owned(),
                origin: short.origin.clone(),
                expected: format!("at least {MIN_SECRET_BYTES} bytes"),
                found: None,
            });
        }
        Ok(Self {
            listen: listen.unwrap_or_else(|| Setting::default_value(DEFAULT_LISTEN)),
            public_url,
            data_dir: data_dir.unwrap_or_else(|| Setting::default_value(PathBuf::from("."))),
            secret,
            shutdown_grace: shutdown_grace.unwrap_or_else(|| Setting::default_value(DEFAULT_GRACE)),
        })
    }
}

fn listen(text: &str) -> Option<SocketAddr> {
    let text = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    text.parse().ok()
}
