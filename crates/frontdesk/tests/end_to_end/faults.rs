//! A database in trouble: all of it in use, slow, silent, read-only, full.
//!
//! Whatever it is, a message is answered: with 503, or with an error that offers to try again. Nothing is half-written,
//! and afterwards everything goes on.

use std::time::{Duration, Instant};

use frontdesk_testkit::clients::{Answer, Client, create};
use frontdesk_testkit::model_server::{ModelServer, Part, Response, Script, numbered_words};
use frontdesk_testkit::postgres::{Options, Postgres, VOLUME};
use frontdesk_testkit::process::{Launch, Server};
use frontdesk_testkit::proxy::{Direction, Proxy};
use frontdesk_testkit::skip;
use reqwest::StatusCode;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::desk::{self, BINARY, Desk, done, eventually, is_message, offers_retry, valid};
use super::postgres::{HASTY, desk as desk_on};

/// How long a process that says nothing keeps its turns.
const LEASE: Duration = Duration::from_secs(15);
/// What a slow database adds to each statement.
const SLOW: Duration = Duration::from_secs(2);
/// A volume that takes the tables, and a little more.
const SMALL_BYTES: u64 = 8 << 20;
/// How many messages it takes at most until a full volume shows.
const MANY: usize = 200;

/// How a message was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Done,
    Failed,
    Refused,
}

/// How it was; fails if it is none of these.
fn told(answer: &Answer) -> Told {
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        let error = &answer.json().unwrap()["error"];
        assert_eq!(error["code"], "unavailable", "{answer:?}");
        return Told::Refused;
    }
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let events = valid(answer);
    if events.iter().any(offers_retry) {
        return Told::Failed;
    }
    assert!(done(events).into_iter().any(is_message), "{answer:?}");
    Told::Done
}

/// Fails unless everything that the answers showed as done is stored, and everything that was refused isn't.
async fn nothing_is_half(client: &Client, thread: &str, before: usize, answers: &[Answer]) {
    let items = desk::items(client, thread).await;
    let mut accepted = 0;
    for answer in answers
        .iter()
        .filter(|answer| told(answer) != Told::Refused)
    {
        accepted += 1;
        for item in done(answer.events().unwrap()) {
            assert!(
                items.contains(item),
                "shown as done, and not stored: {item}"
            );
        }
    }
    let asked = items.iter().filter(|item| item["type"] == "user_message");
    assert_eq!(asked.count(), before + accepted);
}

/// A message works, now or soon.
async fn goes_on(client: &Client, thread: &str) -> Answer {
    let words = async || {
        let answer = client.add(thread, "And now?").await.unwrap();
        // A turn whose end couldn't be stored runs until its lease has run out.
        let taken = answer.status != StatusCode::CONFLICT;
        (taken && told(&answer) == Told::Done).then_some(answer)
    };
    eventually("messages are answered again", words).await
}

/// Begins a thread; there is one message of the user in it.
async fn begin(desk: &Desk) -> (Client, String) {
    let client = desk.client();
    let answer = client.create("Hello").await.unwrap();
    assert_eq!(told(&answer), Told::Done);
    (client, answer.thread_id().unwrap())
}

