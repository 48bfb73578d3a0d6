//! What a verification finds, in Japanese; the English sentences are the verification's own.

use baiyo_persistence::verify::{Fault, Finding, Note, Source};

pub(in crate::words) fn fault(finding: &Finding) -> String {
    let what = of(&finding.what);
    let Some(entry) = finding.entry else { return what };
    let stream = finding.stream.map(|stream| format!(" {stream}")).unwrap_or_default();
    let version = finding.version.map(|version| format!("（版{version}）")).unwrap_or_default();
    format!("記録{entry}{stream}{version}：{what}")
}

fn of(fault: &Fault) -> String {
    match fault {
        Fault::Malformed => "行が記録の形式になっていません（型・長さ・範囲が異なる列があります）".into(),
        Fault::Hash => "ハッシュが内容と一致しません（改変されています）".into(),
        Fault::Version { due } => format!("ここには版{due}があるべきです（記録の欠落または順序の誤り）"),
        Fault::Chain => "前の記録のハッシュと一致しません".into(),
        Fault::RecordedEarlier => "直前の記録より前の日時で記録されています".into(),
        Fault::Form => "内容が唯一の正しい書式で書かれていません".into(),
        Fault::Payload(why) => format!("内容を読み取れません：{why}"),
        Fault::Unfounded => "施設の開設記録から始まっていません".into(),
        Fault::FoundedAgain => "施設の開設が二度記録されています".into(),
        Fault::Impossible(why) => format!("この記録があると経過が成り立ちません：{why}"),
        Fault::Unsigned => "必要な署名がありません".into(),
        Fault::NoSigning => "署名の対象でない記録に署名があります".into(),
        Fault::Meaning { due, found } => format!("署名の意味が「{found}」です（「{due}」であるべき）"),
        Fault::Signer => "実施者と別の人が署名しています".into(),
        Fault::SignedAt => "署名の日時が記録の日時と異なります".into(),
        Fault::Covers => "署名の対象に、それより前にない記録が含まれています".into(),
        Fault::KeyUnknown => "登録されていない鍵で署名されています".into(),
        Fault::KeyUntrusted => "最初の管理者の鍵につながらない鍵で署名されています".into(),
        Fault::KeyOfAnother => "別の人の鍵で署名されています".into(),
        Fault::KeyLater => "後から登録された鍵で署名されています".into(),
        Fault::Signature => "署名を確認できません（改変・移動・偽造）".into(),
        Fault::NoRole => "署名者は当時この署名ができる役割ではありませんでした".into(),
        Fault::RoleByItself => "自分自身に役割を付与しています".into(),
        Fault::KeyTwice => "鍵または鍵の識別子が二度登録されています".into(),
        Fault::KeyByItself => "本人が鍵を登録できるのは最初の管理者だけです".into(),
        Fault::KeyUnconfirmed => "確認できる人がいたのに、鍵の本人確認に二人目の署名がありません".into(),
        Fault::KeyReplaced => "すでに別の鍵に替えられた鍵で署名されています".into(),
        Fault::NoAnchor => {
            "最初の管理者の鍵がありません（外部のアンカーと一致する自己登録の鍵がありません）".into()
        }
        Fault::EvidenceInvented { table, row } => {
            format!("表{table}に、経過から導かれない行があります：{row}")
        }
        Fault::EvidenceMissing { table, row } => {
            format!("表{table}に、経過から導かれるはずの行がありません：{row}")
        }
        Fault::EvidenceOrder => "判定の証拠の順序が経過と異なります".into(),
        Fault::EvidenceUnfounded { table } => format!("表{table}に、ロットの記録に基づかない行があります"),
        Fault::DispositionUnsigned => "取扱いの決定の根拠ですが、署名が有効ではありません".into(),
        Fault::ReleasedAgainstGate { container, reason } => {
            format!("最終容器{container}の出荷を可としていますが、それまでの証拠では認められません：{reason}")
        }
        Fault::TreeGap { due } => format!("ツリーの位置{due}がありません"),
        Fault::Deleted { index } => {
            format!("ツリーの位置{index}にありますが、記録がありません（削除されています）")
        }
        Fault::Leaf { index } => {
            format!("ツリーの位置{index}は別の記録から作られています（変更・移動・挿入されています）")
        }
        Fault::Node { level, index } => format!("保存されたツリーが壊れています（段{level}、位置{index}）"),
        Fault::PassedOver => {
            "ツリーになく、追加待ちでもありません（挿入されたか、ツリーから外されています）".into()
        }
        Fault::WaitsInVain { rows } => {
            format!("ツリーへの追加待ち{rows}行は、すでに追加済みか、記録ではありません")
        }
        Fault::Checkpoint { source_name, reason } => {
            format!("{}はこの記録のものではありません：{reason}", place(source_name))
        }
        Fault::CheckpointRow { source_name } => format!("{}の値が、中の文面と異なります", place(source_name)),
        Fault::Root { source_name, size, since } => format!(
            "{}（{size}件）のルートが一致しません。{since}〜{size}件目のうち少なくとも1件が変更・削除・挿入されています",
            place(source_name)
        ),
        Fault::Edge { size } => {
            format!("最初の{size}件の保存された部分木が、再開点のチェックポイントのルートになりません")
        }
        Fault::RolledBack { source_name, size, present } => format!(
            "{}は{size}件ですが、{present}件しかありません（新しい記録が取り除かれています）",
            place(source_name)
        ),
        Fault::BlobMissing { sha256 } => format!("記録が指すファイル{sha256}がありません"),
        Fault::BlobAltered { sha256 } => format!("ファイル{sha256}の内容が名前（ハッシュ）と一致しません"),
        Fault::ErasureUnfounded => {
            "氏名の消去の記録ですが、保存期間の満了後に二人が署名した消去ではありません（この記録では鍵は破棄されません）"
                .into()
        }
        Fault::PatientKeyLost { patient } => format!(
            "患者{patient}の鍵がありませんが、この記録に氏名の消去の記録がありません。鍵のファイルが失われた場合は、keys/patientsをバックアップから復元してください。データベースが消去より前のものである場合は、復元せず、消去の提案と承認をやり直してください"
        ),
        Fault::ErasureUnfinished { patient } => format!(
            "患者{patient}の氏名を消去した記録ですが、鍵または暗号化された氏名が残っています。サーバーを再起動すると破棄されます"
        ),
        Fault::SchemaMissing { kind, name } => format!("スキーマに{kind} {name}がありません"),
        Fault::SchemaAltered { kind, name } => format!("{kind} {name}がBaiyoの作るものと異なります"),
        Fault::SchemaForeign { kind, name } => format!("{kind} {name}はBaiyoのものではありません"),
        Fault::Damaged(why) => format!("データベースが壊れています：{why}"),
    }
}

