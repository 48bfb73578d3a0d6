//! The chain of identity: what is scanned is compared, a mismatch is blocked and recorded, and a second person
//! clears it.

mod centre;

use baiyo_domain::batch::culture::{LabelCheck, PoolingIn};
use baiyo_domain::batch::distribution::{Allocation, BedsideCheck, StopCause};
use baiyo_domain::batch::filling::{Fill, Harvest, NewContainer};
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::intake::{BankDraw, MismatchClearance, Opening};
use baiyo_domain::batch::{Performed, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::order::Purpose;
use baiyo_domain::standard::{DonorKind, Pooling, Source, Step};
use centre::{Centre, Course, Until, codes, of, q};

fn clear(centre: &mut Centre, who: PersonId, batch: BatchId) -> Result<(), Vec<String>> {
    let mismatch = centre.state(batch).mismatches.iter().find(|m| !m.cleared).unwrap().entry;
    let form = MismatchClearance { mismatch, check: of("compared afresh") };
    centre.batch(who, batch, form).map(|_| ()).map_err(|refusal| codes(&refusal))
}

#[test]
fn a_vessel_of_another_batch_holds_both_until_a_second_person_and_quality_have_looked() {
    let mut centre = Centre::open();
    let mine = centre.make(&Course::default().until(Until::Isolated));
    let other = centre.make(&Course::default().until(Until::Isolated));
    let vessels = centre.in_culture(other);
    let form = baiyo_domain::batch::culture::MediumChange {
        performed: Default::default(),
        vessels,
        volume: centre::q("100"),
    };
    let refusal = centre.batch(centre.staff.technician, mine, form).unwrap_err();
    assert_eq!(codes(&refusal), ["wrong_batch"]);
    for batch in [mine, other] {
        let state = centre.state(batch);
        assert_eq!((state.mismatches.len(), state.holds.len()), (1, 1));
        assert_eq!(codes(&centre.lift(batch, HoldNo(1)).unwrap_err()), ["mismatch_open"]);
        let technician = centre.staff.technician;
        assert_eq!(clear(&mut centre, technician, batch), Err(vec!["second_person_needed".into()]));
        let lead = centre.staff.lead;
        clear(&mut centre, lead, batch).unwrap();
        centre.lift(batch, HoldNo(1)).unwrap();
    }
}

#[test]
fn new_labels_are_scanned_back_and_a_strangers_among_them_holds_both() {
    let mut centre = Centre::open();
    let mine = centre.make(&Course::default().until(Until::Isolated));
    let other = centre.make(&Course::default().until(Until::Isolated));
    let (labels, technician) = (centre.in_culture(mine), centre.staff.technician);
    let checked = |vessels| LabelCheck { performed: Performed::default(), vessels };
    centre.batch(technician, mine, checked(labels.clone())).unwrap();
    assert!(centre.state(mine).vessels.values().all(|vessel| vessel.labelled_at.is_some()));
    let stray = [labels.clone(), centre.in_culture(other)].concat();
    assert_eq!(codes(&centre.batch(technician, mine, checked(stray)).unwrap_err()), ["wrong_batch"]);
    assert!([mine, other].iter().all(|batch| centre.state(*batch).holds.len() == 1));
    let twice = [labels[0].clone(), labels[0].clone()].to_vec();
    assert_eq!(codes(&centre.batch(technician, mine, checked(twice)).unwrap_err()), ["twice"]);
}

#[test]
fn a_mismatch_found_late_stops_what_was_shipped_of_the_other_batch() {
    let mut centre = Centre::open();
    let shipped = centre.make(&Course::default().until(Until::Released));
    let containers = centre.containers(shipped);
    centre.send(shipped, &containers[..1]);
    let mine = centre.make(&Course::default());
    let form = baiyo_domain::batch::filling::Storage {
        performed: Default::default(),
        containers: vec![centre.dose(shipped, containers[1])],
        place: of("fridge 1"),
        temperature: centre::q("4"),
    };
    centre.batch(centre.staff.technician, mine, form).unwrap_err();
    let stops = &centre.state(shipped).containers[&containers[0]].stops;
    assert!(stops.iter().any(|stop| stop.cause == StopCause::Held), "{stops:?}");
}

#[test]
fn tissue_with_another_identifier_is_not_received_before_a_second_person_has_cleared_it() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Opened));
    let right = centre.tissue(batch);
    let mut wrong = right.clone();
    wrong.pseudonym = of("P-0");
    assert_eq!(
        codes(&centre.batch(centre.staff.technician, batch, wrong).unwrap_err()),
        ["identifiers_differ"]
    );
    assert_eq!(
        codes(&centre.batch(centre.staff.technician, batch, right.clone()).unwrap_err()),
        ["mismatch_open"]
    );
    let technician = centre.staff.technician;
    assert!(clear(&mut centre, technician, batch).is_err());
    let lead = centre.staff.lead;
    clear(&mut centre, lead, batch).unwrap();
    centre.batch(centre.staff.technician, batch, right).unwrap();
}

