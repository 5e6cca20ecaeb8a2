//! What a guest's work costs in fuel: the cost model, of version [`VERSION`].
//!
//! A unit is about one simple operator, natively some 0.3 to 1 ns. All of it is said here of a module's
//! own operators and of the calls between guest and supervisor, and nothing is left to an engine: counts
//! depend on the module alone. They are equal natively, in debug and release builds, in every JavaScript
//! runtime, and for modules that are compiled with frames.
//!
//! # Operators
//!
//! | class | operators | fuel each |
//! |---|---|---|
//! | structure | `block`, `loop`, `else`, `end`, `return`, `unreachable`, `drop` | 0 |
//! | simple | constants, locals, globals, comparisons, integer arithmetic other than division, loads, stores, `select`, references, `table.get`, `table.set`, sizes, float `abs`, `neg`, `copysign`, `min`, `max` and rounding, `nop` | 1 |
//! | branches | `br`, `br_if`, `if` | 1 |
//! | conversions | between integers and floats, and between floats | 2 |
//! | float arithmetic | `add`, `sub`, `mul` | 2 |
//! | division | integer `div` and `rem` | 3 |
//! | tables of branches | `br_table` | 4 |
//! | calls | `call`, `call_indirect`, `return_call`, `return_call_indirect` | 6 |
//! | growth of memories | `memory.grow` | 8, and by size |
//! | growth of tables | `table.grow`, which takes the time of a host call | 64, and by size |
//! | slow floats | `div`, `sqrt` | 10 |
//! | bulk | `memory.fill`, `memory.copy`, `memory.init`, `table.fill`, `table.copy`, `table.init`, `data.drop`, `elem.drop` | 4, and by size |
//! | passed values | `block`, `loop` and `if`, for each parameter, and an `if` that has some for each result; `br`, `br_if` and `br_table` for each value that they pass, but for one value that is passed to the end of a block | 2 |
//! | host calls | `call` and `return_call` of an imported function | [`HOST_CALL`] |
//! | vectors | constants; `load`, `store`, and loads of a lane for all lanes or among zeros; bits and what selects by them, `any_true`; `splat`, `extract_lane`, `replace_lane` | 1 |
//! | lanes in memory | loads and stores of a lane | 2 |
//! | lanes | all other operators of integers, `shuffle` and `swizzle`, loads that extend lanes; of floats `abs`, `neg`, comparisons, `min`, `max`, `pmin`, `pmax` | 1 for each lane |
//! | lanes of floats | rounding, `add`, `sub`, `mul`, and conversions from and to integers and between floats | 2 for each lane |
//! | slow lanes | `div`, `sqrt`, `relaxed_madd`, `relaxed_nmadd` | 10 for each lane |
//!
//! Lanes are those of the operands or of the result, of whichever has more: `i16x8.extend_low_i8x16_s` has 16, of
//! what it loads `v128.load8x8_s` has 8. Relaxed operators cost as what they are like.
//!
//! # Crossings
//!
//! | what | when it is taken | fuel each |
//! |---|---|---|
//! | a host call | with the region that the call of the imported function is in, see `wasm::rewrite::meter` | [`HOST_CALL`] |
//! | a call of an export, also one that is nested in another | before the guest begins | [`EXPORT_CALL`] |
//! | a start function that is run | before the guest begins | [`EXPORT_CALL`] |
//!
//! A call that has not the fuel to begin is out of fuel, and nothing has run; it begins when it is given more.
//! A module without a start function costs nothing to instantiate.
//!
//! # Imports
//!
//! Where an imported function is not called but referred to, by an export, a segment, a global or
//! `ref.func`, a function of the module's stands for it that calls it. It costs what such a function
//! does: a unit for its region and one for each parameter, and the host call; and while the host call is
//! served it is a frame of the guest's, though none that is listed.
//!
//! # By size
//!
//! * A bulk operation and growth cost a unit for each whole 64 bytes that they write: 1,024 for a
//!   page of memory, one for 16 elements of a table. Growth that is refused, and operations out
//!   of bounds, which trap, do not.
//! * A function with many locals costs a unit for each whole [`LOCALS_PER_UNIT`] of them, beside
//!   its parameters, whenever it is called. A vector counts twice.
//!
//! # When
//!
//! Fuel is taken before the work, for a region of code at once: a unit, and the cost of all operators of
//! the region, but not of the regions within it. So a count is an upper bound: what a branch skips in a
//! region is paid for. A region begins
//!
//! * when a function is entered, at each turn of a `loop`, and when an arm of an `if` is entered;
//! * behind a block or an `if` which a far branch leaves: one, from within it, before at least [`FAR`] units
//!   more of the region that the block's own operators belong to, or before another region begins so among
//!   these. The arms of an `if` are looked at apart. The region goes on to the end of the block around. It
//!   costs two units for each result of the block. None begins where the block around has other operands
//!   than these, or several results, or where [`OPEN`] blocks and such regions are open: then what follows
//!   is paid for with what is before.
//!
//! Code that no path leads to, behind an unconditional branch up to the end of its block, costs nothing.
//! That operands are constant changes nothing, also where they are bound to make an operator trap. Bulk
//! operations take what their size costs when they run.
//!
//! What the supervisor does is its own: see [`Store::charge`](crate::Store::charge).
//!
//! # WASI
//!
//! Calls that [`Wasi`](crate::wasi::Wasi) serves are charged before the work, once, however often a call that waits is
//! served:
//!
//! | what | fuel each |
//! |---|---|
//! | a call, beside the host call | [`WASI_CALL`] |
//! | 8 bytes that are copied between memory and files, streams or paths, or cleared as a file grows | 1 |
//! | a random byte | [`WASI_RANDOM_BYTE`] |
//! | a component of a path, or of what a symbolic link leads to | [`WASI_COMPONENT`] |
//! | an entry of a directory that is listed, or looked at as a directory is moved; a subscription of a poll | [`WASI_ENTRY`] |
//! | a piece of memory to read into or to write from | [`WASI_PIECE`] |
//!
//! # Why these
//!
//! `make bench-fuel` measures what a unit of each class is worth: 0.2 to 3 ns, also where functions
//! with 20,000 locals are called, which at a unit an operator would be worth 1,200. Above are only
//! multiplications of denormal floats, 7 ns a unit on x86, and pages of memory that a guest gets
//! for the first time, 27 ns a unit, which by default come to 113 ms for the largest memory.
//!
//! Of vectors the instructions were counted that the engine takes on x86: some 3 to 16 a unit.
//!
//! It also measures crossings, natively and in Node, against plain code in the same run. They are what
//! hosts differ in: a unit of them is to be worth no more than ten of plain code in any, so that who calls
//! back and forth all the time is ended about as soon as who computes.
//!
//! Without regions behind far branches each turn of an interpreter's loop would pay for all arms of its
//! `br_table`: QuickJS for 170 times what it executes, and so for 2.5 times.