fn place(source: &Source) -> String {
    match source {
        Source::Database(size) => format!("データベースのチェックポイント（{size}件）"),
        Source::File(name) => format!("ファイルcheckpoints/{name}のチェックポイント"),
        Source::Outside(number) => format!("外部で保管した{number}番目のチェックポイント"),
        Source::Since => "再開点のチェックポイント".into(),
    }
}

pub(in crate::words) fn note(note: &Note) -> String {
    match note {
        Note::Empty => "記録がありません".into(),
        Note::FirstKey { public_key, anchored: true } => {
            format!("最初の管理者の鍵は {public_key} です（keys/anchor.pubと一致）")
        }
        Note::FirstKey { public_key, anchored: false } => {
            format!("最初の管理者の鍵は {public_key} です（照合なし：keys/anchor.pubを読み取れません）")
        }
        Note::LogKey(key) => format!("記録台帳の鍵は {key} です"),
        Note::NoLogKey => {
            "チェックポイントの署名は確認していません（keys/checkpoint.seedを読み取れません）".into()
        }
        Note::NoPatientKeys => {
            "すべての氏名を読み取れるかは確認していません（keys/patients、またはその中のファイルを読み取れません）".into()
        }
        Note::Agreed { size } => format!("照合して一致した最大のチェックポイントは{size}件です"),
        Note::NoOutsideCheckpoint => "データベースの外のチェックポイントとは照合していません".into(),
        Note::Resumed(resumed) => format!(
            "{}件のチェックポイントから再開しました。{}件は読み直しておらず、そこでの変更は全体の検証でのみわかります",
            resumed.size, resumed.entries
        ),
        Note::NotResumed => "再開点のチェックポイントがこの記録のものでないため、すべてを読みました".into(),
        Note::Foreign { kind, name } => {
            format!("{kind} {name}はBaiyoのものではありません（そのままにしました）")
        }
        Note::Unfinished => "データベースを読み進められないため、以降は確認できませんでした".into(),
    }
}
