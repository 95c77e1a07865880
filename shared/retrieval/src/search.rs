//! Ranks passages for a question.

use std::collections::{HashMap, HashSet};

use bm25::{Embedder, EmbedderBuilder, Embedding, ScoredDocument, Scorer, TokenEmbedder, TokenEmbedding, Tokenizer};

use crate::guides::GUIDES;
use crate::passage::{Passage, cut};
use crate::sentence::{last_question, sentences};
use crate::words::Words;

/// Bytes of a question that are read; what comes after them is not.
pub const MAX_QUESTION: usize = 8192;

/// Terms of a message that are looked for: the first ones, each once in a sentence.
const MAX_TERMS: usize = 512;

/// How much a sentence counts that tells something, beside one that asks.
const STORY_SHARE: f32 = 0.3;

/// Terms that no passage has, and that count: names and what people tell of themselves say little of what they ask.
const MAX_UNKNOWN: f32 = 1.5;

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

    /// At most `limit` passages that answer a question, the best first; of equal ones the one that stands first. None, where
    /// the guides have no answer. Any text may be asked, and what stands around a question counts less than the question; of a
    /// long one the first [`MAX_QUESTION`] bytes count.
    pub fn search(&self, message: &str, limit: usize) -> Vec<Found<'_, 'a>> {
        let read = message.get(..message.floor_char_boundary(MAX_QUESTION)).unwrap_or_default();
        let mut left = MAX_TERMS;
        let answers =
            sentences(read).into_iter().map(|sentence| (sentence.asks, self.answers(sentence.text, &mut left)));
        let answers: Vec<_> = answers.filter(|(_, scored)| !scored.is_empty()).collect();
        let is_asked = answers.iter().any(|(asks, _)| *asks);
        let mut scores: HashMap<usize, f32> = HashMap::new();
        for (asks, scored) in answers {
            let share = if asks || !is_asked { 1.0 } else { STORY_SHARE };
            for found in scored {
                *scores.entry(found.id).or_default() += share * found.score;
            }
        }
        self.best(scores, limit)
    }

    fn best(&self, scores: HashMap<usize, f32>, limit: usize) -> Vec<Found<'_, 'a>> {
        let mut scored: Vec<_> = scores.into_iter().collect();
        scored.sort_by(|(one, score), (other, others)| others.total_cmp(score).then(one.cmp(other)));
        let best = scored.into_iter().take(limit);
        best.filter_map(|(place, score)| Some(Found { passage: self.passages.get(place)?, score })).collect()
    }

    /// The passages that answer a sentence, or else the question at its end.
    fn answers(&self, sentence: &str, left: &mut usize) -> Vec<ScoredDocument<usize>> {
        let whole = self.about(&self.terms_of(sentence, left));
        match last_question(sentence) {
            Some(question) if whole.is_empty() => self.about(&self.terms_of(question, left)),
            _ => whole,
        }
    }

    /// The passages that have enough of some terms.
    fn about(&self, terms: &[u64]) -> Vec<ScoredDocument<usize>> {
        let asked = Embedding(terms.iter().map(|term| TokenEmbedding { index: *term, value: 1.0 }).collect());
        let mut scored = self.scorer.matches(&asked);
        scored.retain(|found| self.is_about(terms, found.id));
        scored
    }

    /// The terms of a sentence, each once, as many as are left.
    fn terms_of(&self, sentence: &str, left: &mut usize) -> Vec<u64> {
        let mut seen = HashSet::new();
        let terms = self.words.terms(sentence).into_iter().map(|term| u64::embed(&term));
        let terms: Vec<_> = terms.filter(|term| seen.insert(*term)).take(*left).collect();
        *left = left.saturating_sub(terms.len());
        terms
    }

    /// Whether enough of the terms stands in a passage.
    fn is_about(&self, asked: &[u64], place: usize) -> bool {
        let Some(terms) = self.terms.get(place) else { return false };
        let common: Vec<_> = asked.iter().filter(|term| terms.contains(term)).copied().collect();
        let least = if common.len() == 1 { MIN_COVERAGE_BY_ONE } else { MIN_COVERAGE };
        self.weight(&common) >= least * self.weight(asked)
    }

    /// How much terms tell: each the more, the fewer passages have it, and most where none has; of those no more than a few.
    fn weight(&self, terms: &[u64]) -> f32 {
        let having = |term| self.frequencies.get(term).copied().unwrap_or(0);
        let known: f32 = terms.iter().map(having).filter(|having| *having > 0).map(|having| self.rarity(having)).sum();
        let unknown = terms.iter().filter(|term| having(term) == 0).count();
        let unknown = f32::from(u16::try_from(unknown).unwrap_or(u16::MAX));
        known + unknown.min(MAX_UNKNOWN) * self.rarity(0)
    }

    fn rarity(&self, having: u16) -> f32 {
        let (all, having) = (f32::from(u16::try_from(self.passages.len()).unwrap_or(u16::MAX)), f32::from(having));
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
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
