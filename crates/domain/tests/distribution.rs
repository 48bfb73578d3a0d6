//! Decisions refuse, facts do not: what happened without clearance is recorded, opens a quality event and releases
//! nothing; and what has left never comes back into stock.

mod centre;

use baiyo_domain::batch::Performed;
use baiyo_domain::batch::culture::Isolation;
use baiyo_domain::batch::disposition::{Deciding, Decision, Holding};
use baiyo_domain::batch::distribution::{Custody, Receipt, ReturnReport, StopCause, Withdrawal};
use baiyo_domain::batch::filling::{Freezing, Thaw};
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::intake::ReceiptDecision;
use baiyo_domain::ids::*;
use baiyo_domain::order::{ConsentWithdrawal, Finding, UrgentRequest};
use baiyo_domain::quality_event::{DepartureKind, Impact, Opening, Report};
use baiyo_domain::standard::Step;
use centre::{Centre, Course, Until, blocked_by, codes, of, q};

type Check = fn(&mut Centre, BatchId, ContainerNo) -> bool;
type Trouble = fn(&mut Centre, BatchId);

fn departures(centre: &Centre, batch: BatchId) -> Vec<DepartureKind> {
    let state = centre.state(batch);
    let kind = |event: &QualityEventId| match centre.quality_event(*event).opening {
        Opening::Departure(departure) => Some(departure.kind),
        Opening::Report(_) => None,
    };
    let mut kinds: Vec<DepartureKind> = state.quality_events.keys().filter_map(kind).collect();
    kinds.sort();
    kinds
}

fn released() -> (Centre, BatchId, ContainerNo) {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    (centre, batch, container)
}

fn hold(centre: &mut Centre, batch: BatchId) {
    let form = Holding { containers: vec![], reason: of("a doubt") };
    centre.batch(centre.staff.technician, batch, form).unwrap();
}

fn held(centre: &Centre, batch: BatchId) -> bool {
    centre.state(batch).holds.values().any(|hold| hold.lifted.is_none())
}

#[test]
fn a_shipment_without_clearance_is_recorded_held_and_stopped() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let container = centre.first(batch);
    assert!(centre.shipping_check(batch, &[container]).is_err());
    centre.ship(batch, &[container]).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::ShippedUncleared]);
    let state = centre.state(batch);
    assert!(held(&centre, batch) && !state.containers[&container].released());
    assert!(!state.containers[&container].stops.is_empty(), "the clinic is told");
}

#[test]
fn a_hold_between_the_check_and_the_shipment_makes_it_a_departure_and_stops_it() {
    let (mut centre, batch, container) = released();
    centre.allocate(batch, &[container]).unwrap();
    centre.pack(batch, &[container]).unwrap();
    centre.shipping_check(batch, &[container]).unwrap();
    hold(&mut centre, batch);
    centre.ship(batch, &[container]).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::ShippedUncleared]);
    assert!(!centre.state(batch).containers[&container].stops.is_empty());
}

#[test]
fn a_container_that_arrives_without_having_been_shipped_is_recorded_and_held() {
    let (mut centre, batch, container) = released();
    centre.receive(batch, &[container]).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::ShippedUncleared]);
    assert!(held(&centre, batch));
    assert!(centre.may_administer(batch, container).is_err());
}

#[test]
fn an_infusion_without_release_is_recorded_and_releases_nothing() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { unverified: vec!["STERILITY-RAPID"], ..Course::default() });
    let container = centre.first(batch);
    assert!(centre.may_administer(batch, container).is_err());
    assert!(centre.bedside(batch, container).is_err());
    centre.infuse(batch, container).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::InfusedUncleared]);
    let state = centre.state(batch);
    assert_eq!(state.containers[&container].custody, Custody::Infused);
    assert!(state.containers.values().all(|container| !container.released()));
}

