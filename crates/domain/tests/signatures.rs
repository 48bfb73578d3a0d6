//! A release forged in the database cannot be shipped: every signature that a hand-over rests on is verified, with
//! its key, its place and its signer's role.

mod centre;

use baiyo_domain::authority::{Meaning, Role};
use baiyo_domain::batch::disposition::{Deciding, Decision};
use baiyo_domain::batch::testing::Verification;
use baiyo_domain::batch::{self};
use baiyo_domain::decision::Command;
use baiyo_domain::event::Event;
use baiyo_domain::ids::*;
use baiyo_domain::journal::signature::{Place, Signer, seal, unsigned};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::people::{self, KeyRegistered, PublicKey, RoleGrant};
use centre::{Centre, Course, Until, codes, of};

fn stream_of(batch: BatchId) -> StreamId {
    StreamId { kind: StreamKind::Batch, id: batch.0 }
}

/// The findings about a batch, with everything loaded that its release loads.
fn findings(centre: &Centre, batch: BatchId) -> Vec<EntryId> {
    let form = Deciding { containers: centre.containers(batch), decision: Decision::Release };
    let world = centre.world_for(centre.staff.releaser, &Command::Batch(batch, form.into()));
    world.signature_findings(stream_of(batch))
}

/// A batch that lacks the verification of one result only.
fn unverified() -> (Centre, BatchId, ResultNo) {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { unverified: vec!["STERILITY-RAPID"], ..Course::default() });
    let result = centre.last_result(batch, "STERILITY-RAPID");
    (centre, batch, result)
}

/// Writes a signed fact as if it were `person`'s, with somebody's key.
fn forge(
    centre: &mut Centre,
    stream: StreamId,
    event: Event,
    person: PersonId,
    key: (KeyId, ed25519_dalek::SigningKey),
) {
    let id = centre.write(person, stream.kind, stream.id, event.clone());
    let entries = centre.streams.get_mut(&stream).unwrap();
    let entry = entries.iter_mut().find(|entry| entry.id == id).unwrap();
    let place = Place {
        origin: "baiyo.example/tkyo",
        stream,
        version: entry.version,
        previous_hash: entry.previous_hash,
    };
    let signer = Signer { person, key: key.0, secret: &key.1 };
    let meaning = event.meaning().unwrap().into();
    entry.payload = seal(&place, &event.payload(None), &signer, meaning, entry.recorded_at, vec![]).unwrap();
    entry.hash = entry.leaf_hash();
}

fn verification(result: ResultNo) -> Event {
    batch::Event::from(baiyo_domain::batch::testing::Event::from(Verification { result })).into()
}

/// The release is refused for this entry, and nothing is released.
fn refuses(centre: &mut Centre, batch: BatchId) {
    let entry = centre.state(batch).log.last().unwrap().stamp.entry;
    assert_eq!(findings(centre, batch), [entry]);
    let refusal = centre.release(batch).unwrap_err();
    assert_eq!(codes(&refusal), ["signature_invalid"], "nothing else is missing");
}

#[test]
fn a_sound_history_has_no_findings_at_any_step() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    centre.send(batch, &[container]);
    centre.arrive(batch, &[container]);
    centre.give(batch, container);
    assert_eq!(findings(&centre, batch), []);
}

#[test]
fn an_unsigned_verification_counts_for_nothing() {
    let (mut centre, batch, result) = unverified();
    let stream = stream_of(batch);
    let releaser = centre.staff.releaser;
    centre.write(releaser, stream.kind, stream.id, verification(result));
    let entry = centre.streams.get_mut(&stream).unwrap().last_mut().unwrap();
    entry.payload = unsigned(&entry.payload).unwrap().0;
    entry.hash = entry.leaf_hash();
    refuses(&mut centre, batch);
}

#[test]
fn a_verification_with_another_persons_key_counts_for_nothing() {
    let (mut centre, batch, result) = unverified();
    let key = centre.key_of(centre.staff.technician);
    let releaser = centre.staff.releaser;
    forge(&mut centre, stream_of(batch), verification(result), releaser, key);
    refuses(&mut centre, batch);
}

