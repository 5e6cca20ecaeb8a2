//! `substrate::mend`: modules that it rewrote do in wasmi what they do in wasmi 1.1.0 as they come.

use guestbox::substrate::{self, wasmi};
use guestbox_tests::{fuzz, text};

/// What the exports of a module come to in an engine, each called once without fuel: it calls imports that
/// answer with the number of the call.
macro_rules! engine {
    ($run:ident, $wasmi:ident, $default:ident) => {
        fn $run(bytes: &[u8]) -> Vec<String> {
            use $wasmi::{Config, Engine, Extern, Func, Instance, Module, Store, Val};
            let mut config = Config::default();
            config.compilation_mode($wasmi::CompilationMode::Eager).wasm_tail_call(true);
            let engine = Engine::new(&config);
            let module = Module::new(&engine, bytes).unwrap();
            let mut store = Store::new(&engine, 0_u32);
            let imports: Vec<Extern> = module
                .imports()
                .map(|import| {
                    let ty = import.ty().func().unwrap().clone();
                    Extern::Func(Func::new(&mut store, ty, |mut caller, _, results| {
                        *caller.data_mut() += 1;
                        let calls = *caller.data();
                        for result in results {
                            *result = match result {
                                Val::I64(_) => Val::I64(calls.into()),
                                _ => Val::I32(calls.cast_signed()),
                            };
                        }
                        Ok(())
                    }))
                })
                .collect();
            let instance = Instance::new(&mut store, &module, &imports).unwrap();
            let functions: Vec<(String, Func)> = instance
                .exports(&store)
                .filter_map(|export| Some((export.name().to_owned(), export.into_func()?)))
                .collect();
            let number = |value: &Val| match value {
                Val::I32(value) => i64::from(*value).to_string(),
                Val::I64(value) => value.to_string(),
                _ => "a reference".to_owned(),
            };
            functions
                .iter()
                .map(|(name, function)| {
                    let ty = function.ty(&store);
                    let args: Vec<_> = ty.params().iter().map(|ty| Val::$default(*ty)).collect();
                    let mut results: Vec<_> = ty.results().iter().map(|ty| Val::$default(*ty)).collect();
                    match function.call(&mut store, &args, &mut results) {
                        Ok(()) => format!("{name}: {:?}", results.iter().map(number).collect::<Vec<_>>()),
                        Err(_) => format!("{name}: a trap"),
                    }
                })
                .collect()
        }
    };
}

engine!(in_wasmi, wasmi, default_for_ty);
engine!(in_its_last_line, wasmi_reference, default);

#[test]
fn mended_modules_do_what_they_say() {
    let mut finished = 0;
    for seed in 0..400 {
        let bytes = fuzz::dense(seed);
        let mended = in_wasmi(&substrate::mend(&bytes).unwrap());
        assert_eq!(mended, in_its_last_line(&bytes), "seed {seed}");
        finished += mended.iter().filter(|outcome| !outcome.ends_with("a trap")).count();
    }
    assert!(finished > 1_000, "{finished} calls finished");
}

#[test]
fn what_is_exported_and_started_stays_so() {
    let text = r#"(module (import "env" "f" (func $f (result i32))) (import "env" "g" (func $g))
        (global $set (mut i32) (i32.const 0)) (export "f" (func $f)) (table (export "t") 1 funcref)
        (elem (i32.const 0) $f) (start $start) (func $start (global.set $set (i32.const 5)))
        (func (export "set") (result i32) (global.get $set)) (data "after the code"))"#;
    let bytes = text::bytes(text);
    let mended = substrate::mend(&bytes).unwrap();
    assert_eq!(in_wasmi(&mended), ["f: [\"1\"]", "set: [\"5\"]"]);
    let started_by_an_import = text::bytes(r#"(module (import "env" "f" (func $f)) (start $f))"#);
    assert_eq!(in_wasmi(&substrate::mend(&started_by_an_import).unwrap()), [""; 0]);
    for invalid in [&b"\0asm"[..], &bytes[..bytes.len() - 1], b"(module)"] {
        assert!(matches!(substrate::mend(invalid), Err(guestbox::CompileError::Invalid(_))));
    }
}
