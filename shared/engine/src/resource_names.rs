//! `ResourceNameObfuscation`: names of entries and paths of files that say nothing.
//!
//! # Who needs a name
//! An app's own resources are found by **id**: in code, in compiled XML, in the manifest, in styles. Fields of `R` classes, also when
//! they are read by reflection, hold ids and are no names of the table. A name is needed where somebody asks for a resource by its name
//! or reads it:
//!
//! 1. code, through `Resources.getIdentifier` and the methods that read names (`getResourceName`, `getResourceEntryName`), called
//!    directly, through a library or by reflection;
//! 2. whoever opens `android.resource://package/type/name` or, in a web view, `file:///android_res/type/name`;
//! 3. native code and scripts, which reach the same methods;
//! 4. other apps: overlays (their entries are marked in the table, and keep their names there), and launchers with icon packs;
//! 5. the platform, which remembers the icons and labels of dynamic shortcuts by name over updates.
//!
//! # How we know
//! - **Whether anybody asks.** A DEX file that calls one of these methods, or names it to a reflection, has the method's name among its
//!   strings; the two kinds of URI have a prefix that stands in code, texts or files. When none of these is found anywhere, no name stays.
//! - **What is asked for.** A name that is asked for stands somewhere in the app. It stays when
//!   - a string of the code is the name, or has it as a word: `ic_home`, `drawable/ic_home`, `@drawable/ic_home`, `ic_home.png`;
//!   - a string of the code is the beginning of the name (three characters or more, or ending in `_`), since `"flag_" + country` is how
//!     names are put together; this is the rule of Android's own resource shrinker, and an app that breaks by it breaks there as well;
//!     or it is the end of the name and begins with `_`; or a format string begins or ends so (`ic_%d`, `%s_pressed`). Where the rest
//!     of such a name is a name itself, that stays too: it can be what was read and extended;
//!   - a text has it as a word: string attributes and texts of the manifest and of compiled XML (`constraint_referenced_ids` lists names),
//!     string resources;
//!   - any other file of the app (assets, libraries, raw resources) has it anywhere among its bytes: names may come from JavaScript, Dart,
//!     C++ or a table of strings without separators.
//! - **What cannot be known.** Where a native library or a file itself mentions `getIdentifier` or `android_res/`, or a runtime is there
//!   whose code is compressed (Mono), all names stay: who asks there cannot be followed. React Native puts the names of images and raw
//!   files together from folders, so these stay. Icon packs (they have a resource `appfilter`) are read by others: all names stay.
//! - **What remains.** A name that comes from a server, from encrypted strings, or from parts shorter than three characters is not seen.
//!   The report says so whenever names are asked for at all.
//!
//! A name that several entries of a type have was collapsed before and stays. Names of types are never changed: `getIdentifier` takes them literally, and the platform tells colours by theirs.
//!
//! # New names
//! A new name is made of a hash of the old one, not of its place: the same resource has the same name in the next version, so that
//! shortcuts on home screens keep their icons over updates. It begins with a letter, since the platform takes a number for an id.
//!
//! # Paths
//! Paths stand in the table alone. A path stays when code has it, with or without `res/`, or its beginning (`res/raw/`) as a string, when
//! a file has it among its bytes, or when it is text of a resource as well; in a bundle also where packages would have the file packed in another way elsewhere. The bare `res/` opens nothing: libraries compare with it. Extensions stay (`.9.png`, `.xml`), and so do the folders of colours: before
//! Android 11 the platform tells lists of colours by `res/color/`.

mod index;
mod lookups;
mod parts;
mod renaming;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use index::Found;
pub(crate) use lookups::Lookups;
pub(crate) use renaming::Renaming;
pub use renaming::{Mapping, NameMapping, PathMapping};
