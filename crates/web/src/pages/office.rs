//! Forms of those who oversee the work: a batch is opened under a standard and, where it starts from one, from a released
//! container of a bank; an exception is reported for the batches it touches.

use super::offers::Offers;
use super::reader::{Reader, part_label};
use super::recording::About;
use super::sheet::Sheet;
use super::typed::Typed;
use crate::words;
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::ids::LabelKind;
use baiyo_domain::order::Purpose;
use baiyo_domain::time::Time;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{Conn, StoreError};
use maud::{Markup, html};

/// The field in which a bank's container is chosen as one.
const DRAW: &str = "/bank";
/// Opens a batch.
pub fn opening(sheet: &mut Sheet, _about: &About, _suggested: bool) -> Markup {
    let drawn = sheet.typed.take("/bank/batch").zip(sheet.typed.take("/bank/container"));
    if let Some((batch, container)) = drawn {
        sheet.typed.set(DRAW, format!("{batch} {container}"));
    }
    let reader = sheet.reader;
    html! {
        (sheet.field("/order"))
        (sheet.field("/standard"))
        (sheet.choose(DRAW, words::field(reader.language, "bank"), false))
    }
}

/// A bank's container chosen as one, as the form has it: which batch, and which of its containers.
pub fn complete_opening(typed: &mut Typed) {
    let Some((batch, container)) = typed.get(DRAW).and_then(|draw| draw.split_once(' ')) else { return };
    let (batch, container) = (batch.to_string(), container.to_string());
    typed.clear(DRAW);
    typed.set("/bank/batch", batch);
    typed.set("/bank/container", container);
}

/// The released containers of cell banks that are still here.
///
/// # Errors
/// The records cannot be read.
pub fn offer_banks(
    conn: &mut Conn,
    scope: ClinicScope,
    now: Time,
    offers: &mut Offers,
) -> Result<(), StoreError> {
    let statuses = [BatchStatus::Released, BatchStatus::PartlyReleased];
    let mut offered = Vec::new();
    for batch in reading::batches_in(conn, scope, &statuses, now)? {
        if batch.opened.purpose != Purpose::Banking {
            continue;
        }
        let here = |container: &&baiyo_domain::batch::distribution::Container| {
            container.released() && container.custody == Custody::InHouse
        };
        for container in batch.containers.values().filter(here) {
            let label = part_label(&batch, LabelKind::Dose, container.no.0);
            offered.push((
                format!("{} {}", batch.id, container.no),
                format!("{label} · {}", batch.opened.pseudonym),
            ));
        }
    }
    offers.add(DRAW, offered);
    Ok(())
}

/// The batches that an exception may touch.
///
/// # Errors
/// The records cannot be read.
pub fn offer_batches(
    conn: &mut Conn,
    reader: &Reader,
    scope: ClinicScope,
    now: Time,
    offers: &mut Offers,
) -> Result<(), StoreError> {
    let mut offered = Vec::new();
    for status in BatchStatus::UNDER_WAY {
        for row in reading::batches(conn, scope, Some(status.name()), None, super::ROWS, now)?.rows {
            let word = words::batch_status(reader.language, &row.status);
            offered.push((row.id.0.to_string(), format!("{} · {} · {word}", row.label, row.pseudonym)));
        }
    }
    offers.add("BatchId", offered);
    Ok(())
}
