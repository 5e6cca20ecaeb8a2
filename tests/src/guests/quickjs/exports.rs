//! What the exports of QuickJS are, in the names of the C sources. `QTS_` is the layer of
//! quickjs-emscripten.

pub(super) const CALL_CONSTRUCTORS: &str = "u";
pub(super) const MALLOC: &str = "v";
pub(super) const FREE: &str = "M";

pub(super) const QTS_NEW_RUNTIME: &str = "K";
pub(super) const QTS_FREE_RUNTIME: &str = "L";
pub(super) const QTS_NEW_CONTEXT: &str = "N";
pub(super) const QTS_FREE_CONTEXT: &str = "O";
pub(super) const QTS_RUNTIME_SET_MEMORY_LIMIT: &str = "y";
pub(super) const QTS_RUNTIME_SET_MAX_STACK_SIZE: &str = "D";
pub(super) const QTS_RUNTIME_ENABLE_INTERRUPT_HANDLER: &str = "Fa";
pub(super) const QTS_RUNTIME_ENABLE_MODULE_LOADER: &str = "Ha";
pub(super) const QTS_RUNTIME_COMPUTE_MEMORY_USAGE: &str = "z";

pub(super) const QTS_FREE_VALUE_POINTER: &str = "P";
pub(super) const QTS_FREE_VALUE_POINTER_RUNTIME: &str = "Q";
pub(super) const QTS_GET_GLOBAL_OBJECT: &str = "ua";
pub(super) const QTS_GET_UNDEFINED: &str = "E";
pub(super) const QTS_NEW_FUNCTION: &str = "Da";
pub(super) const QTS_NEW_FLOAT64: &str = "Y";
pub(super) const QTS_GET_FLOAT64: &str = "Z";
pub(super) const QTS_NEW_STRING: &str = "_";
pub(super) const QTS_GET_STRING: &str = "$";
pub(super) const QTS_FREE_C_STRING: &str = "S";
pub(super) const QTS_SET_PROP: &str = "ja";
pub(super) const QTS_ARGV_GET_JS_VALUE_CONST_POINTER: &str = "Ea";
pub(super) const QTS_NEW_ERROR: &str = "x";
pub(super) const QTS_THROW: &str = "w";

pub(super) const QTS_CALL: &str = "ma";
pub(super) const QTS_EVAL: &str = "pa";
pub(super) const QTS_RESOLVE_EXCEPTION: &str = "na";
pub(super) const QTS_DUMP: &str = "oa";
pub(super) const QTS_IS_JOB_PENDING: &str = "fa";
pub(super) const QTS_EXECUTE_PENDING_JOB: &str = "ga";
