//! Blobs: files that are kept beside the journal under their SHA-256, such as the photograph of a culture. An entry
//! names one by its hash, so that what was recorded of it holds for these bytes alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most bytes of a blob.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The media types that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum MediaType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

impl MediaType {
    /// All that are taken.
    pub const ALL: [MediaType; 3] = [MediaType::Jpeg, MediaType::Png, MediaType::Webp];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            MediaType::Jpeg => "image/jpeg",
            MediaType::Png => "image/png",
            MediaType::Webp => "image/webp",
        }
    }

    /// Of a file, by its own bytes; nothing where it is none of these, whatever its sender says, or was cut off. Cameras
    /// write more behind a picture: that is let be.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let is = |whole: bool, media_type| whole.then_some(media_type);
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            is(is_whole_jpeg(bytes), MediaType::Jpeg)
        } else if bytes.starts_with(PNG) {
            is(is_whole_png(bytes), MediaType::Png)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            is(is_whole_webp(bytes), MediaType::Webp)
        } else {
            None
        }
    }
}

/// What every PNG begins with (ISO/IEC 15948, 5.2).
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks from a header that gives the picture a size to the end that they say (ISO/IEC 15948, 5.3 and 11.2).
fn is_whole_png(bytes: &[u8]) -> bool {
    let mut at = PNG.len();
    let mut has_size = false;
    loop {
        let Some((length, kind)) = number(bytes, at).zip(bytes.get(at + 4..at + 8)) else { return false };
        let Some(content) = at.checked_add(8).and_then(|from| bytes.get(from..from.checked_add(length)?))
        else {
            return false;
        };
        match kind {
            b"IHDR" if at == PNG.len() => {
                has_size =
                    number(content, 0).is_some_and(|n| n > 0) && number(content, 4).is_some_and(|n| n > 0);
            }
            b"IEND" => return has_size && bytes.len() >= at + 12,
            _ if at == PNG.len() => return false,
            _ => {}
        }
        at += length + 12;
    }
}

/// Segments up to a frame that gives the picture a size, and after it an end (ISO/IEC 10918-1, B.1 and B.2).
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let Some([0xff, marker]) = bytes.get(at..at + 2) else { return false };
        let Some([high, low]) = bytes.get(at + 2..at + 4) else { return false };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        match marker {
            // Bytes that fill up before a marker.
            0xff => {
                at += 1;
                continue;
            }
            // Every start of a frame but the tables that share its range.
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(marker) => {
                let sides = bytes.get(at + 5..at + 9);
                let has_size = sides.is_some_and(|sides| sides[..2] != [0, 0] && sides[2..] != [0, 0]);
                return has_size && bytes[at..].windows(2).any(|two| two == [0xff, 0xd9]);
            }
            _ if length < 2 => return false,
            _ => at += 2 + length,
        }
    }
}

/// A container as long as it says, that begins with a picture (RFC 9649, 2.3 to 2.7).
fn is_whole_webp(bytes: &[u8]) -> bool {
    let length = bytes.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    let length = length.and_then(|length| usize::try_from(length).ok());
    let first = bytes.get(12..16);
    length.is_some_and(|length| length >= 12 && bytes.len() >= length.saturating_add(8))
        && [b"VP8 ", b"VP8L", b"VP8X"].iter().any(|kind| first == Some(*kind))
}

/// Four bytes, the highest first.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// What is known of a blob beside its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    /// What it is.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub size: u32,
}

impl Blob {
    /// Of a file; nothing where it is none that is taken.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let size = u32::try_from(bytes.len()).ok()?;
        MediaType::of(bytes).filter(|_| bytes.len() <= MOST_BYTES).map(|media_type| Self { media_type, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey point.
    const POINT: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\x0aIDATx\x9cch\0\0\0\x82\0\x81w\xcdr\xb6\0\0\0\0IEND\xaeB`\x82";
    /// A frame of one line and one sample, without its content.
    const FRAME: &[u8] =
        b"\xff\xd8\xff\xe0\0\x04JF\xff\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x02\x55\xff\xd9";
    const WEBP: &[u8] = b"RIFF\x0c\0\0\0WEBPVP8 \0\0\0\0";

    #[test]
    fn a_picture_is_what_its_own_bytes_say_and_whole() {
        for (picture, media_type) in
            [(POINT, MediaType::Png), (FRAME, MediaType::Jpeg), (WEBP, MediaType::Webp)]
        {
            assert_eq!(MediaType::of(picture), Some(media_type));
            assert_eq!(MediaType::of(&[picture, b"more"].concat()), Some(media_type), "cameras write more");
            for cut in 0..picture.len() {
                assert_eq!(MediaType::of(&picture[..cut]), None, "{media_type:?} cut off after {cut}");
            }
        }
        let others: [&[u8]; 9] = [
            b"",
            b"GIF89a",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"RIFF\x0c\0\0\0WAVEfmt \0\0\0\0",
            b"RIFF\x0c\0\0\0WEBPEXIF\0\0\0\0",
            // Sides of nothing, lengths that lead nowhere, and no header.
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\0IEND\xaeB`\x82",
            b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR",
            b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82",
            b"\xff\xd8\xff\xe0\0\0\xff\xd9",
        ];
        for other in others {
            assert_eq!(MediaType::of(other), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_taken() {
        let mut largest = POINT.to_vec();
        largest.resize(MOST_BYTES, 0);
        let known = Blob { media_type: MediaType::Png, size: 8 * 1024 * 1024 };
        assert_eq!(Blob::of(&largest), Some(known));
        largest.push(0);
        assert_eq!(Blob::of(&largest), None);
    }
}
