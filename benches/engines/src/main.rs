//! The same rules in several policy engines: first all of them must give the same outcome on the
//! same complete facts, then they are timed in one run. Prints a table for the measurements page.
//!
//! It says what a decision costs, not which language is better: the others know neither dates nor
//! articles nor missing facts, and ours is no general authorisation language.

mod cedar;
mod clock;
mod crossing;
mod law;
mod odrl;
mod rego;

use std::hint::black_box;

use self::clock::{Subject, Timing};

/// Whatever went wrong, for the one who runs it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The outcomes, mildest first.
pub const OUTCOMES: [&str; 5] = [
    "permitted",
    "permitted-with-obligations",
    "needs-mechanism",
    "needs-authority-approval",
    "prohibited",
];

/// How many crossings the engines must agree on before they are timed.
const COMPARED: usize = 20_000;

fn main() -> Result<()> {
    let law = law::Law::new()?;
    let (cedar, rego) = (cedar::Cedar::new(cedar::RULES)?, rego::Rego::new(rego::RULES)?);
    println!("the same outcome of all engines on {}\n", agree(&law, &cedar, &rego)?);
    control(&law, &cedar, &rego)?;
    let timed = crossing::timed();
    let flat: Vec<_> = timed.iter().map(crossing::flat).collect();
    let ours: Vec<_> = timed.iter().map(|facts| law.request(facts)).collect::<Result<_>>()?;
    let requests: Vec<_> = flat.iter().map(|facts| cedar.request(facts)).collect::<Result<_>>()?;
    let inputs: Vec<_> = flat.iter().map(rego::Rego::request).collect::<Result<_>>()?;
    let odrls = [odrl::Odrl::new()?];
    let mut machine = rego.machine();
    let packs = law.packs();
    let mut subjects = vec![
        subject(
            &format!("causeway-law check, {packs} packs, both sides"),
            "outcome, or an interval",
            each(&ours, |facts| law.check(facts)),
        ),
        subject(
            "causeway-law decide, the same",
            "and every rule, article, duty",
            each(&ours, |facts| law.decide(facts)),
        ),
        subject(
            &format!("cedar-policy 4.14.1, {} policies, request ready", cedar.policies()),
            "policies that hold",
            each(&requests, |request| cedar.check(request)),
        ),
        subject(
            "cedar-policy 4.14.1, request made for the call",
            "policies that hold",
            each(&flat, |facts| cedar.check(&cedar.request(facts).ok()?)),
        ),
        subject(
            "regorus 0.14.1, interpreted, input ready",
            "outcome",
            each(&inputs, |input| rego.interpret(input)),
        ),
        subject(
            "regorus 0.14.1, register machine, input ready",
            "outcome",
            each(&inputs, |input| rego::execute(&mut machine, input)),
        ),
        subject(
            "causeway-policy evaluate, a time and a purpose",
            "verdict",
            each(&odrls, odrl::Odrl::evaluate),
        ),
        subject(
            "causeway-policy report, the same",
            "verdict with all findings",
            each(&odrls, odrl::Odrl::report),
        ),
        subject(
            "causeway-policy, the policy read for the call",
            "verdict with all findings",
            each(&odrls, odrl::Odrl::read_and_evaluate),
        ),
    ];
    let timings = clock::time(&mut subjects);
    print(&subjects, &timings);
    Ok(())
}

/// Every engine must say the same of every crossing, or there is nothing to compare.
fn agree(law: &law::Law, cedar: &cedar::Cedar, rego: &rego::Rego) -> Result<String> {
    let mut machine = rego.machine();
    let mut counts = [0_usize; OUTCOMES.len()];
    for facts in crossing::compared(COMPARED).iter().chain(&crossing::timed()) {
        let flat = crossing::flat(facts);
        let input = rego::Rego::request(&flat)?;
        let said = [
            ("causeway-law", law.check(&law.request(facts)?)),
            ("cedar-policy", cedar.check(&cedar.request(&flat)?)),
            ("regorus", rego.interpret(&input)),
            ("regorus machine", rego::execute(&mut machine, &input)),
        ];
        let (_, first) = said[0];
        let Some(first) = first.filter(|_| said.iter().all(|(_, outcome)| *outcome == first))
        else {
            let facts = serde_json::to_string(facts)?;
            return Err(format!("the engines disagree: found {said:?} of {facts}").into());
        };
        counts[OUTCOMES.iter().position(|known| *known == first).unwrap_or_default()] += 1;
    }
    let told: Vec<String> = OUTCOMES
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    Ok(format!("{} crossings: {}", counts.iter().sum::<usize>(), told.join(", ")))
}

/// The comparison must notice a threshold that is off by one, or it shows nothing.
fn control(law: &law::Law, cedar: &cedar::Cedar, rego: &rego::Rego) -> Result<()> {
    let moved = |rules: &str| rules.replace("100000 ", "100001 ").replace("100000\n", "100001\n");
    let other_cedar = cedar::Cedar::new(&moved(cedar::RULES))?;
    let other_rego = rego::Rego::new(&moved(rego::RULES))?;
    if agree(law, &other_cedar, rego).is_ok() || agree(law, cedar, &other_rego).is_ok() {
        return Err("the comparison did not notice a threshold that is off by one".into());
    }
    Ok(())
}

fn subject<'a>(name: &str, answers: &'static str, call: Box<dyn FnMut() + 'a>) -> Subject<'a> {
    Subject { name: name.to_owned(), answers, call }
}

/// Calls with one item after the other; neither the item nor the answer can be computed away.
fn each<'a, T, A>(items: &'a [T], mut call: impl FnMut(&'a T) -> A + 'a) -> Box<dyn FnMut() + 'a> {
    let mut next = 0;
    Box::new(move || {
        black_box(call(black_box(&items[next])));
        next = (next + 1) % items.len();
    })
}

fn print(subjects: &[Subject<'_>], timings: &[Timing]) {
    println!("| a decision | answers | ns, median | fastest to slowest round | ratio |");
    println!("|---|---|---|---|---|");
    let base = timings.first().map_or(1.0, |timing| timing.median);
    for (subject, timing) in subjects.iter().zip(timings) {
        let Timing { median, least, most } = timing;
        println!(
            "| {} | {} | {median:.0} | {least:.0} to {most:.0} | {:.2} |",
            subject.name,
            subject.answers,
            median / base
        );
    }
}
