//! The making: what technicians do at the bench, and who confirms the record of it.

use super::DemoError;
use super::bench::{Bench, Done, count, quantity};
use super::course::Ware;
use super::dice::{self, Dice};
use super::laboratory::of;
use super::people::{note, short};
use super::pictures;
use baiyo_domain::batch::Subject;
use baiyo_domain::batch::culture::{
    Isolation, LabelCheck, MediumChange, NewVessel, Observation, Passage, Photograph, Picture,
};
use baiyo_domain::batch::disposition::{ManufacturingConfirmation, QualityConfirmation};
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::batch::filling::{Fill, Harvest, LabelReconciliation, NewContainer};
use baiyo_domain::batch::intake::{Instruction, ReceiptDecision, TissueReceipt};
use baiyo_domain::ids::{FillNo, HarvestNo};
use baiyo_domain::standard::{BenchRecord, Stage};
use rust_decimal::{Decimal, MathematicalOps};

/// Manufacturing confirms the record.
pub fn confirm_manufacturing(b: &Bench) -> Done {
    b.sign("takahashi", ManufacturingConfirmation { remark: None })
}

/// Quality confirms it.
pub fn confirm_quality(b: &Bench) -> Done {
    b.sign("nakamura", QualityConfirmation { remark: None })
}

/// Signs the manufacturing instruction.
pub fn instruct(b: &Bench) -> Done {
    let instructions = note("標準書どおりに培養する / culture as the standard says")?;
    b.sign(
        "takahashi",
        Instruction {
            instructions,
            cautions: None,
            planned_harvest: None,
            not_applicable: Default::default(),
        },
    )
}

/// A sound receipt of the right tissue.
///
/// # Errors
/// The order was not placed.
pub fn tissue(b: &Bench, dice: &mut Dice) -> Result<TissueReceipt, DemoError> {
    let pseudonym = b.state()?.opened.pseudonym.clone();
    let now = b.centre.store.now().0;
    let hours = dice.whole(2, 5);
    let cord = pseudonym.as_str().starts_with('D');
    let mass = if cord { dice.within((3_000, 4_500)) } else { dice.within(dice::LIPOASPIRATE) };
    let (site, appearance) = if cord {
        ("臍帯 umbilical cord", "白色、出血なし / white, no bleeding")
    } else {
        ("腹部 abdomen", "黄色、澄明 / yellow, clear")
    };
    Ok(TissueReceipt {
        performed: b.checked()?,
        order_label: b.order_label()?,
        pseudonym,
        collected_at: now.plus_hours(-hours - 1),
        site: short(site)?,
        seal_intact: true,
        least_temperature: quantity(dice.within((250, 450)).round_dp(1))?,
        most_temperature: quantity(dice.within((550, 790)).round_dp(1))?,
        transport: quantity(hours)?,
        mass: quantity(mass.round_dp(1))?,
        appearance: note(appearance)?,
        decision: ReceiptDecision::Accepted,
    })
}

/// New vessels: seeded as densely as the cells allow.
pub fn vessels(b: &Bench, ware: Ware, available: Decimal) -> Result<Vec<NewVessel>, DemoError> {
    let wanted = Decimal::from(ware.area * ware.density);
    let share = available * Decimal::new(9, 1) / Decimal::from(ware.number);
    let cells = (wanted.min(share) / Decimal::from(1000)).round() * Decimal::from(1000);
    let vessel = |index: usize| {
        Ok(NewVessel {
            ware: short(ware.name)?,
            area: quantity(ware.area)?,
            viable_cells: quantity(cells)?,
            incubator: short(&format!("INC-{}", 1 + b.case.number % 4))?,
            position: short(&format!("{}-{}", 1 + b.case.number % 6, index + 1))?,
        })
    };
    (0..ware.number).map(vessel).collect()
}

/// Cells isolated from the tissue and seeded.
pub fn isolate(b: &Bench, ware: Ware, dice: &mut Dice) -> Done {
    // 95 × 10⁶ nucleated cells on average from a lipoaspirate (Haack-Sørensen 2018).
    let count = count(Decimal::from(dice.whole(40, 95) * 1_000_000), dice)?;
    let into = vessels(b, ware, count.viable().unwrap_or_default())?;
    let method = short("コラゲナーゼ 0.1 %, 37 °C")?;
    b.make(Isolation {
        performed: b.checked()?,
        method,
        digestion: quantity(dice.whole(30, 60))?,
        count,
        into,
    })?;
    scan_back(b)
}

/// New vessels' labels scanned back.
pub fn scan_back(b: &Bench) -> Done {
    b.make(LabelCheck { performed: b.alone()?, vessels: b.flasks()? })
}

/// Vessels photographed, where the standard asks for it: one field of view stands for all of them.
pub fn photograph(b: &Bench, confluence: i64) -> Done {
    if !b.state()?.standard().process.bench_records.contains(&BenchRecord::Photograph) {
        return Ok(());
    }
    // Each picture is another one.
    let taken = u16::try_from(b.state()?.photographs.len()).unwrap_or_default();
    let number = b.case.number + 500 * u16::try_from(confluence).unwrap_or_default() + 37 * taken;
    let picture = pictures::culture(confluence, &mut Dice::seeded(number));
    let kept = b.centre.store.keep_blob(picture, b.person(b.case.maker)?)?;
    let (blob, _) = kept.ok_or_else(|| DemoError::Seed("the picture is none".into()))?;
    b.make(Photograph {
        performed: b.alone()?,
        vessels: b.flasks()?,
        picture: Picture::Taken { blob },
        magnification: Some(short("10×")?),
        note: None,
    })
}

