//! Functions that are added for a host: what asks it, and what does the work of operators that take fuel by
//! size.
//!
//! As in the interpreter, bounds come first, then the fuel, then the work; what is out of bounds, and growth that is
//! refused, takes none. The operator itself traps where it is out of bounds. Growth asks the host after the
//! module's own maximum.

use super::{ASK_FUEL, ASK_GROWTH, Host, Segment, code::Code};
use crate::{
    limits::to_usize,
    types::costs::BYTES_PER_UNIT,
    wasm::{
        operators::code::{
            CALL_INDIRECT, END, GLOBAL_GET, GLOBAL_SET, I32, I32_AND, I32_EQZ, I32_SHL, I32_SHR_U, I64_ADD,
            I64_EXTEND_I32_U, I64_GT_U, I64_LE_U, I64_SHL, LOCAL_SET, MEMORY_GROW, MEMORY_SIZE, RETURN,
            UNREACHABLE,
        },
        rewrite::{appended::Helper, types::AddedTypes},
        scan::Scan,
        types::Signature,
    },
};
use alloc::vec::Vec;
use wasmparser::{
    DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader, Operator, Parser, Payload,
};

// The second codes of operators.
const MEMORY_INIT: u8 = 8;
const DATA_DROP: u8 = 9;
const MEMORY_COPY: u8 = 10;
const MEMORY_FILL: u8 = 11;
const TABLE_INIT: u8 = 12;
const ELEM_DROP: u8 = 13;
const TABLE_COPY: u8 = 14;
const TABLE_GROW: u8 = 15;
const TABLE_SIZE: u8 = 16;
const TABLE_FILL: u8 = 17;

/// How a call has ended whose stack is used up.
const OVERFLOWN: i32 = 1;

/// What of growth the host is asked about.
const A_MEMORY: i32 = 0;
const A_TABLE: i32 = 1;

/// What growth answers that is refused.
const REFUSED: i32 = -1;

/// The most pages of a memory.
const MOST_PAGES: u64 = 1 << 16;
/// The bits of the bytes of a page.
const PAGE: u64 = 16;

/// The bits of the bytes, and of the elements of 4 bytes, that cost a unit; and of the units that a page costs.
const BYTES: i32 = BYTES_PER_UNIT.ilog2().cast_signed();
const ELEMENTS: i32 = BYTES.saturating_sub(2);
const UNITS_OF_PAGE: i32 = 16_i32.saturating_sub(BYTES);

impl Helper {
    /// What does the work of an operator, if it is not left to the operator.
    pub(super) const fn of(operator: &Operator<'_>) -> Option<Self> {
        Some(match *operator {
            Operator::DataDrop { data_index: segment } => Self::DropData { segment },
            Operator::ElemDrop { elem_index: segment } => Self::DropElements { segment },
            Operator::MemoryCopy { dst_mem: to, src_mem: from } => Self::CopyMemory { to, from },
            Operator::MemoryFill { mem: memory } => Self::FillMemory { memory },
            Operator::MemoryGrow { mem: memory } => Self::GrowMemory { memory },
            Operator::MemoryInit { data_index: segment, mem: memory } => Self::InitMemory { segment, memory },
            Operator::TableCopy { dst_table: to, src_table: from } => Self::CopyTable { to, from },
            Operator::TableFill { table } => Self::FillTable { table },
            Operator::TableGrow { table } => Self::GrowTable { table },
            Operator::TableInit { elem_index: segment, table } => Self::InitTable { segment, table },
            _ => return None,
        })
    }

    /// Its type.
    fn ty(self, scan: &Scan, types: &mut AddedTypes) -> Option<u32> {
        let kind = |table: u32| Some(scan.tables.get(to_usize(table))?.kind.byte());
        let of = |params: &[u8], results: &[u8], types: &mut AddedTypes| {
            types.of(scan, Signature { params, results })
        };
        match self {
            Self::Ask => of(&[I32], &[], types),
            Self::DropData { .. } | Self::DropElements { .. } | Self::Overflow => of(&[], &[], types),
            Self::CopyMemory { .. }
            | Self::CopyTable { .. }
            | Self::FillMemory { .. }
            | Self::InitMemory { .. }
            | Self::InitTable { .. } => of(&[I32, I32, I32], &[], types),
            Self::FillTable { table } => of(&[I32, kind(table)?, I32], &[], types),
            Self::GrowMemory { .. } => of(&[I32], &[I32], types),
            Self::GrowTable { table } => of(&[kind(table)?, I32], &[I32], types),
        }
    }
}

