//! The guarded client against servers on loopback and a resolver that says what a test wants.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION};
use http::{Method, Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::resolver::Lookup;
use super::{FetchError, GuardedHttp, MAX_BODY_BYTES, Reach, address};

#[test]
fn only_public_addresses_are_reached_and_private_ones_where_allowed() {
    let (public, private, never) = ([true, true], [false, true], [false, false]);
    for (address, expected) in [
        ("93.184.215.14", public),
        ("172.15.0.1", public),
        ("172.32.0.1", public),
        ("100.63.0.1", public),
        ("100.128.0.1", public),
        ("2606:2800:220:1::1", public),
        ("::ffff:93.184.215.14", public),
        ("64:ff9b::93.184.215.14", public),
        ("2002:5db8:d70e::1", public),
        ("127.0.0.1", private),
        ("127.9.9.9", private),
        ("10.0.0.1", private),
        ("172.16.0.1", private),
        ("172.31.255.255", private),
        ("192.168.1.1", private),
        ("100.64.0.1", private),
        ("::1", private),
        ("fc00::1", private),
        ("fd12:3456::1", private),
        ("::ffff:10.0.0.1", private),
        ("64:ff9b::7f00:1", private),
        ("2002:7f00:1::", private),
        ("169.254.169.254", never),
        ("169.254.0.1", never),
        ("::ffff:169.254.169.254", never),
        ("64:ff9b::a9fe:a9fe", never),
        ("2002:a9fe:a9fe::1", never),
        ("0.0.0.0", never),
        ("0.1.2.3", never),
        ("224.0.0.1", never),
        ("239.255.255.250", never),
        ("255.255.255.255", never),
        ("240.0.0.1", never),
        ("192.0.0.8", never),
        ("192.0.2.1", never),
        ("198.51.100.1", never),
        ("203.0.113.1", never),
        ("198.18.0.1", never),
        ("192.88.99.1", never),
        ("::", never),
        ("::7f00:1", never),
        ("64:ff9b:1::7f00:1", never),
        ("fe80::1", never),
        ("fec0::1", never),
        ("ff02::1", never),
        ("2001:db8::1", never),
        ("3fff::1", never),
        ("2001::1", never),
        ("100::1", never),
        ("5f00::1", never),
    ] {
        let parsed: IpAddr = address.parse().unwrap();
        let reached =
            [Reach::PublicOnly, Reach::Private].map(|reach| address::check(parsed, reach).is_ok());
        assert_eq!(reached, expected, "{address}");
    }
}

/// Names and what they resolve to, one answer after the other; the last stays.
#[derive(Debug, Default)]
struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn of(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let parsed = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        let answers = names
            .iter()
            .map(|(name, answers)| ((*name).to_owned(), answers.iter().map(parsed).collect()));
        Arc::new(Self {
            answers: Mutex::new(answers.collect()),
            asked: Mutex::default(),
        })
    }
}

#[async_trait::async_trait]
impl Lookup for Names {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let left = answers
            .get_mut(host)
            .ok_or_else(|| std::io::Error::other("no such name"))?;
        Ok(if left.len() > 1 {
            left.remove(0)
        } else {
            left[0].clone()
        })
    }
}

/// A server that tells the authorization it got, and redirects to wherever the path says.
async fn serve() -> (u16, JoinSet<()>) {
    async fn told(headers: HeaderMap) -> String {
        let authorization = headers.get(AUTHORIZATION);
        format!(
            "{} {}",
            headers["host"].to_str().unwrap(),
            authorization.map_or("none", |value| value.to_str().unwrap())
        )
    }
    async fn moved(Path(to): Path<String>) -> Response<Body> {
        Response::builder()
            .status(StatusCode::FOUND)
            .header(LOCATION, to)
            .body(Body::empty())
            .unwrap()
    }
    let large = |bytes: usize| move || async move { "x".repeat(bytes) };
    let chunked = || async {
        let chunk = Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1_024]));
        Body::from_stream(futures_util::stream::repeat(chunk))
    };
    let router = Router::new()
        .route("/", get(told))
        .route("/to/{*to}", get(moved).merge(post(moved)))
        .route("/full", get(large(MAX_BODY_BYTES)))
        .route("/large", get(large(MAX_BODY_BYTES + 1)))
        .route("/chunked", get(chunked))
        .route("/never", get(std::future::pending::<String>));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, tasks)
}

