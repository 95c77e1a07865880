//! How long the index of the guides takes to make and to ask: `cargo run --release -p retrieval --example measure`, or
//! without `--release`. Medians over the questions of the tests.
#![expect(clippy::print_stdout, reason = "what an example is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use retrieval::{GUIDES, Index};

const QUESTIONS: &str = include_str!("../tests/questions.txt");

fn main() {
    let index = Index::of_guides();
    let bytes: usize = GUIDES.iter().map(|(_, text)| text.len()).sum();
    println!("{} guides of {bytes} bytes, {} passages", GUIDES.len(), index.passages().len());

    let builds = (0..51).map(|_| time(|| drop(black_box(Index::of_guides())))).collect();
    println!("making the index: {:?}", median(builds));

    let lines = QUESTIONS.lines().filter(|line| !line.starts_with("//"));
    let questions: Vec<_> = lines.filter_map(|line| line.split_once(' ')).map(|(_, question)| question).collect();
    let queries: Vec<_> = questions
        .iter()
        .map(|question| median((0..21).map(|_| time(|| drop(black_box(index.search(question, 3))))).collect()))
        .collect();
    println!(
        "{} questions: median {:?}, slowest {:?}",
        questions.len(),
        median(queries.clone()),
        queries.iter().max().unwrap_or(&Duration::ZERO)
    );

    let hostile = "certificate pinning android build key upload ".repeat(1000);
    println!(
        "a question of {} bytes: {:?}",
        hostile.len(),
        median((0..21).map(|_| time(|| drop(black_box(index.search(&hostile, 3))))).collect())
    );
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
