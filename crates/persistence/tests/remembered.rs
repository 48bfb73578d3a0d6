//! Streams that a store has read are remembered: never otherwise than the database has them at their end, and never for
//! what rests on signatures.

mod centre;

use baiyo_domain::authority::Meaning;
use baiyo_domain::batch::Batch;
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{BatchId, ClinicId, OrderId, PatientId};
use baiyo_domain::journal::{Hash, StreamId, StreamKind};
use baiyo_domain::refusal::Reason;
use baiyo_domain::world::World;
use baiyo_persistence::keystore::SealedPersonal;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{ExecuteError, PersonalRow, Request, Store, StoreError, journal};
use centre::forger::{Forger, replaced};
use centre::{Centre, Story, story};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

fn stream_of(batch: BatchId) -> StreamId {
    StreamId { kind: StreamKind::Batch, id: batch.0 }
}

fn batch(store: &Store, id: BatchId) -> Arc<Batch> {
    store.read(|conn| reading::batch(conn, ClinicScope::Centre, id)).unwrap().unwrap()
}

/// A batch as folding everything that the database holds of it makes it.
fn folded(store: &Store, id: BatchId) -> Arc<Batch> {
    let stream = stream_of(id);
    let entries = store.read(|conn| Ok::<_, StoreError>(journal::entries_of(conn, stream)?)).unwrap();
    let mut world = World::default();
    world.load(stream, entries).unwrap();
    Arc::clone(&world.batches[&id])
}

fn hold(centre: &Centre, id: BatchId) {
    let form = json!({"disposition": {"holding": {"reason": "a bag looks cloudy"}}});
    centre.batch("releaser", id, form);
}

#[test]
fn what_is_remembered_is_what_folding_everything_makes() {
    let (story, place) = (story(), story().copy());
    let centre = story.goes_on(&place);
    for _ in 0..3 {
        let first = batch(&centre.store, story.batch);
        assert!(Arc::ptr_eq(&first, &batch(&centre.store, story.batch)), "it is remembered");
        assert_eq!(first, folded(&centre.store, story.batch));
        hold(&centre, story.batch);
        let next = batch(&centre.store, story.batch);
        assert_eq!((next.holds.len(), &next), (first.holds.len() + 1, &folded(&centre.store, story.batch)));
    }
}

#[test]
fn what_another_hand_wrote_after_it_is_read_and_what_was_taken_away_is_gone() {
    let (story, place) = (story(), story().copy());
    let centre = story.goes_on(&place);
    hold(&centre, story.batch);
    let held = batch(&centre.store, story.batch);

    let mut forger = Forger::at(&place);
    let newest = forger.stream(stream_of(story.batch)).pop().unwrap();
    let mut more = forger.next(stream_of(story.batch), &newest);
    more.payload = replaced(&more.payload, "\"hold\":1", "\"hold\":2");
    forger.insert(None, &more);
    let longer = batch(&centre.store, story.batch);
    assert_eq!((longer.log.len(), &longer), (held.log.len() + 1, &folded(&centre.store, story.batch)));

    forger.delete(&more);
    assert_eq!(batch(&centre.store, story.batch), held);
    forger.delete(&newest);
    let shorter = batch(&centre.store, story.batch);
    assert_eq!((shorter.holds.len(), shorter.log.len()), (held.holds.len() - 1, held.log.len() - 1));

    // Another history of the same length.
    let newest = forger.stream(stream_of(story.batch)).pop().unwrap();
    forger.edit(&newest, |entry| entry.payload = replaced(&entry.payload, "leaking bag", "leaking lid"));
    let other = batch(&centre.store, story.batch);
    assert_ne!(other, shorter);
    assert_eq!(other, folded(&centre.store, story.batch));
}

/// An order for a patient whose name is kept beside it.
fn place_order(
    centre: &Centre,
    story: &Story,
    order: OrderId,
    patient: PatientId,
) -> Result<(), ExecuteError> {
    let clinic: ClinicId = batch(&centre.store, story.batch).opened.clinic;
    let plan = json!({"number": "PB5230001", "class": "two"});
    let placement = json!({"purpose": "therapy", "patient": patient, "personal_data": "00".repeat(32),
        "pseudonym": "P-002", "plan": plan});
    let form = serde_json::from_value(json!({"placement": placement})).unwrap();
    let sealed = SealedPersonal { nonce: [0; 24], ciphertext: vec![0; 48], digest: Hash::ZERO };
    let request = Request {
        recorder: centre.people["coordinator"],
        source: None,
        command: Command::Order(order, form),
        once: None,
        expected_version: None,
        proof: None,
        personal: Some(PersonalRow { patient, clinic, sealed, index: [0; 32] }),
    };
    centre.store.execute(request).map(drop)
}

#[test]
fn what_was_undone_is_not_remembered() {
    let (story, place) = (story(), story().copy());
    let centre = story.goes_on(&place);
    let order = |id| centre.store.read(|conn| reading::order(conn, ClinicScope::Centre, id)).unwrap();
    let [kept, undone] = [(); 2].map(|()| OrderId(Uuid::now_v7()));
    let patient = PatientId(Uuid::now_v7());
    place_order(&centre, story, kept, patient).unwrap();
    // The entry is appended before the name is kept, which is there already.
    let error = place_order(&centre, story, undone, patient).unwrap_err();
    assert!(matches!(error, ExecuteError::Unavailable(_)), "{error:?}");
    assert!(order(kept).is_some());
    assert!(order(undone).is_none());
}

#[test]
fn a_release_rests_on_what_the_database_holds_and_not_on_what_was_read_before() {
    let story = story();
    let release = |centre: &Centre| {
        let containers: Vec<_> = batch(&centre.store, story.batch).containers.keys().copied().collect();
        let form =
            json!({"disposition": {"deciding": {"containers": containers[..2], "decision": "release"}}});
        centre.tries_to_sign("releaser", story.batch, form, Meaning::Disposition)
    };
    let place = story.copy_before();
    let centre = story.goes_on(&place);
    let before = batch(&centre.store, story.batch);
    let mut forger = Forger::at(&place);
    let mut verified = forger.last("batch.testing.result_verified");
    verified.performer = centre.people["analyst"];
    forger.overwrite(&verified);
    forger.leave();
    assert!(Arc::ptr_eq(&before, &batch(&centre.store, story.batch)), "what was read is still remembered");
    let Err(ExecuteError::Refused(reasons)) = release(&centre) else { panic!("it is refused") };
    assert!(reasons.iter().any(|reason| matches!(reason, Reason::SignatureInvalid { .. })), "{reasons:?}");

    let place = story.copy_before();
    assert!(release(&story.goes_on(&place)).is_ok(), "untouched, it is released");
}
