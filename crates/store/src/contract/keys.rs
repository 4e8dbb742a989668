//! API keys.

use frontdesk_protocol::Order;

use super::StoreUnderTest;
use super::sample::{at, owner, page};
use crate::limit::MAX_NAME_BYTES;
use crate::{ApiKey, KeyId, Result, StoreError};

fn sample(id: &str, tenant: &str, user: Option<&str>, second: i64) -> Result<ApiKey> {
    let scope = owner(tenant, user.unwrap_or("nobody"))?;
    Ok(ApiKey {
        id: KeyId::new(id),
        tenant: scope.tenant,
        user: user.map(|_| scope.user),
        hash: [7; 32],
        label: format!("key {id}"),
        created_at: at(second),
        expires_at: user.map(|_| at(second + 100)),
        revoked_at: None,
    })
}

/// A key is found by its id, whole, and its id is taken from then on.
pub async fn a_key_is_kept_whole(subject: &StoreUnderTest) -> Result<()> {
    let keys = &subject.keys;
    let id = KeyId::new("key_1");
    assert_eq!(keys.key(&id).await?, None);
    let first = sample("key_1", "acme", Some("ann"), 1)?;
    let for_many = sample("key_2", "other", None, 2)?;
    for key in [&first, &for_many] {
        keys.create_key(key.clone()).await?;
    }
    let taken = keys
        .create_key(sample("key_1", "other", Some("bob"), 3)?)
        .await;
    assert!(
        matches!(taken, Err(StoreError::Conflict { .. })),
        "{taken:?}"
    );
    assert_eq!(keys.key(&id).await?, Some(first));
    assert_eq!(keys.key(&for_many.id).await?, Some(for_many));
    let mut wordy = sample("key_3", "acme", None, 3)?;
    wordy.label = "x".repeat(MAX_NAME_BYTES + 1);
    let refused = keys.create_key(wordy).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    Ok(())
}

/// For an archive, keys are listed on behind one whose user was forgotten meanwhile.
pub async fn an_archive_goes_on_behind_a_deleted_key(subject: &StoreUnderTest) -> Result<()> {
    let archive = &subject.archive;
    for (id, tenant, user, second) in [
        ("d", "acme", "ann", 1),
        ("c", "acme", "bob", 2),
        ("b", "other", "ann", 2),
        ("e", "acme", "ann", 2),
        ("a", "acme", "ann", 3),
    ] {
        let key = sample(id, tenant, Some(user), second)?;
        subject.keys.create_key(key).await?;
    }
    let (acme, bob) = (owner("acme", "ann")?.tenant, owner("acme", "bob")?);
    assert_eq!(archive.forget(&bob).await?.keys, 1);
    let deleted = KeyId::new("c");
    for (tenant, after, limit, expected) in [
        (None, None, 9, "dbea"),
        (None, None, 2, "db"),
        (None, Some((at(2), &deleted)), 9, "ea"),
        (Some(&acme), Some((at(2), &deleted)), 1, "e"),
        (Some(&acme), None, 9, "dea"),
    ] {
        let keys = archive.keys_of(tenant, after, limit).await?;
        let ids: String = keys.iter().map(|key| key.id.as_str()).collect();
        assert_eq!(ids, expected);
    }
    Ok(())
}

/// Keys are listed by (time, id), of one tenant or of all, page by page.
pub async fn keys_are_listed_by_tenant(subject: &StoreUnderTest) -> Result<()> {
    let keys = &subject.keys;
    for (id, tenant, second) in [
        ("c", "acme", 5),
        ("a", "acme", 5),
        ("b", "other", 4),
        ("d", "acme", 6),
    ] {
        keys.create_key(sample(id, tenant, None, second)?).await?;
    }
    let acme = owner("acme", "ann")?.tenant;
    let nobody = owner("nobody", "ann")?.tenant;
    let cases = [
        (None, Order::Asc, None, 9, "bacd", false),
        (None, Order::Desc, None, 9, "dcab", false),
        (None, Order::Asc, Some("a"), 1, "c", true),
        (Some(&acme), Order::Asc, None, 2, "ac", true),
        (Some(&acme), Order::Asc, Some("c"), 2, "d", false),
        (Some(&acme), Order::Desc, Some("c"), 2, "a", false),
        (Some(&nobody), Order::Asc, None, 2, "", false),
    ];
    for (tenant, order, after, limit, expected, more) in cases {
        let found = keys.keys(tenant, &page(limit, order, after)).await?;
        let found = found.map(|page| {
            let ids = page.data.iter().map(|key| key.id.as_str());
            (ids.collect::<String>(), page.has_more)
        });
        assert_eq!(
            found,
            Some((expected.to_owned(), more)),
            "{tenant:?} {after:?}"
        );
    }
    let elsewhere = page(9, Order::Asc, Some("b"));
    assert_eq!(keys.keys(Some(&acme), &elsewhere).await?, None);
    Ok(())
}

/// A key is revoked once, and keeps that time.
pub async fn a_key_is_revoked_once(subject: &StoreUnderTest) -> Result<()> {
    let keys = &subject.keys;
    let key = sample("key_1", "acme", Some("ann"), 1)?;
    keys.create_key(key.clone()).await?;
    keys.create_key(sample("key_2", "acme", Some("ann"), 1)?)
        .await?;
    assert!(!keys.revoke_key(&KeyId::new("key_9"), at(4)).await?);
    assert!(keys.revoke_key(&key.id, at(5)).await?);
    assert!(keys.revoke_key(&key.id, at(6)).await?);
    let revoked = ApiKey {
        revoked_at: Some(at(5)),
        ..key.clone()
    };
    assert_eq!(keys.key(&key.id).await?, Some(revoked));
    let other = keys.key(&KeyId::new("key_2")).await?;
    assert_eq!(other.and_then(|other| other.revoked_at), None);
    Ok(())
}
