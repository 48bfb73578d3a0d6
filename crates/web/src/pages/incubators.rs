//! How full the incubators are: what is registered to fit in each against the vessels that say they stand there. A vessel
//! may stand anywhere; an incubator that nobody registered is shown as such.

use super::offers::{Offers, Suggestion};
use super::reader::Reader;
use super::sheet::Sheet;
use super::status_chip::{self, Look};
use super::{encoded, may, recording};
use crate::api::centre::site;
use crate::session::Caller;
use crate::words::{self, Picture as Said, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::site::Incubator;
use baiyo_domain::time::Time;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{Conn, StoreError};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is registered of each incubator, by its name.
pub type Registered = BTreeMap<String, Incubator>;

/// The incubators that are registered.
///
/// # Errors
/// The records cannot be read.
pub fn registered(conn: &mut Conn) -> Result<Registered, StoreError> {
    let incubators = site(conn)?.into_iter().flat_map(|site| site.incubators.clone());
    Ok(incubators.map(|(name, incubator)| (name.to_string(), incubator)).collect())
}

/// Whether there is room in an incubator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// More vessels fit in.
    Left,
    /// As many vessels as fit in.
    Full,
    /// More vessels than fit in.
    Over,
    /// It is no longer used, and vessels are in it.
    Retired,
    /// Nobody registered what fits in.
    Unknown,
}

impl Room {
    /// For so many vessels.
    pub fn of(registered: Option<&Incubator>, vessels: usize) -> Self {
        match registered {
            None => Room::Unknown,
            Some(incubator) if incubator.retired => Room::Retired,
            Some(incubator) if vessels > incubator.capacity() => Room::Over,
            Some(incubator) if vessels == incubator.capacity() => Room::Full,
            Some(_) => Room::Left,
        }
    }

    fn look(self) -> Look {
        match self {
            Room::Left => Look::Good,
            Room::Full => Look::Waiting,
            Room::Over | Room::Retired => Look::Warning,
            Room::Unknown => Look::Planned,
        }
    }

    fn word(self) -> Said {
        match self {
            Room::Left => Said::RoomLeft,
            Room::Full => Said::Full,
            Room::Over => Said::OverCapacity,
            Room::Retired => Said::NoLongerUsed,
            Room::Unknown => Said::NotRegistered,
        }
    }

    /// As a sign and a word.
    pub fn chip(self, reader: &Reader) -> Markup {
        status_chip::chip(self.look(), reader.say(self.word()))
    }
}

/// How many vessels of how many that fit in.
pub fn vessels_of(reader: &Reader, registered: Option<&Incubator>, vessels: usize) -> String {
    match registered.filter(|incubator| !incubator.retired) {
        Some(incubator) => words::vessels_of(reader.language, vessels, incubator.capacity()),
        None => words::medium_due(reader.language, vessels),
    }
}

/// The vessels in culture in each incubator that is registered and used, or that a vessel says it stands in.
pub fn in_use(registered: &Registered, batches: &[Arc<Batch>]) -> BTreeMap<String, usize> {
    let used = registered.iter().filter(|(_, incubator)| !incubator.retired);
    let mut vessels: BTreeMap<String, usize> = used.map(|(name, _)| (name.clone(), 0)).collect();
    for vessel in batches.iter().flat_map(|batch| batch.vessels.values()) {
        if vessel.state == VesselState::InCulture {
            *vessels.entry(vessel.seeded.incubator.to_string()).or_default() += 1;
        }
    }
    vessels
}

/// Offers the incubators to whoever seeds or moves vessels: any other name may be typed all the same.
///
/// # Errors
/// The records cannot be read.
pub fn offer(conn: &mut Conn, reader: &Reader, now: Time, offers: &mut Offers) -> Result<(), StoreError> {
    let registered = registered(conn)?;
    if registered.is_empty() {
        return Ok(());
    }
    let batches = reading::batches_in(conn, ClinicScope::Centre, &BatchStatus::MAY_HOLD_VESSELS, now)?;
    let in_use = in_use(&registered, &batches);
    let used = registered.iter().filter(|(_, incubator)| !incubator.retired);
    let offered = used.map(|(name, incubator)| {
        let vessels = in_use.get(name).copied().unwrap_or_default();
        let room = Room::of(Some(incubator), vessels);
        let known = format!("{} · {}", vessels_of(reader, Some(incubator), vessels), reader.say(room.word()));
        Suggestion { value: name.clone(), known, look: room.look() }
    });
    offers.suggest("incubator", offered.collect());
    Ok(())
}

