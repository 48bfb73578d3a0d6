//! The demonstration, seeded once: it has every status, passes every check, and a second start changes nothing.

use baiyo::demo;
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::ids::BatchId;
use baiyo_domain::journal::StreamKind;
use baiyo_persistence::clock::{Clock, SystemClock};
use baiyo_persistence::progress::unwatched;
use baiyo_persistence::reading::ClinicScope;
use baiyo_persistence::store::Location;
use baiyo_persistence::{Conn, Store, StoreError, journal, reading, rebuild, verify};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The names of all statuses, as the API's schema lists them.
fn every_status() -> BTreeSet<String> {
    let schema = serde_json::to_value(schemars::schema_for!(BatchStatus)).unwrap();
    let listed = schema["oneOf"].as_array().unwrap().iter().map(|status| &status["const"]);
    listed.map(|name| name.as_str().unwrap().to_string()).collect()
}

fn every_batch(conn: &mut Conn) -> Result<Vec<Arc<Batch>>, StoreError> {
    let streams = journal::streams_of(conn, StreamKind::Batch)?;
    let mut batches = Vec::new();
    for stream in streams {
        batches.extend(reading::batch(conn, ClinicScope::Centre, BatchId(stream.id))?);
    }
    Ok(batches)
}

fn entries(folder: &Path) -> u64 {
    let report = verify::verify(&Location::embedded(folder), &[], &mut unwatched).unwrap();
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!(report.unsealed, 0);
    report.entries
}

#[test]
fn the_demonstration_has_every_status_passes_every_check_and_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = (0, 0);
    let accounts =
        demo::prepare(&Location::embedded(folder.path()), &mut |done, total| told = (done, total)).unwrap();
    assert!(told.0 == told.1 && told.1 > 1000, "progress ended at {told:?}");

    let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
    let now = SystemClock.now();
    assert!(!store.now().1, "what was seeded lies in the past");
    let batches = store.read(every_batch).unwrap();
    assert!(batches.len() >= 55, "{} batches", batches.len());
    let shown: BTreeSet<String> = batches.iter().map(|batch| batch.status(now).name().to_string()).collect();
    assert_eq!(shown, every_status());
    let found = store.read(rebuild::check).unwrap();
    assert!(found.agrees(), "{found:#?}");
    drop(store);

    let before = entries(folder.path());
    let again =
        demo::prepare(&Location::embedded(folder.path()), &mut |_, _| panic!("nothing is seeded twice"))
            .unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&accounts).unwrap());
    assert_eq!(entries(folder.path()), before);
}
