//! Any bytes as a property list: what is accepted must be the same once it was written in binary and read again.
#![no_main]

use std::time::{Duration, SystemTime};

use formats::limits::Limits;
use formats::plist::{Value, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(value) = read(bytes, &limits) else { return };
    let mut written = Vec::new();
    value.to_writer_binary(&mut written).expect("memory");
    // Objects of the written form are also keys, and shared values are written each time.
    let longer = Limits { values: limits.values * 2, document_bytes: limits.document_bytes * 4, ..limits };
    let again = read(&written, &longer).expect("our own output is accepted");
    assert!(same(&value, &again), "{value:?}\n{again:?}");
});

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Dictionary(one), Value::Dictionary(other)) => {
            let pairs = one.iter().zip(other.iter());
            one.len() == other.len() && pairs.into_iter().all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
        }
        // NaN is not itself.
        (Value::Real(one), Value::Real(other)) => one.total_cmp(other).is_eq() || one.is_nan() && other.is_nan(),
        // Seconds are written as a real number, which is coarser the farther from 2001 it is.
        (Value::Date(one), Value::Date(other)) => {
            let (one, other) = (SystemTime::from(*one), SystemTime::from(*other));
            let apart = one.duration_since(other).unwrap_or_else(|error| error.duration());
            apart < Duration::from_millis(1)
        }
        (one, other) => one == other,
    }
}
