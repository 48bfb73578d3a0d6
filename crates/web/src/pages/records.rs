//! The record as a whole: exported, verified, rebuilt, and standards filed from files. Each is a job that is started here,
//! goes on when its page is left, is found again and may be stopped.

use super::form::{Fault, summary};
use super::frame::Frame;
use super::live::Change;
use super::reader::{Names, Reader, or_dash};
use super::status_chip::{Look, chip};
use super::{Answer, form_problem, may, see_other, uploaded};
use crate::api::problem::{Kind as ProblemKind, Problem};
use crate::api::reading::read;
use crate::jobs::{Begun, Job, Kind, Outcome, Said, Standing, Work, kinds};
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Language, Records, Sheet, Thing};
use actix_files::NamedFile;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// Where the page is.
pub const RECORDS: &str = "/records";

/// Whether one of the jobs is this person's to start.
pub fn is_for(caller: &Caller) -> bool {
    ACTIONS.iter().any(|action| may(caller, action))
}

/// What jobs do: whoever may do one of these looks at the page of all.
pub const ACTIONS: [&str; Kind::ALL.len()] = {
    let mut actions = [""; Kind::ALL.len()];
    let mut at = 0;
    while at < actions.len() {
        actions[at] = Kind::ALL[at].action();
        at += 1;
    }
    actions
};

/// What is sent to start a job.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    job: String,
    checkpoint: String,
}

/// Shows what can be started, and what was started lately.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = admitted(&request, &state).await?;
    overview(&request, &state, &caller, StatusCode::OK, Typed::default()).await
}

/// Starts a job, and goes to its page; where one of its kind is at work that does the same, to that one's.
pub async fn start(
    request: HttpRequest,
    asked: Result<web::Form<Asked>, actix_web::Error>,
    state: web::Data<State>,
) -> Answer {
    let caller = admitted(&request, &state).await?;
    let missing = || Problem::new(ProblemKind::NotFound, caller.language);
    let asked = asked.map_err(|error| form_problem(&error, caller.language))?.into_inner();
    let kind = Kind::named(&asked.job).ok_or_else(missing)?;
    let caller = session::admit(&request, &state, kind.action()).await?;
    // Copied from a page or read from a code, it has lost the end of its last line, or won some.
    let kept = asked.checkpoint.replace("\r\n", "\n");
    let kept = Some(kept.trim()).filter(|note| !note.is_empty()).map(|note| format!("{note}\n"));
    let own = kept.is_some();
    let work = match kind {
        Kind::Export => kinds::export(&state.store),
        Kind::Verification => kinds::verification(&state.store, kept),
        Kind::Rebuild => kinds::rebuild(&state.store),
        // Its files come to an address of their own.
        Kind::StandardImport => return Err(missing()),
    };
    match started(&state, &caller, kind, work).await? {
        Begun::AtWork(_) if own => {
            let typed = Typed { checkpoint: &asked.checkpoint, faults: &[at_work(&caller)] };
            overview(&request, &state, &caller, StatusCode::CONFLICT, typed).await
        }
        Begun::Now(id) | Begun::AtWork(id) => Ok(see_other(&format!("{RECORDS}/{id}"))),
    }
}

