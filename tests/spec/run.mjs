/**
 * Performs the scripts of the specification's tests in JavaScript, as `tests/src/spec` has written them down: the twin of
 * its `run` and `linker`. An outcome is a text, as the tally has it.
 */

/** Thrown by what a directive cannot be done for, with what it comes to. */
class Came extends Error {
  constructor(outcome) {
    super(outcome);
    this.outcome = outcome;
  }
}

/** Thrown where a module is not linked. */
class Unlinked extends Error {}

const PASSED = "passed";
const ACCEPTED = "accepted";
const WRONG_TRAP = "wrong trap";
const WRONG = new Set(["wrong value", WRONG_TRAP, ACCEPTED]);
const wrongTrap = () => WRONG_TRAP;

/** How the numbers of a type are read; floats are bits. */
const NUMBERS = { i32: Number, i64: BigInt, f32: Number, f64: BigInt, v128: BigInt };

/** Things of the host's, by their numbers. */
const things = new Map();

/** The thing of a number: an object, or something else that only an `externref` can be. */
function thing(number) {
  if (!things.has(number)) things.set(number, Number(number) % 2 === 0 ? { number } : `thing ${number}`);
  return things.get(number);
}

/** The value to call with. */
function argument(text) {
  const [type, value] = text.split(":");
  if (value === "null") return null;
  return type === "externref" ? thing(value) : NUMBERS[type](value);
}

/** Of a width of floats: the sign, and the bits of the exponent and the highest of the payload. */
const WIDTHS = { f32: { sign: 1n << 31n, quiet: 0x7fc0_0000n }, f64: { sign: 1n << 63n, quiet: 0x7ff8_0000_0000_0000n } };

const NANS = {
  canonical: (bits, { sign, quiet }) => (bits & ~sign) === quiet,
  arithmetic: (bits, { quiet }) => (bits & quiet) === quiet,
};

/** Whether a value of a type is as a pattern of several wants it. */
const admits = (patterns, type, value) => patterns.split("|").some((pattern) => isAs(pattern, type, value));

function isAs(pattern, type, value) {
  const [wanted, expected] = pattern.split(":");
  if (wanted === "ref") return value === null && !Object.hasOwn(NUMBERS, type);
  if (Object.hasOwn(LANES, wanted)) return type === "v128" && areAs(LANES[wanted], expected.split(","), value);
  if (wanted !== type) return false;
  if (expected === "null") return value === null;
  if (wanted === "funcref") return typeof value === "function";
  if (wanted === "externref") return value !== null && (expected === "any" || value === thing(expected));
  if (Object.hasOwn(NANS, expected)) return NANS[expected](BigInt(value), WIDTHS[type]);
  return value === NUMBERS[type](expected);
}

/** The types of the lanes of vectors that are given lane by lane, and their bits. */
const LANES = { f32x4: ["f32", 32], f64x2: ["f64", 64] };

const areAs = ([type, bits], patterns, vector) =>
  patterns.every((pattern, at) => {
    const lane = BigInt.asUintN(bits, vector >> BigInt(at * bits));
    return Object.hasOwn(NANS, pattern) ? NANS[pattern](lane, WIDTHS[type]) : lane === BigInt(pattern);
  });

/**
 * Performs a script in a sandbox, and returns what its directives came to. `api` has the classes of errors of the package,
 * `common` is what all scripts have.
 */
export function performScript(api, sandbox, common, { name, directives }) {
  const script = new Script(api, sandbox, common);
  return directives.map((directive) => {
    try {
      return script.perform(directive);
    } catch (error) {
      throw new Error(`${name}, line ${directive.line}: ${error.message}`, { cause: error });
    }
  });
}

/** A script that is being performed. An instance is a guest, or what it came to that could not be made. */
class Script {
  #registered = new Map();
  #named = new Map();
  #current;
  /** The digits of modules by their names, of the last one by null. */
  #definitions = new Map();
  /** Of guests those that they import from. */
  #providers = new Map();
  /** What could not be done with a guest, whose state may be another because of it. */
  #unsettled = new Map();