#[test]
fn a_verification_signed_in_ones_own_name_without_the_role_counts_for_nothing() {
    let (mut centre, batch, result) = unverified();
    let technician = centre.staff.technician;
    let key = centre.key_of(technician);
    forge(&mut centre, stream_of(batch), verification(result), technician, key.clone());
    refuses(&mut centre, batch);
    // Nor does a role help that he gave himself, or had given by somebody who may not.
    for granter in [technician, centre.staff.lead] {
        let mut centre = centre.clone();
        let stream = StreamId { kind: StreamKind::Person, id: technician.0 };
        let grant = people::Event::from(RoleGrant { role: Role::QcAnalyst });
        let granting = centre.key_of(granter);
        forge(&mut centre, stream, grant.into(), granter, granting);
        let (mut later, batch, result) = (centre, batch, result);
        forge(&mut later, stream_of(batch), verification(result), technician, key.clone());
        assert!(!findings(&later, batch).is_empty());
    }
}

#[test]
fn a_key_registered_by_anybody_but_an_administrator_is_no_key() {
    let (mut centre, batch, result) = unverified();
    let (releaser, technician) = (centre.staff.releaser, centre.staff.technician);
    let secret = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let key = KeyId(centre.id());
    let public_key = PublicKey(secret.verifying_key().to_bytes());
    let registered = KeyRegistered { key, public_key, identity_check: of("none"), second_checker: None };
    let stream = StreamId { kind: StreamKind::Person, id: releaser.0 };
    let own = centre.key_of(technician);
    forge(&mut centre, stream, people::Event::from(registered).into(), technician, own);
    forge(&mut centre, stream_of(batch), verification(result), releaser, (key, secret));
    let form = Deciding { containers: centre.containers(batch), decision: Decision::Release };
    let other = centre.hire("other.releaser", Role::Releaser);
    let refusal = centre.batch(other, batch, form).unwrap_err();
    assert_eq!(codes(&refusal), ["signature_invalid"]);
}

#[test]
fn a_key_that_replaces_another_counts_only_with_a_second_persons_own_signature() {
    let (centre, batch, result) = unverified();
    let staff = centre.staff;
    let stream = StreamId { kind: StreamKind::Person, id: staff.releaser.0 };
    let secret = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let key = KeyId(centre.id());
    let public_key = PublicKey(secret.verifying_key().to_bytes());
    let registered = |second| {
        let identity_check = of("face");
        people::Event::from(KeyRegistered { key, public_key, identity_check, second_checker: second })
    };
    let confirmed = |by| {
        people::Event::from(people::IdentityConfirmed { key, public_key, identity_check: of("passport"), by })
    };
    let administrator = centre.key_of(staff.administrator);
    // Whoever owns the database writes what he likes, with the administrator's help.
    let sound = |second, confirmation: Option<(PersonId, (KeyId, ed25519_dalek::SigningKey))>| {
        let mut centre = centre.clone();
        if let Some((signer, signing)) = confirmation {
            forge(&mut centre, stream, confirmed(staff.manager).into(), signer, signing);
        }
        forge(&mut centre, stream, registered(second).into(), staff.administrator, administrator.clone());
        forge(&mut centre, stream_of(batch), verification(result), staff.releaser, (key, secret.clone()));
        findings(&centre, batch).is_empty()
    };
    let manager = centre.key_of(staff.manager);
    assert!(sound(Some(staff.manager), Some((staff.manager, manager.clone()))), "the control");
    assert!(!sound(None, None));
    assert!(!sound(Some(staff.manager), None), "named, and never asked");
    assert!(!sound(None, Some((staff.manager, manager.clone()))));
    assert!(!sound(Some(staff.manager), Some((staff.manager, administrator.clone()))), "another's key");
    assert!(!sound(Some(staff.manager), Some((staff.administrator, administrator.clone()))));
    assert!(!sound(Some(staff.administrator), Some((staff.administrator, administrator.clone()))));
    assert!(
        !sound(Some(staff.technician), Some((staff.technician, centre.key_of(staff.technician)))),
        "no role"
    );
}

