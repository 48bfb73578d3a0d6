//! What each kind of job does, and what it says when it is done.

use super::{Outcome, Said, Unfinished, Work};
use crate::exporting;
use crate::words::{self, Language};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{PersonId, StandardId};
use baiyo_domain::journal::source::Source;
use baiyo_domain::standard::{Draft, Standard};
use baiyo_persistence::verify::{self, CannotCheck};
use baiyo_persistence::{ExecuteError, Request, Store, StoreError, rebuild};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use uuid::Uuid;

/// Findings that are told one by one; of more only their number.
const TOLD: usize = 500;

/// Seals, and writes the whole journal to the job's file.
pub fn export(store: &Arc<Store>) -> Work {
    let store = Arc::clone(store);
    Box::new(move |watch, file| {
        store.seal()?;
        let mut out = BufWriter::new(File::create(file).map_err(failed)?);
        let (entries, files) = exporting::everything(&store, &mut out, watch)?;
        out.flush().map_err(failed)?;
        let summary = said(|language| words::exported(language, entries, files.len()));
        Ok(Outcome { good: true, summary, findings: Vec::new(), notes: Vec::new(), file: true })
    })
}

/// Verifies everything from raw rows, against the checkpoint that the person kept, if he gave one.
pub fn verification(store: &Arc<Store>, kept: Option<String>) -> Work {
    let location = store.location().clone();
    Box::new(move |watch, _| {
        let outside: Vec<String> = kept.into_iter().collect();
        let report = verify::verify(&location, &outside, watch)?;
        let findings = report.findings.iter().take(TOLD);
        Ok(Outcome {
            good: report.is_sound(),
            summary: said(|language| words::verified(language, &report)),
            findings: findings.map(|finding| said(|language| words::fault(language, finding))).collect(),
            notes: report.notes.iter().map(|note| said(|language| words::note(language, note))).collect(),
            file: false,
        })
    })
}

/// Writes the read models anew and compares the evidence.
pub fn rebuild(store: &Arc<Store>) -> Work {
    let store = Arc::clone(store);
    Box::new(move |watch, _| {
        let rebuilt = rebuild::rebuild(&store, watch)?;
        // Who rebuilds may not read what is in the rows: how many of which list is enough here.
        let mut differing: BTreeMap<&str, usize> = BTreeMap::new();
        rebuilt.differing.iter().for_each(|found| *differing.entry(found.table).or_default() += 1);
        let differing = differing.into_iter();
        let differing =
            differing.map(|(table, rows)| said(|language| words::differing_in(language, table, rows)));
        let disagreeing = rebuilt.disagreeing.iter();
        let disagreeing = disagreeing.map(|batch| said(|language| words::disagreeing(language, *batch)));
        Ok(Outcome {
            good: rebuilt.agrees(),
            summary: said(|language| words::rebuilt(language, &rebuilt)),
            findings: disagreeing.chain(differing).take(TOLD).collect(),
            notes: Vec::new(),
            file: false,
        })
    })
}

/// Files standards as drafts, one after the other; each is refused or filed by itself. Stopped, it says which were filed.
pub fn standard_import(
    store: &Arc<Store>,
    person: PersonId,
    source: Source,
    standards: Vec<Standard>,
    zone: Tz,
) -> Work {
    let store = Arc::clone(store);
    Box::new(move |watch, _| {
        let total = standards.len();
        let (mut findings, mut notes, mut filed) = (Vec::new(), Vec::new(), 0);
        for (place, standard) in standards.into_iter().enumerate() {
            if watch(place as u64, total as u64).is_break() {
                findings.push(said(|language| words::import_stopped(language, total - place)));
                break;
            }
            let name = format!("{} v{}", standard.code, standard.version);
            let faults = standard.faults();
            let command = Command::Standard(StandardId(Uuid::now_v7()), Draft { standard }.into());
            let asked = Request {
                recorder: person,
                source: Some(source.clone()),
                command,
                once: None,
                expected_version: None,
                proof: None,
                personal: None,
            };
            match store.execute(asked) {
                Ok(_) => {
                    filed += 1;
                    notes.push(said(|language| words::filed(language, &name, &faults, zone)));
                }
                Err(ExecuteError::Refused(reasons)) => {
                    let reason = |language| words::not_filed(language, &name, &reasons, zone);
                    findings.push(said(reason));
                }
                Err(error) => {
                    findings.push(said(|language| words::import_failed(language, &name, &error.to_string())));
                    break;
                }
            }
        }
        Ok(Outcome {
            good: findings.is_empty(),
            summary: said(|language| words::imported(language, filed, total)),
            findings,
            notes,
            file: false,
        })
    })
}

/// The most bytes of a standard's file.
pub const MOST_OF_A_STANDARD: usize = 256 * 1024;

/// Why a file holds no standard.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is larger than any standard.
    TooLarge,
    /// It is no text.
    NotText,
    /// It has not a standard's form; the parser's own words name line, column and field.
    Form(String),
}

/// The standard in a file (TOML, as in `config/standards`).
///
/// # Errors
/// Why there is none.
pub fn standard_in(file: Option<&[u8]>) -> Result<Standard, Unread> {
    let text = std::str::from_utf8(file.ok_or(Unread::TooLarge)?).map_err(|_| Unread::NotText)?;
    toml::from_str(text).map_err(|error| Unread::Form(error.to_string()))
}

fn said(sentence: impl Fn(Language) -> String) -> Said {
    Said { en: sentence(Language::En), ja: sentence(Language::Ja) }
}

fn failed(error: impl std::fmt::Display) -> Unfinished {
    Unfinished::Failed(error.to_string())
}

impl From<StoreError> for Unfinished {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stopped => Self::Stopped,
            other => failed(other),
        }
    }
}

impl From<CannotCheck> for Unfinished {
    fn from(error: CannotCheck) -> Self {
        match error {
            CannotCheck::Stopped => Self::Stopped,
            other => failed(other),
        }
    }
}