async fn send(client: &GuardedHttp, method: Method, url: &str) -> Result<String, FetchError> {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header(AUTHORIZATION, "Bearer t0ken");
    let answer = client.send(request.body(Bytes::new()).unwrap()).await?;
    let body = String::from_utf8(answer.body().to_vec()).unwrap();
    Ok(if body.len() > 100 {
        format!("{} bytes", body.len())
    } else {
        format!("{} {body}", answer.status().as_u16())
    })
}

async fn fetch(client: &GuardedHttp, url: &str) -> Result<String, FetchError> {
    send(client, Method::GET, url).await
}

fn refused<T>(reason: &'static str) -> Result<T, FetchError> {
    Err(FetchError::Refused { reason })
}

fn trusting(host: &str) -> [String; 1] {
    [host.to_owned()]
}

#[tokio::test]
async fn what_the_rules_refuse_is_never_asked() {
    let (port, _server) = serve().await;
    let names = Names::of(&[
        ("inside.example", &[&["127.0.0.1"]]),
        ("mixed.example", &[&["93.184.215.14", "10.0.0.1"]]),
        ("localhost", &[&["127.0.0.1"]]),
        ("localhost.", &[&["127.0.0.1"]]),
        ("inside.example.", &[&["127.0.0.1"]]),
    ]);
    let client = GuardedHttp::with_lookup(Reach::PublicOnly, [], names).unwrap();
    for (url, reason) in [
        (format!("http://127.0.0.1:{port}/"), "a loopback address"),
        (format!("http://2130706433:{port}/"), "a loopback address"),
        (format!("http://0x7f.1:{port}/"), "a loopback address"),
        (format!("http://127.1:{port}/"), "a loopback address"),
        (format!("http://0177.0.0.1:{port}/"), "a loopback address"),
        (format!("http://127.0.0.1.:{port}/"), "a loopback address"),
        (format!("http://localhost:{port}/"), "a loopback address"),
        (format!("http://LOCALHOST.:{port}/"), "a loopback address"),
        (
            format!("https://Inside.example.:{port}/"),
            "a loopback address",
        ),
        (
            format!("https://[64:ff9b::7f00:1]:{port}/"),
            "a loopback address",
        ),
        ("https://0/".to_owned(), "an unspecified address"),
        (
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            "a loopback address",
        ),
        (
            format!("https://inside.example:{port}/"),
            "a loopback address",
        ),
        ("https://mixed.example/".to_owned(), "a private address"),
        (
            "https://169.254.169.254/".to_owned(),
            "a link-local address",
        ),
        ("http://sso.example/".to_owned(), "an address without https"),
        ("ftp://sso.example/".to_owned(), "neither http nor https"),
        (
            "https://user@sso.example/".to_owned(),
            "an address with a user or a password",
        ),
    ] {
        assert_eq!(fetch(&client, &url).await, refused(reason), "{url}");
    }
    let unknown = fetch(&client, "https://nowhere.example/?secret=s3cret").await;
    let Err(FetchError::Unreachable { detail }) = unknown else {
        panic!("{unknown:?}");
    };
    assert!(
        detail.contains("no such name") && !detail.contains("s3cret"),
        "{detail}"
    );
}