#[test]
fn a_first_key_counts_without_a_second_person_only_where_there_was_nobody_to_ask() {
    let (centre, batch, result) = unverified();
    let staff = centre.staff;
    let secret = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let public_key = PublicKey(secret.verifying_key().to_bytes());
    let administrator = centre.key_of(staff.administrator);
    let sound = |confirmed_by: Option<PersonId>| {
        let mut centre = centre.clone();
        let (person, key) = (PersonId(centre.id()), KeyId(centre.id()));
        let stream = StreamId { kind: StreamKind::Person, id: person.0 };
        let invitation =
            people::Invitation { name: of("analyst.three"), sign_in: of("analyst.three"), clinic: None };
        centre.write(
            staff.administrator,
            stream.kind,
            stream.id,
            people::Event::from(people::Invited { invitation }),
        );
        if let Some(second) = confirmed_by {
            let fact = people::IdentityConfirmed { key, public_key, identity_check: of("x"), by: second };
            let signing = centre.key_of(second);
            forge(&mut centre, stream, people::Event::from(fact).into(), second, signing);
        }
        let registered =
            KeyRegistered { key, public_key, identity_check: of("x"), second_checker: confirmed_by };
        let grant = RoleGrant { role: Role::QcAnalyst };
        let (admin, own) = (staff.administrator, administrator.clone());
        forge(&mut centre, stream, people::Event::from(registered).into(), admin, own.clone());
        forge(&mut centre, stream, people::Event::from(grant).into(), admin, own);
        centre.hours(1);
        forge(&mut centre, stream_of(batch), verification(result), person, (key, secret.clone()));
        findings(&centre, batch).is_empty()
    };
    assert!(sound(Some(staff.manager)), "the control");
    assert!(!sound(None), "the manager was there to be asked");
}

#[test]
fn a_key_that_was_replaced_signs_nothing_more_and_what_it_signed_before_stands() {
    let (mut centre, batch, result) = unverified();
    let staff = centre.staff;
    let old = centre.key_of(staff.releaser);
    assert_eq!(findings(&centre, batch), [], "what the old key signed");
    let key = centre.set_password(staff.releaser);
    let confirmation = people::IdentityConfirmation { key, identity_check: of("known well") };
    centre.person(staff.manager, staff.releaser, confirmation).unwrap();
    let second_checker = Some(staff.manager);
    let registration = people::KeyRegistration { key, identity_check: of("passport"), second_checker };
    centre.person(staff.administrator, staff.releaser, registration).unwrap();
    assert_eq!(findings(&centre, batch), [], "and still stands");
    centre.hours(1);
    // A backup of the sealed key and the password that was forgotten, or guessed.
    forge(&mut centre, stream_of(batch), verification(result), staff.releaser, old);
    assert_eq!(findings(&centre, batch).len(), 1);
}

#[test]
fn a_genuine_signature_moved_to_another_place_counts_for_nothing() {
    let mut centre = Centre::open();
    let other = centre.make(&Course::default());
    let batch = centre.make(&Course { unverified: vec!["STERILITY-RAPID"], ..Course::default() });
    let result = centre.last_result(batch, "STERILITY-RAPID");
    let genuine = centre.last_result(other, "STERILITY-RAPID");
    assert_eq!(genuine, result, "the same number in both batches");
    let is_it = |entry: &&Entry| Event::read(entry).unwrap().0 == verification(genuine);
    let mut moved = centre.entries(stream_of(other)).iter().find(is_it).unwrap().clone();
    let entries = centre.streams.get_mut(&stream_of(batch)).unwrap();
    moved.stream = stream_of(batch);
    moved.version = u32::try_from(entries.len() + 1).unwrap();
    moved.previous_hash = entries.last().unwrap().hash;
    moved.recorded_at = entries.last().unwrap().recorded_at;
    moved.hash = moved.leaf_hash();
    entries.push(moved);
    refuses(&mut centre, batch);
}

