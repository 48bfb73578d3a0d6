//! アカウント: what is said about accounts, in Japanese.

use crate::words::Account;

pub(in crate::words) fn text(word: Account) -> &'static str {
    match word {
        Account::Guessed => "直近15分間に繰り返されたパスワードの誤り",
        Account::GuessedHelp => {
            "第三者がパスワードを推測している可能性があります。照合は接続元ごとに15分間で10回までに制限され、本人が普段使うブラウザからは引き続きサインインできます。本人に心当たりを確認してください。個々の試行は、拒否された操作の一覧に1日10回まで記録されています。"
        }
        Account::Title => "アカウント",
        Account::Factor => "二要素認証",
        Account::FactorSince => "設定済み：",
        Account::NoFactor => "未設定",
        Account::ChangePassword => "パスワードの変更",
        Account::ChangePasswordHelp => {
            "署名鍵は変わらず、新しいパスワードで保護されます。ほかのセッションとAPIトークンはすべて終了します。"
        }
        Account::SetUpFactor => "二要素認証の設定",
        Account::ReplaceFactor => "二要素認証の再設定",
        Account::FactorNeeded => {
            "あなたの役割では、サインインに二要素認証が必要です。設定が済むまで、ほかの操作はできません。"
        }
        Account::FactorHelp => {
            "ご自身の端末の認証アプリで下の二次元コードを読み取り、パスワードと、表示された確認コードを入力してください。"
        }
        Account::FactorPicture => "認証アプリ用の二次元コード",
        Account::FactorText => "読み取れない場合は、この文字列を認証アプリに入力",
        Account::ProposalOver => "表示から時間がたちすぎました。新しい二次元コードを読み取ってください。",
        Account::PasswordSoFar => "現在のパスワード",
        Account::Code => "確認コード",
        Account::CodeHint => "認証アプリに表示される6桁の数字です。30秒ごとに変わります。",
        Account::CodeSoFar => "これまでの端末の確認コード",
        Account::FirstCode => "新しい端末の確認コード",
        Account::GiveCode => "確認コードの入力",
        Account::LostDevice => "端末を紛失したときは、システム管理者に設定用リンクの発行を依頼してください。",
        Account::Sessions => "有効なセッション",
        Account::Began => "開始",
        Account::LastUsed => "最終使用",
        Account::From => "ブラウザ",
        Account::Ending => "終了",
        Account::ThisOne => "現在のセッション",
        Account::KnownSince => "使用開始：",
        Account::NewBrowser => "初めて使うブラウザ",
        Account::EndSession => "セッションを終了",
        Account::Tokens => "有効なAPIトークン",
        Account::TokenName => "名称",
        Account::Made => "発行",
        Account::Until => "有効期限",
        Account::EndToken => "トークンを失効",
    }
}