/// Vessels looked at.
pub fn observe(b: &Bench, confluence: i64) -> Done {
    photograph(b, confluence)?;
    let form = Observation {
        performed: b.alone()?,
        vessels: b.flasks()?,
        confluence: quantity(confluence)?,
        morphology: note("紡錘形、剥離なし / spindle-shaped, attached")?,
        turbid: false,
    };
    b.make(form)
}

/// How much of the surface is covered when cells are passaged, in %.
pub const CONFLUENT: i64 = 90;

/// Fresh medium for all vessels.
pub fn feed(b: &Bench) -> Done {
    b.make(MediumChange { performed: b.alone()?, vessels: b.flasks()?, volume: quantity(60)? })
}

/// How many times more cells there are: by the factor of a primary culture, or by doublings.
pub fn grown(range: dice::Range, primary: bool, dice: &mut Dice) -> Decimal {
    let drawn = dice.within(range);
    if primary { drawn } else { fold(drawn) }
}

fn fold(doublings: Decimal) -> Decimal {
    Decimal::TWO.powd(doublings)
}

/// All vessels passaged into new ones.
pub fn passage(b: &Bench, ware: Ware, growth: Decimal, dice: &mut Dice) -> Done {
    photograph(b, CONFLUENT)?;
    let count = count(b.seeded()? * growth, dice)?;
    let into = vessels(b, ware, count.viable().unwrap_or_default())?;
    let form = Passage {
        performed: b.checked()?,
        from: b.flasks()?,
        enzyme: quantity(dice.whole(3, 6))?,
        count,
        other_denominator: None,
        into,
        discarded_cells: None,
        not_applicable: Default::default(),
    };
    b.make(form)?;
    scan_back(b)
}

/// All vessels harvested.
pub fn harvest(b: &Bench, doublings: Decimal, dice: &mut Dice) -> Done {
    let count = count(b.seeded()? * fold(doublings), dice)?;
    let form = Harvest {
        performed: b.checked()?,
        vessels: b.flasks()?,
        enzyme: quantity(dice.whole(3, 6))?,
        count,
        other_denominator: None,
        washes: 3,
        volume: quantity(100)?,
    };
    b.make(form)
}

/// The harvest sampled for its tests.
pub fn sample_harvest(b: &Bench) -> Done {
    b.sample(of(Stage::Harvest), vec![Subject::Harvest(last_harvest(b)?)])
}

/// The fill sampled for its tests.
pub fn sample_fill(b: &Bench) -> Done {
    b.sample(of(Stage::Fill), vec![Subject::Fill(last_fill(b)?)])
}

fn last_harvest(b: &Bench) -> Result<HarvestNo, DemoError> {
    let last = b.state()?.harvests.keys().next_back().copied();
    last.ok_or_else(|| DemoError::Seed("nothing was harvested".into()))
}

/// The newest fill.
///
/// # Errors
/// There is none.
pub fn last_fill(b: &Bench) -> Result<FillNo, DemoError> {
    let last = b.state()?.fills.keys().next_back().copied();
    last.ok_or_else(|| DemoError::Seed("nothing was filled".into()))
}

/// Containers filled: with a fixed dose, or with nine tenths of the harvest in equal parts, at most a dose each.
pub fn fill(b: &Bench, number: usize, ware: &'static str, vial: Option<(i64, i64)>) -> Done {
    let (dose, harvest) = (b.state()?.standard().dose, last_harvest(b)?);
    let viable = b.state()?.harvests.get(&harvest).and_then(|harvest| harvest.viable).unwrap_or_default();
    let million = Decimal::from(1_000_000);
    let share = viable * Decimal::new(9, 1) / Decimal::from(number) / million;
    let most = dose.most_cells.value() * Decimal::new(7, 1) / million;
    let cells = share.min(most).round_dp(1) * million;
    let (cells, volume) = match vial {
        Some((cells, volume)) => (Decimal::from(cells), Decimal::from(volume)),
        None => (cells, (cells / dose.most_concentration.value() * Decimal::new(12, 1)).ceil()),
    };
    fill_with(b, &vec![(cells.normalize(), volume); number], ware)
}

/// Containers filled with these cells in these volumes.
pub fn fill_with(b: &Bench, containers: &[(Decimal, Decimal)], ware: &str) -> Done {
    let container = |(cells, volume): &(Decimal, Decimal)| {
        Ok(NewContainer { ware: short(ware)?, volume: quantity(volume)?, viable_cells: quantity(cells)? })
    };
    let containers = containers.iter().map(container).collect::<Result<Vec<_>, DemoError>>()?;
    b.make(Fill { performed: b.checked()?, harvests: vec![last_harvest(b)?], containers, expires_at: None })
}

/// Labels reconciled: one more was printed and destroyed.
pub fn reconcile(b: &Bench) -> Done {
    let applied: Vec<_> = b.containers(Custody::InHouse)?.into_iter().map(|(_, label)| label).collect();
    let printed = u16::try_from(applied.len()).unwrap_or(u16::MAX).saturating_add(1);
    let (performed, fill) = (b.checked()?, last_fill(b)?);
    b.make(LabelReconciliation { performed, fill, printed, applied, destroyed: 1, remark: None })
}
