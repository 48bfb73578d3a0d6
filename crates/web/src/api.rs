//! The API under `/api/v1`: one table of operations from which routes, authority and OpenAPI are made. A form of
//! the domain becomes a route by being listed in its stage; nothing is registered twice.

pub mod access;
pub mod accounts;
pub mod blobs;
pub mod board;
pub mod centre;
pub mod disclosures;
pub mod forms;
pub mod histories;
pub mod items;
pub mod json;
pub mod openapi;
pub mod own_account;
pub mod problem;
pub mod reading;
pub mod schema_check;
pub mod unchanged;
pub mod views;

use crate::admission::{admitting, admitting_to};
use crate::session;
use actix_web::{HttpRequest, Route, Scope, web};
use baiyo_domain::authority::{Meaning, meaning_of};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{BatchId, OrderId, PersonId, QualityEventId, StandardId};
use baiyo_domain::variants::{Form, FormError};
use baiyo_domain::{batch, order, people, quality_event, site, standard};
use openapi::Described;
use problem::{Kind, Problem};
use schemars::{Schema, SchemaGenerator};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// One operation that submits a form of the domain.
#[derive(Clone)]
pub struct FormRoute {
    /// Its path below [`BASE`].
    pub path: String,
    /// The action in the table of authority.
    pub action: String,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether it makes something new, so that its path names nothing.
    pub creates: bool,
    /// What its signature means, if it is a signing.
    pub meaning: Option<Meaning>,
    /// The form's schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Makes the command of a body, aimed at an identifier.
    pub read: Arc<dyn Fn(Uuid, serde_json::Value) -> Result<Command, FormError> + Send + Sync>,
}

/// Every operation that submits a form.
pub fn form_routes() -> Vec<FormRoute> {
    let mut routes = Vec::new();
    add(&mut routes, "site", "site", &[], site::Command::FORMS, |_, form| Command::Site(form));
    add(&mut routes, "people", "person", &["invitation"], people::Command::FORMS, |id, form| {
        Command::Person(PersonId(id), form)
    });
    add(&mut routes, "standards", "standard", &["draft"], standard::Command::FORMS, |id, form| {
        Command::Standard(StandardId(id), form)
    });
    add(&mut routes, "orders", "order", &["placement"], order::Command::FORMS, |id, form| {
        Command::Order(OrderId(id), form)
    });
    add(
        &mut routes,
        "quality_events",
        "quality_event",
        &["report"],
        quality_event::Command::FORMS,
        |id, form| Command::QualityEvent(QualityEventId(id), form),
    );
    macro_rules! stages {
        ($($stage:ident => $variant:ident),*) => {$(
            let action = concat!("batch.", stringify!($stage));
            add(&mut routes, "batches", action, &["opening"], batch::$stage::Command::FORMS, |id, form| {
                Command::Batch(BatchId(id), batch::Command::$variant(form))
            });
        )*};
    }
    stages!(
        intake => Intake, culture => Culture, filling => Filling, testing => Testing,
        disposition => Disposition, distribution => Distribution
    );
    routes
}

fn add<T: 'static>(
    routes: &mut Vec<FormRoute>,
    collection: &str,
    action: &str,
    creating: &[&str],
    forms: &'static [Form<T>],
    aim: fn(Uuid, T) -> Command,
) {
    for form in forms {
        let creates = creating.contains(&form.name);
        let path = match (collection, creates) {
            ("site", _) => format!("/site/{}", form.name),
            (_, true) => format!("/{collection}"),
            (_, false) => format!("/{collection}/{{id}}/{}", form.name),
        };
        let action = format!("{action}.{}", form.name);
        routes.push(FormRoute {
            path,
            meaning: meaning_of(&action),
            action,
            purpose: form.purpose.trim(),
            creates: creates || collection == "site",
            schema: form.schema,
            read: Arc::new(move |id, value| (form.read)(value).map(|read| aim(id, read))),
        });
    }
}

/// Registers everything below [`BASE`].
pub fn configure(config: &mut web::ServiceConfig) {
    let nowhere = |request: &HttpRequest| Problem::new(Kind::NotFound, session::language(request)).into();
    let scope = web::scope(BASE)
        .app_data(web::PathConfig::default().error_handler(move |_, request| nowhere(request)))
        .app_data(web::QueryConfig::default().error_handler(move |_, request| nowhere(request)));
    let scope = by_thing(routes()).into_iter().fold(scope, |scope, (thing, routes)| match thing {
        None => registered(scope, routes),
        Some(thing) => scope.service(registered(web::scope(&thing), routes)),
    });
    config.service(scope);
}

/// Every operation that submits no form of the domain: registered, documented and admitted to by the same line.
pub fn described() -> impl Iterator<Item = &'static Described> {
    let own = own_account::described();
    reading::described().iter().chain(accounts::described()).chain(own).chain(blobs::described())
}

type Routes = Vec<(String, Route)>;

fn routes() -> Routes {
    let said = described().map(|described| {
        let (path, route) = (described.path.to_owned(), (described.route)());
        match described.method {
            "post" => (path, admitting(route, described.admits())),
            // Nothing is handed in: whoever asks is admitted by the handler.
            _ => (path, route),
        }
    });
    let forms = form_routes().into_iter().map(|route| {
        let (path, route) = (route.path.clone(), Arc::new(route));
        let form = Arc::clone(&route);
        let submit = move |request, body, state| forms::submit(Arc::clone(&route), request, body, state);
        (path, admitting_to(web::post().to(submit), form))
    });
    said.chain(forms).collect()
}

/// The routes below each path that ends in a parameter, by what follows it, and those without one. A request is compared
/// with a pattern for each kind of thing, not with one for each of some hundred forms. All routes of a kind call their
/// parameter alike, or some would never be reached.
fn by_thing(routes: Routes) -> BTreeMap<Option<String>, Routes> {
    let mut by_thing: BTreeMap<Option<String>, Routes> = BTreeMap::new();
    for (path, route) in routes {
        let (thing, rest) = match path.split_once('}') {
            Some((thing, rest)) => (Some(format!("{thing}}}")), rest.to_owned()),
            None => (None, path),
        };
        by_thing.entry(thing).or_default().push((rest, route));
    }
    by_thing
}

/// A scope with its routes; whatever leads nowhere in it is answered as everywhere.
fn registered(scope: Scope, routes: Routes) -> Scope {
    let scope = scope.default_service(web::to(reading::unknown));
    routes.into_iter().fold(scope, |scope, (path, route)| scope.route(&path, route))
}