  constructor(api, sandbox, common) {
    Object.assign(this, { api, sandbox, messages: common.messages });
    // No guest's, so that they can be shared with any.
    this.memory = sandbox.memory({ initial: 1, maximum: 2 });
    this.table = sandbox.table({ initial: 10, maximum: 20 });
    this.#registered.set("spectest", this.#make(common.spectest));
  }

  /** What a directive comes to. */
  perform(directive) {
    const { command, action, module, message } = directive;
    switch (command) {
      case "module":
        return this.#begin(directive);
      case "define":
        return this.#define(directive);
      case "instantiate":
        return this.#begin({ name: directive.name, module: this.#definitions.get(directive.definition) });
      case "register":
        return this.#register(directive);
      case "perform":
        return this.#act(action, () => PASSED, wrongTrap);
      case "assert-return":
        return this.#act(action, (types, values) => compared(types, values, directive.expected), wrongTrap);
      case "assert-trap":
        return this.#act(action, wrongTrap, (trap) => this.#judge(message, trap));
      case "assert-uninstantiable":
        return this.#unmade(module, (error) => {
          if (error === undefined) return WRONG_TRAP;
          if (this.api.Trap.is(error)) return this.#judge(message, error);
          return this.#isSegment(error) && message.startsWith("out of bounds") ? PASSED : this.#outcomeOf(error);
        });
      case "assert-unlinkable":
        return this.#unmade(module, (error) => {
          if (error === undefined || this.api.Trap.is(error)) return ACCEPTED;
          if (this.#isSegment(error)) return message.includes("segment does not fit") ? PASSED : ACCEPTED;
          return this.#isUnlinked(error) ? PASSED : this.#outcomeOf(error);
        });
      case "superseded":
        return "superseded";
      case "assert-refused":
        return this.#refused(module);
      default:
        throw new Error(`a command that is not known: ${command}`);
    }
  }

  /** Makes the instance that is the current one from now on. */
  #begin({ name, module }) {
    let outcome = PASSED;
    try {
      this.#current = this.#make(module);
    } catch (error) {
      this.#current = outcome = this.#outcomeOf(error);
    }
    if (name !== null) this.#named.set(name, this.#current);
    return outcome;
  }

  #define({ name, module }) {
    for (const known of [name, null]) this.#definitions.set(known, module);
    try {
      this.#compile(module);
    } catch (error) {
      return this.#outcomeOf(error);
    }
    return PASSED;
  }

  #register({ name, instance }) {
    const found = this.#instance(instance);
    this.#registered.set(name, found);
    return typeof found === "string" ? found : PASSED;
  }

  #instance(name) {
    const found = name === null ? this.#current : this.#named.get(name);
    if (found === undefined) throw new Error(`the script has no instance ${name}`);
    return found;
  }

  #make(digits) {
    const module = this.#compile(digits);
    const registered = module.imports.map((one) => this.#registered.get(one.module));
    const providers = registered.filter((instance) => instance !== undefined && typeof instance !== "string");
    try {
      const guest = module.instantiate(this.#link(module), { floats: "bits" });
      this.#providers.set(guest, providers);
      return guest;
    } catch (error) {
      // Refused, it did not write to their memories and tables, which it might have.
      if (!this.#isUnlinked(error) && !this.#isSegment(error) && !this.api.Trap.is(error)) {
        for (const provider of providers) this.#unsettle(provider, this.#outcomeOf(error));
      }
      throw error;
    }
  }

  #compile(digits) {
    return this.sandbox.compile(Buffer.from(digits, "hex"));
  }

  #unsettle(guest, outcome) {
    if (!this.#unsettled.has(guest)) this.#unsettled.set(guest, outcome);
  }

  /** What could not be done with a guest, or with those that it imports from. */
  #unsettledBy(guest) {
    const providers = this.#providers.get(guest) ?? [];
    return this.#unsettled.get(guest) ?? providers.map((one) => this.#unsettledBy(one)).find((outcome) => outcome !== undefined);
  }

  /** All that a module imports and that there is. */
  #link(module) {
    const imports = new Map([
      [
        "spectest",
        new Map([
          ["memory", this.memory],
          ["table", this.table],
        ]),
      ],
    ]);
    for (const descriptor of module.imports) {
      const instance = this.#registered.get(descriptor.module);
      if (instance === undefined) continue;
      if (typeof instance === "string") throw new Came(instance);
      const exported = instance.module.exports.find(({ name }) => name === descriptor.name);
      if (exported === undefined) continue;
      // The types of functions are for who serves them to compare.
      if (exported.kind === "function" && descriptor.kind === "function" && !isOfType(exported, descriptor)) throw new Unlinked();
      if (!imports.has(descriptor.module)) imports.set(descriptor.module, new Map());
      imports.get(descriptor.module).set(descriptor.name, instance.exports[descriptor.name]);
    }
    return imports;
  }

  /** What a module that has to be made comes to, by what making it threw. */
  #outcomeOf(error) {
    const { CompileError, InstantiateError, Trap } = this.api;
    if (error instanceof Came) return error.outcome;
    if (this.#isUnlinked(error)) return "refused: import";
    if (this.#isSegment(error) || Trap.is(error)) return WRONG_TRAP;
    if (CompileError.is(error)) return `refused: ${error.code === "unsupported" ? error.proposal : error.code}`;
    if (InstantiateError.is(error)) return `refused: ${error.code}`;
    throw error;
  }

  #isUnlinked(error) {
    return error instanceof Unlinked || this.api.InstantiateError.is(error, "import");
  }

  #isSegment(error) {
    return this.api.InstantiateError.is(error, "segment");
  }

  /** Judges what making a module throws, which is nothing where it is made. */
  #unmade(digits, judge) {
    try {
      this.#make(digits);
    } catch (error) {
      return judge(error);
    }
    return judge(undefined);
  }

  /** Has to be no valid module. */
  #refused(digits) {
    if (digits === null) return "text format";
    try {
      this.#compile(digits);
    } catch (error) {
      const { CompileError } = this.api;
      if (CompileError.is(error, "unsupported")) return `unexamined: ${error.proposal}`;
      // The specification has a limit of the pages of memories, too, and no other.
      if (CompileError.is(error, "limit")) return error.message.includes("the limit `memoryPages`") ? PASSED : "unexamined: limit";
      return ["invalid", "feature"].some((code) => CompileError.is(error, code)) ? PASSED : this.#outcomeOf(error);
    }
    return ACCEPTED;
  }

  /** Does something and judges the results, or the trap. */
  #act(action, returned, trapped) {
    const guest = this.#instance(action.instance);
    if (typeof guest === "string") return guest;
    let outcome;
    try {
      const type = guest.module.exports.find(({ name }) => name === action.export);
      const results = action.arguments === null ? valueOf(guest, type) : resultsOf(guest, type, action.arguments);
      outcome = returned(type.results ?? [type.type], results);
    } catch (error) {
      if (this.api.Trap.is(error)) {
        outcome = trapped(error);
      } else if (error instanceof Came) {
        outcome = error.outcome;
        this.#unsettle(guest, outcome);
      } else throw error;
    }
    return WRONG.has(outcome) ? (this.#unsettledBy(guest) ?? outcome) : outcome;
  }

  /** Whether a trap is of the kind that a message is about. */
  #judge(message, trap) {
    const [, codes] = this.messages.find(([beginning]) => message.startsWith(beginning)) ?? ["", []];
    return codes.includes(trap.code) ? PASSED : WRONG_TRAP;
  }
}

/** The value of a global, as a list. */
const valueOf = (guest, { name }) => [guest.exports[name].value];

/** What a function returns, as a list. */
function resultsOf(guest, type, texts) {
  const result = guest.exports[type.name](...texts.map(argument));
  return type.results.length > 1 ? result : type.results.length === 0 ? [] : [result];
}

function compared(types, values, expected) {
  const isEqual = values.length === expected.length && values.every((value, at) => admits(expected[at], types[at], value));
  return isEqual ? PASSED : "wrong value";
}

const isOfType = (one, other) => `${one.params}:${one.results}` === `${other.params}:${other.results}`;
