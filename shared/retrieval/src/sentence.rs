//! Where one sentence of a message ends and the next one begins: what is asked stands among greetings, stories and signatures.

/// A sentence of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sentence<'t> {
    /// Without the mark at its end. Never blank.
    pub text: &'t str,
    /// Whether it is a question, by its mark or its first word.
    pub asks: bool,
}

/// First words of questions.
const ASKING: [&str; 24] = [
    "are", "can", "could", "did", "do", "does", "has", "have", "how", "is", "may", "must", "shall", "should", "what",
    "whats", "where", "which", "who", "whom", "whose", "why", "will", "would",
];

/// The sentences of a text, in its order. Tags of HTML, which are left out, quotation marks of mail, dashes and blank lines end one; so does a new line that
/// begins with a capital, as those of greetings and signatures do.
pub(crate) fn sentences(text: &str) -> Vec<Sentence<'_>> {
    let mut sentences = Vec::new();
    let mut rest = without_signature(text);
    while !rest.is_empty() {
        let (end, after) = end(rest);
        let (sentence, mark) = rest.split_at(end);
        let sentence = sentence.trim_start_matches(|char: char| char == '-' || char.is_whitespace()).trim_end();
        if sentence.contains(char::is_alphanumeric) {
            sentences.push(Sentence { text: sentence, asks: mark.starts_with('?') || begins_to_ask(sentence) });
        }
        rest = rest.get(after..).unwrap_or_default();
    }
    sentences
}

/// The text up to the line that begins a signature (RFC 3676, 4.3) or what a phone puts in its place.
fn without_signature(text: &str) -> &str {
    let is_signature = |line: &str| line == "--" || line.starts_with("Sent from my ");
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if end > 0 && is_signature(line.trim()) {
            return text.get(..end).unwrap_or_default();
        }
        end += line.len();
    }
    text
}

/// The question that ends a sentence which begins otherwise: "Hi, we are new here, how do I cancel a build".
pub(crate) fn last_question(sentence: &str) -> Option<&str> {
    let clauses = sentence.match_indices([',', '–', '—', ':', '(']);
    let mut clauses = clauses.filter_map(|(at, mark)| sentence.get(at + mark.len()..));
    clauses.rfind(|clause| begins_to_ask(clause))
}

fn begins_to_ask(text: &str) -> bool {
    let mut words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    words.next().is_some_and(|word| ASKING.contains(&word.to_lowercase().as_str()))
}

/// Where the first sentence of a text ends, and where the next one may begin, which is later.
fn end(text: &str) -> (usize, usize) {
    let ends = text.char_indices().find(|(at, char)| {
        let after = text.get(at + char.len_utf8()..).unwrap_or_default();
        match char {
            '.' | '!' | '?' | '…' => {
                !after.starts_with(|next: char| next.is_alphanumeric() || "_-/=&".contains(next))
            }
            '\n' => !after.trim_start_matches([' ', '\t', '\r']).starts_with(char::is_lowercase),
            '-' | '–' | '—' => {
                let before = text.get(..*at).unwrap_or_default();
                before.ends_with(char::is_whitespace) && after.trim_start_matches('-').starts_with(char::is_whitespace)
            }
            '<' | '>' => true,
            _ => false,
        }
    });
    ends.map_or((text.len(), text.len()), |(at, char)| {
        (at, at + tag(text.get(at..).unwrap_or_default()).unwrap_or(char.len_utf8()))
    })
}

/// How long the tag is that a text begins with.
fn tag(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<')?.trim_start_matches('/');
    let end = name.starts_with(char::is_alphabetic).then(|| text.find(['>', '\n']))??;
    text.get(end..)?.starts_with('>').then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        sentences(text).iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn marks_with_nothing_behind_them_end_a_sentence() {
        assert_eq!(
            texts("Hi! How are you? I use com.example.app 1.2. Bye…"),
            ["Hi", "How are you", "I use com.example.app 1.2", "Bye"]
        );
        assert_eq!(texts("GET /a?b=c fails -- and sign-in - why"), ["GET /a?b=c fails", "and sign-in", "why"]);
        assert_eq!(texts("?! … \n"), [""; 0]);
    }

    #[test]
    fn lines_go_on_in_small_letters() {
        assert_eq!(
            texts("Dear team\nhow do I\nsign\n\nRegards\nAnna"),
            ["Dear team\nhow do I\nsign", "Regards", "Anna"]
        );
        assert_eq!(texts("> quoted\r\n> lines\nanswer"), ["quoted", "lines\nanswer"]);
    }

    #[test]
    fn signatures_are_left_out() {
        assert_eq!(texts("how do I sign?\n\n-- \nAnna\nAcme"), ["how do I sign"]);
        assert_eq!(texts("-- one\n--flag\n\n  Sent from my iPhone"), ["one", "flag"]);
    }

    #[test]
    fn tags_end_a_sentence() {
        assert_eq!(texts("<p>One</p><img src=x onerror=a> two"), ["One", "two"]);
        assert_eq!(texts("size <5 or >6, <never\nclosed> €"), ["size", "5 or", "6,", "never\nclosed"]);
    }

    #[test]
    fn questions_are_known_by_their_mark_or_first_word() {
        let asks: Vec<_> =
            sentences("It fails. Any idea? how do I fix it\n\n\"What's that").iter().map(|one| one.asks).collect();
        assert_eq!(asks, [false, true, true, true]);
    }

    #[test]
    fn the_last_question_of_a_sentence_begins_behind_a_mark() {
        assert_eq!(last_question("Hi, who are you, what is a key").map(str::trim), Some("what is a key"));
        assert_eq!(last_question("Hi, we are new"), None);
        assert_eq!(last_question("how do I sign"), None);
    }
}
