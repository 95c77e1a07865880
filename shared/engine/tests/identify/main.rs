//! What packages say about their apps, for people: packages that aapt2 and Python make, real ones and hostile ones, with aapt and
//! Python's plistlib as the judges.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../../../formats/tests/arsc/builder.rs"]
#[expect(dead_code, unused_imports, reason = "few kinds of tables are made here")]
mod arsc_builder;
#[path = "../../../formats/tests/axml/builder.rs"]
#[expect(dead_code, reason = "tables need chunks and pools alone")]
mod axml_builder;
#[path = "../../../formats/tests/png/python.rs"]
mod images;

mod aapt;
mod apk;
mod hostile;
mod icons;
mod ipa;
mod labels;
mod real;

use engine::{Error, Identity, identify};
use formats::limits::Limits;

/// What a package says under this name.
fn identified(package: &[u8], name: &str) -> Result<Identity, Error> {
    identify(&package, &name.parse().unwrap(), &Limits::default())
}
