//! Troubles on the way to the release: at receipt, in culture, in the laboratory and at the decision.

use super::bench::{Bench, Done, count, quantity};
use super::course::{Case, Course, D, H, Plan, RECEIVED};
use super::fresh::{ARRIVED, CONFIRMED, GIVEN, RELEASED, SHIPPED, STACKS, plan, until_tested};
use super::making::{self, confirm_manufacturing, confirm_quality, grown, isolate, tissue};
use super::people::{note, short};
use super::shipping::destroy;
use super::{DemoError, Seeding, dice, orders, standards};
use baiyo_domain::batch::Performed;
use baiyo_domain::batch::correction::Correction;
use baiyo_domain::batch::culture::{MediumChange, Observation, PoolingIn, VesselDiscard};
use baiyo_domain::batch::distribution::{Custody, Discontinuation};
use baiyo_domain::batch::intake::{MismatchClearance, Opening, ReceiptDecision, TissueReceipt};
use baiyo_domain::batch::testing::{Conclusion, Investigation};
use baiyo_domain::order::{Analyte, ConsentWithdrawal, Purpose, UrgentRequest};
use baiyo_domain::quality_event::Impact;

/// Plans the troubled batches.
pub fn plan_all(seeding: &mut Seeding) {
    warm_tissue(seeding);
    refused_tissue(seeding);
    another_name_on_the_package(seeding);
    wrong_flask(seeding);
    paper_form(seeding);
    late_medium(seeding);
    pooled(seeding);
    consent_withdrawn(seeding);
    donor_positive(seeding);
    contaminated(seeding);
    low_yield(seeding);
    poor_viability(seeding);
    endotoxin_by_mistake(seeding);
    corrected_after_release(seeding);
    expired(seeding);
}

/// The tissue came too warm: a quality event by itself. One was assessed and lifted long ago, one waits today.
fn warm_tissue(seeding: &mut Seeding) {
    let warm = |b: &Bench, dice: &mut dice::Dice| {
        let receipt = tissue(b, dice)?;
        b.make(TissueReceipt { most_temperature: quantity("27.4")?, ..receipt })
    };
    let harvest = seeding.calendar.days_ago(50);
    let mut course = Course::new(seeding, "tissue too warm, assessed", plan(1), harvest);
    let begun = course.begun();
    course.ordered(Purpose::Therapy).opened().by_chance(begun + RECEIVED, warm).tissue_sampled().at(
        begun + RECEIVED + 60,
        |b| {
            b.assess(
                Impact::Acceptable,
                "40分間の超過、生存率への影響は小さい / forty minutes over, little harm to viability",
            )?;
            b.lift("影響評価に基づき / on the assessment")
        },
    );
    course.cultured().harvested().tested().confirmed(CONFIRMED).released(RELEASED).shipped(SHIPPED);
    course
        .arrived(ARRIVED)
        .given(GIVEN)
        .closed("STERILITY-14D")
        .at(2 * D, |b| b.close_events("輸送業者に保冷剤の追加を依頼 / the carrier now adds a coolant pack"));
    let harvest = seeding.calendar.minutes_ago(-24 * D - 45);
    let mut course = Course::new(seeding, "tissue too warm, waits", plan(1), harvest);
    course.ordered(Purpose::Therapy).opened().by_chance(begun + RECEIVED, warm).tissue_sampled();
}

/// Tissue refused on arrival: the seal broken, or too little of it.
fn refused_tissue(seeding: &mut Seeding) {
    let refused =
        [(-23, false, "封印が破損 / the seal was broken"), (5, true, "量が不足、12 g / too little, 12 g")];
    for (days, seal_intact, reason) in refused {
        let harvest = seeding.calendar.days_ago(days);
        let mut course = Course::new(seeding, "tissue refused", plan(1), harvest);
        let begun = course.begun();
        course.ordered(Purpose::Therapy).opened().by_chance(begun + RECEIVED, move |b, dice| {
            let mut receipt = tissue(b, dice)?;
            receipt.seal_intact = seal_intact;
            receipt.decision = ReceiptDecision::Refused { reason: note(reason)? };
            b.make(receipt)
        });
    }
}

/// A package with another patient's pseudonym: refused, recorded, cleared by a second person, then received.
fn another_name_on_the_package(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(-11);
    let mut course = Course::new(seeding, "another name on the package", plan(1), harvest);
    let begun = course.begun();
    course.ordered(Purpose::Therapy).opened();
    course.by_chance(begun + RECEIVED - 60, |b, dice| {
        let mut receipt = tissue(b, dice)?;
        receipt.pseudonym = short("P-0999")?;
        b.refused(b.case.maker, receipt)
    });
    course
        .at(begun + RECEIVED - 30, |b| clear(b, "外箱の付け替えを確認 / the outer box had been exchanged"))
        .received()
        .cultured();
}

