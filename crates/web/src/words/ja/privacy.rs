//! The words about who sees whom, who may do what, and erasing a patient's name, in Japanese (日本語).

use crate::words::Privacy;

pub(in crate::words) fn text(word: Privacy) -> &'static str {
    match word {
        Privacy::WhoSawPatient => "この患者の氏名を閲覧した職員",
        Privacy::WhoSawMeans => {
            "氏名と生年月日が表示された職員の一覧です。表示の前に、画面または操作ごとに1日1回記録されます。"
        }
        Privacy::Where => "閲覧した画面・操作",
        Privacy::FirstOnDay => "その日の最初の閲覧",
        Privacy::NobodySaw => "この期間の閲覧はありません",
        Privacy::SeenBy => "閲覧した患者",
        Privacy::SeenMeans => {
            "この職員に氏名と生年月日が表示された患者の一覧です。氏名そのものは残りません。"
        }
        Privacy::NameErased => "氏名消去済",
        Privacy::ErasureProposed => "氏名の消去が提案されています",
        Privacy::NameUnreadable => {
            "氏名は消去されていませんが、読み取れません。管理者に連絡してください（鍵の紛失または破損）"
        }
        Privacy::LinkShownOnce => {
            "このリンクは本人だけに伝えてください。表示は今回限りで、72時間以内に一度だけ使えます。本人が設定するパスワードは、\
             ほかの誰にも分かりません。新しいリンクを発行すると、このリンクは無効になります。"
        }
        Privacy::LinkCode => {
            "リンクから自動的に進まない場合は、次のコードを /setup のページに貼り付けてください："
        }
        Privacy::LinkOpen => "使用できる設定リンクの期限",
        Privacy::Access => "アクセス権",
        Privacy::AccessMeans => {
            "現在の権限と、その付与日・付与者の一覧です。少なくとも12か月ごとに確認し、確認したことを記録してください。"
        }
        Privacy::LastReview => "前回の確認",
        Privacy::ReviewedPeriod => "確認対象期間",
        Privacy::Findings => "確認結果",
        Privacy::NeverReviewed => "定期確認の記録がありません",
        Privacy::ReviewDue => "前回の確認から12か月を超えています",
        Privacy::SignedInLast => "最終サインイン",
        Privacy::NeverSignedIn => "なし",
        Privacy::Unused => "90日間利用なし",
        Privacy::TokensInForce => "プログラム用トークン",
        Privacy::PeopleFile => "この一覧をダウンロード（CSV）",
        Privacy::SeenFile => "閲覧履歴をダウンロード（CSV）",
        Privacy::SeenLink => "表示",
        Privacy::SeenInPeriod => "期間中に閲覧された患者",
        Privacy::SeenInPeriodMeans => {
            "上の一覧のリンクとファイルは、この期間を対象とします。両方とも空欄の場合は、全期間が対象です。"
        }
        Privacy::NameWithheld => "閲覧を記録できないため、氏名は表示されません",
    }
}
