//! docs/model.md is what the transition table says.

#[test]
fn the_document_is_generated_from_the_table() {
    let written = include_str!("../../../docs/model.md");
    assert!(
        written == domain::model::markdown(),
        "docs/model.md is out of date: cargo run -p domain --example write-model > docs/model.md"
    );
}

#[test]
fn the_diagram_names_every_transition() {
    let document = domain::model::markdown();
    let diagram = document.split("```").nth(1).expect("a fenced diagram");
    for row in domain::job::TRANSITIONS {
        let arrow = format!("{:?} --> {:?}: ", row.from, row.to);
        let label = diagram.lines().find_map(|line| line.trim().strip_prefix(arrow.as_str()));
        let named = label.is_some_and(|label| label.split(", ").any(|event| event == format!("{:?}", row.event)));
        assert!(named, "{row:?}");
    }
}