/// Where something begins and how much there is of it, in locals, and where it has to end.
struct Within(u32, u32, Until);

#[derive(Clone, Copy)]
enum Until {
    Memory(u32),
    Segment(u32),
    Table(u32),
}

/// What is to grow, of which kind, by what is in a local.
struct Growing {
    kind: i32,
    index: u32,
    more: u32,
    maximum: u64,
}

/// The type of what the host is asked about growth.
const ASK_GROWTH_TYPE: Signature<'_> = Signature { params: &[I32, I32, I32], results: &[I32] };

impl Code {
    /// How large a memory is, or a table.
    fn size(&mut self, kind: i32, index: u32) -> &mut Self {
        if kind == A_MEMORY { self.named(MEMORY_SIZE, index) } else { self.prefixed(TABLE_SIZE, index) }
    }

    /// Looks whether something is within its bounds.
    fn is_within(&mut self, Within(begin, len, until): Within) -> &mut Self {
        self.get(begin).op(I64_EXTEND_I32_U).get(len).op(I64_EXTEND_I32_U).op(I64_ADD);
        match until {
            Until::Memory(memory) => {
                self.named(MEMORY_SIZE, memory).op(I64_EXTEND_I32_U).long_constant(PAGE).op(I64_SHL)
            }
            Until::Segment(len) => self.named(GLOBAL_GET, len).op(I64_EXTEND_I32_U),
            Until::Table(table) => self.prefixed(TABLE_SIZE, table).op(I64_EXTEND_I32_U),
        };
        self.op(I64_LE_U)
    }

    /// Puts the parameters back on the stack.
    fn parameters(&mut self, many: u32) -> &mut Self {
        (0..many).fold(self, |code, param| code.get(param))
    }
}

impl Host {
    /// The type and the body of a function that is added.
    pub(super) fn helper(
        &self,
        scan: &Scan,
        types: &mut AddedTypes,
        helper: Helper,
    ) -> Option<(u32, Vec<u8>)> {
        let ty = helper.ty(scan, types)?;
        // It has one local, behind its parameters.
        let mut code = Code(Vec::from([1, 1, I32]));
        let (memory_0_2, table_0_2) =
            (|memory| Within(0, 2, Until::Memory(memory)), |table| Within(0, 2, Until::Table(table)));
        match helper {
            Helper::Ask => {
                let ty = types.of(scan, Signature { params: &[I32], results: &[I32] })?;
                code.get(0).constant(ASK_FUEL.cast_signed()).named(CALL_INDIRECT, ty).index(self.table);
                code.then(|code| code.op(UNREACHABLE));
            }
            Helper::Overflow => {
                code.constant(OVERFLOWN).named(GLOBAL_SET, self.ended()).op(UNREACHABLE);
            }
            Helper::FillMemory { memory } => {
                self.pay_within(&mut code, [Some(memory_0_2(memory)), None], BYTES);
                code.parameters(3).prefixed(MEMORY_FILL, memory);
            }
            Helper::CopyMemory { to, from } => {
                let from_within = Within(1, 2, Until::Memory(from));
                self.pay_within(&mut code, [Some(memory_0_2(to)), Some(from_within)], BYTES);
                code.parameters(3).prefixed(MEMORY_COPY, to).index(from);
            }
            Helper::InitMemory { segment, memory } => {
                let len = Until::Segment(self.len_of(Segment::Data(segment))?);
                self.pay_within(&mut code, [Some(memory_0_2(memory)), Some(Within(1, 2, len))], BYTES);
                code.parameters(3).prefixed(MEMORY_INIT, segment).index(memory);
            }
            Helper::FillTable { table } => {
                self.pay_within(&mut code, [Some(table_0_2(table)), None], ELEMENTS);
                code.parameters(3).prefixed(TABLE_FILL, table);
            }
            Helper::CopyTable { to, from } => {
                let from_within = Within(1, 2, Until::Table(from));
                self.pay_within(&mut code, [Some(table_0_2(to)), Some(from_within)], ELEMENTS);
                code.parameters(3).prefixed(TABLE_COPY, to).index(from);
            }
            Helper::InitTable { segment, table } => {
                let len = Until::Segment(self.len_of(Segment::Elements(segment))?);
                self.pay_within(&mut code, [Some(table_0_2(table)), Some(Within(1, 2, len))], ELEMENTS);
                code.parameters(3).prefixed(TABLE_INIT, segment).index(table);
            }
            Helper::DropData { segment } => {
                let len = self.len_of(Segment::Data(segment))?;
                code.prefixed(DATA_DROP, segment).constant(0).named(GLOBAL_SET, len);
            }
            Helper::DropElements { segment } => {
                let len = self.len_of(Segment::Elements(segment))?;
                code.prefixed(ELEM_DROP, segment).constant(0).named(GLOBAL_SET, len);
            }
            Helper::GrowMemory { memory } => {
                let maximum = scan.memories.get(to_usize(memory))?.maximum.unwrap_or(MOST_PAGES);
                let ask = Growing { kind: A_MEMORY, index: memory, more: 0, maximum };
                self.ask_growth(&mut code, ask, types.of(scan, ASK_GROWTH_TYPE)?);
                code.get(0).constant(UNITS_OF_PAGE).op(I32_SHL).named(LOCAL_SET, 1);
                self.charge_local(&mut code, 1).get(0).named(MEMORY_GROW, memory);
            }
            Helper::GrowTable { table } => {
                let maximum = scan.tables.get(to_usize(table))?.maximum().unwrap_or(u32::MAX.into());
                let ask = Growing { kind: A_TABLE, index: table, more: 1, maximum };
                self.ask_growth(&mut code, ask, types.of(scan, ASK_GROWTH_TYPE)?);
                code.get(1).constant(ELEMENTS).op(I32_SHR_U).named(LOCAL_SET, 2);
                self.charge_local(&mut code, 2).parameters(2).prefixed(TABLE_GROW, table);
            }
        }
        code.op(END);
        Some((ty, code.0))
    }

