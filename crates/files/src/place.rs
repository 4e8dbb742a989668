//! Where bytes lie: a local folder, a bucket that speaks S3, or memory.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use frontdesk_identity::{Scope, Secret};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::FileError;

/// How long one request to a bucket may take, a part of an upload included.
const REQUEST_TIME: Duration = Duration::from_mins(2);
/// How long a connection to a bucket may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How often, and for how long, a request that failed for no fault of ours is tried again.
const RETRIES: usize = 3;
const RETRY_TIME: Duration = Duration::from_secs(30);
/// Hexadecimal digits that stand for an owner.
const OWNER_DIGITS: usize = 32;
/// What variables of the environment begin with that an S3 client knows.
const AWS_PREFIX: &str = "AWS_";

/// Where bytes lie.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder; it is made where there is none.
    Folder(PathBuf),
    /// A bucket.
    S3(Box<S3>),
    /// Nowhere: what is there ends with the process.
    Memory,
}

/// A bucket that speaks S3.
#[derive(Clone)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// What stands before all names in it.
    pub prefix: String,
    /// The service, where it isn't AWS.
    pub endpoint: Option<Url>,
    /// The region.
    pub region: Option<String>,
    /// How the bucket is addressed.
    pub addressing: Addressing,
    /// The id and the secret of an access key.
    pub access_key: Option<(String, Secret)>,
    /// `AWS_…` variables, for what isn't set above.
    pub environment: Vec<(String, String)>,
}

/// How a bucket is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// In the path, as most services but AWS take it.
    Path,
    /// In the host name.
    Host,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("endpoint", &self.endpoint.as_ref().map(Url::as_str))
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// An opened place.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// The same, where it is a folder.
    folder: Option<Arc<LocalFileSystem>>,
    prefix: String,
}

impl Bucket {
    /// Opens a place. Nothing is sent to a bucket yet.
    pub(crate) fn open(place: Place) -> Result<Self, FileError> {
        let unusable = |detail: String| FileError::Unavailable { detail };
        let (objects, prefix): (Arc<dyn ObjectStore>, String) = match place {
            Place::Memory => (Arc::new(InMemory::new()), String::new()),
            Place::Folder(folder) => {
                make_private(&folder)
                    .map_err(|error| unusable(format!("{}: {error}", folder.display())))?;
                let files = LocalFileSystem::new_with_prefix(&folder)?;
                let files = Arc::new(files.with_fsync(true));
                return Ok(Self {
                    objects: files.clone(),
                    folder: Some(files),
                    prefix: String::new(),
                });
            }
            Place::S3(s3) => (Arc::new(s3.client()?), s3.prefix.clone()),
        };
        Ok(Self {
            objects,
            folder: None,
            prefix,
        })
    }

    /// The path of an object. The owner is in it as a hash, so nothing that anybody chose is.
    pub(crate) fn path(&self, scope: &Scope, object: &str) -> Path {
        let owner = owner_digits(scope);
        let parts = self.prefix.split('/').filter(|part| !part.is_empty());
        parts.chain([owner.as_str(), object]).collect()
    }

    /// Removes what a process that died left of an object in a folder. What is being written there is in
    /// [files beside it](https://docs.rs/object_store/latest/object_store/local/struct.LocalFileSystem.html), with `#`
    /// and a number behind the name, and they can't be named as objects.
    pub(crate) async fn remove_unfinished(&self, path: &Path) -> Result<(), FileError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let whole = folder.path_to_filesystem(path)?;
        for number in 1_u32.. {
            let mut unfinished = whole.clone().into_os_string();
            unfinished.push(format!("#{number}"));
            match tokio::fs::remove_file(&unfinished).await {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => {
                    return Err(FileError::Unavailable {
                        detail: format!("{}: {error}", PathBuf::from(unfinished).display()),
                    });
                }
            }
        }
        Ok(())
    }
}

impl S3 {
    fn client(&self) -> Result<impl ObjectStore, FileError> {
        let mut builder = AmazonS3Builder::new();
        for (name, value) in &self.environment {
            let key = name.starts_with(AWS_PREFIX).then(|| name.to_lowercase());
            let key = key.and_then(|key| key.parse::<AmazonS3ConfigKey>().ok());
            if let Some(key) = key {
                builder = builder.with_config(key, value);
            }
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
        }
        if let Some((id, secret)) = &self.access_key {
            builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret.expose());
        }
        let is_plain = |url: &Url| url.scheme() == "http";
        let options = ClientOptions::new()
            .with_timeout(REQUEST_TIME)
            .with_connect_timeout(CONNECT_TIME)
            .with_allow_http(self.endpoint.as_ref().is_some_and(is_plain));
        let retry = RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY_TIME,
            ..RetryConfig::default()
        };
        Ok(builder
            .with_bucket_name(&self.bucket)
            .with_virtual_hosted_style_request(self.addressing == Addressing::Host)
            .with_client_options(options)
            .with_retry(retry)
            .build()?)
    }
}

fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn owner_digits(scope: &Scope) -> String {
    // Ids have no control characters, so this is unambiguous.
    let owner = format!("{}\n{}", scope.tenant.as_str(), scope.user.as_str());
    let hash = digest(&SHA256, owner.as_bytes());
    let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    digits.take(OWNER_DIGITS).collect()
}
