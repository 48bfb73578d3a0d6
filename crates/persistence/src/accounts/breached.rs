//! Breached passwords: a list on the disk of those that thieves have published, by their hashes, in the public form of
//! *Pwned Passwords* ordered by hash. A line is the SHA-1 of a password in 40 capital hexadecimal digits, `:`, and how often
//! it was seen; lines end in LF or CR LF. SHA-1 is that list's form and keeps nothing secret here.
//!
//! Some 40 GB are not loaded: a password is found by halving the file, in some 36 short reads. The file is held open, so that
//! what is removed or put in its place while a server runs changes nothing until the next start.

use sha1::{Digest, Sha1};
use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A list of breached passwords, held open.
#[derive(Debug)]
pub struct BreachedPasswords {
    file: File,
    length: u64,
}

/// Why a list of breached passwords cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BreachedListFault {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It holds nothing, or is no file.
    #[error("it is no file with anything in it")]
    Empty,
    /// What stands there is no line of such a list.
    #[error(
        "at byte {0} it is no line of Pwned Passwords (40 capital hexadecimal digits, a colon, a number)"
    )]
    NoLine(u64),
    /// A line's hash is not after those before it.
    #[error("at byte {0} it is not ordered by hash")]
    NotOrdered(u64),
}

/// More than any line has: 40 digits, a colon, a count and two bytes at its end.
const LONGEST_LINE: usize = 64;
/// Lines that are looked at before a list is used, evenly over it, beside its first and its last.
const LOOKED_AT: u64 = 64;

/// A line's place and hash.
struct Line {
    hash: [u8; 20],
    start: u64,
    end: u64,
}

impl BreachedPasswords {
    /// Opens a list, and looks at its first line, its last, and some between them.
    ///
    /// # Errors
    /// It cannot be read, or is no such list.
    pub fn open(path: &Path) -> Result<Self, BreachedListFault> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() || about.len() == 0 {
            return Err(BreachedListFault::Empty);
        }
        let list = Self { file, length: about.len() };
        let last = list.length.saturating_sub(LONGEST_LINE as u64);
        let places =
            (0..LOOKED_AT).map(|part| (u128::from(last) * u128::from(part) / u128::from(LOOKED_AT)) as u64);
        let mut newest: Option<Line> = None;
        for place in places.chain([last]) {
            let mut next = place;
            // Two lines at each place, so that neighbours are compared as well; at the last one all that follow.
            for _ in 0..if place == last { LONGEST_LINE } else { 2 } {
                let Some(line) = list.line_after(next)? else { break };
                if newest.as_ref().is_some_and(|newest| line.start > newest.start && line.hash <= newest.hash)
                {
                    return Err(BreachedListFault::NotOrdered(line.start));
                }
                next = line.end;
                newest = Some(line);
            }
        }
        Ok(list)
    }

    /// Whether a password is in the list.
    ///
    /// # Errors
    /// The list cannot be read any more, or is no such list where it was looked into.
    pub fn holds(&self, password: &str) -> Result<bool, BreachedListFault> {
        let sought: [u8; 20] = Sha1::digest(password.as_bytes()).into();
        // The line begins at or after `low` and before `high`, if there is one.
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.line_after(middle)?.filter(|line| line.start < high) {
                None => high = middle,
                Some(line) => match sought.cmp(&line.hash) {
                    Ordering::Less => high = middle,
                    Ordering::Greater => low = line.end,
                    Ordering::Equal => return Ok(true),
                },
            }
        }
        Ok(false)
    }

    /// The first line that begins at this byte or after it.
    fn line_after(&self, place: u64) -> Result<Option<Line>, BreachedListFault> {
        // From the byte before: if a line ends there, the next begins at the place itself.
        let from = place.saturating_sub(1);
        let read = self.read(from)?;
        let skipped =
            if place == 0 { Some(0) } else { read.iter().position(|byte| *byte == b'\n').map(|at| at + 1) };
        let start = from + skipped.unwrap_or(read.len()) as u64;
        if start >= self.length {
            return Ok(None);
        }
        let rest = skipped.and_then(|skipped| read.get(skipped..)).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let line = rest.get(..end).and_then(hash_of).ok_or(BreachedListFault::NoLine(start))?;
        Ok(Some(Line { hash: line, start, end: start + end as u64 }))
    }

    /// Two lines' worth of bytes from a place on; fewer at the end alone.
    fn read(&self, from: u64) -> io::Result<Vec<u8>> {
        let wanted = (self.length.saturating_sub(from)).min(2 * LONGEST_LINE as u64) as usize;
        let mut bytes = vec![0; wanted];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }
}

