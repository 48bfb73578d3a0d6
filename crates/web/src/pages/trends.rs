//! Trends of a product: how viability and doubling time of its newest batches lie to each other, by control charts.

use super::frame::Frame;
use super::pictures::control::{Chart, Measured};
use super::reader::Reader;
use super::{Answer, Query};
use crate::api::reading::read;
use crate::server::State;
use crate::session;
use crate::words::{Language, Picture as Said};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::filling::Harvested;
use baiyo_domain::quantity::Number;
use baiyo_domain::standard::{Attribute, Criterion, Purpose, Stage, Standard};
use baiyo_persistence::reading::StandardRow;
use baiyo_persistence::{experience, reading};
use maud::{Markup, html};
use std::sync::Arc;

/// Batches of one chart at most.
const MOST: usize = 60;

/// Shows the trends of one product, for the centre's own people.
pub async fn show(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.trends").await?;
    let wanted = query.get("standard").cloned();
    let (standards, chosen, batches) = read(&state, &caller, move |conn| {
        let mut standards = reading::standards(conn)?;
        // One line for each product, called as its newest version calls it.
        standards.reverse();
        standards.dedup_by(|a, b| a.code == b.code);
        standards.reverse();
        let chosen = standards.iter().find(|row| wanted.as_ref().is_none_or(|wanted| *wanted == row.code));
        let chosen = chosen.map(|row| row.code.clone());
        let batches = match &chosen {
            Some(code) => experience::harvested(conn, code, MOST)?,
            None => Vec::new(),
        };
        Ok((standards, chosen, batches))
    })
    .await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let content = html! {
        div.title { h1 { (frame.say(Said::Trends)) } }
        (choice(&reader, &standards, chosen.as_deref()))
        p { (frame.say(Said::LimitsInform)) }
        (charts(&reader, &batches))
    };
    Ok(frame.ok(frame.say(Said::Trends), content))
}

fn choice(reader: &Reader, standards: &[StandardRow], chosen: Option<&str>) -> Markup {
    html! {
        nav.filter aria-label=(reader.say(Said::Standards)) {
            @for row in standards {
                a href={ "/trends?standard=" (row.code) } aria-current=[(chosen == Some(row.code.as_str())).then_some("true")] {
                    (match reader.language { Language::En => &row.title_en, Language::Ja => &row.title_ja })
                }
            }
        }
    }
}

fn charts(reader: &Reader, batches: &[Arc<Batch>]) -> Markup {
    let viability = measured(batches, |_, harvest| harvest.viability.map(Number));
    let doubling = measured(batches, |batch, harvest| {
        let vessel = harvest.vessels.first().and_then(|no| batch.vessels.get(no))?;
        vessel.growth.as_ref()?.doubling_time
    });
    let specification = batches.first().map(|newest| least_viability(newest.standard())).unwrap_or_default();
    let charts = [
        Chart {
            id: "viability",
            title: reader.say(Said::ViabilityAtHarvest),
            unit: "%",
            measured: &viability,
            specification: &specification,
            possible: (0.0, 100.0),
        },
        Chart {
            id: "doubling-time",
            title: reader.say(Said::DoublingTimeAtHarvest),
            unit: "h",
            measured: &doubling,
            specification: &[],
            possible: (0.0, f64::MAX),
        },
    ];
    html! {
        @for chart in &charts {
            section { h2 { (chart.title) } (chart.show(reader)) }
        }
    }
}

/// One value of each batch, that of its first harvest that has it, in the order of harvest.
fn measured(batches: &[Arc<Batch>], value: impl Fn(&Batch, &Harvested) -> Option<Number>) -> Vec<Measured> {
    let one = |batch: &Arc<Batch>| {
        let of = |harvest: &Harvested| value(batch, harvest).map(|value| (harvest.at, value));
        let (at, value) = batch.harvests.values().find_map(of)?;
        Some(Measured { batch: batch.id, label: batch.opened.label.to_string(), at, value })
    };
    let mut measured: Vec<Measured> = batches.iter().filter_map(one).collect();
    measured.sort_by_key(|one| (one.at, one.batch));
    measured
}

/// What the standard mandates of viability, first of harvests, otherwise of fills.
fn least_viability(standard: &Standard) -> Vec<Number> {
    let of = |stage: Stage| {
        standard.tests.iter().find(|test| {
            test.attribute == Attribute::Viability && test.purpose == Purpose::Mandated && test.stage == stage
        })
    };
    match of(Stage::Harvest).or_else(|| of(Stage::Fill)).map(|test| &test.criterion) {
        Some(Criterion::AtLeast(limit) | Criterion::AtMost(limit) | Criterion::Below(limit)) => vec![*limit],
        Some(Criterion::Between { least, most }) => vec![*least, *most],
        Some(Criterion::NoGrowth { .. } | Criterion::Negative | Criterion::Text { .. }) | None => Vec::new(),
    }
}
