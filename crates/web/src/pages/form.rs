//! Forms: fields with their faults, and the summary of all faults above them.

use crate::api::problem::Problem;
use crate::words::{self, Language, Ui};
use maud::{Markup, html};

/// Something wrong in a form.
pub struct Fault {
    /// The field, by its name; none where it is the whole form.
    pub field: Option<String>,
    /// A sentence.
    pub sentence: String,
}

impl Fault {
    /// Whether it is wrong with a field or one below it.
    pub fn is_within(&self, pointer: &str) -> bool {
        let field = self.field.as_deref().and_then(|field| field.strip_prefix(pointer));
        field.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What is wrong with a field.
    pub fn of(field: &str, sentence: &str) -> Self {
        Self { field: Some(field.into()), sentence: sentence.into() }
    }
}

/// What a problem of the API says of a form.
pub fn faults_of(problem: &Problem) -> Vec<Fault> {
    if problem.reasons.is_empty() {
        return vec![Fault { field: None, sentence: problem.title.clone() }];
    }
    let fault = |reason: &crate::api::problem::ProblemReason| Fault {
        field: reason
            .pointer
            .as_ref()
            .map(|pointer| pointer.rsplit('/').next().unwrap_or_default().to_string()),
        sentence: reason.sentence.clone(),
    };
    problem.reasons.iter().map(fault).collect()
}

/// All faults, above the form; nothing where there are none.
pub fn summary(language: Language, faults: &[Fault]) -> Markup {
    html! {
        @if !faults.is_empty() {
            div.notice.warning role="alert" tabindex="-1" {
                h2 { (words::text(language, Ui::ErrorSummary)) }
                ul {
                    @for fault in faults {
                        li {
                            @match &fault.field {
                                Some(field) => { a href={ "#" (field) } { (fault.sentence) } }
                                None => { (fault.sentence) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One field.
pub struct Field<'a> {
    /// Its name and identifier.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// What helps to fill it in.
    pub hint: Option<&'a str>,
    /// What was typed; never that of a password.
    pub value: &'a str,
    /// What browsers may fill in.
    pub autocomplete: &'a str,
    /// Whether it may be left out.
    pub optional: bool,
    /// The most characters.
    pub most: u16,
}

impl Field<'_> {
    /// The field with its faults.
    pub fn show(&self, faults: &[Fault]) -> Markup {
        let own: Vec<&Fault> =
            faults.iter().filter(|fault| fault.field.as_deref() == Some(self.name)).collect();
        let secret = self.autocomplete.ends_with("password");
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let fault = (!own.is_empty()).then(|| format!("{}-fault", self.name));
        let described: Vec<String> = hint.iter().chain(&fault).cloned().collect();
        html! {
            div.field.wrong[!own.is_empty()] {
                label for=(self.name) { (self.label) }
                @if let (Some(hint), Some(id)) = (self.hint, &hint) { p.hint id=(id) { (hint) } }
                @if let Some(id) = &fault {
                    p.fault id=(id) { @for fault in own { (fault.sentence) " " } }
                }
                input type=(if secret { "password" } else { "text" }) id=(self.name) name=(self.name)
                    value=[(!secret && !self.value.is_empty()).then_some(self.value)]
                    autocomplete=(self.autocomplete) autocapitalize="none" spellcheck="false"
                    maxlength=(self.most) required[!self.optional]
                    aria-invalid=[fault.is_some().then_some("true")]
                    aria-describedby=[(!described.is_empty()).then(|| described.join(" "))];
            }
        }
    }
}
