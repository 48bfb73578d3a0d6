//! Problems (RFC 9457): one shape for everything that is refused, with every reason, the field it concerns and a
//! sentence in the caller's language. The status follows a written policy:
//!
//! 400 not JSON · 401 not signed in · 403 not this person's to do · 404 not there, or not for this person ·
//! 408 it came too slowly · 409 refused by the state of things · 412 changed meanwhile · 413 too large · 415 not JSON by
//! its type · 421 for another server · 422 the form is wrong · 428 the version acted on is missing · 429 too many tries ·
//! 431 its headers are too large · 503 cannot be kept now.

use super::schema_check::{Fault, FaultKind};
use crate::words::{self, Language};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use baiyo_domain::refusal::Reason;
use baiyo_domain::variants::FormError;
use baiyo_persistence::{ExecuteError, StoreError};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// A problem as it is sent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// Which kind: `about:blank`, or `/problems/<name>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Every reason.
    pub reasons: Vec<ProblemReason>,
    #[serde(skip)]
    #[schemars(skip)]
    retry_after: Option<u64>,
}

/// One reason.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProblemReason {
    /// Its stable name.
    pub code: String,
    /// The field it concerns, as a JSON pointer into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// A sentence in the caller's language.
    pub sentence: String,
    /// Its arguments, as the domain has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<serde_json::Value>,
}

/// The kinds of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body is no JSON.
    NotJson,
    /// Nobody is signed in, or the password is wrong.
    NotSignedIn,
    /// Not this person's to do.
    Forbidden,
    /// Not there, or not for this person.
    NotFound,
    /// The method is not known here.
    Method,
    /// It came too slowly.
    TooSlow,
    /// Refused by the state of things.
    Refused,
    /// It changed meanwhile.
    Changed,
    /// The body is too large.
    TooLarge,
    /// There are too many headers, or they are too large.
    HeadersTooLarge,
    /// For a server of another name.
    OtherHost,
    /// The body's type is not JSON.
    MediaType,
    /// The form is wrong.
    Form,
    /// The version acted on is missing.
    VersionMissing,
    /// Too many tries.
    TooManyTries,
    /// The records cannot be kept now.
    Unavailable,
    /// The database was lost before it said whether this was kept.
    Unknown,
    /// The stored records are wrong.
    Records,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 18] = [
        Kind::NotJson,
        Kind::NotSignedIn,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::Method,
        Kind::TooSlow,
        Kind::Refused,
        Kind::Changed,
        Kind::TooLarge,
        Kind::HeadersTooLarge,
        Kind::OtherHost,
        Kind::MediaType,
        Kind::Form,
        Kind::VersionMissing,
        Kind::TooManyTries,
        Kind::Unavailable,
        Kind::Unknown,
        Kind::Records,
    ];

    /// Its name in the problem's type.
    pub fn name(self) -> &'static str {
        match self {
            Kind::NotJson => "not-json",
            Kind::NotSignedIn => "not-signed-in",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not-found",
            Kind::Method => "method",
            Kind::TooSlow => "too-slow",
            Kind::Refused => "refused",
            Kind::Changed => "changed",
            Kind::TooLarge => "too-large",
            Kind::HeadersTooLarge => "headers-too-large",
            Kind::OtherHost => "other-host",
            Kind::MediaType => "media-type",
            Kind::Form => "form",
            Kind::VersionMissing => "version-missing",
            Kind::TooManyTries => "too-many-tries",
            Kind::Unavailable => "unavailable",
            Kind::Unknown => "unknown",
            Kind::Records => "records",
        }
    }

    /// Its status.
    pub fn status(self) -> StatusCode {
        match self {
            Kind::NotJson => StatusCode::BAD_REQUEST,
            Kind::NotSignedIn => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Method => StatusCode::METHOD_NOT_ALLOWED,
            Kind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Kind::Refused => StatusCode::CONFLICT,
            Kind::Changed => StatusCode::PRECONDITION_FAILED,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Kind::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Kind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::Form => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::VersionMissing => StatusCode::PRECONDITION_REQUIRED,
            Kind::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable | Kind::Unknown | Kind::Records => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Its words.
    pub fn title(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::En, Kind::NotJson) => "The body is not JSON",
            (Language::Ja, Kind::NotJson) => "本文がJSONではありません",
            (Language::En, Kind::NotSignedIn) => "Sign in first, with the right password",
            (Language::Ja, Kind::NotSignedIn) => "正しいパスワードでサインインしてください",
            (Language::En, Kind::Forbidden) => "Your role does not include this",
            (Language::Ja, Kind::Forbidden) => "あなたの役割ではこの操作はできません",
            (Language::En, Kind::NotFound) => "Not found",
            (Language::Ja, Kind::NotFound) => "見つかりません",
            (Language::En, Kind::Method) => "This address does not take this method",
            (Language::Ja, Kind::Method) => "このアドレスではこのメソッドを使えません",
            (Language::En, Kind::TooSlow) => "It came too slowly; nothing was kept",
            (Language::Ja, Kind::TooSlow) => "送信が途中で止まりました。何も保存されていません",
            (Language::En, Kind::Refused) => "Refused",
            (Language::Ja, Kind::Refused) => "受け付けられません",
            (Language::En, Kind::Changed) => "It changed meanwhile",
            (Language::Ja, Kind::Changed) => "その間に内容が変わりました",
            (Language::En, Kind::TooLarge) => "The body is too large",
            (Language::Ja, Kind::TooLarge) => "本文が大きすぎます",
            (Language::En, Kind::HeadersTooLarge) => "The request's headers are too large",
            (Language::Ja, Kind::HeadersTooLarge) => "要求のヘッダーが大きすぎます",
            (Language::En, Kind::OtherHost) => "This server is not known by that name",
            (Language::Ja, Kind::OtherHost) => "このサーバーはその名前では利用できません",
            (Language::En, Kind::MediaType) => "Send the body as application/json",
            (Language::Ja, Kind::MediaType) => "本文は application/json で送ってください",
            (Language::En, Kind::Form) => "The form has faults",
            (Language::Ja, Kind::Form) => "入力に誤りがあります",
            (Language::En, Kind::VersionMissing) => "Say which version you act on (If-Match)",
            (Language::Ja, Kind::VersionMissing) => "対象の版を If-Match で指定してください",
            (Language::En, Kind::TooManyTries) => "Too many tries; wait a little",
            (Language::Ja, Kind::TooManyTries) => "試行回数が多すぎます。しばらくお待ちください",
            (Language::En, Kind::Unavailable) => "The records cannot be written now; nothing was kept",
            (Language::Ja, Kind::Unavailable) => "現在記録できません。何も保存されていません",
            (Language::En, Kind::Unknown) => {
                "It is not known whether this was kept; look before you send it again"
            }
            (Language::Ja, Kind::Unknown) => "記録されたかどうか不明です。再送する前に確認してください",
            (Language::En, Kind::Records) => "The stored records need attention: run `baiyo verify`",
            (Language::Ja, Kind::Records) => {
                "保存された記録に異常があります。baiyo verify を実行してください"
            }
        }
    }
}

