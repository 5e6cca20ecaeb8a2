//! Nothing that is added to a module can be named by it.

use guestbox::{CompileError, Compiled, Limits};
use guestbox_tests::text::bytes;

fn rewrite(module: &str) -> Result<Compiled, CompileError> {
    Compiled::new(&Limits::default(), &bytes(module))
}

/// A module that has two of everything, one of them imported where it can be, with these fields.
fn with(fields: &str) -> String {
    format!(
        r#"(module
          (type (func)) (type (func (param i32) (result i32)))
          (import "e" "f" (func)) (import "e" "g" (global i32)) (import "e" "t" (table 1 funcref))
          (import "e" "m" (memory 1))
          (func) (table 1 funcref) (global (mut i32) (i32.const 0)) (memory 1)
          (elem funcref (ref.null func)) (elem funcref (ref.null func)) (data "a") (data "b")
          {fields})"#
    )
}

/// Fields that name something by an index.
const NAMING: &[&str] = &[
    "(func (drop (global.get @)))",
    "(func (global.set @ (i32.const 0)))",
    "(func (call @))",
    "(func (return_call @))",
    "(func (drop (ref.func @)) (unreachable) (drop (ref.func @)))",
    "(func (call_indirect @ (type 0) (i32.const 0)))",
    "(func (return_call_indirect @ (type 0) (i32.const 0)))",
    "(func (drop (table.get @ (i32.const 0))))",
    "(func (table.set @ (i32.const 0) (ref.null func)))",
    "(func (drop (table.size @)))",
    "(func (drop (table.grow @ (ref.null func) (i32.const 1))))",
    "(func (table.fill @ (i32.const 0) (ref.null func) (i32.const 0)))",
    "(func (table.copy @ 0 (i32.const 0) (i32.const 0) (i32.const 0)))",
    "(func (table.copy 0 @ (i32.const 0) (i32.const 0) (i32.const 0)))",
    "(func (table.init @ 0 (i32.const 0) (i32.const 0) (i32.const 0)))",
    "(func (drop (i32.load @ (i32.const 0))))",
    "(func (drop (memory.size @)))",
    "(func (drop (memory.grow @ (i32.const 0))))",
    "(func (memory.fill @ (i32.const 0) (i32.const 0) (i32.const 0)))",
    "(func (call_indirect 0 (type @) (i32.const 0)))",
    "(func (block (type @)))",
    "(func (type @))",
    "(export \"x\" (func @))",
    "(export \"x\" (global @))",
    "(export \"x\" (table @))",
    "(export \"x\" (memory @))",
    "(elem (table @) (i32.const 0) func)",
    "(elem func @)",
    "(elem funcref (ref.func @))",
    "(data (memory @) (i32.const 0) \"\")",
    "(global funcref (ref.func @))",
    "(global i32 (global.get @))",
    "(start @)",
];

#[test]
fn an_index_beyond_what_the_module_has_is_refused() {
    for naming in NAMING {
        let declared = if naming.contains("ref.func") { "(elem declare func 0 1)" } else { "" };
        let text = |index: usize| with(&format!("{declared} {}", naming.replace('@', &index.to_string())));
        // Of globals the second is the one that can be set.
        let own = usize::from(naming.contains("global.set"));
        rewrite(&text(own)).unwrap_or_else(|error| panic!("{naming}: {error}"));
        // A field that is a function is one more that there is; of globals, tables and so on there are two.
        for index in 4..40 {
            let outcome = rewrite(&text(index));
            assert!(matches!(outcome, Err(CompileError::Invalid(_))), "{naming}, {index}: {outcome:?}");
        }
    }
}

#[test]
fn code_that_nothing_reaches_names_nothing_either() {
    for operator in ["(global.set 2 (i32.const 0))", "(call 9)", "(drop (table.get 2 (i32.const 0)))"] {
        let text = with(&format!("(func (return) {operator})"));
        assert!(matches!(rewrite(&text), Err(CompileError::Invalid(_))), "{operator}");
    }
}

/// The names that a runtime is given of a rewritten module.
fn names(compiled: &Compiled) -> Vec<String> {
    let [memories, globals, tables] = [compiled.memories(), compiled.globals(), compiled.tables()];
    let many = memories.iter().chain(globals).chain(tables).map(|name| name.to_string());
    let accounts = compiled.accounts().into_iter().chain(compiled.start()).chain([compiled.asked()]);
    many.chain(accounts.map(str::to_owned)).collect()
}

#[test]
fn a_guest_that_exports_such_names_has_them_for_itself() {
    let hidden = names(&rewrite(&with("(start 1)")).unwrap());
    assert_eq!(hidden.len(), 2 + 1 + 2 + 4 + 2);
    let exports = hidden.iter().map(|name| format!("(export \"{name}\" (func 1))")).collect::<String>();
    let compiled = rewrite(&with(&format!("{exports} (start 1)"))).unwrap();
    let others = names(&compiled);
    assert_eq!(others.len(), hidden.len());
    for name in &others {
        assert!(!hidden.contains(name), "{name}");
        assert!(name.starts_with("guestbox:"), "{name}");
    }
    assert_eq!(compiled.exports().len(), hidden.len());
    let listed = |name: &String| compiled.exports().iter().any(|export| export.name() == *name);
    assert!(hidden.iter().all(listed) && !others.iter().any(listed));
}

#[test]
fn what_is_imported_stays_what_it_is_whatever_it_is_called() {
    let hidden = names(&rewrite(&with("(start 1)")).unwrap());
    let imports = hidden.iter().map(|name| format!("(import \"guestbox\" \"{name}\" (global (mut i32)))"));
    let text = format!(
        "(module {} (func (export \"f\") (global.set 0 (i32.const 1))))",
        imports.collect::<String>()
    );
    let compiled = rewrite(&text).unwrap();
    let imported = compiled.imports().iter().map(guestbox::Import::name).collect::<Vec<_>>();
    assert_eq!(imported, hidden);
    assert_eq!(compiled.globals().len(), hidden.len());
    assert!(
        compiled
            .accounts()
            .iter()
            .all(|account| !compiled.globals().iter().any(|global| **global == **account))
    );
}
