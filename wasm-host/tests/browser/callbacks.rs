//! Dispatch thunks that throw, or return what they should not.
//!
//! A thunk is a function of the page, so anything may come out of it. None of it may unsettle the
//! store: it is used again after each.

use crate::common::{Refusal, assert_not_grown, own_memory_bytes, refusal, scale, stack_address, wasm};
use guestbox::{HostError, Number, ReturnValue, Value};
use guestbox_wasm_host::ScaleStore;
use js_sys::{Function, Object};
use parity_scale_codec::Encode;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

/// Calls `run` with this thunk, which makes it fail, and sees that the store is usable after.
#[track_caller]
fn fails(store: &ScaleStore, guest: u32, thunk: &Function) -> Refusal {
    let error = refusal(scale::invoke(store, thunk, guest, "run", &[Value::I32(1)]));
    scale::assert_usable(store, guest);
    error
}

/// A thunk with this body, which may use `shared`.
fn with_shared(shared: &JsValue, body: &str) -> Function {
    let make = Function::new_with_args("shared", &format!("return (args, state, func) => {{ {body} }}"));
    make.call1(&JsValue::UNDEFINED, shared).unwrap().unchecked_into()
}

#[wasm_bindgen_test]
fn what_a_thunk_throws_comes_out_as_the_same_object() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let values = [
        js_sys::Error::new("of the page").into(),
        Object::new().into(),
        js_sys::Symbol::iterator().into(),
        JsValue::UNDEFINED,
        JsValue::NULL,
        JsValue::from(0),
        JsValue::from(f64::NAN),
        JsValue::from("text"),
        Function::new_no_args("").into(),
    ];
    for value in values {
        let thrown = with_shared(&value, "throw shared");
        let error = scale::invoke(&store, &thrown, guest, "run", &[Value::I32(1)]).unwrap_err();
        assert!(Object::is(&error, &value), "{value:?} became {error:?}");
        scale::assert_usable(&store, guest);
    }
}

#[wasm_bindgen_test]
fn what_is_thrown_deep_inside_comes_out_of_every_level_as_the_same_object() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let thrown: JsValue = Object::new().into();
    let mut thunk = with_shared(&thrown, "throw shared");
    for _ in 0..10 {
        let same = store.clone();
        thunk = scale::serve(move |args, _, _| scale::invoke(&same, &thunk, guest, "run", &args));
    }
    let error = scale::invoke(&store, &thunk, guest, "run", &[Value::I32(1)]).unwrap_err();
    assert!(Object::is(&error, &thrown));
    scale::assert_usable(&store, guest);
}

#[wasm_bindgen_test]
fn ten_thousand_throws_in_a_row_leave_nothing_behind() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let thrown: JsValue = Object::new().into();
    let throwing = with_shared(&thrown, "throw shared");
    let in_rust = {
        let thrown = thrown.clone();
        scale::serve(move |_, _, _| Err(thrown.clone()))
    };
    let (stack, mut before) = (stack_address(), 0);
    let references = wasm_bindgen::externref_heap_live_count();
    for round in 0..10_000 {
        let thunk = if round % 2 == 0 { &throwing } else { &in_rust };
        let error = scale::invoke(&store, thunk, guest, "run", &[Value::I32(1)]).unwrap_err();
        assert!(Object::is(&error, &thrown), "in round {round}");
        if round == 100 {
            before = own_memory_bytes();
        }
    }
    assert_eq!(stack_address(), stack, "the stack leaks");
    assert_not_grown(before);
    assert_eq!(wasm_bindgen::externref_heap_live_count(), references, "references to objects leak");
    scale::assert_usable(&store, guest);
}

