//! Forms that carry files, as browsers send them without scripts (`multipart/form-data`): what was typed, and the files,
//! each no larger than its page allows. A file that is too large takes nothing of what was typed with it.

use crate::api::problem::{Kind, Problem};
use crate::words::Language;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, mime};
use futures_util::StreamExt;

/// What a form sent.
#[derive(Debug, Default)]
pub struct Uploaded {
    /// What was typed: names and values, in the form's order.
    pub fields: Vec<(String, String)>,
    /// The files that were chosen, in the form's order.
    pub files: Vec<File>,
}

/// A file as it was chosen.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// The field it was chosen in.
    pub field: String,
    /// What it is called where it comes from. Nothing may depend on it.
    pub name: String,
    /// Its bytes; nothing where it is larger than allowed.
    pub content: Option<Bytes>,
}

/// The most bytes that are read of one form, with whatever is too large in it. Beyond that nobody listens any longer, and
/// a browser says that the connection was lost.
const MOST_READ: usize = 20 * 1024 * 1024;
/// The most bytes of what is typed.
const MOST_TYPED: usize = 128 * 1024;
/// The most parts of a form, with files or without.
pub const MOST_PARTS: usize = 1000;

/// Whether a form is sent with files.
pub fn is_sent_so(request: &HttpRequest) -> bool {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.and_then(|media| media.parse::<mime::Mime>().ok());
    media.is_some_and(|media| media.essence_str() == mime::MULTIPART_FORM_DATA.essence_str())
}

/// Reads a form; files of more than `most` bytes are passed over. Who sends it must have been admitted before.
///
/// # Errors
/// It is no such form, it breaks off, or it is far too large.
pub async fn read(
    request: &HttpRequest,
    payload: Payload,
    most: usize,
    language: Language,
) -> Result<Uploaded, Problem> {
    let too_large = || Problem::new(Kind::TooLarge, language);
    let unreadable = || Problem::new(Kind::Form, language);
    if !is_sent_so(request) {
        return Err(unreadable());
    }
    let mut parts = Multipart::new(request.headers(), payload);
    let mut uploaded = Uploaded::default();
    let mut left = Left { read: MOST_READ, typed: MOST_TYPED };
    let mut count = 0;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| broken(&error, language))?;
        count += 1;
        if count > MOST_PARTS {
            return Err(too_large());
        }
        let disposition = part.content_disposition();
        let field = disposition.and_then(|said| said.get_name()).unwrap_or_default().to_string();
        let file = disposition.and_then(|said| said.get_filename()).map(String::from);
        match file {
            Some(name) => {
                let content = left.collect(&mut part, most, language).await?;
                // A field in which no file was chosen is sent as an empty one without a name.
                if !name.is_empty() || content.as_ref().is_none_or(|content| !content.is_empty()) {
                    uploaded.files.push(File { field, name, content });
                }
            }
            None => {
                let most = left.typed;
                let value = left.collect(&mut part, most, language).await?.ok_or_else(too_large)?;
                left.typed = left.typed.saturating_sub(value.len());
                let value = String::from_utf8(value.to_vec()).map_err(|_| unreadable())?;
                uploaded.fields.push((field, value));
            }
        }
    }
    Ok(uploaded)
}

/// What may still be read.
struct Left {
    read: usize,
    typed: usize,
}

impl Left {
    /// The bytes of a part; nothing where there are more than `most`, all of which are passed over.
    async fn collect(
        &mut self,
        part: &mut Field,
        most: usize,
        language: Language,
    ) -> Result<Option<Bytes>, Problem> {
        let mut content = Some(Vec::new());
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(|error| broken(&error, language))?;
            self.read =
                self.read.checked_sub(chunk.len()).ok_or_else(|| Problem::new(Kind::TooLarge, language))?;
            content = content.filter(|content| content.len() + chunk.len() <= most);
            if let Some(content) = &mut content {
                content.extend_from_slice(&chunk);
            }
        }
        Ok(content.map(Bytes::from))
    }
}

fn broken(error: &MultipartError, language: Language) -> Problem {
    tracing::debug!(%error, "a form with files cannot be read");
    Problem::new(Kind::Form, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;

    async fn read_of(body: &[u8], most: usize) -> Result<Uploaded, Problem> {
        read_as("multipart/form-data; boundary=cut", body, most).await
    }

    async fn read_as(media: &str, body: &[u8], most: usize) -> Result<Uploaded, Problem> {
        let request = TestRequest::post().insert_header((header::CONTENT_TYPE, media));
        let (request, mut payload) = request.set_payload(body.to_vec()).to_http_parts();
        let payload = Payload::from_request(&request, &mut payload).await.unwrap();
        read(&request, payload, most, Language::En).await
    }

    fn part(head: &str, content: &str) -> String {
        format!("--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    }

    #[actix_web::test]
    async fn what_was_typed_and_the_files_come_apart_and_no_file_is_none() {
        let body = part("name=\"/note\"", "培養\r\n2日目")
            + &part("name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png", "12345")
            + &part("name=\"other\"; filename=\"\"\r\nContent-Type: application/octet-stream", "")
            + &part("name=\"/note\"", "")
            + "--cut--\r\n";
        let uploaded = read_of(body.as_bytes(), 5).await.unwrap();
        let field = |value: &str| ("/note".to_string(), value.to_string());
        assert_eq!(uploaded.fields, [field("培養\r\n2日目"), field("")]);
        let content = Some(Bytes::from_static(b"12345"));
        assert_eq!(uploaded.files, [File { field: "photo".into(), name: "a.png".into(), content }]);
    }

    #[actix_web::test]
    async fn a_file_that_is_too_large_takes_nothing_of_what_was_typed() {
        let body = part("name=\"photo\"; filename=\"a.png\"", "123456")
            + &part("name=\"/note\"", "day 2")
            + "--cut--\r\n";
        let uploaded = read_of(body.as_bytes(), 5).await.unwrap();
        assert_eq!(uploaded.fields, [("/note".to_string(), "day 2".to_string())]);
        assert_eq!(uploaded.files, [File { field: "photo".into(), name: "a.png".into(), content: None }]);
    }

    #[actix_web::test]
    async fn what_breaks_off_is_no_such_form_or_is_far_too_large_is_a_problem() {
        let status = async |body: &[u8], media: &str| read_as(media, body, 5).await.unwrap_err().status;
        let whole = "multipart/form-data; boundary=cut";
        let cut = part("name=\"photo\"; filename=\"a.png\"", "12345");
        assert_eq!(status(cut.as_bytes(), whole).await, 422, "breaks off");
        assert_eq!(status(b"a=1", "application/x-www-form-urlencoded").await, 422);
        assert_eq!(status(b"", "multipart/form-data").await, 422, "no boundary");
        let latin = b"--cut\r\nContent-Disposition: form-data; name=\"/note\"\r\n\r\n\xe4\r\n--cut--\r\n";
        assert_eq!(status(latin, whole).await, 422, "not UTF-8");
        let typed = part("name=\"/note\"", &"x".repeat(MOST_TYPED + 1)) + "--cut--\r\n";
        assert_eq!(status(typed.as_bytes(), whole).await, 413, "too much is typed");
        let many = part("name=\"/note\"", "").repeat(MOST_PARTS + 1) + "--cut--\r\n";
        assert_eq!(status(many.as_bytes(), whole).await, 413, "too many parts");
    }
}
