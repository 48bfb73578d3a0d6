//! How far long work is, told to whoever watches it; and how he stops it.

use std::ops::ControlFlow;

/// Whoever watches long work. He is told, now and then, how many steps of how many are done; where he breaks off, the
/// work ends before it is done.
pub type Watch<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// Nobody watches.
pub fn unwatched(_done: u64, _total: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Somebody is told, and never stops it.
pub fn telling(mut told: impl FnMut(u64, u64)) -> impl FnMut(u64, u64) -> ControlFlow<()> {
    move |done, total| {
        told(done, total);
        ControlFlow::Continue(())
    }
}
