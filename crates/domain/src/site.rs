//! The centre itself, its clinics and its incubators: who they are, with their numbers as opaque texts, and how much
//! fits in.

use crate::ids::{ClinicId, SiteCode, SiteId};
use crate::refusal::{Impossible, Reason};
use crate::text::{Note, Short};
use crate::time::Time;
use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

variants! {
    /// What is asked of the centre's stream.
    pub enum Command {
        /// Register a clinic.
        ClinicRegistration => "clinic_registration",
        /// Change a clinic's name, or note that it closed.
        ClinicChange => "clinic_change",
        /// Register an incubator with what fits in.
        IncubatorRegistration => "incubator_registration",
        /// Change what fits in an incubator, or note that it is no longer used.
        IncubatorChange => "incubator_change",
        /// Record that it was reviewed who may do what and who saw whom.
        AccessReview => "access_review",
    }
}

variants! {
    /// What is recorded of the centre.
    pub enum Event {
        /// The centre began its records: always the journal's first entry.
        Founding => "founded",
        /// A clinic was registered.
        ClinicRegistered => "clinic_registered",
        /// A clinic changed.
        ClinicChange => "clinic_changed",
        /// An incubator was registered.
        IncubatorRegistration => "incubator_registered",
        /// An incubator changed.
        IncubatorChange => "incubator_changed",
        /// Access was reviewed.
        AccessReview => "access_reviewed",
    }
}

/// The journal's first entry: who the centre is, and whether it is a demonstration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Founding {
    /// The centre's name.
    pub name: Short,
    /// Its code on labels, set once.
    pub code: SiteCode,
    /// Its facility number (施設番号), an opaque text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility_number: Option<Short>,
    /// The IANA time zone it shows times in.
    pub zone: Short,
    /// The origin of its checkpoints.
    pub origin: Short,
    /// Whether this is a demonstration with invented people and cells.
    pub demonstration: bool,
}

/// Register a clinic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClinicRegistration {
    /// Its name.
    pub name: Short,
    /// Its number, an opaque text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Short>,
}

/// A clinic was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClinicRegistered {
    /// Its identifier.
    pub clinic: ClinicId,
    /// Its name.
    pub name: Short,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Short>,
}

/// A clinic's new name, or that it closed. Its records stay findable under its identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClinicChange {
    /// Which clinic.
    pub clinic: ClinicId,
    /// Its name from now on.
    pub name: Short,
    /// Whether it closed.
    #[serde(default)]
    pub closed: bool,
    /// Why.
    pub reason: Note,
}

/// Register an incubator. A vessel says by this name where it stands; one that stands elsewhere is recorded all the
/// same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncubatorRegistration {
    /// Its name, as it stands on its door and as moves of vessels name it, e.g. `INC-1`.
    pub name: Short,
    /// Its shelves.
    #[schemars(range(min = 1, max = 40))]
    pub shelves: u16,
    /// The vessels that fit on one shelf: of the ware that is usually cultured in it.
    #[schemars(range(min = 1, max = 200))]
    pub vessels_per_shelf: u16,
}

/// What fits in an incubator from now on, or that it is no longer used. It keeps its name: vessels are recorded under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncubatorChange {
    /// Which incubator, by its name.
    pub incubator: Short,
    /// Its shelves from now on.
    #[schemars(range(min = 1, max = 40))]
    pub shelves: u16,
    /// The vessels that fit on one shelf from now on.
    #[schemars(range(min = 1, max = 200))]
    pub vessels_per_shelf: u16,
    /// Whether it is no longer used.
    #[serde(default)]
    pub retired: bool,
    /// Why.
    pub reason: Note,
}

/// Access was reviewed: who may do what, who left, and who saw which patients' names in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessReview {
    /// From when on it was looked through who saw whom.
    pub from: Time,
    /// Until when (not included).
    pub until: Time,
    /// What was found, and what is done about it.
    pub findings: Note,
}

/// An incubator as the journal knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incubator {
    /// Its shelves.
    pub shelves: u16,
    /// The vessels that fit on one shelf.
    pub vessels_per_shelf: u16,
    /// Whether it is no longer used.
    pub retired: bool,
}

impl Incubator {
    /// The vessels that fit in: none where it is no longer used.
    pub fn capacity(&self) -> usize {
        if self.retired { 0 } else { usize::from(self.shelves) * usize::from(self.vessels_per_shelf) }
    }
}

/// A clinic as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clinic {
    /// Its present name.
    pub name: Short,
    /// Its number.
    pub number: Option<Short>,
    /// Whether it closed.
    pub closed: bool,
}

/// The centre as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Which centre.
    pub id: SiteId,
    /// Who it is.
    pub founding: Founding,
    /// Its clinics.
    pub clinics: BTreeMap<ClinicId, Clinic>,
    /// Its incubators by their names.
    pub incubators: BTreeMap<Short, Incubator>,
}

