//! The demonstration's standards: the files of `config/standards`, filed by an analyst and approved by quality, and
//! one revision that comes while batches of the older version are in culture.

use super::bench::Centre;
use super::people::note;
use super::{DemoError, Seeding};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::StandardId;
use baiyo_domain::standard::{Approval, BenchRecord, Draft, Pooling, Retirement, Standard};
use uuid::Uuid;

/// Autologous adipose, fresh; whichever version is approved.
pub const FRESH: &str = "ADMSC-AUTO-FRESH";
/// Autologous adipose, frozen.
pub const FROZEN: &str = "ADMSC-AUTO-FROZEN";
/// The umbilical-cord bank.
pub const BANK: &str = "UCMSC-BANK";
/// Products of that bank.
pub const PRODUCT: &str = "UCMSC-PRODUCT";

const FRESH_FILE: &str = include_str!("../../../../config/standards/adipose-msc-autologous-fresh.toml");
const FILES: [(&str, &str); 4] = [
    (FRESH, FRESH_FILE),
    (FROZEN, include_str!("../../../../config/standards/adipose-msc-autologous-frozen.toml")),
    (BANK, include_str!("../../../../config/standards/umbilical-cord-msc-bank.toml")),
    (PRODUCT, include_str!("../../../../config/standards/umbilical-cord-msc-product.toml")),
];

/// Days before today on which the revised standard takes the place of the first.
pub const REVISED_DAYS_AGO: i64 = 45;

fn read(file: &str) -> Result<Standard, DemoError> {
    toml::from_str(file).map_err(|error| DemoError::Seed(error.to_string()))
}

fn file_and_approve(centre: &Centre, name: &'static str, standard: Standard) -> Result<(), DemoError> {
    let id = StandardId(Uuid::now_v7());
    centre.acting("ito")?.record(centre.store, Command::Standard(id, Draft { standard }.into()))?;
    centre.clock.advance_minutes(2);
    centre.acting("nakamura")?.sign(centre.store, Command::Standard(id, Approval { remark: None }.into()))?;
    centre.clock.advance_minutes(2);
    centre.standards.borrow_mut().insert(name, id);
    Ok(())
}

/// Files and approves the standards.
///
/// # Errors
/// A file cannot be read, or the records cannot be written.
pub fn found(centre: &Centre) -> Result<(), DemoError> {
    for (name, file) in FILES {
        file_and_approve(centre, name, read(file)?)?;
    }
    Ok(())
}

/// The revision, under which cells of two collections of one person may be pooled and cultures are photographed: filed, approved, and the older
/// version retired, so that no new batch pins it.
pub fn revise(seeding: &mut Seeding) {
    let at = seeding.calendar.days_ago(REVISED_DAYS_AGO);
    seeding.plan(at, "a standard revised in mid-culture", |centre| {
        let mut revised = Standard { version: 2, pooling: Pooling::SameDonor, ..read(FRESH_FILE)? };
        revised.process.bench_records = vec![BenchRecord::Photograph];
        let old = centre.standard(FRESH)?;
        file_and_approve(centre, FRESH, revised)?;
        let reason = note("第2版に置き換え / replaced by version 2")?;
        centre
            .acting("nakamura")?
            .record(centre.store, Command::Standard(old, Retirement { reason }.into()))?;
        Ok(())
    });
}
