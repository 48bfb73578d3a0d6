//! 日本語: the names of things in Japanese. Sentences and pages stand in the files below.

pub(super) mod account;
pub(super) mod bench;
mod blockers;
pub(super) mod clinic;
mod facts;
mod faults;
pub(super) mod forecast;
pub(super) mod inspection;
pub(super) mod picture;
pub(super) mod privacy;
pub(super) mod quality;
mod reasons;
pub(super) mod records;
pub(super) mod sheet;
pub(super) mod ui;
pub(super) mod ways;

pub(super) use account::{scope, source};
pub(super) use blockers::blocker;
pub(super) use facts::event;
pub(super) use quality::{awaited, exception, exception_count, met_count};
pub(super) use reasons::{reason_in, standard_fault};

use super::{Context, Language, Thing, line, one_line};
use baiyo_domain::authority::{Department, Meaning, Role};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::disposition::HoldCause;
use baiyo_domain::batch::distribution::{Custody, StopCause};
use baiyo_domain::batch::gate::{CheckState, Requirement};
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::{Duty, Subject};
use baiyo_domain::numbers::Unusual;
use baiyo_domain::order::{Analyte, Finding, PlanClass};
use baiyo_domain::quality_event::{DepartureKind, Impact};
use baiyo_domain::standard::{Attribute, BenchRecord, Criterion, DonorKind, Purpose, Stage, Standing, Step};

const LANG: Language = Language::Ja;

pub(super) fn not_applicable(reason: &str) -> String {
    format!("該当なし：{}", one_line(reason))
}

pub(super) fn requirement(requirement: &Requirement, context: &Context) -> String {
    match requirement {
        Requirement::Instruction => "製造開始前の製造指図書への署名".into(),
        Requirement::Donor => "細胞提供者の適格性".into(),
        Requirement::Consent => "有効な同意".into(),
        Requirement::Order => "有効な製造依頼・提供計画".into(),
        Requirement::Identity => "個体識別の連鎖".into(),
        Requirement::Record => "製造記録の完備".into(),
        Requirement::Manufacturing => "製造部門の確認".into(),
        Requirement::Quality => "品質部門の確認".into(),
        Requirement::Holds => "保留なし".into(),
        Requirement::QualityEvents => "品質イベントの影響評価".into(),
        Requirement::Test(code) => context.title(LANG, code),
        Requirement::Failures => "規格外の試験結果なし".into(),
        Requirement::Process => "標準書に適合した培養".into(),
        Requirement::Dose => "標準書に適合した細胞数・濃度".into(),
        Requirement::Labels => "ラベルの収支照合".into(),
        Requirement::Container => "最終容器の所在・形態".into(),
        Requirement::InDate => "使用期限内".into(),
    }
}

pub(super) fn hold_cause(cause: &HoldCause, context: &Context) -> String {
    match cause {
        HoldCause::Request { reason } => format!("申出による保留：{}", line(reason)),
        HoldCause::Mismatch => "別ロットのラベルの読取り".into(),
        HoldCause::Oos { result } => format!("試験結果 {result} が規格外（OOS）"),
        HoldCause::QualityEvent { event } => {
            format!("品質イベント {}", context.call(Thing::QualityEvent(*event)))
        }
        HoldCause::ConsentWithdrawn => "同意の撤回".into(),
        HoldCause::DonorPositive => "細胞提供者の検査陽性".into(),
    }
}

pub(super) fn stop_cause(cause: &StopCause, context: &Context) -> String {
    match cause {
        StopCause::Oos { result } => format!("出荷後に試験結果 {result} が規格外（OOS）と判明"),
        StopCause::Correction { entry } => {
            format!("記録 {} の訂正により出荷可の根拠が変更", context.call(Thing::Entry(*entry)))
        }
        StopCause::Withdrawal { reason } => format!("回収措置：{}", line(reason)),
        StopCause::Held => "出荷後に保留".into(),
        StopCause::Parent { batch } => {
            format!("由来元ロット {} に疑義", context.call(Thing::Batch(*batch)))
        }
    }
}

