//! アカウント: what is said about accounts, in Japanese.

use crate::words::Account;

pub(in crate::words) fn text(word: Account) -> &'static str {
    match word {
        Account::Guessed => "直近15分間に繰り返されたパスワードの誤り",
        Account::GuessedHelp => {
            "第三者がパスワードを推測している可能性があります。照合は接続元ごとに15分間で10回までに制限され、本人が普段使うブラウザからは引き続きサインインできます。本人に心当たりを確認してください。個々の試行は、拒否された操作の一覧に記録されています。"
        }
    }
}
