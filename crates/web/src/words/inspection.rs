//! The names of the words by which a record is found and inspected.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence of looking for batches and their documents.
    Inspection in inspection {
        // Looking for batches by a period.
        ByPeriod, What, FirstDay, LastDay, Show, Opened, Decided, Shipped, Infused, NotADay, NoSuchPeriod,
        // The documents of a batch.
        Glance, PinnedStandard, PinnedHint, InstructionMissing, ManufacturingConfirmed, QualityConfirmed,
        NotConfirmed, NotDecided, Recipients, NobodyYet, NothingFailed, Failed, BackToBatch, StandardAsFiled,
        NotAllocated,
    }
}
