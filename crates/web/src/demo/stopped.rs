//! Troubles after the release: growth found late, stop messages, and containers that came back.

use super::bench::Bench;
use super::course::{Course, D, H};
use super::fresh::{ARRIVED, CONFIRMED, GIVEN, RELEASED, SHIPPED, plan, until_tested};
use super::shipping::{acknowledge, close, destroy, give_back, receive};
use super::troubled::confirm_failure;
use super::{Seeding, bench::Done};
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::quality_event::Impact;
use baiyo_domain::time::Time;

/// The fourteen-day culture of the fill.
const CULTURE: &str = "STERILITY-14D";

/// Plans the batches that were stopped after their release.
pub fn plan_all(seeding: &mut Seeding) {
    positive_after_infusion(seeding);
    stopped_and_returned(seeding);
    stopped_not_acknowledged(seeding);
    arrived_warm(seeding);
}

fn released<'a>(seeding: &'a mut Seeding, story: &'static str, harvest: Time) -> Course<'a> {
    let mut course = until_tested(seeding, story, plan(1), harvest);
    course.confirmed(CONFIRMED).released(RELEASED).shipped(SHIPPED);
    course
}

fn growth(b: &Bench) -> Done {
    b.enter(b.case.analyst, CULTURE, &["growth"])
}

/// Growth on the ninth day, long after the infusion: the event opened itself and is being worked on.
fn positive_after_infusion(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(13);
    let mut course = released(seeding, "growth after the infusion", harvest);
    course.arrived(ARRIVED).given(GIVEN).at(9 * D, growth);
    course.at(11 * D, |b| {
        confirm_failure(b, CULTURE, "表皮ブドウ球菌、充填室の落下菌と一致 / S. epidermidis, as in the room")
    });
}

/// Growth on the day after, before the infusion: the clinic acknowledged the stop and sent the bag back, which was
/// destroyed before a witness.
fn stopped_and_returned(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(27);
    let mut course = released(seeding, "growth before the infusion, acknowledged", harvest);
    course.arrived(ARRIVED).at(ARRIVED + 30, growth).at(ARRIVED + 50, acknowledge);
    course.at(ARRIVED + 4 * H, |b| give_back(b, "製造所からの中止連絡 / stopped by the centre"));
    course.at(3 * D, |b| destroy(b, Custody::Returned, "無菌試験陽性 / growth"));
    course
        .at(9 * D, |b| confirm_failure(b, CULTURE, "充填時の汚染 / contaminated while filled"))
        .at(12 * D, close);
}

/// The same today, at the clinic and on the way: nobody there has acknowledged yet.
fn stopped_not_acknowledged(seeding: &mut Seeding) {
    let harvest = seeding.calendar.minutes_ago(ARRIVED + 75);
    let mut course = released(seeding, "growth before the infusion, not acknowledged", harvest);
    course.arrived(ARRIVED).at(ARRIVED + 30, growth);
    let harvest = seeding.calendar.minutes_ago(SHIPPED + 2 * H);
    released(seeding, "growth while on its way", harvest).at(SHIPPED + 70, growth);
}

/// Arrived too warm and not accepted: back to the centre, destroyed, never stock again; the event assessed and closed.
fn arrived_warm(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(41);
    let mut course = released(seeding, "arrived too warm", harvest);
    course.at(ARRIVED, |b| receive(b, "12.5", false)).at(ARRIVED + 20, acknowledge);
    course.at(ARRIVED + 2 * H, |b| give_back(b, "輸送中の温度逸脱 / too warm on the way"));
    course.at(3 * D, |b| destroy(b, Custody::Returned, "返品、再使用不可 / returned, never stock again"));
    course.at(4 * D, |b| {
        b.assess(Impact::Unacceptable, "12.5 °C、バリデーション範囲外 / outside what was validated")?;
        b.close_events("保冷剤の本数を手順書に明記 / the procedure now names the number of coolant packs")
    });
    course.result(CULTURE, 14 * D + 4 * H).at(15 * D, close);
    let harvest = seeding.calendar.minutes_ago(ARRIVED + 80);
    released(seeding, "arrived too warm today", harvest).at(ARRIVED, |b| receive(b, "10.9", true));
}
