//! Whether tail calls of a module could reach an import, which the engine cannot pause then.

use super::scan::Scan;
use wasmparser::{BinaryReaderError, ElementItems, Operator, Parser, Payload};

/// What the tail calls of a module can reach.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TailCalls {
    None,
    AmongGuests,
    ToImports,
}

/// What the tail calls of a module can reach, for a module that did not compile without them.
///
/// A module too broken to read has none worth knowing of: its first error stands.
pub(super) fn reach(bytes: &[u8], scan: &Scan) -> TailCalls {
    read_tail_calls(bytes, scan).unwrap_or(TailCalls::None)
}

fn read_tail_calls(bytes: &[u8], scan: &Scan) -> Result<TailCalls, BinaryReaderError> {
    let is_import = |function: u32| scan.imported_function(function).is_some();
    // Any reference to an import may end in a table, so count exports of imports no further:
    // a table cannot be reached from outside.
    let (mut direct, mut indirect, mut to_import, mut import_referenced) = (false, false, false, false);
    let const_expr = |expr: &wasmparser::ConstExpr<'_>| -> Result<bool, BinaryReaderError> {
        let mut found = false;
        for operator in expr.get_operators_reader() {
            found |= matches!(operator?, Operator::RefFunc { function_index } if is_import(function_index));
        }
        Ok(found)
    };
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::GlobalSection(globals) => {
                for global in globals {
                    import_referenced |= const_expr(&global?.init_expr)?;
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    if let wasmparser::TableInit::Expr(expr) = &table?.init {
                        import_referenced |= const_expr(expr)?;
                    }
                }
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    match element?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                import_referenced |= is_import(function?);
                            }
                        }
                        ElementItems::Expressions(_, exprs) => {
                            for expr in exprs {
                                import_referenced |= const_expr(&expr?)?;
                            }
                        }
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    match operator? {
                        Operator::ReturnCall { function_index } => {
                            direct = true;
                            to_import |= is_import(function_index);
                        }
                        Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. } => {
                            indirect = true;
                        }
                        Operator::RefFunc { function_index } => {
                            import_referenced |= is_import(function_index);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(match (direct || indirect, to_import || (indirect && import_referenced)) {
        (false, _) => TailCalls::None,
        (true, false) => TailCalls::AmongGuests,
        (true, true) => TailCalls::ToImports,
    })
}
