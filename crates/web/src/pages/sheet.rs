//! A form of the domain as people fill it in. Its fields come from the schema that the API documents and checks: their
//! names, units and limits, what there is to choose from, and what is wrong with each. A page may lay out the fields it
//! knows in its own way; whatever it leaves out is shown below.

use super::form::Fault;
use super::offers::{Offers, Suggestion};
use super::reader::Reader;
use super::typed::{Kind, Shape, Typed, local};
use crate::api::FormRoute;
use crate::api::blobs;
use crate::words::{self, Language, Sheet as Word, Ui};
use baiyo_domain::batch::not_applicable;
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::Hash;
use maud::{Markup, html};
use serde_json::Value;
use std::cell::Cell;
use uuid::Uuid;

/// A form, what was typed into it, and what is wrong.
pub struct Sheet<'a> {
    /// Who reads it.
    pub reader: &'a Reader<'a>,
    /// Which form.
    pub route: &'a FormRoute,
    /// Its fields.
    pub shape: Shape<'a>,
    /// What was typed.
    pub typed: Typed,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What there is to choose from.
    pub offers: Offers,
    /// The list that has one more row than is filled.
    pub longer: Option<String>,
    /// The address it is handed in at.
    pub address: String,
    /// Under this key it happens once, however often it is handed in.
    pub once: Uuid,
    /// For whom it is drawn: at a shared tablet somebody else may be in when it is handed in.
    pub shown_to: PersonId,
    /// Site, year and serial that the labels of its batch share.
    pub serial: Option<String>,
    /// Where a label of another batch is told at once.
    pub check: Option<String>,
    /// The version acted on, where one must be named.
    pub version: Option<u32>,
    /// Whether a field of it takes a file.
    pub files: Cell<bool>,
    /// Whether it is still to be chosen what the form is about: until then there is nothing to hand in.
    pub choosing: bool,
    /// By what a browser seals what is typed in it.
    pub draft_keys: String,
}

/// The field that says for whom a form was drawn.
pub const SHOWN_TO: &str = "shown_to";

/// What the name of a field that takes a file begins with; the pointer of what its hash becomes follows.
pub const FILE: &str = "file:";

/// Above this many choices, they are folded into a list.
const SIDE_BY_SIDE: usize = 6;

