//! Asking the server over HTTP, as a person or as nobody; what it answered; and which operations that used.

use crate::centre::Centre;
use crate::founded::Member;
use baiyo::api::form_routes;
use baiyo::api::openapi::Schemas;
use baiyo_domain::authority::{ShutOut, rule};
use serde_json::{Value, json};
use std::sync::OnceLock;
use uuid::Uuid;

/// An operation asked for and what it answered: method, path template, status.
pub type Use = (String, String, u16);

/// A request that succeeded, as it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Who sent it; nobody where it needs no sign-in.
    pub member: Option<Member>,
    /// The path.
    pub path: String,
    /// The body.
    pub body: Option<Value>,
}

/// The API's own document, as the server answers it.
pub fn api() -> &'static Value {
    static API: OnceLock<Value> = OnceLock::new();
    API.get_or_init(|| Schemas::new().document().clone())
}

/// The documented path that a path below `/api/v1` is of; itself where there is none.
pub fn template_of(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let (parts, wanted) = (path.split('/'), template.split('/'));
        parts.clone().count() == wanted.clone().count()
            && parts.zip(wanted).all(|(part, wanted)| part == wanted || wanted.starts_with('{'))
    };
    let paths = api()["paths"].as_object().expect("paths").keys();
    let exact = paths.clone().find(|template| *template == path);
    exact.or(paths.clone().find(|template| fits(template))).cloned().unwrap_or_else(|| path.to_string())
}

/// What was tried, where whoever does a step was refused as its checker.
pub(crate) fn own_checker(template: &str) -> String {
    format!("{template} checked by oneself")
}

/// Whether a path is about accounts, for which no token does: one signs in.
fn is_of_an_account(path: &str) -> bool {
    path == "//tablets" || path == "//me" || path.starts_with("//me/") || path.starts_with("/me/")
}

/// Somebody who asks.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    centre: &'a Centre,
    member: Option<&'a Member>,
    language: &'a str,
    server: usize,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(centre: &'a Centre, member: Option<&'a Member>) -> Self {
        Self { centre, member, language: "en", server: 0 }
    }

    /// Who he is.
    pub fn account(&self) -> &'a Member {
        self.member.expect("somebody is signed in")
    }

    /// His identifier.
    pub fn id(&self) -> Uuid {
        self.account().id
    }

    /// The same person, answered in another language.
    pub fn in_language(self, language: &'a str) -> Self {
        Self { language, ..self }
    }

    /// The same person, at one of several servers.
    pub fn at(self, server: usize) -> Self {
        Self { server, ..self }
    }

    /// A request, to be filled in.
    pub fn call(&self, method: &'static str, path: &str) -> Call<'a> {
        let mut call = Call {
            centre: self.centre,
            method,
            path: path.to_string(),
            member: self.member,
            server: self.server,
            headers: vec![("accept-language", self.language.to_string())],
            body: None,
        };
        if let Some(member) = self.member {
            call = match is_of_an_account(path) {
                true => call
                    .header("cookie", &self.centre.session_of(member))
                    .header("sec-fetch-site", "same-origin"),
                false => call.header("authorization", &format!("Bearer {}", member.token)),
            };
        }
        call
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send()
    }

    /// Submits a form.
    pub fn post(&self, path: &str, form: Value) -> Answer {
        if self.member.is_some() {
            self.is_own_checker(path, &form);
        }
        self.call("POST", path).json(&form).send()
    }

    /// Where the centre is careful: whoever does a step is first tried as its checker, and must be refused for that.
    fn is_own_checker(&self, path: &str, form: &Value) {
        let template = template_of(path);
        let route = form_routes().into_iter().find(|route| route.path == template);
        let rule = route.and_then(|route| rule(&route.action));
        let tried = own_checker(&template);
        if !rule.is_some_and(|rule| rule.shut_out.contains(&ShutOut::OwnChecker))
            || !self.centre.is_careful_with(&tried)
        {
            return;
        }
        let mut alone = form.clone();
        alone["performed"]["checked_by"] = json!(self.id());
        let answer = self.call("POST", path).json(&alone).send();
        // What is wrong with the step besides may be said first: then it is tried at the next one.
        let reasons = answer.body["reasons"].as_array();
        if reasons.is_some_and(|all| all.iter().any(|reason| reason["code"] == "maker_is_checker")) {
            self.centre.was_careful_with(&tried);
        }
    }

    /// Submits a form that names the version acted on, as read just before.
    pub fn post_seen(&self, path: &str, form: Value) -> Answer {
        let version = self.version_of(path);
        if self.centre.is_careful_with(&template_of(path)) {
            let blind = self.call("POST", path).json(&form).send();
            if blind.status == 428 {
                blind.refused(428).only(&["version_needed"]);
                let stale = self.call("POST", path).json(&form).header("if-match", "\"99\"");
                stale.send().refused(412).only(&["version_conflict"]);
                self.centre.was_careful_with(&template_of(path));
            }
        }
        self.call("POST", path).json(&form).header("if-match", &version).send()
    }

    /// Signs: the form, the password and the meaning, on the version read just before.
    pub fn sign(&self, path: &str, form: Value, meaning: &str) -> Answer {
        self.post_seen(path, self.signed(form, meaning))
    }

    /// A form with this person's signature.
    pub fn signed(&self, mut form: Value, meaning: &str) -> Value {
        form["signature"] = json!({ "password": self.account().password, "meaning": meaning });
        form
    }

    /// The version of what a path is aimed at, in quotes as in `ETag`.
    pub fn version_of(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').collect();
        let [_, collection, id, ..] = parts.as_slice() else { panic!("{path} is aimed at nothing") };
        if *collection == "people" {
            let history = self.get(&format!("/people/{id}/history")).ok();
            return format!("\"{}\"", history["items"].as_array().expect("entries").len());
        }
        let read = self.get(&format!("/{collection}/{id}"));
        read.header("etag").unwrap_or_else(|| panic!("{path}: {read:?}")).to_string()
    }
}

