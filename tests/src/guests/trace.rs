//! The lines of a trace, formatted as `tests/guests/trace.mjs` does.

use super::Failure;
use guestbox::{Frames, Value};

/// The line of a call that crossed the border: `call` of an import, `invoke` of an export.
pub(super) fn call_line(
    kind: &str,
    name: &str,
    args: &[Value],
    outcome: Result<&[Value], &Failure>,
) -> String {
    let args = format_values(args);
    let outcome = match outcome {
        Ok([]) => "()".to_owned(),
        Ok([result, ..]) => format_value(*result),
        Err(Failure::Stop(message)) => format!("throws {message}"),
        // The words of a trap differ from engine to engine.
        Err(_) => "trap".to_owned(),
    };
    format!("{kind} {name}({args}) -> {outcome}")
}

/// The line of where the guest is at an import call.
pub(super) fn frames_line(frames: &Frames) -> String {
    let frames = frames.iter().map(|frame| format!(" {}:{}", frame.function_index, frame.offset));
    format!("frames{}", frames.collect::<String>())
}

/// The last line: the size of the memory and a hash of all its bytes.
pub(crate) fn memory_line(pages: u32, bytes: &[u8]) -> String {
    format!("memory {pages} pages, fnv1a64 {:016x}", fnv1a64(bytes))
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Integers in signed decimal, floats as all hexadecimal digits of their bits.
pub(crate) fn format_value(value: Value) -> String {
    match value {
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F32(bits) => format!("0x{bits:08x}"),
        Value::F64(bits) => format!("0x{bits:016x}"),
        other => panic!("no trace has {other:?}"),
    }
}

/// Values as [`format_value`] has them, with commas between.
pub(crate) fn format_values(values: &[Value]) -> String {
    values.iter().copied().map(format_value).collect::<Vec<_>>().join(", ")
}

/// FNV-1a, 64 bits.
fn fnv1a64(bytes: &[u8]) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    bytes.iter().fold(START, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_formatted_as_by_the_drivers() {
        let args = [Value::from(u32::MAX), Value::from(-5_i64), Value::from(1.5_f32), Value::from(-0.0_f64)];
        let results = [Value::from(7_i32)];
        let line = call_line("invoke", "f", &args, Ok(&results));
        assert_eq!(line, "invoke f(-1, -5, 0x3fc00000, 0x8000000000000000) -> 7");
        assert_eq!(call_line("call", "env.g", &[], Ok(&[])), "call env.g() -> ()");
        let stop = Failure::Stop("enough".to_owned());
        assert_eq!(call_line("call", "env.g", &[], Err(&stop)), "call env.g() -> throws enough");
        let other = Failure::unexpected("anything");
        assert_eq!(call_line("call", "env.g", &[], Err(&other)), "call env.g() -> trap");
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a64(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a64(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a64(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
