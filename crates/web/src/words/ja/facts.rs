//! 履歴: what happened, one line each, in Japanese.

use super::{
    action, all, analyte, departure, finding, hold_cause, impact, plan_class, role, stop_cause, subject,
    verdict,
};
use crate::words::{Context, Language, Thing, cells, line, listed, numbers, time, title};
use baiyo_domain::attempts::TriedFrom;
use baiyo_domain::batch::disposition::{Decision, HoldScope};
use baiyo_domain::batch::intake::ReceiptDecision;
use baiyo_domain::batch::testing::Conclusion;
use baiyo_domain::batch::{self, culture, disposition, distribution, filling, intake, testing};
use baiyo_domain::event::Event;
use baiyo_domain::order::{ConsentStanding, OrderStanding, Plan, Window};
use baiyo_domain::quality_event::{Departure, DepartureKind};
use baiyo_domain::quantity::{Celsius, Count, Number};
use baiyo_domain::{attempts, order, people, quality_event, site, standard};

pub(in crate::words) fn event(event: &Event, context: &Context) -> String {
    match event {
        Event::Site(fact) => of_site(fact, context),
        Event::Person(fact) => of_person(fact, context),
        Event::Standard(fact) => of_standard(fact),
        Event::Order(fact) => of_order(fact, context),
        Event::Batch(fact) => of_batch(fact, context),
        Event::QualityEvent(fact) => of_quality_event(fact, context),
        Event::Attempts(attempts::Event::RefusedAttempt(fact)) => {
            let asked = action(&fact.action).unwrap_or(&fact.action);
            format!("拒否：{asked}（{}）", listed(&fact.reasons))
        }
        Event::Attempts(attempts::Event::WrongSecret(fact)) => {
            let from = match fact.from {
                TriedFrom::UnknownBrowser => "初めてのブラウザから",
                TriedFrom::KnownBrowser => "本人が使用しているブラウザから",
                TriedFrom::Session => "本人のセッションでの署名時",
                TriedFrom::Program => "本人のAPIトークンによる署名時",
                TriedFrom::CommandLine => "コマンドラインから",
            };
            let what = match (fact.pin, fact.code) {
                (true, _) => "PIN",
                (false, true) => "確認コード",
                (false, false) => "パスワード",
            };
            format!("{what}の誤り：{from}")
        }
    }
}

fn of_site(fact: &site::Event, context: &Context) -> String {
    match fact {
        site::Event::Founding(fact) => format!("記録開始：{}（{}）", fact.name, fact.code.as_str()),
        site::Event::ClinicRegistered(fact) => format!("提供機関の登録：{}", fact.name),
        site::Event::ClinicChange(fact) if fact.closed => {
            format!("提供機関の廃止：{} – {}", fact.name, line(&fact.reason))
        }
        site::Event::ClinicChange(fact) => format!("提供機関の変更：{} – {}", fact.name, line(&fact.reason)),
        site::Event::IncubatorRegistration(fact) => format!(
            "インキュベーターの登録：{}（棚数 {}、棚当たりの容器数 {}）",
            fact.name, fact.shelves, fact.vessels_per_shelf
        ),
        site::Event::IncubatorChange(fact) if fact.retired => {
            format!("インキュベーターの使用終了：{} – {}", fact.incubator, line(&fact.reason))
        }
        site::Event::IncubatorChange(fact) => format!(
            "インキュベーターの変更：{}（棚数 {}、棚当たりの容器数 {}） – {}",
            fact.incubator,
            fact.shelves,
            fact.vessels_per_shelf,
            line(&fact.reason)
        ),
        site::Event::AccessReview(fact) => format!(
            "アクセス権の定期確認（対象期間 {} – {}）：{}",
            time(Language::Ja, fact.from, context.zone),
            time(Language::Ja, fact.until, context.zone),
            line(&fact.findings)
        ),
    }
}