#[test]
fn another_wristband_or_order_at_the_bedside_is_blocked_recorded_and_blocks_until_cleared() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let container = centre.first(batch);
    let stranger = centre.place_order(&Course::default(), Purpose::Therapy);
    centre.send(batch, &[container]);
    centre.arrive(batch, &[container]);
    centre.may_administer(batch, container).unwrap();
    let check = |wristband, fits| BedsideCheck {
        container: centre.dose(batch, container),
        wristband,
        spoken_identity_fits: fits,
        second_person: centre.staff.coordinator,
    };
    let own = centre.order_label(centre.state(batch).opened.order);
    let (wrong, unspoken) = (check(centre.order_label(stranger), true), check(own.clone(), false));
    let mut alone = check(own, true);
    alone.second_person = centre.staff.physician;
    let refused =
        |centre: &mut Centre, form| codes(&centre.batch(centre.staff.physician, batch, form).unwrap_err());
    assert_eq!(refused(&mut centre, unspoken), ["identity_not_spoken"]);
    assert_eq!(refused(&mut centre, alone), ["second_person_needed"]);
    assert_eq!(refused(&mut centre, wrong), ["identifiers_differ"]);
    assert_eq!(codes(&centre.bedside(batch, container).unwrap_err()), ["blocked"]);
    let lead = centre.staff.lead;
    clear(&mut centre, lead, batch).unwrap();
    centre.bedside(batch, container).unwrap();
    centre.infuse(batch, container).unwrap();
}

#[test]
fn cells_are_allocated_only_to_orders_of_their_own_recipient() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let containers = centre.containers(batch);
    let stranger = centre.place_order(&Course::default(), Purpose::Therapy);
    let lead = centre.staff.lead;
    let form = Allocation { containers: containers.clone(), order: stranger };
    assert_eq!(codes(&centre.batch(lead, batch, form).unwrap_err()), ["wrong_recipient"]);
    // Another course of the same recipient may have them, once he has consented to it.
    let patient = Some(centre.state(batch).opened.patient);
    let course = Course { patient, consent: false, ..Course::default() };
    let second = centre.place_order(&course, Purpose::Therapy);
    centre.batch(lead, batch, Allocation { containers: containers.clone(), order: second }).unwrap();
    centre.pack(batch, &containers).unwrap();
    let refusal = centre.shipping_check(batch, &containers).unwrap_err();
    assert!(centre::blocked_by(&refusal).iter().all(|b| *b == Blocker::ConsentMissing), "{refusal:?}");
}

#[test]
fn a_product_draws_its_own_persons_cells_or_cells_given_for_a_bank() {
    let mut centre = Centre::open();
    let frozen = centre.make(&Course::of("adipose-msc-autologous-frozen").until(Until::Released));
    let draw = BankDraw { batch: frozen, container: centre.first(frozen) };
    let mut own = Centre::read_standard("umbilical-cord-msc-product");
    own.source = Source::Bank;
    own.donor = DonorKind::Autologous;
    let autologous = centre.approve("autologous-from-stock", own);
    let allogeneic = centre.standard("umbilical-cord-msc-product");
    let stranger = centre.place_order(&Course::default(), Purpose::Therapy);
    for standard in [autologous, allogeneic] {
        let batch = BatchId(centre.id());
        let opening = Opening { order: stranger, standard, bank: Some(draw) };
        assert_eq!(codes(&centre.batch(centre.staff.lead, batch, opening).unwrap_err()), ["wrong_recipient"]);
    }
    let patient = Some(centre.state(frozen).opened.patient);
    let order = centre.place_order(&Course { patient, ..Course::default() }, Purpose::Therapy);
    let batch = BatchId(centre.id());
    centre
        .batch(centre.staff.lead, batch, Opening { order, standard: autologous, bank: Some(draw) })
        .unwrap();
}

