//! Linking: an environment definition, decoded, and a module's imports found in it.

use super::{Import, not_offered};
use crate::oracle::{
    differences::{self, MemoryImport},
    scale::{Entity, Reader},
    script::Type,
};
use std::{cell::RefCell, collections::HashMap};
use wasmi_lineage::{
    Error, FuncInstance, FuncRef, GlobalDescriptor, GlobalRef, ImportResolver, MemoryDescriptor, MemoryRef,
    Signature, TableDescriptor, TableRef, ValueType,
};

type Names = (Vec<u8>, Vec<u8>);

/// An environment. Functions and memories are found apart from each other, and of two entries of
/// a kind and name the last is meant.
pub struct Link {
    functions: HashMap<Names, u32>,
    memories: HashMap<Names, MemoryRef>,
    /// The imported functions so far, in the order in which the module asks for them.
    imports: RefCell<Vec<Import>>,
}

impl Link {
    /// `None` where the bytes are corrupted or name a memory that does not live.
    pub fn decode(bytes: &[u8], memory: impl Fn(u32) -> Option<MemoryRef>) -> Option<Self> {
        let (mut functions, mut memories) = (HashMap::new(), HashMap::new());
        for entry in Reader(bytes).environment()? {
            let names = (entry.module, entry.field);
            match entry.entity {
                Entity::Function(func) => {
                    functions.insert(names, func);
                }
                Entity::Memory(number) => {
                    memories.insert(names, memory(number)?);
                }
            }
        }
        Some(Self { functions, memories, imports: RefCell::default() })
    }

    /// Whether the memories that are imported are as large as the guest asks for.
    pub fn memories_fit(&self, imports: &[MemoryImport]) -> bool {
        imports.iter().all(|import| {
            let names = (import.module.clone().into_bytes(), import.field.clone().into_bytes());
            self.memories
                .get(&names)
                .is_none_or(|memory| differences::is_large_enough(memory, import.initial))
        })
    }

    pub fn into_imports(self) -> Vec<Import> {
        self.imports.into_inner()
    }
}

fn names(module: &str, field: &str) -> Names {
    (module.into(), field.into())
}

impl ImportResolver for Link {
    /// The guest's own signature is taken for the function's, so a name can have several.
    fn resolve_func(&self, module: &str, field: &str, signature: &Signature) -> Result<FuncRef, Error> {
        let func = *self.functions.get(&names(module, field)).ok_or_else(not_offered)?;
        let result = signature.return_type().map(|ty| match ty {
            ValueType::I32 => Type::I32,
            ValueType::I64 => Type::I64,
            ValueType::F32 => Type::F32,
            ValueType::F64 => Type::F64,
        });
        let mut imports = self.imports.borrow_mut();
        imports.push(Import { func, result });
        Ok(FuncInstance::alloc_host(signature.clone(), imports.len() - 1))
    }

    fn resolve_global(&self, _: &str, _: &str, _: &GlobalDescriptor) -> Result<GlobalRef, Error> {
        Err(not_offered())
    }

    fn resolve_memory(&self, module: &str, field: &str, _: &MemoryDescriptor) -> Result<MemoryRef, Error> {
        self.memories.get(&names(module, field)).cloned().ok_or_else(not_offered)
    }

    fn resolve_table(&self, _: &str, _: &str, _: &TableDescriptor) -> Result<TableRef, Error> {
        Err(not_offered())
    }
}