impl Problem {
    /// A problem without further reasons.
    pub fn new(kind: Kind, language: Language) -> Self {
        Self {
            kind: format!("/problems/{}", kind.name()),
            title: kind.title(language).into(),
            status: kind.status().as_u16(),
            reasons: Vec::new(),
            retry_after: None,
        }
    }

    /// A problem with one reason in words.
    pub fn because(
        kind: Kind,
        language: Language,
        code: &str,
        pointer: Option<&str>,
        sentence: String,
    ) -> Self {
        let mut problem = Self::new(kind, language);
        problem.reasons.push(ProblemReason {
            code: code.into(),
            pointer: pointer.map(String::from),
            sentence,
            arguments: None,
        });
        problem
    }

    /// Too many tries, until some seconds have passed.
    pub fn wait(language: Language, seconds: u64) -> Self {
        Self::later(Kind::TooManyTries, language, seconds)
    }

    /// A problem that will have passed in some seconds.
    pub fn later(kind: Kind, language: Language, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(kind, language) }
    }

    /// The faults of a body under its schema.
    pub fn faults(faults: Vec<Fault>, language: Language) -> Self {
        let mut problem = Self::new(Kind::Form, language);
        problem.reasons = faults
            .into_iter()
            .map(|fault| ProblemReason {
                code: fault_code(&fault.kind).into(),
                sentence: words::of_field(language, &fault.pointer, &fault_sentence(&fault.kind, language)),
                pointer: Some(fault.pointer),
                arguments: None,
            })
            .collect();
        problem
    }

    /// Fields that a body gives more than once.
    pub fn twice(kind: Kind, pointers: Vec<String>, language: Language) -> Self {
        let sentence = match language {
            Language::En => "This field is given more than once.",
            Language::Ja => "この項目が重複しています。",
        };
        let mut problem = Self::new(kind, language);
        problem.reasons = pointers
            .into_iter()
            .map(|pointer| ProblemReason {
                code: "given_twice".into(),
                sentence: words::of_field(language, &pointer, sentence),
                pointer: Some(pointer),
                arguments: None,
            })
            .collect();
        problem
    }

    /// A form that does not parse, though its schema found no fault: what its reader says is for developers.
    pub fn form(error: FormError, language: Language) -> Self {
        tracing::debug!(pointer = error.pointer, message = error.message, "a form does not parse");
        let sentence = match language {
            Language::En => "This value is not of the form that belongs here.",
            Language::Ja => "この項目の値の形式が正しくありません。",
        };
        let sentence = words::of_field(language, &error.pointer, sentence);
        Self::because(Kind::Form, language, "value", Some(&error.pointer), sentence)
    }

    /// What the domain or the store said of a command.
    pub fn of_execute(error: ExecuteError, language: Language, zone: Tz) -> Self {
        match error {
            ExecuteError::Refused(reasons) => Self::refused(&reasons, language, zone),
            ExecuteError::KeyReused => {
                let sentence = match language {
                    Language::En => "This Idempotency-Key was used for another request.",
                    Language::Ja => "この Idempotency-Key は別の要求に使われています。",
                };
                Self::because(Kind::Form, language, "key_reused", None, sentence.into())
            }
            ExecuteError::TooMany { seconds } => Self::wait(language, seconds),
            ExecuteError::Stranger => Self::new(Kind::NotSignedIn, language),
            ExecuteError::PasswordChanged => {
                let sentence = match language {
                    Language::En => "The password was changed meanwhile. Nothing was signed.",
                    Language::Ja => "その間にパスワードが変更されました。署名されていません。",
                };
                let at = Some("/signature/password");
                Self::because(Kind::NotSignedIn, language, "wrong_password", at, sentence.into())
            }
            ExecuteError::Impossible(why) => {
                tracing::error!(%why, "the stored history cannot have happened");
                Self::new(Kind::Records, language)
            }
            ExecuteError::Unavailable(why) => {
                tracing::error!(%why, "the records cannot be written");
                Self::new(Kind::Unavailable, language)
            }
            ExecuteError::Unknown(why) => {
                tracing::error!(%why, "the database was lost while it committed");
                Self::new(Kind::Unknown, language)
            }
        }
    }

    /// The domain's reasons.
    pub fn refused(reasons: &[Reason], language: Language, zone: Tz) -> Self {
        let mut problem = Self::new(kind_of(reasons), language);
        problem.reasons = reasons
            .iter()
            .map(|reason| {
                let mut arguments = serde_json::to_value(reason).unwrap_or_default();
                if let Some(fields) = arguments.as_object_mut() {
                    fields.remove("code");
                }
                let empty = arguments.as_object().is_none_or(serde_json::Map::is_empty);
                ProblemReason {
                    code: reason.code(),
                    pointer: reason.pointer(),
                    sentence: words::reason(language, reason, zone),
                    arguments: (!empty).then_some(arguments),
                }
            })
            .collect();
        problem
    }

    /// Something the store could not read.
    pub fn of_store(error: &StoreError, language: Language) -> Self {
        tracing::error!(%error, "cannot read the records");
        let kind = match error {
            StoreError::Impossible(_) => Kind::Records,
            StoreError::Unknown(_) => Kind::Unknown,
            _ => Kind::Unavailable,
        };
        Self::new(kind, language)
    }
}