#[test]
fn a_result_rewritten_under_its_verification_is_found() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let stream = stream_of(batch);
    let entries = centre.streams.get_mut(&stream).unwrap();
    let is_result = |entry: &Entry| entry.kind == "batch.testing.result_entered";
    let at = entries.iter().position(is_result).unwrap();
    let text = String::from_utf8(entries[at].payload.clone()).unwrap();
    entries[at].payload = text.replace("KIT-1", "KIT-2").into_bytes();
    // The forger computes every hash anew.
    let mut previous = entries[at].previous_hash;
    for entry in &mut entries[at..] {
        entry.previous_hash = previous;
        entry.hash = entry.leaf_hash();
        previous = entry.hash;
    }
    assert!(!findings(&centre, batch).is_empty());
    assert!(codes(&centre.release(batch).unwrap_err()).contains(&"signature_invalid".into()));
}

#[test]
fn a_forged_release_cannot_be_shipped_received_or_given() {
    let (mut centre, batch, _) = unverified();
    let container = centre.first(batch);
    let form = Deciding { containers: vec![container], decision: Decision::Release };
    let forged = batch::Event::from(baiyo_domain::batch::disposition::Event::from(form));
    let key = centre.key_of(centre.staff.technician);
    let releaser = centre.staff.releaser;
    forge(&mut centre, stream_of(batch), forged.into(), releaser, key);
    assert!(centre.state(batch).containers[&container].released(), "so the history claims");
    centre.allocate(batch, &[container]).unwrap();
    centre.pack(batch, &[container]).unwrap();
    let found = "signature_invalid".to_string();
    assert!(codes(&centre.shipping_check(batch, &[container]).unwrap_err()).contains(&found));
    centre.ship(batch, &[container]).unwrap();
    assert!(codes(&centre.receiving_check(batch, &[container]).unwrap_err()).contains(&found));
    centre.receive(batch, &[container]).unwrap();
    assert!(codes(&centre.may_administer(batch, container).unwrap_err()).contains(&found));
    assert!(codes(&centre.bedside(batch, container).unwrap_err()).contains(&found));
}

#[test]
fn a_product_rests_on_the_signatures_of_its_bank() {
    let mut centre = Centre::open();
    let bank = centre.make(&Course::of("umbilical-cord-msc-bank").until(Until::Released));
    let draw = baiyo_domain::batch::intake::BankDraw { batch: bank, container: centre.first(bank) };
    let course = Course { bank: Some(draw), passages: 1, ..Course::of("umbilical-cord-msc-product") };
    let product = centre.make(&course);
    let mut forged = centre.clone();
    let result = forged.last_result(bank, "MYCOPLASMA");
    let key = forged.key_of(forged.staff.technician);
    let releaser = forged.staff.releaser;
    forge(&mut forged, stream_of(bank), verification(result), releaser, key);
    assert_eq!(codes(&forged.release(product).unwrap_err()), ["signature_invalid"]);
    centre.release(product).unwrap();
}

#[test]
fn a_signature_of_an_old_key_and_of_a_role_that_ended_later_still_stands() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let (administrator, releaser) = (centre.staff.administrator, centre.staff.releaser);
    let other = centre.hire("other.releaser", Role::Releaser);
    let end = people::RoleEnd { role: Role::Releaser, reason: of("moved") };
    centre.person(administrator, releaser, end).unwrap();
    let form = Deciding { containers: centre.containers(batch), decision: Decision::Release };
    centre.batch(other, batch, form).unwrap();
    assert_eq!(findings(&centre, batch), []);
    assert_eq!(Meaning::Disposition.word(), "disposition");
    assert_ne!(centre.entries(stream_of(batch)).last().unwrap().hash, Hash::ZERO);
}
