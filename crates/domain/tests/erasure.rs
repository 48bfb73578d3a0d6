//! What is asked of the history before a patient's key is destroyed: two people, both signatures, nothing to be kept.
//! Everything here is signed by whoever it says, past every rule, as a changed program could have it.

mod centre;

use baiyo_domain::authority::Role;
use baiyo_domain::decision::Command;
use baiyo_domain::event::Event;
use baiyo_domain::ids::*;
use baiyo_domain::journal::signature::{Place, Signer, seal};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::order::erasure::{self, ErasureFault};
use baiyo_domain::order::{
    self, ErasureConfirmation, ErasureProposal, ErasureProposed, ErasureWithdrawal, PersonalDataErased,
    Purpose,
};
use baiyo_domain::world::World;
use centre::{Centre, Course, codes, of};

/// A centre with one patient's order, and so many years.
fn after(years: i64) -> (Centre, OrderId, PatientId) {
    let mut centre = Centre::open();
    let patient = PatientId(centre.id());
    let course = Course { patient: Some(patient), ..Course::default() };
    let order = centre.place_order(&course, Purpose::Therapy);
    centre.days(366 * years);
    (centre, order, patient)
}

fn stream_of(order: OrderId) -> StreamId {
    StreamId { kind: StreamKind::Order, id: order.0 }
}

/// Everything that an erasure rests on.
fn world(centre: &Centre, order: OrderId) -> World {
    let form = ErasureConfirmation { remark: of("compared") };
    centre.world_for(centre.staff.releaser, &Command::Order(order, form.into()))
}

fn fault(centre: &Centre, order: OrderId, patient: PatientId) -> Option<ErasureFault> {
    erasure::fault(&world(centre, order), patient)
}

/// Signs a fact with a person's own key, over an entry or none.
fn sign(
    centre: &mut Centre,
    order: OrderId,
    person: PersonId,
    event: impl Into<order::Event>,
    covers: Option<Hash>,
) -> (EntryId, Hash) {
    let (stream, event) = (stream_of(order), Event::Order(event.into()));
    let id = centre.write(person, stream.kind, stream.id, event.clone());
    let (key, secret) = centre.key_of(person);
    let entries = centre.streams.get_mut(&stream).unwrap();
    let entry: &mut Entry = entries.iter_mut().find(|entry| entry.id == id).unwrap();
    let place = Place {
        origin: "baiyo.example/tkyo",
        stream,
        version: entry.version,
        previous_hash: entry.previous_hash,
    };
    let signer = Signer { person, key, secret: &secret };
    let meaning = event.meaning().unwrap().into();
    let covers = covers.into_iter().collect();
    entry.payload = seal(&place, &event.payload(None), &signer, meaning, entry.recorded_at, covers).unwrap();
    entry.hash = entry.leaf_hash();
    (entry.id, entry.hash)
}

fn proposed(by: PersonId) -> ErasureProposed {
    ErasureProposed { by, reason: of("kept long enough") }
}

fn erased(patient: PatientId, proposed_by: PersonId) -> PersonalDataErased {
    PersonalDataErased { patient, proposed_by, remark: of("compared") }
}

#[test]
fn an_erasure_stands_by_two_signatures_when_nothing_is_to_be_kept_and_by_nothing_less() {
    // Thirty years for an order without a batch.
    for (years, stands) in [(29, Some(ErasureFault::Early)), (31, None)] {
        let (mut centre, order, patient) = after(years);
        let (manager, releaser) = (centre.staff.manager, centre.staff.releaser);
        let (_, hash) = sign(&mut centre, order, manager, proposed(manager), None);
        sign(&mut centre, order, releaser, erased(patient, manager), Some(hash));
        assert_eq!(fault(&centre, order, patient), stands, "{years} years");
        // What is recorded afterwards changes nothing of it.
        centre.hours(1);
        let later = order::Event::from(order::Cancellation { reason: of("long ago") });
        centre.write(manager, StreamKind::Order, order.0, later);
        assert_eq!(fault(&centre, order, patient), stands, "{years} years");
    }

    let (mut centre, order, patient) = after(31);
    assert_eq!(fault(&centre, order, patient), Some(ErasureFault::NotWhole), "nothing was erased");
    let (manager, releaser) = (centre.staff.manager, centre.staff.releaser);
    let confirmed = sign(&mut centre, order, releaser, erased(patient, manager), None);
    assert_eq!(fault(&centre, order, patient), Some(ErasureFault::NotWhole), "nobody proposed {confirmed:?}");
}

