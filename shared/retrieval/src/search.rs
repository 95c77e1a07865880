//! Ranks passages for a question.

use std::collections::{HashMap, HashSet};

use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer, TokenEmbedder, TokenEmbedding, Tokenizer};

use crate::guides::GUIDES;
use crate::passage::{Passage, cut};
use crate::words::Words;

/// Bytes of a question that are read; what comes after them is not.
pub const MAX_QUESTION: usize = 8192;

/// Terms of a question that are looked for: the first ones, each once.
const MAX_TERMS: usize = 64;

/// How often the heading, and what customers ask, count beside the text: they are what a passage is about.
const ABOUT_WEIGHT: usize = 3;

/// The share of the question, by the weight of its terms, that a passage has to have.
const MIN_COVERAGE: f32 = 0.3;

/// The share that it has to have where it has one term only: one word in common says little of a question.
const MIN_COVERAGE_BY_ONE: f32 = 0.5;

/// A passage that may answer a question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<'i, 'a> {
    /// The passage.
    pub passage: &'i Passage<'a>,
    /// BM25: larger is better. Comparable within one answer only.
    pub score: f32,
}

/// Passages that can be searched.
pub struct Index<'a> {
    passages: Vec<Passage<'a>>,
    words: Words,
    scorer: Scorer<usize, u64>,
    /// The terms of each passage.
    terms: Vec<HashSet<u64>>,
    /// In how many passages a term stands.
    frequencies: HashMap<u64, u16>,
}

impl Index<'static> {
    /// All passages of the guides.
    pub fn of_guides() -> Self {
        Self::new(GUIDES.iter().copied())
    }
}

impl<'a> Index<'a> {
    /// The passages of markdown files: path and content of each.
    pub fn new(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let passages: Vec<_> = files.into_iter().flat_map(|(path, markdown)| cut(path, markdown)).collect();
        let words = Words::new();
        let texts: Vec<_> = passages.iter().map(|passage| searched(&words, passage)).collect();
        let corpus: Vec<_> = texts.iter().map(String::as_str).collect();
        let embedder: Embedder<u64, _> = EmbedderBuilder::with_tokenizer_and_fit_to_corpus(Spaces, &corpus).build();
        let embeddings: Vec<_> = corpus.iter().map(|text| embedder.embed(text)).collect();
        let mut index = Self { passages, words, scorer: Scorer::new(), terms: Vec::new(), frequencies: HashMap::new() };
        for (place, embedding) in embeddings.into_iter().enumerate() {
            index.add(place, embedding);
        }
        index
    }

    fn add(&mut self, place: usize, embedding: Embedding<u64>) {
        let terms: HashSet<u64> = embedding.indices().copied().collect();
        for term in &terms {
            let count = self.frequencies.entry(*term).or_default();
            *count = count.saturating_add(1);
        }
        self.terms.push(terms);
        self.scorer.upsert(&place, embedding);
    }

    /// Every passage, file by file.
    pub fn passages(&self) -> &[Passage<'a>] {
        &self.passages
    }

    /// At most `limit` passages that answer the question, the best first; of equal ones the one that stands first. None, where
    /// the guides have no answer. Any text may be asked; of a long one the first [`MAX_QUESTION`] bytes count.
    pub fn search(&self, question: &str, limit: usize) -> Vec<Found<'_, 'a>> {
        let question = self.terms_of(question);
        let asked = Embedding(question.iter().map(|term| TokenEmbedding { index: *term, value: 1.0 }).collect());
        let mut scored = self.scorer.matches(&asked);
        scored.retain(|found| self.is_about(&question, found.id));
        // The scorer's order of equals changes from run to run.
        scored.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.id.cmp(&other.id)));
        let best = scored.into_iter().take(limit);
        best.filter_map(|found| Some(Found { passage: self.passages.get(found.id)?, score: found.score })).collect()
    }

    /// The first terms of a question, each once.
    fn terms_of(&self, question: &str) -> Vec<u64> {
        let read = question.get(..question.floor_char_boundary(MAX_QUESTION)).unwrap_or_default();
        let mut seen = HashSet::new();
        let terms = self.words.terms(read).into_iter().map(|term| u64::embed(&term));
        terms.filter(|term| seen.insert(*term)).take(MAX_TERMS).collect()
    }

    /// Whether enough of the question stands in a passage.
    fn is_about(&self, question: &[u64], place: usize) -> bool {
        let Some(terms) = self.terms.get(place) else { return false };
        let common: Vec<_> = question.iter().filter(|term| terms.contains(term)).copied().collect();
        let least = if common.len() == 1 { MIN_COVERAGE_BY_ONE } else { MIN_COVERAGE };
        self.weight(&common) >= least * self.weight(question)
    }

    /// How much terms tell: each the more, the fewer passages have it, and most where none has.
    fn weight(&self, terms: &[u64]) -> f32 {
        let count = |number: usize| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
        let having = |term| f32::from(self.frequencies.get(term).copied().unwrap_or(0));
        let rarity = |having: f32| (1.0 + (count(self.passages.len()) - having + 0.5) / (having + 0.5)).ln();
        terms.iter().map(|term| rarity(having(term))).sum()
    }
}

/// What is searched of a passage, as terms with spaces between them: its text, and what it is about, which counts more.
fn searched(words: &Words, passage: &Passage<'_>) -> String {
    let (heading, above) = passage.headings.split_last().map_or(("", &[][..]), |(last, above)| (*last, above));
    let about = words.terms(&format!("{heading}\n{}", passage.asked)).join(" ");
    let rest = words.terms(&format!("{}\n{}", above.join("\n"), passage.text)).join(" ");
    format!("{}{rest}", format!("{about} ").repeat(ABOUT_WEIGHT))
}

/// Terms are made once, before the embedder counts them.
struct Spaces;

impl Tokenizer for Spaces {
    fn tokenize(&self, terms: &str) -> Vec<String> {
        terms.split_whitespace().map(str::to_owned).collect()
    }
}
