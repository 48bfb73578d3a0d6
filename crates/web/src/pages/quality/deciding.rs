//! The form of the decision: which containers it covers is told and handed in with it; whoever means others chooses
//! them one by one.

use super::blocking::labels;
use crate::pages::recording::{self, About};
use crate::pages::sheet::Sheet;
use crate::words::Quality;
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::awaited::decidable;
use baiyo_domain::ids::ContainerNo;
use maud::{Markup, html};

/// The field that says that containers are chosen one by one.
const CHOOSE: &str = "choose";

/// Lays it out.
pub fn lay_out(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    let Some(batch) = about.batch.as_deref() else { return sheet.fields() };
    let choosing = sheet.typed.get(CHOOSE).is_some();
    if suggested && !choosing && !sheet.typed.any("/containers") {
        let ready: Vec<String> = decidable(batch, about.now).iter().map(ToString::to_string).collect();
        sheet.typed.suggest("/containers", ready.join("\n"));
    }
    let covered = covered(sheet, batch);
    html! {
        div.deciding {
            @if choosing || covered.is_empty() {
                input type="hidden" name=(CHOOSE) value="yes";
                (sheet.field("/containers"))
            } @else {
                div.covers {
                    p { (sheet.reader.say(Quality::Covers)) ":" }
                    p.containers { strong { (labels(batch, &covered)) } }
                    (sheet.hidden("/containers"))
                    p {
                        a href={ (recording::address("batches", batch.id, "deciding")) "?" (CHOOSE) "=yes" } {
                            (sheet.reader.say(Quality::ChooseOthers))
                        }
                    }
                }
            }
            (sheet.field("/decision"))
        }
    }
}

/// The containers typed so far; none where one of them is not of the batch.
fn covered(sheet: &Sheet, batch: &Batch) -> Vec<ContainerNo> {
    let typed = sheet.typed.all("/containers");
    let known = |text: &&str| {
        text.parse::<u16>().ok().map(ContainerNo).filter(|no| batch.containers.contains_key(no))
    };
    let found: Vec<ContainerNo> = typed.iter().filter_map(known).collect();
    if found.len() == typed.len() { found } else { Vec::new() }
}