#[test]
fn who_signs_for_himself_without_a_role_over_nothing_or_for_another_patient_erases_nobody() {
    let (centre, order, patient) = after(31);
    let staff = centre.staff;
    let (manager, releaser) = (staff.manager, staff.releaser);
    let signed = |proposer: PersonId, confirmer: PersonId, of: PatientId, covers: bool| {
        let mut centre = centre.clone();
        let (first, hash) = sign(&mut centre, order, proposer, proposed(proposer), None);
        let (second, _) = sign(&mut centre, order, confirmer, erased(of, proposer), covers.then_some(hash));
        (fault(&centre, order, patient), first, second)
    };
    assert_eq!(signed(manager, releaser, patient, true).0, None);
    let (found, first, _) = signed(staff.technician, releaser, patient, true);
    assert_eq!(found, Some(ErasureFault::Unsigned(first)), "not his to propose");
    for other in [staff.technician, staff.administrator, staff.analyst] {
        let (found, _, second) = signed(manager, other, patient, true);
        assert_eq!(found, Some(ErasureFault::Unsigned(second)), "not his to confirm");
    }
    let (found, _, second) = signed(manager, releaser, patient, false);
    assert_eq!(found, Some(ErasureFault::Unsigned(second)), "it covers no proposal");
    assert_eq!(signed(manager, releaser, PatientId(centre.id()), true).0, Some(ErasureFault::NotWhole));

    // One person in both roles, which nobody is ever given.
    let mut both = centre.clone();
    both.grant(manager, Role::Releaser).unwrap();
    let (_, hash) = sign(&mut both, order, manager, proposed(manager), None);
    sign(&mut both, order, manager, erased(patient, manager), Some(hash));
    assert_eq!(fault(&both, order, patient), Some(ErasureFault::OnePerson));

    // Neither signed.
    let mut unsigned = centre.clone();
    let written = |centre: &mut Centre, who, event: order::Event| {
        centre.write(who, StreamKind::Order, order.0, event);
        let entry = centre.streams.get_mut(&stream_of(order)).unwrap().last_mut().unwrap();
        let event = Event::read(entry).unwrap().0;
        entry.payload = event.payload(None);
        entry.hash = entry.leaf_hash();
        entry.id
    };
    let first = written(&mut unsigned, manager, proposed(manager).into());
    written(&mut unsigned, releaser, erased(patient, manager).into());
    assert_eq!(fault(&unsigned, order, patient), Some(ErasureFault::Unsigned(first)));
}

#[test]
fn what_is_withdrawn_is_not_confirmed_and_the_next_proposal_is() {
    let (mut centre, order, patient) = after(31);
    let (manager, releaser) = (centre.staff.manager, centre.staff.releaser);
    let propose = |centre: &mut Centre| centre.order(manager, order, ErasureProposal { reason: of("kept") });
    let confirm =
        |centre: &mut Centre| centre.order(releaser, order, ErasureConfirmation { remark: of("compared") });
    let withdraw =
        |centre: &mut Centre| centre.order(manager, order, ErasureWithdrawal { reason: of("asked for") });
    assert_eq!(codes(&withdraw(&mut centre).unwrap_err()), ["erasure_not_proposed"]);
    propose(&mut centre).unwrap();
    withdraw(&mut centre).unwrap();
    assert_eq!(codes(&confirm(&mut centre).unwrap_err()), ["erasure_not_proposed"]);
    propose(&mut centre).unwrap();
    confirm(&mut centre).unwrap();
    assert_eq!(codes(&withdraw(&mut centre).unwrap_err()), ["already_done"]);
    assert_eq!(fault(&centre, order, patient), None, "what was decided stands");
}