/// Offers the incubators that are registered to whoever changes one.
///
/// # Errors
/// The records cannot be read.
pub fn offer_registered(conn: &mut Conn, reader: &Reader, offers: &mut Offers) -> Result<(), StoreError> {
    let named = |(name, incubator): (String, Incubator)| {
        let fits = match incubator.retired {
            true => reader.say(Said::NoLongerUsed).to_string(),
            false => words::fits_in(reader.language, incubator.capacity()),
        };
        (name.clone(), format!("{name} · {fits}"))
    };
    offers.add("/incubator", registered(conn)?.into_iter().map(named).collect());
    Ok(())
}

/// The incubators as large buttons: one tap fills in where vessels go. Nothing where none is registered.
pub fn buttons(sheet: &Sheet, pointers: &[String]) -> Markup {
    let Some(offered) = sheet.offers.suggested("incubator").filter(|_| !pointers.is_empty()) else {
        return html! {};
    };
    let chosen = |name: &str| pointers.iter().all(|at| sheet.typed.get(at) == Some(name));
    html! {
        div.incubators role="group" aria-label=(sheet.reader.say(Ui::Incubator)) {
            @for one in offered {
                button.step type="submit" name=(STAND) value=(one.value)
                    aria-pressed=(if chosen(&one.value) { "true" } else { "false" }) {
                    span { (one.value) } small { (one.look.icon()) " " (one.known) }
                }
            }
        }
    }
}

/// The form by which an incubator is registered, for whoever may.
pub fn registration(reader: &Reader, caller: &Caller) -> Markup {
    html! {
        @if may(caller, REGISTRATION) {
            a.button.quiet href={ (recording::RECORD) "/site/incubator_registration?to=/people" } {
                (words::action(reader.language, REGISTRATION))
            }
        }
    }
}

const REGISTRATION: &str = "site.incubator_registration";
const CHANGE: &str = "site.incubator_change";

/// The form by which an incubator is changed, filled in with what is registered of it.
fn change(name: &str, incubator: &Incubator) -> String {
    format!(
        "{}/site/incubator_change?to=/people&/incubator={}&/shelves={}&/vessels_per_shelf={}&/retired={}",
        recording::RECORD,
        encoded(name),
        incubator.shelves,
        incubator.vessels_per_shelf,
        incubator.retired
    )
}

/// The button by which vessels are told to stand in an incubator.
pub const STAND: &str = "stand";

/// The incubators with what fits in them, and the forms to register and change them.
pub fn list(reader: &Reader, caller: &Caller, registered: &Registered) -> Markup {
    html! {
        section #incubators {
            div.title { h2 { (reader.say(Said::Incubators)) } (registration(reader, caller)) }
            @if registered.is_empty() { p.empty { (reader.say(Said::NoIncubators)) } } @else {
                div.scroll role="region" aria-label=(reader.say(Said::Incubators)) tabindex="0" {
                    table {
                        thead { tr {
                            th scope="col" { (reader.say(Ui::Name)) }
                            th.number scope="col" { (words::field(reader.language, "shelves")) }
                            th.number scope="col" { (words::field(reader.language, "vessels_per_shelf")) }
                            th scope="col" { (reader.say(Ui::Status)) }
                        } }
                        tbody {
                            @for (name, incubator) in registered {
                                tr {
                                    th.wide scope="row" {
                                        @if may(caller, CHANGE) { a href=(change(name, incubator)) { (name) } } @else { (name) }
                                    }
                                    td.number { (incubator.shelves) }
                                    td.number { (incubator.vessels_per_shelf) }
                                    td {
                                        @if incubator.retired { (status_chip::chip(Look::Plain, reader.say(Said::NoLongerUsed))) }
                                        @else { (status_chip::chip(Look::Good, &words::fits_in(reader.language, incubator.capacity()))) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incubator_is_full_with_as_many_vessels_as_fit_in_and_over_with_one_more() {
        let incubator = Incubator { shelves: 2, vessels_per_shelf: 6, retired: false };
        let room = |vessels| Room::of(Some(&incubator), vessels);
        assert_eq!([room(0), room(11)], [Room::Left, Room::Left]);
        assert_eq!([room(12), room(13)], [Room::Full, Room::Over]);
        let retired = Incubator { retired: true, ..incubator };
        assert_eq!(Room::of(Some(&retired), 1), Room::Retired);
        assert_eq!(Room::of(None, 1), Room::Unknown);
    }
}
