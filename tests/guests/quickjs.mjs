// QuickJS, a JavaScript interpreter, compiled by Emscripten with its import and export names
// shortened. The supervisor gives it its memory, a clock, host functions and a module loader, and
// takes the processor back from a program that does not end.
// A JavaScript value is known outside by the address of a heap cell, which its holder must free.
import { encodeText, printMemory, readCString, Stop, writeU32 } from "./trace.mjs";
import { FREE, HOST_PRICE, HOST_PRINT, MALLOC, openQuickjs } from "./quickjs-host.mjs";
import { QTS_FreeCString, QTS_FreeValuePointer } from "./quickjs-host.mjs";
import * as programs from "./quickjs-programs.mjs";

export const name = "quickjs";
export const title = "JavaScript interpreter: programs, host functions, modules, promises, limits";

// What the exports are, in the names of the C sources.
const CALL_CONSTRUCTORS = "u";
const QTS_NewRuntime = "K",
  QTS_FreeRuntime = "L",
  QTS_NewContext = "N",
  QTS_FreeContext = "O";
const QTS_RuntimeSetMemoryLimit = "y",
  QTS_RuntimeSetMaxStackSize = "D";
const QTS_RuntimeEnableInterruptHandler = "Fa",
  QTS_RuntimeEnableModuleLoader = "Ha";
const QTS_RuntimeComputeMemoryUsage = "z",
  QTS_FreeValuePointerRuntime = "Q";
const QTS_GetGlobalObject = "ua",
  QTS_GetUndefined = "E",
  QTS_NewFunction = "Da";
const QTS_NewFloat64 = "Y",
  QTS_GetFloat64 = "Z",
  QTS_Call = "ma",
  QTS_Eval = "pa";
const QTS_ResolveException = "na",
  QTS_Dump = "oa";
const QTS_IsJobPending = "fa",
  QTS_ExecutePendingJob = "ga";

// Flags of QTS_Eval.
const AS_SCRIPT = 0,
  AS_MODULE = 1;

const MEMORY_LIMIT = 8 * 1024 * 1024;
// The stack counted here is the one in the guest's memory. The limit is well below QuickJS's own,
// so that it is reached before the limit an engine has for the depth of its calls.
const STACK_LIMIT = 64 * 1024;

