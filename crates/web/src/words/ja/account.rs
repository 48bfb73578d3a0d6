//! アカウント: what is said about accounts, in Japanese.

use crate::words::{Account, line};
use baiyo_domain::authority::Scope;
use baiyo_domain::journal::source::Source;

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
        Account::PasswordNeeded => {
            "バッジとPINでは、作業の記録だけができます。この操作には、パスワードでサインインしてください。"
        }
        Account::SessionNeeded => {
            "この操作は、パスワードでサインインした本人だけができます。APIトークンではできません。"
        }
        Account::DeviceSignsNothing => "機器用のAPIトークンでは署名できません。",
        Account::MakeToken => "APIトークンの発行",
        Account::TokenHelp => {
            "このトークンを持つプログラムは、あなたの名義で、ここで選んだ範囲とあなたの役割の範囲内で操作します。パスワードなしに署名することも、アカウントを変更することもできません。トークンの名称は、このトークンで行われた記録に残り、後から消せません。人の氏名は入れないでください。"
        }
        Account::TokenScopes => "許可する操作",
        Account::TokenDevice => "使用する機器",
        Account::TokenDeviceHint => {
            "例：セルカウンター2号機。機器用のトークンでは、パスワードがあっても署名できません。自分用のプログラムなら空欄にしてください。"
        }
        Account::TokenDays => "有効日数",
        Account::TokenDaysHint => "1～365日",
        Account::TokenDaysWrong => "1～365の整数で入力してください。",
        Account::TokenNeedsScope => "許可する操作を1つ以上選んでください。",
        Account::TokenShown => "発行したAPIトークン",
        Account::TokenShownHelp => {
            "表示されるのは今回だけです。今すぐ、使用するプログラムまたは機器だけに登録してください。"
        }
        Account::Badge => "共用端末用のバッジ",
        Account::Pin => "共用端末用のPIN",
        Account::NoneYet => "なし",
        Account::Since => "設定：",
        Account::MakeBadge => "バッジの発行",
        Account::BadgeHelp => {
            "共用端末では、その日に一度パスワードでサインインしていれば、作業の記録の際にバッジとPINをパスワードの代わりに使えます。新しいバッジを発行すると、以前のバッジと、そのバッジで始めたセッションは失効します。紛失したときは、すぐに発行し直してください。"
        }
        Account::BadgeShown => "バッジ",
        Account::BadgeShownHelp => "表示されるのは今回だけです。印刷して職員証に貼ってください。",
        Account::EndBadge => "バッジを失効",
        Account::SetPin => "PINの設定",
        Account::PinHelp => {
            "自分のバッジと共用端末でのみ使え、署名には使えません。5回誤ると、パスワードでサインインするまで使えなくなります。"
        }
        Account::NewPin => "新しいPIN",
        Account::PinHint => "6～12桁の数字。日付や、連続・繰り返しの数字は使えません。",
        Account::RepeatPin => "新しいPIN（確認）",
        Account::PinsDiffer => "2つのPINが一致しません。",
        Account::PinForm => "PINは6～12桁の数字で入力してください。",
        Account::PinEasy => "このPINは推測されやすいものです。",
        Account::ByPin => "バッジとPIN",
        Account::Switch => "使用者の切替",
        Account::SwitchScan => "バッジを読み取ってください",
        Account::SwitchScanned => "バッジを読み取りました",
        Account::SwitchPin => "PIN",
        Account::SwitchNext => "次へ",
        Account::SwitchGo => "切り替える",
        Account::SwitchAgain => "別のバッジ",
        Account::SwitchSignIn => "パスワードでサインイン",
        Account::NoTablet => {
            "この端末は共用端末として登録されていません。パスワードでサインインしてください。"
        }
        Account::NoBadge => "このバッジは登録されていないか、再発行により失効しています。",
        Account::NoPin => "このバッジにはPINが設定されていません。アカウントのページで設定してください。",
        Account::NotToday => {
            "先に、この端末でパスワードでサインインしてください。その後12時間はバッジとPINを使えます。"
        }
        Account::PinEnded => "PINを5回誤りました。パスワードでサインインすると、再び使えます。",
        Account::PinWrong => "PINが違います。",
        Account::PinBlocked => {
            "PINの誤りが続いたため、一時的に止めています。しばらく待つか、パスワードでサインインしてください。"
        }
        Account::NotOfTheBench => "バッジとPINは、製造作業の担当者だけが使えます。",
        Account::Tablets => "共用端末",
        Account::TabletsHelp => {
            "共用端末では、その日に一度パスワードでサインインした人が、バッジとPINで交代して使えます。作業場所に固定された端末だけを登録してください。"
        }
        Account::TabletName => "この端末の名称",
        Account::RegisterTablet => "この端末を共用端末として登録",
        Account::ThisTablet => "この端末は登録済みです",
        Account::EndTablet => "登録を解除",
        Account::TabletBy => "登録者",
        Account::EndAccess => "すべてのセッションとAPIトークンを終了",
        Account::EndLink => "このリンクを失効",
        Account::SessionsEndHelp => {
            "セッションは、サインアウトしたとき、30分間使用しなかったとき、開始から12時間たったとき、パスワードまたは二要素認証を変更したときに終了します。バッジとPINによるセッションは、10分間使用しないと終了します。同時に持てる数に制限はなく、すべてここに表示されます。"
        }
        Account::OtherPerson => {
            "このフォームは別の人が開いたものです。何も記録されていません。現在はあなたがサインインしています。ご自身の作業であれば、もう一度記録してください。"
        }
    }
}

pub(in crate::words) fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "閲覧（患者氏名を除く）",
        Scope::Patients => "患者氏名とその閲覧者の確認",
        Scope::Bench => "製造作業の記録",
        Scope::Results => "試験結果の入力と確認",
        Scope::Batches => "ロットの開始・訂正・保留・照査・判定、品質イベント",
        Scope::Distribution => "出荷・受領・投与",
        Scope::Orders => "製造依頼",
        Scope::Standards => "標準書",
        Scope::People => "職員・提供機関・インキュベーター",
        Scope::Records => "全記録の書き出し・検証・一覧の再構築",
    }
}

pub(in crate::words) fn source(source: &Source) -> String {
    match source {
        Source::Session { device: None } => "本人のセッション".into(),
        Source::Session { device: Some(tablet) } => {
            format!("共用端末：{}（本人のセッション）", line(&tablet.name))
        }
        Source::Badge { device } => format!("共用端末：{}（バッジとPIN）", line(&device.name)),
        Source::Program { device } => format!("プログラム：{}", line(&device.name)),
        Source::Instrument { device } => format!("機器：{}", line(&device.name)),
    }
}
