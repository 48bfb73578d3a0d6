//! What surrounds every page: language, title, the demonstration's banner, header and footer. Only this file
//! writes `<html>`.

use super::guessing::Told;
use super::home::Workplace;
use super::status_chip::Look;
use super::switch::SWITCH;
use super::{assets, encoded, here, may};
use crate::server::State;
use crate::session::{self, Caller, OwnCookie};
use crate::words::{self, Account, Bench, Clinic, Language, Picture, Quality, Records, Sheet, Ui, Word};
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use baiyo_domain::authority::TABLE;
use maud::{DOCTYPE, Markup, html};

/// The surroundings of one page.
pub struct Frame<'a> {
    /// The language.
    pub language: Language,
    centre: &'a str,
    demonstration: bool,
    caller: Option<&'a Caller>,
    here: String,
    theme: Option<Theme>,
    /// What was just recorded, where one comes from there.
    done: Option<&'static str>,
    /// What whoever begins here is told first.
    told: Option<Told>,
    /// Whether the browser is a shared tablet, as its cookie says: it shows where people take turns, and opens nothing.
    at_tablet: bool,
    /// Whether it answers what was handed in: what was typed stands in its fields.
    answers: bool,
}

impl<'a> Frame<'a> {
    /// The surroundings of the page a request asks for.
    pub fn new(request: &HttpRequest, state: &'a State, caller: Option<&'a Caller>) -> Self {
        Self {
            language: session::language(request),
            centre: state.centre(),
            demonstration: state.is_demonstration(),
            caller,
            here: here(request),
            theme: Theme::chosen(request),
            done: done(request),
            told: request.extensions().get::<Told>().cloned(),
            at_tablet: TABLET_COOKIE.of(request).is_some(),
            answers: request.method() == Method::POST,
        }
    }

    /// The address of the page.
    pub fn here(&self) -> &str {
        &self.here
    }