#[wasm_bindgen_test]
fn a_result_that_is_no_byte_array_ends_the_call() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let bodies = [
        "",
        "return null",
        "return 0",
        "return 1n",
        "return true",
        "return 'bytes'",
        "return {}",
        "return Symbol.iterator",
        "return () => new Uint8Array(7)",
        "return [0, 1, 0, 0, 0, 0, 0]",
        "return { length: 7 }",
        "return new ArrayBuffer(7)",
        "return new DataView(new ArrayBuffer(7))",
        "return new Int8Array(7)",
        "return new Uint8ClampedArray(7)",
        "return new Uint16Array(7)",
        "return new Uint8Array(0)",
    ];
    for body in bodies {
        let error = fails(&store, guest, &scale::thunk(body));
        assert_eq!(error.kind(), ("Trap", "host-error"), "{body}");
        assert!(
            error.message.ends_with("the thunk's result is no SCALE-encoded result"),
            "{body}: {error:?}"
        );
    }
}

#[wasm_bindgen_test]
fn a_promise_is_no_result_and_ends_the_call() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let bytes = scale::result(scale::number(1));
    let bodies = [
        format!("return Promise.resolve(new Uint8Array({bytes:?}))"),
        "return new Promise(() => {})".to_owned(),
        "return { then(resolve) { throw new Error('nobody asked') } }".to_owned(),
    ];
    for body in bodies {
        assert_eq!(fails(&store, guest, &scale::thunk(&body)).kind(), ("Trap", "host-error"), "{body}");
    }
}

#[wasm_bindgen_test]
fn bytes_that_are_no_result_end_the_call() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let whole = scale::result(scale::number(1));
    let wrong = [&[2][..], &[255], &[0, 2], &[0, 1, 4, 0, 0, 0, 0]];
    for bytes in (0..whole.len()).map(|len| &whole[..len]).chain(wrong) {
        let error = fails(&store, guest, &scale::returning(bytes));
        assert_eq!(error.kind(), ("Trap", "host-error"), "{bytes:?}");
    }
    // A refusal by the supervisor has the same code, but its own message.
    let error = fails(&store, guest, &scale::returning(&Err::<ReturnValue, _>(HostError::new()).encode()));
    assert_eq!((error.kind(), &*error.message), (("Trap", "host-error"), "the supervisor ended the call"));
    // Bytes behind the result are ignored, as SCALE decoders do.
    let longer = [&whole[..], &[1, 2, 3]].concat();
    let result = scale::invoke(&store, &scale::returning(&longer), guest, "run", &[Value::I32(0)]);
    assert_eq!(result.unwrap(), scale::number(2));
}

#[wasm_bindgen_test]
fn a_result_of_another_type_than_the_import_declares_ends_the_call() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let wrong = [Number::I64(1), Number::F32(1), Number::F64(1)].map(ReturnValue::Value);
    for value in wrong.into_iter().chain([ReturnValue::Unit]) {
        let error = fails(&store, guest, &scale::returning(&scale::result(value)));
        assert_eq!(error.kind(), ("Trap", "result-type"), "{value:?}");
    }
    let silent = wasm(r#"(module (import "env" "ask" (func $ask)) (func (export "run") (call $ask)))"#);
    let silent = store
        .instantiate(&scale::unused(), &scale::bytes(&silent), &scale::bytes(&scale::asking()), 0)
        .unwrap();
    let thunk = scale::returning(&scale::result(scale::number(1)));
    let error = refusal(scale::invoke(&store, &thunk, silent, "run", &[]));
    assert_eq!(error.kind(), ("Trap", "result-type"));
    let thunk = scale::returning(&scale::result(ReturnValue::Unit));
    assert_eq!(scale::invoke(&store, &thunk, silent, "run", &[]).unwrap(), ReturnValue::Unit);
}

#[wasm_bindgen_test]
fn a_result_longer_than_the_limit_ends_the_call() {
    let store = scale::store(&[("argumentBytes", 1_000.0)]);
    let guest = scale::asking_guest(&store);
    let result = |len: u32| {
        let bytes = scale::result(scale::number(1));
        scale::thunk(&format!("const bytes = new Uint8Array({len}); bytes.set({bytes:?}); return bytes"))
    };
    let longest = scale::invoke(&store, &result(1_000), guest, "run", &[Value::I32(0)]);
    assert_eq!(longest.unwrap(), scale::number(2));
    let error = fails(&store, guest, &result(1_001));
    assert_eq!(error.kind(), ("Trap", "host-error"));
    let ending = "the limit `argumentBytes` is 1000, 1001 requested; raise it in `limits`";
    assert!(error.message.ends_with(ending), "{}", error.message);
}