fn of_person(fact: &people::Event, context: &Context) -> String {
    match fact {
        people::Event::Invited(fact) => {
            format!("職員の登録：{}（{}）", fact.invitation.name, fact.invitation.sign_in.as_str())
        }
        people::Event::SetupLink(fact) => {
            format!("パスワード設定用リンクの発行 – {}", line(&fact.reason))
        }
        people::Event::KeyMade(_) => "パスワードの設定（新しい署名鍵は登録待ち）".into(),
        people::Event::IdentityConfirmed(fact) => {
            format!("第二の確認者による本人確認：{}", line(&fact.identity_check))
        }
        people::Event::KeyRegistered(fact) => {
            format!("本人確認及び署名鍵の登録：{}", line(&fact.identity_check))
        }
        people::Event::RoleGrant(fact) => format!("役割の付与：{}", role(fact.role)),
        people::Event::RoleEnd(fact) => format!("役割の終了：{} – {}", role(fact.role), line(&fact.reason)),
        people::Event::Deputyship(fact) => format!(
            "代行者の指名：{}、{}～{}",
            role(fact.role),
            time(Language::Ja, fact.from, context.zone),
            time(Language::Ja, fact.until, context.zone)
        ),
        people::Event::DeputyshipEnded(fact) => {
            format!("代行の終了：{} – {}", role(fact.role), line(&fact.reason))
        }
        people::Event::Departure(fact) => format!("退職：{}", line(&fact.reason)),
    }
}

fn of_standard(fact: &standard::Event) -> String {
    match fact {
        standard::Event::Draft(fact) => format!("標準書案の登録：{}", standard_name(&fact.standard)),
        standard::Event::Approval(_) => "標準書の承認".into(),
        standard::Event::Retirement(fact) => format!("標準書の廃止：{}", line(&fact.reason)),
    }
}

fn of_order(fact: &order::Event, context: &Context) -> String {
    match fact {
        order::Event::Placed(fact) => format!(
            "製造依頼 {}：{}、{}{}",
            fact.label,
            fact.placement.pseudonym,
            plan(&fact.placement.plan),
            fact.placement
                .window
                .map(|asked| format!("、投与希望 {}", window(&asked, context)))
                .unwrap_or_default()
        ),
        order::Event::Consent(fact) => {
            format!("同意：様式 {}、{}", fact.version, time(Language::Ja, fact.signed_at, context.zone))
        }
        order::Event::ConsentWithdrawal(fact) => {
            format!("同意の撤回：{}", time(Language::Ja, fact.withdrawn_at, context.zone))
        }
        order::Event::DonorScreening(fact) => {
            let found = |result: &order::AnalyteResult| {
                format!("{}：{}", analyte(result.analyte), finding(result.finding))
            };
            format!("ドナースクリーニング：{}", all(fact.results.iter().map(found)))
        }
        order::Event::PlanChange(fact) => format!(
            "提供計画の変更：{}、{} – {}",
            plan(&fact.plan),
            if fact.active { "有効" } else { "無効" },
            line(&fact.reason)
        ),
        order::Event::WindowChange(fact) => {
            format!("投与希望期間の変更：{} – {}", window(&fact.window, context), line(&fact.reason))
        }
        order::Event::ForecastAcknowledgement(fact) => format!(
            "準備完了見込みの遅れの確認：ロット {}（版 {}）の準備完了見込み {}{}、投与希望は変更なし（{}）{}",
            context.call(Thing::Batch(fact.batch)),
            fact.version,
            foretold(&fact.foretold, context),
            fact.before
                .map(|before| format!("、前回確認 {}", foretold(&before, context)))
                .unwrap_or_default(),
            window(&fact.booked, context),
            fact.remark.as_ref().map(|remark| format!(" – {}", line(remark))).unwrap_or_default()
        ),
        order::Event::UrgentAnswer(fact) => format!(
            "至急の提供依頼を拒否：ロット {}、出荷できない理由 {} 件 – {}",
            context.call(Thing::Batch(fact.batch)),
            fact.blocked_by.len(),
            line(&fact.reason)
        ),
        order::Event::Cancellation(fact) => format!("製造依頼の取消し：{}", line(&fact.reason)),
        order::Event::ErasureProposed(fact) => {
            format!("患者の氏名と生年月日の消去を提案：{}", line(&fact.reason))
        }
        order::Event::ErasureWithdrawal(fact) => {
            format!("患者の氏名と生年月日の消去の提案を取下げ：{}", line(&fact.reason))
        }
        order::Event::PersonalDataErased(fact) => format!(
            "患者の氏名と生年月日を消去（提案者 {}）：{}",
            context.call(Thing::Person(fact.proposed_by)),
            line(&fact.remark)
        ),
        order::Event::BatchOpened(fact) => {
            format!("ロットの開始：{}", context.call(Thing::Batch(fact.batch)))
        }
    }
}

