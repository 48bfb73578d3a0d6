//! The files of the workspace, as pairs of path and text.

use std::fs;
use std::path::{Path, PathBuf};

/// A path from the root of the workspace, with forward slashes, and the text found there.
/// What is not text is listed with none.
pub type File = (String, String);

/// Folders that hold what is made, run or installed here, not what is kept.
const NOT_KEPT: [&str; 5] = [".git", "target", "data", "demo-data", "tests/browser/node_modules"];

/// Where the workspace begins: where cargo runs this now, whatever folder it was built in.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).ancestors().nth(2).expect("xtask lives two folders below the root").to_path_buf()
}

/// Every file kept below `root`, in the order of their paths.
pub fn files(root: &Path) -> Result<Vec<File>, String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let kind = entry.file_type().map_err(unreadable)?;
            let path = entry.path();
            let inside = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if kind.is_file() {
                found.push((inside, fs::read_to_string(&path).unwrap_or_default()));
            } else if kind.is_dir() && !NOT_KEPT.contains(&inside.as_str()) {
                folders.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
