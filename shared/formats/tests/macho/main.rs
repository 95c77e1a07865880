//! Mach-O binaries: one fixture per defect, damage, what compilers and linkers really write, judged by LLVM's tools.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod builder;
mod compare;
mod damage;
mod defects;
mod linkers;
mod samples;
mod strip;
mod support;
