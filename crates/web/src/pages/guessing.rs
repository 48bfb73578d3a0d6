//! Tells administrators, where they begin, on whose account many wrong passwords were tried lately.

use super::reader::{Names, Reader};
use super::status_chip::Look;
use crate::api::problem::Problem;
use crate::api::reading::read;
use crate::server::State;
use crate::session::Caller;
use crate::words::Account;
use actix_web::{HttpMessage, HttpRequest, web};
use baiyo_domain::authority::Role;
use baiyo_domain::ids::PersonId;
use baiyo_persistence::accounts;
use maud::{Markup, html};

/// What stands above a page's content, whichever it is.
#[derive(Clone)]
pub struct Told(pub Markup);

/// Has the page of this request tell an administrator of accounts that are guessed at; until a quarter of an hour has
/// passed without.
///
/// # Errors
/// The records cannot be read.
pub async fn tell(request: &HttpRequest, state: &web::Data<State>, caller: &Caller) -> Result<(), Problem> {
    if !caller.roles.contains(&Role::Administrator) {
        return Ok(());
    }
    let (now, _) = state.store.now();
    let found = read(state, caller, move |conn| {
        let guessed = accounts::guessed_at(conn, now)?;
        let names = if guessed.is_empty() { None } else { Some(Names::of_centre(conn)?) };
        Ok(names.map(|names| (guessed, names)))
    });
    if let Some((guessed, names)) = found.await? {
        let reader = Reader::new(caller.language, state.zone);
        request.extensions_mut().insert(Told(notice(&reader, &guessed, &names)));
    }
    Ok(())
}

fn notice(reader: &Reader, guessed: &[(PersonId, i64)], names: &Names) -> Markup {
    html! {
        section.notice.bad aria-labelledby="guessed" {
            h2 #guessed { (Look::Warning.icon()) (reader.say(Account::Guessed)) }
            ul {
                @for (person, wrong) in guessed {
                    li { a href={ "/people/" (person.0) } { (names.person(*person)) } ": " (wrong) }
                }
            }
            p { (reader.say(Account::GuessedHelp)) }
        }
    }
}
