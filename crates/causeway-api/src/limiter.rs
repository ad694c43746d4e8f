//! How much one caller gets: requests in a time, and turns when more want something done than can
//! be done at once. Who a caller is, and what is answered to one who has to wait, is not here.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_types::Timestamp;
use causeway_types::limits::{BUCKETS_MAX, TURN_SECONDS_MAX, TURNS_MAX, TURNS_OF_ONE_MAX};
use tokio::sync::oneshot;

/// One request, in the unit in which buckets are filled.
const REQUEST: u64 = 1_000_000;

/// How fast requests may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many in a second, for as long as one likes.
    pub per_second: u32,
    /// So many at once.
    pub burst: u32,
}

/// Come again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// At least 1.
    pub seconds: u64,
}

/// A token bucket a caller.
#[derive(Debug)]
pub struct Buckets {
    rate: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at: Timestamp,
}

impl Buckets {
    /// Every caller begins with a full bucket.
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one request out of the caller's bucket.
    pub fn take(&self, who: &str, now: Timestamp) -> Result<(), Wait> {
        let mut buckets = lock(&self.buckets);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(who) {
            // A full bucket says no more than none.
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.full());
        }
        // With very many strangers at a time, the rest of them share one bucket.
        let who = if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(who) { "" } else { who };
        let full = Bucket { left: self.full(), at: now };
        let bucket = buckets.entry(who.to_owned()).or_insert(full);
        bucket.left = self.filled(*bucket, now);
        bucket.at = bucket.at.max(now);
        match bucket.left.checked_sub(REQUEST) {
            Some(left) => {
                bucket.left = left;
                Ok(())
            }
            None => {
                let missing = REQUEST - bucket.left;
                let a_second = u64::from(self.rate.per_second).max(1) * REQUEST;
                Err(Wait { seconds: missing.div_ceil(a_second).max(1) })
            }
        }
    }

    fn filled(&self, bucket: Bucket, now: Timestamp) -> u64 {
        let elapsed = now.micros_since(bucket.at);
        let more = elapsed.saturating_mul(u64::from(self.rate.per_second));
        bucket.left.saturating_add(more).min(self.full())
    }

    fn full(&self) -> u64 {
        u64::from(self.rate.burst.max(1)) * REQUEST
    }
}

/// Turns at something that only so many can do at once. When all are taken, those who wait get
/// theirs in a round over the callers, each one request a round: a caller with ten thousand
/// requests delays another's one by one request only. Waiting is bounded, in number and in time,
/// and nobody has more than three of four turns at a time, so that one who takes long leaves some.
#[derive(Debug)]
pub struct Turns<K: Eq + Hash + Clone>(Arc<Mutex<Line<K, oneshot::Sender<Turn<K>>>>>);

impl<K: Eq + Hash + Clone> Clone for Turns<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A turn; it ends when this is dropped.
#[derive(Debug)]
pub struct Turn<K: Eq + Hash + Clone>(Option<(Turns<K>, K)>);

impl<K: Eq + Hash + Clone> Turns<K> {
    /// So many at once, with the limits of the house for those who wait.
    pub fn new(slots: usize) -> Self {
        let at_once_max = slots - slots / 4;
        let line =
            Line::new(slots, Bounds { at_once_max, of_one_max: TURNS_OF_ONE_MAX, max: TURNS_MAX });
        Self(Arc::new(Mutex::new(line)))
    }

    /// A turn for the caller, at once or after those before it.
    pub async fn take(&self, who: &K) -> Result<Turn<K>, Wait> {
        let came = {
            let mut line = lock(&self.0);
            line.come(who, |waiting: &oneshot::Sender<_>| !waiting.is_closed(), oneshot::channel)
        };
        let full = Wait { seconds: 1 };
        match came {
            Came::Now => Ok(Turn(Some((self.clone(), who.clone())))),
            Came::Full => Err(full),
            // Whoever goes away meanwhile drops the other end; a turn that is under way to them
            // is dropped with it and goes to the next.
            Came::Waits(turn) => {
                let patience = Duration::from_secs(TURN_SECONDS_MAX);
                match tokio::time::timeout(patience, turn).await {
                    Ok(Ok(turn)) => Ok(turn),
                    Ok(Err(_)) | Err(_) => Err(full),
                }
            }
        }
    }

    /// Hands a turn that ended to the next who still waits.
    fn pass_on(&self, mut who: K) {
        loop {
            let Some((next, end)) = lock(&self.0).leave(&who) else { return };
            match end.send(Turn(Some((self.clone(), next.clone())))) {
                Ok(()) => return,
                // Nobody is there any more; the turn is taken back without ending it.
                Err(mut turn) => turn.0 = None,
            }
            who = next;
        }
    }
}

impl<K: Eq + Hash + Clone> Drop for Turn<K> {
    fn drop(&mut self) {
        if let Some((turns, who)) = self.0.take() {
            turns.pass_on(who);
        }
    }
}