/// The version of the cost model. It goes up whenever the same guest may use other fuel than
/// before: compare and keep counts only together with it.
pub const VERSION: u32 = 4;

/// The fuel that a call of an imported function costs.
pub const HOST_CALL: u32 = 64;

/// The fuel that each call of an export, and each run of a start function, costs before the guest begins.
pub const EXPORT_CALL: u32 = 64;

/// The units behind a branch, up to the end of its block, with which it is a far one.
pub const FAR: u32 = 64;

/// The blocks, with the regions begun behind far branches, that may be open where another such region begins.
pub const OPEN: u32 = 1_000;

/// The units of a value that is passed from block to block.
pub(crate) const PASSED: u32 = 2;

/// Locals, 8 bytes each and of vectors 16, that are set to zero for a unit of fuel when a function is called.
pub const LOCALS_PER_UNIT: u32 = 16;

/// Bytes that bulk operations and growth write for a unit of fuel.
pub const BYTES_PER_UNIT: u32 = 64;

/// The fuel of each call of WASI's that is served, beside [`HOST_CALL`].
pub const WASI_CALL: u64 = 300;

/// Bytes that WASI copies or clears for a unit of fuel.
pub const WASI_BYTES_PER_UNIT: u64 = 8;

/// The fuel of each random byte.
pub const WASI_RANDOM_BYTE: u64 = 1;

/// The fuel of each component of a path that is followed, those of symbolic links too.
pub const WASI_COMPONENT: u64 = 100;

/// The fuel of each entry of a directory and of each subscription that is looked at.
pub const WASI_ENTRY: u64 = 50;

/// The fuel of each piece of memory that is read into or written from.
pub const WASI_PIECE: u64 = 16;
