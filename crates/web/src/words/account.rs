//! Names of the words about accounts: one's own, and those that are guessed at.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence about accounts.
    Account in account {
        Guessed, GuessedHelp,
        Title, Factor, FactorSince, NoFactor, ChangePassword, ChangePasswordHelp, SetUpFactor, ReplaceFactor, FactorNeeded, FactorHelp, FactorPicture, FactorText, ProposalOver, PasswordSoFar, Code, CodeHint, CodeSoFar, FirstCode, GiveCode, LostDevice, Sessions, Began, LastUsed, From, Ending, ThisOne, KnownSince, NewBrowser, EndSession, Tokens, TokenName, Made, Until, EndToken,
    }
}
