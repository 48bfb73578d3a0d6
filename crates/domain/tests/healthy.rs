//! The healthy paths, from the order to a closed record, and that four people can run a centre.

mod centre;

use baiyo_domain::batch::distribution::{Custody, Destruction, End};
use baiyo_domain::batch::filling::Thaw;
use baiyo_domain::batch::intake::BankDraw;
use baiyo_domain::batch::{Performed, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::standard::{Stage, Step};
use centre::{Centre, Course, Until, of, q};

fn destroy_rest(centre: &mut Centre, batch: BatchId) {
    let state = centre.state(batch);
    let left = state.containers.values().filter(|container| matches!(container.custody, Custody::InHouse));
    let containers: Vec<Label> = left.map(|container| centre.dose(batch, container.no)).collect();
    if containers.is_empty() {
        return;
    }
    let form = Destruction {
        performed: Performed { checked_by: Some(centre.staff.lead), ..Performed::default() },
        containers,
        method: of("autoclave 121 °C"),
        quantity: q("40"),
        reason: of("not needed"),
    };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    centre.confirm_parts(batch);
}

#[test]
fn a_fresh_batch_goes_from_the_order_to_the_infusion_and_closes_after_its_surveillance() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default());
    let container = centre.first(batch);
    assert_eq!(centre.blockers(batch, container), []);
    centre.release(batch).unwrap();
    centre.send(batch, &[container]);
    centre.arrive(batch, &[container]);
    centre.give(batch, container);
    let state = centre.state(batch);
    assert_eq!(state.containers[&container].custody, Custody::Infused);
    assert!(state.quality_events.is_empty(), "{:?}", state.quality_events);
    destroy_rest(&mut centre, batch);
    assert_eq!(centre::codes(&centre.close(batch).unwrap_err()), ["surveillance_open"]);
    centre.days(14);
    let result = centre.result(batch, "STERILITY-14D", &["no growth"]);
    assert_eq!(
        centre::codes(&centre.close(batch).unwrap_err()),
        ["surveillance_open"],
        "nobody has verified it"
    );
    centre.verify(centre.staff.releaser, batch, result).unwrap();
    centre.close(batch).unwrap();
    assert_eq!(centre.state(batch).end, Some(End::Closed));
}

#[test]
fn a_frozen_batch_is_released_as_stock_thawed_tested_released_again_and_infused() {
    let mut centre = Centre::open();
    let course = Course::of("adipose-msc-autologous-frozen");
    let batch = centre.make(&course);
    let container = centre.first(batch);
    centre.release(batch).unwrap();
    centre.days(100);
    thaw(&mut centre, &course, batch, container);
    centre.release_these(batch, &[container]).unwrap();
    centre.send(batch, &[container]);
    centre.arrive(batch, &[container]);
    centre.give(batch, container);
    assert_eq!(centre.state(batch).containers[&container].custody, Custody::Infused);
    assert!(centre.state(batch).quality_events.is_empty());
}

fn thaw(centre: &mut Centre, course: &Course, batch: BatchId, container: ContainerNo) {
    let performed = centre.head(course, Step::Thaw);
    let containers = vec![centre.dose(batch, container)];
    centre.bench(course, batch, Thaw { performed, containers });
    centre.sample(course, batch, Stage::Thaw, &[Subject::Container(container)]);
    for code in ["VIABILITY-THAW", "APPEARANCE-THAW"] {
        let test = centre.test(batch, code);
        let sample = centre.last_sample(batch, &test.code).unwrap();
        let result = centre.report(batch, sample, &test);
        centre.verify(centre.staff.releaser, batch, result).unwrap();
    }
    centre.confirm(course, batch);
}

#[test]
fn a_bank_serves_a_product_that_inherits_its_tests_by_lineage() {
    let mut centre = Centre::open();
    let bank = centre.make(&Course::of("umbilical-cord-msc-bank").until(Until::Released));
    let draw = BankDraw { batch: bank, container: centre.first(bank) };
    let course = Course { bank: Some(draw), passages: 1, ..Course::of("umbilical-cord-msc-product") };
    let product = centre.make(&course);
    let container = centre.first(product);
    assert_eq!(centre.blockers(product, container), []);
    centre.release(product).unwrap();
    centre.send(product, &[container]);
    centre.arrive(product, &[container]);
    centre.give(product, container);
    assert!(centre.state(product).quality_events.is_empty());
    assert_eq!(centre.state(bank).containers[&draw.container].custody, Custody::Drawn { by: product });
}

#[test]
fn a_maker_a_checker_an_analyst_and_one_of_quality_can_run_a_centre() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Released));
    let staff = centre.staff;
    let four = [staff.technician, staff.lead, staff.analyst, staff.releaser];
    assert!(centre.state(batch).log.iter().all(|logged| four.contains(&logged.stamp.recorder)));
}