fn of_quality_event(fact: &quality_event::Event, context: &Context) -> String {
    match fact {
        quality_event::Event::Report(fact) => format!("品質イベントの報告：{}", fact.title),
        quality_event::Event::Departure(fact) => {
            format!("品質イベントの自動起票：{}{}", departure(fact.kind), found(fact))
        }
        quality_event::Event::Linking(fact) => {
            let batches = fact.batches.iter().map(|batch| context.call(Thing::Batch(*batch)));
            format!("ロットの関連付け：{} – {}", all(batches), line(&fact.reason))
        }
        quality_event::Event::Assessment(fact) => format!(
            "ロット {} への影響評価：{} – {}",
            context.call(Thing::Batch(fact.batch)),
            impact(fact.impact),
            line(&fact.reasoning)
        ),
        quality_event::Event::Closing(fact) => format!("品質イベントの終結：{}", line(&fact.conclusion)),
    }
}

fn found(fact: &Departure) -> String {
    if fact.found.is_empty() {
        return String::new();
    }
    match fact.kind {
        DepartureKind::ShippedUncleared
        | DepartureKind::ReceivedUncleared
        | DepartureKind::InfusedUncleared
        | DepartureKind::CorrectedAfterAdministration
        | DepartureKind::FailedAfterAdministration => format!("（最終容器 {}）", fact.found),
        DepartureKind::TissueTemperature
        | DepartureKind::TissueHours
        | DepartureKind::TissueSeal
        | DepartureKind::NoInstruction
        | DepartureKind::ProcessedWhileBlocked
        | DepartureKind::WrongRole
        | DepartureKind::SeedingDensity
        | DepartureKind::MediumInterval
        | DepartureKind::HealthOrGowning
        | DepartureKind::LineNotCleared
        | DepartureKind::NotPhotographed
        | DepartureKind::CountVariation
        | DepartureKind::Passage
        | DepartureKind::BankExpired
        | DepartureKind::StorageTemperature
        | DepartureKind::ProductTransport
        | DepartureKind::ArrivedDamaged => format!("（{}）", fact.found),
    }
}

fn of_batch(fact: &batch::Event, context: &Context) -> String {
    match fact {
        batch::Event::Intake(fact) => of_intake(fact, context),
        batch::Event::Culture(fact) => of_culture(fact, context),
        batch::Event::Filling(fact) => of_filling(fact, context),
        batch::Event::Testing(fact) => of_testing(fact, context),
        batch::Event::Disposition(fact) => of_disposition(fact, context),
        batch::Event::Distribution(fact) => of_distribution(fact, context),
    }
}

fn of_intake(fact: &intake::Event, context: &Context) -> String {
    match fact {
        intake::Event::Opened(fact) => {
            format!("ロットの開始：製造番号 {}、{}", fact.label, standard_name(&fact.standard))
        }
        intake::Event::OrderNoted(fact) => format!("製造依頼の変更：{}", order_standing(&fact.standing)),
        intake::Event::ParentNoted(fact) => format!(
            "由来元ロット {}：P{}、{}",
            context.call(Thing::Batch(fact.batch)),
            fact.standing.passage,
            if fact.standing.held { "保留中" } else { "保留なし" }
        ),
        intake::Event::ChildNoted(fact) => format!(
            "ロット {} へ細胞を供給{}",
            context.call(Thing::Batch(fact.batch)),
            fact.container.map(|no| format!("：最終容器 {no}")).unwrap_or_default()
        ),
        intake::Event::Instruction(fact) => format!(
            "製造指図{}：{}",
            fact.planned_harvest
                .map(|at| format!("（細胞回収予定 {}）", time(Language::Ja, at, context.zone)))
                .unwrap_or_default(),
            line(&fact.instructions)
        ),
        intake::Event::TissueReceipt(fact) => match &fact.decision {
            ReceiptDecision::Accepted => format!(
                "組織の受入れ：{}、{}、運搬 {} 時間",
                fact.mass,
                range(fact.least_temperature, fact.most_temperature),
                fact.transport.value()
            ),
            ReceiptDecision::Refused { reason } => format!("組織の受入不可：{}", line(reason)),
        },
        intake::Event::Mismatch(fact) => {
            format!("識別情報の不一致：登録値「{}」、照合値「{}」", fact.expected, fact.found)
        }
        intake::Event::MismatchClearance(fact) => format!("識別情報の不一致の解消：{}", line(&fact.check)),
    }
}