#[tokio::test]
async fn a_database_that_is_all_in_use_is_waited_for_and_then_refused() {
    let test = "frontdesk::a_database_that_is_all_in_use_is_waited_for_and_then_refused";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let schema = postgres.new_schema();
    let model = ModelServer::start(Script::text("I see.", 2)).await.unwrap();
    let base = model.base_url();
    let few = [
        HASTY,
        ("OPENAI_BASE_URL", base.as_str()),
        ("FRONTDESK__STORE__POOL", "2"),
        ("FRONTDESK__STORE__LOCK_TIMEOUT", "20s"),
        ("FRONTDESK__STORE__STATEMENT_TIMEOUT", "20s"),
    ];
    let desk = desk_on(&postgres.url(), &schema, &few).await;
    let (client, thread) = begin(&desk).await;
    // An answer that takes longer than a lease of its turn.
    let words = Response::of([Part::Text(numbered_words(100))]);
    let words = words.with_pause(Duration::from_millis(250));
    model.play(Script::Always(words.into()));
    let mut running = client.open(&create("Count")).await.unwrap();
    let mut events = running.until("thread.item.updated").await.unwrap();
    model.play(Script::text("I see.", 2));

    // Somebody has the table, so whoever writes waits, each with a connection.
    let mut holder = JoinSet::new();
    let locking =
        format!("begin; lock table {schema}.threads in access exclusive mode; select pg_sleep(60)");
    holder.spawn(async move { postgres.sql(&locking).await });
    let held = format!(
        "select count(*) from pg_locks where granted and mode = 'AccessExclusiveLock' \
         and relation = '{schema}.threads'::regclass"
    );
    eventually("the table is locked", async || {
        (postgres.sql(&held).await.unwrap() == "1").then_some(())
    })
    .await;
    let mut asking = JoinSet::new();
    for number in 0..8 {
        let client = client.clone();
        asking.spawn(async move { client.create(&format!("Hello {number}")).await.unwrap() });
    }
    let since = Instant::now();
    let mut answers = asking.join_all().await;
    let refused = answers
        .iter()
        .filter(|answer| told(answer) == Told::Refused);
    assert!(refused.count() >= 6, "{answers:?}");
    assert!(since.elapsed() > LEASE, "two of them waited for the table");
    let end = format!(
        "select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock' \
         and relation = '{schema}.threads'::regclass"
    );
    postgres.sql(&end).await.unwrap();
    assert!(holder.join_next().await.unwrap().unwrap().is_err());

    // What ran meanwhile is as it would have been.
    events.extend(running.rest().await.unwrap());
    desk::check(&events);
    let ids = events.iter().filter_map(|event| event.id.as_deref());
    assert!(ids.clone().all(|id| id.starts_with("1-")), "{events:?}");
    let counted = done(&events).into_iter().find(|item| is_message(item));
    assert!(counted.is_some(), "{events:?}");

    goes_on(&client, &thread).await;
    answers.retain(|answer| told(answer) != Told::Refused);
    assert_eq!(desk::threads(&client).await.len(), 2 + answers.len());
}

#[tokio::test]
async fn a_slow_database_makes_slow_answers_and_no_halves() {
    let test = "frontdesk::a_slow_database_makes_slow_answers_and_no_halves";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let proxy = Proxy::start(postgres.address()).await.unwrap();
    let url = postgres.url_through(proxy.address());
    // A connection is several questions and answers, for which there is time.
    let desk = desk_on(&url, &postgres.new_schema(), &[]).await;
    let (client, thread) = begin(&desk).await;
    proxy.delay(Direction::ToClient, SLOW);
    // Those that were opened before are lost, as after a failover. Who meets a lost one finds that out.
    proxy.cut();
    let first = client.get("/readyz").await.unwrap();
    let mut answers = Vec::new();
    for question in ["One?", "Two?"] {
        answers.push(client.add(&thread, question).await.unwrap());
    }
    let told: Vec<_> = answers.iter().map(told).collect();
    assert_eq!(told, [Told::Done; 2], "{first:?} {answers:?}");
    proxy.delay(Direction::ToClient, Duration::ZERO);
    nothing_is_half(&client, &thread, 1, &answers).await;
    goes_on(&client, &thread).await;
}

