//! The map of the incubators: each shelf as a grid of places, each vessel with a sign for what it waits for, and how
//! full it is. It is a table already, with a link for each vessel, so that gloves can hit it.

use crate::pages::incubators::{Registered, Room, vessels_of};
use crate::pages::reader::Reader;
use crate::pages::status_chip::Look;
use crate::words::{self, Picture as Said};
use baiyo_domain::site::Incubator;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// More columns than this are no shelf.
const MOST_COLUMNS: u16 = 24;

/// What a vessel waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waits {
    /// Nothing: it grows.
    Growing,
    /// Something is due.
    Due,
    /// Something is overdue.
    Overdue,
    /// It is held.
    Held,
}

impl Waits {
    fn look(self) -> Look {
        match self {
            Waits::Growing => Look::Active,
            Waits::Due => Look::Waiting,
            Waits::Overdue => Look::Warning,
            Waits::Held => Look::Held,
        }
    }

    fn word(self) -> Said {
        match self {
            Waits::Growing => Said::Growing,
            Waits::Due => Said::DueNow,
            Waits::Overdue => Said::OverdueNow,
            Waits::Held => Said::HeldNow,
        }
    }
}

/// A vessel and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The incubator.
    pub incubator: String,
    /// Its place there, as people wrote it.
    pub position: String,
    /// What it is called in the map.
    pub label: String,
    /// Its whole label.
    pub whole: String,
    /// Where its page is.
    pub href: String,
    /// What it waits for.
    pub waits: Waits,
}

/// A place that was understood: `3-B2` is shelf 3, row B, column 2; `A1` has no shelf; `3-2` is row 3, column 2.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    shelf: Option<u16>,
    row: String,
    column: u16,
}

/// The map of all incubators that are registered and used, or that vessels are in; a word where there are none.
pub fn incubator_map(reader: &Reader, vessels: &[Placed], registered: &Registered) -> Markup {
    let used = registered.iter().filter(|(_, incubator)| !incubator.retired);
    let mut incubators: BTreeMap<&str, Vec<&Placed>> =
        used.map(|(name, _)| (name.as_str(), Vec::new())).collect();
    for vessel in vessels {
        incubators.entry(&vessel.incubator).or_default().push(vessel);
    }
    html! {
        @if incubators.is_empty() { p.empty { (reader.say(Said::NoVessels)) } } @else { (signs(reader)) }
        @for (name, vessels) in &incubators { (incubator(reader, name, vessels, registered)) }
    }
}

fn incubator(reader: &Reader, name: &str, vessels: &[&Placed], all: &Registered) -> Markup {
    let registered = all.get(name);
    let mut shelves: BTreeMap<Option<u16>, BTreeMap<Place, Vec<&Placed>>> = BTreeMap::new();
    let mut others: Vec<&Placed> = Vec::new();
    for vessel in vessels {
        match place(&vessel.position) {
            Some(place) => {
                let shelf = shelves.entry(place.shelf).or_default();
                shelf.entry(place).or_default().push(vessel);
            }
            None => others.push(vessel),
        }
    }
    others.sort_by(|a, b| (&a.position, &a.label).cmp(&(&b.position, &b.label)));
    let used: BTreeSet<&str> = vessels.iter().map(|vessel| vessel.position.as_str()).collect();
    let shown: usize = shelves.values().map(|shelf| rows(shelf).len() * usize::from(columns(shelf))).sum();
    let places = shown + others.iter().map(|other| &other.position).collect::<BTreeSet<_>>().len();
    html! {
        section.incubator {
            h2 { (name) }
            (capacity(reader, registered, used.len(), places, vessels.len()))
            // Where none is known, this one is no exception.
            @if !all.is_empty() { p { (Room::of(registered, vessels.len()).chip(reader)) } }
            @for (shelf, places) in &shelves { (grid(reader, name, *shelf, places, registered)) }
            @if !others.is_empty() {
                h3 { (reader.say(Said::OtherPlaces)) }
                ul.places { @for other in others { li { span { (other.position) } (vessel(reader, other)) } } }
            }
        }
    }
}

