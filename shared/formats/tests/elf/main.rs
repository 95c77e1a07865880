//! Native libraries: golden dumps, one fixture per defect, damage, what compilers and linkers really write, and running the result.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod builder;
mod compare;
mod damage;
mod defects;
mod linkers;
mod running;
mod samples;
mod strip;
