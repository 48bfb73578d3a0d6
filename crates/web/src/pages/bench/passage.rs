//! Passage: into how many vessels is one tap; what each gets is worked out from the count and shown before it is
//! recorded, and can be changed in each row.

use super::steps;
use crate::pages::incubators;
use crate::pages::recording::About;
use crate::pages::sheet::Sheet;
use crate::words::Bench;
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::culture::Vessel;
use baiyo_domain::quantity::{Count, Number};
use baiyo_domain::standard::Step;
use baiyo_domain::time::Time;
use maud::{Markup, html};
use rust_decimal::Decimal;

/// The numbers of vessels that are one tap away.
const NUMBERS: [usize; 6] = [1, 2, 3, 4, 6, 8];
/// The most vessels of one passage.
const MOST: usize = 60;
/// Hours for which a count of the same vessels is offered: cells are seeded soon after they were counted.
const FRESH_HOURS: i64 = 4;

/// Lays the passage out.
pub fn lay_out(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    let batch = about.batch.as_deref();
    if suggested {
        about.kit.suggest(&mut sheet.typed, false);
        if let Some(batch) = batch {
            suggest(sheet, batch, about.now);
        }
        steps::suggest_method(sheet, batch);
    }
    let chosen = sheet.typed.get("split").and_then(|number| number.parse::<usize>().ok());
    let reader = sheet.reader;
    let step = Some(Step::Passage);
    html! {
        (steps::vessels(sheet, "/from"))
        @if sheet.typed.get("counted").is_some() {
            input type="hidden" name="counted" value="true";
            p.counted { (crate::pages::status_chip::Look::Good.icon()) (reader.say(Bench::CountedBefore)) }
        }
        (steps::count(sheet))
        (sheet.field("/enzyme"))
        fieldset.group {
            legend { (reader.say(Bench::SplitInto)) }
            @if sheet.typed.get("/count/replicates/0/live").is_none() { p.hint { (reader.say(Bench::CountFirst)) } }
            p.hint #split-hint { (reader.say(Bench::SplitHint)) }
            div.split role="group" aria-describedby="split-hint" {
                @for number in NUMBERS {
                    button.step type="submit" name="split" value=(number)
                        aria-pressed=(if chosen == Some(number) { "true" } else { "false" }) { (number) }
                }
            }
        }
        @if sheet.typed.any("/into") {
            (incubators::buttons(sheet, &steps::stands(sheet)))
            (sheet.field("/into"))
        }
        (sheet.field("/discarded_cells"))
        (sheet.field("/not_applicable"))
        (steps::beside(sheet, about, step))
        (super::photo::asked(sheet, about, "/from"))
        (sheet.head(steps::shown(about, step)))
        details.entry-head {
            summary { (crate::words::field(reader.language, "other_denominator")) }
            (sheet.field("/other_denominator"))
        }
    }
}

/// What the vessels were counted with, and rows for the number of vessels chosen.
fn suggest(sheet: &mut Sheet, batch: &Batch, now: Time) {
    let from: Vec<&Vessel> =
        sheet.typed.all("/from").into_iter().filter_map(|label| steps::of_label(batch, label)).collect();
    let counted = counted(&from, now).cloned();
    if let Some(count) = &counted
        && !sheet.typed.any("/count/replicates")
    {
        sheet.typed.set("counted", "true");
        sheet.typed.suggest("/count/method", &count.method);
        sheet.typed.suggest("/count/factor", Number::from(count.factor));
        for (row, replicate) in count.replicates.iter().enumerate() {
            sheet.typed.suggest(&format!("/count/replicates/{row}/live"), Number::from(replicate.live));
            if let Some(dead) = replicate.dead {
                sheet.typed.suggest(&format!("/count/replicates/{row}/dead"), Number::from(dead));
            }
        }
    }
    sheet.typed.suggest("/enzyme", "5");
}

/// The newest count that all these vessels share, if it is fresh.
fn counted<'v>(from: &[&'v Vessel], now: Time) -> Option<&'v Count> {
    let counted = from.first()?.counted.as_ref()?;
    let shared = from.iter().all(|vessel| vessel.counted.as_ref() == Some(counted));
    (shared && now.since(counted.at).num_hours() < FRESH_HOURS).then_some(&counted.count)
}

/// The rows for as many vessels as were chosen: of the ware that the cells come from, sharing what was counted, not
/// denser than the standard allows.
pub fn split(sheet: &mut Sheet, about: &About, number: usize) {
    let Some(batch) = about.batch.as_deref() else { return };
    let number = number.clamp(1, MOST);
    let from = sheet.typed.all("/from").into_iter().find_map(|label| steps::of_label(batch, label));
    let viable = viable(sheet);
    sheet.typed.clear("/into");
    sheet.typed.set("split", number);
    for row in 0..number {
        let at = |field: &str| format!("/into/{row}/{field}");
        let Some(from) = from else {
            sheet.typed.suggest(&at("position"), row + 1);
            continue;
        };
        sheet.typed.suggest(&at("ware"), &from.seeded.ware);
        sheet.typed.suggest(&at("area"), Number::from(from.seeded.area));
        sheet.typed.suggest(&at("incubator"), &from.seeded.incubator);
        sheet.typed.suggest(&at("position"), position(from.seeded.position.as_str(), row));
        if let Some(cells) = viable.and_then(|viable| each(viable, number, from, batch)) {
            sheet.typed.suggest(&at("viable_cells"), cells);
        }
    }
}

/// Viable cells by what was typed; nothing while it is no count yet.
fn viable(sheet: &Sheet) -> Option<Decimal> {
    let number = |at: &str| sheet.typed.get(at)?.parse::<Decimal>().ok();
    let mut live = Vec::new();
    while let Some(one) = number(&format!("/count/replicates/{}/live", live.len())) {
        live.push(one);
    }
    baiyo_domain::quantity::mean(&live)?.checked_mul(number("/count/factor")?)
}

/// Viable cells for each vessel: an equal share, at most as dense as the standard allows, in whole thousands.
fn each(viable: Decimal, number: usize, from: &Vessel, batch: &Batch) -> Option<Decimal> {
    let densest =
        batch.standard().process.seeding_density.most.value().checked_mul(from.seeded.area.value())?;
    let share = viable.checked_div(Decimal::from(number))?.min(densest);
    let thousand = Decimal::from(1000);
    let rounded = share.checked_div(thousand)?.floor().checked_mul(thousand)?;
    Some(if rounded.is_zero() { share.floor() } else { rounded })
}

/// The next places after one that ends in a number.
fn position(of: &str, row: usize) -> String {
    let digits = of.chars().rev().take_while(char::is_ascii_digit).count();
    let (name, number) = of.split_at(of.len() - digits);
    match number.parse::<usize>() {
        Ok(number) => format!("{name}{}", number + row),
        Err(_) => format!("{of}-{}", row + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_other() {
        assert_eq!([0, 1, 9].map(|row| position("3-B2", row)), ["3-B2", "3-B3", "3-B11"]);
        assert_eq!(position("shelf", 1), "shelf-2");
    }
}