pub(super) fn subject(subject: &Subject, context: &Context) -> String {
    match subject {
        Subject::Tissue => "採取組織".into(),
        Subject::Parent { batch } => format!("ロット {}", context.call(Thing::Batch(*batch))),
        Subject::Vessel(no) => format!("培養容器 {no}"),
        Subject::Harvest(no) => format!("細胞回収 {no}"),
        Subject::Fill(no) => format!("充填 {no}"),
        Subject::Container(no) => format!("最終容器 {no}"),
    }
}

pub(super) fn criterion(criterion: &Criterion, unit: Option<&str>) -> String {
    let unit = unit.map(|unit| format!("{unit} ")).unwrap_or_default();
    match criterion {
        Criterion::AtLeast(limit) => format!("{limit} {unit}以上"),
        Criterion::AtMost(limit) => format!("{limit} {unit}以下"),
        Criterion::Below(limit) => format!("{limit} {unit}未満"),
        Criterion::Between { least, most } => format!("{least}～{most} {unit}").trim_end().into(),
        Criterion::NoGrowth { incubation } => {
            format!("{} 時間培養し、菌の発育を認めない", incubation.value())
        }
        Criterion::Negative => "陰性".into(),
        Criterion::Text { accepted } => any(accepted.iter().map(|text| format!("「{text}」"))),
    }
}

pub(super) fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Donor => "細胞提供者".into(),
        Stage::Receipt => "組織受入時".into(),
        Stage::InProcess { within } => format!("培養中（細胞回収前 {} 日以内）", within.value()),
        Stage::Bank => "セルバンク".into(),
        Stage::Harvest => "細胞回収時".into(),
        Stage::Fill => "充填時".into(),
        Stage::Thaw => "解凍後の最終容器".into(),
    }
}

pub(super) fn check_state(state: CheckState) -> &'static str {
    match state {
        CheckState::Open => "未充足",
        CheckState::Met => "充足",
        CheckState::Failed => "不適合",
    }
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Technician => "製造担当者",
        Role::ManufacturingLead => "製造部門責任者",
        Role::QcAnalyst => "試験検査担当者",
        Role::Releaser => "取扱い決定者",
        Role::FacilityManager => "施設管理者",
        Role::Coordinator => "提供機関コーディネーター",
        Role::Physician => "医師",
        Role::Administrator => "システム管理者",
        Role::Inspector => "査察者",
    }
}

pub(super) fn department(department: Department) -> &'static str {
    match department {
        Department::Manufacturing => "製造部門",
        Department::Quality => "品質部門",
        Department::Management => "施設管理",
        Department::Clinic => "再生医療等提供機関",
        Department::Administration => "システム管理",
        Department::Inspection => "査察",
    }
}

pub(super) fn meaning(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Instruction => "製造指図",
        Meaning::Verification => "試験結果の検証",
        Meaning::Interpretation => "試験結果の解釈",
        Meaning::ImpactAssessment => "ロットへの影響評価",
        Meaning::InvestigationClosure => "規格外試験結果の調査の終結",
        Meaning::ManufacturingConfirmation => "製造部門による製造記録の確認",
        Meaning::QualityConfirmation => "品質部門による製造記録の確認",
        Meaning::Disposition => "取扱いの決定（出荷可否）",
        Meaning::HoldLift => "保留の解除",
        Meaning::StandardApproval => "標準書の承認",
        Meaning::AdministrationDecision => "投与可否の決定",
        Meaning::RoleGrant => "役割の付与",
        Meaning::Deputyship => "代行者の指名",
        Meaning::IdentityCheck => "第二の確認者による本人確認",
        Meaning::KeyRegistration => "本人確認及び署名鍵の登録",
        Meaning::QualityEventClosure => "品質イベントの終結",
        Meaning::ErasureProposal => "患者氏名の消去の提案",
        Meaning::ErasureConfirmation => "第二の確認者による患者氏名の消去の承認",
    }
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "適合",
        Verdict::Fail => "不適合（規格外）",
        Verdict::Undecidable => "判定不能",
        Verdict::AwaitsInterpretation => "解釈待ち",
        Verdict::ControlsFailed => "対照不成立",
        Verdict::Incubating => "培養観察中",
    }
}

