//! QuickJS, a JavaScript interpreter, compiled by Emscripten with its import and export names
//! shortened. The supervisor gives it its memory, a clock, host functions and a module loader,
//! and takes the processor back from a program that does not end.
//!
//! A JavaScript value is known outside by the address of a heap cell, which its holder must free.

mod calendar;
mod exports;
mod imports;
mod interpreter;
mod programs;

pub use self::interpreter::{Interpreter, Moment};

use self::{
    exports::{
        CALL_CONSTRUCTORS, FREE, MALLOC, QTS_CALL, QTS_DUMP, QTS_EVAL, QTS_EXECUTE_PENDING_JOB,
        QTS_FREE_C_STRING, QTS_FREE_CONTEXT, QTS_FREE_RUNTIME, QTS_FREE_VALUE_POINTER,
        QTS_FREE_VALUE_POINTER_RUNTIME, QTS_GET_FLOAT64, QTS_GET_GLOBAL_OBJECT, QTS_GET_UNDEFINED,
        QTS_IS_JOB_PENDING, QTS_NEW_CONTEXT, QTS_NEW_FLOAT64, QTS_NEW_FUNCTION, QTS_NEW_RUNTIME,
        QTS_RESOLVE_EXCEPTION, QTS_RUNTIME_COMPUTE_MEMORY_USAGE, QTS_RUNTIME_ENABLE_INTERRUPT_HANDLER,
        QTS_RUNTIME_ENABLE_MODULE_LOADER, QTS_RUNTIME_SET_MAX_STACK_SIZE, QTS_RUNTIME_SET_MEMORY_LIMIT,
    },
    imports::{CLOCK_BEGIN, FUNCTIONS, HOST_PRICE, HOST_PRINT},
};
use super::{
    Failure,
    host::{Driver, Function, GuestMemory, Host, Session, serve},
    values::{args, length},
};
use guestbox::{HostCall, HostError, Store, Supervisor, Values};

const MEMORY_LIMIT: u32 = 8 * 1024 * 1024;
/// The stack counted here is the one in the guest's memory. The limit is well below QuickJS's
/// own, so that it is reached before the limit an engine has for the depth of its calls.
const STACK_LIMIT: u32 = 64 * 1024;

/// How a program is evaluated, the flags of `QTS_Eval`.
#[derive(Clone, Copy)]
enum Flags {
    Script = 0,
    Module = 1,
}

/// The supervisor.
pub(super) struct Quickjs {
    session: Session,
    clock: f64,
    /// The interrupt polls since the last evaluation began.
    polls: u32,
    /// The context that programs run in.
    context: u32,
}

impl Default for Quickjs {
    fn default() -> Self {
        Self { session: Session::default(), clock: CLOCK_BEGIN, polls: 0, context: 0 }
    }
}

impl Supervisor for Quickjs {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        serve(store, self, call, Host::import)
    }
}

impl Driver for Quickjs {
    const FUNCTIONS: &'static [Function] = FUNCTIONS;
    /// All the memory it ever gets: QuickJS never grows it itself, it asks the supervisor.
    const MEMORY: GuestMemory = GuestMemory::Given { module: "a", name: "a", pages: 256 };

    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn drive(host: &mut Host<'_, Self>) -> Result<(), Failure> {
        let runtime = host.new_context()?;
        host.evaluate_and_print("compute.js", programs::COMPUTE, Flags::Script)?;
        host.evaluate_and_print("clock.js", programs::CLOCK, Flags::Script)?;
        host.evaluate_and_print("errors.js", programs::ERRORS, Flags::Script)?;
        host.evaluate_and_print("syntax.js", programs::SYNTAX_ERROR, Flags::Script)?;
        host.evaluate_and_print("host.js", programs::HOST, Flags::Script)?;
        host.evaluate_and_print("main.js", programs::MAIN_MODULE, Flags::Module)?;
        host.evaluate_and_print("missing.js", programs::MISSING_MODULE, Flags::Module)?;
        host.run_promises(runtime)?;
        host.call_function()?;
        host.reach_limits(runtime)?;

        let context = host.supervisor.context;
        let usage = host.call(QTS_RUNTIME_COMPUTE_MEMORY_USAGE, args![runtime, context])?;
        host.print_value("usage", usage)?;
        host.free(usage)?;
        host.call::<()>(QTS_FREE_CONTEXT, args![context])?;
        host.call::<()>(QTS_FREE_RUNTIME, args![runtime])?;

        host.free_too_early()?;
        host.print_memory()
    }
}