    /// Words of the pages.
    pub fn say(&self, word: impl Word) -> &'static str {
        words::text(self.language, word)
    }

    /// A good answer with a page.
    pub fn ok(&self, title: &str, content: Markup) -> HttpResponse {
        self.answer(StatusCode::OK, title, content)
    }

    /// An answer with a page; nothing of it is kept by browsers.
    pub fn answer(&self, status: StatusCode, title: &str, content: Markup) -> HttpResponse {
        HttpResponse::build(status)
            .content_type(assets::html_type())
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_LANGUAGE, self.language.tag()))
            .insert_header((header::VARY, "Cookie, Accept-Language"))
            .body(self.page(title, &content).into_string())
    }

    fn page(&self, title: &str, content: &Markup) -> Markup {
        let centre = if self.centre.is_empty() { self.say(Ui::Baiyo) } else { self.centre };
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) data-theme=[self.theme.map(Theme::name)] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – " (centre) }
                    link rel="stylesheet" href=(assets::style_address());
                    link rel="icon" href=(ICON);
                    script type="module" src=(assets::script_address()) {}
                }
                body.(self.workplace()) data-person=[self.caller.map(|caller| caller.person)]
                    data-live=[self.caller.filter(|caller| !caller.lacks_factor).map(|_| "yes")] data-scan-check=(self.say(Bench::CheckCharacter))
                    data-scan-again=(self.say(Bench::ScanAgain)) data-offline=(self.say(Bench::OfflineNow))
                    data-unsent=(self.say(Bench::Unsent)) data-picture-offline=(self.say(Bench::PictureOffline)) data-draft-kept=(self.say(Bench::DraftKept))
                    data-draft-discard=(self.say(Bench::DraftDiscard)) data-sent-before=(self.say(Bench::SentBefore))
                    data-seen=(self.say(Bench::Seen)) data-take-back=(self.say(Bench::TakeBack)) data-changes=(self.say(Bench::ChangesSeen))
                    data-refresh=(self.say(Bench::Refresh)) data-not-followed=(self.say(Bench::NotFollowed))
                    data-answer=[self.answers.then_some("yes")] data-leave=(self.entrance()) data-session-over=(self.say(Bench::SessionOver))
                    data-kept-covered=(self.say(Bench::KeptCovered)) data-sign-in-beside=(self.say(Bench::SignInBeside)) {
                    a.skip href="#content" { (self.say(Ui::SkipToContent)) }
                    @if self.demonstration {
                        p.demonstration { (self.say(Ui::DemonstrationBanner)) }
                    }
                    (self.header(centre))
                    main #content tabindex="-1" {
                        @if let Some(action) = self.done {
                            p.told role="status" {
                                (Look::Good.icon())
                                span { (self.say(Sheet::Recorded)) ": " (words::action(self.language, action)) }
                            }
                        }
                        @if let Some(Told(first)) = &self.told { (first) }
                        (content)
                    }
                    footer.foot { p { "培養 Baiyo " (env!("CARGO_PKG_VERSION")) " · " (self.say(Ui::Tagline)) } }
                }
            }
        }
    }

    /// Where one signs in here.
    fn entrance(&self) -> &'static str {
        if self.at_tablet { SWITCH } else { "/sign-in" }
    }

    /// The workplace, by which sizes are chosen: gloved hands need larger targets.
    fn workplace(&self) -> &'static str {
        match self.caller.map(|caller| Workplace::of(&caller.roles)) {
            Some(Workplace::Bench) => "bench",
            Some(Workplace::Quality) => "quality",
            Some(Workplace::Clinic) => "clinic",
            None if self.at_tablet => "bench",
            Some(Workplace::Office) | None => "office",
        }
    }

    /// One line where the window is wide. Where it is narrow the links stand in the menu, at the bench all but those of
    /// its work; browsers open and close that by themselves, without a script.
    fn header(&self, centre: &str) -> Markup {
        let at_the_bench = self.workplace() == "bench";
        html! {
            header.top {
                div {
                    a.brand href="/" { (dish()) span { (centre) } }
                    @if let Some(caller) = self.caller {
                        nav.across aria-label=(self.say(Ui::Menu)) {
                            (self.links(caller))
                            @if !at_the_bench { (self.further(caller)) }
                        }
                        details.menu {
                            summary {
                                span.across { (caller.name) small { (self.roles(caller)) } }
                                span.down { (self.say(Ui::Menu)) }
                                (chevron())
                            }
                            div {
                                nav.down aria-label=(self.say(Ui::Menu)) { (self.links(caller)) (self.further(caller)) }
                                @if at_the_bench { nav.across aria-label=(self.say(Ui::Menu)) { (self.further(caller)) } }
                                div.own {
                                    p.down { (caller.name) small { (self.roles(caller)) } }
                                    form method="post" action="/sign-out" {
                                        button.quiet type="submit" { (self.say(Ui::SignOut)) }
                                    }
                                    (self.settings())
                                }
                            }
                        }
                    } @else {
                        div.own { (self.settings()) }
                    }
                }
                @if self.at_tablet { p.turn { a.switch href=(SWITCH) { (self.say(Account::Switch)) } } }
            }
        }
    }

    /// Where a person works.
    fn links(&self, caller: &Caller) -> Markup {
        if caller.lacks_factor {
            return html! {};
        }
        html! {
            @if may(caller, "read.patient_name") { (self.link("/clinic", Clinic::Board)) }
            @if Workplace::of(&caller.roles) == Workplace::Bench {
                (self.link("/bench", Bench::Today))
                (self.link("/bench/map", Bench::Map))
            }
            @if super::quality::is_for(&caller.roles) { (self.link("/quality", Quality::Desk)) }
            (self.link("/batches", Ui::Board))
        }
    }

    /// Where else he may look.
    fn further(&self, caller: &Caller) -> Markup {
        html! {
            @if may(caller, "read.planner") { (self.link("/planner", Picture::Planner)) }
            @if may(caller, "read.trends") { (self.link("/trends", Picture::Trends)) }
            @if may(caller, "read.order") { (self.link("/orders", Ui::Orders)) }
            @if self.workplace() != "bench" && may(caller, "read.standard") {
                (self.link("/standards", Ui::Standards))
            }
            @if may(caller, "read.people") { (self.link("/people", Ui::People)) }
            @if self.workplace() == "office" && super::records::is_for(caller) {
                (self.link(super::records::RECORDS, Records::Title))
            }
        }
    }

    /// Colours, language, and what programs read.
    fn settings(&self) -> Markup {
        html! {
            (self.themes())
            (self.languages())
            @if self.caller.is_some_and(|caller| !caller.lacks_factor && may(caller, session::OWN)) {
                (self.link("/me", Account::Title))
            }
            (self.link("/documentation", Ui::ApiDocumentation))
        }
    }

    fn roles(&self, caller: &Caller) -> String {
        let roles: Vec<&str> = caller.roles.iter().map(|role| words::role(self.language, *role)).collect();
        roles.join(match self.language {
            Language::En => ", ",
            Language::Ja => "、",
        })
    }

    fn link(&self, address: &str, word: impl Word) -> Markup {
        let path = self.here.split('?').next().unwrap_or_default();
        html! { a href=(address) aria-current=[(path == address).then_some("page")] { (self.say(word)) } }
    }

    fn themes(&self) -> Markup {
        html! {
            nav.languages aria-label=(self.say(Sheet::Theme)) {
                @for (theme, word) in [(Theme::Light, Sheet::Light), (Theme::Dark, Sheet::Dark)] {
                    @let current = (self.theme == Some(theme)).then_some("true");
                    // Chosen again, it is left to the system.
                    @let wanted = if current.is_some() { "system" } else { theme.name() };
                    a href={ "/theme/" (wanted) "?to=" (encoded(&self.here)) } aria-current=[current] { (self.say(word)) }
                }
            }
        }
    }

    fn languages(&self) -> Markup {
        html! {
            nav.languages aria-label=(self.say(Ui::Language)) {
                @for language in Language::ALL {
                    @let tag = language.tag();
                    @let current = (language == self.language).then_some("true");
                    a href={ "/language/" (tag) "?to=" (encoded(&self.here)) } lang=(tag) hreflang=(tag)
                        aria-current=[current] { (language.own_name()) }
                }
            }
        }
    }
}

