//! Builds from end to end, with real tools as judges.

mod journey;