/// Files standards from files; where one of them cannot be read, none is filed, and all that cannot are named.
pub async fn import(request: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Answer {
    let kind = Kind::StandardImport;
    let caller = session::admit(&request, &state, kind.action()).await?;
    let sent = uploaded::read(&request, payload, kinds::MOST_OF_A_STANDARD, caller.language).await?;
    let reader = Reader::new(caller.language, state.zone);
    let mut faults = Vec::new();
    let mut standards = Vec::new();
    for file in &sent.files {
        match kinds::standard_in(file.content.as_deref()) {
            Ok(standard) => standards.push(standard),
            Err(unread) => {
                let sentence = words::unread(reader.language, &file.name, &unread);
                faults.push(Fault::of("files", &sentence));
            }
        }
    }
    if sent.files.is_empty() {
        faults.push(Fault::of("files", reader.say(Records::NoFile)));
    }
    if !faults.is_empty() {
        let typed = Typed { faults: &faults, ..Typed::default() };
        return overview(&request, &state, &caller, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let work =
        kinds::standard_import(&state.store, caller.person, caller.source.clone(), standards, state.zone);
    match started(&state, &caller, kind, work).await? {
        Begun::Now(id) => Ok(see_other(&format!("{RECORDS}/{id}"))),
        Begun::AtWork(_) => {
            let typed = Typed { faults: &[at_work(&caller)], ..Typed::default() };
            overview(&request, &state, &caller, StatusCode::CONFLICT, typed).await
        }
    }
}

/// Shows one job.
pub async fn job(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let (caller, job) = found(&request, &id, &state).await?;
    let names = read(&state, &caller, Names::of_centre).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let content = html! {
        div.title { h1 { (name(&reader, job.kind)) } }
        dl.facts {
            div { dt { (reader.say(Records::Began)) } dd { (reader.time(job.began_at)) } }
            div { dt { (reader.say(Records::By)) } dd { (or_dash(names.call(Thing::Person(job.person)))) } }
        }
        section #job data-running=[(job.standing == Standing::Running).then_some("yes")] {
            p role="status" data-part="standing" { (standing(&reader, &job)) }
            div data-part="far" { (how_far(&reader, &job)) }
            div.actions data-part="acts" { (acts(&reader, &job)) }
            div data-part="told" { (told(&reader, &job)) }
        }
        p { a href=(RECORDS) { (reader.say(Records::AllJobs)) } }
    };
    Ok(frame.ok(name(&reader, job.kind), content))
}

/// Asks a job to stop.
pub async fn stop(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let (caller, job) = found(&request, &id, &state).await?;
    if job.standing == Standing::Running {
        let jobs = web::Data::clone(&state);
        unless_unavailable(&caller, web::block(move || jobs.jobs.stop(job.id)).await)?;
    }
    Ok(see_other(&format!("{RECORDS}/{}", job.id)))
}

/// Hands out the file that a job made.
pub async fn take_away(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let (caller, job) = found(&request, &id, &state).await?;
    let missing = || Problem::new(ProblemKind::NotFound, caller.language);
    if !matches!(&job.standing, Standing::Finished(outcome) if outcome.file) {
        return Err(missing());
    }
    let file = NamedFile::open_async(state.jobs.file(job.id)).await.map_err(|_| missing())?;
    let called = format!("baiyo-{}-{}.json", job.kind.name(), job.began_at.utc().format("%Y%m%dT%H%M%SZ"));
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(called)],
    };
    let mut answer = file.set_content_disposition(disposition).into_response(&request);
    answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// Whoever may do any of the jobs.
async fn admitted(request: &HttpRequest, state: &web::Data<State>) -> Result<Caller, Problem> {
    let caller = session::who(request, state).await?;
    let any = ACTIONS.into_iter().find(|action| may(&caller, action));
    session::admit(request, state, any.unwrap_or(Kind::Verification.action())).await
}

/// A job, for whoever may do what it does.
async fn found(request: &HttpRequest, id: &str, state: &web::Data<State>) -> Result<(Caller, Job), Problem> {
    let caller = admitted(request, state).await?;
    let missing = || Problem::new(ProblemKind::NotFound, caller.language);
    let id = Uuid::try_parse(id).map_err(|_| missing())?;
    let jobs = web::Data::clone(state);
    let job = web::block(move || jobs.jobs.job(id)).await.ok().flatten();
    let job = job.filter(|job| may(&caller, job.kind.action())).ok_or_else(missing)?;
    Ok((caller, job))
}

/// What was typed, and what is wrong with it.
#[derive(Clone, Copy, Default)]
struct Typed<'a> {
    checkpoint: &'a str,
    faults: &'a [Fault],
}

/// What was asked for is not what is at work.
fn at_work(caller: &Caller) -> Fault {
    Fault { field: None, sentence: words::text(caller.language, Records::AtWork).into() }
}

