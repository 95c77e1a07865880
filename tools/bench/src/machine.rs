//! What this machine is.

use std::num::NonZero;

/// One line about cores, processor, SHA extensions, memory and system.
pub(crate) fn describe() -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = processor.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map_or("unknown", |(_, value)| value.trim()).to_owned()
    };
    let has_sha = field("flags").split(' ').any(|flag| flag == "sha_ni") || field("Features").contains("sha2");
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() >> 20;
    let system = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let model = field("model name");
    let sha = if has_sha { "with" } else { "without" };
    format!("{cores} cores of {model} ({sha} SHA extensions), {memory} GiB of memory, Linux {}", system.trim())
}
