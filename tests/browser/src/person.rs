//! A person at a device: what he does there, counted, and what he sees.

use crate::browser::{Browser, picture_of_failure};
use crate::device::{Device, Theme};
use baiyo::words::{self, Language, Ui, Word};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::path::Path;

/// Somebody in front of a browser, with cookies of his own. Leaving fails if anything went wrong on a page unseen.
pub struct Person<'a> {
    browser: &'a Browser,
    who: String,
    language: Language,
    task: RefCell<String>,
    done: RefCell<Vec<String>>,
    gone: Cell<bool>,
}

/// How much of a page a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// As much as the window does.
    Window,
    /// All of it, however long.
    Page,
}

/// A breach of a rule of accessibility.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The rule.
    pub rule: String,
    /// What is wrong, in a sentence.
    pub help: String,
    /// How many elements break it.
    pub many: u64,
    /// The first of them, as selectors.
    pub places: Vec<String>,
    /// What would mend the first.
    pub why: String,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rule, help, many, places, why } = self;
        write!(f, "{rule} ({help}), {many} times: {} – {}", places.join("; "), why.replace('\n', " "))
    }
}

/// What the rules could not decide by themselves about an element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// The rule.
    pub rule: String,
    /// The key of the reason that it gives.
    pub reason: String,
    /// `drawing` or `page`.
    pub within: String,
    /// The element, as a selector.
    pub place: String,
}

/// What a look at a page found.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// The rules it breaks.
    pub breaches: Vec<Breach>,
    /// What they leave open.
    pub open: Vec<Open>,
}

/// Something that can be tapped, and its box in pixels.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is called.
    pub name: String,
    /// From the left, from the top, width and height.
    pub at: [f64; 4],
    /// To the nearest other target; nothing where there is none.
    pub gap: Option<f64>,
    /// Whether it is what the page is there for.
    pub primary: bool,
}

impl Target {
    /// The shorter of its sides.
    pub fn least_side(&self) -> f64 {
        self.at[2].min(self.at[3])
    }
}

/// What a page weighs on its way, with everything that belongs to it, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// As it came over the wire.
    pub transferred: u64,
    /// Unpacked.
    pub plain: u64,
}

impl<'a> Person<'a> {
    pub(crate) fn new(browser: &'a Browser, who: String, language: Language) -> Self {
        let (task, done) = Default::default();
        Self { browser, who, language, task, done, gone: Cell::new(false) }
    }

    #[track_caller]
    fn ask(&self, mut command: Value) -> Value {
        command["who"] = json!(self.who);
        command["picture"] = json!(picture_of_failure());
        match self.browser.ask(&command) {
            Ok(value) => value,
            Err(failure) => panic!("{}: {failure}", command["do"].as_str().unwrap_or_default()),
        }
    }

    #[track_caller]
    fn ask_text(&self, command: &str) -> String {
        self.ask(json!({ "do": command })).as_str().unwrap_or_default().to_string()
    }

    // ---- what he does

    /// Opens a page by its address.
    #[track_caller]
    pub fn open(&self, path: &str) -> &Self {
        self.ask(json!({ "do": "open", "path": path }));
        self
    }

    /// Signs in through the page for it. Not counted.
    #[track_caller]
    pub fn signs_in(&self, name: &str, password: &str) -> &Self {
        self.open("/sign-in");
        self.enter(self.say(Ui::SignInName), name).enter(self.say(Ui::Password), password);
        self.tap(self.say(Ui::SignIn));
        self.ask(json!({ "do": "leaves", "path": "/sign-in" }));
        self.begins("")
    }

    /// Taps the one button, link, box or heading that opens, which is called exactly so.
    #[track_caller]
    pub fn tap(&self, name: &str) -> &Self {
        self.ask(json!({ "do": "tap", "name": name }));
        self.counts(format!("tap {name}"))
    }