/// A request in the making.
#[derive(Clone)]
pub struct Call<'a> {
    centre: &'a Centre,
    method: &'static str,
    path: String,
    member: Option<&'a Member>,
    server: usize,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

impl Call<'_> {
    /// With a header, in place of one of that name.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_string()));
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string().into_bytes(), "application/json")
    }

    /// With any body.
    pub fn body(mut self, body: Vec<u8>, media_type: &str) -> Self {
        self.body = Some(body);
        self.header("content-type", media_type)
    }

    /// Sends it. Paths that begin with `//` are the server's own, not the API's.
    pub fn send(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        if let Some(answer) = self.planted() {
            return answer;
        }
        self.try_send().unwrap_or_else(|error| panic!("{asked}: {error}"))
    }

    /// Sends it with what is planted in this centre; nothing where nothing was, or it cannot be read so.
    fn planted(&self) -> Option<Answer> {
        let planting = self.centre.planting().filter(|_| self.method == "POST")?;
        let body = serde_json::from_slice(self.body.as_deref()?).ok()?;
        for filled in [true, false] {
            let (body, fields) = planting.plant(&self.path, &body, filled)?;
            let answer = self.clone().json(&body).try_send().ok()?;
            if (200..300).contains(&answer.status) {
                planting.took(fields);
            }
            // What is no form leaves nothing behind; whatever else it was answered with stands.
            if answer.status != 422 {
                return Some(answer);
            }
        }
        None
    }

    /// Sends it where the server may be gone before it answers.
    ///
    /// # Errors
    /// No answer came, or not the whole of it.
    pub fn try_send(self) -> Result<Answer, ureq::Error> {
        let (address, agent) = self.centre.server(self.server);
        let url = match self.path.strip_prefix('/').filter(|rest| rest.starts_with('/')) {
            Some(own) => format!("{address}{own}"),
            None => format!("{address}/api/v1{}", self.path),
        };
        let mut request = ureq::http::Request::builder().method(self.method).uri(&url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let sent = match self.body.clone() {
            Some(body) => agent.run(request.body(body).expect("a request")),
            None => agent.run(request.body(()).expect("a request")),
        };
        let mut response = sent?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers =
            headers.map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
        let headers = headers.collect();
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        let template = template_of(&self.path);
        if (200..300).contains(&status) {
            let body = self.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
            let sent = Sent { member: self.member.cloned(), path: self.path.clone(), body };
            self.centre.note_success((self.method.to_string(), template.clone()), sent);
        }
        self.centre.note((self.method.to_string(), template, status));
        let asked = format!("{} {}", self.method, self.path);
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, headers, body, text: String::from_utf8_lossy(&bytes).into_owned(), asked })
    }
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, where it is JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
    headers: Vec<(String, String)>,
    asked: String,
}

impl Answer {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every header of a name.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All headers, in the order they came.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body of what succeeded.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} answered {}: {}", self.asked, self.status, self.text);
        self.body
    }

    /// The identifier of what was made.
    #[track_caller]
    pub fn made(self) -> Uuid {
        let asked = self.asked.clone();
        let body = self.ok();
        body["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{asked} made {body}"))
    }

    /// The first entry of this kind that was appended.
    #[track_caller]
    pub fn entry(self, kind: &str) -> String {
        let body = self.ok();
        let entries = body["entries"].as_array().expect("entries");
        let found = entries.iter().find(|entry| entry["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {body}"))["entry"].as_str().expect("an id").to_string()
    }

    /// The problem of what was refused with this status.
    #[track_caller]
    pub fn refused(self, status: u16) -> Refused {
        assert_eq!(self.status, status, "{} answered {}: {}", self.asked, self.status, self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.asked);
        assert_eq!(self.body["status"], status, "{}", self.asked);
        for field in ["type", "title"] {
            assert!(
                self.body[field].as_str().is_some_and(|text| !text.is_empty()),
                "{}: {field}",
                self.asked
            );
        }
        let reasons = self.body["reasons"].as_array().expect("reasons").clone();
        for reason in &reasons {
            assert!(reason["sentence"].as_str().is_some_and(|text| !text.is_empty()), "in words: {reason}");
        }
        Refused { reasons }
    }
}

/// Why something was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Every reason.
    pub reasons: Vec<Value>,
}

impl Refused {
    /// The reasons' codes; where the gate blocks, `blocked/` and what blocks.
    pub fn codes(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let codes = self.reasons.iter().map(|reason| match text(&reason["code"]).as_str() {
            "blocked" => format!("blocked/{}", text(&reason["arguments"]["blocker"]["code"])),
            code => code.to_string(),
        });
        let mut codes: Vec<String> = codes.collect();
        codes.sort();
        codes.dedup();
        codes
    }

    /// That a reason is among them.
    #[track_caller]
    pub fn names(&self, code: &str) -> &Self {
        assert!(self.codes().iter().any(|known| known == code), "{code} is not among {:?}", self.reasons);
        self
    }

    /// That these are all.
    #[track_caller]
    pub fn only(&self, codes: &[&str]) -> &Self {
        assert_eq!(self.codes(), codes, "{:?}", self.reasons);
        self
    }
}
