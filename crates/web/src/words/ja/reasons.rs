//! 拒否の理由: why something was refused, and what to do, in Japanese.

use super::{action, all, attribute, blocker, criterion, duty, field, meaning, role};
use crate::words::{Context, Language, Thing, of_field, time};
use baiyo_domain::authority::roles_for;
use baiyo_domain::refusal::Reason;
use baiyo_domain::standard::{Criterion, StandardFault};

pub(in crate::words) fn reason_in(reason: &Reason, context: &Context) -> String {
    match reason {
        Reason::NotFound => {
            "該当するものがないか、閲覧・操作の権限がありません。番号又はラベルを確認してください。".into()
        }
        Reason::AlreadyDone => {
            "既に実施済みです。ページを再読み込みし、現在の状況を確認してください。".into()
        }
        Reason::NotAllowed { action: name } => {
            let what = action(name).unwrap_or(name);
            let roles = all(roles_for(name).iter().map(|allowed| role(*allowed)));
            let who = if roles.is_empty() {
                roles
            } else {
                format!("次のいずれかの役割を持つ職員に依頼してください：{roles}。")
            };
            format!("「{what}」を行う権限がありません。{who}")
        }
        Reason::SignatureNeeded { meaning: needed } => {
            format!("署名が必要です。パスワードを入力し、「{}」として署名してください。", meaning(*needed))
        }
        Reason::WrongMeaning { meaning: needed } => {
            format!("署名の意味が異なります。「{}」として署名し直してください。", meaning(*needed))
        }
        Reason::KeyNotRegistered => {
            "署名鍵が登録されていません。システム管理者に本人確認と署名鍵の登録を依頼してください。".into()
        }
        Reason::ClockBehind => "サーバーの時計が既存の記録の日時より遅れているため、署名できません。\
            システム管理者に連絡し、時計の修正後に署名してください。"
            .into(),
        Reason::VersionNeeded { actual } => format!(
            "確認した版の指定（If-Match）が必要です。現在は第 {actual} 版です。内容を確認し、\
             再度お試しください。"
        ),
        Reason::VersionConflict { expected, actual } => format!(
            "操作中に内容が更新されました（確認した版：第 {expected} 版、現在：第 {actual} 版）。\
             変更内容を確認し、再度お試しください。"
        ),
        Reason::NoSuchPerson { person } => format!(
            "指定された職員（{}）は登録されていないか、退職しています。別の職員を指定してください。",
            context.call(Thing::Person(*person))
        ),
        Reason::PersonLeft { person } => {
            format!("{} は退職しています。別の職員を指定してください。", context.call(Thing::Person(*person)))
        }
        Reason::SignInTaken => {
            "このサインイン名は既に使用されています。一度使用された名前は再使用できないため、別の名前を\
            選んでください。"
                .into()
        }
        Reason::StandardVersionTaken => {
            "標準書のこの版は既に登録されています。次の版番号を付けてください。".into()
        }
        Reason::KeyNotOffered => "登録待ちの署名鍵の中に、指定された鍵がありません。先に本人がパスワードを\
            設定してください（署名鍵は設定時に作成されます）。"
            .into(),
        Reason::NotForOneself => {
            "自分自身に対しては行えません。同じ役割を持つ別の職員に依頼してください。".into()
        }
        Reason::SecondPersonNeeded => "記録者とは別の、二人目の職員が必要です（投与直前の本人照合では、同じ\
            提供機関の職員）。該当する職員を指定するか、その職員に依頼してください。"
            .into(),
        Reason::ClinicMismatch => {
            "提供機関の指定が適切ではありません。提供機関の職員とその製造依頼には登録済みの\
            提供機関が必要で、それ以外の職員には指定できません。提供機関を確認してください。"
                .into()
        }
        Reason::BothDepartments => {
            "製造部門と品質部門を兼ねることはできません（再生医療等安全性確保法施行規則第93条第2項）。先に\
            一方の役割を終了するか、別の職員を選んでください。"
                .into()
        }
        Reason::RoleStandsAlone => "システム管理者及び査察者は、他の役割を兼ねられません。先に他の役割を終了\
            するか、別の職員を選んでください。"
            .into(),
        Reason::SpanEndsBeforeItBegins => {
            "終了日時が開始日時より前であるか、既に過ぎています。両方の日時を確認してください。".into()
        }
        Reason::InTheFuture { field: pointer } => {
            format!("{}が未来の日時です。実際の日時を入力してください。", field(pointer))
        }
        Reason::LateWithoutReason => {
            "実施から1時間を超えて記録されています。遅延の理由を入力してください。".into()
        }
        Reason::BeforeItsCause => "前提となる工程より前の日時です。日時を確認するか、先に前の工程を記録して\
            ください。"
            .into(),
        Reason::GivenAndNotApplicable { field } => {
            of_field(Language::Ja, field, "値と「該当なし」の両方が入力されています。どちらか一方にしてください。")
        }
        Reason::LeastAboveMost { field: pointer } => {
            format!("{}：最低値が最高値を上回っています。両方の値を確認してください。", field(pointer))
        }
        Reason::AttributeNotMandated { attribute: missing } => {
            format!("{}が規格試験として標準書に定められていません。追加してください。", attribute(*missing))
        }
        Reason::StandardFault { fault, test } => match test {
            Some(test) => {
                format!("試験項目「{}」：{}", context.title(Language::Ja, test), standard_fault(*fault))
            }
            None => standard_fault(*fault).into(),
        },
        Reason::StandardNotApproved => {
            "この版の標準書は承認されていません。承認済みの版を選ぶか、品質部門に承認を\
            依頼してください。"
                .into()
        }
        Reason::OrderInactive => "この製造依頼は取り消されています。新たに製造依頼を行ってください。".into(),
        Reason::NoConsentInForce => {
            "この製造依頼には有効な同意がありません。先に同意を記録してください。".into()
        }
        Reason::ErasureNotProposed => {
            "この患者の氏名の消去は提案されていません。先に施設管理者が提案してください。".into()
        }
        Reason::RecordKept { until: Some(until) } => format!(
            "この患者の細胞に関する記録の保存期間は{}までです。それまで氏名は消去できません。",
            time(Language::Ja, *until, context.zone)
        ),
        Reason::RecordKept { until: None } => {
            "この患者の細胞に関する記録の保存期間が暦の範囲を超えるため、氏名は消去できません。".into()
        }
        Reason::BatchUnderWay { batch } => format!(
            "ロット {} が進行中です（この患者のため、またはこの患者の細胞から製造されています）。先に終了してください。",
            context.call(Thing::Batch(*batch))
        ),
        Reason::NameErased => {
            "この患者の氏名は保存期間の満了後に消去されています。製造も提供も行えません。新しい患者として製造依頼を行ってください。"
                .into()
        }
        Reason::NothingBlocks => {
            "このロットの出荷を妨げる事項はありません。品質部門に取扱いの決定を依頼してください。".into()
        }
        Reason::BookedOtherwise => {
            "投与希望日が、画面に表示されたものから変更されています。もう一度確認してください。".into()
        }
        Reason::BankNeeded => "標準書に定める出発材料と一致しません。セルバンクから製造する場合はバンクの\
            最終容器の指定が必要で、組織から製造する場合は指定できません。標準書を確認してください。"
            .into(),
        Reason::BankNotReleased => {
            "指定されたバンクの最終容器は使用できません（出荷可、使用期限内、保留なし、\
            施設内保管のすべてを満たす必要があります）。別の最終容器を選んでください。"
                .into()
        }
        Reason::MismatchOpen => {
            "識別情報の不一致が解消されていません。先に、二人目の職員が改めて照合し、解消を\
            記録してください。"
                .into()
        }
        Reason::IdentifiersDiffer { expected, found } => format!(
            "識別情報が一致しません（登録値：{}、照合値：{}）。この不一致は記録されました。作業を中止し、\
             二人目の職員が\
             改めて照合して解消を記録してください。",
            quoted(expected),
            quoted(found)
        ),
        Reason::WrongBatch { expected, found } => format!(
            "このロットのラベルではありません（登録値：{}、読取値：{}）。この不一致は記録され、\
             両方のロットが保留と\
             なりました。両方を隔離し、品質部門に連絡してください。",
            quoted(expected),
            quoted(found)
        ),
        Reason::UnknownLabel { label } => {
            format!("ラベル{}に該当するものがありません。もう一度読み取ってください。", quoted(label))
        }
        Reason::Twice { index } => {
            format!("{} 番目の項目が重複しています。一方を削除してください。", index + 1)
        }
        Reason::BatchEnded => "このロットは中止又は完了しているため、この記録は行えません。".into(),
        Reason::NoTissue => {
            "このロットでは組織の受入れが記録されていません。先に受入れを記録してください。".into()
        }
        Reason::NotInCulture { vessel } => {
            format!("培養容器 {vessel} は培養中ではありません。培養中の容器を読み取ってください。")
        }
        Reason::MoreSeededThanCounted => {
            "播種数と廃棄数の合計が、計数した生細胞数を上回っています。計数値と播種数を\
            確認してください。"
                .into()
        }
        Reason::MakerIsChecker => {
            "作業の実施者は、その作業の確認者になれません。別の職員を指定するか、別の職員に依頼してください。"
                .into()
        }
        Reason::EntererIsVerifier => {
            "この試験結果の入力者又は試験実施者であるため、検証・解釈・調査は行えません。\
            品質部門の別の職員に依頼してください。"
                .into()
        }
        Reason::WitnessNeeded => "立会者が必要です。立会者を確認者として指定してください。".into(),
        Reason::PoolingNotAllowed { same_donor: true } => {
            "標準書では、他のロットの細胞との混合は認められていません。混合しないでください。".into()
        }
        Reason::PoolingNotAllowed { same_donor: false } => {
            "標準書では、複数の細胞提供者の細胞の混合は認められていません。混合しないでください。".into()
        }
        Reason::ExpiryBeyondStandard { latest } => format!(
            "使用期限は、充填より後で、標準書に定める {} 以前でなければなりません。\
             使用期限を見直してください。",
            time(Language::Ja, *latest, context.zone)
        ),
        Reason::NoRefreezing { container } => format!(
            "最終容器 {container} は解凍済みのため、再凍結できません。使用期限内に使用するか、\
             廃棄してください。"
        ),
        Reason::NotAFrozenProduct => "標準書に定める品目は凍結品ではないため、凍結できません。\
            標準書を確認してください。"
            .into(),
        Reason::NoSuchSubject { index } => format!(
            "採取元の {} 番目に該当するものがこのロットにありません。採取元を選び直してください。",
            index + 1
        ),
        Reason::NoSuchTest { index } => format!(
            "{} 番目の試験項目は標準書に定められていません。試験項目を選び直してください。",
            index + 1
        ),
        Reason::NotSampledThere { test } => format!(
            "「{}」は、選択した採取元では行いません。標準書に定める採取元を選んでください。",
            context.title(Language::Ja, test)
        ),
        Reason::NoSuchSampleOrTest => {
            "該当する検体がないか、この試験項目のための検体ではありません。検体と試験項目を\
            確認してください。"
                .into()
        }
        Reason::WrongUnit { expected: Some(unit) } => {
            format!("単位は標準書に定める{}としてください。", quoted(unit))
        }
        Reason::WrongUnit { expected: None } => {
            "この試験項目に単位はありません。単位を削除してください。".into()
        }
        Reason::WrongMethod { expected } => {
            format!("試験方法は標準書に定める{}としてください。", quoted(expected))
        }
        Reason::ValueForm { index, criterion: asked } => format!(
            "{} 番目の測定値は、規格「{}」に照らして読み取れません。{}",
            index + 1,
            criterion(asked, None),
            value_form(asked)
        ),
        Reason::ReplicatesMissing { wanted, given } => format!(
            "標準書では {wanted} 回の測定値が必要ですが、{given} 件入力されています。\
             過不足なく入力してください。"
        ),
        Reason::StillIncubating => {
            "培養観察中です。途中経過の「発育なし」は試験結果として扱えません。先に最終判定を\
            入力してください。"
                .into()
        }
        Reason::NothingToInterpret => "この試験結果は解釈を要しないか、既に解釈されています。\
            番号を確認してください。"
            .into(),
        Reason::NothingToInvestigate => "この試験結果は規格外ではないか、既に調査が終結しています。\
            番号を確認してください。"
            .into(),
        Reason::RetestNumber { least, most } if most < least => {
            "標準書ではこの試験の再試験が認められていないため、\
            この試験結果を無効にできません。規格外が確定したものとして調査を終結してください。"
                .into()
        }
        Reason::RetestNumber { least, most } => {
            format!("再試験の回数は {least}～{most} 回の範囲で、再試験の前に定めてください。")
        }
        Reason::NotInvestigated { result } => {
            format!("試験結果 {result} は規格外ですが、調査が終結していません。先に調査を終結してください。")
        }
        Reason::FailureStands { result } => format!(
            "試験結果 {result} の規格外が確定しているため、保留は解除できません。該当する最終容器を\
             出荷不可としてください。"
        ),
        Reason::ImpactUnacceptable => {
            "品質イベントのこのロットへの影響が許容不可と評価されているため、保留は解除\
            できません。該当する最終容器を出荷不可としてください。"
                .into()
        }
        Reason::DonorStillPositive => {
            "細胞提供者の最新の検査結果が陽性であるため、保留は解除できません。該当する最終容器を出荷不可と\
             してください。"
                .into()
        }
        Reason::QualityEventClosed => {
            "この品質イベントは終結しています。新たな品質イベントとして報告してください。".into()
        }
        Reason::NotAssessed { batches } => format!(
            "次のロットの影響評価が済んでいません：{}。先に品質部門が評価してください。",
            all(batches.iter().map(|batch| context.call(Thing::Batch(*batch))))
        ),
        Reason::HasDuty => {
            "このロットの製造、確認又は試験結果の入力に携わったため、行えません。携わっていない品質部門の\
            職員に依頼してください。"
                .into()
        }
        Reason::ReleaserHasDuty { duty: done } => format!(
            "このロットに携わっているため（{}）、取扱いの決定を行えません。別の取扱い決定者に\
             依頼してください。",
            duty(*done)
        ),
        Reason::NothingFilled => "充填が記録されていません。先に充填を記録してください。".into(),
        Reason::ManufacturingUnconfirmed => {
            "現在の製造記録は製造部門の確認を受けていません。先に製造部門責任者が確認してください。".into()
        }
        Reason::NoSuchContainer { container } => {
            format!("このロットに最終容器 {container} はありません。番号を確認してください。")
        }
        Reason::RejectedIsFinal { container } => {
            format!(
                "最終容器 {container} は出荷不可と決定されており、変更できません。廃棄を記録してください。"
            )
        }
        Reason::ContainerGone { container } => {
            format!("最終容器 {container} は施設内で保管されていません。所在を確認してください。")
        }
        Reason::Blocked { container: Some(container), blocker: blocked } => {
            format!("最終容器 {container}：{}", blocker(blocked, context))
        }
        Reason::Blocked { container: None, blocker: blocked } => blocker(blocked, context),
        Reason::SignatureInvalid { entry } => format!(
            "記録 {} の電子署名を検証できないため、これに基づく操作は行えません。記録の検証を依頼し、\
             施設管理者に\
             連絡してください。",
            context.call(Thing::Entry(*entry))
        ),
        Reason::NotCorrectable => {
            "署名、決定、保留及びその解除は訂正できません。その後の対応を新たに記録してください。".into()
        }
        Reason::CorrectionChangesSubject => {
            "訂正の様式又は対象が元の記録と異なります。値のみを訂正し、それ以外は新たに\
            記録してください。"
                .into()
        }
        Reason::CorrectionContradicts { why } => {
            format!("訂正の内容が、その後の記録と矛盾します（{why}）。後の記録と照らし合わせてください。")
        }
        Reason::NothingChanged => "訂正前と内容が同じです。値を変更するか、訂正を取りやめてください。".into(),
        Reason::WrongRecipient => {
            "この最終容器の割当先（患者、製造依頼又は提供機関）と一致しないか、製造依頼が取り消されて\
            います。作業を中止し、割当てを確認してください。"
                .into()
        }
        Reason::NotReleased { container } => {
            format!(
                "最終容器 {container} は出荷可と決定されていません。先に品質部門が取扱いを決定してください。"
            )
        }
        Reason::ReleaseVoided { container } => format!(
            "最終容器 {container} の出荷可の決定は、訂正又は解凍により失効しています。\
             品質部門が改めて取扱いを決定\
             してください。"
        ),
        Reason::Stopped { container } => format!(
            "最終容器 {container} には使用停止連絡が出ています。使用せずに隔離し、\
             品質部門に確認してください。"
        ),
        Reason::NotPacked { container } => {
            format!("最終容器 {container} は梱包されていません。先に梱包を記録してください。")
        }
        Reason::NotShipped { container } => {
            format!("最終容器 {container} は運搬中ではありません。所在を確認してください。")
        }
        Reason::NotReceivedIntact { container } => {
            format!(
                "最終容器 {container} は、提供機関で良好な状態で受領されていません。投与しないでください。"
            )
        }
        Reason::NoAdministrationDecision { container } => {
            format!(
                "最終容器 {container} について、医師による投与可の決定がありません。\
                 先に医師が決定してください。"
            )
        }
        Reason::IdentityNotSpoken => {
            "本人が述べた氏名及び生年月日が一致しません。投与せずに、本人を確認してください。".into()
        }
        Reason::ContainersUnaccounted { containers } => format!(
            "次の最終容器の使途が確定していません：{}。それぞれの経過を記録してください。",
            all(containers)
        ),
        Reason::SurveillanceOpen { test } => format!(
            "出荷後確認試験「{}」が、すべての充填について完了していません。試験結果を入力し、未終結の調査を\
             終結してください。",
            context.title(Language::Ja, test)
        ),
        Reason::QualityEventStillOpen { event } => format!(
            "品質イベント {} が終結していません。先に終結してください。",
            context.call(Thing::QualityEvent(*event))
        ),
        Reason::VesselsInCulture => {
            "培養中の培養容器があります。先に細胞回収又は廃棄を記録してください。".into()
        }
        Reason::NoSuchBlob { .. } => {
            "このSHA-256のファイルは登録されていません。先に画像を登録してください。".into()
        }
        Reason::EntryTooLarge => {
            "記録が上限（64 KiB）を超えています。文章を短くするか、複数の記録に分けてください。".into()
        }
    }
}

