//! What customers ask, and where the answer stands: `questions.txt`, whose lines have a passage's place and a question, or `-`
//! and a question about something else. `cargo nextest run -p retrieval --no-capture` prints the figures.

use std::fmt::Write;

use retrieval::Index;

const QUESTIONS: &str = include_str!("questions.txt");

/// How many passages are looked at.
const FIRST: usize = 3;

/// Questions whose passage is among the first, of all that have one.
const MIN_HIT_RATE: f64 = 0.9;

struct Question {
    /// None: the guides have no answer.
    place: Option<&'static str>,
    text: &'static str,
}

fn questions() -> Vec<Question> {
    let lines = QUESTIONS.lines().filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines
        .map(|line| {
            let (place, text) = line.split_once(' ').unwrap();
            Question { place: (place != "-").then_some(place), text: text.trim() }
        })
        .collect()
}

fn places(index: &Index<'_>, question: &str) -> Vec<String> {
    let found = index.search(question, FIRST);
    found.iter().map(|found| found.passage.link().replace("docs/guides/", "").replace(".md#", "#")).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what the benchmark is for")]
fn nine_of_ten_answers_are_among_the_first_three() {
    let index = Index::of_guides();
    let answered: Vec<_> = questions().into_iter().filter_map(|question| Some((question.place?, question.text))).collect();
    assert!(answered.len() >= 60, "{}", answered.len());
    let (mut ranks, mut missed) = ([0usize; FIRST], String::new());
    for (place, text) in &answered {
        let found = places(&index, text);
        match found.iter().position(|found| found == place) {
            Some(rank) => ranks[rank] += 1,
            None => writeln!(missed, "{text}\n    wanted {place}, found {found:?}").unwrap(),
        }
    }
    let hits: usize = ranks.iter().sum();
    let rate = hits as f64 / answered.len() as f64;
    println!("{hits} of {} questions within the first {FIRST} ({rate:.3}), by rank {ranks:?}\n{missed}", answered.len());
    assert!(rate >= MIN_HIT_RATE, "hit rate {rate:.3}\n{missed}");
}

#[test]
fn questions_about_something_else_find_nothing() {
    let index = Index::of_guides();
    let off_topic: Vec<_> = questions().into_iter().filter(|question| question.place.is_none()).collect();
    assert!(off_topic.len() >= 15, "{}", off_topic.len());
    let answered: Vec<_> = off_topic
        .iter()
        .map(|question| (question.text, index.search(question.text, 1)))
        .filter(|(_, found)| !found.is_empty())
        .map(|(text, found)| format!("{text}: {} {:.1}", found[0].passage.link(), found[0].score))
        .collect();
    assert!(answered.is_empty(), "{}", answered.join("\n"));
}

#[test]
fn every_place_is_a_passage() {
    let index = Index::of_guides();
    let links: Vec<_> = index.passages().iter().map(|passage| passage.link()).collect();
    for place in questions().iter().filter_map(|question| question.place) {
        let link = format!("docs/guides/{}", place.replace('#', ".md#"));
        assert!(links.contains(&link), "{place}");
    }
}

#[test]
fn no_question_is_its_heading() {
    let index = Index::of_guides();
    let bare = |text: &str| text.trim_end_matches(['?', '.']).to_lowercase();
    for passage in index.passages() {
        let heading = bare(passage.headings.last().unwrap());
        assert!(questions().iter().all(|question| bare(question.text) != heading), "{heading}");
    }
}