/// The second person clears every open mismatch.
fn clear(b: &Bench, check: &str) -> Done {
    for mismatch in b.state()?.mismatches.iter().filter(|mismatch| !mismatch.cleared) {
        b.record(b.case.checker, MismatchClearance { mismatch: mismatch.entry, check: note(check)? })?;
    }
    Ok(())
}

/// A flask of another batch scanned at a medium change: both are held. One pair was cleared, one waits.
fn wrong_flask(seeding: &mut Seeding) {
    for (story, ahead, minutes, cleared) in
        [("wrong flask, cleared", -8, 4 * D, true), ("wrong flask, held", -10, 3 * H, false)]
    {
        let mut cases: Vec<Case> = Vec::new();
        for day in [ahead, ahead - 1] {
            let harvest = seeding.calendar.days_ago(day);
            let mut course = Course::new(seeding, story, plan(1), harvest);
            course.ordered(Purpose::Therapy).opened().received().cultured();
            cases.push(course.case);
        }
        let at = seeding.calendar.minutes_ago(minutes);
        seeding.plan(at, story, move |centre| {
            let [mine, other] = cases[..] else { return Ok(()) };
            let (mine, other) = (centre.bench(mine), centre.bench(other));
            let form =
                MediumChange { performed: mine.alone()?, vessels: other.flasks()?, volume: quantity(60)? };
            mine.refused(mine.case.maker, form)?;
            for b in [mine, other].into_iter().filter(|_| cleared) {
                clear(&b, "全フラスコを再照合、開栓なし / every flask compared afresh, none was opened")?;
                b.lift("再照合済み / compared afresh")?;
            }
            Ok(())
        });
    }
}

/// Steps copied from a paper form after a network failure, done by another than who records them. One waits for his
/// own sign-in.
fn paper_form(seeding: &mut Seeding) {
    for (story, ahead, form, confirmed) in [
        ("paper form, confirmed", -5, "PF-0007", true),
        ("paper form, not confirmed yet", -13, "PF-0008", false),
    ] {
        let harvest = seeding.calendar.days_ago(ahead);
        let mut course = Course::new(seeding, story, plan(1), harvest);
        course.ordered(Purpose::Therapy).opened().received().cultured();
        // Yesterday in the evening, counted from the harvest.
        course.at((ahead - 1) * D + 7 * H, move |b| {
            let performed = Performed {
                at: Some(b.centre.store.now().0.plus_hours(-5)),
                by: Some(b.person(b.case.checker)?),
                late_reason: Some(note(
                    "ネットワーク障害のため紙に記録 / on paper while the network was down",
                )?),
                paper_form: Some(short(form)?),
                ..b.alone()?
            };
            let observation = Observation {
                performed,
                vessels: b.flasks()?,
                confluence: quantity(65)?,
                morphology: note("紡錘形 / spindle-shaped")?,
                turbid: false,
            };
            b.record(b.case.maker, observation)?;
            if confirmed { b.confirm_parts() } else { Ok(()) }
        });
    }
}

/// The medium was changed a day late: a quality event that nobody has assessed yet.
fn late_medium(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(-18);
    let mut course = Course::new(seeding, "medium changed late", plan(1), harvest);
    let begun = course.begun();
    course.ordered(Purpose::Therapy).opened().received();
    let first = course.plan.first;
    course.by_chance(begun, move |b, dice| isolate(b, first, dice)).at(begun + 5 * D, making::feed);
}