#[test]
fn each_step_to_the_bedside_asks_the_gate_again() {
    let checks: [(&str, Check); 4] = [
        ("shipping", |c, b, n| c.shipping_check(b, &[n]).is_err()),
        ("receiving", |c, b, n| c.receiving_check(b, &[n]).is_err()),
        ("administration", |c, b, n| c.may_administer(b, n).is_err()),
        ("bedside", |c, b, n| c.bedside(b, n).is_err()),
    ];
    let troubles: [(&str, Trouble); 5] = [
        ("a hold", hold),
        ("a failure", |c, b| {
            c.result(b, "STERILITY-14D", &["growth"]);
        }),
        ("its expiry", |c, _| c.hours(60)),
        ("withdrawn consent", |c, b| {
            let form = ConsentWithdrawal { withdrawn_at: c.now, remark: None };
            let order = c.state(b).opened.order;
            c.order(c.staff.coordinator, order, form).unwrap();
        }),
        ("a quality event", |c, b| {
            let event = QualityEventId(c.id());
            let form = Report { title: of("spill"), description: of("a spill"), batches: vec![b] };
            c.event(c.staff.technician, event, form).unwrap();
        }),
    ];
    for (at, (check, refused)) in checks.iter().enumerate() {
        for (trouble, cause) in troubles {
            let (mut centre, batch, container) = released();
            centre.allocate(batch, &[container]).unwrap();
            centre.pack(batch, &[container]).unwrap();
            if at > 0 {
                centre.shipping_check(batch, &[container]).unwrap();
                centre.ship(batch, &[container]).unwrap();
            }
            if at > 1 {
                centre.arrive(batch, &[container]);
            }
            if at > 2 {
                centre.may_administer(batch, container).unwrap();
            }
            cause(&mut centre, batch);
            assert!(refused(&mut centre, batch, container), "{trouble} before {check}");
        }
    }
}

#[test]
fn a_returned_bag_is_never_stock_again_and_never_given() {
    let (mut centre, batch, container) = released();
    centre.send(batch, &[container]);
    let containers = vec![centre.dose(batch, container)];
    let form = ReturnReport { performed: Performed::default(), containers, reason: of("flight cancelled") };
    centre.batch(centre.staff.coordinator, batch, form).unwrap();
    assert!(!centre.state(batch).containers[&container].released());
    assert!(centre.release_these(batch, &[container]).is_err());
    assert!(centre.pack(batch, &[container]).is_err());
    // Sent back a second time to the clinic, it is recorded and stays barred.
    centre.receive(batch, &[container]).unwrap();
    centre.clear_holds(batch);
    assert!(centre.may_administer(batch, container).is_err());
    assert!(centre.release_these(batch, &[container]).is_err());
}

#[test]
fn a_refused_or_overheated_arrival_is_not_made_good_by_a_second_receipt() {
    let (mut centre, batch, container) = released();
    centre.send(batch, &[container]);
    let form = Receipt {
        performed: Performed::default(),
        containers: vec![centre.dose(batch, container)],
        seal_intact: true,
        least_temperature: q("4"),
        most_temperature: q("19"),
        transport: q("3"),
        appearance: of("warm"),
        accepted: true,
    };
    centre.batch(centre.staff.coordinator, batch, form).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::ProductTransport]);
    assert_eq!(codes(&centre.receive(batch, &[container]).unwrap_err()), ["already_done"]);
    let named = codes(&centre.may_administer(batch, container).unwrap_err());
    assert!(named.contains(&"not_received_intact".into()), "{named:?}");
}

