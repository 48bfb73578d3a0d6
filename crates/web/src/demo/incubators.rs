//! The demonstration's incubators, registered with what fits in: one of them holds little, so that the planner has
//! something to say.

use super::DemoError;
use super::bench::Centre;
use super::people::short;
use baiyo_domain::decision::Command;
use baiyo_domain::site::{self, IncubatorRegistration};

/// Name, shelves, vessels that fit on one shelf.
const INCUBATORS: [(&str, u16, u16); 6] =
    [("INC-1", 6, 4), ("INC-2", 6, 4), ("INC-3", 6, 4), ("INC-4", 2, 4), ("INC-5", 6, 4), ("INC-6", 6, 4)];

/// Registers them.
///
/// # Errors
/// The records cannot be written.
pub fn register(centre: &Centre) -> Result<(), DemoError> {
    for (name, shelves, vessels_per_shelf) in INCUBATORS {
        let form = IncubatorRegistration { name: short(name)?, shelves, vessels_per_shelf };
        centre.acting("takahashi")?.record(centre.store, Command::Site(site::Command::from(form)))?;
        centre.clock.advance_minutes(2);
    }
    Ok(())
}