    /// Taps what is called so within the row, group, list item or region whose name contains `within`.
    #[track_caller]
    pub fn tap_in(&self, within: &str, name: &str) -> &Self {
        self.ask(json!({ "do": "tap", "name": name, "within": within }));
        self.counts(format!("tap {name} in {within}"))
    }

    /// Taps what a CSS selector finds: for what has no name of its own.
    #[track_caller]
    pub fn tap_at(&self, selector: &str) -> &Self {
        self.ask(json!({ "do": "tap_at", "selector": selector }));
        self.counts(format!("tap {selector}"))
    }

    /// Enters a value into the field with exactly this label, or chooses it there.
    #[track_caller]
    pub fn enter(&self, label: &str, value: &str) -> &Self {
        self.ask(json!({ "do": "enter", "label": label, "value": value }));
        self.counts(format!("enter {label}"))
    }

    /// Enters a value into the field with this label within the row, group or region whose name contains `within`.
    #[track_caller]
    pub fn enter_in(&self, within: &str, label: &str, value: &str) -> &Self {
        self.ask(json!({ "do": "enter", "label": label, "value": value, "within": within }));
        self.counts(format!("enter {label} in {within}"))
    }

    /// Chooses a picture in the field with exactly this label, or takes it there.
    #[track_caller]
    pub fn choose_file(&self, label: &str, name: &str, bytes: &[u8]) -> &Self {
        let bytes = STANDARD.encode(bytes);
        self.ask(json!({ "do": "choose_file", "label": label, "name": name, "bytes": bytes }));
        self.counts(format!("choose {label}"))
    }

    /// Scans a label with a scanner that types it, wherever the page listens.
    #[track_caller]
    pub fn scan(&self, text: &str) -> &Self {
        self.ask(json!({ "do": "scan", "text": text, "ime": false }));
        self.counts(format!("scan {text}"))
    }

    /// Scans while a Japanese input method is on: the page learns of each key only where on the keyboard it is.
    #[track_caller]
    pub fn scan_through_ime(&self, text: &str) -> &Self {
        self.ask(json!({ "do": "scan", "text": text, "ime": true }));
        self.counts(format!("scan {text}"))
    }

    /// Presses a key.
    #[track_caller]
    pub fn press(&self, key: &str) -> &Self {
        self.ask(json!({ "do": "press", "key": key }));
        self.counts(format!("press {key}"))
    }

    /// The network is gone. What fails until it is back is nobody's fault.
    #[track_caller]
    pub fn loses_network(&self) -> &Self {
        self.ask(json!({ "do": "network", "there": false }));
        self
    }

    /// The network is back.
    #[track_caller]
    pub fn finds_network(&self) -> &Self {
        self.ask(json!({ "do": "network", "there": true }));
        self
    }

    /// Looks at the same page, as it stands, on another device and in other colours.
    #[track_caller]
    pub fn moves_to(&self, device: Device, theme: Theme) -> &Self {
        let (width, height) = device.size();
        let touch = device.is_touched();
        self.ask(
            json!({ "do": "move", "width": width, "height": height, "touch": touch, "theme": theme.name() }),
        );
        self
    }

    /// Has a device at hand that makes and shows passkeys, and shows it who he is, or will not.
    #[track_caller]
    pub fn shows_a_device(&self, who_he_is: bool) -> &Self {
        self.ask(json!({ "do": "authenticator", "verified": who_he_is }));
        self
    }