impl Host<'_, Quickjs> {
    /// Makes a runtime and the context that programs run in; the runtime.
    fn new_context(&mut self) -> Result<u32, Failure> {
        self.call::<()>(CALL_CONSTRUCTORS, args![])?;
        let runtime: u32 = self.call(QTS_NEW_RUNTIME, args![])?;
        self.call::<()>(QTS_RUNTIME_SET_MEMORY_LIMIT, args![runtime, MEMORY_LIMIT])?;
        self.call::<()>(QTS_RUNTIME_SET_MAX_STACK_SIZE, args![runtime, STACK_LIMIT])?;
        self.call::<()>(QTS_RUNTIME_ENABLE_INTERRUPT_HANDLER, args![runtime])?;
        self.call::<()>(QTS_RUNTIME_ENABLE_MODULE_LOADER, args![runtime, 1])?;
        self.supervisor.context = self.call(QTS_NEW_CONTEXT, args![runtime, 0])?;
        self.add_host_function("print", HOST_PRINT)?;
        self.add_host_function("price", HOST_PRICE)?;
        Ok(runtime)
    }

    fn free(&mut self, value: u32) -> Result<(), Failure> {
        let context = self.supervisor.context;
        self.call(QTS_FREE_VALUE_POINTER, args![context, value])
    }

    fn add_host_function(&mut self, name: &str, number: u32) -> Result<(), Failure> {
        let context = self.supervisor.context;
        let at = self.new_c_string(name)?;
        let value = self.call(QTS_NEW_FUNCTION, args![context, at, 1, 0, number])?;
        self.call::<()>(FREE, args![at])?;
        let global = self.call(QTS_GET_GLOBAL_OBJECT, args![context])?;
        self.set_property(global, name, value)?;
        self.free(global)
    }

    /// Prints the value as JSON; of an error that is its name, its message and its stack.
    fn print_value(&mut self, what: &str, value: u32) -> Result<(), Failure> {
        let context = self.supervisor.context;
        let text: u32 = self.call(QTS_DUMP, args![context, value])?;
        let json = self.read_c_string(text)?;
        self.print(format!("{what} {json}"));
        self.call(QTS_FREE_C_STRING, args![context, text])
    }

    /// Returns the value of the program; prints an error that it throws, and returns `None`.
    fn evaluate(&mut self, file: &str, program: &str, flags: Flags) -> Result<Option<u32>, Failure> {
        self.supervisor.polls = 0;
        let context = self.supervisor.context;
        let file_at = self.new_c_string(file)?;
        let program_at = self.new_c_string(program)?;
        let arguments = args![context, program_at, length(program), file_at, 0, flags as i32];
        let value: u32 = self.call(QTS_EVAL, arguments)?;
        self.call::<()>(FREE, args![program_at])?;
        self.call::<()>(FREE, args![file_at])?;
        let error: u32 = self.call(QTS_RESOLVE_EXCEPTION, args![context, value])?;
        if error == 0 {
            return Ok(Some(value));
        }
        self.free(value)?;
        self.print_value(&format!("{file} throws"), error)?;
        self.free(error)?;
        Ok(None)
    }

    fn evaluate_and_print(&mut self, file: &str, program: &str, flags: Flags) -> Result<(), Failure> {
        let Some(value) = self.evaluate(file, program, flags)? else { return Ok(()) };
        self.print_value(&format!("{file} gives"), value)?;
        self.free(value)
    }

    /// Promise reactions run when the supervisor says so.
    fn run_promises(&mut self, runtime: u32) -> Result<(), Failure> {
        self.evaluate_and_print("promises.js", programs::PROMISES, Flags::Script)?;
        let pending: i32 = self.call(QTS_IS_JOB_PENDING, args![runtime])?;
        let context_out: u32 = self.call(MALLOC, args![4])?;
        let executed: u32 = self.call(QTS_EXECUTE_PENDING_JOB, args![runtime, -1, context_out])?;
        let context = self.supervisor.context;
        let jobs: f64 = self.call(QTS_GET_FLOAT64, args![context, executed])?;
        self.print(format!("jobs pending {pending}, executed {jobs}"));
        self.call::<()>(QTS_FREE_VALUE_POINTER_RUNTIME, args![runtime, executed])?;
        self.call(FREE, args![context_out])
    }

    /// A function that a program returns, called with numbers.
    fn call_function(&mut self) -> Result<(), Failure> {
        let callee = self.evaluate("function.js", programs::FUNCTION, Flags::Script)?;
        let callee = callee.ok_or_else(|| Failure::unexpected("function.js gives no function"))?;
        let context = self.supervisor.context;
        let left: u32 = self.call(QTS_NEW_FLOAT64, args![context, 6.25])?;
        let right: u32 = self.call(QTS_NEW_FLOAT64, args![context, -0.1])?;
        let argv: u32 = self.call(MALLOC, args![8])?;
        self.write_u32(argv, left)?;
        self.write_u32(argv.wrapping_add(4), right)?;
        let this: u32 = self.call(QTS_GET_UNDEFINED, args![])?;
        let product: u32 = self.call(QTS_CALL, args![context, callee, this, 2, argv])?;
        let number: f64 = self.call(QTS_GET_FLOAT64, args![context, product])?;
        self.print(format!("function.js returns {number}"));
        for value in [product, right, left, callee] {
            self.free(value)?;
        }
        self.call(FREE, args![argv])
    }

    /// The supervisor's patience, the stack, QuickJS's own count and the memory itself.
    fn reach_limits(&mut self, runtime: u32) -> Result<(), Failure> {
        self.evaluate_and_print("endless.js", programs::ENDLESS, Flags::Script)?;
        self.evaluate_and_print("recursion.js", programs::RECURSION, Flags::Script)?;
        self.evaluate_and_print("greedy.js", programs::GREEDY, Flags::Script)?;
        self.call::<()>(QTS_RUNTIME_SET_MEMORY_LIMIT, args![runtime, -1])?;
        self.evaluate_and_print("greedier.js", programs::GREEDY, Flags::Script)
    }

    /// A runtime freed while one of its values is still held: the C code asserts, and the
    /// supervisor ends the call by an error out of the import.
    fn free_too_early(&mut self) -> Result<(), Failure> {
        let runtime: u32 = self.call(QTS_NEW_RUNTIME, args![])?;
        self.supervisor.context = self.call(QTS_NEW_CONTEXT, args![runtime, 0])?;
        self.evaluate("held.js", "({})", Flags::Script)?;
        let context = self.supervisor.context;
        self.call::<()>(QTS_FREE_CONTEXT, args![context])?;
        match self.call(QTS_FREE_RUNTIME, args![runtime]) {
            Err(Failure::Stop(message)) => self.print(format!("stopped: {message}")),
            outcome => return outcome,
        }
        Ok(())
    }
}
