//! The barest client that speaks HTTP: one connection that stays open, requests made beforehand, answers read whole. It
//! shares the machine with the server, so it must cost next to nothing.

use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

/// What was answered.
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The `ETag`, quotes included.
    pub etag: Option<String>,
    /// The body.
    pub body: &'a [u8],
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        Self { stream: BufReader::with_capacity(64 << 10, stream), line: String::new(), body: Vec::new() }
    }

    /// Asks and reads the whole answer.
    pub fn ask(&mut self, request: &[u8]) -> Answer<'_> {
        self.stream.get_mut().write_all(request).expect("a request");
        let status = self.read_line().split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.expect("a status");
        let (mut length, mut etag) = (0, None);
        loop {
            let line = self.read_line();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").expect("a header");
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().expect("a length");
            } else if name.eq_ignore_ascii_case("etag") {
                etag = Some(value.to_string());
            } else {
                assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "answers have a length");
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).expect("a whole answer");
        Answer { status, etag, body: &self.body }
    }

    /// The JSON of what succeeds.
    pub fn json(&mut self, request: &[u8]) -> Value {
        let answer = self.ask(request);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
        serde_json::from_slice(answer.body).expect("JSON")
    }

    fn read_line(&mut self) -> &str {
        self.line.clear();
        self.stream.read_line(&mut self.line).expect("a line");
        self.line.trim_end()
    }
}

/// A request that reads.
pub fn get(path: &str, token: &str, etag: Option<&str>) -> Vec<u8> {
    let mut text = format!("GET {path} HTTP/1.1\r\nhost: baiyo\r\nauthorization: Bearer {token}\r\n");
    if let Some(etag) = etag {
        write!(text, "if-none-match: {etag}\r\n").expect("text");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A request that submits a form, to be done once under this key.
pub fn post(path: &str, token: &str, key: &str, form: &Value) -> Vec<u8> {
    let body = form.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: baiyo\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
