//! Whatever is asked, an answer comes, always the same one.

use std::sync::LazyLock;

use proptest::prelude::*;
use retrieval::{Index, MAX_QUESTION};

const FILES: [(&str, &str); 2] = [
    ("a.md", "# Keys\n\n## Make a key\nCall create for a key.\n\n## Delete a key\nCall delete for a key.\n"),
    (
        "b.md",
        "# Certificates\n\n## Pin a host\nPut the hash.\n<!-- asked: SSL pinning -->\n\n## Pin a host\nPut the hash.\n",
    ),
];

fn links(index: &Index<'_>, question: &str, limit: usize) -> Vec<String> {
    index.search(question, limit).iter().map(|found| found.passage.link()).collect()
}

#[test]
fn the_best_passage_comes_first() {
    let index = Index::new(FILES);
    assert_eq!(links(&index, "how do I delete a key?", 1), ["a.md#delete-a-key"]);
    assert_eq!(links(&index, "Removing a key", 9), ["a.md#delete-a-key"], "what only has a key tells too little");
    assert_eq!(links(&index, "keys", 9), ["a.md#make-a-key", "a.md#delete-a-key"], "the shorter one first");
}

#[test]
fn what_customers_ask_finds_the_passage_and_is_not_shown() {
    let index = Index::new(FILES);
    let found = index.search("ssl pinning", 1);
    assert_eq!((found[0].passage.link().as_str(), found[0].passage.text), ("b.md#pin-a-host", "Put the hash."));
}

#[test]
fn equal_passages_come_in_the_order_of_the_file() {
    let file = [("c.md", "# Title\n## Same\ntext\n## Same\ntext\n## Same\ntext\n## Other\nelse\n")];
    for _ in 0..20 {
        assert_eq!(links(&Index::new(file), "same text", 9), ["c.md#same", "c.md#same-1", "c.md#same-2"]);
    }
}

#[test]
fn every_index_of_the_guides_answers_alike() {
    let question = "How do I rotate the certificate of a pinned host in production?";
    let first = links(&Index::of_guides(), question, 10);
    assert!(!first.is_empty());
    for _ in 0..3 {
        assert_eq!(links(&Index::of_guides(), question, 10), first);
    }
}

#[test]
fn nothing_asked_finds_nothing() {
    let index = Index::of_guides();
    for question in ["", " \n\t", "?", "how do I", "___", "\u{0}\u{202e}\u{feff}", "💥", "'''"] {
        assert_eq!(links(&index, question, 3), [""; 0], "{question:?}");
    }
    assert_eq!(links(&index, "certificate pinning", 0), [""; 0]);
    assert_eq!(links(&Index::new([]), "certificate pinning", 3), [""; 0]);
}

#[test]
fn of_a_long_question_the_beginning_counts() {
    let index = Index::of_guides();
    let question = "how do I pin certificates? ";
    let answer = links(&index, question, 3);
    assert!(!answer.is_empty());
    assert_eq!(links(&index, &question.repeat(1000), 3), answer);
    let late = format!("{}{question}", "…".repeat(MAX_QUESTION / "…".len()));
    assert_eq!(links(&index, &late, 3), [""; 0]);
    let unknown: String = (0..10_000).map(|number| format!("zz{number} ")).collect();
    assert_eq!(links(&index, &format!("{question}{unknown}"), 3), answer);
    let many: String = (0..10_000).map(|number| format!("zz{number}. ")).collect();
    assert_eq!(links(&index, &format!("{many}{question}"), 3), [""; 0], "terms that are looked for have an end");
}

static INDEX: LazyLock<Index<'static>> = LazyLock::new(|| Index::new(FILES));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_may_be_asked(question in any::<String>(), limit in 0usize..5) {
        prop_assert!(links(&INDEX, &question, limit).len() <= limit);
    }

    #[test]
    fn any_text_may_be_a_guide(text in "(#{1,7} |```|~~~|<!-- asked:|-->|\n|[a-zA-Zß_ ]{1,8}){0,40}", question in "[a-zA-Z ]{0,40}") {
        let index = Index::new([("x.md", text.as_str())]);
        let found = index.search(&question, 3);
        prop_assert!(found.is_sorted_by(|one, other| one.score >= other.score));
        for passage in index.passages() {
            prop_assert!(text.contains(passage.text) && !passage.text.is_empty() && !passage.headings.is_empty());
        }
    }
}
