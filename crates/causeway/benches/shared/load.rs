//! The load of negotiations that benchmarks put on two real nodes. A negotiation is over when it is
//! FINALIZED on both sides; one that ends otherwise ends the benchmark.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Api, Events, PATIENCE};

/// Who asks whom, and for what.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) provider: &'a Api,
    pub(crate) consumer: &'a Api,
    pub(crate) offer: &'a Value,
}

impl Load<'_> {
    /// One after the other: the time of each, from the request until both sides are done.
    pub(crate) async fn one_by_one(self, count: usize) -> Vec<Duration> {
        let (mut ours, mut theirs) = self.listen().await;
        let asked = self.asked();
        let mut times = Vec::new();
        for _ in 0..count {
            let began = Instant::now();
            let both = async {
                self.consumer.post("/negotiations", &asked).await;
                for events in [&mut ours, &mut theirs] {
                    while !is_finalized(&events.next().await) {}
                }
            };
            self.patiently(both).await;
            times.push(began.elapsed());
        }
        times
    }

    /// So many at the same time: how long all took, and the time of each on the side that asked.
    pub(crate) async fn at_once(self, count: usize, width: usize) -> (Duration, Vec<Duration>) {
        let (mut ours, mut theirs) = self.listen().await;
        let asked = self.asked();
        let began = Instant::now();
        let mut requests = JoinSet::new();
        let (mut sent, mut done, mut done_there) = (0, 0, 0);
        let mut begun: HashMap<String, Instant> = HashMap::new();
        let mut times = Vec::new();
        let all = async {
            while done < count || done_there < count {
                // Each that is FINALIZED here makes room for the next request.
                while sent < count && sent < done + width {
                    let consumer = self.consumer;
                    let request = consumer.request(reqwest::Method::POST, "/negotiations");
                    let request = request.json(&asked);
                    requests.spawn(async move {
                        let began = Instant::now();
                        let answer: Value = request.send().await.unwrap().json().await.unwrap();
                        (answer["id"].as_str().unwrap().to_owned(), began)
                    });
                    sent += 1;
                }
                tokio::select! {
                    Some(request) = requests.join_next() => {
                        let (id, began) = request.unwrap();
                        begun.insert(id, began);
                    }
                    event = ours.next() => {
                        if is_finalized(&event) {
                            done += 1;
                            let began = event["process"].as_str().and_then(|id| begun.remove(id));
                            times.extend(began.map(|began| began.elapsed()));
                        }
                    }
                    event = theirs.next() => done_there += usize::from(is_finalized(&event)),
                }
            }
        };
        self.patiently(all).await;
        (began.elapsed(), times)
    }

    fn asked(self) -> Value {
        json!({ "peer": "provider", "offer": self.offer })
    }

    async fn listen(self) -> (Events, Events) {
        let kind = "negotiation.state";
        (self.consumer.events(kind).await, self.provider.events(kind).await)
    }

    async fn patiently(self, work: impl Future<Output = ()>) {
        if tokio::time::timeout(PATIENCE, work).await.is_err() {
            let (ours, theirs) = (self.consumer.told(), self.provider.told());
            panic!("negotiations do not end\nconsumer: {ours}\nprovider: {theirs}");
        }
    }
}

fn is_finalized(event: &Value) -> bool {
    assert!(event["subject"] != "TERMINATED", "a negotiation was terminated: {event}");
    event["subject"] == "FINALIZED"
}
