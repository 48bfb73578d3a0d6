//! Blobs: a picture is handed in once, under its SHA-256, and read by whoever may read a batch that names it.

use super::openapi::Described;
use super::problem::{Kind, Problem};
use super::reading::read;
use crate::malware::PATIENCE;
use crate::security_log::{self, Happened};
use crate::server::{SLOWEST_UPLOAD, State};
use crate::session::{self, Caller};
use crate::words::Language;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::blob::{Blob, MOST_BYTES, MediaType};
use baiyo_domain::ids::BatchId;
use baiyo_domain::journal::Hash;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{StoreError, blobs};
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use uuid::Uuid;

/// The action of handing one in.
pub const ADDITION: &str = "blob.addition";

/// A file that is kept.
#[derive(Serialize, JsonSchema)]
pub struct BlobView {
    /// Its SHA-256, by which entries name it.
    pub sha256: Hash,
    /// What it is, by its own first bytes.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub size: u32,
}

/// These routes, with their actions and what the document says of them.
pub fn described() -> &'static [Described] {
    static ALL: &[Described] = &[
        Described {
            method: "post",
            path: "/blobs",
            action: Some(ADDITION),
            route: || web::post().to(add),
            summary: "Hand in a picture (JPEG, PNG or WebP, at most 8 MiB), kept as it is under its SHA-256. What it is, \
                      its own first bytes say. The same one again is the same. Until an entry names it, it says nothing. A site's \
                      scanner may find malware in it (422) or not answer (503): it is not taken.",
            body: None,
            answer: Some(|g| g.subschema_for::<BlobView>()),
            query: &[],
            problems: &[Kind::TooLarge, Kind::Form],
            unchanged: false,
            pictures: true,
        },
        Described {
            method: "get",
            path: "/blobs/{sha256}",
            action: Some("read.batch"),
            route: || web::get().to(show),
            summary: "A picture as it was handed in, for whoever may read a batch that names it.",
            body: None,
            answer: None,
            query: &[("batch", "A batch that names it. A clinic must name one of its own.")],
            problems: &[Kind::NotFound],
            unchanged: false,
            pictures: true,
        },
    ];
    ALL
}

/// Where a picture of a batch is read.
pub fn address(hash: Hash, batch: BatchId) -> String {
    format!("{}/blobs/{hash}?batch={batch}", super::BASE)
}

/// Where a picture that was just handed in is read, at the centre alone.
pub fn kept_address(hash: Hash) -> String {
    format!("{}/blobs/{hash}", super::BASE)
}

/// Keeps a picture, once the site's scanner found nothing in it; a fault of it is that of the form's field at `pointer`.
///
/// # Errors
/// There is malware in it, it is no picture that is taken, or it cannot be looked through or kept now.
pub async fn keep(
    state: &web::Data<State>,
    caller: &Caller,
    bytes: Bytes,
    pointer: Option<&str>,
) -> Result<(Hash, Blob), Problem> {
    look_through(state, caller, &bytes, pointer).await?;
    let (store, person, language) = (Arc::clone(&state.store), caller.person, caller.language);
    let kept = web::block(move || store.keep_blob(bytes.to_vec(), person)).await;
    let kept = kept.map_err(|_| Problem::new(Kind::Unavailable, language))?;
    let kept = kept.map_err(|error| Problem::of_store(&error, language))?;
    kept.ok_or_else(|| {
        let sentence = match language {
            Language::En => "This is no picture in JPEG, PNG or WebP.",
            Language::Ja => "JPEG、PNG、WebPのいずれの画像でもありません。",
        };
        Problem::because(Kind::Form, language, "not_a_picture", pointer, sentence.into())
    })
}