impl Sheet<'_> {
    /// The whole form around its fields.
    pub fn whole(&self, fields: Markup) -> Markup {
        if self.choosing {
            return html! { (self.summary()) (fields) };
        }
        html! {
            (self.summary())
            // What is wrong is said by the server: all of it at once, in the words and the language of the page.
            form.sheet method="post" action=(self.address) enctype=[self.files.get().then_some("multipart/form-data")] novalidate data-serial=[self.serial.as_deref()]
                data-check=[self.check.as_deref()] data-about=[self.about()] data-draft=[self.may_be_kept()] {
                input type="hidden" name="once" value=(self.once);
                input type="hidden" name=(SHOWN_TO) value=(self.shown_to);
                // What Enter in a field does: no button that only fills the form in further may come before it.
                button.default type="submit" tabindex="-1" aria-hidden="true" { (self.reader.say(Ui::Record)) }
                @if let Some(version) = self.version { input type="hidden" name="version" value=(version); }
                @if let Some(to) = self.typed.get("to") { input type="hidden" name="to" value=(to); }
                (fields)
                (self.signature())
                div.actions { (self.submit()) }
            }
        }
    }

    /// Every field, the head of the entry last.
    pub fn fields(&self) -> Markup {
        self.all_but(&[])
    }

    /// Every field but these, what must be said before what may be.
    pub fn all_but(&self, shown: &[&str]) -> Markup {
        let Kind::Fields(mut fields) = self.shape.kind() else { return html! {} };
        fields.sort_by_key(|(_, _, required)| !required);
        let others = |name: &str| !shown.contains(&name) && name != "signature" && name != "performed";
        html! {
            @for (name, shape, required) in &fields {
                @if others(name) { (self.show(*shape, &format!("/{name}"), *required)) }
            }
            @if !shown.contains(&"performed") { (self.head(&[])) }
        }
    }

    /// One field, by its pointer.
    pub fn field(&self, pointer: &str) -> Markup {
        let found = self.shape_at(pointer);
        found.map_or_else(|| html! {}, |(shape, required)| self.show(shape, pointer, required))
    }

    /// What a field asks for, and whether it must be there.
    fn shape_at(&self, pointer: &str) -> Option<(Shape<'_>, bool)> {
        let mut found = Some((self.shape, true));
        for segment in pointer.split('/').skip(1) {
            found = found.and_then(|(shape, _)| match shape.kind() {
                Kind::Fields(fields) => {
                    let own = fields.into_iter().find(|(name, ..)| *name == segment);
                    own.map(|(_, shape, required)| (shape, required))
                }
                Kind::List(item) => Some((item, true)),
                Kind::Choice(choices) => {
                    let own = choices.into_iter().find(|(word, _)| *word == segment);
                    own.and_then(|(_, fields)| fields).map(|fields| (fields, true))
                }
                _ => None,
            });
        }
        found
    }

    /// A field of the layout's own, in which one of what is offered under its name is chosen.
    pub fn choose(&self, at: &str, name: &str, required: bool) -> Markup {
        self.offered(at, name, required, self.offers.of(None, at).unwrap_or_default())
    }

    /// A value that is handed in without being shown.
    pub fn hidden(&self, pointer: &str) -> Markup {
        html! {
            @for value in self.typed.all(pointer) { input type="hidden" name=(pointer) value=(value); }
        }
    }

    /// When, by whom and with what, but for what is shown elsewhere: folded away while nothing in it is wrong.
    pub fn head(&self, shown: &[&str]) -> Markup {
        let Kind::Fields(fields) = self.shape.kind() else { return html! {} };
        let Some((_, performed, _)) = fields.into_iter().find(|(name, ..)| *name == "performed") else {
            return html! {};
        };
        let Kind::Fields(own) = performed.kind() else { return html! {} };
        let own: Vec<_> = own.into_iter().filter(|(name, ..)| !shown.contains(name)).collect();
        let within =
            |fault: &Fault| own.iter().any(|(name, ..)| fault.is_within(&format!("/performed/{name}")));
        // A reason why something does not apply is never recorded unseen.
        let reasons = own.iter().any(|(name, ..)| match *name {
            not_applicable::MEMBER => self.typed.any(&format!("/performed/{name}")),
            name => self.typed.any(&format!("/performed/{name}/{}", not_applicable::MEMBER)),
        });
        let open = reasons || self.faults.iter().any(within);
        let said = own.iter().filter_map(|(name, ..)| self.typed.get(&format!("/performed/{name}")));
        let said: Vec<&str> = said.collect();
        html! {
            details.entry-head open[open] {
                summary {
                    (self.reader.say(Word::HeadOfEntry))
                    @if !said.is_empty() { span.muted { (said.join(" · ")) } }
                }
                p.hint { (self.reader.say(Word::HeadHint)) }
                @for (name, shape, required) in own { (self.show(shape, &format!("/performed/{name}"), required)) }
            }
        }
    }

    /// The password and the meaning, where it is a signing.
    pub fn signature(&self) -> Markup {
        let Some(meaning) = self.route.meaning else { return html! {} };
        let password = "/signature/password";
        html! {
            fieldset.signing {
                legend { (self.reader.say(Word::SignMeans)) }
                p.meaning { (words::meaning(self.reader.language, meaning)) }
                input type="hidden" name="/signature/meaning" value=(meaning.word());
                (self.around(password, self.reader.say(Word::PasswordAgain), None, html! {
                    input type="password" id=(password) name=(password) autocomplete="current-password" required
                        maxlength="256" aria-invalid=[self.wrong(password)] aria-describedby=[self.described(password)];
                }))
            }
        }
    }

    /// The button that hands it in.
    pub fn submit(&self) -> Markup {
        let word = match self.route.meaning {
            Some(_) => self.reader.say(Word::SignOnce),
            None => self.reader.say(Ui::Record),
        };
        html! { button.primary type="submit" { (word) } }
    }

    /// What it is about beside the batch: a draft belongs to that alone.
    fn about(&self) -> Option<String> {
        const SUBJECTS: [&str; 9] = [
            "/vessels",
            "/from",
            "/vessel",
            "/containers",
            "/subjects",
            "/entry",
            "/sample",
            "/test",
            "/batches",
        ];
        let about: Vec<&str> =
            SUBJECTS.into_iter().filter_map(|field| self.typed.all(field).first().copied()).collect();
        (!about.is_empty()).then(|| about.join(" "))
    }

    /// The keys by which what was typed may be kept on a device: at the bench alone. What is signed, or hands cells over, is done
    /// anew each time.
    fn may_be_kept(&self) -> Option<&str> {
        const BENCH: [&str; 3] = ["batch.culture.", "batch.filling.", "batch.intake.tissue_receipt"];
        let kept =
            self.route.meaning.is_none() && BENCH.iter().any(|stage| self.route.action.starts_with(stage));
        kept.then_some(self.draft_keys.as_str())
    }

    fn summary(&self) -> Markup {
        html! {
            @if !self.faults.is_empty() {
                div.notice.warning #faults role="alert" tabindex="-1" {
                    h2 { (self.reader.say(Ui::ErrorSummary)) }
                    ul {
                        @for fault in &self.faults {
                            li {
                                @match &fault.field {
                                    Some(field) => { a href={ "#" (self.anchor(field)) } { (fault.sentence) } }
                                    None => { (fault.sentence) }
                                }
                            }
                        }
                    }
                    p { (self.reader.say(Word::NothingSavedYet)) }
                }
            }
        }
    }

    /// Where a fault leads: an item of a list that is typed into one field stands in that field.
    fn anchor<'f>(&self, field: &'f str) -> &'f str {
        match field.rsplit_once('/') {
            Some((list, item)) if item.parse::<usize>().is_ok() && !self.typed.any(field) => list,
            _ => field,
        }
    }

    fn name(&self, pointer: &str) -> String {
        let mut segments = pointer.rsplit('/');
        let last = segments.next().unwrap_or_default();
        let above = segments.next().unwrap_or_default();
        match last.parse::<usize>() {
            Ok(place) => format!("{} {}", words::field(self.reader.language, above), place + 1),
            Err(_) if above == not_applicable::MEMBER => {
                self.not_applicable_to(words::field(self.reader.language, last))
            }
            Err(_) => words::field(self.reader.language, last).to_string(),
        }
    }

    fn not_applicable_to(&self, name: &str) -> String {
        let colon = match self.reader.language {
            Language::En => ": ",
            Language::Ja => "：",
        };
        format!("{}{colon}{name}", self.reader.say(Word::NotApplicable))
    }

    /// What does not apply, and why: folded away while nothing in it is typed or wrong.
    fn not_applicable(&self, shape: Shape, at: &str) -> Markup {
        let Kind::Fields(fields) = shape.kind() else { return html! {} };
        let open = self.typed.any(at) || self.faults.iter().any(|fault| fault.is_within(at));
        let name = match at.rsplit('/').nth(1).filter(|above| !above.is_empty()) {
            Some("performed") => self.not_applicable_to(self.reader.say(Word::HeadOfEntry)),
            Some(above) => self.not_applicable_to(words::field(self.reader.language, above)),
            None => self.not_applicable_to(&words::action(self.reader.language, &self.route.action)),
        };
        let hint = format!("{at}-hint");
        html! {
            details.entry-head open[open] {
                summary { (name) }
                div id=(at) role="group" aria-label=(name) aria-describedby=(hint) {
                    p.hint id=(hint) { (self.reader.say(Word::NotApplicableHint)) }
                    @for (name, shape, required) in fields { (self.show(shape, &format!("{at}/{name}"), required)) }
                }
            }
        }
    }

    fn show(&self, shape: Shape, at: &str, required: bool) -> Markup {
        if at.rsplit('/').next() == Some(not_applicable::MEMBER) {
            return self.not_applicable(shape, at);
        }
        let name = self.name(at);
        if let Some(offered) = self.offers.of(shape.name, at) {
            return self.offered(at, &name, required, offered);
        }
        match shape.kind() {
            Kind::Fields(fields) => html! {
                fieldset id=(at) {
                    legend { (name) @if !required { (self.optional()) } }
                    @for (field, shape, inner) in fields { (self.show(shape, &format!("{at}/{field}"), inner && required)) }
                }
            },
            Kind::List(item) => self.list(item, at, &name, required),
            Kind::Choice(choices) => self.choice(shape, &choices, at, &name, required),
            Kind::YesOrNo => {
                let yes_or_no = [("true", self.reader.say(Ui::Yes)), ("false", self.reader.say(Ui::No))];
                let options: Vec<(String, String)> =
                    yes_or_no.map(|(value, word)| (value.to_string(), word.to_string())).to_vec();
                self.radios(at, &name, required, &options, |_| html! {})
            }
            Kind::Whole | Kind::Number => self.number(shape, at, &name, required),
            Kind::Moment => self.input(at, &name, required, None, "datetime-local", None),
            Kind::Text if shape.name == Some("Text2000") => self.around(at, &name, (!required).then_some(()), html! {
                textarea id=(at) name=(at) rows="3" maxlength="2000" required[self.must(at, required)]
                    aria-invalid=[self.wrong(at)] aria-describedby=[self.described(at)] { (self.typed.get(at).unwrap_or_default()) }
            }),
            Kind::Text if shape.name == Some("Hash") && at.ends_with("/blob") => self.picture(at, &name, required),
            Kind::Text => {
                let mode = (shape.name == Some("Label")).then_some("scan");
                match self.offers.suggested(at.rsplit('/').next().unwrap_or_default()) {
                    Some(suggested) => self.suggesting(at, &name, required, suggested),
                    None => self.input(at, &name, required, None, "text", mode),
                }
            }
        }
    }

    fn offered(&self, at: &str, name: &str, required: bool, offered: &[(String, String)]) -> Markup {
        let optional = (!required).then_some(());
        let chosen = self.typed.get(at);
        html! {
            @if offered.is_empty() {
                (self.around(at, name, optional, html! { p.empty { (self.reader.say(Word::NotOffered)) } }))
            } @else if offered.len() <= SIDE_BY_SIDE && required {
                (self.radios(at, name, required, offered, |_| html! {}))
            } @else {
                (self.around(at, name, optional, html! {
                    select id=(at) name=(at) required[self.must(at, required)] aria-invalid=[self.wrong(at)] aria-describedby=[self.described(at)] {
                        option value="" { (self.reader.say(Word::ChooseOne)) }
                        @for (value, word) in offered {
                            option value=(value) selected[chosen == Some(value)] { (word) }
                        }
                    }
                }))
            }
        }
    }

    /// A text with what may stand in it beside which anything may be typed.
    fn suggesting(&self, at: &str, name: &str, required: bool, suggested: &[Suggestion]) -> Markup {
        let list = format!("{at}-suggested");
        self.around(at, name, (!required).then_some(()), html! {
            input type="text" id=(at) name=(at) list=(list) value=[self.typed.get(at)] required[self.must(at, required)]
                maxlength="120" autocomplete="off" autocapitalize="characters" spellcheck="false"
                aria-invalid=[self.wrong(at)] aria-describedby=[self.described(at)];
            datalist id=(list) { @for one in suggested { option value=(one.value) { (one.known) } } }
        })
    }

    fn list(&self, item: Shape, at: &str, name: &str, required: bool) -> Markup {
        if let Some(offered) = self.offers.of(item.name, at) {
            return self.ticks(at, name, required, offered);
        }
        match item.kind() {
            Kind::Fields(fields) => self.rows(&fields, at, name, required),
            Kind::Choice(choices) if choices.iter().all(|(_, fields)| fields.is_none()) => {
                let word = |word: &str| words::choice(self.reader.language, item.name, word);
                let offered: Vec<(String, String)> =
                    choices.iter().map(|(value, _)| (value.to_string(), word(value))).collect();
                self.ticks(at, name, required, &offered)
            }
            _ => {
                let typed = self.typed.all(at);
                let scans = item.name == Some("Label");
                let hint = self.reader.say(if scans { Word::ScanEach } else { Word::OneEachLine });
                let mode = scans.then_some("scan");
                self.around(at, name, (!required).then_some(()), html! {
                    p.hint { (hint) }
                    textarea id=(at) name=(at) rows=(typed.len().max(2)) required[self.must(at, required)] data-scan=[mode]
                        autocapitalize="none" spellcheck="false" aria-invalid=[self.wrong(at)]
                        aria-describedby=[self.described(at)] { (typed.join("\n")) }
                })
            }
        }
    }

    fn ticks(&self, at: &str, name: &str, required: bool, offered: &[(String, String)]) -> Markup {
        let chosen = self.typed.all(at);
        self.group(at, name, required, html! {
            @if offered.is_empty() { p.empty { (self.reader.say(Word::NotOffered)) } }
            @for (place, (value, word)) in offered.iter().enumerate() {
                label.tick {
                    input type="checkbox" id={ (at) "." (place) } name=(at) value=(value) checked[chosen.contains(&value.as_str())];
                    span { (word) }
                }
            }
        })
    }

    fn rows(&self, fields: &[(&str, Shape, bool)], at: &str, name: &str, required: bool) -> Markup {
        let filled = (0..).take_while(|row| self.typed.any(&format!("{at}/{row}"))).count();
        let more = usize::from(self.longer.as_deref() == Some(at) || (filled == 0 && required));
        self.group(at, name, required, html! {
            @for row in 0..filled + more {
                div.row id={ (at) "/" (row) } role="group" aria-label={ (name) " " (row + 1) } {
                    p.place { (row + 1) }
                    @for (field, shape, inner) in fields {
                        (self.show(*shape, &format!("{at}/{row}/{field}"), *inner && row < filled.max(usize::from(required))))
                    }
                }
            }
            button.quiet type="submit" name="more" value=(at) { (self.reader.say(Word::MoreRows)) }
        })
    }

    fn choice(
        &self,
        shape: Shape,
        choices: &[(&str, Option<Shape>)],
        at: &str,
        name: &str,
        required: bool,
    ) -> Markup {
        let word = |word: &str| words::choice(self.reader.language, shape.name, word);
        let options: Vec<(String, String)> =
            choices.iter().map(|(value, _)| (value.to_string(), word(value))).collect();
        if choices.len() > SIDE_BY_SIDE && choices.iter().all(|(_, fields)| fields.is_none()) {
            return self.offered(at, name, required, &options);
        }
        self.radios(at, name, required, &options, |chosen| {
            let fields = choices.iter().find(|(value, _)| *value == chosen).and_then(|(_, fields)| *fields);
            let Some(Kind::Fields(fields)) = fields.map(Shape::kind) else { return html! {} };
            html! {
                div.then {
                    @for (field, shape, inner) in fields { (self.show(shape, &format!("{at}/{chosen}/{field}"), inner)) }
                }
            }
        })
    }

    /// Choices side by side, of which none is chosen before; `then` shows what one of them leads to.
    pub fn radios(
        &self,
        at: &str,
        name: &str,
        required: bool,
        options: &[(String, String)],
        then: impl Fn(&str) -> Markup,
    ) -> Markup {
        let chosen = self.typed.get(at);
        self.group(at, name, required, html! {
            div.choices {
                @for (value, word) in options {
                    label.tick {
                        input type="radio" name=(at) value=(value) checked[chosen == Some(value)] required[self.must(at, required)];
                        span { (word) }
                    }
                    (then(value))
                }
            }
        })
    }

    fn number(&self, shape: Shape, at: &str, name: &str, required: bool) -> Markup {
        let whole = |key: &str| shape.said(key).and_then(Value::as_i64);
        let unit = shape.said("x-unit").and_then(Value::as_str).map(|unit| shown_unit(unit, self.reader));
        let least = whole("x-least").or(whole("minimum"));
        let most = whole("x-most").or(whole("maximum"));
        let limits = least.zip(most).map(|(least, most)| match most {
            // A limit that only keeps nonsense out says nothing to whoever types.
            1000.. => String::new(),
            _ => format!("{least}–{most}"),
        });
        let limits = limits.filter(|limits| !limits.is_empty());
        self.input(
            at,
            name,
            required,
            unit.or(limits.clone().map(|_| "")).map(|unit| (unit, limits)),
            "number",
            None,
        )
    }

    /// A picture: chosen or taken by the device's camera. One that was handed in before stays, and is shown.
    pub fn picture(&self, at: &str, name: &str, required: bool) -> Markup {
        self.files.set(true);
        let kept = self.typed.get(at).and_then(Hash::from_hex);
        let fault = self.described(at);
        let described =
            [Some(format!("{at}-hint")), fault].into_iter().flatten().collect::<Vec<_>>().join(" ");
        self.around(
            at,
            name,
            (!required).then_some(()),
            html! {
                @if let Some(hash) = kept {
                    img.chosen src=(blobs::kept_address(hash)) alt=(self.reader.say(Word::PictureKept));
                    input type="hidden" name=(at) value=(hash);
                }
                p.hint id={ (at) "-hint" } {
                    (self.reader.say(if kept.is_some() { Word::PictureReplace } else { Word::PictureHint }))
                }
                input type="file" id=(at) name={ (FILE) (at) } accept="image/*"
                    aria-invalid=[self.wrong(at)] aria-describedby=(described);
            },
        )
    }

    fn input(
        &self,
        at: &str,
        name: &str,
        required: bool,
        unit: Option<(&str, Option<String>)>,
        kind: &str,
        mode: Option<&str>,
    ) -> Markup {
        let number = kind == "number";
        // A browser's own number field drops what it cannot read: digits typed full-width must reach the server.
        let kind = if number { "text" } else { kind };
        let zone = self.reader.zone;
        let value = self.typed.get(at);
        let value =
            value.map(|value| if kind == "datetime-local" { local(value, zone) } else { value.into() });
        self.around(at, name, (!required).then_some(()), html! {
            span.measure {
                input.short[number || kind == "datetime-local"] type=(kind) id=(at) name=(at) value=[value] required[self.must(at, required)]
                    inputmode=[number.then_some("decimal")] autocomplete="off" autocapitalize="none" spellcheck="false"
                    data-scan=[mode] data-kind=[mode.and(label_kind(at))] aria-invalid=[self.wrong(at)] aria-describedby=[self.described(at)];
                @if let Some((unit, limits)) = &unit {
                    span.unit { (unit) }
                    @if let Some(limits) = limits { span.limits { (limits) " " (unit) } }
                }
            }
        })
    }

    /// A field with its name above and what is wrong between.
    pub fn around(&self, at: &str, name: &str, optional: Option<()>, input: Markup) -> Markup {
        let own = self.own(at);
        html! {
            div.field.wrong[!own.is_empty()] {
                label for=(at) { (name) @if optional.is_some() { (self.optional()) } }
                (self.fault_line(at, &own))
                (input)
            }
        }
    }

    /// Fields under one name, with what is wrong with them.
    pub fn group(&self, at: &str, name: &str, required: bool, inside: Markup) -> Markup {
        let own = self.own(at);
        html! {
            fieldset.group.wrong[!own.is_empty()] id=(at) tabindex="-1" {
                legend { (name) @if !required { (self.optional()) } }
                (self.fault_line(at, &own))
                (inside)
            }
        }
    }

    /// What is wrong with a field.
    pub fn fault_line(&self, at: &str, own: &[&Fault]) -> Markup {
        html! {
            @if !own.is_empty() {
                p.fault id={ (at) "-fault" } { @for fault in own { (fault.sentence) " " } }
            }
        }
    }

    /// The faults of a field.
    pub fn own(&self, at: &str) -> Vec<&Fault> {
        let own = |fault: &&Fault| fault.field.as_deref().is_some_and(|field| self.anchor(field) == at);
        self.faults.iter().filter(own).collect()
    }

    /// Whether the browser itself insists on a field. One below a choice is needed only where that choice is made, which
    /// the server alone sees.
    fn must(&self, at: &str, required: bool) -> bool {
        let choice =
            |list: &str| matches!(self.shape_at(list).map(|(shape, _)| shape.kind()), Some(Kind::Choice(_)));
        required && !at.match_indices('/').skip(1).any(|(end, _)| choice(&at[..end]))
    }

    fn wrong(&self, at: &str) -> Option<&'static str> {
        (!self.own(at).is_empty()).then_some("true")
    }

    fn described(&self, at: &str) -> Option<String> {
        (!self.own(at).is_empty()).then(|| format!("{at}-fault"))
    }

    fn optional(&self) -> Markup {
        html! { " " span.optional { "(" (self.reader.say(Word::Optional)) ")" } }
    }
}

/// The letter of the labels that a field takes, where it takes one kind alone: so that scans find their field in
/// whatever order they are made.
fn label_kind(pointer: &str) -> Option<&'static str> {
    match pointer {
        "/order_label" | "/wristband" => Some("O"),
        "/container" => Some("D"),
        _ => None,
    }
}

/// A unit as people write it.
fn shown_unit<'u>(unit: &'u str, reader: &Reader) -> &'u str {
    match unit {
        "cm2" => "cm²",
        "/cm2" => "/cm²",
        "{cells}" => reader.say(Word::Cells),
        "{doublings}" | "{factor}" => "",
        unit => unit,
    }
}