fn of_culture(fact: &culture::Event, context: &Context) -> String {
    match fact {
        culture::Event::Isolated(fact) => {
            format!("細胞分離・初代播種：培養容器 {} 個{}", fact.form.into.len(), counted(&fact.form.count))
        }
        culture::Event::BankSeeded(fact) => format!(
            "バンク細胞の解凍・播種：バンク {} → 培養容器 {} 個{}",
            context.call(Thing::Batch(fact.bank)),
            fact.form.into.len(),
            counted(&fact.form.count)
        ),
        culture::Event::MediumChange(fact) => {
            format!("培地交換：培養容器 {}、各 {}", all(numbers(&fact.vessels)), fact.volume)
        }
        culture::Event::Observation(fact) => format!(
            "観察：培養容器 {}、コンフルエンス {}{}",
            all(numbers(&fact.vessels)),
            fact.confluence,
            if fact.turbid { "、混濁あり" } else { "" }
        ),
        culture::Event::Photographed(fact) => {
            let shown = format!("培養容器 {}", all(numbers(&fact.form.vessels)));
            match &fact.form.picture {
                culture::Picture::Taken { .. } => format!(
                    "写真撮影：{shown}{}{}",
                    fact.form.magnification.as_ref().map(|times| format!("、{times}")).unwrap_or_default(),
                    fact.form.note.as_ref().map(|note| format!("（{}）", line(note))).unwrap_or_default()
                ),
                culture::Picture::NotTaken { reason } => {
                    format!("写真撮影なし：{shown}（{}）", line(reason))
                }
            }
        }
        culture::Event::Counting(fact) => {
            format!("細胞計数：培養容器 {}{}", all(numbers(&fact.vessels)), counted(&fact.count))
        }
        culture::Event::LabelCheck(fact) => {
            format!("ラベルの照合スキャン：培養容器 {}", all(numbers(&fact.vessels)))
        }
        culture::Event::Passaged(fact) => format!(
            "継代：培養容器 {} 個 → {} 個{}",
            fact.form.from.len(),
            fact.form.into.len(),
            counted(&fact.form.count)
        ),
        culture::Event::VesselMove(fact) => format!(
            "培養容器 {} の移動：{}、{}",
            all(numbers(std::slice::from_ref(&fact.vessel))),
            fact.incubator,
            fact.position
        ),
        culture::Event::VesselDiscard(fact) => {
            format!("培養容器 {} の廃棄：{}", all(numbers(&fact.vessels)), line(&fact.reason))
        }
        culture::Event::Pooled(fact) => format!(
            "ロット {} との混合：培養容器 {} 個 + {} 個 → {} 個{}",
            context.call(Thing::Batch(fact.form.other)),
            fact.form.ours.len(),
            fact.form.theirs.len(),
            fact.form.into.len(),
            counted(&fact.form.count)
        ),
        culture::Event::GivenToPool(fact) => format!(
            "ロット {} との混合へ移管：培養容器 {}",
            context.call(Thing::Batch(fact.to)),
            all(numbers(&fact.vessels))
        ),
    }
}

fn of_filling(fact: &filling::Event, context: &Context) -> String {
    match fact {
        filling::Event::HarvestDone(fact) => format!(
            "細胞回収 {}：培養容器 {} 個、{}{}",
            fact.harvest,
            fact.form.vessels.len(),
            fact.form.volume,
            counted(&fact.form.count)
        ),
        filling::Event::FillDone(fact) => format!(
            "充填 {}：最終容器 {}、使用期限 {}",
            fact.fill,
            all(&fact.containers),
            time(Language::Ja, fact.expires_at, context.zone)
        ),
        filling::Event::Freezing(fact) => {
            format!(
                "凍結：最終容器 {}、{}、{}",
                all(numbers(&fact.containers)),
                fact.protectant,
                fact.programme
            )
        }
        filling::Event::Storage(fact) => {
            format!("保管：最終容器 {}、{}、{}", all(numbers(&fact.containers)), fact.place, fact.temperature)
        }
        filling::Event::Thaw(fact) => format!("解凍：最終容器 {}", all(numbers(&fact.containers))),
        filling::Event::LabelReconciliation(fact) => format!(
            "充填 {} のラベル収支照合：発行 {}、貼付 {}、廃棄 {}",
            fact.fill,
            fact.printed,
            fact.applied.len(),
            fact.destroyed
        ),
    }
}

