//! Prints 50,000 lines.

fn main() {
    for line in 0..50_000 {
        println!("line {line:05}");
    }
}
