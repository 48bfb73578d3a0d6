//! Frozen autologous cells: released as stock after the fourteen-day culture, thawed, tested and decided on again.

use super::bench::{Bench, Done, quantity};
use super::course::{Course, D, H, Plan};
use super::laboratory::of;
use super::people::{note, short};
use super::{Seeding, fresh, shipping, standards};
use baiyo_domain::batch::disposition::Holding;
use baiyo_domain::batch::distribution::{Allocation, Custody};
use baiyo_domain::batch::filling::{Freezing, Storage, Thaw};
use baiyo_domain::batch::{Performed, Subject};
use baiyo_domain::ids::Label;
use baiyo_domain::order::Purpose;
use baiyo_domain::standard::Stage;
use baiyo_domain::time::Time;

/// When the tests of a frozen fill are read, in minutes after the harvest.
pub const READ: [(&str, i64); 7] = [
    ("APPEARANCE", 3 * H),
    ("COUNT", 3 * H + 5),
    ("VIABILITY", 3 * H + 10),
    ("ENDOTOXIN", 4 * H + 10),
    ("IDENTITY-POSITIVE", 6 * H),
    ("IDENTITY-NEGATIVE", 6 * H + 5),
    ("STERILITY-14D", 14 * D + 4 * H),
];

/// Freezes everything that was filled and puts it into the vapour of liquid nitrogen.
pub fn freeze(b: &Bench) -> Done {
    let containers: Vec<Label> =
        b.containers(Custody::InHouse)?.into_iter().map(|(_, label)| label).collect();
    let (protectant, programme) = (short("10 % DMSO")?, short("−1 °C/min")?);
    b.make(Freezing { performed: b.alone()?, containers: containers.clone(), protectant, programme })?;
    let place = short(&format!("LN2-1 / {}", 1 + b.case.number % 9))?;
    b.make(Storage { performed: b.alone()?, containers, place, temperature: quantity("-186")? })
}

fn stock<'a>(seeding: &'a mut Seeding, story: &'static str, containers: usize, harvest: Time) -> Course<'a> {
    let plan = Plan { standard: standards::FROZEN, quick: &READ, ..fresh::plan(containers) };
    let mut course = Course::new(seeding, story, plan, harvest);
    course
        .ordered(Purpose::Therapy)
        .opened()
        .received()
        .cultured()
        .harvested()
        .at(3 * H + 20, freeze)
        .tested();
    course.confirmed(15 * D).released(15 * D + 3 * H);
    course
}

fn thaw(b: &Bench) -> Done {
    let Some((no, label)) = b.containers(Custody::InHouse)?.into_iter().next() else { return Ok(()) };
    let performed = Performed { checked_by: Some(b.person(b.case.checker)?), ..b.alone()? };
    b.make(Thaw { performed, containers: vec![label] })?;
    b.sample(of(Stage::Thaw), vec![Subject::Container(no)])
}

fn release_thawed(b: &Bench) -> Done {
    let thawed = b.state()?.containers.into_values().filter(|c| c.thawed_at.is_some() && !c.released());
    b.release(thawed.filter(|c| c.custody == Custody::InHouse).map(|c| c.no).collect())
}

fn allocate_thawed(b: &Bench) -> Done {
    let thawed = b.state()?.containers.into_values().filter(|c| c.thawed_at.is_some() && c.released());
    let containers = thawed.filter(|c| c.custody == Custody::InHouse).map(|c| c.no).collect();
    b.record("takahashi", Allocation { containers, order: b.case.order })
}

/// One container of the stock thawed, tested, released again, sent and given, all within a working day.
fn thawed(course: &mut Course, at: i64) {
    course
        .at(at, thaw)
        .result("VIABILITY-THAW", at + 30)
        .result("APPEARANCE-THAW", at + 35)
        .confirmed(at + 90);
    course.at(at + 125, release_thawed).at(at + 140, allocate_thawed);
    course.at(at + 150, shipping::pack).at(at + 165, shipping::ship);
    course.arrived(at + 4 * H).given(at + 5 * H);
}

/// Plans the frozen batches: one thawed twice, one in stock, one whose culture still runs, one that is held.
pub fn plan_all(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(80);
    let mut course = stock(seeding, "frozen, two doses given months apart", 4, harvest);
    thawed(&mut course, 24 * D);
    thawed(&mut course, 66 * D);
    let harvest = seeding.calendar.days_ago(33);
    stock(seeding, "frozen, in stock", 3, harvest);
    let harvest = seeding.calendar.days_ago(8);
    stock(seeding, "frozen, the culture still runs", 3, harvest);
    // What was said on the telephone stands in the record: a hold that anybody may ask for and quality lifts.
    let harvest = seeding.calendar.days_ago(25);
    let mut course = stock(seeding, "frozen, held for an alarm of the tank", 2, harvest);
    course.at(20 * D, |b| {
        let reason = note(
            "液体窒素タンクの液面警報、温度記録を確認中 / level alarm of the tank, readings being checked",
        )?;
        b.record("kobayashi", Holding { containers: Vec::new(), reason })
    });
}
