//! What is used in one room session: room, cabinet and the lot of the medium, kept on this device and suggested in each
//! step, so that it is scanned once and not for every vessel. Nothing about patients is in it.

use crate::api::problem::{Kind, Problem};
use crate::pages::reader::Reader;
use crate::pages::typed::Typed;
use crate::pages::{Answer, encoded, see_other};
use crate::session::{self, OwnCookie};
use crate::words::{Bench, Language};
use actix_web::cookie::time::Duration;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

/// The cookie that carries it.
pub const COOKIE: OwnCookie = OwnCookie { plain: "baiyo_kit", secure: "__Host-baiyo_kit" };
/// How long it is kept: no session in a clean room is longer.
const HOURS: i64 = 12;
/// The most characters of each part, as in a record.
const MOST: usize = 120;

/// What is used in this room session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kit {
    /// The room.
    pub room: String,
    /// The safety cabinet.
    pub cabinet: String,
    /// The lot of the medium.
    pub medium: String,
}

impl Kit {
    /// That of the device a request comes from.
    pub fn of(request: &HttpRequest) -> Self {
        let kept = COOKIE.of(request).and_then(|kept| web::Query::<Kit>::from_query(&kept).ok());
        kept.map(web::Query::into_inner).unwrap_or_default()
    }

    /// Suggests it as what a step was done with.
    pub fn suggest(&self, typed: &mut Typed, with_medium: bool) {
        for (field, value) in [("/performed/room", &self.room), ("/performed/cabinet", &self.cabinet)] {
            if !value.is_empty() {
                typed.suggest(field, value);
            }
        }
        if with_medium && !self.medium.is_empty() && !typed.any("/performed/lots") {
            typed.suggest("/performed/lots/0/material", "medium");
            typed.suggest("/performed/lots/0/lot", &self.medium);
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn remember(
        &self,
        request: &HttpRequest,
        answer: &mut HttpResponse,
        language: Language,
    ) -> Result<(), Problem> {
        let parts = [&self.room, &self.cabinet, &self.medium].map(|part| encoded(part));
        let [room, cabinet, medium] = parts;
        let mut cookie = COOKIE.with(request, &format!("room={room}&cabinet={cabinet}&medium={medium}"));
        cookie.set_max_age(if self.is_empty() { Duration::ZERO } else { Duration::hours(HOURS) });
        answer.add_cookie(&cookie).map_err(|_| Problem::new(Kind::Unavailable, language))
    }
}

/// Keeps what was typed, or forgets it where nothing was.
pub async fn keep(request: HttpRequest, typed: web::Form<Kit>) -> Answer {
    let language = session::language(&request);
    let cut = |text: &str| text.trim().chars().filter(|c| !c.is_control()).take(MOST).collect::<String>();
    let kit = Kit { room: cut(&typed.room), cabinet: cut(&typed.cabinet), medium: cut(&typed.medium) };
    let mut answer = see_other("/bench");
    kit.remember(&request, &mut answer, language)?;
    Ok(answer)
}

/// Somebody else comes to this device: room and cabinet are the same, the lot of whoever was here may not be.
///
/// # Errors
/// The cookie cannot be written.
pub fn forget_medium(
    request: &HttpRequest,
    answer: &mut HttpResponse,
    language: Language,
) -> Result<(), Problem> {
    let kit = Kit::of(request);
    if kit.medium.is_empty() {
        return Ok(());
    }
    Kit { medium: String::new(), ..kit }.remember(request, answer, language)
}

/// What is kept, and where to change it.
pub fn summary(reader: &Reader, kit: &Kit) -> Markup {
    let part = |word: Bench, name: &str, value: &str| {
        html! {
            div.field {
                label for=(name) { (reader.say(word)) }
                input type="text" id=(name) name=(name) value=[(!value.is_empty()).then_some(value)] maxlength=(MOST)
                    autocomplete="off" autocapitalize="characters" spellcheck="false" data-scan="text";
            }
        }
    };
    html! {
        details.kit open[kit.is_empty()] {
            summary {
                strong { (reader.say(Bench::Kit)) }
                @if kit.is_empty() { span { (reader.say(Bench::NoKit)) } } @else {
                    span {
                        @for (index, value) in [&kit.room, &kit.cabinet, &kit.medium].into_iter().filter(|v| !v.is_empty()).enumerate() {
                            @if index > 0 { " · " }
                            (value)
                        }
                    }
                }
            }
            form method="post" action="/bench/kit" {
                p.hint { (reader.say(Bench::KitHint)) }
                div.row {
                    (part(Bench::KitRoom, "room", &kit.room))
                    (part(Bench::KitCabinet, "cabinet", &kit.cabinet))
                    (part(Bench::KitMedium, "medium", &kit.medium))
                }
                button type="submit" { (reader.say(Bench::KeepKit)) }
            }
        }
    }
}