/// The cookie that says that this browser was registered as a shared tablet. The records know whether it is.
pub const TABLET_COOKIE: OwnCookie = OwnCookie { plain: "baiyo_tablet", secure: "__Host-baiyo_tablet" };

/// The cookie that carries the colours chosen.
pub const THEME_COOKIE: OwnCookie = OwnCookie { plain: "baiyo_theme", secure: "__Host-baiyo_theme" };

/// Light or dark, chosen; otherwise the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Its name in cookie and page.
    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn chosen(request: &HttpRequest) -> Option<Self> {
        let chosen = THEME_COOKIE.of(request)?;
        [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.name() == chosen)
    }
}

/// The action just recorded, as the address tells it; nothing that is no action of ours.
fn done(request: &HttpRequest) -> Option<&'static str> {
    let told = request.query_string().split('&').find_map(|pair| pair.strip_prefix("done="))?;
    TABLE.iter().map(|rule| rule.action).find(|action| *action == told)
}

/// The sign of what opens.
fn chevron() -> Markup {
    html! {
        svg width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true" {
            path d="M2 4l4 4 4-4" {}
        }
    }
}

/// A culture dish: the sign of the product.
fn dish() -> Markup {
    html! {
        svg width="28" height="28" viewBox="0 0 28 28" fill="none" stroke="currentColor" stroke-width="2.5" aria-hidden="true" {
            circle cx="14" cy="14" r="12" {}
            circle cx="11" cy="11" r="2.5" fill="currentColor" {}
            circle cx="17.5" cy="13" r="2" fill="currentColor" {}
            circle cx="13" cy="18" r="2" fill="currentColor" {}
        }
    }
}

const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 28 28'%3E%3Ccircle \
    cx='14' cy='14' r='12' fill='%23fff' stroke='%23006173' stroke-width='3'/%3E%3Ccircle cx='11' cy='11' r='3' \
    fill='%23006173'/%3E%3Ccircle cx='18' cy='14' r='2.5' fill='%23006173'/%3E%3Ccircle cx='13' cy='19' r='2.5' \
    fill='%23006173'/%3E%3C/svg%3E";
