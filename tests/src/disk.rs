//! A disk that runs full under a centre, at a chosen point, and has room again.

use crate::centre::Centre;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the centre's folder stands on. Made while the centre is stopped, and dropped after it.
pub enum Disk {
    /// A file system of its own, so small that a file can fill it.
    Small(PathBuf),
    /// The machine's, but the product may write no file beyond some length. For users who may not mount.
    Limited,
}

const PAGE: usize = 4096;

impl Disk {
    /// A small file system for the folder of a centre, where this user may mount one; else a limit.
    pub fn small_under(centre: &Centre) -> Self {
        let folder = centre.folder();
        let kept = tempfile::tempdir().expect("a folder");
        copy(folder, kept.path());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs"]).arg(folder);
        if !mount.output().is_ok_and(|mounted| mounted.status.success()) {
            return Self::Limited;
        }
        let small = Self::Small(folder.to_path_buf());
        copy(kept.path(), folder);
        small
    }

    /// Whether it only limits the length of files.
    pub fn is_limited(&self) -> bool {
        matches!(self, Self::Limited)
    }

    /// Says what it is.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Small(_) => "a file system of its own",
            Self::Limited => "a limit on the length of files",
        }
    }

    /// Leaves room for so many pages: on the file system, or in a file.
    pub fn leave(&self, centre: &Centre, pages: usize) {
        match self {
            Self::Small(folder) => fill(folder, pages),
            Self::Limited => limit(centre, &format!("{}:", pages * PAGE)),
        }
    }

    /// Makes room again.
    pub fn make_room(&self, centre: &Centre) {
        match self {
            Self::Small(folder) => std::fs::remove_file(ballast(folder)).expect("the ballast"),
            Self::Limited => limit(centre, "unlimited:"),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Small(folder) = self {
            let gone = Command::new("umount").arg("--lazy").arg(&*folder).status();
            // What lay beneath it from before.
            let _ = std::fs::remove_dir_all(&*folder);
            assert!(
                std::thread::panicking() || gone.is_ok_and(|gone| gone.success()),
                "nothing stays mounted"
            );
        }
    }
}

fn ballast(folder: &Path) -> PathBuf {
    folder.join("ballast")
}

fn fill(folder: &Path, pages: usize) {
    let mut file = OpenOptions::new().create(true).append(true).open(ballast(folder)).expect("the ballast");
    let full = loop {
        if let Err(error) = file.write_all(&[1; PAGE]) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
    let length = file.metadata().expect("its length").len();
    file.set_len(length - (pages * PAGE) as u64).expect("some room");
}

fn limit(centre: &Centre, length: &str) {
    let pid = centre.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={length}")]).status();
    assert!(set.expect("prlimit, of util-linux").success(), "{length}");
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.expect("cp").success());
}
