//! The demonstration: a centre with invented people and cells, seeded through the same one write path as a real
//! one, with a clock given to the store when it is made.

mod bank;
mod bench;
mod course;
mod dice;
mod fresh;
mod frozen;
mod incubators;
mod laboratory;
mod making;
mod orders;
pub mod people;
mod pictures;
mod shipping;
mod standards;
mod stopped;
mod troubled;

use crate::acting::ActingError;
use baiyo_domain::ids::ClinicId;
use baiyo_domain::time::Time;
use baiyo_persistence::clock::{Clock, SetClock, SystemClock};
use baiyo_persistence::founding::FoundingError;
use baiyo_persistence::store::Location;
use baiyo_persistence::{Store, StoreError};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
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
pub fn prepare(location: &Location, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Account>, DemoError> {
    let folder = &location.folder;
    let accounts_file = folder.join(ACCOUNTS_FILE);
    let today = SystemClock.now();
    let clock = Arc::new(SetClock::at(today.plus_hours(-24 * BEGINS_DAYS_AGO)));
    let founded = {
        let store = Store::open_at(location, Arc::new(SystemClock))?;
        store.founding()?
    };
    match founded {
        Some(founding) if !founding.demonstration => {
            return Err(DemoError::RealCentre(folder.display().to_string()));
        }
        Some(_) if accounts_file.exists() => {
            return Ok(serde_json::from_slice(&std::fs::read(accounts_file)?)?);
        }
        Some(_) => return Err(DemoError::CutShort(folder.display().to_string())),
        None => {}
    }
    let store = Store::open_at(location, clock.clone())?;
    let accounts = seed(&store, &clock, today, progress)?;
    store.seal()?;
    // Last: a folder with this file is whole.
    let unfinished = folder.join(format!(".{ACCOUNTS_FILE}.new"));
    // It holds passwords, even if invented ones: for its owner alone.
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(&accounts)?)?;
    file.sync_all()?;
    std::fs::rename(unfinished, accounts_file)?;
    Ok(accounts)
}

/// Days of the demonstration, as seen from the instant at which it is made.
#[derive(Clone, Copy)]
struct Calendar {
    now: Time,
}

impl Calendar {
    /// Ten in the morning in Tokyo, so many days ago (ahead where negative).
    fn days_ago(self, days: i64) -> Time {
        const DAY: i64 = 24 * 60 * 60 * 1_000_000;
        const TOKYO: i64 = 9 * DAY / 24;
        let midnight = (self.now.micros() + TOKYO).div_euclid(DAY) * DAY - TOKYO;
        let morning = midnight + 10 * DAY / 24 - days * DAY;
        Time::from_micros(morning).unwrap_or(self.now)
    }

    /// So many minutes ago (ahead where negative).
    fn minutes_ago(self, minutes: i64) -> Time {
        self.now.plus(TimeDelta::minutes(-minutes))
    }
}

/// Minutes before now at which the seeding ends: what a step moves the clock on stays in the past.
const ENDS_MINUTES_AGO: i64 = 25;

/// Everything that is to happen, in whatever order it was thought of.
struct Seeding {
    calendar: Calendar,
    steps: Vec<course::Step>,
    cases: u16,
}

impl Seeding {
    /// All stories up to an instant.
    fn up_to(now: Time) -> Self {
        let mut seeding = Self { calendar: Calendar { now }, steps: Vec::new(), cases: 0 };
        standards::revise(&mut seeding);
        fresh::plan_all(&mut seeding);
        frozen::plan_all(&mut seeding);
        bank::plan_all(&mut seeding);
        troubled::plan_all(&mut seeding);
        stopped::plan_all(&mut seeding);
        seeding
    }

    fn next_case(&mut self) -> course::Case {
        self.cases += 1;
        course::Case::numbered(self.cases)
    }

    /// Adds a step, unless it lies in the future: then it has not happened yet.
    fn plan(
        &mut self,
        at: Time,
        story: &'static str,
        does: impl FnOnce(&bench::Centre) -> Result<(), DemoError> + 'static,
    ) {
        if at <= self.calendar.minutes_ago(ENDS_MINUTES_AGO) {
            self.steps.push(course::Step { at, story, does: Box::new(does) });
        }
    }

    /// Carries everything out in the order of time: the journal's times never go back, so the courses interleave.
    fn perform(
        mut self,
        centre: &bench::Centre,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), DemoError> {
        self.steps.sort_by_key(|step| step.at);
        let total = self.steps.len() as u64;
        for (done, step) in self.steps.into_iter().enumerate() {
            if step.at > centre.clock.now() {
                centre.clock.set(step.at);
            }
            let told = |error| DemoError::Seed(format!("{}, {}: {error}", step.story, centre.clock.now()));
            (step.does)(centre).map_err(told)?;
            progress(done as u64 + 1, total);
        }
        Ok(())
    }
}

fn seed(
    store: &Store,
    clock: &SetClock,
    today: Time,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Account>, DemoError> {
    let staff = people::found(store, clock, true)?;
    let centre = bench::Centre { store, clock, staff: &staff, standards: RefCell::default() };
    incubators::register(&centre)?;
    standards::found(&centre)?;
    Seeding::up_to(today).perform(&centre, progress)?;
    Ok(people::accounts(store, &staff)?)
}
