//! Writes the pages of the guides into a folder, and takes pages away that are no guide's any more: `guides FOLDER`.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("usage: guides FOLDER")?);
    fs::create_dir_all(&folder)?;
    let pages = guides::pages();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let is_page = pages.iter().any(|page| path.file_name().is_some_and(|name| name == page.name.as_str()));
        if path.extension().is_some_and(|extension| extension == "html") && !is_page {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    for page in pages {
        let path = folder.join(page.name);
        fs::write(&path, page.content).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
