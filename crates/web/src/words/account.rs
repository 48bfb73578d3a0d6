//! Names of the words about accounts: one's own, and those that are guessed at.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence about accounts.
    Account in account {
        Guessed, GuessedHelp,
        Title, Factor, FactorSince, NoFactor, ChangePassword, ChangePasswordHelp, SetUpFactor, ReplaceFactor, FactorNeeded, FactorHelp, FactorPicture, FactorText, ProposalOver, PasswordSoFar, Code, CodeHint, CodeSoFar, FirstCode, GiveCode, LostDevice, Sessions, Began, LastUsed, From, Ending, ThisOne, KnownSince, NewBrowser, EndSession, Tokens, TokenName, Made, Until, EndToken,
        PasswordNeeded, SessionNeeded, DeviceSignsNothing, MakeToken, TokenHelp, TokenScopes,
        TokenDevice, TokenDeviceHint, TokenDays, TokenDaysHint, TokenDaysWrong, TokenNeedsScope,
        TokenShown, TokenShownHelp, Badge, Pin, NoneYet, Since, MakeBadge, BadgeHelp, BadgeShown,
        BadgeShownHelp, EndBadge, SetPin, PinHelp, NewPin, PinHint, RepeatPin, PinsDiffer, PinForm,
        PinEasy, ByPin, Switch, SwitchScan, SwitchScanned, SwitchPin, SwitchNext, SwitchGo,
        SwitchAgain, SwitchSignIn, NoTablet, NoBadge, NoPin, NotToday, PinEnded, PinWrong,
        PinBlocked, NotOfTheBench, Tablets, TabletsHelp, TabletName, RegisterTablet, ThisTablet,
        EndTablet, TabletBy, EndAccess, EndLink, SessionsEndHelp, OtherPerson,
    }
}