pub(super) fn custody(custody: Custody) -> &'static str {
    match custody {
        Custody::InHouse => "施設内保管",
        Custody::Packed => "梱包済",
        Custody::Shipped => "出荷済",
        Custody::Received { good: true } => "受領済",
        Custody::Received { good: false } => "受領済（要確認）",
        Custody::Infused => "投与済",
        Custody::Returned => "返却済",
        Custody::Destroyed => "廃棄済",
        Custody::Drawn { .. } => "バンクとして使用済",
    }
}

pub(super) fn departure(kind: DepartureKind) -> &'static str {
    match kind {
        DepartureKind::TissueTemperature => "採取組織の運搬温度が範囲外",
        DepartureKind::TissueHours => "採取組織の運搬時間が上限を超過",
        DepartureKind::TissueSeal => "採取組織の封印が破損",
        DepartureKind::NoInstruction => "製造指図書への署名がないまま細胞を加工",
        DepartureKind::ProcessedWhileBlocked => "受け入れていない採取組織の細胞を加工",
        DepartureKind::WrongRole => "担当の役割を持たない者が作業を実施",
        DepartureKind::SeedingDensity => "播種密度が標準書の範囲外",
        DepartureKind::MediumInterval => "培地交換の間隔が標準書の上限を超過",
        DepartureKind::HealthOrGowning => "健康状態または更衣に不備のある者による作業",
        DepartureKind::NotPhotographed => "培養の写真が撮影されていない",
        DepartureKind::LineNotCleared => "ラインクリアランスの不備",
        DepartureKind::CountVariation => "細胞計数のばらつきが標準書の上限を超過",
        DepartureKind::Passage => "継代数が標準書の上限を超過",
        DepartureKind::BankExpired => "使用期限を過ぎたセルバンクの容器を播種",
        DepartureKind::StorageTemperature => "保管温度が標準書の範囲外",
        DepartureKind::ShippedUncleared => "出荷前確認を経ずに出荷",
        DepartureKind::ProductTransport => "運搬の条件が標準書の範囲外",
        DepartureKind::ArrivedDamaged => "到着時に破損、封印不良又は受領拒否",
        DepartureKind::ReceivedUncleared => "受領前確認では受け付けられない容器を受領",
        DepartureKind::InfusedUncleared => "投与前確認を経ずに投与",
        DepartureKind::CorrectedAfterAdministration => "投与後の訂正により出荷可の根拠が変更",
        DepartureKind::FailedAfterAdministration => "投与後に試験結果が規格外と判明",
    }
}

pub(super) fn attribute(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::DonorPanel => "細胞提供者の感染症検査",
        Attribute::Identity => "確認試験",
        Attribute::Appearance => "性状",
        Attribute::Count => "細胞数",
        Attribute::Viability => "生細胞率",
        Attribute::Endotoxin => "エンドトキシン試験",
        Attribute::Mycoplasma => "マイコプラズマ否定試験",
        Attribute::Sterility => "無菌試験",
        Attribute::Karyotype => "核型",
        Attribute::Other => "その他",
    }
}

pub(super) fn purpose(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Mandated => "規格試験",
        Purpose::Surveillance { .. } => "出荷後確認試験",
        Purpose::Information => "参考",
    }
}