/// Has the site's scanner look a file through, where it has one.
async fn look_through(
    state: &web::Data<State>,
    caller: &Caller,
    bytes: &Bytes,
    pointer: Option<&str>,
) -> Result<(), Problem> {
    let Some(scanner) = state.settings.malware_scanner.clone() else { return Ok(()) };
    let language = caller.language;
    let unavailable = || Problem::new(Kind::Unavailable, language);
    let content = bytes.clone();
    // Whoever waits behind others waits no longer for a turn than for an answer.
    let looked = match tokio::time::timeout(PATIENCE, state.scans.acquire()).await {
        Ok(turn) => {
            let _turn = turn.map_err(|_| unavailable())?;
            web::block(move || scanner.look_through(&content)).await.map_err(|_| unavailable())?
        }
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    };
    match looked {
        Ok(None) => Ok(()),
        Ok(Some(name)) => {
            tracing::warn!(name, "malware in a file that was handed in");
            security_log::note(Happened::MalwareFound, Some(caller.person));
            let sentence = match language {
                Language::En => format!("The scanner found malware in this file ({name}). It was not taken."),
                Language::Ja => {
                    format!("このファイルからマルウェア（{name}）が検出されました。保存されていません。")
                }
            };
            Err(Problem::because(Kind::Form, language, "malware_found", pointer, sentence))
        }
        Err(error) => {
            tracing::error!(%error, "a file could not be looked through for malware and was not taken");
            let sentence = match language {
                Language::En => {
                    "The malware scanner does not answer, so the file was not taken. Try again in a moment; \
                     if it lasts, tell whoever runs the server."
                }
                Language::Ja => {
                    "マルウェア検査が応答しないため、ファイルを保存できませんでした。しばらくしてからもう一度お試しください。\
                     続く場合は、サーバーの管理担当者に連絡してください。"
                }
            };
            Err(Problem::because(
                Kind::Unavailable,
                language,
                "scanner_unavailable",
                pointer,
                sentence.into(),
            ))
        }
    }
}

/// A picture is too large; a fault of the form's field at `pointer`, or of the whole body.
pub fn too_large(language: Language, pointer: Option<&str>) -> Problem {
    let sentence = match language {
        Language::En => {
            "A picture has at most 8 MiB. Choose a smaller one, or take it in a lower resolution."
        }
        Language::Ja => "画像は8 MiBまでです。小さい画像を選ぶか、解像度を下げて撮影してください。",
    };
    let kind = if pointer.is_some() { Kind::Form } else { Kind::TooLarge };
    Problem::because(kind, language, "picture_too_large", pointer, sentence.into())
}

async fn add(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, ADDITION).await?;
    let turn = state.uploads.acquire().await;
    let turn = turn.map_err(|_| Problem::new(Kind::Unavailable, caller.language))?;
    let bytes = tokio::time::timeout(SLOWEST_UPLOAD, whole(payload, caller.language)).await;
    // Others send theirs while this one is looked through.
    drop(turn);
    let bytes = bytes.unwrap_or_else(|_| Err(Problem::new(Kind::Form, caller.language)))?;
    let (sha256, blob) = keep(&state, &caller, bytes, None).await?;
    Ok(HttpResponse::Ok().json(BlobView { sha256, media_type: blob.media_type, size: blob.size }))
}

/// A body that is larger than a blob is read on so far, that whoever sends it hears why it is refused.
const HEARD_OUT: usize = 4 * MOST_BYTES;

async fn whole(mut payload: Payload, language: Language) -> Result<Bytes, Problem> {
    let (mut bytes, mut read) = (Vec::new(), 0);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Kind::Form, language))?;
        read += chunk.len();
        if read > HEARD_OUT {
            break;
        }
        if read <= MOST_BYTES {
            bytes.extend_from_slice(&chunk);
        }
    }
    if read > MOST_BYTES { Err(too_large(language, None)) } else { Ok(bytes.into()) }
}

async fn show(
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<HashMap<String, String>>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let hash = Hash::from_hex(&path).ok_or_else(missing)?;
    let batch = match query.get("batch") {
        Some(id) => Some(BatchId(Uuid::try_parse(id).map_err(|_| missing())?)),
        None => None,
    };
    let scope = caller.scope();
    let found = read(&state, &caller, move |conn| {
        // Whoever works at the centre may read every batch; a clinic names one of its own.
        let may = match batch {
            Some(id) => reading::batch(conn, scope, id)?.is_some_and(|batch| match scope {
                ClinicScope::Centre => batch.names_blob(hash),
                // What was attached by mistake and corrected is no longer its own.
                ClinicScope::Clinic(_) => {
                    batch.photographs.iter().any(|shot| shot.file.is_some_and(|(file, _)| file == hash))
                }
            }),
            None => scope == ClinicScope::Centre,
        };
        if may { Ok::<_, StoreError>(blobs::read(conn, hash)?) } else { Ok(None) }
    });
    let kept = found.await?.ok_or_else(missing)?;
    // Whatever else the bytes may be to a browser: here they are a picture of this kind, and nothing in them runs.
    Ok(HttpResponse::Ok()
        .content_type(kept.blob.media_type.name())
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox; frame-ancestors 'none'",
        ))
        .body(kept.bytes))
}
