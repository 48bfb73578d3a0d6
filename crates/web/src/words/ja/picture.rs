//! The words in and around the pictures in Japanese.

use crate::words::{GrowthTold, LineageTold, Picture, PlanTold, ReadyTold, TrendTold};
use baiyo_domain::quantity::Number;
use chrono::NaiveDate;

pub(in crate::words) fn text(word: Picture) -> &'static str {
    match word {
        Picture::Table => "表",
        Picture::NothingSeededYet => "まだ播種されていません。",
        Picture::GrowthCurve => "増殖曲線（生細胞数・対数目盛）",
        Picture::Needed => "必要数",
        Picture::SeededSign => "播種",
        Picture::CountedSign => "計数",
        Picture::NeededSign => "投与に必要な細胞数",
        Picture::ForecastSign => "予測と80 %の範囲",
        Picture::WindowSign => "準備完了の見込み（確率80 %）",
        Picture::ReadyWord => "準備完了",
        Picture::CellsSeeded => "播種生細胞数",
        Picture::CountedAt => "計数日時",
        Picture::CellsCounted => "計数生細胞数",
        Picture::Forecast => "予測",
        Picture::GateStrip => "出荷要件の一覧",
        Picture::LineagePicture => "組織から最終容器までの系譜",
        Picture::PathOf => "由来を表示",
        Picture::WholeLineage => "強調を解除",
        Picture::InCultureSign => "培養中",
        Picture::DetachedSign => "継代・回収済み",
        Picture::DiscardedSign => "廃棄・出荷不可・使用中止",
        Picture::PathSign => "選択した容器の由来",
        Picture::Planner => "製造計画",
        Picture::PlanPicture => "4週間の培養予定",
        Picture::NoBatchesPlanned => "培養中又は予定のロットはありません。",
        Picture::BarSign => "継代",
        Picture::BarAheadSign => "予測",
        Picture::PlannedHarvestSign => "指図書の回収予定",
        Picture::ReadySign => "準備完了",
        Picture::VesselsInIncubators => "インキュベーター内の培養容器",
        Picture::UsePicture => "インキュベーター別の培養容器数（4週間）",
        Picture::VesselsSign => "培養容器数",
        Picture::CapacitySign => "収容可能数",
        Picture::Incubators => "インキュベーター",
        Picture::NoIncubators => {
            "登録済みのインキュベーターはありません。収容可能数とともに登録してください。"
        }
        Picture::RoomLeft => "空きあり",
        Picture::Full => "満杯",
        Picture::OverCapacity => "収容可能数超過",
        Picture::NoLongerUsed => "使用終了",
        Picture::NotRegistered => "未登録",
        Picture::InUse => "本日の容器数",
        Picture::UseTold => {
            "各ロットを予定又は予測どおりに回収し、新たに播種しない場合の、本日以降の培養容器数です。"
        }
        Picture::AfterHarvests => "回収後",
        Picture::ReadyWhiskerSign => "準備完了と80 %の範囲",
        Picture::ForecastHeld => "保留中のため、期日までに保留が解除された場合の見込みです。",
        Picture::WeekPlan => "本日から7日間の予定",
        Picture::MediumDue => "培地交換の期限",
        Picture::SamplingDue => "回収前の検体採取",
        Picture::HarvestDue => "細胞回収",
        Picture::FillDue => "充填",
        Picture::ShipmentDue => "医療機関の希望日",
        Picture::NothingDue => "予定なし",
        Picture::IncubatorMap => "インキュベーターの配置図",
        Picture::HarvestExpected => "回収見込み",
        Picture::ReadyBetween => "準備完了（80 %）",
        Picture::Trends => "傾向",
        Picture::ViabilityAtHarvest => "回収時の生細胞率",
        Picture::DoublingTimeAtHarvest => "回収した培養の倍加時間",
        Picture::MovingRange => "移動範囲",
        Picture::CentreLine => "平均",
        Picture::ControlLimits => "管理限界",
        Picture::Specification => "規格値",
        Picture::WithinSign => "限界内",
        Picture::BeyondSign => "限界外",
        Picture::RunSign => "同じ側に連続8点以上",
        Picture::LimitsInform => {
            "管理限界は参考であり、判定は標準書の規格によります。管理限界は過去のロットから求めた値で、細胞提供者により差があります。"
        }
        Picture::NoTrendYet => "回収済みのロットが2件以上必要です。",
        Picture::HarvestedAt => "回収日時",
        Picture::Signal => "兆候",
        Picture::NoSignal => "なし",
        Picture::Standards => "標準書",
        Picture::Growing => "培養中",
        Picture::DueNow => "作業時刻",
        Picture::OverdueNow => "期限超過",
        Picture::HeldNow => "保留中",
        Picture::Shelf => "棚",
        Picture::OtherPlaces => "その他の場所",
        Picture::PlacesInUse => "使用中の場所",
        Picture::EmptyPlace => "空き",
        Picture::NoVessels => "培養中の容器はありません。",
    }
}

