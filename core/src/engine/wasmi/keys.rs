//! What tells wasmi's handles apart: it does not compare them, and writes each with its number.

use alloc::format;
use core::fmt;

/// The number of a handle in its store. Those of a kind count up in the order in which they are made.
///
/// `None` where it is not written as by wasmi 2.0.0; that does not happen.
pub(super) fn key(handle: &impl fmt::Debug) -> Option<u32> {
    let written = format!("{handle:?}");
    let (_, behind) = written.split_once("key: ")?;
    behind.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Whether two handles are of one thing.
pub(super) fn is_same<T: fmt::Debug>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other)
        .is_some_and(|(one, other)| key(&one).zip(key(&other)).is_some_and(|(one, other)| one == other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use wasmi::{Engine, Extern, Func, Global, Instance, Module, Mutability, Store, Val};

    #[test]
    fn functions_are_numbered_in_the_order_in_which_they_are_made() {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let text = r#"(module (func (export "a")) (func) (func (export "b")) (global (export "g") i32 (i32.const 1)))"#;
        let module = Module::new(&engine, &wat::parse_str(text).unwrap()[..]).unwrap();
        let mut keys = Vec::new();
        for _ in 0..3 {
            keys.push(key(&Func::wrap(&mut store, || ())).unwrap());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            for name in ["a", "b"] {
                keys.push(key(&instance.get_func(&store, name).unwrap()).unwrap());
                let again = instance.get_export(&store, name).and_then(Extern::into_func).unwrap();
                assert_eq!(key(&again).as_ref(), keys.last());
            }
        }
        assert!(keys.is_sorted_by(|one, next| one < next), "{keys:?}");
    }

    #[test]
    fn handles_of_one_thing_are_the_same() {
        let mut store = Store::new(&Engine::default(), ());
        let mut global = || Some(Global::new(&mut store, Val::I32(1), Mutability::Var));
        let (one, other) = (global(), global());
        assert!(is_same(one, one) && !is_same(one, other) && !is_same(one, None));
    }
}