/// The kind that a list of reasons makes: what the caller must mend first decides.
fn kind_of(reasons: &[Reason]) -> Kind {
    let has = |wanted: fn(&Reason) -> bool| reasons.iter().any(wanted);
    if has(|r| matches!(r, Reason::NotFound)) {
        Kind::NotFound
    } else if has(|r| {
        matches!(
            r,
            Reason::NotAllowed { .. }
                | Reason::NotForOneself
                | Reason::KeyNotRegistered
                | Reason::ReleaserHasDuty { .. }
                | Reason::HasDuty
        )
    }) {
        Kind::Forbidden
    } else if has(|r| matches!(r, Reason::SignatureNeeded { .. })) {
        Kind::NotSignedIn
    } else if has(|r| matches!(r, Reason::VersionConflict { .. })) {
        Kind::Changed
    } else if reasons.iter().all(|r| matches!(r, Reason::VersionNeeded { .. })) {
        Kind::VersionMissing
    } else if reasons.iter().all(|r| matches!(r, Reason::EntryTooLarge)) {
        Kind::TooLarge
    } else if reasons
        .iter()
        .all(|reason| reason.pointer().is_some() || matches!(reason, Reason::SpanEndsBeforeItBegins))
    {
        Kind::Form
    } else {
        Kind::Refused
    }
}

