//! Any text as a guide, and as a question to the guides: passages keep within their guide, and searches end.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use retrieval::Index;

static GUIDES: LazyLock<Index<'static>> = LazyLock::new(Index::of_guides);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let index = Index::new([("docs/guides/fuzzed.md", text)]);
    for passage in index.passages() {
        assert!(!passage.text.is_empty() && text.contains(passage.text));
        assert!(!passage.headings.is_empty() && passage.link().starts_with("docs/guides/fuzzed.md#"));
    }
    for index in [&index, &GUIDES] {
        let found = index.search(text, 3);
        assert!(found.len() <= 3 && found.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }
});
