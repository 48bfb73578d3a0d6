//! The names of the API's fields, for sentences that say what is wrong with one. Every field of every body has its
//! name here, in both languages; a test finds the one that has not.

use super::Language;

/// A sentence about the field a JSON pointer leads to, led by the field's name. An item of a list is named by the list
/// and its place, counted from 1.
pub fn of_field(language: Language, pointer: &str, sentence: &str) -> String {
    let Some((rest, last)) = pointer.rsplit_once('/') else { return sentence.to_string() };
    let (segment, place) = match last.parse::<usize>() {
        Ok(index) => (rest.rsplit('/').next().unwrap_or_default(), format!(" {}", index + 1)),
        Err(_) => (last, String::new()),
    };
    let segment = segment.replace("~1", "/").replace("~0", "~");
    let name = name(language, &segment).unwrap_or(&segment);
    match language {
        Language::En => format!("{name}{place}: {sentence}"),
        Language::Ja => format!("{name}{place}：{sentence}"),
    }
}

/// What a field is called.
pub fn field(language: Language, field: &str) -> &str {
    name(language, field).unwrap_or(field)
}

fn name(language: Language, field: &str) -> Option<&'static str> {
    let (_, en, ja) = FIELDS.iter().find(|(known, ..)| *known == field)?;
    Some(match language {
        Language::En => en,
        Language::Ja => ja,
    })
}