async fn started(
    state: &web::Data<State>,
    caller: &Caller,
    kind: Kind,
    work: Work,
) -> Result<Begun, Problem> {
    let (person, jobs) = (caller.person, web::Data::clone(state));
    let changes = state.changes.clone();
    let work: Work = Box::new(move |watch, file| {
        let ended = work(watch, file);
        if kind.writes() {
            // Nobody listens: nobody is told.
            let _ = changes.send(Change::Other.here());
        }
        ended
    });
    let begun = web::block(move || {
        let (now, _) = jobs.store.now();
        jobs.jobs.start(kind, person, now, work)
    });
    unless_unavailable(caller, begun.await)
}

fn unless_unavailable<T>(
    caller: &Caller,
    outcome: Result<std::io::Result<T>, actix_web::error::BlockingError>,
) -> Result<T, Problem> {
    outcome
        .ok()
        .and_then(|outcome| outcome.inspect_err(|error| tracing::error!(%error, "a job's file")).ok())
        .ok_or_else(|| Problem::new(ProblemKind::Unavailable, caller.language))
}

async fn overview(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    status: StatusCode,
    typed: Typed<'_>,
) -> Answer {
    let jobs = web::Data::clone(state);
    let all = web::block(move || jobs.jobs.all()).await;
    let mut all = all.map_err(|_| Problem::new(ProblemKind::Unavailable, caller.language))?;
    all.retain(|job| may(caller, job.kind.action()));
    let names = read(state, caller, Names::of_centre).await?;
    let frame = Frame::new(request, state, Some(caller));
    let reader = Reader::new(caller.language, state.zone);
    let content = html! {
        div.title { h1 { (reader.say(Records::Title)) } }
        (summary(reader.language, typed.faults))
        p { (reader.say(Records::Explained)) }
        @for kind in Kind::ALL.into_iter().filter(|kind| may(caller, kind.action())) { (offer(&reader, kind, typed)) }
        section #jobs {
            h2 { (reader.say(Records::Jobs)) }
            @if all.is_empty() { p.empty { (reader.say(Records::NoJobs)) } } @else { (table(&reader, &all, &names)) }
        }
    };
    Ok(frame.answer(status, reader.say(Records::Title), content))
}

/// One kind of job, with the form that starts it.
fn offer(reader: &Reader, kind: Kind, typed: Typed) -> Markup {
    let explained = match kind {
        Kind::Export => Records::ExportExplained,
        Kind::Verification => Records::VerificationExplained,
        Kind::Rebuild => Records::RebuildExplained,
        Kind::StandardImport => Records::StandardImportExplained,
    };
    html! {
        section.job id=(kind.name()) {
            h2 { (name(reader, kind)) }
            p { (reader.say(explained)) }
            @let files = kind == Kind::StandardImport;
            form method="post" action={ (RECORDS) @if files { "/standards" } }
                enctype=[files.then_some("multipart/form-data")] {
                @if files {
                    div.field {
                        label for="files" { (reader.say(Records::Files)) }
                        p.hint id="files-hint" { (reader.say(Records::FilesHint)) }
                        input type="file" id="files" name="files" accept=".toml" multiple required
                            aria-describedby="files-hint";
                    }
                } @else {
                    input type="hidden" name="job" value=(kind.name());
                }
                @if kind == Kind::Verification {
                    details open[!typed.checkpoint.is_empty()] {
                        summary { (reader.say(Records::KeptCheckpoint)) " (" (reader.say(Sheet::Optional)) ")" }
                        div.field {
                            label for="checkpoint" { (reader.say(Records::KeptCheckpoint)) }
                            p.hint id="checkpoint-hint" { (reader.say(Records::KeptCheckpointHint)) }
                            textarea id="checkpoint" name="checkpoint" rows="6" maxlength="4096" spellcheck="false"
                                aria-describedby="checkpoint-hint" { (typed.checkpoint) }
                        }
                    }
                }
                button type="submit" { (reader.say(Records::Start)) span.unseen { ": " (name(reader, kind)) } }
            }
        }
    }
}