/// How many may do what.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Turns of one at a time.
    at_once_max: usize,
    /// Of one who wait.
    of_one_max: usize,
    /// Of all who wait.
    max: usize,
}

/// Who waits for a turn, in which order; no clock and no task.
#[derive(Debug)]
struct Line<K, W> {
    free: usize,
    bounds: Bounds,
    /// How many turns each has, of those who have any.
    taken: HashMap<K, usize>,
    waiting: HashMap<K, VecDeque<W>>,
    /// Everybody with somebody waiting, once, in the order of the round.
    round: VecDeque<K>,
}

/// What becomes of somebody who comes.
enum Came<R> {
    /// It is their turn.
    Now,
    /// They wait, at this end.
    Waits(R),
    /// Too many wait already.
    Full,
}

impl<K: Eq + Hash + Clone, W> Line<K, W> {
    fn new(slots: usize, bounds: Bounds) -> Self {
        let (taken, waiting, round) = (HashMap::new(), HashMap::new(), VecDeque::new());
        Self { free: slots, bounds, taken, waiting, round }
    }

    fn come<R>(
        &mut self,
        who: &K,
        is_there: impl Fn(&W) -> bool,
        make: impl FnOnce() -> (W, R),
    ) -> Came<R> {
        if self.free > 0 && self.may_have_more(who) {
            self.free -= 1;
            *self.taken.entry(who.clone()).or_default() += 1;
            return Came::Now;
        }
        if self.is_full(who) {
            // Those who went away are in nobody's way.
            for queue in self.waiting.values_mut() {
                queue.retain(&is_there);
            }
            self.waiting.retain(|_, queue| !queue.is_empty());
            let waiting = &self.waiting;
            self.round.retain(|one| waiting.contains_key(one));
        }
        if self.is_full(who) {
            return Came::Full;
        }
        let (end, other) = make();
        let queue = self.waiting.entry(who.clone()).or_default();
        if queue.is_empty() {
            self.round.push_back(who.clone());
        }
        queue.push_back(end);
        Came::Waits(other)
    }

    fn is_full(&self, who: &K) -> bool {
        let of_one = self.waiting.get(who).map_or(0, VecDeque::len);
        let all: usize = self.waiting.values().map(VecDeque::len).sum();
        of_one >= self.bounds.of_one_max || all >= self.bounds.max
    }

    fn may_have_more(&self, who: &K) -> bool {
        self.taken.get(who).is_none_or(|taken| *taken < self.bounds.at_once_max)
    }

