//! The program against a service of the tests' own: every test is one run of `apptego`, from its words to its exit code.

#[cfg(test)]
mod download;
#[cfg(test)]
mod protect;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod support;
