//! Prints docs/model.md: `cargo run -p domain --example write-model > docs/model.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(domain::model::markdown().as_bytes())
}