fn fault_code(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Missing => "missing",
        FaultKind::Unknown => "unknown_field",
        FaultKind::Type { .. } => "type",
        FaultKind::Choice { .. } => "choice",
        FaultKind::Length { .. } => "length",
        FaultKind::Range { .. } => "range",
        FaultKind::Form { .. } => "form",
        FaultKind::Number => "number",
        FaultKind::Digits => "digits",
        FaultKind::Blank => "blank",
        FaultKind::Hidden { .. } => "hidden_character",
        FaultKind::CheckCharacter => "check_character",
    }
}

fn fault_sentence(kind: &FaultKind, language: Language) -> String {
    let bounds = |least: Option<String>, most: Option<String>| match language {
        Language::En => match (least, most) {
            (Some(least), Some(most)) => format!("from {least} to {most}"),
            (Some(least), None) => format!("at least {least}"),
            (None, most) => format!("at most {}", most.unwrap_or_default()),
        },
        Language::Ja => match (least, most) {
            (Some(least), Some(most)) => format!("{least}から{most}まで"),
            (Some(least), None) => format!("{least}以上"),
            (None, most) => format!("{}以下", most.unwrap_or_default()),
        },
    };
    match (language, kind) {
        (Language::En, FaultKind::Missing) => "This field is required.".into(),
        (Language::Ja, FaultKind::Missing) => "この項目は必須です。".into(),
        (Language::En, FaultKind::Unknown) => "There is no such field.".into(),
        (Language::Ja, FaultKind::Unknown) => "この項目はありません。".into(),
        (Language::En, FaultKind::Type { expected }) => format!("This must be of type {expected}."),
        (Language::Ja, FaultKind::Type { expected }) => format!("型は {expected} でなければなりません。"),
        (Language::En, FaultKind::Choice { allowed }) => {
            format!("This must be one of: {}.", allowed.join(", "))
        }
        (Language::Ja, FaultKind::Choice { allowed }) => {
            format!("次のいずれかにしてください：{}。", allowed.join("、"))
        }
        (Language::En, FaultKind::Length { least, most }) => {
            format!(
                "The length must be {}.",
                bounds(least.map(|n| n.to_string()), most.map(|n| n.to_string()))
            )
        }
        (Language::Ja, FaultKind::Length { least, most }) => {
            format!(
                "長さは{}にしてください。",
                bounds(least.map(|n| n.to_string()), most.map(|n| n.to_string()))
            )
        }
        (Language::En, FaultKind::Range { least, most }) => {
            format!("This must be {}.", bounds(least.map(|n| n.to_string()), most.map(|n| n.to_string())))
        }
        (Language::Ja, FaultKind::Range { least, most }) => {
            format!(
                "値は{}にしてください。",
                bounds(least.map(|n| n.to_string()), most.map(|n| n.to_string()))
            )
        }
        (Language::En, FaultKind::Form { hint }) => format!("This must look like {hint}."),
        (Language::Ja, FaultKind::Form { hint }) => format!("次の形式にしてください：{hint}。"),
        (Language::En, FaultKind::Number) => {
            "Write half-width digits with at most one point, such as 0.073.".into()
        }
        (Language::Ja, FaultKind::Number) => {
            "半角数字で、小数点は1つまでにしてください（例：0.073）。".into()
        }
        (Language::En, FaultKind::Digits) => "At most 18 digits are kept.".into(),
        (Language::Ja, FaultKind::Digits) => "18桁以内にしてください。".into(),
        (Language::En, FaultKind::Blank) => "This is empty.".into(),
        (Language::Ja, FaultKind::Blank) => "空白だけになっています。".into(),
        (Language::En, FaultKind::Hidden { code }) => {
            format!("It contains the invisible character U+{code:04X}.")
        }
        (Language::Ja, FaultKind::Hidden { code }) => format!("見えない文字 U+{code:04X} が含まれています。"),
        (Language::En, FaultKind::CheckCharacter) => {
            "The label's check character does not fit: read it again.".into()
        }
        (Language::Ja, FaultKind::CheckCharacter) => {
            "ラベルの検査文字が合いません。もう一度読み取ってください。".into()
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(serde_json::to_vec(self).unwrap_or_default())
    }
}
