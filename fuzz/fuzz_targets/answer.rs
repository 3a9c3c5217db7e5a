#![no_main]

#[path = "../../tests/fuzz/bodies.rs"]
#[expect(dead_code, reason = "each target is one of the bodies")]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::answer(data));