pub(in crate::words) fn growth_told(told: &GrowthTold) -> String {
    let GrowthTold { counts, days, newest, needed, ready } = told;
    let mut said = match newest {
        None => format!("播種済みで、まだ計数していません（培養{days}日）。"),
        Some((at, cells)) => {
            format!("培養{days}日、計数{counts}回。最新の計数は{at}で、生細胞数は{cells}です。")
        }
    };
    said.push_str(&format!("投与に必要な生細胞数は{needed}です。"));
    match ready {
        None => {}
        Some(ReadyTold { at, from, until }) if from == at && until.as_ref() == Some(at) => {
            said.push_str(&format!("{at}頃に準備が整う見込みです。"));
        }
        Some(ReadyTold { at, from, until: Some(until) }) => {
            said.push_str(&format!("{at}頃に準備が整う見込みです（80 %の確率で{from}から{until}まで）。"));
        }
        Some(ReadyTold { at, from, until: None }) => {
            said.push_str(&format!(
                "{at}頃（早くとも{from}）に準備が整う見込みですが、どこまで遅れるかは予測できません。"
            ));
        }
    }
    said
}

pub(in crate::words) fn lineage_told(told: &LineageTold) -> String {
    let LineageTold { vessels, in_culture, discarded, harvests, containers, path } = told;
    let mut said = format!(
        "培養容器{vessels}個（培養中{in_culture}個、廃棄{discarded}個）、細胞回収{harvests}回、最終容器{containers}個。"
    );
    if let Some((dose, through)) = path {
        match through.is_empty() {
            true => said.push_str(&format!("{dose}の由来を強調しています。")),
            false => said.push_str(&format!("{dose}の細胞は{}を経ています。", through.join("、"))),
        }
    }
    said
}

pub(in crate::words) fn plan_told(told: &PlanTold) -> String {
    let PlanTold { batches, harvests, from, until, vessels } = told;
    format!(
        "{from}から{until}まで、ロット{batches}件。期間中の細胞回収見込み{harvests}件。本日の培養容器は{vessels}個です。"
    )
}

pub(in crate::words) fn trend_told(told: &TrendTold) -> String {
    let TrendTold { batches, mean, limits, beyond, runs } = told;
    let limits = match limits {
        (Some(lower), Some(upper)) => format!("管理限界{lower}～{upper}"),
        (Some(lower), None) => format!("下方管理限界{lower}"),
        (None, Some(upper)) => format!("上方管理限界{upper}"),
        (None, None) => "あり得る範囲に管理限界なし".into(),
    };
    let signals = match (beyond, runs) {
        (0, 0) => "兆候はありません。".into(),
        (beyond, runs) => format!("限界外{beyond}点、連続して同じ側{runs}点です。"),
    };
    format!("ロット{batches}件：平均{mean}、{limits}。{signals}")
}

pub(in crate::words) fn day_short(day: NaiveDate) -> String {
    day.format("%-m/%-d").to_string()
}

pub(in crate::words) fn day_of_culture(day: u32) -> String {
    format!("{day}日")
}

pub(in crate::words) fn doubling_short(hours: Number) -> String {
    format!("{} h", hours.0.round_dp(0))
}

pub(in crate::words) fn medium_due(vessels: usize) -> String {
    format!("培養容器{vessels}個")
}

pub(in crate::words) fn wanted_until(day: String) -> String {
    format!("{day}まで")
}

pub(in crate::words) fn vessels_of(vessels: usize, most: usize) -> String {
    format!("培養容器{vessels}個（収容可能数{most}個）")
}

pub(in crate::words) fn fits_in(most: usize) -> String {
    format!("収容可能数{most}個")
}

pub(in crate::words) fn over_on(spans: &[(String, Option<String>)]) -> String {
    let span = |(first, last): &(String, Option<String>)| match last {
        Some(last) => format!("{first}～{last}"),
        None => first.clone(),
    };
    format!("{}に超過", spans.iter().map(span).collect::<Vec<_>>().join("、"))
}

pub(in crate::words) fn places_in_use(used: usize, vessels: usize) -> String {
    format!("{used}か所に培養容器{vessels}個")
}
