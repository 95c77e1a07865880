//! Python as the other reader and writer of images. It is everywhere these tests run.

use std::io::Write;
use std::process::{Command, Stdio};

const SCRIPT: &str = include_str!("images.py");

/// An image by its pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Bytes of a pixel.
    pub(crate) channels: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Pixels {
    /// The image in the form that Xcode packs, or as a plain PNG.
    pub(crate) fn image(&self, form: &str) -> Vec<u8> {
        let Self { width, height, channels, bytes } = self;
        python(&[form, &width.to_string(), &height.to_string(), &channels.to_string()], bytes)
    }

    /// What Python reads.
    pub(crate) fn of(image: &[u8]) -> Self {
        let read = python(&["pixels"], image);
        let line = read.iter().position(|byte| *byte == b'\n').unwrap();
        let (head, bytes) = read.split_at(line + 1);
        let numbers: Vec<usize> =
            str::from_utf8(head).unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect();
        let &[width, height, channels] = numbers.as_slice() else { panic!("{numbers:?}") };
        Self { width, height, channels, bytes: bytes.to_vec() }
    }
}

fn python(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
