//! The pages are those of the folder that is published, well-formed, and have what the assistant's links name.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use guides::{Page, pages};
use retrieval::{GUIDES, Index, Passage};
use roxmltree::{Document, Node, ParsingOptions};

/// Judged by a parser of XML, which takes nothing that is not well-formed.
fn parsed(page: &Page) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(&page.content, options).unwrap_or_else(|error| panic!("{}: {error}", page.name))
}

fn elements<'a>(document: &'a Document<'_>, name: &str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.tag_name().name() == name).collect()
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect()
}

/// The ids of each page, every one of which is there once.
fn places() -> BTreeMap<String, BTreeSet<String>> {
    let of_page = |page: Page| {
        let (document, mut ids) = (parsed(&page), BTreeSet::new());
        for id in document.descendants().filter_map(|node| node.attribute("id")) {
            assert!(ids.insert(id.to_owned()), "{}: {id} is there twice", page.name);
        }
        (page.name.clone(), ids)
    };
    pages().into_iter().map(of_page).collect()
}

/// The page of a passage, and the anchor there.
fn place(passage: &Passage<'_>) -> (String, String) {
    let link = passage.page();
    let (page, anchor) = link.split_once('#').unwrap();
    (page.to_owned(), anchor.to_owned())
}

#[test]
fn the_published_folder_has_just_these_pages() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../documents/guides"));
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let found: BTreeSet<_> = fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap())).collect();
    let pages = pages();
    assert_eq!(found, pages.iter().map(|page| page.name.clone()).collect(), "`./dev guides` writes them anew");
    for Page { name, content } in pages {
        assert!(fs::read_to_string(folder.join(&name)).unwrap() == content, "{name}: `./dev guides` writes it anew");
    }
}

#[test]
fn every_passage_stands_where_its_link_leads() {
    let (places, index) = (places(), Index::of_guides());
    assert!(index.passages().len() > 200);
    for passage in index.passages() {
        let (page, anchor) = place(passage);
        assert!(places.get(&page).is_some_and(|ids| ids.contains(&anchor)), "{page}#{anchor}");
    }
}

#[test]
fn headings_bear_the_anchors_of_their_passages() {
    let pages = pages();
    for passage in Index::of_guides().passages() {
        let (name, anchor) = place(passage);
        let document = parsed(pages.iter().find(|page| page.name == name).unwrap());
        let heading = document.descendants().find(|node| node.attribute("id") == Some(&anchor)).unwrap();
        assert_eq!(text(heading), *passage.headings.last().unwrap(), "{name}#{anchor}");
    }
}

#[test]
fn links_lead_to_pages_and_places() {
    let places = places();
    for page in pages() {
        for link in elements(&parsed(&page), "a") {
            let href = link.attribute("href").unwrap();
            if href.starts_with("https://") {
                continue;
            }
            let (file, anchor) = href.split_once('#').map_or((href, None), |(file, anchor)| (file, Some(anchor)));
            let ids = places.get(if file.is_empty() { page.name.as_str() } else { file });
            assert!(ids.is_some_and(|ids| anchor.is_none_or(|anchor| ids.contains(anchor))), "{}: {href}", page.name);
        }
    }
}

#[test]
fn the_index_lists_every_guide() {
    let pages = pages();
    let index = parsed(pages.iter().find(|page| page.name == "index.html").unwrap());
    let listed: BTreeSet<_> =
        elements(&index, "a").iter().map(|link| link.attribute("href").unwrap().replace(".html", ".md")).collect();
    let guides = GUIDES.iter().map(|(path, _)| path.trim_start_matches("docs/guides/").to_owned());
    assert_eq!(listed, guides.collect());
}

#[test]
fn a_page_says_its_language_and_title_and_runs_nothing() {
    for page in pages() {
        let document = parsed(&page);
        let name = &page.name;
        assert_eq!(document.root_element().attribute("lang"), Some("en"), "{name}");
        assert_eq!(elements(&document, "title").len(), 1, "{name}");
        let title = text(elements(&document, "title")[0]);
        let (main, h1) = (elements(&document, "main"), elements(&document, "h1"));
        assert_eq!((main.len(), h1.len()), (1, 1), "{name}");
        assert!(title.starts_with(&text(h1[0])), "{name}: {title}");
        let named = |attribute| elements(&document, "meta").iter().any(|meta| meta.attribute(attribute).is_some());
        assert!(named("charset") && named("content"), "{name}");
        let known = [
            "a", "body", "code", "em", "h1", "h2", "h3", "head", "html", "li", "main", "meta", "nav", "ol", "p", "pre",
            "strong", "style", "title", "ul",
        ];
        for node in document.descendants().filter(Node::is_element) {
            assert!(known.contains(&node.tag_name().name()), "{name}: {:?}", node.tag_name());
            let attributes: Vec<_> = node.attributes().map(|attribute| attribute.name()).collect();
            assert!(!attributes.iter().any(|attribute| attribute.starts_with("on") || *attribute == "src"), "{name}");
        }
        assert!(!page.content.contains("asked:") && !page.content.contains("<!--"), "{name}");
    }
}

/// What is left out of the pages, because it is HTML, are the comments that nobody is to see.
#[test]
fn guides_have_no_html_but_comments() {
    for (path, markdown) in GUIDES {
        let mut rest = *markdown;
        while let Some((before, after)) = rest.split_once("<!--") {
            assert!(after.starts_with(" asked: "), "{path}");
            let (_, after) = after.split_once("-->").unwrap();
            assert!(before.ends_with('\n') && after.trim_start_matches(' ').starts_with('\n'), "{path}");
            rest = after;
        }
    }
}