pub(super) fn bench_record(record: BenchRecord) -> &'static str {
    match record {
        BenchRecord::HealthAndGowning => "健康状態・更衣の確認",
        BenchRecord::LineClearance => "ラインクリアランス",
        BenchRecord::MinutesOutside => "インキュベーター外の時間",
        BenchRecord::Antibiotics => "培地中の抗生物質",
        BenchRecord::Serum => "自己血清の照合",
        BenchRecord::Photograph => "観察・継代した各容器の写真",
    }
}

pub(super) fn photograph(vessels: &str, day: i64, by: &str) -> String {
    format!("{vessels} の写真（培養{day}日目、撮影者：{by}）")
}

pub(super) fn several_vessels(numbers: &[u16]) -> String {
    format!("培養容器 {}", all(numbers))
}

pub(super) fn culture_day(day: i64) -> String {
    format!("培養{day}日目")
}

pub(super) fn step(step: Step) -> &'static str {
    match step {
        Step::TissueReceipt => "組織の受入れ",
        Step::Isolation => "細胞分離・初代播種",
        Step::Passage => "継代",
        Step::Harvest => "細胞回収",
        Step::Fill => "充填",
        Step::Thaw => "解凍",
        Step::LabelReconciliation => "ラベルの収支照合",
        Step::Packing => "梱包",
    }
}

pub(super) fn analyte(analyte: Analyte) -> &'static str {
    match analyte {
        Analyte::Hbv => "B型肝炎（HBV）",
        Analyte::Hcv => "C型肝炎（HCV）",
        Analyte::Hiv => "HIV-1/2",
        Analyte::Htlv1 => "HTLV-1",
        Analyte::Syphilis => "梅毒",
        Analyte::ParvovirusB19 => "パルボウイルスB19",
    }
}

pub(super) fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Negative => "陰性",
        Finding::Positive => "陽性",
    }
}

pub(super) fn donor_kind(donor: DonorKind) -> &'static str {
    match donor {
        DonorKind::Autologous => "自己",
        DonorKind::Allogeneic => "同種",
    }
}

pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Draft => "案",
        Standing::Approved => "承認済",
        Standing::Retired => "廃止",
    }
}

pub(super) fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "影響なし",
        Impact::Acceptable => "許容可",
        Impact::Unacceptable => "許容不可",
    }
}

pub(super) fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::Maker => "製造作業の実施",
        Duty::Checker => "作業の確認",
        Duty::Enterer => "試験の実施又は結果の入力",
    }
}

pub(super) fn vessel_state(state: VesselState) -> &'static str {
    match state {
        VesselState::InCulture => "培養中",
        VesselState::Passaged => "継代済",
        VesselState::Harvested => "細胞回収済",
        VesselState::Discarded => "廃棄",
        VesselState::GivenAway => "他ロットへ移管",
    }
}

pub(super) fn plan_class(class: PlanClass) -> &'static str {
    match class {
        PlanClass::One => "第一種",
        PlanClass::Two => "第二種",
        PlanClass::Three => "第三種",
    }
}

pub(super) fn batch_status(name: &str) -> Option<&'static str> {
    Some(match name {
        "opened" => "予定",
        "instructed" => "受入待ち",
        "tissue_received" => "組織受入済",
        "tissue_refused" => "組織受入不可",
        "in_culture" => "培養中",
        "harvested" => "細胞回収済",
        "filled" => "充填済",
        "under_test" => "試験検査中",
        "awaiting_confirmation" => "確認待ち",
        "ready_for_decision" => "出荷可否判定待ち",
        "released" => "出荷可",
        "partly_released" => "一部出荷可",
        "shipped" => "出荷済",
        "received" => "受領済",
        "administered" => "投与済",
        "rejected" => "出荷不可",
        "on_hold" => "保留",
        "discontinued" => "中止",
        "closed" => "完了",
        _ => return None,
    })
}

