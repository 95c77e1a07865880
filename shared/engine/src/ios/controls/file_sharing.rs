//! `FileSharingPrevention`: neither Finder nor the Files app shows the app's documents.

use domain::control::ControlId;
use formats::plist::Value;

use crate::Error;
use crate::ios::info::Info;

/// What shares documents where it is on; what is absent is off.
const SWITCHES: [&str; 2] = ["UIFileSharingEnabled", "LSSupportsOpeningDocumentsInPlace"];
/// A browser of documents, which shares them whatever the switches say.
const BROWSER: &str = "UISupportsDocumentBrowser";

pub(crate) fn prevent(info: &mut Info<'_>, warnings: &mut Vec<String>) -> Result<(), Error> {
    let switches: Vec<String> = SWITCHES.into_iter().flat_map(|key| info.variants(key)).collect();
    for key in switches {
        info.set(ControlId::FILE_SHARING_PREVENTION, &[], &key, Some(Value::Boolean(false)))?;
    }
    let browsers = info.variants(BROWSER);
    if browsers.iter().any(|key| info.get(&[], key) != Some(&Value::Boolean(false))) {
        warnings.push(format!(
            "{} asks for a document browser ({BROWSER}), which shows documents of the app to its user all the same",
            info.entry
        ));
    }
    Ok(())
}
