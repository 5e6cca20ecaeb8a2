//! The type of every host function, and both ways in which a region is packed.

use crate::substrate::{GUEST, HEAP_BASE, NAMES, World, call, guest, host, place, read, run, slice};
use guestbox::{
    Number, Region, Value,
    substrate::{
        self, Sandbox,
        wasmi::{Engine, Linker, Module, Store, ValType},
    },
};
use parity_scale_codec::Encode;

#[test]
fn every_host_function_has_the_type_of_the_abi() {
    const I32: ValType = ValType::I32;
    const I64: ValType = ValType::I64;
    let types: [(&[ValType], &[ValType]); 10] = [
        (&[I32, I64, I64, I32], &[I32]),
        (&[I32, I64, I64, I32, I32, I32], &[I32]),
        (&[I32, I32], &[I32]),
        (&[I32, I32, I32, I32], &[I32]),
        (&[I32, I32, I32, I32], &[I32]),
        (&[I32], &[]),
        (&[I32], &[]),
        (&[I32, I64], &[I64]),
        (&[I32], &[I32]),
        (&[I32], &[]),
    ];
    for (name, (params, results)) in NAMES.into_iter().zip(types) {
        assert!(is_linked(name, params, results), "{name}");
        // Any other type is refused.
        let fewer = params.split_last().unwrap().1;
        let other = [&[ValType::F32], fewer].concat();
        for params in [fewer, &other, &[params, &[I32]].concat()] {
            assert!(!is_linked(name, params, results), "{name} {params:?}");
        }
        for results in [&[I32][..], &[I64], &[]].into_iter().filter(|other| *other != results) {
            assert!(!is_linked(name, params, results), "{name} {results:?}");
        }
    }
}

/// Whether a supervisor that imports a host function with this type can be instantiated.
fn is_linked(name: &str, params: &[ValType], results: &[ValType]) -> bool {
    let list = |types: &[ValType]| format!("{types:?}").to_lowercase().replace([',', '[', ']'], "");
    let (params, results) = (list(params), list(results));
    let text = format!(
        r#"(module (import "env" "ext_{name}_version_1" (func (param {params}) (result {results}))))"#
    );
    let engine = Engine::default();
    let module = Module::new(&engine, guestbox_tests::text::bytes(&text)).unwrap();
    let mut linker = Linker::new(&engine);
    substrate::link(&mut linker).unwrap();
    linker.instantiate_and_start(&mut Store::new(&engine, Sandbox::default()), &module).is_ok()
}

#[test]
fn a_name_that_is_taken_is_an_error_of_link() {
    let mut linker = Linker::<Sandbox>::new(&Engine::default());
    substrate::link(&mut linker).unwrap();
    assert!(substrate::link(&mut linker).is_err());
}

#[test]
fn slices_are_packed_with_the_length_above_the_address() {
    let mut world = World::new();
    assert_eq!(slice(Region { ptr: 2, len: 3 }), 3 << 32 | 2);
    let guest = guest(&mut world.store, GUEST);
    let name = place(&mut world.store, 300, b"answer");
    let packed =
        call(&mut world.store, "sandbox_get_global_val", &[guest.into(), slice(name)]).unwrap().unwrap();
    let value = Some(Number::I64(500)).encode();
    assert_eq!(packed, 10 << 32 | u64::from(HEAP_BASE + 8));
    assert_eq!(read(&world.store, Region::from_slice(packed.cast_signed())), value);
    // The buffer is the supervisor's to free.
    assert_eq!(world.store.data().sandbox.allocator().unwrap().bytes_in_use(), 24);
    host(&mut world.store, "allocator_free", &[HEAP_BASE + 8]).unwrap();
    world.assert_balanced();
}

#[test]
fn a_thunks_result_is_packed_with_the_address_above_the_length() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    world.on_call(|caller, request| {
        let ptr = host(&mut *caller, "allocator_malloc", &[7]).unwrap();
        assert_eq!(request.args.len, 6);
        place(caller, ptr, &crate::substrate::ok(8));
        Ok((i64::from(ptr) << 32) | 7)
    });
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(5)]), Ok((0, Some(Value::I32(8)))));
    world.assert_balanced();
}
