//! What a site may choose: each key with what holds where nothing was chosen.

use baiyo_domain::authority::Role;

/// What a site chose.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Who gives a second factor when he signs in.
    pub second_factor: SecondFactor,
}

/// Who must give a second factor, a code from his own device, when he signs in. Whoever has set one up is asked for it
/// always. A demonstration asks nobody to set one up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondFactor {
    /// Nobody has to.
    Voluntary,
    /// The quality department and administrators.
    #[default]
    ByRole,
    /// Everybody.
    Everybody,
}

impl SecondFactor {
    /// Whether somebody with these roles, as a deputy too, must give one.
    pub fn is_asked_of(self, roles: &[Role]) -> bool {
        match self {
            Self::Voluntary => false,
            Self::ByRole => roles
                .iter()
                .any(|role| matches!(role, Role::QcAnalyst | Role::Releaser | Role::Administrator)),
            Self::Everybody => true,
        }
    }
}
