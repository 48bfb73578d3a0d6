//! The gate at a glance: one cell for each requirement with its sign, its name and its value. It is a list already,
//! so that it needs no table beside it.

use crate::pages::reader::Reader;
use crate::pages::status_chip::Look;
use crate::words::{self, Picture as Said};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::gate::{CheckState, Gate, Requirement};
use baiyo_domain::quantity::Number;
use baiyo_domain::standard::Code;
use maud::{Markup, html};

/// A requirement over the batch and all its containers.
struct Cell<'a> {
    requirement: &'a Requirement,
    /// The worst of all.
    state: CheckState,
    met: usize,
    of: usize,
}

/// The strip of a batch's page: each cell leads to the gate.
pub fn strip(reader: &Reader, batch: &Batch, gate: &Gate) -> Markup {
    html! {
        nav.gate-strip aria-label=(reader.say(Said::GateStrip)) {
            ul {
                @for cell in cells(gate) {
                    li.(look(cell.state).class()) {
                        a href="#gate" {
                            (look(cell.state).icon())
                            span {
                                strong { (words::requirement(reader.language, cell.requirement, &reader.context)) }
                                span.value { (value(reader, batch, &cell)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The strip in a line of a board: signs with names for those who do not see them, and how many are met.
pub fn compact(reader: &Reader, gate: &Gate) -> Markup {
    let cells = cells(gate);
    let met = cells.iter().filter(|cell| cell.state == CheckState::Met).count();
    html! {
        ul.gate-dots {
            @for cell in &cells {
                @let name = format!(
                    "{}: {}",
                    words::requirement(reader.language, cell.requirement, &reader.context),
                    words::check_state(reader.language, cell.state)
                );
                li.(look(cell.state).class()) title=(name) { (look(cell.state).icon()) span.unseen { (name) } }
            }
            li.count { (met) "/" (cells.len()) }
        }
    }
}

fn cells(gate: &Gate) -> Vec<Cell<'_>> {
    let mut cells: Vec<Cell> = Vec::new();
    for check in gate.batch.iter().chain(gate.containers.values().flatten()) {
        let state = check.state();
        let met = usize::from(state == CheckState::Met);
        match cells.iter_mut().find(|cell| *cell.requirement == check.requirement) {
            Some(cell) => {
                cell.state = worst(cell.state, state);
                cell.met += met;
                cell.of += 1;
            }
            None => cells.push(Cell { requirement: &check.requirement, state, met, of: 1 }),
        }
    }
    cells
}

fn worst(a: CheckState, b: CheckState) -> CheckState {
    match (a, b) {
        (CheckState::Failed, _) | (_, CheckState::Failed) => CheckState::Failed,
        (CheckState::Open, _) | (_, CheckState::Open) => CheckState::Open,
        _ => CheckState::Met,
    }
}

fn look(state: CheckState) -> Look {
    match state {
        CheckState::Open => Look::Planned,
        CheckState::Met => Look::Good,
        CheckState::Failed => Look::Bad,
    }
}

/// The newest value of a test; otherwise where the requirement stands, and for how many containers.
fn value(reader: &Reader, batch: &Batch, cell: &Cell) -> String {
    let state = words::check_state(reader.language, cell.state);
    let value = match cell.requirement {
        Requirement::Test(code) => newest(batch, code),
        _ => None,
    };
    match value {
        Some(value) => value,
        None if cell.of > 1 && cell.met > 0 && cell.met < cell.of => {
            format!("{state} {}/{}", cell.met, cell.of)
        }
        None => state.to_string(),
    }
}

fn newest(batch: &Batch, code: &Code) -> Option<String> {
    let result = batch.results.values().rev().find(|result| result.form.test == *code)?;
    // Long counts are told as counts are told elsewhere.
    let short = |value: &str| match value.parse::<Number>() {
        Ok(number) if value.len() > 5 => words::cells(number),
        _ => value.to_string(),
    };
    let values: Vec<String> = result.form.values.iter().map(|value| short(value.as_str())).collect();
    let unit = result.form.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    Some(format!("{}{unit}", values.join("; ")))
}