pub(super) fn container_status(name: &str) -> Option<&'static str> {
    Some(match name {
        "in_house" => "施設内保管",
        "packed" => "梱包済",
        "shipped" => "出荷済",
        "received" => "受領済",
        "received_in_doubt" => "受領済（要確認）",
        "infused" => "投与済",
        "returned" => "返却済",
        "destroyed" => "廃棄済",
        "drawn" => "バンクとして使用済",
        "released" => "出荷可",
        "rejected" => "出荷不可",
        "stopped" => "使用停止",
        _ => return None,
    })
}

pub(super) fn action(name: &str) -> Option<&'static str> {
    Some(match name {
        "site.clinic_registration" => "再生医療等提供機関の登録",
        "site.clinic_change" => "再生医療等提供機関の変更",
        "site.incubator_registration" => "インキュベーターの登録",
        "site.incubator_change" => "インキュベーターの変更・使用終了",
        "site.access_review" => "アクセス権の定期確認の記録",
        "person.invitation" => "職員の登録",
        "person.setup_link" => "パスワード設定用リンクの発行",
        "person.identity_confirmation" => "第二の確認者による本人確認",
        "person.key_registration" => "本人確認及び署名鍵の登録",
        "person.role_grant" => "役割の付与",
        "person.role_end" => "役割の終了",
        "person.deputyship" => "代行者の指名",
        "person.deputyship_end" => "代行の終了",
        "person.departure" => "職員の退職",
        "standard.draft" => "標準書案の登録",
        "standard.approval" => "標準書の承認",
        "standard.retirement" => "標準書の廃止",
        "order.placement" => "製造依頼",
        "order.consent" => "同意の記録",
        "order.consent_withdrawal" => "同意撤回の記録",
        "order.donor_screening" => "ドナースクリーニングの記録",
        "order.plan_change" => "再生医療等提供計画の変更の記録",
        "order.forecast_acknowledgement" => "準備完了見込みの遅れの確認",
        "order.window_change" => "投与希望期間の変更",
        "order.urgent_request" => "至急の提供依頼",
        "order.erasure_proposal" => "患者氏名の消去の提案",
        "order.erasure_withdrawal" => "患者氏名の消去の提案の取下げ",
        "order.erasure_confirmation" => "患者氏名の消去の承認",
        "order.cancellation" => "製造依頼の取消し",
        "batch.intake.opening" => "ロットの開始",
        "batch.intake.instruction" => "製造指図書への署名",
        "batch.intake.tissue_receipt" => "組織の受入れ",
        "batch.intake.mismatch_clearance" => "識別情報の不一致の解消",
        "batch.culture.isolation" => "細胞分離・初代播種",
        "batch.culture.bank_seeding" => "バンク細胞の解凍・播種",
        "batch.culture.medium_change" => "培地交換",
        "batch.culture.observation" => "観察",
        "batch.culture.photograph" => "写真撮影",
        "blob.addition" => "画像の登録",
        "batch.culture.counting" => "細胞計数",
        "batch.culture.passage" => "継代",
        "batch.culture.label_check" => "新しいラベルの照合スキャン",
        "batch.culture.vessel_move" => "培養容器の移動",
        "batch.culture.vessel_discard" => "培養容器の廃棄",
        "batch.culture.pooling" => "他ロットの細胞との混合",
        "batch.filling.harvest" => "細胞回収",
        "batch.filling.fill" => "充填",
        "batch.filling.freezing" => "凍結",
        "batch.filling.storage" => "保管",
        "batch.filling.thaw" => "解凍",
        "batch.filling.label_reconciliation" => "ラベルの収支照合",
        "batch.testing.sampling" => "検体の採取",
        "batch.testing.sending" => "検体の送付",
        "batch.testing.result" => "試験結果の入力",
        "batch.testing.verification" => "試験結果の検証",
        "batch.testing.interpretation" => "試験結果の解釈",
        "batch.testing.investigation" => "規格外試験結果の調査の終結",
        "batch.disposition.part_confirmation" => "担当作業の本人による確認",
        "batch.disposition.correction" => "記録の訂正",
        "batch.disposition.holding" => "保留",
        "batch.disposition.lifting" => "保留の解除",
        "batch.disposition.manufacturing_confirmation" => "製造部門による製造記録の確認",
        "batch.disposition.quality_confirmation" => "品質部門による製造記録の確認",
        "batch.disposition.deciding" => "取扱いの決定（出荷可否）",
        "batch.distribution.allocation" => "最終容器の割当て",
        "batch.distribution.packing" => "梱包",
        "batch.distribution.shipping_check" => "出荷前の確認",
        "batch.distribution.shipment" => "出荷の報告",
        "batch.distribution.receiving_check" => "受領前の確認",
        "batch.distribution.receipt" => "受領の報告",
        "batch.distribution.administration_decision" => "投与可否の決定",
        "batch.distribution.bedside_check" => "投与直前の本人照合",
        "batch.distribution.infusion" => "投与の報告",
        "batch.distribution.outcome" => "投与後経過の報告",
        "batch.distribution.return_report" => "返却の報告",
        "batch.distribution.destruction" => "廃棄の報告",
        "batch.distribution.withdrawal" => "回収措置",
        "batch.distribution.stop_acknowledgement" => "使用停止連絡の受領確認",
        "batch.distribution.discontinuation" => "製造の中止",
        "batch.distribution.closing" => "ロットの完了",
        "quality_event.report" => "品質イベントの報告",
        "quality_event.linking" => "品質イベントへのロットの関連付け",
        "quality_event.assessment" => "ロットへの影響評価",
        "quality_event.closing" => "品質イベントの終結",
        "session.passkey" => "パスキーによるサインイン",
        "read.self" => "本人の情報の閲覧",
        "read.batch" => "ロットの閲覧",
        "read.order" => "製造依頼の閲覧",
        "read.planner" => "製造計画の閲覧",
        "read.trends" => "傾向の閲覧",
        "read.patient_name" => "患者氏名の閲覧",
        "read.disclosures" => "患者氏名の閲覧者の確認",
        "read.access" => "アクセス権と閲覧履歴の確認",
        "read.standard" => "標準書の閲覧",
        "read.quality_event" => "品質イベントの閲覧",
        "read.people" => "職員の閲覧",
        "read.clinics" => "再生医療等提供機関の閲覧",
        "read.incubators" => "インキュベーターの閲覧",
        "read.journal" => "記録台帳の閲覧",
        "records.export" => "全記録の書き出し",
        "records.verification" => "全記録の検証",
        "records.rebuild" => "一覧の再構築",
        "read.attempts" => "拒否された操作の閲覧",
        "account.change" => "自分のアカウントの変更",
        "account.ending" => "職員のセッション・APIトークン・リンクの失効",
        "account.tablets" => "共用端末の登録",
        _ => return None,
    })
}

/// The name of a form's field, by its JSON pointer.
fn field(pointer: &str) -> &str {
    match pointer {
        "/performed/at" => "実施日時",
        "/collected_at" => "採取日時",
        "/read_at" => "判定日時",
        "/inoculated_at" => "接種日時",
        "/ended_at" => "投与終了日時",
        "/signed_at" => "同意日時",
        "/withdrawn_at" => "撤回日時",
        "/sampled_at" => "採血日時",
        "/least_temperature" => "運搬温度",
        other => other,
    }
}

fn any(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join("又は")
}

fn all<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("、")
}

pub(super) fn unusual(unusual: Unusual) -> &'static str {
    match unusual {
        Unusual::Facility => "入力どおり記録しました。施設番号は通常 FA・FB・FC と数字7桁です。",
        Unusual::Clinic => "入力どおり記録しました。提供機関の番号は通常、半角の英数字とハイフンです。",
        Unusual::Plan => {
            "入力どおり記録しました。計画番号は通常、種別に応じた PA・PB・PC と数字7桁、又は jRCTa・b・c と数字9桁です。"
        }
    }
}