#[test]
fn three_of_five_containers_are_released_and_only_they_leave() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { containers: vec![("60000000", "40"); 5], ..Course::default() });
    let all = centre.containers(batch);
    centre.release_these(batch, &all[..3]).unwrap();
    let form = Deciding { containers: vec![all[4]], decision: Decision::Reject { reason: of("leaks") } };
    centre.batch(centre.staff.releaser, batch, form).unwrap();
    let state = centre.state(batch);
    assert_eq!(
        all.iter().map(|no| state.containers[no].released()).collect::<Vec<_>>(),
        [true, true, true, false, false]
    );
    assert!(
        codes(&centre.release_these(batch, &all[4..]).unwrap_err()).contains(&"rejected_is_final".into())
    );
    centre.allocate(batch, &all).unwrap();
    centre.pack(batch, &all).unwrap();
    assert_eq!(codes(&centre.shipping_check(batch, &all[2..4]).unwrap_err()), ["not_released"]);
    centre.shipping_check(batch, &all[..3]).unwrap();
}

#[test]
fn a_thaw_voids_the_release_and_shortens_the_expiry_and_nothing_is_frozen_again() {
    let mut centre = Centre::open();
    let course = Course::of("adipose-msc-autologous-frozen").until(Until::Released);
    let batch = centre.make(&course);
    let [first, second] = centre.containers(batch)[..] else { panic!("two containers") };
    let performed = centre.head(&course, Step::Thaw);
    let containers = vec![centre.dose(batch, first)];
    centre.bench(&course, batch, Thaw { performed, containers: containers.clone() });
    let state = centre.state(batch);
    assert!(!state.containers[&first].released() && state.containers[&second].released());
    assert!(state.containers[&first].expires_at <= centre.now.plus_hours(10));
    let form = Freezing {
        performed: Performed::default(),
        containers,
        protectant: of("10 % DMSO"),
        programme: of("−1 °C/min"),
    };
    assert_eq!(codes(&centre.batch(centre.staff.technician, batch, form).unwrap_err()), ["no_refreezing"]);
}

#[test]
fn processing_without_instruction_or_of_refused_tissue_is_recorded_and_held() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { instruction: false, ..Course::default() }.until(Until::Opened));
    let mut tissue = centre.tissue(batch);
    tissue.decision = ReceiptDecision::Refused { reason: of("seal broken") };
    centre.batch(centre.staff.technician, batch, tissue).unwrap();
    let form = Isolation {
        performed: Performed::default(),
        method: of("collagenase 0.1 %"),
        digestion: q("45"),
        count: centre::count("20"),
        into: centre::vessels(2),
    };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    assert_eq!(
        departures(&centre, batch),
        [DepartureKind::NoInstruction, DepartureKind::ProcessedWhileBlocked]
    );
    assert!(held(&centre, batch));
}

#[test]
fn a_positive_donor_or_a_withdrawn_consent_stops_what_was_shipped() {
    let (mut centre, batch, container) = released();
    centre.send(batch, &[container]);
    let mut panel = Course::default().panel;
    panel[0].1 = Finding::Positive;
    let order = centre.state(batch).opened.order;
    let screening = centre.screening(&panel, 0);
    centre.order(centre.staff.coordinator, order, screening).unwrap();
    let stops = &centre.state(batch).containers[&container].stops;
    assert!(stops.iter().any(|stop| stop.cause == StopCause::Held));
    assert_eq!(codes(&centre.lift(batch, HoldNo(1)).unwrap_err()), ["donor_still_positive"]);
}

#[test]
fn withdrawn_consent_of_another_course_holds_what_is_allocated_to_it() {
    let (mut centre, batch, first) = released();
    let patient = Some(centre.state(batch).opened.patient);
    let course = Course { patient, ..Course::default() };
    let second = centre.place_order(&course, baiyo_domain::order::Purpose::Therapy);
    let form = baiyo_domain::batch::distribution::Allocation { containers: vec![first], order: second };
    centre.batch(centre.staff.lead, batch, form).unwrap();
    centre.pack(batch, &[first]).unwrap();
    centre.shipping_check(batch, &[first]).unwrap();
    centre.ship(batch, &[first]).unwrap();
    let form = ConsentWithdrawal { withdrawn_at: centre.now, remark: None };
    centre.order(centre.staff.coordinator, second, form).unwrap();
    let state = centre.state(batch);
    assert!(state.containers[&first].stops.iter().any(|stop| stop.cause == StopCause::Held));
    let other = centre.containers(batch)[1];
    assert!(!centre.blockers(batch, other).iter().any(|b| matches!(b, Blocker::Held { .. })));
}

