//! A load of durable commands: what a shift at the bench records, each client on a batch of its own.

use crate::centre::{Centre, GOOD, passing};
use crate::client::{self, Client};
use crate::generate::{ANALYST, TECHNICIAN};
use baiyo_domain::batch::testing::ResultForm;
use baiyo_domain::ids::{Label, LabelKind, SampleNo};
use baiyo_domain::standard::{Criterion, Stage, Test};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// API tokens, by who they are of.
pub type Tokens = serde_json::Map<String, Value>;

/// How often each step of the bench is taken on each batch.
const CYCLES: u64 = 8;

/// Requests made beforehand, for each client in its order.
pub struct Load(Vec<Vec<Vec<u8>>>);

/// How a load went.
pub struct Ran {
    /// From the first request to the last answer.
    took: Duration,
    /// How long each command took, shortest first.
    each: Vec<Duration>,
}

impl Ran {
    /// How many commands there were.
    pub fn commands(&self) -> usize {
        self.each.len()
    }

    /// Commands in a second.
    pub fn rate(&self) -> f64 {
        self.commands() as f64 / self.took.as_secs_f64()
    }

    /// What so many of a hundred commands were done within.
    pub fn within(&self, percent: usize) -> Duration {
        self.each[(self.each.len() * percent / 100).min(self.each.len() - 1)]
    }
}

impl Load {
    /// A load on these batches in culture, shared among so many clients.
    pub fn on(batches: &[Uuid], clients: usize, tokens: &Tokens, address: SocketAddr) -> Self {
        assert_eq!(batches.len() % clients, 0, "each client has batches of its own");
        let test = in_process_test();
        let mut asking = Client::connect(address);
        let mut of_batch = |batch: &Uuid| {
            let path = format!("/api/v1/batches/{batch}");
            let view = asking.json(&client::get(&path, token(tokens, TECHNICIAN), None));
            let samples = samples_of(&view);
            let steps =
                (0..CYCLES).zip(samples).flat_map(|(cycle, sample)| steps(&view, &test, cycle, sample));
            let post = |(number, (who, form, body))| {
                let key = format!("{batch}-{number}");
                client::post(&format!("{path}/{form}"), token(tokens, who), &key, &body)
            };
            steps.enumerate().map(post).collect::<Vec<_>>()
        };
        let shares = batches.chunks(batches.len() / clients);
        Self(shares.map(|share| share.iter().flat_map(&mut of_batch).collect()).collect())
    }

    /// Sends it, every client to one of these servers.
    pub fn run(&self, servers: &[SocketAddr]) -> Ran {
        let start = Barrier::new(self.0.len() + 1);
        let (took, each) = std::thread::scope(|threads| {
            let clients = self.0.iter().zip(servers.iter().cycle());
            let clients: Vec<_> =
                clients.map(|(requests, server)| threads.spawn(|| work(requests, *server, &start))).collect();
            start.wait();
            let begun = Instant::now();
            let each = clients.into_iter().flat_map(|client| client.join().expect("a client")).collect();
            (begun.elapsed(), each)
        });
        let mut each: Vec<Duration> = each;
        each.sort();
        Ran { took, each }
    }
}

fn work(requests: &[Vec<u8>], server: SocketAddr, start: &Barrier) -> Vec<Duration> {
    let mut client = Client::connect(server);
    let mut each = Vec::with_capacity(requests.len());
    start.wait();
    for request in requests {
        let begun = Instant::now();
        let answer = client.ask(request);
        let text = String::from_utf8_lossy;
        assert_eq!(answer.status, 200, "{}\nwas answered {}", text(request), text(answer.body));
        each.push(begun.elapsed());
    }
    each
}

fn token<'a>(tokens: &'a Tokens, who: &str) -> &'a str {
    tokens[who].as_str().expect("a token")
}

/// The numbers that the next samples of a batch get.
fn samples_of(view: &Value) -> impl Iterator<Item = SampleNo> {
    let label = Label::try_from(view["label"].as_str().expect("a label").to_string()).expect("a label");
    let taken = view["samples"].as_array().expect("samples").iter();
    let taken = taken.filter_map(|sample| u16::try_from(sample["no"].as_u64()?).ok());
    let next = move |last: u16| label.next_part(LabelKind::Sample, last + 1);
    let first = next(taken.max().unwrap_or(0));
    std::iter::successors(Some(first), move |last| Some(next(*last))).map(SampleNo)
}

/// What is done to a batch in culture in one cycle: who, which form, and the form.
fn steps(
    view: &Value,
    test: &Test,
    cycle: u64,
    sample: SampleNo,
) -> [(&'static str, &'static str, Value); 5] {
    let vessels = view["vessels"].as_array().expect("vessels").iter();
    let vessels: Vec<&Value> = vessels.filter(|vessel| vessel["state"] == "in_culture").collect();
    let labels: Vec<&Value> = vessels.iter().map(|vessel| &vessel["label"]).collect();
    let subjects: Vec<Value> = vessels.iter().map(|vessel| json!({ "vessel": vessel["no"] })).collect();
    [
        (
            TECHNICIAN,
            "observation",
            json!({
                "vessels": labels, "confluence": (40 + 5 * cycle).to_string(), "turbid": false,
                "morphology": "紡錘形、剥離なし / spindle-shaped, attached",
            }),
        ),
        (TECHNICIAN, "medium_change", json!({ "vessels": labels, "volume": "200" })),
        (ANALYST, "sampling", json!({ "subjects": subjects, "tests": [test.code], "quantity": "2 mL" })),
        (ANALYST, "result", result(test, sample)),
        (
            TECHNICIAN,
            "vessel_move",
            json!({
                "vessel": labels[0], "incubator": format!("INC-{}", 1 + cycle % 4), "position": "shelf 2",
            }),
        ),
    ]
}

fn in_process_test() -> Test {
    let standard = Centre::read_standard("adipose-msc-autologous-fresh");
    let fits = |test: &&Test| {
        matches!(test.stage, Stage::InProcess { .. }) && !matches!(test.criterion, Criterion::NoGrowth { .. })
    };
    standard.tests.iter().find(fits).expect("a test in process").clone()
}

fn result(test: &Test, sample: SampleNo) -> Value {
    let value = passing(test);
    let value = value.try_into().expect("a value");
    let form = ResultForm {
        sample,
        test: test.code.clone(),
        values: vec![value; usize::from(test.replicates.number)],
        unit: test.unit.clone(),
        method: test.method.clone(),
        instrument: None,
        kit_lot: None,
        controls: test.controls.then_some(GOOD),
        analyst: None,
        inoculated_at: None,
        read_at: None,
        report: None,
        remark: None,
        not_applicable: Default::default(),
    };
    serde_json::to_value(form).expect("JSON")
}
