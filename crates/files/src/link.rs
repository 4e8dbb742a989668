//! Addresses that are good for one file, one purpose and a short time, signed with a key that is derived from the
//! server's secret: every replica with the same secret takes them. They name their owner, so they need no sign-in.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_clock::Timestamp;
use frontdesk_identity::{Scope, Secret, TenantId, UserId};
use frontdesk_protocol::AttachmentId;
use serde::{Deserialize, Serialize};

/// The shortest secret that a key is made from, in bytes.
const MIN_SECRET_BYTES: usize = 16;
/// Keeps this key apart from others that are derived from the same secret.
const KEY_PURPOSE: &[u8] = b"frontdesk file links, hmac-sha256, version 1";
/// The longest link that is read, in bytes.
const MAX_LINK_BYTES: usize = 4_096;
/// How long an upload may begin.
const UPLOAD_TIME: Duration = Duration::from_mins(30);
/// Links to look at end with an hour, one hour from now at least: so a browser that asks again gets the same one and
/// need not load again what it has.
const VIEW_STEP: i64 = 3_600;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To upload the bytes.
    #[serde(rename = "u")]
    Upload,
    /// To look at the preview.
    #[serde(rename = "p")]
    Preview,
    /// To load the file.
    #[serde(rename = "d")]
    Download,
}

/// Why a link isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It isn't ours, or is for something else.
    #[error("the link is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the link has expired")]
    Expired,
}

/// Signs links and checks them.
pub struct Links {
    key: Key,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "p")]
    purpose: Purpose,
    #[serde(rename = "t")]
    tenant: TenantId,
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "a")]
    attachment: AttachmentId,
    /// In seconds since 1970.
    #[serde(rename = "e")]
    expires: i64,
}

impl Links {
    /// Derives the key from the server's secret, with HKDF-SHA256. `None`: the secret is shorter than 16 bytes.
    pub fn from_secret(secret: &Secret) -> Option<Self> {
        let secret = secret.expose().trim().as_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return None;
        }
        let key = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let key = key.expand(&[KEY_PURPOSE], HMAC_SHA256).ok()?;
        Some(Self { key: key.into() })
    }

    /// The text of a link.
    pub fn sign(
        &self,
        purpose: Purpose,
        scope: &Scope,
        attachment: &AttachmentId,
        now: Timestamp,
    ) -> String {
        let now = now.as_second();
        let expires = match purpose {
            Purpose::Upload => now.saturating_add_unsigned(UPLOAD_TIME.as_secs()),
            Purpose::Preview | Purpose::Download => {
                let hour = now.div_euclid(VIEW_STEP);
                hour.saturating_add(2).saturating_mul(VIEW_STEP)
            }
        };
        let claims = Claims {
            purpose,
            tenant: scope.tenant.clone(),
            user: scope.user.clone(),
            attachment: attachment.clone(),
            expires,
        };
        // Texts and a number always make JSON.
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        let tag = hmac::sign(&self.key, &claims);
        let (claims, tag) = (URL_SAFE_NO_PAD.encode(claims), URL_SAFE_NO_PAD.encode(tag));
        format!("{claims}.{tag}")
    }

    /// Whose file it is, and what for, if the link is for this attachment and still good.
    pub fn check(
        &self,
        link: &str,
        attachment: &AttachmentId,
        now: Timestamp,
    ) -> Result<(Purpose, Scope), LinkError> {
        let claims = self.read(link).ok_or(LinkError::Invalid)?;
        if claims.attachment != *attachment {
            return Err(LinkError::Invalid);
        }
        if claims.expires <= now.as_second() {
            return Err(LinkError::Expired);
        }
        let (tenant, user) = (claims.tenant, claims.user);
        Ok((claims.purpose, Scope { tenant, user }))
    }

    fn read(&self, link: &str) -> Option<Claims> {
        if link.len() > MAX_LINK_BYTES {
            return None;
        }
        let (claims, tag) = link.split_once('.')?;
        let [claims, tag] = [claims, tag].map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let (claims, tag) = (claims?, tag?);
        // In constant time.
        hmac::verify(&self.key, &claims, &tag).ok()?;
        serde_json::from_slice(&claims).ok()
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(secret: &str) -> Links {
        Links::from_secret(&Secret::new(secret)).unwrap()
    }

    fn ann() -> Scope {
        Scope {
            tenant: TenantId::single(),
            user: UserId::new("ann").unwrap(),
        }
    }

    #[test]
    fn a_link_is_good_for_one_file_and_a_while() {
        let links = links("a secret of sufficient length");
        let (mine, other) = (AttachmentId::new("atc_1"), AttachmentId::new("atc_2"));
        let at = |second| Timestamp::from_second(second).unwrap();
        let link = links.sign(Purpose::Upload, &ann(), &mine, at(1_000));
        let good = Ok((Purpose::Upload, ann()));
        assert_eq!(links.check(&link, &mine, at(1_000)), good);
        assert_eq!(links.check(&link, &mine, at(2_799)), good);
        assert_eq!(
            links.check(&link, &mine, at(2_800)),
            Err(LinkError::Expired)
        );
        assert_eq!(
            links.check(&link, &other, at(1_000)),
            Err(LinkError::Invalid)
        );

        let first = links.sign(Purpose::Preview, &ann(), &mine, at(3_600));
        assert_eq!(
            links.sign(Purpose::Preview, &ann(), &mine, at(7_199)),
            first
        );
        assert!(links.check(&first, &mine, at(7_199 + 3_600)).is_ok());
        assert!(links.check(&first, &mine, at(7_200 + 3_600)).is_err());
    }

    #[test]
    fn what_was_changed_or_signed_elsewhere_is_no_link() {
        let (ours, theirs) = (
            links("a secret of sufficient length"),
            links("another secret of that length"),
        );
        let (id, now) = (AttachmentId::new("atc_1"), Timestamp::UNIX_EPOCH);
        let link = ours.sign(Purpose::Download, &ann(), &id, now);
        assert_eq!(theirs.check(&link, &id, now), Err(LinkError::Invalid));
        let (claims, tag) = link.split_once('.').unwrap();
        let forged = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let forged = String::from_utf8(forged).unwrap().replace("ann", "bob");
        let forged = format!("{}.{tag}", URL_SAFE_NO_PAD.encode(forged));
        let broken = [
            forged.as_str(),
            claims,
            tag,
            "",
            ".",
            &link[..link.len() - 2],
            &format!("{claims}."),
        ];
        for broken in broken {
            assert_eq!(
                ours.check(broken, &id, now),
                Err(LinkError::Invalid),
                "{broken}"
            );
        }
        assert!(Links::from_secret(&Secret::new("short")).is_none());
        assert_eq!(format!("{ours:?}"), "Links");
    }
}