    /// Runs a script in the page: to read what no verb here reads, and for the controls of this harness.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.ask(json!({ "do": "run", "script": script }))
    }

    // ---- what it costs him

    /// A task begins: what he does is counted from here.
    pub fn begins(&self, task: &str) -> &Self {
        *self.task.borrow_mut() = task.to_string();
        self.done.borrow_mut().clear();
        self
    }

    /// How many scans, taps, keys and entered values the task has taken so far; each counts one.
    pub fn interactions(&self) -> usize {
        self.done.borrow().len()
    }

    /// The task took no more interactions than this.
    #[track_caller]
    pub fn took_at_most(&self, most: usize) -> &Self {
        let (task, done) = (self.task.borrow(), self.done.borrow());
        assert!(done.len() <= most, "{task} took {}, more than {most}: {}", done.len(), done.join(", "));
        self
    }

    fn counts(&self, what: String) -> &Self {
        self.done.borrow_mut().push(what);
        self
    }

    // ---- what he sees

    /// Words of the pages in his language.
    pub fn say(&self, word: impl Word) -> &'static str {
        words::text(self.language, word)
    }

    /// Waits until a text is to be seen.
    #[track_caller]
    pub fn see(&self, text: &str) -> &Self {
        self.ask(json!({ "do": "see", "text": text }));
        self
    }

    /// A text is not to be seen, or goes away now. After a tap that leads elsewhere, first see something of that page.
    #[track_caller]
    pub fn does_not_see(&self, text: &str) -> &Self {
        self.ask(json!({ "do": "does_not_see", "text": text }));
        self
    }

    /// Waits until the page with this address is there.
    #[track_caller]
    pub fn arrives_at(&self, path: &str) -> &Self {
        self.ask(json!({ "do": "arrives", "path": path }));
        self
    }

    /// The page's whole address.
    #[track_caller]
    pub fn url(&self) -> String {
        self.ask_text("url")
    }

    /// Everything that is to be seen, on one line.
    #[track_caller]
    pub fn text(&self) -> String {
        self.ask_text("text")
    }

    /// What stands in the field with this label.
    #[track_caller]
    pub fn value(&self, label: &str) -> String {
        self.ask(json!({ "do": "value", "label": label })).as_str().unwrap_or_default().to_string()
    }

    /// How many visible elements a CSS selector finds.
    #[track_caller]
    pub fn count(&self, selector: &str) -> u64 {
        self.ask(json!({ "do": "count", "selector": selector })).as_u64().expect("a number")
    }

    /// Takes a picture.
    #[track_caller]
    pub fn screenshot(&self, file: &Path, of: Extent) -> &Self {
        self.ask(json!({ "do": "screenshot", "file": file, "whole": of == Extent::Page }));
        self
    }

    // ---- what the page is like

    /// Looks at the page as it stands by the rules of WCAG 2.0 to 2.2, A and AA, that a program can decide.
    #[track_caller]
    pub fn looks(&self) -> Looked {
        let found = self.ask(json!({ "do": "axe" }));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let breach = |found: &Value| Breach {
            rule: text(&found["rule"]),
            help: text(&found["help"]),
            many: found["many"].as_u64().unwrap_or_default(),
            places: found["places"].as_array().into_iter().flatten().map(text).collect(),
            why: text(&found["why"]),
        };
        let open = |found: &Value| {
            let [rule, reason, within, place] =
                ["rule", "reason", "within", "place"].map(|key| text(&found[key]));
            Open { rule, reason, within, place }
        };
        Looked {
            breaches: found["breaches"].as_array().expect("a list").iter().map(breach).collect(),
            open: found["open"].as_array().expect("a list").iter().map(open).collect(),
        }
    }

    /// Every breach of the rules.
    #[track_caller]
    pub fn axe(&self) -> Vec<Breach> {
        self.looks().breaches
    }

    /// No rule of accessibility is broken on the page as it stands.
    #[track_caller]
    pub fn breaks_no_rule(&self) -> &Self {
        let breaches: Vec<String> = self.axe().iter().map(ToString::to_string).collect();
        if !breaches.is_empty() {
            self.fails(&breaches.join("\n"));
        }
        self
    }

    /// What can be tapped below what a CSS selector finds.
    #[track_caller]
    pub fn targets(&self, selector: &str) -> Vec<Target> {
        let found = self.ask(json!({ "do": "targets", "selector": selector }));
        let number = |value: &Value| value.as_f64().unwrap_or_default();
        let target = |found: &Value| Target {
            name: found["name"].as_str().unwrap_or_default().to_string(),
            at: ["x", "y", "width", "height"].map(|side| number(&found[side])),
            gap: found["gap"].as_f64(),
            primary: found["primary"] == true,
        };
        found.as_array().expect("a list").iter().map(target).collect()
    }

    /// Whatever can be tapped there is at least so large and so far from the next: a gloved finger meets it.
    #[track_caller]
    pub fn can_tap(&self, selector: &str, least_side: f64, least_gap: f64) -> &Self {
        let targets = self.targets(selector);
        let close = |target: &&Target| target.gap.is_some_and(|gap| gap < least_gap);
        let wrong: Vec<String> = targets
            .iter()
            .filter(|target| target.least_side() < least_side || close(target))
            .map(|target| format!("{}: {:?}, gap {:?}", target.name, target.at, target.gap))
            .collect();
        if targets.is_empty() || !wrong.is_empty() {
            self.fails(&format!(
                "of {} targets in {selector} these are hard to tap: {wrong:#?}",
                targets.len()
            ));
        }
        self
    }

    /// What gloved hands would miss: whatever can be tapped is 64 pixels wide and high, what the page is there for 96 high,
    /// and 16 lie between.
    #[track_caller]
    pub fn misses_in_gloves(&self, selector: &str) -> Vec<String> {
        // Boxes lie between pixels.
        let short = |length: f64, least: f64| length < least - 0.5;
        let misses = |target: &Target| {
            let [.., width, height] = target.at;
            short(height, if target.primary { 96.0 } else { 64.0 })
                || short(width, 64.0)
                || target.gap.is_some_and(|gap| short(gap, 16.0))
        };
        let targets = self.targets(selector);
        let missed = targets.iter().filter(|target| misses(target));
        missed.map(|target| format!("{}: {:?}, gap {:?}", target.name, target.at, target.gap)).collect()
    }

    /// By how many pixels the page is wider than the window.
    #[track_caller]
    pub fn overflow(&self) -> f64 {
        self.ask(json!({ "do": "overflow" })).as_f64().expect("a number")
    }

    /// Loads the page once more with nothing kept from before, and weighs it.
    #[track_caller]
    pub fn weight(&self) -> Weight {
        let found = self.ask(json!({ "do": "weight" }));
        let bytes = |kind: &str| found[kind].as_u64().expect("a number");
        Weight { transferred: bytes("transferred"), plain: bytes("plain") }
    }

    /// Everything that went wrong on his pages so far: errors in the console, breaches of the content policy, requests
    /// that failed, answers of 500 and above, and requests to other hosts.
    #[track_caller]
    pub fn problems(&self) -> Vec<String> {
        let found = self.ask(json!({ "do": "problems" }));
        found.as_array().into_iter().flatten().map(|p| p.as_str().unwrap_or_default().to_string()).collect()
    }

    /// What went wrong with this text in it was meant to; fails where nothing did.
    #[track_caller]
    pub fn forgives(&self, text: &str) -> &Self {
        let forgiven = self.ask(json!({ "do": "forgive", "text": text }));
        assert!(forgiven.as_u64() > Some(0), "nothing went wrong with {text:?}: {:?}", self.problems());
        self
    }

    /// Fails the story, saying where he was.
    #[track_caller]
    pub fn fails(&self, why: &str) -> ! {
        let failed = self.ask(json!({ "do": "fail", "why": why }));
        unreachable!("the driver answered {failed}")
    }

    /// Leaves, and says what went wrong.
    #[track_caller]
    pub fn leaves(self) -> Vec<String> {
        self.gone.set(true);
        let found = self.ask(json!({ "do": "leave" }));
        found.as_array().into_iter().flatten().map(|p| p.as_str().unwrap_or_default().to_string()).collect()
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        if self.gone.get() {
            return;
        }
        let left = self.browser.ask(&json!({ "do": "leave", "who": self.who }));
        if !std::thread::panicking() {
            match left {
                Ok(found) => assert_eq!(found, json!([]), "something went wrong on this person's pages"),
                Err(failure) => panic!("leave: {failure}"),
            }
        }
    }
}