/// How full it is: of what is registered to fit in, otherwise of the places that the map knows of.
fn capacity(
    reader: &Reader,
    registered: Option<&Incubator>,
    used: usize,
    places: usize,
    vessels: usize,
) -> Markup {
    let used_of = match registered {
        Some(incubator) => (vessels, incubator.capacity()),
        None => (used, places),
    };
    let part = 160 * used_of.0.min(used_of.1) / used_of.1.max(1);
    html! {
        p.capacity {
            svg width="160" height="16" viewBox="0 0 160 16" aria-hidden="true" {
                rect.free x="0.5" y="0.5" width="159" height="15" {}
                rect.used x="0" y="0" width=(part) height="16" {}
            }
            @if registered.is_some() {
                span { (vessels_of(reader, registered, vessels)) }
            } @else {
                span { (reader.say(Said::PlacesInUse)) ": " (used) "/" (places) }
                span.muted { (words::places_in_use(reader.language, used, vessels)) }
            }
        }
    }
}

fn grid(
    reader: &Reader,
    incubator: &str,
    shelf: Option<u16>,
    places: &BTreeMap<Place, Vec<&Placed>>,
    registered: Option<&Incubator>,
) -> Markup {
    let vessels: usize = places.values().map(Vec::len).sum();
    let of_shelf =
        registered.filter(|incubator| !incubator.retired).map(|one| usize::from(one.vessels_per_shelf));
    html! {
        @let called = shelf.map(|shelf| format!(" – {} {shelf}", reader.say(Said::Shelf))).unwrap_or_default();
        div.scroll role="region" aria-label={ (incubator) (called) } tabindex="0" {
            table.shelf {
                @if let Some(shelf) = shelf {
                    caption {
                        (reader.say(Said::Shelf)) " " (shelf)
                        @if let Some(most) = of_shelf { " · " (words::vessels_of(reader.language, vessels, most)) }
                    }
                }
                thead { tr {
                    td {}
                    @for column in 1..=columns(places) { th scope="col" { (column) } }
                } }
                tbody {
                    @for row in rows(places) {
                        tr {
                            th scope="row" { (row) }
                            @for column in 1..=columns(places) {
                                @let place = Place { shelf, row: row.to_string(), column };
                                td {
                                    @match places.get(&place) {
                                        Some(vessels) => { @for one in vessels { (vessel(reader, one)) } }
                                        None => { span.unseen { (reader.say(Said::EmptyPlace)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rows<'a>(places: &'a BTreeMap<Place, Vec<&Placed>>) -> Vec<&'a str> {
    let mut rows: Vec<&str> = places.keys().map(|place| place.row.as_str()).collect();
    // Numbers by their value: 10 after 9.
    rows.sort_by_key(|row| (row.parse::<u16>().ok(), row.len(), *row));
    rows.dedup();
    rows
}

fn columns(places: &BTreeMap<Place, Vec<&Placed>>) -> u16 {
    places.keys().map(|place| place.column).max().unwrap_or(0)
}

fn vessel(reader: &Reader, vessel: &Placed) -> Markup {
    html! {
        a.vessel.(vessel.waits.look().class()) href=(vessel.href) title=(vessel.whole) {
            (vessel.waits.look().icon())
            span { (vessel.label) }
            span.unseen { (reader.say(vessel.waits.word())) }
        }
    }
}

fn signs(reader: &Reader) -> Markup {
    html! {
        ul.legend {
            @for waits in [Waits::Growing, Waits::Due, Waits::Overdue, Waits::Held] {
                li { span.chip.(waits.look().class()) { (waits.look().icon()) (reader.say(waits.word())) } }
            }
        }
    }
}

fn place(position: &str) -> Option<Place> {
    let position = position.trim();
    let (shelf, rest) = match position.split_once('-') {
        Some((shelf, rest)) => (Some(shelf.trim().parse::<u16>().ok()?), rest.trim()),
        None => (None, position),
    };
    let letters: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    let digits = rest.get(letters.len()..)?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let column = digits.parse().ok().filter(|column| plain && (1..=MOST_COLUMNS).contains(column))?;
    match (letters.is_empty(), shelf) {
        (false, shelf) if letters.len() <= 2 => {
            Some(Place { shelf, row: letters.to_ascii_uppercase(), column })
        }
        (true, Some(row)) => Some(Place { shelf: None, row: row.to_string(), column }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;
    use chrono_tz::Tz;

    fn at(shelf: Option<u16>, row: &str, column: u16) -> Option<Place> {
        Some(Place { shelf, row: row.into(), column })
    }

    #[test]
    fn a_position_is_read_as_people_write_it_and_left_where_it_is_not_understood() {
        for (position, expected) in [
            ("3-B2", at(Some(3), "B", 2)),
            ("A1", at(None, "A", 1)),
            (" a12 ", at(None, "A", 12)),
            ("3-2", at(None, "3", 2)),
            ("top left", None),
            ("", None),
            ("A", None),
            ("7", None),
            ("A0", None),
            ("A99", None),
            ("棚1", None),
            ("A１", None),
            ("x-A1", None),
            ("99999-A1", None),
            ("ABC1", None),
        ] {
            assert_eq!(place(position), expected, "{position:?}");
        }
    }

    fn placed(incubator: &str, position: &str, label: &str, waits: Waits) -> Placed {
        Placed {
            incubator: incubator.into(),
            position: position.into(),
            label: label.into(),
            whole: format!("whole-{label}"),
            href: format!("/vessels/{label}"),
            waits,
        }
    }

    #[test]
    fn each_vessel_stands_in_its_place_with_a_link_and_a_word() {
        let vessels = [
            placed("INC-2", "1-A1", "V1", Waits::Growing),
            placed("INC-2", "1-B3", "V2", Waits::Overdue),
            placed("INC-2", "1-B3", "V3", Waits::Held),
            placed("INC-2", "door", "V4", Waits::Due),
            placed("INC-1", "A1", "V5", Waits::Growing),
        ];
        let map = |language, vessels: &[Placed], registered: &Registered| {
            incubator_map(&Reader::new(language, Tz::Asia__Tokyo), vessels, registered).into_string()
        };
        let shown = map(Language::En, &vessels, &Registered::new());
        for vessel in &vessels {
            assert_eq!(shown.matches(&format!("href=\"{}\"", vessel.href)).count(), 1);
        }
        assert!(shown.find("INC-1") < shown.find("INC-2"), "incubators are sorted");
        assert_eq!(shown.matches("Empty").count(), 4, "two rows of three columns, two in use");
        assert!(shown.contains("Places in use: 3/7") && shown.contains("4 vessels in 3 places"));
        assert!(shown.contains("<caption>Shelf 1</caption>") && shown.contains("Other places"));
        assert!(!shown.contains("Not registered"), "where none is known, none is an exception");
        let nothing = map(Language::Ja, &[], &Registered::new());
        assert!(nothing.contains("培養中の容器はありません。"));
        let of = |shelves, retired| Incubator { shelves, vessels_per_shelf: 3, retired };
        let registered = Registered::from([("INC-2".into(), of(1, false)), ("INC-3".into(), of(4, false))]);
        let shown = map(Language::En, &vessels, &registered);
        assert!(shown.contains("Over capacity") && shown.contains("4 of 3 vessels"), "{shown}");
        assert!(shown.contains("<caption>Shelf 1 · 3 of 3 vessels</caption>"));
        assert!(
            shown.contains("INC-3") && shown.contains("0 of 12 vessels"),
            "an empty one is shown as well"
        );
        assert_eq!(shown.matches("Not registered").count(), 1, "INC-1");
        let shown = map(Language::Ja, &vessels, &Registered::from([("INC-2".into(), of(1, true))]));
        assert!(shown.contains("使用終了") && !shown.contains("収容"), "{shown}");
    }
}