    /// A turn of somebody ended: whose it is now. Without anybody, it is free.
    fn leave(&mut self, who: &K) -> Option<(K, W)> {
        if let Some(taken) = self.taken.get_mut(who) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(who);
            }
        }
        for _ in 0..self.round.len() {
            let Some(who) = self.round.pop_front() else { break };
            if !self.may_have_more(&who) {
                self.round.push_back(who);
                continue;
            }
            let Some(queue) = self.waiting.get_mut(&who) else { continue };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&who);
            } else {
                self.round.push_back(who.clone());
            }
            if let Some(next) = next {
                *self.taken.entry(who.clone()).or_default() += 1;
                return Some((who, next));
            }
        }
        self.free += 1;
        None
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves counts as they were; each stands for itself.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::EPOCH.plus_millis(millis)
    }

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_then_its_rate() {
        let buckets = Buckets::new(Rate { per_second: 20, burst: 100 });
        let taken = |from: u64| (0..1_000).filter(|_| buckets.take("a", at(from)).is_ok()).count();
        assert_eq!(taken(0), 100);
        assert_eq!(taken(1), 0);
        assert_eq!(taken(1_001), 20);
        assert_eq!(taken(3_600_000), 100);
        assert_eq!(buckets.take("a", at(3_600_000)), Err(Wait { seconds: 1 }));
        // A clock that is set back fills nothing, and does not fill it twice afterwards.
        assert_eq!(taken(1_000), 0);
        assert_eq!(taken(3_600_050), 1);
        assert!(buckets.take("b", at(0)).is_ok());
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        let slow = Buckets::new(Rate { per_second: 0, burst: 1 });
        assert!(slow.take("a", at(0)).is_ok());
        assert_eq!(slow.take("a", at(0)), Err(Wait { seconds: 1 }));
    }

    #[test]
    fn any_number_of_strangers_takes_a_bounded_memory() {
        let buckets = Buckets::new(Rate { per_second: 1, burst: 2 });
        for n in 0..BUCKETS_MAX + 500 {
            let _ = buckets.take(&n.to_string(), at(0));
        }
        assert!(lock(&buckets.buckets).len() <= BUCKETS_MAX + 1);
        // Those who came late share a bucket, which is empty by now.
        assert!(buckets.take("late", at(0)).is_err());
        assert!(buckets.take("late", at(2_000)).is_ok());
        assert!(lock(&buckets.buckets).len() < 10);
    }

    const ANY: Bounds = Bounds { at_once_max: usize::MAX, of_one_max: usize::MAX, max: usize::MAX };

    type Named = Line<&'static str, &'static str>;

    /// Somebody comes; whether they have their turn, wait, or are sent away.
    fn come(line: &mut Named, who: &'static str) -> &'static str {
        match line.come(&who, |_| true, || (who, ())) {
            Came::Now => "now",
            Came::Waits(()) => "waits",
            Came::Full => "full",
        }
    }

    /// How many requests of others are begun between the arrival of one and its turn, if every
    /// request takes equally long.
    fn delay(slots: usize, flood: &[(&'static str, usize)]) -> usize {
        let mut line = Line::new(slots, ANY);
        let mut under_way = VecDeque::new();
        for (who, requests) in flood {
            for _ in 0..*requests {
                if come(&mut line, who) == "now" {
                    under_way.push_back(*who);
                }
            }
        }
        assert_eq!(come(&mut line, "one"), "waits");
        let mut begun = 0;
        while let Some(ended) = under_way.pop_front() {
            match line.leave(&ended) {
                Some(("one", _)) => return begun,
                Some((next, _)) => under_way.push_back(next),
                None => {}
            }
            begun += 1;
        }
        panic!("one never had its turn");
    }

    #[test]
    fn ten_thousand_requests_of_one_peer_delay_another_by_one() {
        for slots in [1, 4, 64] {
            assert_eq!(delay(slots, &[("flood", 10_000)]), 1, "{slots}");
            let many = [("a", 10_000), ("b", 10_000), ("c", 1_000), ("d", slots + 1)];
            assert!(delay(slots, &many) <= many.len(), "{slots}");
        }
    }

    #[test]
    fn those_who_wait_are_served_in_rounds() {
        let mut line = Line::new(1, Bounds { of_one_max: 10, max: 20, ..ANY });
        assert_eq!(come(&mut line, "a"), "now");
        for who in ["a", "a", "a", "b", "b", "c"] {
            assert_eq!(come(&mut line, who), "waits");
        }
        let mut ended = "a";
        let served: Vec<_> = std::iter::from_fn(|| {
            ended = line.leave(&ended)?.0;
            Some(ended)
        })
        .collect();
        assert_eq!(served, ["a", "b", "c", "a", "b", "a"]);
        assert_eq!((line.free, line.taken.len()), (1, 0));
    }

    #[test]
    fn waiting_is_bounded_for_each_and_for_all() {
        let mut line = Line::new(0, Bounds { of_one_max: 3, max: 5, ..ANY });
        let waits = |line: &mut Named, who| (0..9).filter(|_| come(line, who) == "waits").count();
        assert_eq!(waits(&mut line, "a"), 3);
        assert_eq!(waits(&mut line, "b"), 2);
        assert_eq!(come(&mut line, "c"), "full");
    }

    #[test]
    fn one_who_takes_long_leaves_turns_for_others() {
        let mut line = Line::new(4, Bounds { at_once_max: 3, ..ANY });
        let came: Vec<_> = (0..5).map(|_| come(&mut line, "slow")).collect();
        assert_eq!(came, ["now", "now", "now", "waits", "waits"]);
        assert_eq!(come(&mut line, "other"), "now");
        // The turn that is free now is not one more for whoever has three.
        assert_eq!(line.leave(&"other"), None);
        assert_eq!(come(&mut line, "other"), "now");
        assert_eq!(line.leave(&"slow"), Some(("slow", "slow")));
        assert_eq!(line.taken[&"slow"], 3);
    }

    #[tokio::test]
    async fn no_turn_is_lost_when_somebody_goes_away() {
        let turns = Turns::new(1);
        let first = turns.take(&"a").await.unwrap();
        let moment = Duration::from_millis(1);
        for _ in 0..3 * TURNS_OF_ONE_MAX {
            assert!(tokio::time::timeout(moment, turns.take(&"b")).await.is_err());
        }
        let waits = turns.clone();
        let next = tokio::spawn(async move { waits.take(&"c").await.is_ok() });
        assert!(tokio::time::timeout(moment, turns.take(&"d")).await.is_err());
        drop(first);
        assert!(next.await.unwrap());
        assert!(turns.take(&"a").await.is_ok());
        assert_eq!(lock(&turns.0).free, 1);
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_told_to_come_again() {
        let turns = Turns::new(1);
        let held = turns.take(&"a").await.unwrap();
        let waiting: Vec<_> = (0..TURNS_OF_ONE_MAX)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.take(&"b").await.is_ok() })
            })
            .collect();
        while lock(&turns.0).waiting.values().map(VecDeque::len).sum::<usize>() < TURNS_OF_ONE_MAX {
            tokio::task::yield_now().await;
        }
        assert_eq!(turns.take(&"b").await.err(), Some(Wait { seconds: 1 }));
        drop(held);
        for one in waiting {
            assert!(one.await.unwrap());
        }
    }
}