    /// Takes what the third parameter costs, where it is within its bounds: a unit for each 1 << `bits`.
    fn pay_within(&self, code: &mut Code, [first, second]: [Option<Within>; 2], bits: i32) {
        if let Some(within) = first {
            code.is_within(within);
        }
        if let Some(within) = second {
            code.is_within(within).op(I32_AND);
        }
        code.then(|code| {
            code.get(2).constant(bits).op(I32_SHR_U).named(LOCAL_SET, 3);
            self.charge_local(code, 3)
        });
    }

    /// Returns where something does not grow: by nothing, above its maximum, or where the host refuses.
    fn ask_growth(&self, code: &mut Code, growing: Growing, ty: u32) {
        let Growing { kind, index, more, maximum } = growing;
        code.get(more).op(I32_EQZ).then(|code| code.size(kind, index).op(RETURN));
        code.size(kind, index).op(I64_EXTEND_I32_U).get(more).op(I64_EXTEND_I32_U).op(I64_ADD);
        code.long_constant(maximum).op(I64_GT_U).then(|code| code.constant(REFUSED).op(RETURN));
        code.constant(kind).constant(index.cast_signed()).get(more).constant(ASK_GROWTH.cast_signed());
        code.named(CALL_INDIRECT, ty).index(self.table);
        code.op(I32_EQZ).then(|code| code.constant(REFUSED).op(RETURN));
    }
}

/// The lengths that segments have once an instance is made: those that are not passive are gone then.
pub(super) fn lens(bytes: &[u8], segments: &[Segment]) -> Option<Vec<u32>> {
    let (mut data, mut elements) = (Vec::new(), Vec::new());
    if !segments.is_empty() {
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.ok()? {
                Payload::DataSection(section) => data = data_lens(section)?,
                Payload::ElementSection(section) => {
                    elements = element_lens(section)?;
                }
                _ => {}
            }
        }
    }
    let len = |segment: &Segment| match segment {
        Segment::Data(index) => data.get(to_usize(*index)).copied(),
        Segment::Elements(index) => elements.get(to_usize(*index)).copied(),
    };
    // One that there is not the host will refuse.
    Some(segments.iter().map(|segment| len(segment).unwrap_or_default()).collect())
}

fn data_lens(section: DataSectionReader<'_>) -> Option<Vec<u32>> {
    let lens = section.into_iter().map(|segment| {
        let segment = segment.ok()?;
        match segment.kind {
            DataKind::Passive => u32::try_from(segment.data.len()).ok(),
            DataKind::Active { .. } => Some(0),
        }
    });
    lens.collect()
}

fn element_lens(section: ElementSectionReader<'_>) -> Option<Vec<u32>> {
    let lens = section.into_iter().map(|segment| {
        let segment = segment.ok()?;
        let len = match segment.items {
            ElementItems::Functions(functions) => functions.count(),
            ElementItems::Expressions(_, expressions) => expressions.count(),
        };
        Some(if matches!(segment.kind, ElementKind::Passive) { len } else { 0 })
    });
    lens.collect()
}