/// Two collections of one person, pooled at the first passage under the revised standard.
fn pooled(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(6);
    let mut course = Course::new(seeding, "two collections pooled", plan(2), harvest);
    let (begun, first, ware) = (course.begun(), course.plan.first, STACKS);
    course.ordered(Purpose::Therapy).opened().received();
    course.by_chance(begun, move |b, dice| isolate(b, first, dice)).fed(begun, 9);
    let mut second = course.beside();
    let other = second.case;
    second.at(begun - 3 * D + 30, |b| {
        let standard = b.centre.standard(standards::FRESH)?;
        b.record("takahashi", Opening { order: b.case.order, standard, bank: None })
    });
    second.at(begun - 2 * D + 30, making::instruct).received();
    second.by_chance(begun + 30, move |b, dice| isolate(b, first, dice)).fed(begun + 30, 9);
    let growth = course.plan.primary;
    course.by_chance(begun + 9 * D, move |b, dice| {
        making::photograph(b, making::CONFLUENT)?;
        let theirs = b.of(other);
        let count = count((b.seeded()? + theirs.seeded()?) * grown(growth, true, dice), dice)?;
        let into = making::vessels(b, ware, count.viable().unwrap_or_default())?;
        let form = PoolingIn {
            performed: b.checked()?,
            other: other.batch,
            theirs: theirs.flasks()?,
            ours: b.flasks()?,
            count,
            into,
        };
        b.make(form)?;
        let reason = note("全量を兄弟バッチへ合一 / all of it was pooled into its sibling")?;
        theirs.record("takahashi", Discontinuation { reason })
    });
    let rest: Plan = course.plan.clone();
    course.kept(rest, 9).harvested().tested().confirmed(CONFIRMED).released(RELEASED).shipped(SHIPPED);
    course.arrived(ARRIVED).given(GIVEN).closed("STERILITY-14D");
}

/// Everything in culture is discarded before a witness, and the batch discontinued.
fn discontinue(b: &Bench, reason: &str) -> Done {
    let (performed, vessels) = (b.checked()?, b.flasks()?);
    b.make(VesselDiscard { performed, vessels, reason: note(reason)? })?;
    b.record("takahashi", Discontinuation { reason: note(reason)? })
}

/// Consent withdrawn in mid-culture.
fn consent_withdrawn(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(12);
    let mut course = Course::new(seeding, "consent withdrawn", plan(1), harvest);
    course.ordered(Purpose::Therapy).opened().received();
    let (begun, first) = (course.begun(), course.plan.first);
    course.by_chance(begun, move |b, dice| isolate(b, first, dice)).fed(begun, 7).at(begun + 7 * D, |b| {
        let remark = Some(note("ご家族と相談の上 / after talking with the family")?);
        let withdrawn_at = b.centre.store.now().0.plus_hours(-2);
        b.order(b.case.coordinator, ConsentWithdrawal { withdrawn_at, remark })
    });
    course.at(begun + 8 * D, |b| discontinue(b, "同意の撤回 / consent was withdrawn"));
}

/// The donor's second panel is positive: one batch was discontinued, one is held today.
fn donor_positive(seeding: &mut Seeding) {
    for (story, days, ended) in
        [("donor positive, discontinued", 2, true), ("donor positive, held", -10, false)]
    {
        let harvest = seeding.calendar.days_ago(days);
        let mut course = Course::new(seeding, story, plan(1), harvest);
        course.ordered(Purpose::Therapy).opened().received();
        let (begun, first) = (course.begun(), course.plan.first);
        if ended {
            course.by_chance(begun, move |b, dice| isolate(b, first, dice)).fed(begun, 8);
            course.at(begun + 8 * D, |b| discontinue(b, "HTLV-1 陽性 / positive for HTLV-1"));
        } else {
            course.cultured();
        }
        course.at(begun + 7 * D, |b| orders::screened_with(b, Some(Analyte::Htlv1)));
    }
}

/// Growth in the supernatant before the harvest.
fn contaminated(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(-4);
    let mut course = Course::new(seeding, "growth before the harvest", plan(1), harvest);
    course.ordered(Purpose::Therapy).opened().received().cultured();
    course.at(-6 * D, |b| b.enter(b.case.analyst, "STERILITY-PREHARVEST", &["growth"]));
    course.at(-5 * D - 12 * H, |b| {
        confirm_failure(b, "STERILITY-PREHARVEST", "グラム陽性球菌 / gram-positive cocci")
    });
    course.at(-5 * D + 2 * H, |b| discontinue(b, "培養上清に増殖 / growth in the supernatant"));
}

/// Quality concludes that a failure stands.
pub fn confirm_failure(b: &Bench, code: &str, cause: &str) -> Done {
    let conclusion = Conclusion::Confirmed { cause: note(cause)? };
    b.sign("nakamura", Investigation { result: b.newest(code)?, conclusion })
}

