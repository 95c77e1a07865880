//! A server on loopback that answers as the test says, one step for each connection, and writes down what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use stripe::{Client, Config};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is done with one connection. After the last step, each further connection is closed.
#[derive(Clone)]
pub(crate) enum Step {
    /// Status, headers and body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Closes once the request is read.
    Close,
    /// Says that more bytes follow than do.
    Half,
    /// Never answers.
    Hang,
}

#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) struct Server {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Step {
    pub(crate) fn ok(body: impl ToString) -> Self {
        Self::Answer(200, Vec::new(), body.to_string())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }

    pub(crate) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Server {
    pub(crate) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (steps, noted) = (steps.into_iter().collect::<Vec<_>>(), Arc::clone(&seen));
        tokio::spawn(async move {
            let mut steps = steps.into_iter();
            while let Ok((stream, _)) = listener.accept().await {
                let step = steps.next().unwrap_or(Step::Close);
                tokio::spawn(serve(stream, step, Arc::clone(&noted)));
            }
        });
        Self { base_url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Impatient, so that tests are quick.
    pub(crate) fn config(&self) -> Config {
        Config {
            base_url: self.base_url.clone(),
            try_limit: Duration::from_millis(300),
            deadline: Duration::from_secs(10),
            tries: 3,
            ..Config::new("sk_test_hidden".into())
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.config()).unwrap()
    }
}

async fn serve(mut stream: TcpStream, step: Step, seen: Arc<Mutex<Vec<Seen>>>) {
    let Some(request) = read(&mut stream).await else { return };
    seen.lock().unwrap().push(request);
    match step {
        Step::Answer(status, headers, body) => {
            let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{head}\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(body.as_bytes()).await;
        }
        Step::Half => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":").await;
        }
        Step::Hang => tokio::time::sleep(Duration::from_secs(30)).await,
        Step::Close => {}
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut lines = head.split("\r\n").map(str::to_owned);
            let line = lines.next().unwrap();
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8(bytes[end + 4..].to_vec()).unwrap();
                return Some(Seen { line, headers, body });
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&more[..count]),
            _ => return None,
        }
    }
}