#[test]
fn an_assessment_that_turns_unacceptable_holds_and_stops_again() {
    let (mut centre, batch, container) = released();
    let event = QualityEventId(centre.id());
    let form = Report { title: of("spill"), description: of("a spill"), batches: vec![batch] };
    centre.event(centre.staff.technician, event, form).unwrap();
    centre.assess(batch, event, Impact::Acceptable).unwrap();
    centre.lift_all(batch);
    centre.send(batch, &[container]);
    centre.assess(batch, event, Impact::Unacceptable).unwrap();
    assert!(held(&centre, batch));
    assert!(!centre.state(batch).containers[&container].stops.is_empty());
}

#[test]
fn a_withdrawal_stops_and_an_urgent_request_is_answered_with_what_blocks() {
    let (mut centre, batch, container) = released();
    let order = centre.state(batch).opened.order;
    let ask = |centre: &mut Centre, batch, order| {
        centre.order(centre.staff.physician, order, UrgentRequest { batch, reason: of("worse today") })
    };
    assert_eq!(codes(&ask(&mut centre, batch, order).unwrap_err()), ["nothing_blocks"]);
    centre.send(batch, &[container]);
    let form = Withdrawal { containers: vec![container], reason: of("a doubt") };
    centre.batch(centre.staff.releaser, batch, form).unwrap();
    assert!(codes(&centre.receiving_check(batch, &[container]).unwrap_err()).contains(&"stopped".into()));
    let waiting = centre.make(&Course { unreported: vec!["VIABILITY"], ..Course::default() });
    let order = centre.state(waiting).opened.order;
    ask(&mut centre, waiting, order).unwrap();
    let refusal = centre.release(waiting).unwrap_err();
    assert!(matches!(&blocked_by(&refusal)[..], [Blocker::TestPending { .. }, ..]), "asking changes nothing");
}

#[test]
fn packing_needs_its_second_person_before_anything_leaves() {
    let (mut centre, batch, container) = released();
    centre.allocate(batch, &[container]).unwrap();
    let form = baiyo_domain::batch::distribution::Packing {
        performed: Performed::default(),
        containers: vec![centre.dose(batch, container)],
        package: of("BOX-1"),
        logger: None,
        not_applicable: Default::default(),
    };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let refusal = centre.shipping_check(batch, &[container]).unwrap_err();
    assert!(matches!(&blocked_by(&refusal)[..], [Blocker::CheckMissing { step: Step::Packing, .. }]));
}

#[test]
fn a_check_made_afterwards_clears_no_hand_over_that_began_before_it() {
    let (mut centre, batch, container) = released();
    centre.allocate(batch, &[container]).unwrap();
    centre.pack(batch, &[container]).unwrap();
    let left_at = centre.now;
    centre.hours(1);
    centre.shipping_check(batch, &[container]).unwrap();
    let mut early = centre.clone();
    let shipment = |centre: &Centre, at| baiyo_domain::batch::distribution::Shipment {
        performed: Performed { at, late_reason: Some(of("written down on the way")), ..Performed::default() },
        containers: vec![centre.dose(batch, container)],
        carrier: of("courier 1"),
    };
    let form = shipment(&early, Some(left_at));
    early.batch(early.staff.technician, batch, form).unwrap();
    assert_eq!(departures(&early, batch), [DepartureKind::ShippedUncleared]);
    let form = shipment(&centre, None);
    centre.batch(centre.staff.technician, batch, form).unwrap();
    assert_eq!(departures(&centre, batch), []);

    centre.arrive(batch, &[container]);
    centre.may_administer(batch, container).unwrap();
    let begun = centre.now;
    centre.hours(1);
    centre.bedside(batch, container).unwrap();
    centre.confirm_parts(batch);
    let infusion = baiyo_domain::batch::distribution::Infusion {
        performed: Performed::default(),
        container: centre.dose(batch, container),
        started_at: begun,
        ended_at: centre.now,
        volume: q("40"),
        reactions: of("none"),
    };
    let mut late = centre.clone();
    late.batch(late.staff.physician, batch, infusion.clone()).unwrap();
    assert_eq!(departures(&late, batch), [DepartureKind::InfusedUncleared]);

    // Written down rightly and corrected to before the check, it is judged anew, as it was then.
    let right = baiyo_domain::batch::distribution::Infusion { started_at: centre.now, ..infusion.clone() };
    let entry = centre.batch(centre.staff.physician, batch, right).unwrap()[0];
    assert_eq!(departures(&centre, batch), []);
    centre.correct(centre.staff.physician, batch, entry, infusion).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::InfusedUncleared]);
}

