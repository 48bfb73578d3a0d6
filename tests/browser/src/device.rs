//! What a person sits at: the device, the colours it asks for, and whether scripts run there.

/// A device, by the size of its window and by what taps there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A tablet at the bench, held across.
    Tablet,
    /// A desk with a screen and a mouse.
    Desktop,
    /// A telephone, held upright.
    Phone,
}

impl Device {
    /// All of them.
    pub const ALL: [Device; 3] = [Device::Tablet, Device::Desktop, Device::Phone];

    /// The window's width and height.
    pub fn size(self) -> (u32, u32) {
        match self {
            Device::Tablet => (1180, 820),
            Device::Desktop => (1440, 900),
            Device::Phone => (390, 844),
        }
    }

    /// Whether fingers tap there.
    pub fn is_touched(self) -> bool {
        self != Device::Desktop
    }

    /// Its name in the names of files.
    pub fn name(self) -> &'static str {
        match self {
            Device::Tablet => "tablet",
            Device::Desktop => "desktop",
            Device::Phone => "phone",
        }
    }
}

/// The colours that a device asks pages for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    /// As a browser calls it.
    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// Whether scripts run: every page works without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// They run.
    On,
    /// The browser runs none.
    Off,
    /// They run, and so does whatever a page's content policy forbids: for what must not rest on that policy alone.
    WithoutPolicy,
}
