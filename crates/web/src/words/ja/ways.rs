//! The words about other ways to sign in than by password, in Japanese.

use crate::words::Ways;

pub(in crate::words) fn text(word: Ways) -> &'static str {
    match word {
        Ways::WithPasskey => "パスキーでサインイン",
        Ways::NoPasskeyShown => {
            "パスキーを確認できませんでした。もう一度試すか、パスワードでサインインしてください。"
        }
        Ways::PasskeyRefused => {
            "このパスキーではサインインできません。失効しているか、別のサイトのものか、時間切れです。もう一度試すか、パスワードでサインインしてください。"
        }
        Ways::Passkeys => "パスキー",
        Ways::AddPasskey => "パスキーの作成",
        Ways::PasskeysHelp => {
            "パスキーはご自身の端末やセキュリティキーに保存され、パスワードと確認コードなしでサインインできます。記録に署名するときは、これまでどおりパスワードを入力します。"
        }
        Ways::PasskeyName => "端末の名称",
        Ways::PasskeyNameHint => "後で失効させるときに見分けるための名称です。",
        Ways::GoOn => "次へ",
        Ways::MakePasskey => "パスキーを作成する",
        Ways::MakePasskeyHelp => "指紋、顔または端末のPINによる本人確認が求められます。",
        Ways::NoPasskeyMade => {
            "パスキーを作成できませんでした。この端末には作成済みか、端末で本人確認ができない可能性があります。もう一度試してください。"
        }
        Ways::PasskeyNotMade => "ブラウザの応答が正しくないか、時間切れです。最初からやり直してください。",
        Ways::PasskeyKnown => "このパスキーは登録済みです。",
        Ways::TooManyPasskeys => "パスキーは20個までです。先に不要なものを失効させてください。",
        Ways::EndPasskey => "パスキーを失効",
        Ways::ByPasskey => "パスキーによる",
        Ways::InsteadOfCodes => "パスキーでサインインする場合は、確認コードの代わりになります。",
        Ways::WithProvider => "病院のアカウントでサインイン",
        Ways::ProviderDown => {
            "病院の認証サービスに接続できないか、応答が正しくありません。Baiyoのパスワードでサインインしてください。"
        }
        Ways::ProviderRefused => {
            "病院での認証が中止されたか、時間切れか、応答が正しくありません。もう一度試すか、Baiyoのパスワードでサインインしてください。"
        }
        Ways::NotLinked => {
            "病院のアカウントがここの利用者と結び付いていないか、本人がまだ承認していません。Baiyoのパスワードでサインインしてください。結び付けはシステム管理者に依頼してください。"
        }
        Ways::ProviderAccount => "病院の認証サービスのアカウント",
        Ways::ProviderAccountHelp => {
            "システム管理者がアカウントを指定し、本人が自分のアカウントのページでパスワードを入力して承認します。承認までは使えません。"
        }
        Ways::Subject => "アカウントの識別子（sub）",
        Ways::SubjectHint => {
            "病院の認証サービスがこの人に割り当てた識別子です。氏名やメールアドレスは、ほかの人に移ることがあるため使いません。"
        }
        Ways::SubjectTaken => "このアカウントは、ほかの利用者に結び付いています。",
        Ways::NameAccount => "このアカウントを指定",
        Ways::EndAccount => "結び付けを解除",
        Ways::AcceptedSince => "承認：",
        Ways::NotAccepted => "未承認",
        Ways::AcceptAccount => "このアカウントを承認",
        Ways::AcceptAccountHelp => {
            "承認すると、病院の認証サービスでこのアカウントを使ってサインインした人が、ここではあなたとして扱われます。自分のアカウントである場合だけ承認してください。記録に署名するときは、これまでどおりBaiyoのパスワードを入力します。"
        }
        Ways::NamedByProvider => "病院の認証サービスによる本人確認",
        Ways::NamedByProviderHelp => {
            "本人である場合だけ進んでください。席を離れるときは、ここからサインアウトしてください。病院の認証サービスへのサインインは、そちらでサインアウトするまで続きます。"
        }
        Ways::EnterAs => "次の利用者として進む：",
        Ways::ByProvider => "病院の認証による",
    }
}
