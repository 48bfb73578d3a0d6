//! By what somebody shows who he is: the password, a badge with a PIN, or a program's token. The last two are lent less than
//! his roles include.

use crate::words::{self, Language};
use baiyo_domain::authority::{self, scope_of};
use baiyo_persistence::accounts::Program;
use std::sync::Arc;
use uuid::Uuid;

/// By what a request is somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// A session that began by the password, a passkey or a provider: nothing that is his is kept from it.
    Password,
    /// A session that began by badge and PIN at a shared tablet.
    Pin,
    /// A program's token.
    Program(Arc<Program>),
}

impl Means {
    /// Whether an action of its owner's is lent to it.
    pub fn covers(&self, action: &str) -> bool {
        match self {
            Means::Password => true,
            Means::Pin => authority::by_pin(action),
            Means::Program(program) => program.covers(action),
        }
    }

    /// The program that asks, as the log tells of it.
    pub fn program(&self) -> Option<Uuid> {
        match self {
            Means::Program(program) => Some(program.id),
            Means::Password | Means::Pin => None,
        }
    }

    /// Why an action of its owner's is not lent to it: a code, and a sentence that names what is missing.
    pub fn refusal(&self, action: &str, language: Language) -> Option<(&'static str, String)> {
        let scope = scope_of(action);
        match (self, scope) {
            (Means::Password, _) => None,
            (Means::Pin, _) => {
                Some((PASSWORD_NEEDED, words::text(language, words::Account::PasswordNeeded).into()))
            }
            (Means::Program(program), Some(scope)) if !program.scopes.contains(&scope) => {
                let sentence = match language {
                    Language::En => format!(
                        "This token\u{2019}s scope does not include it: it needs {} ({}).",
                        scope.word(),
                        words::scope(language, scope)
                    ),
                    Language::Ja => format!(
                        "このAPIトークンの範囲に含まれていません。必要な範囲：{}（{}）",
                        scope.word(),
                        words::scope(language, scope)
                    ),
                };
                Some((OUT_OF_SCOPE, sentence))
            }
            (Means::Program(_), Some(_)) => {
                Some((SIGNS_NOTHING, words::text(language, words::Account::DeviceSignsNothing).into()))
            }
            (Means::Program(_), None) => {
                Some((SESSION_NEEDED, words::text(language, words::Account::SessionNeeded).into()))
            }
        }
    }
}

/// The reason's name where a token is lent too little.
pub const OUT_OF_SCOPE: &str = "out_of_scope";
/// The reason's name where an instrument's token would sign.
pub const SIGNS_NOTHING: &str = "device_signs_nothing";
/// The reason's name where only a person may, in a session.
pub const SESSION_NEEDED: &str = "session_needed";
/// The reason's name where a PIN does not do.
pub const PASSWORD_NEEDED: &str = "password_needed";
