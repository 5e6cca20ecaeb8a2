//! Prints the dump of the runtime's native form.

fn main() {
    // Contracts nest on the stack.
    let run = || print!("{}", guestbox_test_runtime::oracle());
    std::thread::Builder::new().stack_size(1 << 28).spawn(run).unwrap().join().unwrap();
}