fn table(reader: &Reader, jobs: &[Job], names: &Names) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Records::Jobs)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Records::Job, Records::Standing, Records::HowFar, Records::Began, Records::By] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody {
                    @for job in jobs {
                        tr data-row tabindex="-1" {
                            th.wide scope="row" { a href={ (RECORDS) "/" (job.id) } { (name(reader, job.kind)) } }
                            td { (standing(reader, job)) }
                            td { (or_dash(percent(job).map(|percent| format!("{percent} %")))) }
                            td { (reader.time(job.began_at)) }
                            td { (or_dash(names.call(Thing::Person(job.person)))) }
                        }
                    }
                }
            }
        }
    }
}

fn name(reader: &Reader, kind: Kind) -> &'static str {
    reader.say(match kind {
        Kind::Export => Records::Export,
        Kind::Verification => Records::Verification,
        Kind::Rebuild => Records::Rebuild,
        Kind::StandardImport => Records::StandardImport,
    })
}

fn standing(reader: &Reader, job: &Job) -> Markup {
    let (look, word) = match &job.standing {
        Standing::Running => (Look::Active, Records::Running),
        Standing::Finished(outcome) if outcome.good => (Look::Good, Records::Finished),
        Standing::Finished(_) => (Look::Warning, Records::FinishedBad),
        Standing::Stopped => (Look::Held, Records::Stopped),
        Standing::Interrupted => (Look::Held, Records::Interrupted),
        Standing::Failed(_) => (Look::Bad, Records::Failed),
    };
    chip(look, reader.say(word))
}

/// How much of it is done, in per cent; nothing while it is not known how much there is.
fn percent(job: &Job) -> Option<u64> {
    match job.standing {
        Standing::Finished(_) => Some(100),
        // Until it says that it has finished, something is left to do.
        _ => (job.done * 100).checked_div(job.total).map(|percent| percent.min(99)),
    }
}

fn how_far(reader: &Reader, job: &Job) -> Markup {
    if job.standing != Standing::Running {
        return html! {};
    }
    html! {
        @match percent(job) {
            Some(percent) => {
                progress aria-label=(reader.say(Records::HowFar)) max="100" value=(percent) {}
                p { (percent) " " (reader.say(Records::Percent)) }
            }
            None => {
                progress aria-label=(reader.say(Records::HowFar)) {}
                p { (reader.say(Records::Preparing)) }
            }
        }
        p { (reader.say(Records::MayLeave)) }
    }
}

/// What can be done about it.
fn acts(reader: &Reader, job: &Job) -> Markup {
    let address = format!("{RECORDS}/{}", job.id);
    match &job.standing {
        Standing::Running => html! {
            form method="post" action={ (address) "/stop" } {
                button.quiet type="submit" { (reader.say(Records::StopIt)) }
            }
            a.button.quiet href=(address) { (reader.say(Records::Again)) }
        },
        Standing::Finished(outcome) if outcome.file => html! {
            a.button href={ (address) "/file" } { (reader.say(Records::TakeAway)) }
        },
        _ => html! {},
    }
}

/// How it ended.
fn told(reader: &Reader, job: &Job) -> Markup {
    match &job.standing {
        Standing::Running => html! {},
        Standing::Finished(outcome) => html! {
            p { (said(reader, &outcome.summary)) }
            (sentences(reader, Records::Findings, outcome))
            (sentences(reader, Records::Notes, outcome))
        },
        Standing::Stopped => html! { p { (reader.say(Records::StoppedExplained)) } },
        Standing::Interrupted if job.kind == Kind::StandardImport => {
            html! { p { (reader.say(Records::ImportInterrupted)) } }
        }
        Standing::Interrupted => html! { p { (reader.say(Records::InterruptedExplained)) } },
        Standing::Failed(why) => html! { p lang="en" { (why) } },
    }
}

fn sentences(reader: &Reader, which: Records, outcome: &Outcome) -> Markup {
    let said_of = if which == Records::Findings { &outcome.findings } else { &outcome.notes };
    html! {
        @if !said_of.is_empty() {
            h2 { (reader.say(which)) }
            ul { @for sentence in said_of { li { (said(reader, sentence)) } } }
        }
    }
}

fn said<'a>(reader: &Reader, said: &'a Said) -> &'a str {
    match reader.language {
        Language::En => &said.en,
        Language::Ja => &said.ja,
    }
}