/// The hash of a line, where it is one.
fn hash_of(line: &[u8]) -> Option<[u8; 20]> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (digits, rest) = line.split_at_checked(40)?;
    let count = rest.strip_prefix(b":")?;
    if line.len() > LONGEST_LINE || count.is_empty() || !count.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    let mut hash = [0; 20];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn line(password: &str, count: usize) -> String {
        let mut line = String::new();
        Sha1::digest(password).iter().for_each(|byte| write!(line, "{byte:02X}").unwrap());
        write!(line, ":{count}").unwrap();
        line
    }

    /// A list of these passwords, as it is published.
    fn list(passwords: &[String], ending: &str) -> String {
        let mut lines: Vec<String> =
            passwords.iter().enumerate().map(|(n, password)| line(password, n * n * 1_000 + 1)).collect();
        lines.sort();
        lines.iter().map(|line| format!("{line}{ending}")).collect()
    }

    fn opened(text: &[u8]) -> Result<BreachedPasswords, BreachedListFault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, text).unwrap();
        // The folder goes with this; what is held open stays.
        BreachedPasswords::open(&path)
    }

    #[test]
    fn each_password_of_a_list_is_found_and_no_other_whatever_its_length_and_line_ends() {
        let known: Vec<String> = (0..3_000).map(|n| format!("breached {n}")).collect();
        for many in [1, 2, 3, 5, 64, 3_000] {
            for ending in ["\n", "\r\n"] {
                let text = list(&known[..many], ending);
                // Its last line may lack an end.
                for text in [text.as_str(), text.trim_end()] {
                    let list = opened(text.as_bytes()).unwrap();
                    for password in &known[..many] {
                        assert!(list.holds(password).unwrap(), "{password} of {many}");
                    }
                    for other in (0..300).map(|n| format!("another {n}")) {
                        assert!(!list.holds(&other).unwrap(), "{other} of {many}");
                    }
                    assert!(many == 3_000 || !list.holds(&known[many]).unwrap());
                }
            }
        }
        let list = opened(list(&known, "\n").as_bytes()).unwrap();
        assert!(!list.holds("BREACHED 7").unwrap() && !list.holds("breached 7 ").unwrap(), "as it was typed");
    }

    #[test]
    fn what_is_no_such_list_is_not_opened() {
        let known: Vec<String> = (0..500).map(|n| format!("breached {n}")).collect();
        let text = list(&known, "\r\n");
        assert!(opened(text.as_bytes()).is_ok(), "the control");
        let mut lines: Vec<&str> = text.lines().collect();
        lines.reverse();
        let refused = |text: &str| opened(text.as_bytes()).unwrap_err();
        assert!(matches!(refused(&lines.join("\n")), BreachedListFault::NotOrdered(_)));
        assert!(matches!(refused(""), BreachedListFault::Empty));
        let other_kinds = [
            text.to_lowercase(),
            text.replace(':', " "),
            "password\n".repeat(90),
            format!("\n{text}"),
            line("a", 1)[..40].into(),
        ];
        for other in other_kinds {
            assert!(matches!(refused(&other), BreachedListFault::NoLine(_)), "{}", &other[..40]);
        }
        // The two ends are looked at whatever is between them.
        assert!(matches!(refused(&format!("{text}what follows")), BreachedListFault::NoLine(_)));
        assert!(matches!(refused(&format!("{text}{}", lines[499])), BreachedListFault::NotOrdered(_)));
        assert!(matches!(BreachedPasswords::open(Path::new("/")), Err(BreachedListFault::Empty)));
        assert!(matches!(
            BreachedPasswords::open(Path::new("/nowhere")),
            Err(BreachedListFault::Unreadable(_))
        ));
    }

    #[test]
    fn a_list_that_shrinks_or_is_overwritten_is_an_error_and_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let known: Vec<String> = (0..500).map(|n| format!("breached {n}")).collect();
        std::fs::write(&path, list(&known, "\n")).unwrap();
        let held = BreachedPasswords::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(held.holds(&known[3]).unwrap() && !held.holds("another").unwrap(), "removed, and held open");
        std::fs::write(&path, list(&known, "\n")).unwrap();
        let held = BreachedPasswords::open(&path).unwrap();
        std::fs::write(&path, "no list").unwrap();
        assert!(held.holds(&known[3]).is_err() && held.holds("another").is_err());
    }
}
