//! What is believed of an authorization server's answers.

use std::time::Duration;

use frontdesk_auth::outgoing::OutgoingError;
use serde_json::{Value, json};

use crate::outgoing_authorizer::{authorizer, begin, identity, refused};
use crate::outgoing_fake::{Fake, MARK, clock};

#[tokio::test]
async fn only_the_answer_of_the_right_issuer_is_taken() {
    let other = "the answer is another issuer's";
    let silent = "the answer doesn't name its issuer";
    let cases = [
        (true, Some(""), None),
        (true, None, Some(silent)),
        (true, Some("/"), Some(other)),
        (false, None, None),
        (false, Some(""), None),
        (false, Some(".evil.example"), Some(other)),
    ];
    for (advertised, issuer, refusal) in cases {
        let fake = Fake::start().await;
        fake.server_with(json!({"authorization_response_iss_parameter_supported": advertised}));
        let begun = begin(&fake).await.unwrap();
        let full = fake.approve(&begun.url);
        let (query, _) = full.split_once("&iss=").unwrap();
        let query = match issuer {
            Some(suffix) => format!("{query}&iss={}{suffix}", fake.base),
            None => query.to_owned(),
        };
        let answer = authorizer(identity(), &clock())
            .finish(&begun.pending, &query)
            .await;
        match refusal {
            None => assert_eq!(answer.unwrap().issuer(), fake.base),
            Some(detail) => {
                assert_eq!(answer.unwrap_err(), refused(detail));
                assert!(fake.seen("/token").is_empty());
            }
        }
    }
}

#[tokio::test]
async fn check_21_an_answer_that_does_not_fit_is_refused_without_a_word_of_it() {
    let (fake, clock) = (Fake::start().await, clock());
    let authorizer = authorizer(identity(), &clock);
    let begun = begin(&fake).await.unwrap();
    let good = fake.approve(&begun.url);
    let state = begun.pending.state().expose().to_owned();
    let iss = format!("iss={}", fake.base);
    let cases = [
        (
            good.replace(&state, "hush-state"),
            "the answer belongs to something else",
        ),
        (
            format!("code=hush-code&{iss}"),
            "the answer belongs to something else",
        ),
        (
            format!("{good}&code=hush-code"),
            "the answer says something twice",
        ),
        (
            format!("{good}&state={state}"),
            "the answer says something twice",
        ),
        (format!("state={state}&{iss}"), "the answer has no code"),
        (
            format!("state={state}&{iss}&error=access_denied&error_description=hush"),
            "authorization: access_denied",
        ),
        (
            format!("state={state}&{iss}&error=hush-1"),
            "authorization: error",
        ),
        (
            format!("{good}&x={}", "x".repeat(9_000)),
            "the answer is too long",
        ),
    ];
    for (query, detail) in cases {
        let error = authorizer.finish(&begun.pending, &query).await.unwrap_err();
        assert_eq!(error, refused(detail));
        assert!(!format!("{error} {error:?}").contains(MARK));
    }
    assert!(fake.seen("/token").is_empty());
    clock.advance(Duration::from_mins(10));
    let late = authorizer.finish(&begun.pending, &good).await;
    assert_eq!(late.unwrap_err(), OutgoingError::Expired);
}

#[tokio::test]
async fn a_lifetime_is_read_in_every_spelling() {
    let cases = [
        (json!(60), Some(1_000_060)),
        (json!("60"), Some(1_000_060)),
        (json!(60.9), Some(1_000_060)),
        (json!(-5), Some(1_000_000)),
        (json!(1.0e300), Some(1_000_000 + 366 * 86_400)),
        (json!("soon"), None),
        (Value::Null, None),
    ];
    for (lifetime, expected) in cases {
        let fake = Fake::start().await;
        let begun = begin(&fake).await.unwrap();
        let query = fake.approve(&begun.url);
        let answer = json!({
            "access_token": "hush", "token_type": "bearer", "refresh_token": "",
            "expires_in": lifetime,
        });
        fake.force("/token", 200, answer);
        let authorizer = authorizer(identity(), &clock());
        let tokens = authorizer.finish(&begun.pending, &query).await.unwrap();
        assert_eq!(tokens.expires_at(), expected, "{lifetime}");
        assert!(!tokens.can_refresh());
    }
}
