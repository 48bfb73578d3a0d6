//! The log: where it goes, how its lines are written, and that nothing in a value from outside can end a line or begin
//! another. What concerns safety is logged whatever level a site chose.

use crate::settings::{LogFormat, Settings};
use std::io::{self, Write};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Under which name everything is logged that concerns safety: sign-ins, refusals, what is denied.
pub const SECURITY: &str = "baiyo::security";

/// Starts the log on standard error, once for the process.
pub fn start(settings: &Settings) {
    // Somebody else's log, as that of a test, may be there already: then it is that.
    _ = tracing::subscriber::set_global_default(subscriber(settings, io::stderr));
}

/// What writes the log as a site chose it.
fn subscriber<W>(settings: &Settings, to: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let mut filter = EnvFilter::new(&settings.log_level);
    if let Ok(always) = format!("{SECURITY}=info").parse() {
        filter = filter.add_directive(always);
    }
    // What cannot be logged is not said on standard error either: that is where the log goes, and a thread that fails to
    // print there ends. So a full disk would take the writer with it.
    let lines = fmt::layer().with_writer(Lines(to)).with_ansi(false).log_internal_errors(false);
    let lines = match settings.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Whatever level a site chose for its lines, a trace is a trace.
    let log = registry().with(lines.with_filter(filter));
    #[cfg(feature = "otlp")]
    if let Some(endpoint) = &settings.otlp_endpoint {
        match crate::traces::to(endpoint) {
            Ok(traces) => return Box::new(log.with(traces)),
            Err(error) => _ = writeln!(io::stderr(), "baiyo: no traces are sent: {error}"),
        }
    }
    Box::new(log)
}

/// Ends the log and what goes with it, before the process does.
pub fn end() {
    #[cfg(feature = "otlp")]
    crate::traces::end();
}

/// Writes each event as one line.
struct Lines<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Lines<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Line(self.0.make_writer())
    }
}

struct Line<W>(W);

impl<W: Write> Write for Line<W> {
    /// An event comes whole, with one line feed at its end.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event.strip_suffix(b"\n").unwrap_or(event));
        if text.chars().any(steers) {
            let mut line = String::with_capacity(text.len() + 16);
            for c in text.chars() {
                match steers(c) {
                    // As JSON writes it, for lines of JSON stay such.
                    true => line.push_str(&format!("\\u{:04x}", u32::from(c))),
                    false => line.push(c),
                }
            }
            line.push('\n');
            self.0.write_all(line.as_bytes())?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether a character ends a line, moves what stands beside it, or steers a terminal.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, does: impl FnOnce()) -> String {
        let kept = Kept::default();
        let to = kept.clone();
        let settings = Settings { log_format: format, log_level: level.into(), ..Settings::default() };
        tracing::subscriber::with_default(subscriber(&settings, move || to.clone()), does);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    /// What somebody sends who wants to write lines of his own, or to hide one from whoever reads the log.
    const FORGED: &str =
        "x\r\n2026-11-29T00:00:00Z  INFO baiyo::security: signed in\n\u{1b}[2K\u{85}\u{2028}\u{202e}\0y";

    #[test]
    fn nothing_from_outside_ends_a_line_or_begins_another() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let written = logged(format, "info", || {
                let span = tracing::info_span!("request", method = FORGED);
                span.in_scope(|| tracing::warn!(error = %FORGED, name = ?FORGED, "{FORGED}"));
            });
            assert_eq!(written.matches('\n').count(), 1, "{format:?}: {written:?}");
            assert!(
                written.ends_with('\n') && !written.trim_end_matches('\n').chars().any(steers),
                "{written:?}"
            );
            assert!(written.contains("signed in"), "what was sent is there all the same: {written:?}");
            if format == LogFormat::Json {
                serde_json::from_str::<serde_json::Value>(&written).unwrap();
            }
        }
    }

    #[test]
    fn what_concerns_safety_is_logged_whatever_was_chosen() {
        let tells = || {
            tracing::info!("an ordinary thing");
            tracing::info!(target: SECURITY, "signed in");
        };
        for level in ["off", "error", "baiyo=off"] {
            let written = logged(LogFormat::Text, level, tells);
            assert!(written.contains("signed in") && !written.contains("ordinary"), "{level}: {written:?}");
        }
        assert_eq!(logged(LogFormat::Text, "info", tells).matches('\n').count(), 2);
    }
}
