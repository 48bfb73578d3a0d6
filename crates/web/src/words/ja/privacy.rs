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
        Privacy::NameWithheld => "閲覧を記録できないため、氏名は表示されません",
    }
}
