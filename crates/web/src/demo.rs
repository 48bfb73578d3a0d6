//! The demonstration: a centre with invented people and cells, seeded through the same one write path as a real
//! one, with a clock given to the store when it is made.

pub mod people;

use crate::acting::ActingError;
use baiyo_domain::ids::ClinicId;
use baiyo_domain::time::Time;
use baiyo_persistence::clock::{Clock, SetClock, SystemClock};
use baiyo_persistence::founding::FoundingError;
use baiyo_persistence::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// The file with the demonstration's accounts, in the data folder.
pub const ACCOUNTS_FILE: &str = "demo-accounts.json";

/// One account of the demonstration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// The printed name.
    pub name: String,
    /// The role.
    pub role: String,
    /// The clinic, for clinic staff.
    pub clinic: Option<ClinicId>,
    /// The sign-in name.
    pub sign_in: String,
    /// The password.
    pub password: String,
    /// A token for the API.
    pub api_token: String,
}

/// Why the demonstration cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder holds a real centre.
    #[error("{0} holds a real centre's records; a demonstration needs a folder of its own")]
    RealCentre(String),
    /// The seeding was cut short before.
    #[error("{0} holds a demonstration whose seeding was cut short; delete the folder and start again")]
    CutShort(String),
    /// A file.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The accounts file.
    #[error("{ACCOUNTS_FILE}: {0}")]
    Accounts(#[from] serde_json::Error),
    /// The records.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Founding.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// A step.
    #[error(transparent)]
    Acting(#[from] ActingError),
    /// The seeding itself.
    #[error("the demonstration: {0}")]
    Seed(String),
}

/// Days before today on which the demonstration's records begin.
const BEGINS_DAYS_AGO: i64 = 120;

/// Seeds the demonstration in an empty folder; a folder that holds one is left as it is. Returns its accounts.
///
/// # Errors
/// The folder holds a real centre, or a demonstration that was cut short; the records cannot be written.
pub fn prepare(folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Account>, DemoError> {
    let accounts_file = folder.join(ACCOUNTS_FILE);
    let today = SystemClock.now();
    let clock = Arc::new(SetClock::at(today.plus_hours(-24 * BEGINS_DAYS_AGO)));
    let founded = {
        let store = Store::open(folder, Arc::new(SystemClock))?;
        store.founding()?
    };
    match founded {
        Some(founding) if !founding.demonstration => {
            return Err(DemoError::RealCentre(folder.display().to_string()));
        }
        Some(_) if accounts_file.exists() => return Ok(serde_json::from_slice(&std::fs::read(accounts_file)?)?),
        Some(_) => return Err(DemoError::CutShort(folder.display().to_string())),
        None => {}
    }
    let store = Store::open(folder, clock.clone())?;
    let accounts = seed(&store, &clock, today, progress)?;
    store.seal()?;
    // Last: a folder with this file is whole.
    let unfinished = folder.join(format!(".{ACCOUNTS_FILE}.new"));
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(&accounts)?)?;
    file.sync_all()?;
    std::fs::rename(unfinished, accounts_file)?;
    Ok(accounts)
}

fn seed(
    store: &Store,
    clock: &SetClock,
    today: Time,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Account>, DemoError> {
    let staff = people::found(store, clock)?;
    let _ = today;
    progress(1, 1);
    Ok(people::accounts(store, &staff)?)
}
