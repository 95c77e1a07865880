//! Markdown, cut at its headings.

use std::collections::HashMap;

/// What stands below one heading, up to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage<'a> {
    /// The file, from the root of the repository.
    pub path: &'a str,
    /// Its heading, below those that it stands under: the title first. Never empty.
    pub headings: Vec<&'a str>,
    /// The heading in links (`#…`), as GitHub makes it: unique in its file.
    pub anchor: String,
    /// Markdown, without the heading and without blank lines around it. Never empty.
    pub text: &'a str,
    /// How customers call what it is about, from a comment at its end (`<!-- asked: … -->`): searched and never shown.
    pub asked: &'a str,
}

impl Passage<'_> {
    /// Where it stands: the path and the anchor.
    pub fn link(&self) -> String {
        format!("{}#{}", self.path, self.anchor)
    }

    /// Where it stands on the page that is made of its guide: `certificate-pinning.html#pinning-on-ios`.
    pub fn page(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        format!("{}.html#{}", name.trim_end_matches(".md"), self.anchor)
    }
}

/// Where a link from one guide to another leads among their pages: `billing.html#get-invoices` for `billing.md#get-invoices`. `None`
/// for other links.
pub fn page_of(link: &str) -> Option<String> {
    let (name, place) = link.split_once(".md")?;
    let is_guide = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_guide && (place.is_empty() || place.starts_with('#'))).then(|| format!("{name}.html{place}"))
}

/// A heading of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading<'a> {
    /// 1 for a title.
    pub level: usize,
    /// As it is written, in Markdown.
    pub text: &'a str,
    /// As in [`Passage::anchor`].
    pub anchor: String,
}

/// Every heading of a file, in its order, those without a text of their own among them.
pub fn headings(markdown: &str) -> Vec<Heading<'_>> {
    sections(markdown).into_iter().map(|section| section.heading).collect()
}

/// Every passage of a file, in its order. What stands before the first heading and headings without a text of their own are
/// none. Lines between fences of code are no headings.
pub(crate) fn cut<'a>(path: &'a str, markdown: &'a str) -> Vec<Passage<'a>> {
    let mut passages = Vec::new();
    let mut chain: Vec<(usize, &str)> = Vec::new();
    for Section { heading: Heading { level, text: heading, anchor }, text } in sections(markdown) {
        chain.retain(|(above, _)| *above < level);
        chain.push((level, heading));
        let (text, asked) = take_asked(text);
        if !text.is_empty() {
            let headings = chain.iter().map(|(_, heading)| *heading).collect();
            passages.push(Passage { path, headings, anchor, text, asked });
        }
    }
    passages
}

struct Section<'a> {
    heading: Heading<'a>,
    text: &'a str,
}

fn sections(markdown: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<(usize, &str, usize, usize)> = Vec::new();
    let (mut offset, mut fence) = (0, None);
    for line in markdown.split_inclusive('\n') {
        let end = offset + line.len();
        if let Some(mark) = fence_mark(line) {
            fence = match fence {
                Some(open) if open == mark => None,
                Some(open) => Some(open),
                None => Some(mark),
            };
        }
        match heading(line).filter(|_| fence.is_none()) {
            Some((level, heading)) => sections.push((level, heading, end, end)),
            None => {
                if let Some(last) = sections.last_mut() {
                    last.3 = end;
                }
            }
        }
        offset = end;
    }
    let mut anchors = Anchors::default();
    let mut section = |(level, text, begin, end)| Section {
        heading: Heading { level, text, anchor: anchors.next(text) },
        text: markdown.get(begin..end).unwrap_or_default().trim(),
    };
    sections.into_iter().map(&mut section).collect()
}

fn take_asked(text: &str) -> (&str, &str) {
    let comment = text.strip_suffix("-->").and_then(|text| text.rsplit_once("<!-- asked:"));
    comment.map_or((text, ""), |(text, asked)| (text.trim(), asked.trim()))
}

fn fence_mark(line: &str) -> Option<&'static str> {
    ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark))
}