#[test]
fn batches_are_pooled_only_where_both_standards_allow_it_and_bring_their_own_tissue_tests() {
    let mut centre = Centre::open();
    let pool = |centre: &Centre, mine, other| PoolingIn {
        performed: Default::default(),
        other,
        theirs: centre.in_culture(other),
        ours: centre.in_culture(mine),
        count: centre::count("60"),
        into: centre::vessels(2),
    };
    let mine = centre.make(&Course::default().until(Until::Isolated));
    let other = centre.make(&Course::default().until(Until::Isolated));
    let form = pool(&centre, mine, other);
    assert_eq!(
        codes(&centre.batch(centre.staff.technician, mine, form).unwrap_err()),
        ["pooling_not_allowed"]
    );
    let mut allowing = Centre::read_standard("adipose-msc-autologous-fresh");
    allowing.pooling = Pooling::SameDonor;
    centre.approve("same-donor", allowing);
    let patient = Some(PatientId(centre.id()));
    let course = Course { standard: "same-donor", patient, passages: 1, ..Course::default() };
    let strange = Course { patient: None, ..course.clone() };
    let mine = centre.make(&course.clone().until(Until::Isolated));
    let (same, not_same) =
        (centre.make(&course.clone().until(Until::Isolated)), centre.make(&strange.until(Until::Isolated)));
    let form = pool(&centre, mine, not_same);
    assert_eq!(
        codes(&centre.batch(centre.staff.technician, mine, form).unwrap_err()),
        ["pooling_not_allowed"]
    );
    centre.days(6);
    let form = pool(&centre, mine, same);
    centre.batch(centre.staff.technician, mine, form).unwrap();
    centre.days(2);
    centre.finish(&course, mine);
    // The other tissue was sampled at its own receipt and nobody has reported it.
    let container = centre.first(mine);
    let absent = |b: &Blocker| {
        matches!(b, Blocker::TestAbsent { test, subject: Subject::Parent { batch } }
            if test.as_str() == "STERILITY-RECEIPT" && *batch == same)
    };
    assert!(centre.blockers(mine, container).iter().any(absent), "{:?}", centre.blockers(mine, container));
    let result = centre.result(same, "STERILITY-RECEIPT", &["no growth"]);
    centre.verify(centre.staff.releaser, same, result).unwrap();
    assert!(!centre.blockers(mine, container).iter().any(absent));
}

#[test]
fn only_cells_that_come_from_another_tissue_answer_for_its_tests() {
    let mut centre = Centre::open();
    let mut allowing = Centre::read_standard("adipose-msc-autologous-fresh");
    allowing.pooling = Pooling::SameDonor;
    centre.approve("same-donor", allowing);
    let patient = Some(PatientId(centre.id()));
    let course = Course { standard: "same-donor", patient, ..Course::default() };
    let mine = centre.make(&course.clone().until(Until::Isolated));
    let other = centre.make(&course.clone().until(Until::Isolated));
    let ours = centre.in_culture(mine);
    centre.days(6);
    let form = PoolingIn {
        performed: Performed::default(),
        other,
        theirs: centre.in_culture(other),
        ours: ours[..1].to_vec(),
        count: centre::count("60"),
        into: centre::vessels(1),
    };
    centre.batch(centre.staff.technician, mine, form).unwrap();
    let pooled = centre.in_culture(mine).into_iter().filter(|vessel| !ours.contains(vessel)).collect();
    for (vessels, harvest) in [(ours[1..].to_vec(), HarvestNo(1)), (pooled, HarvestNo(2))] {
        let form = Harvest {
            performed: centre.head(&course, Step::Harvest),
            vessels,
            enzyme: q("5"),
            count: centre::count("240"),
            other_denominator: None,
            washes: 3,
            volume: q("100"),
        };
        centre.bench(&course, mine, form);
        let container = NewContainer { ware: of("50 mL bag"), volume: q("40"), viable_cells: q("100000000") };
        let performed = centre.head(&course, Step::Fill);
        let fill = Fill { performed, harvests: vec![harvest], containers: vec![container], expires_at: None };
        centre.bench(&course, mine, fill);
    }
    let owes = |container| {
        let of_other = Subject::Parent { batch: other };
        let blockers = centre.blockers(mine, container);
        blockers.iter().any(|b| matches!(b, Blocker::TestAbsent { subject, .. } if *subject == of_other))
    };
    assert_eq!([owes(ContainerNo(1)), owes(ContainerNo(2))], [false, true]);
}