/// Too few cells: the gate refuses, the physician asks for them anyway, and is answered.
fn low_yield(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(15);
    let poor = Plan { doublings: dice::POOR_DOUBLINGS, ..plan(1) };
    let mut course = Course::new(seeding, "low yield, asked for anyway", poor, harvest);
    course.ordered(Purpose::Therapy).opened().received().cultured().harvested().tested_but(&["COUNT"]);
    course.at(3 * H + 5, |b| {
        let container = b.state()?.containers.into_values().next();
        let cells =
            container.map(|container| container.new.viable_cells.value().to_string()).unwrap_or_default();
        b.enter(b.case.analyst, "COUNT", &[cells.as_str(), cells.as_str()])
    });
    course.at(CONFIRMED, confirm_manufacturing).at(CONFIRMED + 20, confirm_quality);
    course.at(RELEASED, |b| {
        b.release_refused(b.containers(Custody::InHouse)?.into_iter().map(|(no, _)| no).collect())
    });
    course.at(RELEASED + H, |b| {
        let reason =
            note("患者は来院済み、少なくても投与したい / the patient has come, even a small dose would do")?;
        b.order(b.case.physician, UrgentRequest { batch: b.case.batch, reason })
    });
    course.at(RELEASED + 3 * H, |b| b.reject("細胞数不足 / too few cells"));
    course.at(3 * D, |b| destroy(b, Custody::InHouse, "出荷不可 / rejected"));
}

/// A viability that fails and stands: rejected and destroyed.
fn poor_viability(seeding: &mut Seeding) {
    for days in [18, 1] {
        let harvest = seeding.calendar.days_ago(days);
        let mut course = Course::new(seeding, "viability failed", plan(1), harvest);
        course
            .ordered(Purpose::Therapy)
            .opened()
            .received()
            .cultured()
            .harvested()
            .tested_but(&["VIABILITY"]);
        course.by_chance(3 * H + 10, |b, dice| {
            let value = dice.within(dice::POOR_VIABILITY).round_dp(1).to_string();
            b.enter(b.case.analyst, "VIABILITY", &[&value])
        });
        course.at(6 * H, |b| confirm_failure(b, "VIABILITY", "酵素処理の延長 / the enzyme acted too long"));
        course.at(7 * H, |b| b.reject("生細胞率不適 / viability failed"));
        course.at(2 * D, |b| destroy(b, Custody::InHouse, "出荷不可 / rejected"));
    }
}

/// An endotoxin value with an assignable laboratory cause: retested by the second analyst, released.
fn endotoxin_by_mistake(seeding: &mut Seeding) {
    let harvest = seeding.calendar.days_ago(34);
    let mut course = Course::new(seeding, "endotoxin by mistake, retested", plan(1), harvest);
    course.ordered(Purpose::Therapy).opened().received().cultured().harvested().tested_but(&["ENDOTOXIN"]);
    course.at(4 * H + 10, |b| b.enter(b.case.analyst, "ENDOTOXIN", &["0.62"]));
    course.at(7 * H, |b| {
        let cause = note("希釈倍率の誤り、原データで確認 / wrong dilution, seen in the raw data")?;
        let conclusion = Conclusion::LaboratoryCause { cause, retests: 1 };
        b.sign("nakamura", Investigation { result: b.newest("ENDOTOXIN")?, conclusion })
    });
    course.at(9 * H, |b| b.enter(b.case.second, "ENDOTOXIN", &["<0.05"]));
    course.at(9 * H + 40, |b| b.verify(b.case.analyst, "ENDOTOXIN"));
    course.at(10 * H, |b| b.lift("再試験適合 / the retest passed"));
    course.confirmed(CONFIRMED).released(RELEASED).shipped(SHIPPED).arrived(ARRIVED).given(GIVEN);
    course.closed("STERILITY-14D");
}

/// A result corrected after the release: the release is void until it was verified, confirmed and decided again.
fn corrected_after_release(seeding: &mut Seeding) {
    let harvest = seeding.calendar.minutes_ago(27 * H + 30);
    let mut course = until_tested(seeding, "corrected after the release", plan(2), harvest);
    course.confirmed(CONFIRMED).released(RELEASED).at(RELEASED + 50, |b| {
        let result = b.newest("VIABILITY")?;
        let entry = b.state()?.results.get(&result).map(|result| result.entry);
        let entry = entry.ok_or_else(|| DemoError::Seed("the result has no entry".into()))?;
        let right = b.result_form("VIABILITY", &["90.3".into()])?;
        let reason = note("転記誤り、印字は90.3 / copied wrongly, the print-out says 90.3")?;
        b.record(b.case.analyst, Correction { entry, reason, replacement: right.into() })
    });
}

/// Nobody decided in time: the release is refused, the bag is out of date.
fn expired(seeding: &mut Seeding) {
    let harvest = seeding.calendar.minutes_ago(60 * H);
    let mut course = until_tested(seeding, "out of date", plan(1), harvest);
    course.confirmed(47 * H).at(49 * H, |b| {
        b.release_refused(b.containers(Custody::InHouse)?.into_iter().map(|(no, _)| no).collect())
    });
}
