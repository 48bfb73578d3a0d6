//! What a forecast rests on, in Japanese.

use crate::words::forecast::{about, whole};
use baiyo_domain::forecast::Because;

pub(in crate::words) fn because(because: &Because) -> String {
    match because {
        Because::PublishedMeans { hours } => format!(
            "この製品は当施設の実績がまだないため、公表されている倍加時間（{} h）による見込みです。",
            whole(*hours)
        ),
        Because::StandardNames { hours } => format!(
            "この製品は当施設の実績がまだないため、標準書に記載の倍加時間（{} h）による見込みです。",
            whole(*hours)
        ),
        Because::EarlierBatches { batches, hours } => {
            format!("当施設の過去のロット{batches}件（倍加時間{} h）による見込みです。", whole(*hours))
        }
        Because::OwnCounts { counts, hours, batches: 0 } => {
            format!("このロットの計数{counts}回（倍加時間{} h）による見込みです。", whole(*hours))
        }
        Because::OwnCounts { counts, hours, batches } => format!(
            "このロットの計数{counts}回と当施設の過去のロット{batches}件（倍加時間{} h）による見込みです。",
            whole(*hours)
        ),
        Because::MinimumDays { days, hours } => format!(
            "細胞数はより早く足りる見込みですが（倍加時間{} h）、標準書により培養{}日より前には回収できません。",
            whole(*hours),
            whole(*days)
        ),
        Because::NotGrowing { doublings } => {
            format!("最新の計数では、生細胞数が播種時から増えていません（集団倍加数{doublings:.2}）。")
        }
        Because::BeyondHorizon { days, hours } => {
            format!("倍加時間{} hでは、必要数に達するまで{days}日を超える見込みです。", whole(*hours))
        }
        Because::Harvested { cells } => format!("生細胞{}を回収済みです。", about(*cells)),
        Because::TooFewCells { cells, needed } => format!(
            "回収した生細胞数は{}で必要数{}に足りず、培養中の容器は残っていません。",
            about(*cells),
            about(*needed)
        ),
        Because::NothingInCulture => "培養中の容器も回収した細胞もありません。".into(),
        Because::TissueRefused => "組織は受入不可となりました。".into(),
        Because::Ended => "必要数に達する前にロットが終了しました。".into(),
    }
}
