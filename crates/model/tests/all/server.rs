//! A model server on a real socket: it answers each request with the next scripted reply and records what it was sent.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use frontdesk_identity::Secret;
use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::{Error, Event, Model, Request, Retry, Timeouts, http};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub(crate) const KEY: &str = "sk-test-0123456789abcdef";

/// How a reply goes out.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A stream in these chunks, properly ended.
    Chunks(Vec<Vec<u8>>),
    /// A stream in these chunks, after which the connection is closed without an end.
    Cut(Vec<Vec<u8>>),
    /// A stream in these chunks, after which nothing more comes.
    Stall(Vec<Vec<u8>>),
    /// A status with headers and a body.
    Status(&'static str, &'static str, String),
    /// The connection is closed without an answer.
    HangUp,
    /// No answer at all.
    Silence,
}

/// What the server was sent.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) head: String,
    /// JSON, or a text where it isn't that.
    pub(crate) body: Value,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Seen>>,
    gone: Arc<Notify>,
    _tasks: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Seen {
    replies: Vec<Reply>,
    requests: Vec<Recorded>,
    connections: usize,
}

impl Server {
    pub(crate) async fn start(mut replies: Vec<Reply>) -> Self {
        replies.reverse();
        let seen = Arc::new(Mutex::new(Seen {
            replies,
            ..Seen::default()
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        let (state, gone) = (Arc::clone(&seen), Arc::new(Notify::new()));
        let notify = Arc::clone(&gone);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                // The end of an answer isn't to wait until its beginning is acknowledged.
                socket.set_nodelay(true).unwrap();
                state.lock().unwrap().connections += 1;
                connections.spawn(serve(socket, Arc::clone(&state), Arc::clone(&notify)));
            }
        });
        Self {
            base_url,
            seen,
            gone,
            _tasks: tasks,
        }
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.seen.lock().unwrap().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Waits until a client has closed the connection of a stalled reply.
    pub(crate) async fn client_gone(&self) {
        self.gone.notified().await;
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            base_url: self.base_url.clone(),
            api_key: Some(Secret::new(KEY)),
            timeouts: Timeouts {
                first_byte: Duration::from_secs(20),
                idle: Duration::from_secs(20),
            },
            retry: Retry {
                first_wait: Duration::from_millis(1),
                longest_wait: Duration::from_millis(2),
                longest_asked_wait: Duration::from_millis(2),
                ..Retry::default()
            },
            ..Config::new("test-model")
        }
    }

    pub(crate) fn model(&self) -> OpenAiResponses {
        OpenAiResponses::new(self.config(), client()).unwrap()
    }
}

/// A client that all tests may share, since it takes a while to make; each has a server of its own.
pub(crate) fn client() -> reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| http::client().unwrap());
    CLIENT.clone()
}

/// All events of an answer, and how it ended.
pub(crate) async fn collect(model: &dyn Model, request: Request) -> (Vec<Event>, Option<Error>) {
    let mut events = Vec::new();
    let mut stream = match model.stream(request).await {
        Ok(stream) => stream,
        Err(error) => return (events, Some(error)),
    };
    while let Some(next) = stream.next().await {
        match next {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "nothing follows an error");
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

/// Frames as OpenAI sends them.
pub(crate) fn frames(events: &[Value]) -> Vec<u8> {
    let frame = |event: &Value| {
        format!(
            "event: {}
data: {event}

",
            event["type"].as_str().unwrap()
        )
    };
    events.iter().map(frame).collect::<String>().into_bytes()
}

pub(crate) fn whole(events: &[Value]) -> Reply {
    Reply::Chunks(vec![frames(events)])
}

async fn serve(socket: TcpStream, seen: Arc<Mutex<Seen>>, gone: Arc<Notify>) {
    let mut socket = BufReader::new(socket);
    while let Some(request) = read_request(&mut socket).await {
        let reply = {
            let mut seen = seen.lock().unwrap();
            seen.requests.push(request);
            seen.replies.pop().unwrap_or(Reply::HangUp)
        };
        let (chunks, end) = match reply {
            Reply::Chunks(chunks) => (chunks, End::Proper),
            Reply::Cut(chunks) => (chunks, End::Close),
            Reply::Stall(chunks) => (chunks, End::Wait),
            Reply::Status(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n",
                    body.len()
                );
                if socket
                    .write_all(format!("{head}{body}").as_bytes())
                    .await
                    .is_err()
                {
                    return;
                }
                continue;
            }
            Reply::HangUp => return,
            Reply::Silence => return std::future::pending().await,
        };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        if socket.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        for chunk in chunks {
            let framed = [format!("{:x}\r\n", chunk.len()).as_bytes(), &chunk, b"\r\n"].concat();
            if socket.write_all(&framed).await.is_err() || socket.flush().await.is_err() {
                return;
            }
        }
        match end {
            End::Proper => {
                if socket.write_all(b"0\r\n\r\n").await.is_err() {
                    return;
                }
            }
            End::Close => return,
            // Until the client goes away.
            End::Wait => {
                let _ = socket.read_u8().await;
                gone.notify_one();
                return;
            }
        }
    }
}

enum End {
    Proper,
    Close,
    Wait,
}

async fn read_request(socket: &mut BufReader<TcpStream>) -> Option<Recorded> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if socket.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    })?;
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.ok()?;
    Some(Recorded {
        head,
        body: serde_json::from_slice(&body)
            .unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into()),
    })
}
