//! What paths in a package, or in a module of a bundle, say of their files.

/// Whether a file stands in a folder of raw resources, `res/raw/` or that of a configuration such as `res/raw-de/`: it is packaged as it
/// was, XML as well.
pub fn is_raw_resource(path: &str) -> bool {
    let folder = path.strip_prefix("res/").and_then(|path| path.split_once('/')).map(|(folder, _)| folder);
    folder.is_some_and(|folder| folder == "raw" || folder.starts_with("raw-"))
}

/// Whether a file has the place and the name of a compiled document among the resources.
pub fn is_document_resource(path: &str) -> bool {
    path.starts_with("res/") && path.ends_with(".xml") && !is_raw_resource(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_resources_are_told_by_their_folder() {
        for path in ["res/raw/x.xml", "res/raw-de/x.xml", "res/raw-v26/a/x.xml"] {
            assert!(is_raw_resource(path) && !is_document_resource(path), "{path}");
        }
        for path in ["res/rawx.xml", "res/raw-x.xml", "res/rawayou/x.xml", "res/xml/raw/x.xml", "res/raw3fz.xml"] {
            assert!(!is_raw_resource(path) && is_document_resource(path), "{path}");
        }
        for path in ["assets/raw/x.xml", "raw/x.xml", "res/xml/x.json", "AndroidManifest.xml"] {
            assert!(!is_raw_resource(path) && !is_document_resource(path), "{path}");
        }
    }
}