/// The field as JSON has it, in English, in Japanese.
const FIELDS: &[(&str, &str, &str)] = &[
    ("accepted", "Accepted", "受入"),
    ("active", "In force", "有効"),
    ("administration_decision", "Administration decision", "投与可否"),
    ("adverse", "Adverse event", "有害事象"),
    ("allocation", "Allocation", "割当"),
    ("analyst", "Analyst", "試験担当者"),
    ("analyte", "Analyte", "検査項目"),
    ("appearance", "Appearance", "外観"),
    ("applied", "Labels applied", "貼付したラベル"),
    ("area", "Area", "面積"),
    ("at", "Time", "日時"),
    ("at_least", "At least", "下限"),
    ("at_most", "At most", "上限"),
    ("attribute", "Attribute", "特性"),
    ("bank", "Bank", "バンク"),
    ("bank_seeding", "Seeding from the bank", "バンク細胞の播種"),
    ("basis", "Basis", "根拠"),
    ("batch", "Batch", "製造番号"),
    ("batches", "Batches", "対象ロット"),
    ("bedside_check", "Bedside check", "投与前確認"),
    ("below", "Below", "未満"),
    ("beside", "Mandated test beside it", "対応する規格試験"),
    ("between", "Range", "範囲"),
    ("birth_date", "Birth date", "生年月日"),
    ("by", "By", "実施者"),
    ("cabinet", "Safety cabinet", "安全キャビネット"),
    ("carrier", "Carrier", "運送業者"),
    ("cause", "Cause", "原因"),
    ("cautions", "Cautions", "注意事項"),
    ("cells", "Cells", "細胞数"),
    ("centre", "Centre", "施設"),
    ("check", "Check", "確認"),
    ("checked_by", "Checker", "確認者"),
    ("checked_steps", "Steps that are checked", "確認を要する工程"),
    ("class", "Class", "区分"),
    ("clinic", "Clinic", "再生医療等提供機関"),
    ("closed", "Closed", "終了"),
    ("closing", "Closing", "終結"),
    ("code", "Code", "コード"),
    ("collected_at", "Time of collection", "採取日時"),
    ("conclusion", "Conclusion", "結論"),
    ("confirmed", "Confirmed", "確認済み"),
    ("confluence", "Confluence", "コンフルエンス"),
    ("container", "Container", "容器"),
    ("containers", "Containers", "容器"),
    ("controls", "Controls", "対照"),
    ("correction", "Correction", "訂正"),
    ("count", "Cell count", "細胞計数"),
    ("counting", "Count of cells", "細胞計数"),
    ("criterion", "Criterion", "判定基準"),
    ("culture", "Culture", "培養"),
    ("culture_days", "Days in culture", "培養日数"),
    ("dead", "Dead cells", "死細胞数"),
    ("deciding", "Disposition", "出荷可否の決定"),
    ("decision", "Decision", "決定"),
    ("description", "Description", "説明"),
    ("destroyed", "Destroyed", "廃棄数"),
    ("destruction", "Destruction", "廃棄"),
    ("digestion", "Digestion", "酵素処理時間"),
    ("discarded_cells", "Cells discarded", "廃棄した細胞数"),
    ("discontinuation", "Discontinuation", "製造中止"),
    ("disposition", "Disposition", "取扱いの決定"),
    ("distribution", "Distribution", "出荷・配送"),
    ("donor", "Donor", "ドナー"),
    ("dose", "Dose", "投与量"),
    ("en", "English", "英語"),
    ("ended_at", "End", "終了日時"),
    ("entry", "Entry", "記録"),
    ("enzyme", "Enzyme treatment", "酵素処理"),
    ("equipment", "Equipment", "設備"),
    ("expires_at", "Expiry", "有効期限"),
    ("facility_number", "Facility number", "施設番号"),
    ("factor", "Factor", "係数"),
    ("fill", "Fill", "充填"),
    ("filling", "Filling", "充填"),
    ("finding", "Finding", "所見"),
    ("form", "Form", "形態"),
    ("freezing", "Freezing", "凍結"),
    ("fresh", "Fresh", "非凍結"),
    ("from", "From", "開始"),
    ("frozen", "Frozen", "凍結"),
    ("harvest", "Harvest", "回収"),
    ("harvests", "Harvests", "回収"),
    ("hold", "Hold", "保留"),
    ("holding", "Hold", "保留"),
    ("identity_check", "Identity check", "本人確認"),
    ("impact", "Impact", "影響"),
    ("in_process", "In process", "工程内"),
    ("incubation", "Incubation", "培養時間"),
    ("incubator", "Incubator", "インキュベーター"),
    ("infusion", "Infusion", "投与"),
    ("inoculated_at", "Time of inoculation", "接種日時"),
    ("instruction", "Instruction", "製造指図"),
    ("instructions", "Instructions", "指図内容"),
    ("instrument", "Instrument", "測定機器"),
    ("intake", "Intake", "受入"),
    ("interpretation", "Interpretation", "判定"),
    ("into", "New vessels", "播種先の容器"),
    ("investigation", "Investigation", "調査"),
    ("isolation", "Isolation", "分離"),
    ("ja", "Japanese", "日本語"),
    ("kana", "Name in kana", "氏名（かな）"),
    ("keeping", "Keeping", "保存"),
    ("key", "Key", "鍵"),
    ("kit_lot", "Kit lot", "キットのロット"),
    ("label_check", "Labels scanned back", "ラベルの照合スキャン"),
    ("label_reconciliation", "Label reconciliation", "ラベル照合"),
    ("laboratory", "Laboratory", "検査機関"),
    ("laboratory_cause", "Laboratory cause", "試験室の原因"),
    ("lasts", "Lasts", "有効期間"),
    ("late_positive", "Late-positive procedure", "遅発陽性時の手順"),
    ("late_reason", "Reason for the late entry", "遅延記録の理由"),
    ("least", "Least", "下限"),
    ("least_cells", "Least cells", "最少細胞数"),
    ("least_temperature", "Lowest temperature", "最低温度"),
    ("lifting", "Lifting of the hold", "保留の解除"),
    ("live", "Live cells", "生細胞数"),
    ("logger", "Data logger", "温度記録計"),
    ("lot", "Lot", "ロット"),
    ("lots", "Lots", "使用ロット"),
    ("manufacturing_confirmation", "Manufacturing's confirmation", "製造部門の確認"),
    ("mass", "Mass", "質量"),
    ("material", "Material", "原材料"),
    ("max_count_variation", "Greatest variation of counts", "計数のばらつきの上限"),
    ("max_doublings", "Most doublings", "集団倍加数の上限"),
    ("max_passage", "Last passage", "継代数の上限"),
    ("max_variation", "Greatest variation", "ばらつきの上限"),
    ("may", "May be administered", "投与可"),
    ("meaning", "Meaning of the signature", "署名の意味"),
    ("medium_change", "Medium change", "培地交換"),
    ("medium_interval", "Interval of medium changes", "培地交換の間隔"),
    ("method", "Method", "方法"),
    ("mismatch", "Mismatch", "不一致"),
    ("mismatch_clearance", "Clearance of the mismatch", "不一致の解消"),
    ("morphology", "Morphology", "形態"),
    ("most", "Most", "上限"),
    ("most_cells", "Most cells", "最多細胞数"),
    ("most_concentration", "Greatest concentration", "最高濃度"),
    ("most_hours", "Most hours", "最長時間"),
    ("most_retests", "Most retests", "再試験回数の上限"),
    ("most_temperature", "Highest temperature", "最高温度"),
    ("name", "Name", "名称"),
    ("negative", "Negative control", "陰性対照"),
    ("no_growth", "No growth", "発育なし"),
    ("number", "Number", "番号"),
    ("observation", "Observation", "観察"),
    ("opening", "Opening", "製造開始"),
    ("order", "Order", "依頼"),
    ("order_label", "Order's label", "依頼ラベル"),
    ("other", "Other", "その他"),
    ("other_denominator", "Other denominator", "別の分母"),
    ("ours", "Our own vessels", "自ロットの培養容器"),
    ("outcome", "Outcome", "転帰"),
    ("p0_doublings", "Doublings in P0", "P0の倍加数"),
    ("package", "Package", "梱包"),
    ("packing", "Packing", "梱包"),
    ("paper_form", "Paper form's number", "紙様式の番号"),
    ("parent", "Parent batch", "親ロット"),
    ("part_confirmation", "Confirmation of one's part", "担当分の確認"),
    ("passage", "Passage", "継代"),
    ("passes", "Passes", "合格"),
    ("password", "Password", "パスワード"),
    ("patient", "Patient", "患者"),
    ("performed", "Who and when", "実施"),
    ("personal", "Patient's personal data", "患者の個人情報"),
    ("place", "Place", "保管場所"),
    ("plan", "Provision plan", "提供計画"),
    ("planned_harvest", "Planned harvest", "回収予定"),
    ("pooling", "Pooling", "プール"),
    ("position", "Position", "位置"),
    ("positive", "Positive control", "陽性対照"),
    ("preparation", "Preparation time", "調製時間"),
    ("printed", "Labels printed", "印刷枚数"),
    ("process", "Process", "工程"),
    ("programme", "Freezing programme", "凍結プログラム"),
    ("protectant", "Cryoprotectant", "凍結保護剤"),
    ("pseudonym", "Pseudonym", "識別名"),
    ("purpose", "Purpose", "目的"),
    ("quality_confirmation", "Quality's confirmation", "品質部門の確認"),
    ("quantity", "Quantity", "数量"),
    ("reactions", "Reactions", "投与時の反応"),
    ("read_at", "Time of reading", "判定日時"),
    ("reason", "Reason", "理由"),
    ("reasoning", "Reasoning", "根拠"),
    ("receipt", "Receipt", "受領"),
    ("receiving_check", "Check before receipt", "受領前確認"),
    ("refused", "Refusal", "受入拒否"),
    ("reject", "May not be shipped", "出荷不可"),
    ("remark", "Remark", "備考"),
    ("replacement", "Replacement", "訂正後の内容"),
    ("replicates", "Replicates", "反復測定"),
    ("report", "Report", "報告"),
    ("result", "Result", "試験結果"),
    ("results", "Results", "検査結果"),
    ("retention_years", "Years of retention", "保存年数"),
    ("retests", "Retests", "再試験"),
    ("return_report", "Return", "返却"),
    ("role", "Role", "役割"),
    ("room", "Room", "作業室"),
    ("rule", "Rule", "判定方法"),
    ("sample", "Test sample", "検体"),
    ("sampled_at", "Time of the blood sample", "採血日時"),
    ("sampling", "Sampling", "検体採取"),
    ("seal_intact", "Seal intact", "封印の異常なし"),
    ("second_checker", "Second checker", "第二の確認者"),
    ("second_person", "Second person", "立会者"),
    ("seeding_density", "Seeding density", "播種密度"),
    ("sending", "Sending to a laboratory", "検査機関への送付"),
    ("shelf_life", "Shelf life", "有効期間"),
    ("shipment", "Shipment", "出荷"),
    ("shipping_check", "Check before shipping", "出荷前確認"),
    ("sign_in", "Sign-in name", "サインイン名"),
    ("signature", "Signature", "署名"),
    ("signed_at", "Time of signing", "署名日時"),
    ("site", "Site", "部位"),
    ("source", "Source", "由来"),
    ("spoken_identity_fits", "Spoken identity fits", "口頭での本人確認"),
    ("stage", "Stage", "段階"),
    ("standard", "Standard", "標準書"),
    ("started_at", "Start", "開始日時"),
    ("stop", "Stop message", "中止連絡"),
    ("stop_acknowledgement", "Acknowledgement of the stop", "中止連絡の確認"),
    ("storage", "Storage", "保管"),
    ("subjects", "What was sampled", "採取対象"),
    ("surveillance", "Surveillance test", "出荷後確認試験"),
    ("temperature", "Temperature", "温度"),
    ("test", "Test", "試験"),
    ("testing", "Testing", "試験"),
    ("tests", "Tests", "試験"),
    ("text", "Text", "テキスト"),
    ("thaw", "Thaw", "解凍"),
    ("thawed", "Thawed", "解凍後"),
    ("theirs", "The other batch's vessels", "相手ロットの培養容器"),
    ("tissue", "Tissue", "採取組織"),
    ("tissue_receipt", "Receipt of the tissue", "組織の受入"),
    ("title", "Title", "名称"),
    ("token", "Link", "リンク"),
    ("transport", "Transport", "輸送"),
    ("turbid", "Turbid", "混濁"),
    ("turnaround", "Turn-around", "所要時間"),
    ("unit", "Unit", "単位"),
    ("until", "Until", "終了"),
    ("validity", "Validity", "有効期間"),
    ("values", "Values", "測定値"),
    ("verification", "Verification", "照査"),
    ("version", "Version", "版"),
    ("vessel", "Vessel", "培養容器"),
    ("vessel_discard", "Discard of vessels", "培養容器の廃棄"),
    ("vessel_move", "Move of vessels", "培養容器の移動"),
    ("vessels", "Vessels", "培養容器"),
    ("viable_cells", "Viable cells", "生細胞数"),
    ("volume", "Volume", "容量"),
    ("ware", "Ware", "器材"),
    ("washes", "Washes", "洗浄回数"),
    ("window", "Wanted period", "希望期間"),
    ("withdrawal", "Withdrawal", "回収・撤回"),
    ("withdrawn_at", "Time of the withdrawal", "撤回日時"),
    ("within", "Within", "期間"),
    ("wristband", "Wristband", "リストバンド"),
    ("your_name", "Your name", "氏名"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::openapi::Schemas;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn every_field_of_every_body_has_a_name_in_both_languages() {
        let schemas = Schemas::new();
        let document = schemas.document();
        let mut found = BTreeSet::new();
        let mut open: Vec<&Value> = Vec::new();
        for operations in document["paths"].as_object().unwrap().values() {
            open.extend(operations.as_object().unwrap().values().map(|operation| &operation["requestBody"]));
        }
        let mut seen = BTreeSet::new();
        while let Some(value) = open.pop() {
            if let Some(target) = value["$ref"].as_str().and_then(|target| target.strip_prefix('#'))
                && seen.insert(target)
            {
                open.extend(document.pointer(target));
            }
            if let Some(properties) = value["properties"].as_object() {
                found.extend(properties.keys().map(String::as_str));
            }
            match value {
                Value::Object(fields) => open.extend(fields.values()),
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        let named: BTreeSet<&str> = FIELDS.iter().map(|(field, ..)| *field).collect();
        assert_eq!(named.len(), FIELDS.len(), "each once");
        assert_eq!(found, named);
    }
}
