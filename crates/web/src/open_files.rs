//! How many files the process may have open: each connection is one. At the start the limit is raised as far as the system
//! lets it; where that is less than the settings need, the log says so.

use crate::settings::Settings;

/// Files beside connections: the database and its log, files that are read or written, connections to PostgreSQL.
const BESIDE: u64 = 256;

/// Raises the limit.
pub fn raise(settings: &Settings) {
    match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(most) => {
            if let Some(sentence) = lacking(most, settings) {
                tracing::warn!("{sentence}");
            }
        }
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

/// What is said where that many files are too few.
fn lacking(most: u64, settings: &Settings) -> Option<String> {
    let needed = u64::from(settings.connections) + BESIDE;
    (most < needed).then(|| {
        format!(
            "at most {most} files may be open at a time, and connections = {} needs {needed}: raise the limit of the system \
             (LimitNOFILE, ulimit -Hn) or choose fewer connections",
            settings.connections
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_files_for_the_connections_chosen_are_told() {
        let settings = Settings { connections: 2_000, ..Settings::default() };
        assert_eq!(lacking(2_256, &settings), None);
        let sentence = lacking(1_024, &settings).unwrap();
        assert!(
            sentence.contains("1024") && sentence.contains("connections = 2000 needs 2256"),
            "{sentence}"
        );
    }
}
