//! The review of one batch by exception: why it is not ready, what in its record is out of the ordinary, what is in
//! order on one line each; and beside it whatever this person signs next, with its form.

use super::blocking;
use super::findings::{self, Attempt};
use super::{MAY_READ, actor, next};
use crate::api::reading as api;
use crate::pages::bench::photo::Gallery;
use crate::pages::frame::Frame;
use crate::pages::reader::{Names, Reader};
use crate::pages::typed::Typed;
use crate::pages::{Answer, may, recording, status_chip};
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Context, Quality, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::authority::roles_for;
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::awaited::{Awaited, everything, is_for};
use baiyo_domain::batch::distribution::Container;
use baiyo_domain::batch::exceptions::exceptions;
use baiyo_domain::batch::gate::gate;
use baiyo_domain::time::Time;
use maud::{Markup, html};

/// Shows the review.
pub async fn show(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, MAY_READ).await?;
    let batch = api::one_batch(&state, &caller, &id).await?;
    let (scope, language) = (caller.scope(), caller.language);
    let attempts_shown = may(&caller, "read.attempts");
    let (batch, names, attempts) = api::read(&state, &caller, move |conn| {
        let names = Names::of_batch(conn, &batch, scope, Some(language))?;
        let attempts = if attempts_shown { Attempt::at(conn, &batch)? } else { Vec::new() };
        Ok((batch, names, attempts))
    })
    .await?;
    let (now, _) = state.store.now();
    let all = everything(&batch, now);
    let actor = actor(&caller);
    let yours: Vec<Awaited> = all.iter().filter(|one| is_for(&batch, &actor, one)).cloned().collect();
    let form = match yours.iter().find(|one| signed_here(one)) {
        Some(one) => Some((one.clone(), form(&request, &state, &caller, &batch, one).await?)),
        None => None,
    };
    let call = |thing: Thing| names.call(thing);
    let reader = Reader::new(caller.language, state.zone);
    let reader = reader.of(Context::of(batch.standard(), state.zone).naming(&call));
    let answer = gate(&batch, now);
    let blocking = blocking::blocking(&batch, &answer);
    let found = exceptions(&batch, now);
    let content = html! {
        (heading(&reader, &batch, &names, now))
        div.review {
            div {
                @if !blocking.is_empty() && awaits_release(&batch) { (blocking::section(&reader, &batch, &blocking)) }
                (findings::section(&reader, &batch, &found))
                (findings::attempts(&reader, &names, &attempts))
                (findings::in_order(&reader, &batch, &names, &answer, &found))
                (Gallery { reader: &reader, batch: &batch, names: &names, lazily: true }.section())
                p.links {
                    a href={ "/batches/" (batch.id) "#history" } {
                        (reader.say(Quality::AllEntries)) " (" (batch.log.len()) ")"
                    }
                    a href={ "/batches/" (batch.id) "#results" } { (reader.say(Ui::Results)) }
                    a href={ "/batches/" (batch.id) } { (reader.say(Quality::Details)) }
                    a href={ "/batches/" (batch.id) "/record" } { (reader.say(Quality::Print)) }
                }
            }
            (desk(&reader, &batch, &caller, &yours, &all, form))
        }
    };
    let frame = Frame::new(&request, &state, Some(&caller));
    Ok(frame.ok(&format!("{} · {}", reader.say(Quality::Review), batch.opened.label), content))
}

/// Whether containers of it are still to be decided on, or to be filled.
fn awaits_release(batch: &Batch) -> bool {
    batch.end.is_none()
        && (batch.containers.is_empty() || batch.containers.values().any(Container::is_undecided))
}

/// Whether something is signed on this page: what covers the whole record that one has just read.
fn signed_here(one: &Awaited) -> bool {
    matches!(
        one,
        Awaited::Decision { .. } | Awaited::QualityConfirmation | Awaited::ManufacturingConfirmation
    )
}

/// The form, on the version that this page shows.
async fn form(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    batch: &Batch,
    one: &Awaited,
) -> Result<Markup, crate::api::problem::Problem> {
    let to = match one {
        Awaited::Decision { .. } => "/quality".to_string(),
        _ => next::review(batch),
    };
    let typed = Typed::of([("to".to_string(), to)]);
    let seen = u32::try_from(batch.log.len()).unwrap_or(u32::MAX);
    recording::within(request, state, caller, one.action(), batch.id.0, seen, typed).await
}

fn heading(reader: &Reader, batch: &Batch, names: &Names, now: Time) -> Markup {
    let fact = |word: Ui, shown: Markup| html! { div { dt { (reader.say(word)) } dd { (shown) } } };
    let expiry = batch.containers.values().map(|container| container.expires_at).min();
    html! {
        div.title { h1 { (batch.opened.label) } (status_chip::batch(reader.language, batch.status(now))) }
        dl.facts {
            (fact(Ui::Patient, html! { (batch.opened.pseudonym) }))
            (fact(Ui::Product, html! { (words::title(reader.language, &batch.standard().title)) }))
            (fact(Ui::Clinic, html! { (names.call(Thing::Clinic(batch.opened.clinic)).unwrap_or_default()) }))
            @if let Some(window) = batch.order.window {
                (fact(Ui::ReadyWindow, html! { (reader.time(window.from)) " – " (reader.time(window.until)) }))
            }
            @if let Some(expiry) = expiry { (fact(Ui::Expiry, reader.time(expiry))) }
        }
    }
}

/// What this person does next, and what others are awaited for.
fn desk(
    reader: &Reader,
    batch: &Batch,
    caller: &Caller,
    yours: &[Awaited],
    all: &[Awaited],
    form: Option<(Awaited, Markup)>,
) -> Markup {
    let signed = form.as_ref().map(|(one, _)| one);
    let links: Vec<&Awaited> = yours.iter().filter(|one| Some(*one) != signed).collect();
    let others: Vec<&Awaited> = all.iter().filter(|one| !yours.contains(one)).collect();
    let had_a_part = batch.duties.iter().any(|(person, _)| *person == caller.person);
    let decides = may(caller, "batch.disposition.deciding");
    // What cannot be released can still be decided on.
    let deciding = matches!(signed, Some(Awaited::Decision { .. }));
    let rejects =
        decides && !had_a_part && !deciding && batch.containers.values().any(Container::is_undecided);
    html! {
        aside #sign tabindex="-1" aria-label=(reader.say(Quality::ForYou)) {
            h2 { (reader.say(Quality::ForYou)) }
            @match &form {
                Some((one, form)) => {
                    h3 { (words::awaited(reader.language, one, &reader.context)) }
                    (form)
                }
                None if decides && had_a_part => { p { (reader.say(Quality::YouHadAPart)) } }
                None if links.is_empty() && !rejects => { p.muted { (reader.say(Quality::NothingToSign)) } }
                None => {}
            }
            @if !links.is_empty() || rejects {
                ul.to-do {
                    @for one in links { li { (next::link(reader, batch, one)) } }
                    @if rejects { li { a href=(next::rejecting(batch)) { (reader.say(Quality::RejectContainers)) } } }
                }
            }
            @if !others.is_empty() {
                details {
                    summary { (reader.say(Quality::AwaitsOthers)) " (" (others.len()) ")" }
                    ul.others {
                        @for one in others {
                            li {
                                (words::awaited(reader.language, one, &reader.context))
                                small.muted { (roles(reader, one)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn roles(reader: &Reader, one: &Awaited) -> String {
    let roles = roles_for(one.action()).iter().map(|role| words::role(reader.language, *role));
    roles.collect::<Vec<_>>().join(" · ")
}