pub(in crate::words) fn standard_fault(fault: StandardFault) -> &'static str {
    match fault {
        StandardFault::NoSterilityOnFill => {
            "充填ごとの無菌試験が規格試験として定められていません。追加してください。"
        }
        StandardFault::CodeTwice => "同じコードの試験項目があります。別のコードを付けてください。",
        StandardFault::SurveillanceAlone => {
            "出荷後確認試験には、同じ特性の規格試験が必要です。対応する規格試験を指定してください。"
        }
        StandardFault::ReportsTooLate => {
            "運搬及び投与準備の時間を差し引いた使用期限までに結果が得られません。採取を早めるか、\
             迅速な試験を規格試験と\
             してください。"
        }
        StandardFault::NoBank => {
            "組織から製造する標準書に、セルバンクの試験は定められません。試験の時期を変更してください。"
        }
        StandardFault::DonorStage => {
            "細胞提供者について行う試験は感染症検査に限られます。試験の時期又は特性を変更してください。"
        }
        StandardFault::LimitsUpsideDown => "下限値が上限値を上回っています。規格値を確認してください。",
        StandardFault::IncubationBeyondTurnaround => {
            "培養期間が試験所要時間より長くなっています。試験所要時間を延ばしてください。"
        }
        StandardFault::NoReplicate => "測定回数は1回以上とする必要があります。測定回数を定めてください。",
        StandardFault::NoViabilityAfterThaw => {
            "解凍後の試験に生細胞率が含まれていません。解凍後の生細胞率を規格試験としてください。"
        }
        StandardFault::NoTissueTransport => "採取組織の運搬条件が定められていません。追加してください。",
        StandardFault::GrowthImpossible => {
            "増殖の見込みがあり得ない値です。倍加時間は6～8760時間、ばらつきは1～100 %の範囲に修正してください。"
        }
        StandardFault::Retention => {
            "記録の保存期間は10年又は30年とし、同種の細胞又は複数の細胞提供者の細胞では30年とする必要が\
             あります。\
             保存期間を修正してください。"
        }
    }
}

fn value_form(criterion: &Criterion) -> &'static str {
    match criterion {
        Criterion::AtLeast(_) | Criterion::AtMost(_) | Criterion::Below(_) | Criterion::Between { .. } => {
            "97、<0.05、>85 のように半角数字で入力してください。"
        }
        Criterion::NoGrowth { .. } => {
            "「no growth」（発育なし）又は「growth」（発育あり）と入力してください。"
        }
        Criterion::Negative => "「negative」（陰性）又は「positive」（陽性）と入力してください。",
        Criterion::Text { .. } => "報告書のとおりに入力してください。",
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "なし".into() } else { format!("「{text}」") }
}
