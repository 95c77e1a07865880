//! The guides of `docs/guides` as web pages, one for each and one that lists them: small, without scripts, and with the anchors that
//! the assistant's links name. They are XHTML as well as HTML, so that any parser of XML can judge them.

use pulldown_cmark::html::push_html;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag};
use retrieval::{GUIDES, Heading, headings, page_of};

const STYLE: &str = include_str!("style.css");
/// The page that lists the others.
const INDEX: &str = "index.html";

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its name in the folder of the pages: `billing.html`.
    pub name: String,
    /// HTML.
    pub content: String,
}

/// Every page.
pub fn pages() -> Vec<Page> {
    let guides: Vec<_> = GUIDES.iter().map(|(path, markdown)| Guide::new(path, markdown)).collect();
    let mut pages: Vec<_> = guides.iter().map(Guide::page).collect();
    pages.push(index(&guides));
    pages
}

struct Guide<'a> {
    name: String,
    markdown: &'a str,
    headings: Vec<Heading<'a>>,
}

impl<'a> Guide<'a> {
    fn new(path: &str, markdown: &'a str) -> Self {
        let file = path.rsplit('/').next().unwrap_or(path);
        Self { name: page_of(file).unwrap_or_else(|| file.to_owned()), markdown, headings: headings(markdown) }
    }

    fn title(&self) -> &'a str {
        self.headings.first().map_or("", |heading| heading.text)
    }

    fn page(&self) -> Page {
        let below = self.headings.iter().filter(|heading| heading.level > 1);
        let places: String = below.map(|heading| format!("- [{}](#{})\n", heading.text, heading.anchor)).collect();
        let (places, text) = (rendered(&places, &[]), rendered(self.markdown, &self.headings));
        let (title, text) = text.split_once("</h1>\n").unwrap_or(("", &text));
        let body = format!(
            "<nav aria-label=\"Guides\"><a href=\"{INDEX}\">All guides</a></nav>\n<main>\n{title}</h1>\n\
             <nav aria-label=\"On this page\">\n{places}</nav>\n{text}</main>\n"
        );
        Page { name: self.name.clone(), content: document(&format!("{} – AppTego guides", self.title()), &body) }
    }
}

fn index(guides: &[Guide<'_>]) -> Page {
    let list: String = guides.iter().map(|guide| format!("- [{}]({})\n", guide.title(), guide.name)).collect();
    let body = format!("<main>\n<h1>AppTego guides</h1>\n{}</main>\n", rendered(&list, &[]));
    Page { name: INDEX.to_owned(), content: document("AppTego guides", &body) }
}

fn document(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// A text as HTML.
fn escaped(text: &str) -> String {
    let mut html = String::new();
    push_html(&mut html, [Event::Text(CowStr::from(text))].into_iter());
    html
}

/// Markdown as HTML, with the anchors of its headings. HTML in it is left out: guides have comments only.
fn rendered(markdown: &str, headings: &[Heading<'_>]) -> String {
    let mut anchors = headings.iter().map(|heading| &heading.anchor);
    let events = Parser::new_ext(markdown, Options::empty()).filter_map(|event| match event {
        Event::Html(_) | Event::InlineHtml(_) => None,
        Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
            let id = anchors.next().map(|anchor| CowStr::from(anchor.clone()));
            Some(Event::Start(Tag::Heading { level, id, classes, attrs }))
        }
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = page_of(&dest_url).map_or(dest_url, CowStr::from);
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        event => Some(event),
    });
    let mut text = String::new();
    push_html(&mut text, events);
    text
}
