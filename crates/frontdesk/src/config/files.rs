//! `[files]`: where attachments' bytes lie, and what is taken.

use std::path::PathBuf;

use frontdesk_files::{Addressing, FileLimits, Place, S3, TypePattern};
use url::Url;

use super::layers::Layers;
use super::section::Section;
use super::web_address::web_address;
use super::{ConfigError, Environment, ServerSection, Setting, StorePlace};

/// The folder in the data directory where files lie when nothing is said.
const DEFAULT_FOLDER: &str = "files";
/// The keys that are about a bucket.
const BUCKET_KEYS: [&str; 6] = [
    "endpoint",
    "region",
    "path_style",
    "access_key_id",
    "secret_access_key",
    "secret_access_key_file",
];
/// What an endpoint may look like.
const EXAMPLE_ENDPOINT: &str = "https://s3.example.com";
/// What the variables begin with that S3 clients read.
const AWS_PREFIX: &str = "AWS_";

/// `[files]`.
#[derive(Debug, Clone)]
pub struct FilesSection {
    /// `url`, `endpoint`, `region`, `path_style`, `access_key_id`, `secret_access_key`: where the bytes lie. Where the
    /// store is for many processes there is no place by default, because a folder of one process is none of the others'.
    pub place: Option<Setting<Place>>,
    /// `max_bytes` and `types`: what is taken.
    pub limits: FileLimits,
}

/// What a URL names.
enum Named {
    Folder(PathBuf),
    Bucket { name: String, prefix: String },
}

/// The keys about a bucket.
struct BucketKeys {
    endpoint: Option<Setting<Url>>,
    region: Option<String>,
    addressing: Option<Addressing>,
    access_key: Option<(String, frontdesk_identity::Secret)>,
}

impl FilesSection {
    pub(crate) fn read(
        layers: &mut Layers,
        environment: &Environment,
        server: &ServerSection,
        store: &StorePlace,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "files");
        let named = section.read(
            "url",
            "\"s3://BUCKET/PREFIX\" or \"file://\" and a folder",
            |value| named(value.as_str()?),
        )?;
        if !matches!(&named, Some(named) if matches!(named.value, Named::Bucket { .. })) {
            let reason = "is for a bucket: set files.url to s3://BUCKET";
            section.refuse(&BUCKET_KEYS, reason)?;
        }
        let bucket = bucket_keys(&mut section)?;
        let mut limits = FileLimits::default();
        if let Some(bytes) = section.number("max_bytes", "a number of bytes from 1")? {
            limits.max_bytes = bytes.value;
        }
        if let Some(types) = types(&mut section)? {
            limits.types = types;
        }
        let folder = |folder| Place::Folder(server.data_dir.value.join(folder));
        let place = match (named, store) {
            (Some(named), _) => Some(named.map(|named| match named {
                Named::Folder(named) => folder(named),
                Named::Bucket { name, prefix } => bucket.place(name, prefix, environment),
            })),
            (None, StorePlace::Sqlite(_)) => {
                let usual = folder(PathBuf::from(DEFAULT_FOLDER));
                Some(Setting::default_value(usual))
            }
            (None, StorePlace::Postgres(_)) => None,
        };
        section.finish()?;
        Ok(Self { place, limits })
    }
}

impl BucketKeys {
    /// The bucket of this name. What isn't set is as the environment has it.
    fn place(self, bucket: String, prefix: String, environment: &Environment) -> Place {
        let usual = if self.endpoint.is_some() {
            Addressing::Path
        } else {
            Addressing::Host
        };
        let aws = environment.with_prefix(AWS_PREFIX);
        Place::S3(Box::new(S3 {
            bucket,
            prefix,
            endpoint: self.endpoint.map(|endpoint| endpoint.value),
            region: self.region,
            addressing: self.addressing.unwrap_or(usual),
            access_key: self.access_key,
            environment: aws
                .map(|(rest, value)| (format!("{AWS_PREFIX}{rest}"), value.value))
                .collect(),
        }))
    }
}

fn bucket_keys(section: &mut Section<'_>) -> Result<BucketKeys, ConfigError> {
    let endpoint_key = section.key("endpoint");
    let endpoint = section.text("endpoint")?;
    let endpoint = endpoint.map(|url| web_address(endpoint_key, url, EXAMPLE_ENDPOINT));
    let region = section.name("region")?;
    let addressing = section.flag("path_style", (Addressing::Host, Addressing::Path))?;
    let id = section.name("access_key_id")?;
    let secret = section.secret("secret_access_key")?;
    let access_key = match (id, secret) {
        (Some(id), Some(secret)) => Some((id.value, secret.value)),
        (None, None) => None,
        (Some(alone), None) => return Err(half(&alone.origin)),
        (None, Some(alone)) => return Err(half(&alone.origin)),
    };
    Ok(BucketKeys {
        endpoint: endpoint.transpose()?,
        region: region.map(|region| region.value),
        addressing: addressing.map(|addressing| addressing.value),
        access_key,
    })
}

fn half(origin: &super::Origin) -> ConfigError {
    ConfigError::Conflict {
        message: format!(
            "files.access_key_id and files.secret_access_key belong together: one is missing (the other is from {origin})"
        ),
    }
}

fn types(section: &mut Section<'_>) -> Result<Option<Vec<TypePattern>>, ConfigError> {
    let key = section.key("types");
    let Some(types) = section.list("types")? else {
        return Ok(None);
    };
    let mut patterns = Vec::new();
    for text in &types.value {
        let pattern = TypePattern::read(text).ok_or_else(|| ConfigError::Invalid {
            key: key.clone(),
            origin: types.origin.clone(),
            expected: "media types such as \"image/png\" or \"text/*\"".to_owned(),
            found: Some(format!("{text:?}")),
        })?;
        patterns.push(pattern);
    }
    Ok(Some(patterns))
}

fn named(text: &str) -> Option<Named> {
    if let Some(folder) = text.strip_prefix("file://") {
        return (!folder.is_empty()).then(|| Named::Folder(folder.into()));
    }
    let rest = text.strip_prefix("s3://")?;
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = |sign: u8| sign.is_ascii_alphanumeric() || b".-_".contains(&sign);
    let is_name = !name.is_empty() && name.bytes().all(plain);
    is_name.then(|| Named::Bucket {
        name: name.to_owned(),
        prefix: prefix.trim_end_matches('/').to_owned(),
    })
}