/// With the timeouts as they are by default no connection to such a database is open in time, and here neither.
#[tokio::test]
async fn a_database_that_is_too_slow_to_be_reached_in_time_refuses_messages() {
    let test = "frontdesk::a_database_that_is_too_slow_to_be_reached_in_time_refuses_messages";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let proxy = Proxy::start(postgres.address()).await.unwrap();
    let url = postgres.url_through(proxy.address());
    // Opening a connection takes at least four times as long as the database takes for an answer.
    let brief = [("FRONTDESK__STORE__ACQUIRE_TIMEOUT", "4s")];
    let desk = desk_on(&url, &postgres.new_schema(), &brief).await;
    let (client, thread) = begin(&desk).await;
    let before = desk::items(&client, &thread).await;
    proxy.delay(Direction::ToClient, SLOW);
    proxy.cut();
    let (ready, created, added) = tokio::join!(
        client.get("/readyz"),
        client.create("Hello?"),
        client.add(&thread, "You?"),
    );
    let ready = ready.unwrap();
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE, "{ready:?}");
    assert_eq!(ready.json().unwrap()["store"], "away");
    let answers = [created.unwrap(), added.unwrap()];
    let refused: Vec<_> = answers.iter().map(told).collect();
    assert_eq!(refused, [Told::Refused; 2], "{answers:?}");

    proxy.delay(Direction::ToClient, Duration::ZERO);
    eventually("it is ready again", async || {
        let ready = client.get("/readyz").await.unwrap();
        (ready.status == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(desk::items(&client, &thread).await, before);
    assert_eq!(desk::threads(&client).await, [thread.as_str()]);
    for answer in [
        client.create("And now?").await,
        client.add(&thread, "Now?").await,
    ] {
        assert_eq!(told(&answer.unwrap()), Told::Done);
    }
}

#[tokio::test]
async fn a_database_that_is_silent_for_a_while_loses_nothing_of_an_answer() {
    let test = "frontdesk::a_database_that_is_silent_for_a_while_loses_nothing_of_an_answer";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let words = Response::of([Part::Text(numbered_words(40))]);
    let words = words.with_pause(Duration::from_millis(20));
    let model = ModelServer::start(Script::Always(words.into()))
        .await
        .unwrap();
    let proxy = Proxy::start(postgres.address()).await.unwrap();
    let url = postgres.url_through(proxy.address());
    let base = model.base_url();
    let more = [
        HASTY,
        ("OPENAI_BASE_URL", base.as_str()),
        ("FRONTDESK__STORE__STATEMENT_TIMEOUT", "3s"),
    ];
    let desk = desk_on(&url, &postgres.new_schema(), &more).await;
    let client = desk.client();
    let mut stream = client.open(&create("Count")).await.unwrap();
    let mut events = stream.until("thread.item.updated").await.unwrap();
    proxy.hold();
    let refused = client.create("Hello?").await.unwrap();
    assert_eq!(told(&refused), Told::Refused);
    proxy.release();
    events.extend(stream.rest().await.unwrap());
    desk::check(&events);
    let ended = events.iter().rev().find(|event| {
        offers_retry(event) || event.kind() == "thread.item.done" && is_message(&event.data["item"])
    });
    assert!(ended.is_some(), "{events:?}");

    let created = events.iter().find(|event| event.kind() == "thread.created");
    let thread = created.unwrap().data["thread"]["id"].as_str().unwrap();
    let again = async || {
        let answer = client.add(thread, "Again").await.unwrap();
        // Until the database is reached, and until the turn of before has ended there, too.
        let early = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::CONFLICT];
        (!early.contains(&answer.status)).then_some(answer)
    };
    let answer = eventually("the next message is taken", again).await;
    assert_eq!(told(&answer), Told::Done);
    let items = desk::items(&client, thread).await;
    for item in done(&events).into_iter().chain(done(valid(&answer))) {
        assert!(
            items.contains(item),
            "shown as done, and not stored: {item}"
        );
    }
}

#[tokio::test]
async fn a_database_that_only_reads_refuses_messages_and_shows_threads() {
    let test = "frontdesk::a_database_that_only_reads_refuses_messages_and_shows_threads";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let url = postgres.new_database().await.unwrap();
    let name = url.rsplit_once('/').unwrap().1.to_owned();
    let desk = desk_on(&url, "frontdesk", &[]).await;
    let (client, thread) = begin(&desk).await;
    let before = desk::items(&client, &thread).await;
    let turn = async |way: &str| {
        let set = format!("alter database {name} set default_transaction_read_only = {way}");
        postgres.sql(&set).await.unwrap();
        // As after a failover: connections are cut, and new ones find another state.
        let cut = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        );
        postgres.sql(&cut).await.unwrap();
    };

    turn("on").await;
    let refused = async || {
        let answer = client.add(&thread, "Hello?").await.unwrap();
        let shown = client.get("/readyz").await.unwrap();
        (told(&answer) == Told::Refused && shown.status == StatusCode::OK).then_some(())
    };
    eventually("messages are refused while the database is there", refused).await;
    assert_eq!(told(&client.create("Hello?").await.unwrap()), Told::Refused);
    assert_eq!(desk::items(&client, &thread).await, before);
    assert_eq!(desk::threads(&client).await, [thread.as_str()]);

    turn("off").await;
    goes_on(&client, &thread).await;
}

#[tokio::test]
async fn a_full_disk_refuses_messages_and_loses_nothing() {
    let test = "frontdesk::a_full_disk_refuses_messages_and_loses_nothing";
    let options = Options {
        small_volume: Some(SMALL_BYTES),
        ..Options::default()
    };
    let Some(postgres) = Postgres::start_or_skip(test, options).await.unwrap() else {
        return;
    };
    let desk = desk_on(&postgres.url(), "frontdesk", &[]).await;
    let (client, thread) = begin(&desk).await;
    let filler = format!("create table filler (data text) tablespace {VOLUME}");
    postgres.sql(&filler).await.unwrap();
    postgres
        .sql("alter table filler alter data set storage plain")
        .await
        .unwrap();
    for rows in [1024, 64, 1] {
        let more =
            format!("insert into filler select repeat('x', 7000) from generate_series(1, {rows})");
        let mut full = None;
        while full.is_none() {
            full = postgres.sql(&more).await.err();
        }
        let full = full.unwrap().to_string();
        assert!(full.contains("No space left on device"), "{full}");
    }
    let mut answers = Vec::new();
    while answers.len() < MANY {
        let answer = client.add(&thread, "More?").await.unwrap();
        let last = told(&answer);
        answers.push(answer);
        if last != Told::Done {
            break;
        }
    }
    assert_ne!(told(answers.last().unwrap()), Told::Done);
    nothing_is_half(&client, &thread, 1, &answers).await;

    postgres.sql("drop table filler").await.unwrap();
    goes_on(&client, &thread).await;
}

