//! Acknowledging a date that moved: what the clinic sees of the forecast, against what it booked, and the two answers to
//! it: keep the booking, or choose another date.

use super::super::recording::{self, About};
use super::super::sheet::Sheet;
use super::super::status_chip::{Look, chip};
use super::layouts;
use super::readiness::Estimate;
use crate::pages::reader::Reader;
use crate::words::{self, Clinic, Telling};
use baiyo_domain::batch::Batch;
use baiyo_domain::order::{Foretold, Order, Window};
use baiyo_domain::time::Time;
use maud::{Markup, html};
use uuid::Uuid;

/// What is seen: the booking and when the cells of a batch are foretold.
pub struct Seen<'a> {
    order: &'a Order,
    batch: &'a Batch,
    booked: Window,
    foretold: Foretold,
}

impl<'a> Seen<'a> {
    /// What there is to see; nothing where nothing is booked or foretold.
    pub fn of(order: &'a Order, batch: Option<&'a Batch>, ready: Option<&Estimate>) -> Option<Self> {
        let (batch, ready) = batch.zip(ready)?;
        let foretold = Foretold { at: ready.at, from: ready.from, until: ready.until };
        Some(Self { order, batch, booked: order.standing.window?, foretold })
    }

    /// What was acknowledged of it before.
    fn before(&self) -> Option<Foretold> {
        self.order.acknowledged(self.batch.id).map(|seen| seen.foretold)
    }

    /// The fields that say so.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("/batch", self.batch.id.to_string()),
            ("/version", self.batch.log.len().to_string()),
            ("/booked/from", self.booked.from.to_string()),
            ("/booked/until", self.booked.until.to_string()),
            ("/foretold/at", self.foretold.at.to_string()),
            ("/foretold/from", self.foretold.from.to_string()),
        ];
        fields.extend(self.foretold.until.map(|until| ("/foretold/until", until.to_string())));
        if let Some(before) = self.before() {
            fields.extend([("/before/at", before.at.to_string()), ("/before/from", before.from.to_string())]);
            fields.extend(before.until.map(|until| ("/before/until", until.to_string())));
        }
        fields
    }

    /// One button on the board that acknowledges it.
    pub fn button(&self, reader: &Reader) -> Markup {
        html! {
            form method="post" action=(recording::address("orders", self.order.id, "forecast_acknowledgement")) {
                @for (name, value) in self.fields() { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="to" value="/clinic";
                // Tapped twice, it happened once.
                input type="hidden" name="once" value=(Uuid::now_v7());
                button type="submit" { (reader.say(Clinic::DoAcknowledge)) }
            }
        }
    }
}

/// Lays the acknowledgement out: what is seen now, whatever was typed.
pub fn lay_out(sheet: &mut Sheet, about: &About) -> Markup {
    let known = about.clinic.as_ref();
    let seen = known
        .zip(about.order.as_deref())
        .and_then(|(known, order)| Seen::of(order, known.batch.as_deref(), known.ready.as_ref()));
    for field in ["/batch", "/version", "/booked", "/foretold", "/before"] {
        sheet.typed.clear(field);
    }
    let reader = sheet.reader;
    let Some(seen) = seen else {
        sheet.choosing = true;
        return html! { p.empty { (reader.say(Clinic::NothingToAcknowledge)) } };
    };
    let day = |at: Time| words::short_date(reader.language, reader.day(at));
    let foretold = |one: &Foretold| {
        words::told(reader.language, &Telling::ReadyBetween(day(one.at), day(one.from), one.until.map(day)))
    };
    html! {
        (layouts::identity(sheet, about))
        @if seen.foretold.at > seen.booked.until {
            p { (chip(Look::Waiting, reader.say(Clinic::ToAcknowledge))) " " (reader.say(Clinic::TooLate)) }
        }
        dl.facts {
            div { dt { (reader.say(Clinic::Wanted)) } dd { (span(reader, seen.booked)) } }
            div { dt { (reader.say(Clinic::ForetoldNow)) } dd { (foretold(&seen.foretold)) } }
            @if let Some(before) = seen.before() {
                div { dt { (reader.say(Clinic::ForetoldBefore)) } dd { (foretold(&before)) } }
            }
        }
        @for (name, value) in seen.fields() { input type="hidden" name=(name) value=(value); }
        p { (reader.say(Clinic::AcknowledgeMeans)) }
        (sheet.field("/remark"))
        p {
            a href={ (recording::address("orders", seen.order.id, "window_change")) "?to=/clinic" } {
                (reader.say(Clinic::DoBookAnew))
            }
        }
    }
}

/// The days of a window.
pub fn span(reader: &Reader, window: Window) -> String {
    let day = |at: Time| words::short_date(reader.language, reader.day(at));
    match reader.day(window.from) == reader.day(window.until) {
        true => day(window.from),
        false => words::told(reader.language, &Telling::Between(day(window.from), day(window.until))),
    }
}
