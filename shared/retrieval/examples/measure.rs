//! What the index of the guides costs and what it finds, beside a peer that looks through all passages for the words of a question:
//! `cargo run --release -p retrieval --example measure`. Times are medians over the questions of the tests.
#![expect(clippy::print_stdout, reason = "what an example is for")]

use std::collections::HashSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use retrieval::{GUIDES, Index, Passage};

const QUESTIONS: &str = include_str!("../tests/questions.txt");
/// Those that nothing was tuned on.
const HELD_OUT: &str = include_str!("../tests/held_out.txt");
/// Passages that are looked at.
const FIRST: usize = 3;

fn main() {
    let index = Index::of_guides();
    let bytes: usize = GUIDES.iter().map(|(_, text)| text.len()).sum();
    println!("{} guides of {bytes} bytes, {} passages", GUIDES.len(), index.passages().len());
    let builds = (0..51).map(|_| time(|| drop(black_box(Index::of_guides())))).collect();
    println!("making the index: {:?}", median(builds));

    compare(&index, "questions", QUESTIONS);
    compare(&index, "held out", HELD_OUT);
    measure_long(&index);
}

/// Prints what is found of a table's questions, and what the peer finds.
fn compare(index: &Index<'_>, name: &str, table: &str) {
    let lines = table.lines().filter(|line| !line.starts_with("//")).filter_map(|line| line.split_once(' '));
    let questions: Vec<_> = lines.filter(|(place, _)| place.contains('#')).collect();
    let ours = |question: &str| index.search(question, FIRST).into_iter().map(|found| found.passage.link()).collect();
    let theirs = |question: &str| by_words(index.passages(), question);
    let (own_rate, own_time) = measured(&questions, ours);
    let (peer_rate, peer_time) = measured(&questions, theirs);
    println!(
        "{name}: {} questions, the passage among the first {FIRST}: {own_rate:.3}, by words alone {peer_rate:.3}",
        questions.len()
    );
    let ratio = peer_time.as_secs_f64() / own_time.as_secs_f64();
    println!("a question: {own_time:?}, by words alone {peer_time:?}: {ratio:.1} times ours");
}

fn measure_long(index: &Index<'_>) {
    let hostile = "certificate pinning android build key upload ".repeat(1000);
    println!(
        "a question of {} bytes: {:?}",
        hostile.len(),
        median((0..21).map(|_| time(|| drop(black_box(index.search(&hostile, FIRST))))).collect())
    );
}

/// The share of questions whose passage is found, and the time for one.
fn measured(questions: &[(&str, &str)], search: impl Fn(&str) -> Vec<String>) -> (f64, Duration) {
    let is_hit = |(place, question): &&(&str, &str)| {
        search(question).contains(&format!("docs/guides/{}", place.replace('#', ".md#")))
    };
    let hits = questions.iter().filter(is_hit).count();
    let times = questions
        .iter()
        .map(|(_, question)| median((0..21).map(|_| time(|| drop(black_box(search(question))))).collect()));
    (hits as f64 / questions.len() as f64, median(times.collect()))
}

/// The peer: the passages that have most words of the question, in their headings or text.
fn by_words(passages: &[Passage<'_>], question: &str) -> Vec<String> {
    let asked = words(question);
    let mut ranked: Vec<(usize, &Passage<'_>)> = passages
        .iter()
        .map(|passage| {
            let has = words(&format!("{}\n{}\n{}", passage.headings.join("\n"), passage.text, passage.asked));
            (asked.intersection(&has).count(), passage)
        })
        .collect();
    ranked.sort_by_key(|(common, _)| std::cmp::Reverse(*common));
    ranked.into_iter().take(FIRST).map(|(_, passage)| passage.link()).collect()
}

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