#[tokio::test]
async fn a_file_that_only_reads_is_told_at_the_start_and_stays_as_it_is() {
    let view = ["--mount", "--map-root-user", "true"];
    if !std::process::Command::new("unshare")
        .args(view)
        .status()
        .is_ok_and(|ended| ended.success())
    {
        let test = "frontdesk::a_file_that_only_reads_is_told_at_the_start_and_stays_as_it_is";
        return skip::note(test, "unshare can't make a view of the file system").unwrap();
    }
    let mut desk = Desk::demonstration().await;
    let (client, thread) = begin(&desk).await;
    let before = desk::items(&client, &thread).await;
    desk.terminate().await;
    desk.ended().await;

    let folder = desk.dir().to_str().unwrap().to_owned();
    let closed = r#"mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && exec "$2" --listen 127.0.0.1:0"#;
    // A view of the file system that only this process has; who isn't root becomes it there.
    let launch = Launch::new("unshare")
        .arg("--mount")
        .arg("--map-root-user")
        .arg("sh")
        .arg("-c")
        .arg(closed)
        .arg("reads")
        .arg(folder)
        .arg(BINARY);
    let Err(error) = launch.start().await else {
        panic!("it started");
    };
    let told = format!("{error:#}");
    assert!(told.contains("error: "), "{told}");
    assert!(
        told.contains("Read-only file system") || told.contains("readonly database"),
        "{told}"
    );
    desk.start().await;
    assert_eq!(desk::items(&desk.client(), &thread).await, before);
    goes_on(&desk.client(), &thread).await;
}

/// A process whose files can be closed for writing while it runs: what nobody may write to any more is told by the system
/// as an error, as with a file system that has become read-only.
struct Closable {
    server: Server,
    _dir: TempDir,
}

impl Closable {
    async fn start(model: &ModelServer) -> Self {
        let dir = TempDir::new().unwrap();
        // Without this the system would tell it by a signal that ends it.
        let deaf = r#"trap "" XFSZ; exec "$1" --listen 127.0.0.1:0"#;
        let launch = Launch::new("sh").arg("-c").arg(deaf).arg("sh").arg(BINARY);
        let launch = launch.env("OPENAI_BASE_URL", model.base_url());
        Self {
            server: launch.folder(dir.path()).start().await.unwrap(),
            _dir: dir,
        }
    }

    /// To which length its files may grow.
    fn limit(&self, bytes: &str) {
        let limited = std::process::Command::new("prlimit")
            .arg(format!("--pid={}", self.server.id().unwrap()))
            .arg(format!("--fsize={bytes}:unlimited"))
            .status();
        assert!(limited.unwrap().success());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_any_more_refuses_messages_until_it_can() {
    let words = Response::of([Part::Text(numbered_words(40))]);
    let words = words.with_pause(Duration::from_millis(20));
    let model = ModelServer::start(Script::Always(words.into()))
        .await
        .unwrap();
    let closable = Closable::start(&model).await;
    let client = Client::new(closable.server.url()).unwrap();
    let answer = client.create("Hello").await.unwrap();
    assert_eq!(told(&answer), Told::Done);
    let thread = answer.thread_id().unwrap();

    let mut stream = client.open(&create("Count")).await.unwrap();
    let mut events = stream.until("thread.item.updated").await.unwrap();
    closable.limit("0");
    for refused in [
        client.create("Hello?").await,
        client.add(&thread, "You?").await,
    ] {
        assert_eq!(told(&refused.unwrap()), Told::Refused);
    }
    events.extend(stream.rest().await.unwrap());
    desk::check(&events);
    assert!(offers_retry(events.last().unwrap()), "{events:?}");
    assert!(!done(&events).into_iter().any(is_message), "{events:?}");
    let shown = desk::items(&client, &thread).await;
    assert_eq!(
        shown,
        done(valid(&answer))
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    );

    closable.limit("unlimited");
    goes_on(&client, &thread).await;
    let cut = events[0].data["thread"]["id"].as_str().unwrap();
    let again = goes_on(&client, cut).await;
    let items = desk::items(&client, cut).await;
    for item in done(&events).into_iter().chain(done(valid(&again))) {
        assert!(
            items.contains(item),
            "shown as done, and not stored: {item}"
        );
    }
    assert_eq!(desk::threads(&client).await.len(), 2);
}
