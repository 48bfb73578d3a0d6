//! A browser that keeps its cookies, in front of one of our own pages: it signs people in, sends forms as pages do and
//! asks the API as a page's script would.

use crate::asking::{Answer, Call};
use crate::centre::Centre;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A browser.
pub struct Browser<'a> {
    centre: &'a Centre,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    /// One that has been nowhere yet.
    pub fn new(centre: &'a Centre) -> Self {
        Self { centre, cookies: RefCell::default() }
    }

    /// A cookie it keeps.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Puts a cookie there, as whoever sits at it could.
    pub fn put(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.into(), value.into());
    }

    /// A request from one of our own pages.
    pub fn call(&self, method: &'static str, path: &str) -> Call<'a> {
        let cookies = self.cookies.borrow();
        let kept: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let call = self.centre.stranger().call(method, path).header("sec-fetch-site", "same-origin");
        // Stories let it wait for longer than a server keeps a line open.
        let call = call.header("connection", "close");
        if kept.is_empty() { call } else { call.header("cookie", &kept.join("; ")) }
    }

    /// Sends a request and keeps the cookies of its answer.
    pub fn send(&self, call: Call) -> Answer {
        let answer = call.send();
        for cookie in answer.headers_named("set-cookie") {
            let (name, value) =
                cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            match value {
                "" => self.cookies.borrow_mut().remove(name),
                value => self.cookies.borrow_mut().insert(name.into(), value.into()),
            };
        }
        answer
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Answer {
        self.send(self.call("GET", path))
    }

    /// Sends JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.call("POST", path).json(body))
    }

    /// Sends a page's form.
    pub fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.form(path, fields))
    }

    /// A page's form, filled in.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Call<'a> {
        let encoded =
            |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let body = pairs.join("&").into_bytes();
        self.call("POST", path).body(body, "application/x-www-form-urlencoded")
    }

    /// Signs in through the API.
    pub fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.post("/session", &json!({ "sign_in": name, "password": password }))
    }
}
