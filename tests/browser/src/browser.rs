//! One browser for a test: `driver.mjs` in a process of its own, which does one command after the other.

use crate::device::{Device, Scripts, Theme};
use crate::person::Person;
use baiyo::words::Language;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use stories::{Centre, Member};

/// How long the driver may take to close its browser before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A browser. It ends with the test.
pub struct Browser {
    child: Mutex<Child>,
    pipes: Mutex<Option<Pipes>>,
    seats: AtomicU32,
}

struct Pipes {
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What the driver says of a command that failed, and of where the person was.
pub(crate) struct Failure {
    why: String,
    url: String,
    text: String,
    picture: Option<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.why)?;
        writeln!(f, "  on   {}", self.url)?;
        writeln!(f, "  says {}", self.text)?;
        match &self.picture {
            Some(file) => write!(f, "  see  {file}"),
            None => write!(f, "  no picture could be taken"),
        }
    }
}

impl Browser {
    /// Starts it, with nobody in front.
    pub fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(
            folder.join("node_modules").is_dir(),
            "run `npm ci` in tests/browser first, or `cargo xtask test`, which does"
        );
        let mut driver = Command::new("node");
        driver.arg("driver.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            driver.spawn().unwrap_or_else(|error| panic!("node, which drives the browser: {error}"));
        let commands = child.stdin.take().expect("its commands are written");
        let answers = BufReader::new(child.stdout.take().expect("its answers are read"));
        let mut pipes = Pipes { commands, answers };
        let ready = pipes.answer();
        // From here on it ends with this value, whatever it said.
        let browser =
            Self { child: Mutex::new(child), pipes: Mutex::new(Some(pipes)), seats: AtomicU32::new(0) };
        if let Some(why) = ready["error"].as_str() {
            panic!("Chromium does not start (BAIYO_CHROMIUM names another one): {why}");
        }
        browser
    }

    /// Somebody of a centre signs in at a device, through the page for it.
    pub fn person(
        &self,
        centre: &Centre,
        member: &Member,
        device: Device,
        language: Language,
        theme: Theme,
    ) -> Person<'_> {
        let person = self.visitor(centre.address(), device, language, theme, Scripts::On);
        person.signs_in(&member.sign_in, &member.password);
        person
    }

    /// Somebody in front of a server who has not signed in.
    pub fn visitor(
        &self,
        address: &str,
        device: Device,
        language: Language,
        theme: Theme,
        scripts: Scripts,
    ) -> Person<'_> {
        let who = format!("person {}", self.seats.fetch_add(1, Ordering::Relaxed) + 1);
        let (width, height) = device.size();
        let locale = match language {
            Language::En => "en-GB",
            Language::Ja => "ja-JP",
        };
        let command = json!({
            "do": "sit", "who": who, "address": address, "width": width, "height": height,
            "touch": device.is_touched(), "language": locale, "theme": theme.name(), "scripts": scripts != Scripts::Off,
            "policy": scripts != Scripts::WithoutPolicy,
        });
        if let Err(failure) = self.ask(&command) {
            panic!("{failure}");
        }
        Person::new(self, who, language)
    }

    /// Has a command done.
    pub(crate) fn ask(&self, command: &Value) -> Result<Value, Failure> {
        // A test that failed while it asked must still be able to ask where the person was.
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let pipes = pipes.as_mut().expect("the browser runs");
        let written = writeln!(pipes.commands, "{command}").and_then(|()| pipes.commands.flush());
        let mut answer = match written {
            Ok(()) => pipes.answer(),
            Err(error) => json!({ "error": format!("the driver has ended: {error}") }),
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        match &answer["error"] {
            Value::Null => Ok(answer["value"].take()),
            why => Err(Failure {
                why: text(why),
                url: text(&answer["url"]),
                text: text(&answer["text"]),
                picture: answer["picture"].as_str().map(String::from),
            }),
        }
    }
}

impl Pipes {
    fn answer(&mut self) -> Value {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        let said = read.ok().filter(|bytes| *bytes > 0).and_then(|_| serde_json::from_str(&line).ok());
        said.unwrap_or_else(|| json!({ "error": "the driver ended without an answer" }))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // With nothing more to read it closes the browser and ends.
        drop(self.pipes.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill().and_then(|()| child.wait());
    }
}

/// Where the picture of what fails is put; a test fails once.
pub(crate) fn picture_of_failure() -> PathBuf {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    stories::workspace().join(format!("target/browser/failed-{test}.png"))
}