export function run(engine, bytes, print) {
  const host = openQuickjs(engine, bytes, print);
  const guest = host.guest;
  const memory = host.memory;

  function free(value) {
    guest.call(QTS_FreeValuePointer, host.context, value);
  }
  function addHostFunction(functionName, number) {
    const at = host.newCString(functionName);
    const value = guest.call(QTS_NewFunction, host.context, at, 1, 0, number);
    guest.call(FREE, at);
    const global = guest.call(QTS_GetGlobalObject, host.context);
    host.setProperty(global, functionName, value);
    free(global);
  }
  // Prints the value as JSON; of an error that is its name, its message and its stack.
  function printValue(what, value) {
    const text = guest.call(QTS_Dump, host.context, value);
    print(`${what} ${readCString(memory, text)}`);
    guest.call(QTS_FreeCString, host.context, text);
  }
  // Returns the value of the program; prints an error that it throws, and returns 0.
  function evaluate(file, program, flags) {
    host.polls = 0;
    const fileAt = host.newCString(file);
    const programAt = host.newCString(program);
    const length = encodeText(program).length;
    const value = guest.call(QTS_Eval, host.context, programAt, length, fileAt, 0, flags);
    guest.call(FREE, programAt);
    guest.call(FREE, fileAt);
    const error = guest.call(QTS_ResolveException, host.context, value);
    if (error === 0) return value;
    free(value);
    printValue(`${file} throws`, error);
    free(error);
    return 0;
  }
  function evaluateAndPrint(file, program, flags) {
    const value = evaluate(file, program, flags);
    if (value === 0) return;
    printValue(`${file} gives`, value);
    free(value);
  }

  guest.call(CALL_CONSTRUCTORS);
  const runtime = guest.call(QTS_NewRuntime);
  guest.call(QTS_RuntimeSetMemoryLimit, runtime, MEMORY_LIMIT);
  guest.call(QTS_RuntimeSetMaxStackSize, runtime, STACK_LIMIT);
  guest.call(QTS_RuntimeEnableInterruptHandler, runtime);
  guest.call(QTS_RuntimeEnableModuleLoader, runtime, 1);
  host.context = guest.call(QTS_NewContext, runtime, 0);
  addHostFunction("print", HOST_PRINT);
  addHostFunction("price", HOST_PRICE);

  evaluateAndPrint("compute.js", programs.COMPUTE, AS_SCRIPT);
  evaluateAndPrint("clock.js", programs.CLOCK, AS_SCRIPT);
  evaluateAndPrint("errors.js", programs.ERRORS, AS_SCRIPT);
  evaluateAndPrint("syntax.js", programs.SYNTAX_ERROR, AS_SCRIPT);
  evaluateAndPrint("host.js", programs.HOST, AS_SCRIPT);
  evaluateAndPrint("main.js", programs.MAIN_MODULE, AS_MODULE);
  evaluateAndPrint("missing.js", programs.MISSING_MODULE, AS_MODULE);

  // Promise reactions run when the supervisor says so.
  evaluateAndPrint("promises.js", programs.PROMISES, AS_SCRIPT);
  const pending = guest.call(QTS_IsJobPending, runtime);
  const contextOut = guest.call(MALLOC, 4);
  const executed = guest.call(QTS_ExecutePendingJob, runtime, -1, contextOut);
  const jobs = guest.call(QTS_GetFloat64, host.context, executed);
  print(`jobs pending ${pending}, executed ${jobs}`);
  guest.call(QTS_FreeValuePointerRuntime, runtime, executed);
  guest.call(FREE, contextOut);

  // A function that a program returns, called with numbers.
  const callee = evaluate("function.js", programs.FUNCTION, AS_SCRIPT);
  const left = guest.call(QTS_NewFloat64, host.context, 6.25);
  const right = guest.call(QTS_NewFloat64, host.context, -0.1);
  const args = guest.call(MALLOC, 8);
  writeU32(memory, args, left);
  writeU32(memory, args + 4, right);
  const self = guest.call(QTS_GetUndefined);
  const product = guest.call(QTS_Call, host.context, callee, self, 2, args);
  const number = guest.call(QTS_GetFloat64, host.context, product);
  print(`function.js returns ${number}`);
  free(product);
  free(right);
  free(left);
  free(callee);
  guest.call(FREE, args);

  // Limits: the supervisor's patience, the stack, QuickJS's own count and the memory itself.
  evaluateAndPrint("endless.js", programs.ENDLESS, AS_SCRIPT);
  evaluateAndPrint("recursion.js", programs.RECURSION, AS_SCRIPT);
  evaluateAndPrint("greedy.js", programs.GREEDY, AS_SCRIPT);
  guest.call(QTS_RuntimeSetMemoryLimit, runtime, -1);
  evaluateAndPrint("greedier.js", programs.GREEDY, AS_SCRIPT);

  const usage = guest.call(QTS_RuntimeComputeMemoryUsage, runtime, host.context);
  printValue("usage", usage);
  free(usage);
  guest.call(QTS_FreeContext, host.context);
  guest.call(QTS_FreeRuntime, runtime);

  // A runtime freed while one of its values is still held: the C code asserts, and the supervisor
  // ends the call by an error out of the import.
  const leaky = guest.call(QTS_NewRuntime);
  host.context = guest.call(QTS_NewContext, leaky, 0);
  evaluate("held.js", "({})", AS_SCRIPT);
  guest.call(QTS_FreeContext, host.context);
  try {
    guest.call(QTS_FreeRuntime, leaky);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    print(`stopped: ${error.message}`);
  }
  printMemory(memory, print);
}
