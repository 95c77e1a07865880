//! The rules by which files are listed, or not, or may be missing.

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is listed.
    Seal,
    /// It is listed, and may be missing later.
    Optional,
    /// It is not listed.
    Omit,
}

/// A rule; of those that match a path, the one of the highest weight decides.
pub(super) struct Rule {
    /// The regular expression in the list.
    pub(super) pattern: &'static str,
    /// Whether it matches a path.
    matches: fn(&str) -> bool,
    pub(super) effect: Effect,
    /// 1 where the list has nothing but `true`.
    pub(super) weight: u32,
}

impl Rule {
    const fn new(pattern: &'static str, matches: fn(&str) -> bool, effect: Effect, weight: u32) -> Self {
        Self { pattern, matches, effect, weight }
    }
}

/// Those of `files`, in the order of their patterns.
pub(super) const RULES: [Rule; 5] = [
    Rule::new("^.*", |_| true, Effect::Seal, 1),
    LOCALIZED,
    LOCALIZED_VERSION,
    BASE,
    Rule::new("^version.plist$", |path| path == "version.plist", Effect::Seal, 1),
];

/// Those of `files2`, in the order of their patterns.
pub(super) const RULES2: [Rule; 10] = [
    Rule::new(".*\\.dSYM($|/)", |path| path.ends_with(".dSYM") || path.contains(".dSYM/"), Effect::Seal, 11),
    Rule::new("^(.*/)?\\.DS_Store$", |path| file_name(path) == ".DS_Store", Effect::Omit, 2000),
    Rule::new("^.*", |_| true, Effect::Seal, 1),
    LOCALIZED,
    LOCALIZED_VERSION,
    BASE,
    Rule::new("^Info\\.plist$", |path| path == "Info.plist", Effect::Omit, 20),
    Rule::new("^PkgInfo$", |path| path == "PkgInfo", Effect::Omit, 20),
    Rule::new("^embedded\\.provisionprofile$", |path| path == "embedded.provisionprofile", Effect::Seal, 20),
    Rule::new("^version\\.plist$", |path| path == "version.plist", Effect::Seal, 20),
];

const LOCALIZED: Rule = Rule::new("^.*\\.lproj/", |path| path.contains(".lproj/"), Effect::Optional, 1000);
const LOCALIZED_VERSION: Rule = Rule::new("^.*\\.lproj/locversion.plist$", is_localized_version, Effect::Omit, 1100);
const BASE: Rule = Rule::new("^Base\\.lproj/", |path| path.starts_with("Base.lproj/"), Effect::Seal, 1010);

/// What the rules say about a file.
pub(super) fn effect(rules: &[Rule], path: &str) -> Effect {
    let matching = rules.iter().filter(|rule| (rule.matches)(path));
    matching.max_by_key(|rule| rule.weight).map_or(Effect::Omit, |rule| rule.effect)
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// In the pattern, the period before the ending stands for any character.
pub(super) fn is_localized_version(path: &str) -> bool {
    let mut start = path.strip_suffix("plist").unwrap_or_default().chars();
    start.next_back().is_some() && start.as_str().ends_with(".lproj/locversion")
}
