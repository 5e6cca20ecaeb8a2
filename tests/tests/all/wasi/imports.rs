//! What a program imports.

use guestbox::{
    Environment, FuncIndex, HostCall, HostError, ImportProblem, InstantiateError, NoImports, Store, Value,
    Values,
    wasi::{FIRST_FUNCTION, Function, MODULE, Served, Wasi, WasiOptions},
};
use guestbox_tests::text;

fn refused(module: &str, name: &str, ty: &str) -> InstantiateError {
    let module = text::module(&format!(r#"(module (import "{module}" "{name}" (func {ty})))"#));
    Store::new().instantiate(&mut NoImports, &module, &Wasi::environment(), 0).unwrap_err()
}

/// The signatures as the specification of preview 1 has them, written down apart from the table of the core.
const SIGNATURES: &[(&str, &str)] = &[
    (
        "ii",
        "args_get args_sizes_get environ_get environ_sizes_get clock_res_get fd_fdstat_get fd_fdstat_set_flags fd_filestat_get fd_prestat_get fd_renumber fd_tell random_get sock_shutdown",
    ),
    ("i", "fd_close fd_datasync fd_sync proc_exit proc_raise"),
    ("", "sched_yield"),
    ("ili", "clock_time_get"),
    ("illi", "fd_advise fd_filestat_set_times"),
    ("ill", "fd_allocate fd_fdstat_set_rights"),
    ("il", "fd_filestat_set_size"),
    ("iiili", "fd_pread fd_pwrite fd_readdir"),
    ("iii", "fd_prestat_dir_name path_create_directory path_remove_directory path_unlink_file sock_accept"),
    ("iiii", "fd_read fd_write poll_oneoff"),
    ("ilii", "fd_seek"),
    ("iiiii", "path_filestat_get path_symlink sock_send"),
    ("iiiilli", "path_filestat_set_times"),
    ("iiiiiii", "path_link"),
    ("iiiiillii", "path_open"),
    ("iiiiii", "path_readlink path_rename sock_recv"),
];

fn function_type(params: &str, has_result: bool) -> String {
    let params: Vec<_> = params.chars().map(|letter| if letter == 'i' { "i32" } else { "i64" }).collect();
    format!("(param {}){}", params.join(" "), if has_result { "(result i32)" } else { "" })
}

#[test]
fn all_46_functions_are_there_by_their_types() {
    let mut imports = String::new();
    let mut count = 0;
    for (params, names) in SIGNATURES {
        for name in names.split(' ') {
            let ty = function_type(params, name != "proc_exit");
            imports += &format!(r#"(import "{MODULE}" "{name}" (func {ty}))"#);
            count += 1;
        }
    }
    assert_eq!((count, Function::ALL.len()), (46, 46));
    let mut store = Store::new();
    text::guest(&mut store, &format!("(module {imports})"), &Wasi::environment());
}

#[test]
fn a_function_of_another_type_is_refused() {
    for (params, names) in SIGNATURES {
        for name in names.split(' ') {
            let wrong = function_type(&format!("{params}i"), name != "proc_exit");
            let error = refused(MODULE, name, &wrong);
            let (_, _, problem) = text::refused_import(&error);
            assert!(matches!(problem, ImportProblem::FunctionType(_)), "{name}: {problem:?}");
            let without = function_type(params, name == "proc_exit");
            let error = refused(MODULE, name, &without);
            assert!(matches!(text::refused_import(&error).2, ImportProblem::FunctionType(_)), "{name}");
        }
    }
    let error = refused(MODULE, "fd_close", "(param i64)(result i32)").to_string();
    assert_eq!(
        error,
        "import `wasi_snapshot_preview1` `fd_close`, a function (i64) -> (i32): a function (i32) -> (i32) is given, \
         which is not of this type"
    );
}

#[test]
fn the_older_version_is_named() {
    let error = refused("wasi_unstable", "fd_close", "(param i32)(result i32)");
    assert_eq!(text::refused_import(&error).2, ImportProblem::WasiUnstable);
    assert!(error.to_string().contains("wasi_snapshot_preview1"), "{error}");
    assert_eq!(text::refused_import(&refused(MODULE, "fd_dup", "")).2, ImportProblem::Missing);
    assert_eq!(text::refused_import(&refused("wasi", "fd_close", "")).2, ImportProblem::Missing);
}

#[test]
fn functions_of_ones_own_are_added() {
    const OWN: FuncIndex = FuncIndex(0);
    let wat = r#"(module
        (import "env" "seven" (func $seven (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (func (export "run") (result i32)
            (i32.add (i32.add (call $seven) (call $yield)) (call $close (i32.const 99)))))"#;
    let environment = Wasi::environment().with_function("env", "seven", OWN);
    let mut wasi = Wasi::new(&WasiOptions::new()).unwrap();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        match wasi.serve(store, &call)? {
            Served::Answer(values) => Ok(values),
            Served::NotWasi if call.func == OWN => Ok(7.into()),
            other => panic!("{other:?}"),
        }
    };
    let mut store = Store::new();
    let guest = text::guest(&mut store, wat, &environment);
    // 7, and 0, and 8: there is no such descriptor.
    assert_eq!(*text::call_with(&mut store, &mut supervisor, guest, "run", &[]), [Value::I32(15)]);
}

#[test]
fn any_function_can_be_offered_by_a_type() {
    use guestbox::{Signature, ValueType};
    let signature = Signature::new(&[ValueType::I64], &[ValueType::F32, ValueType::F32]);
    let mut environment = Environment::new();
    environment.set_typed_function("env", "f", FuncIndex(1), signature);
    let mut store = Store::new();
    let instantiate = |store: &mut Store, ty: &str| {
        let module = text::module(&format!(r#"(module (import "env" "f" (func {ty})))"#));
        store.instantiate(&mut NoImports, &module, &environment, 0)
    };
    assert!(instantiate(&mut store, "(param i64) (result f32 f32)").is_ok());
    let error = instantiate(&mut store, "(param i64) (result f32)").unwrap_err();
    assert_eq!(text::refused_import(&error).2, ImportProblem::FunctionType(signature));
    assert_eq!(signature.to_string(), "(i64) -> (f32, f32)");
}

#[test]
fn arguments_of_other_types_end_the_call() {
    let mut program = guestbox_tests::wasi::Program::new(&WasiOptions::new());
    assert!(program.serve(Function::FdClose, &[Value::I64(0)]).is_err());
    assert!(program.serve(Function::FdClose, &[]).is_err());
    let foreign = program.wasi.serve_with(FuncIndex(FIRST_FUNCTION + 46), &[], &mut program.memory);
    assert_eq!(foreign.unwrap(), Served::NotWasi);
}