fn of_testing(fact: &testing::Event, context: &Context) -> String {
    match fact {
        testing::Event::Sampled(fact) => format!(
            "検体 {} の採取：{}（{}）",
            fact.sample,
            all(fact.form.subjects.iter().map(|sampled| subject(sampled, context))),
            all(fact.form.tests.iter().map(|test| context.title(Language::Ja, test)))
        ),
        testing::Event::Sending(fact) => format!("検体 {} の送付：{}", fact.sample, fact.laboratory),
        testing::Event::ResultEntered(fact) => format!(
            "試験結果の入力：{} {}{} – {}",
            context.title(Language::Ja, &fact.form.test),
            listed(&fact.form.values),
            fact.form.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default(),
            verdict(fact.judgement.verdict)
        ),
        testing::Event::Verification(fact) => format!("試験結果 {} の検証", fact.result),
        testing::Event::Interpretation(fact) => format!(
            "試験結果 {} の解釈：{} – {}",
            fact.result,
            if fact.passes { "適合" } else { "不適合（規格外）" },
            line(&fact.reasoning)
        ),
        testing::Event::Investigation(fact) => match &fact.conclusion {
            Conclusion::LaboratoryCause { cause, retests } => format!(
                "試験結果 {} の調査の終結：試験室に起因、再試験 {retests} 回 – {}",
                fact.result,
                line(cause)
            ),
            Conclusion::Confirmed { cause } => {
                format!("試験結果 {} の調査の終結：規格外が確定 – {}", fact.result, line(cause))
            }
        },
    }
}

fn of_disposition(fact: &disposition::Event, context: &Context) -> String {
    match fact {
        disposition::Event::PartConfirmation(fact) => {
            format!("記録 {} の担当作業を本人が確認", context.call(Thing::Entry(fact.entry)))
        }
        disposition::Event::Corrected(fact) => format!(
            "記録 {} の訂正：{} – {}",
            context.call(Thing::Entry(fact.entry)),
            of_batch(&fact.replacement, context),
            line(&fact.reason)
        ),
        disposition::Event::Held(fact) => {
            let held = match &fact.scope {
                HoldScope::Batch => "ロット全体".into(),
                HoldScope::From { subjects } => {
                    let from = subjects.iter().map(|doubtful| subject(doubtful, context));
                    format!("{} に由来するもの", all(from))
                }
            };
            format!("保留 {}（{held}）：{}", fact.hold, hold_cause(&fact.cause, context))
        }
        disposition::Event::Lifting(fact) => format!("保留 {} の解除：{}", fact.hold, line(&fact.reason)),
        disposition::Event::QualityEventLinked(fact) => {
            format!("品質イベント {} の関連付け", context.call(Thing::QualityEvent(fact.event)))
        }
        disposition::Event::QualityEventAssessed(fact) => format!(
            "品質イベント {} の影響評価：{} – {}",
            context.call(Thing::QualityEvent(fact.event)),
            impact(fact.impact),
            line(&fact.reasoning)
        ),
        disposition::Event::ManufacturingConfirmation(_) => "製造部門による製造記録の確認".into(),
        disposition::Event::QualityConfirmation(_) => "品質部門による製造記録の確認".into(),
        disposition::Event::Deciding(fact) => match &fact.decision {
            Decision::Release => format!("取扱いの決定：出荷可、最終容器 {}", all(&fact.containers)),
            Decision::Reject { reason } => {
                format!("取扱いの決定：出荷不可、最終容器 {} – {}", all(&fact.containers), line(reason))
            }
        },
    }
}