#[test]
fn an_infusion_corrected_to_a_container_that_was_never_cleared_opens_a_quality_event() {
    let (mut centre, batch, _) = released();
    let [first, second] = centre.containers(batch)[..] else { panic!("two containers") };
    centre.send(batch, &[first, second]);
    centre.arrive(batch, &[first, second]);
    centre.may_administer(batch, first).unwrap();
    centre.bedside(batch, first).unwrap();
    centre.confirm_parts(batch);
    let entry = centre.infuse(batch, first).unwrap()[0];
    let mut form = baiyo_domain::batch::distribution::Infusion {
        performed: Performed::default(),
        container: centre.dose(batch, second),
        started_at: centre.now,
        ended_at: centre.now,
        volume: q("40"),
        reactions: of("none"),
    };
    centre.correct(centre.staff.physician, batch, entry, form.clone()).unwrap();
    assert_eq!(departures(&centre, batch), [DepartureKind::InfusedUncleared]);
    form.container = centre.state(batch).opened.label.part(LabelKind::Vessel, 1).unwrap();
    let vessel = centre.correct(centre.staff.physician, batch, entry, form).unwrap_err();
    assert_eq!(codes(&vessel), ["correction_contradicts"], "a vessel is no container");
}

#[test]
fn the_second_person_at_the_bedside_is_refused_by_what_came_up_since_the_first_looked() {
    let (mut centre, batch, container) = released();
    centre.send(batch, &[container]);
    centre.arrive(batch, &[container]);
    centre.may_administer(batch, container).unwrap();
    let check = centre.bedside(batch, container).unwrap()[0];
    let form = baiyo_domain::batch::disposition::PartConfirmation { entry: check };
    let coordinator = centre.staff.coordinator;
    let mut held = centre.clone();
    hold(&mut held, batch);
    let refused = codes(&held.batch(coordinator, batch, form.clone()).unwrap_err());
    assert!(refused.contains(&"stopped".into()) && refused.contains(&"blocked".into()), "{refused:?}");
    held.infuse(batch, container).unwrap();
    assert!(departures(&held, batch).contains(&DepartureKind::InfusedUncleared));
    assert_eq!(held.state(batch).unconfirmed_parts(), [], "nothing is left to confirm after the infusion");
    centre.batch(coordinator, batch, form).unwrap();
    centre.infuse(batch, container).unwrap();
    assert_eq!(departures(&centre, batch), []);
}

#[test]
fn what_the_receiving_check_would_have_refused_is_accepted_as_a_fact_and_opens_a_quality_event() {
    let (mut centre, batch, container) = released();
    centre.send(batch, &[container]);
    centre.hours(60);
    assert!(centre.receiving_check(batch, &[container]).is_err(), "past its expiry");
    centre.receive(batch, &[container]).unwrap();
    assert!(departures(&centre, batch).contains(&DepartureKind::ReceivedUncleared));
}
