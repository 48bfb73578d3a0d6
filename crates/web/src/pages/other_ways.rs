//! Other ways to sign in than by password, where the program was built with them and the site chose them: what the pages
//! for signing in, of one's own account and of a person show of them.
#![cfg_attr(
    not(all(feature = "passkeys", feature = "openid")),
    allow(unused_variables, unused_mut, reason = "what is not built shows nothing")
)]

use super::Page;
use super::frame::Frame;
#[cfg(any(feature = "passkeys", feature = "openid"))]
use super::reader::Reader;
use crate::api::problem::Problem;
#[cfg(any(feature = "passkeys", feature = "openid"))]
use crate::api::reading::read;
use crate::server::State;
use crate::session::Caller;
use crate::words::Ways;
use actix_web::{HttpRequest, web};
use baiyo_domain::people::Person;
#[cfg(any(feature = "passkeys", feature = "openid"))]
use baiyo_persistence::accounts;
use baiyo_persistence::accounts::Entrance;
use maud::{Markup, html};

/// The pages of what was built in.
pub fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    #[cfg(feature = "passkeys")]
    pages.extend(super::passkeys::pages());
    #[cfg(feature = "openid")]
    pages.extend(super::provider::pages());
    pages
}

/// What is offered beside the password.
pub fn to_sign_in(frame: &Frame, state: &State, to: &str) -> Markup {
    let mut offered: Vec<Markup> = Vec::new();
    #[cfg(feature = "passkeys")]
    if state.settings.passkey_origin.is_some() {
        offered.push(super::passkeys::at_sign_in(frame, to));
    }
    #[cfg(feature = "openid")]
    if state.settings.openid_issuer.is_some() {
        offered.push(super::provider::at_sign_in(frame, to));
    }
    html! { @for one in offered { (one) } }
}

/// What serves whoever must have a second factor as well as codes do.
pub fn instead_of_a_factor(frame: &Frame, state: &State) -> Markup {
    let mut offered: Option<Markup> = None;
    #[cfg(feature = "passkeys")]
    if state.settings.passkey_origin.is_some() {
        offered = Some(super::passkeys::instead_of_codes(frame));
    }
    html! { @if let Some(offered) = offered { (offered) } }
}

/// What somebody has of them, on his own page.
///
/// # Errors
/// The records cannot be read.
pub async fn of_account(state: &web::Data<State>, caller: &Caller) -> Result<Markup, Problem> {
    let mut own: Vec<Markup> = Vec::new();
    #[cfg(feature = "passkeys")]
    if state.settings.passkey_origin.is_some() {
        let person = caller.person;
        let passkeys = read(state, caller, move |conn| Ok(accounts::passkeys_of(conn, person)?)).await?;
        own.push(super::passkeys::table(&Reader::new(caller.language, state.zone), &passkeys, None));
    }
    #[cfg(feature = "openid")]
    if let Some(issuer) = state.settings.openid_issuer.clone() {
        let person = caller.person;
        let link =
            read(state, caller, move |conn| Ok(accounts::provider_link(conn, &issuer, person)?)).await?;
        own.push(super::provider::of_account(&Reader::new(caller.language, state.zone), link.as_ref()));
    }
    Ok(html! { @for one in own { (one) } })
}

/// What somebody else has of them, for whoever may end it.
///
/// # Errors
/// The records cannot be read.
pub async fn of_person(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    person: &Person,
) -> Result<Markup, Problem> {
    let mut his: Vec<Markup> = Vec::new();
    #[cfg(any(feature = "passkeys", feature = "openid"))]
    if super::may(caller, "person.setup_link") && person.id != caller.person && !person.left {
        let (id, reader) = (person.id, Reader::new(caller.language, state.zone));
        #[cfg(feature = "passkeys")]
        if state.settings.passkey_origin.is_some() {
            let passkeys = read(state, caller, move |conn| Ok(accounts::passkeys_of(conn, id)?)).await?;
            his.push(super::passkeys::table(&reader, &passkeys, Some(id)));
        }
        #[cfg(feature = "openid")]
        if let Some(issuer) = state.settings.openid_issuer.clone() {
            let link =
                read(state, caller, move |conn| Ok(accounts::provider_link(conn, &issuer, id)?)).await?;
            let frame = Frame::new(request, state, Some(caller));
            his.push(super::provider::of_person(&frame, &reader, id, link.as_ref(), "", &[]));
        }
    }
    Ok(html! { @for one in his { (one) } })
}

/// By which other way a session began.
pub fn entered_by(entrance: Entrance) -> Option<Ways> {
    match entrance {
        // Where it began by badge and PIN that is said anyway.
        Entrance::Password | Entrance::Pin => None,
        Entrance::Passkey => Some(Ways::ByPasskey),
        Entrance::Provider | Entrance::ProviderAndFactor => Some(Ways::ByProvider),
    }
}
