//! What the tests need of the machine: installed with apt where it is missing and this user may.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Installs a Debian package. False where there is no apt, or no right to use it.
pub fn install(package: &str) -> bool {
    if !succeeds(&["apt-get", "--version"]) {
        return false;
    }
    let prefix: &[&str] = if is_root() {
        &[]
    } else if succeeds(&["sudo", "-n", "true"]) {
        &["sudo", "-n"]
    } else {
        return false;
    };
    [&["update"][..], &["install", "-y", "--no-install-recommends", package]].iter().all(|step| {
        let apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
        let words = [prefix, &apt, step].concat();
        let ran = Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    })
}

/// Whether this user is root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

/// Whether a program ends well, whatever it says.
pub fn succeeds(words: &[&str]) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Where Python programs that tests need are installed, in the versions that a file of the workspace names.
pub fn python_tools(root: &Path) -> PathBuf {
    root.join("target/python")
}

/// Installs them where they are not there yet, or in other versions. False where that cannot be.
pub fn install_python_tools(root: &Path, named: &Path) -> bool {
    let folder = python_tools(root);
    let wanted = std::fs::read(named).unwrap_or_default();
    let noted = folder.join("installed.txt");
    if std::fs::read(&noted).is_ok_and(|installed| installed == wanted) {
        return true;
    }
    let python = folder.join("bin/python");
    let words = |text: &Path| text.to_string_lossy().into_owned();
    let made = succeeds(&["python3", "-m", "venv", "--clear", &words(&folder)]);
    let filled = made && succeeds(&[&words(&python), "-m", "pip", "install", "--requirement", &words(named)]);
    // Noted last: what was broken off is begun anew.
    filled && std::fs::write(noted, wanted).is_ok()
}

/// The library that deceives a program about the time, where Debian's `faketime` is installed.
pub fn libfaketime() -> Option<PathBuf> {
    let libraries = Path::new("/usr/lib");
    let of_machines = std::fs::read_dir(libraries).into_iter().flatten().flatten();
    let folders = of_machines.map(|folder| folder.path()).chain([libraries.to_path_buf()]);
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.exists())
}