fn of_distribution(fact: &distribution::Event, context: &Context) -> String {
    let own = std::slice::from_ref;
    match fact {
        distribution::Event::Allocation(fact) => format!(
            "最終容器 {} の割当て：製造依頼 {}",
            all(&fact.containers),
            context.call(Thing::Order(fact.order))
        ),
        distribution::Event::Packing(fact) => {
            format!("梱包：最終容器 {}、{}", all(numbers(&fact.containers)), fact.package)
        }
        distribution::Event::ShippingCheck(fact) => format!(
            "出荷前の確認：最終容器 {}、{}",
            all(numbers(&fact.containers)),
            context.call(Thing::Clinic(fact.clinic))
        ),
        distribution::Event::Shipment(fact) => {
            format!("出荷：最終容器 {}、{}", all(numbers(&fact.containers)), fact.carrier)
        }
        distribution::Event::ReceivingCheck(fact) => {
            format!("受領前の確認：最終容器 {}", all(numbers(&fact.containers)))
        }
        distribution::Event::Receipt(fact) => format!(
            "{}：最終容器 {}、{}、運搬 {} 時間{}",
            if fact.accepted { "受領" } else { "受領拒否" },
            all(numbers(&fact.containers)),
            range(fact.least_temperature, fact.most_temperature),
            fact.transport.value(),
            if fact.seal_intact { "" } else { "、封印破損" }
        ),
        distribution::Event::AdministrationDecision(fact) => format!(
            "投与可否の決定：{}、最終容器 {}{}",
            if fact.may { "投与可" } else { "投与不可" },
            all(numbers(own(&fact.container))),
            fact.reason.as_ref().map(|reason| format!(" – {}", line(reason))).unwrap_or_default()
        ),
        distribution::Event::BedsideCheck(fact) => {
            format!("投与直前の本人照合：最終容器 {}", all(numbers(own(&fact.container))))
        }
        distribution::Event::Infusion(fact) => format!(
            "投与：最終容器 {}、{}、{}～{}",
            all(numbers(own(&fact.container))),
            fact.volume,
            time(Language::Ja, fact.started_at, context.zone),
            time(Language::Ja, fact.ended_at, context.zone)
        ),
        distribution::Event::Outcome(fact) => format!(
            "{}：最終容器 {}",
            if fact.adverse { "疾病等の報告" } else { "投与後経過の報告" },
            all(numbers(own(&fact.container)))
        ),
        distribution::Event::ReturnReport(fact) => {
            format!("返却：最終容器 {} – {}", all(numbers(&fact.containers)), line(&fact.reason))
        }
        distribution::Event::Destruction(fact) => format!(
            "廃棄：最終容器 {}、{}、{} – {}",
            all(numbers(&fact.containers)),
            fact.method,
            fact.quantity,
            line(&fact.reason)
        ),
        distribution::Event::Withdrawal(fact) => {
            format!("回収措置：最終容器 {} – {}", all(&fact.containers), line(&fact.reason))
        }
        distribution::Event::StopIssued(fact) => format!(
            "使用停止連絡：{}、最終容器 {} – {}",
            context.call(Thing::Clinic(fact.clinic)),
            fact.container,
            stop_cause(&fact.cause, context)
        ),
        distribution::Event::StopAcknowledgement(fact) => {
            format!("使用停止連絡（記録 {}）の受領確認", context.call(Thing::Entry(fact.stop)))
        }
        distribution::Event::Discontinuation(fact) => format!("製造の中止：{}", line(&fact.reason)),
        distribution::Event::Closing(_) => "ロットの完了".into(),
    }
}

fn order_standing(standing: &OrderStanding) -> String {
    let order = if standing.active { "有効" } else { "取消済" };
    let plan = if standing.plan_active { "提供計画有効" } else { "提供計画無効" };
    let consent = match &standing.consent {
        ConsentStanding::Missing => "同意なし",
        ConsentStanding::InForce { .. } => "同意あり",
        ConsentStanding::Withdrawn { .. } => "同意撤回",
    };
    [order, plan, consent].join("、")
}

fn standard_name(standard: &standard::Standard) -> String {
    format!("{} 第 {} 版", title(Language::Ja, &standard.title), standard.version)
}

fn plan(plan: &Plan) -> String {
    format!("提供計画 {}（{}）", plan.number, plan_class(plan.class))
}

fn foretold(ready: &order::Foretold, context: &Context) -> String {
    let at = |instant| time(Language::Ja, instant, context.zone);
    match ready.until {
        Some(until) if until == ready.from => format!("{}頃", at(ready.at)),
        Some(until) => format!("{}頃（{}～{}）", at(ready.at), at(ready.from), at(until)),
        None => format!("{}頃（{}以降）", at(ready.at), at(ready.from)),
    }
}

fn window(window: &Window, context: &Context) -> String {
    let at = |instant| time(Language::Ja, instant, context.zone);
    format!("{}～{}", at(window.from), at(window.until))
}

fn range(least: Celsius, most: Celsius) -> String {
    format!("{}～{most}", least.value())
}

/// Viable cells and viability, as far as they were counted.
fn counted(count: &Count) -> String {
    let viable = count.viable().map(|viable| format!("、生細胞数 {}", cells(Number(viable))));
    let viability = count.viability().map(|viability| format!("、生細胞率 {} %", viability.normalize()));
    viable.into_iter().chain(viability).collect()
}
