//! Guests of pure computation, which the benches share.

/// Name, text, argument.
pub(crate) const GUESTS: &[(&str, &str, i32)] = &[
    ("fib(27)", include_str!("fib.wat"), 27),
    ("memory loop, 2 M rounds", include_str!("memory.wat"), 2_000_000),
    ("SHA-256, 2,000 blocks", include_str!("sha256.wat"), 2_000),
    ("sieve below 65,536", include_str!("sieve.wat"), 65_536),
    ("matrix product, 64 x 64", include_str!("matrix.wat"), 64),
    ("heap sort of 16,384", include_str!("sort.wat"), 16_384),
    ("Mandelbrot set, 100 x 100", include_str!("mandelbrot.wat"), 100),
];