impl Site {
    /// Applies one entry.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn evolve(state: Option<Site>, id: SiteId, event: &Event) -> Result<Site, Impossible> {
        match (state, event) {
            (None, Event::Founding(founding)) => {
                let (clinics, incubators) = (BTreeMap::new(), BTreeMap::new());
                Ok(Site { id, founding: (**founding).clone(), clinics, incubators })
            }
            (Some(mut site), Event::ClinicRegistered(new)) => {
                let clinic = Clinic { name: new.name.clone(), number: new.number.clone(), closed: false };
                match site.clinics.insert(new.clinic, clinic) {
                    None => Ok(site),
                    Some(_) => Err(Impossible::new("a clinic is registered once")),
                }
            }
            (Some(mut site), Event::ClinicChange(change)) => {
                let clinic = site
                    .clinics
                    .get_mut(&change.clinic)
                    .ok_or(Impossible::new("a clinic changes once it exists"))?;
                clinic.name = change.name.clone();
                clinic.closed = change.closed;
                Ok(site)
            }
            (Some(mut site), Event::IncubatorRegistration(new)) => {
                let (shelves, vessels_per_shelf) = (new.shelves, new.vessels_per_shelf);
                let incubator = Incubator { shelves, vessels_per_shelf, retired: false };
                match site.incubators.insert(new.name.clone(), incubator) {
                    Some(known) if !known.retired => {
                        Err(Impossible::new("an incubator is registered once while it is used"))
                    }
                    _ => Ok(site),
                }
            }
            (Some(mut site), Event::IncubatorChange(change)) => {
                let incubator = site
                    .incubators
                    .get_mut(&change.incubator)
                    .ok_or(Impossible::new("an incubator changes once it is registered"))?;
                let (shelves, vessels_per_shelf) = (change.shelves, change.vessels_per_shelf);
                *incubator = Incubator { shelves, vessels_per_shelf, retired: change.retired };
                Ok(site)
            }
            // It changes nothing: what was found is acted on by whoever grants and ends roles.
            (Some(site), Event::AccessReview(_)) => Ok(site),
            (None, _) | (Some(_), Event::Founding(_)) => {
                Err(Impossible::new("a centre is founded once, and first"))
            }
        }
    }
}

/// Decides a command on the centre.
///
/// # Errors
/// Every reason why not.
pub fn decide(site: &Site, command: &Command, fresh: ClinicId, now: Time) -> Result<Event, Vec<Reason>> {
    match command {
        Command::ClinicRegistration(new) => {
            if site.clinics.values().any(|clinic| clinic.name == new.name && !clinic.closed) {
                return Err(vec![Reason::AlreadyDone]);
            }
            Ok(ClinicRegistered { clinic: fresh, name: new.name.clone(), number: new.number.clone() }.into())
        }
        Command::ClinicChange(change) => match site.clinics.get(&change.clinic) {
            Some(_) => Ok(Event::ClinicChange(change.clone())),
            None => Err(vec![Reason::NotFound]),
        },
        Command::IncubatorRegistration(new) => match site.incubators.get(&new.name) {
            Some(known) if !known.retired => Err(vec![Reason::AlreadyDone]),
            _ => Ok(Event::IncubatorRegistration(new.clone())),
        },
        Command::IncubatorChange(change) => match site.incubators.get(&change.incubator) {
            Some(_) => Ok(Event::IncubatorChange(change.clone())),
            None => Err(vec![Reason::NotFound]),
        },
        Command::AccessReview(review) => {
            let mut reasons = Vec::new();
            if review.until <= review.from {
                reasons.push(Reason::SpanEndsBeforeItBegins);
            }
            if review.until > now {
                reasons.push(Reason::InTheFuture { field: "/until" });
            }
            if reasons.is_empty() { Ok(Event::AccessReview(review.clone())) } else { Err(reasons) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn of<T: TryFrom<String>>(text: &str) -> T {
        T::try_from(text.to_string()).unwrap_or_else(|_| panic!("{text:?} does not fit"))
    }

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn access_is_reviewed_for_a_period_that_is_over() {
        let mut site = founded();
        let before = site.clone();
        let review = |from, until| AccessReview { from: at(from), until: at(until), findings: of("nothing") };
        assert_eq!(asked(&mut site, review(3, 3)), Err(vec![Reason::SpanEndsBeforeItBegins]));
        assert_eq!(asked(&mut site, review(3, 10)), Err(vec![Reason::InTheFuture { field: "/until" }]));
        asked(&mut site, review(3, 9)).unwrap();
        assert_eq!(site, before, "nothing follows from it by itself");
    }

    fn founded() -> Site {
        let founding = Founding {
            name: of("Centre"),
            code: of("TKYO"),
            facility_number: None,
            zone: of("Asia/Tokyo"),
            origin: of("example.org/log"),
            demonstration: false,
        };
        Site::evolve(None, SiteId(Uuid::from_u128(1)), &founding.into()).unwrap()
    }

    fn asked(site: &mut Site, command: impl Into<Command>) -> Result<(), Vec<Reason>> {
        let event = decide(site, &command.into(), ClinicId(Uuid::from_u128(2)), at(9))?;
        *site = Site::evolve(Some(site.clone()), site.id, &event).unwrap();
        Ok(())
    }

    #[test]
    fn an_incubator_is_registered_once_while_it_is_used_and_holds_nothing_once_retired() {
        let mut site = founded();
        let new = IncubatorRegistration { name: of("INC-1"), shelves: 4, vessels_per_shelf: 12 };
        let capacity = |site: &Site| site.incubators.get(&of("INC-1")).map(Incubator::capacity);
        let change = |retired| IncubatorChange {
            incubator: of("INC-1"),
            shelves: 3,
            vessels_per_shelf: 12,
            retired,
            reason: of("a shelf was taken out"),
        };
        assert_eq!(asked(&mut site, change(false)), Err(vec![Reason::NotFound]));
        asked(&mut site, new.clone()).unwrap();
        assert_eq!(capacity(&site), Some(48));
        assert_eq!(asked(&mut site, new.clone()), Err(vec![Reason::AlreadyDone]));
        asked(&mut site, change(false)).unwrap();
        assert_eq!(capacity(&site), Some(36));
        asked(&mut site, change(true)).unwrap();
        assert_eq!(capacity(&site), Some(0));
        asked(&mut site, new).unwrap();
        assert_eq!(capacity(&site), Some(48), "it is used again");
    }
}