#[tokio::test]
async fn trusted_hosts_and_private_reach_lead_inside() {
    let (port, _server) = serve().await;
    let names = Names::of(&[("sso.internal", &[&["127.0.0.1"]])]);
    let client =
        GuardedHttp::with_lookup(Reach::PublicOnly, trusting("SSO.internal"), names).unwrap();
    let answer = fetch(&client, &format!("http://sso.internal:{port}/")).await;
    assert_eq!(answer, Ok(format!("200 sso.internal:{port} Bearer t0ken")));
    let client = GuardedHttp::new(Reach::Private, []).unwrap();
    let answer = fetch(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer, Ok(format!("200 127.0.0.1:{port} Bearer t0ken")));
    let client = GuardedHttp::new(Reach::PublicOnly, trusting("127.0.0.1")).unwrap();
    assert!(
        fetch(&client, &format!("http://127.0.0.1:{port}/"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_answer_that_was_checked_is_the_one_that_is_used() {
    let (port, _server) = serve().await;
    let names = Names::of(&[("rebind.example", &[&["127.0.0.1"], &["169.254.169.254"]])]);
    let client =
        GuardedHttp::with_lookup(Reach::Private, [], Arc::clone(&names) as Arc<dyn Lookup>)
            .unwrap();
    // Nothing there speaks TLS; that it isn't refused shows that the connection went to the first answer.
    let url = format!("https://rebind.example:{port}/");
    let first = fetch(&client, &url).await;
    assert!(
        matches!(first, Err(FetchError::Unreachable { .. })),
        "{first:?}"
    );
    assert_eq!(*names.asked.lock().unwrap(), ["rebind.example"]);
    assert_eq!(fetch(&client, &url).await, refused("a link-local address"));
}

#[tokio::test]
async fn redirects_are_checked_and_lose_what_is_for_another_origin() {
    let (port, _server) = serve().await;
    let (other, _other_server) = serve().await;
    let names = Names::of(&[
        ("sso.internal", &[&["127.0.0.1"]]),
        ("inside.example", &[&["127.0.0.1"]]),
    ]);
    let client =
        GuardedHttp::with_lookup(Reach::PublicOnly, trusting("sso.internal"), names).unwrap();
    let start = format!("http://sso.internal:{port}");
    for (path, expected) in [
        (
            "/to//".to_owned(),
            Ok(format!("200 sso.internal:{port} Bearer t0ken")),
        ),
        (
            format!("/to/http://sso.internal:{other}/"),
            Ok(format!("200 sso.internal:{other} none")),
        ),
        (
            format!("/to/http://sso.internal:{other}/to/http://sso.internal:{port}/"),
            Ok(format!("200 sso.internal:{port} none")),
        ),
        (
            "/to//to//to//".to_owned(),
            Ok(format!("200 sso.internal:{port} Bearer t0ken")),
        ),
        (
            "/to//to//to//to//".to_owned(),
            refused("too many redirects"),
        ),
        (
            format!("/to/http://127.0.0.1:{port}/"),
            refused("a loopback address"),
        ),
        (
            format!("/to/https://inside.example:{port}/"),
            refused("a loopback address"),
        ),
        (
            format!("/to/http://inside.example:{port}/"),
            refused("an address without https"),
        ),
        (
            "/to/https://169.254.169.254/".to_owned(),
            refused("a link-local address"),
        ),
        // In whatever spelling.
        (
            format!("/to/https:%5C%5C127.0.0.1:{port}%5C"),
            refused("a loopback address"),
        ),
        (
            format!("/to/https://%2531%2532%2537.0.0.1:{port}/"),
            refused("a loopback address"),
        ),
        (
            format!("/to/%2F%2F127.0.0.1:{port}/"),
            refused("a loopback address"),
        ),
        (
            format!("/to/https://sso.internal@127.0.0.1:{port}/"),
            refused("an address with a user or a password"),
        ),
        (
            format!("/to/https://127.0.0.1:{port}%23@sso.internal/"),
            refused("a loopback address"),
        ),
        (
            "/to/file:///etc/passwd".to_owned(),
            refused("an address without a host"),
        ),
        (
            "/to/http://".to_owned(),
            refused("a redirect to something that is no address"),
        ),
    ] {
        assert_eq!(
            fetch(&client, &format!("{start}{path}")).await,
            expected,
            "{path}"
        );
    }
    let posted = send(&client, Method::POST, &format!("{start}/to//")).await;
    assert_eq!(posted, Ok("302 ".to_owned()));
}

#[tokio::test]
async fn long_answers_are_cut_off() {
    let (port, _server) = serve().await;
    let client = GuardedHttp::new(Reach::Private, []).unwrap();
    for (path, expected) in [
        ("full", Ok(format!("{MAX_BODY_BYTES} bytes"))),
        ("large", Err(FetchError::TooLarge)),
        ("chunked", Err(FetchError::TooLarge)),
    ] {
        let url = format!("http://127.0.0.1:{port}/{path}");
        assert_eq!(fetch(&client, &url).await, expected, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let (port, _server) = serve().await;
    let client = GuardedHttp::new(Reach::Private, []).unwrap();
    let url = format!("http://127.0.0.1:{port}/never");
    assert_eq!(fetch(&client, &url).await, Err(FetchError::TimedOut));
}