#[wasm_bindgen_test]
fn an_array_that_lies_about_itself_ends_the_call() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let bodies = [
        // Its bytes were given away.
        "const bytes = new Uint8Array(7); structuredClone(bytes, { transfer: [bytes.buffer] }); return bytes",
        // Instances of `Uint8Array` that are none, or throw when they are asked.
        "return Object.create(Uint8Array.prototype)",
        "return new Proxy(new Uint8Array(7), {})",
        "return new Proxy(new Uint8Array(7), { getPrototypeOf() { throw new Error('no') } })",
        "return new Proxy({}, { get() { throw new Error('no') }, getPrototypeOf: () => Uint8Array.prototype })",
    ];
    for body in bodies {
        let thunk = scale::thunk(body);
        assert_eq!(fails(&store, guest, &thunk).kind(), ("Trap", "host-error"), "{body}");
        let references = wasm_bindgen::externref_heap_live_count();
        for _ in 0..100 {
            let _error = refusal(scale::invoke(&store, &thunk, guest, "run", &[Value::I32(1)]));
        }
        assert_eq!(wasm_bindgen::externref_heap_live_count(), references, "{body} leaks");
    }
}

#[wasm_bindgen_test]
fn properties_of_a_result_are_not_believed() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let bytes = scale::result(scale::number(1));
    let shared = Object::new();
    let same = store.clone();
    let reenter: Function = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || {
        let memory = same.memory_new(1, 1).unwrap();
        same.memory_teardown(memory).unwrap();
    })
    .into_js_value()
    .unchecked_into();
    js_sys::Reflect::set(&shared, &"reenter".into(), &reenter).unwrap();
    let lies = [
        "get() { throw new Error('no') }",
        "get() { shared.reenter(); return 7 }",
        // Believed, these would make the copy too short, or run past its end.
        "value: 0",
        "value: 3",
        "value: 4096",
        "value: 'long'",
        "value: -1",
    ];
    for lie in lies {
        let body = format!(
            "const bytes = new Uint8Array({bytes:?});
             for (const name of ['length', 'byteLength', 'byteOffset', 'buffer', 'constructor', Symbol.iterator])
                 Object.defineProperty(bytes, name, {{ {lie} }});
             return bytes"
        );
        let result = scale::invoke(&store, &with_shared(&shared, &body), guest, "run", &[Value::I32(1)]);
        assert_eq!(result.map_err(|error| Refusal::of(&error)), Ok(scale::number(2)), "{lie}");
        scale::assert_usable(&store, guest);
    }
}

#[wasm_bindgen_test]
fn a_thunk_that_is_no_function_is_a_type_error() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    for thunk in [JsValue::UNDEFINED, JsValue::NULL, JsValue::from(5), Object::new().into()] {
        // JavaScript can pass anything where the types say `Function`.
        let error = fails(&store, guest, thunk.unchecked_ref());
        assert_eq!(error.class, "TypeError", "{thunk:?}");
    }
}

#[wasm_bindgen_test]
fn the_arguments_given_to_a_thunk_are_its_own_copy() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    // Kept and overwritten, then seen again after the engine's memory has moved.
    let kept = js_sys::Array::new();
    let bytes = scale::result(scale::number(1));
    let thunk = with_shared(
        &kept,
        &format!("shared.push(args); args.fill(0xEE, 1); return new Uint8Array({bytes:?})"),
    );
    for round in 0..3 {
        assert_eq!(
            scale::invoke(&store, &thunk, guest, "run", &[Value::I32(round)]).unwrap(),
            scale::number(2)
        );
        let memory = store.memory_new(100, u32::MAX).unwrap();
        store.memory_set(memory, 0, b"grows").unwrap();
    }
    for args in kept.iter() {
        let args: js_sys::Uint8Array = args.unchecked_into();
        assert_eq!(args.to_vec(), [4, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE]);
    }
}
