//! The centre itself and its clinics: who they are, with their numbers as opaque texts.

use crate::ids::{ClinicId, SiteCode, SiteId};
use crate::refusal::{Impossible, Reason};
use crate::text::{Note, Short};
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
}

impl Site {
    /// Applies one entry.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn evolve(state: Option<Site>, id: SiteId, event: &Event) -> Result<Site, Impossible> {
        match (state, event) {
            (None, Event::Founding(founding)) => {
                Ok(Site { id, founding: (**founding).clone(), clinics: BTreeMap::new() })
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
pub fn decide(site: &Site, command: &Command, fresh: ClinicId) -> Result<Event, Vec<Reason>> {
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
    }
}
