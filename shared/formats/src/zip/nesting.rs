//! Names of files that are names of folders too: no file system has room for both.

use std::cmp::Ordering;

/// A file among these names of entries in which another one would have to lie: `a` beside `a/b`, or beside the folder `a/`. Names
/// that occur twice are the same file.
pub fn file_with_files_in_it<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable_by(|left, right| by_folder(left, right));
    names.dedup();
    names.windows(2).find_map(|pair| match pair {
        [file, next] if !file.ends_with('/') && next.strip_prefix(file)?.starts_with('/') => Some(*file),
        _ => None,
    })
}

/// What lies in a folder stands right behind the folder's name.
fn by_folder(left: &str, right: &str) -> Ordering {
    let rank = |byte: u8| (byte != b'/', byte);
    left.bytes().map(rank).cmp(right.bytes().map(rank))
}

#[cfg(test)]
mod tests {
    use super::file_with_files_in_it;

    #[test]
    fn only_files_within_files_are_found() {
        assert_eq!(file_with_files_in_it(["a/", "a/b", "a-b/c", "a.b", "b"]), None);
        assert_eq!(file_with_files_in_it(["a/c/d", "a-b", "a/c", "a/c-d", "a/"]), Some("a/c"));
        assert_eq!(file_with_files_in_it(["x/", "x"]), Some("x"));
        assert_eq!(file_with_files_in_it(["x", "x"]), None);
    }
}
