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

    /// Of a file, by its own first bytes; nothing where it is none of these, whatever its sender says.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |with: &[u8]| bytes.starts_with(with);
        if begins(&[0xff, 0xd8, 0xff]) {
            Some(MediaType::Jpeg)
        } else if begins(b"\x89PNG\r\n\x1a\n") {
            Some(MediaType::Png)
        } else if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(MediaType::Webp)
        } else {
            None
        }
    }
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

    #[test]
    fn a_file_is_what_its_own_first_bytes_say() {
        assert_eq!(MediaType::of(b"\xff\xd8\xff\xe0\0\x10JFIF"), Some(MediaType::Jpeg));
        assert_eq!(MediaType::of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some(MediaType::Png));
        assert_eq!(MediaType::of(b"RIFF\x24\0\0\0WEBPVP8 "), Some(MediaType::Webp));
        let others: [&[u8]; 6] = [
            b"",
            b"\x89PNG",
            b"GIF89a",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"RIFF\x24\0\0\0WAVE",
            b"RIFF",
        ];
        for other in others {
            assert_eq!(MediaType::of(other), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_taken() {
        let mut largest = vec![0; MOST_BYTES];
        largest[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
        let known = Blob { media_type: MediaType::Png, size: 8 * 1024 * 1024 };
        assert_eq!(Blob::of(&largest), Some(known));
        largest.push(0);
        assert_eq!(Blob::of(&largest), None);
    }
}