/// An ATX heading (CommonMark 4.2) without closing marks.
fn heading(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    let heading = text.strip_prefix(' ')?.trim();
    ((1..=6).contains(&level) && !heading.is_empty()).then_some((level, heading))
}

/// Gives each heading of a file an anchor of its own: the second "Limits" is `limits-1`.
#[derive(Default)]
struct Anchors(HashMap<String, u32>);

impl Anchors {
    fn next(&mut self, heading: &str) -> String {
        let slug = slug(heading);
        let seen = self.0.entry(slug.clone()).or_default();
        *seen += 1;
        if *seen == 1 { slug } else { format!("{slug}-{}", *seen - 1) }
    }
}

fn slug(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.map(|char| if char == ' ' { '-' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_cut_at_headings_and_know_where_they_stand() {
        let text = "before\n# Title\nintro\n\n## First: a & b\n\none\ntwo\n### Deeper\ndeep\n## Empty\n## Second\nend";
        let passages = cut("docs/a.md", text);
        let seen: Vec<_> = passages.iter().map(|p| (p.headings.join(" > "), p.link(), p.text)).collect();
        let expected = [
            ("Title", "docs/a.md#title", "intro"),
            ("Title > First: a & b", "docs/a.md#first-a--b", "one\ntwo"),
            ("Title > First: a & b > Deeper", "docs/a.md#deeper", "deep"),
            ("Title > Second", "docs/a.md#second", "end"),
        ];
        assert_eq!(seen, expected.map(|(chain, link, text)| (chain.to_owned(), link.to_owned(), text)));
    }

    #[test]
    fn comments_in_code_are_no_headings() {
        let text = "# Script\n```sh\n# a comment\n~~~\n# another\n```\n# Next\nlast";
        let passages = cut("a.md", text);
        assert_eq!(passages.len(), 2);
        assert!(passages[0].text.ends_with("# another\n```"));
    }

    #[test]
    fn a_heading_that_comes_twice_has_an_anchor_of_its_own() {
        let anchors: Vec<_> = cut("a.md", "# Limits\na\n## Limits\nb\n#hashtag\n####### seven\n")
            .into_iter()
            .map(|passage| (passage.anchor, passage.text))
            .collect();
        assert_eq!(anchors, [("limits".into(), "a"), ("limits-1".into(), "b\n#hashtag\n####### seven")]);
    }

    #[test]
    fn what_customers_ask_stands_beside_the_text() {
        let passages =
            cut("a.md", "# One\ntext <!-- kept --> text\n<!-- asked: uno, eins -->\n\n# Two\n<!-- asked: alone -->\n");
        let seen: Vec<_> = passages.iter().map(|passage| (passage.text, passage.asked)).collect();
        assert_eq!(seen, [("text <!-- kept --> text", "uno, eins")]);
    }

    #[test]
    fn every_heading_is_told_with_its_anchor() {
        let seen: Vec<_> = headings("# Keys\n## Make one\n```\n# no\n```\n## Make one\ntext\n")
            .into_iter()
            .map(|heading| (heading.level, heading.text, heading.anchor))
            .collect();
        let expected = [(1, "Keys", "keys"), (2, "Make one", "make-one"), (2, "Make one", "make-one-1")];
        assert_eq!(seen, expected.map(|(level, text, anchor)| (level, text, anchor.to_owned())));
    }

    #[test]
    fn links_between_guides_lead_to_pages() {
        assert_eq!(page_of("billing.md").unwrap(), "billing.html");
        assert_eq!(page_of("api-tokens.md#use-an-api-token").unwrap(), "api-tokens.html#use-an-api-token");
        for link in ["https://example.com/a.md", "../a.md", "a.md.zip", ".md", "#place", "a.pdf"] {
            assert_eq!(page_of(link), None, "{link}");
        }
    }

    #[test]
    fn what_has_no_heading_has_no_passage() {
        assert_eq!(cut("a.md", ""), []);
        assert_eq!(cut("a.md", "only text\n"), []);
        assert_eq!(cut("a.md", "```\n# never closed\ntext"), []);
    }
}
