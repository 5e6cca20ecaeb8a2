/** WASI systems: what programs of `wasm32-wasip1` see. */
import { type Bytes, bytesOf, isThenable } from "../base/checks.js";
import { constant } from "../base/define.js";
import { disposable } from "../base/disposable.js";
import { DisposedError, SnapshotError, WasiError } from "../base/errors.js";
import { known, optionsOf } from "../base/options.js";
import { shown } from "../base/shown.js";
import { Taken, Wait, type WasiLimitNumbers } from "../base/tables.js";
import { yieldToEventLoop } from "../base/yield.js";
import { type Waiting, noteSystemFunction } from "../calls/system.js";
import type { Engine } from "../host/engine.js";
import type { Held, Keeper } from "../host/net.js";
import { Module } from "../module.js";
import { Sandbox } from "../sandbox.js";
import type { Guest, PaceOptions } from "../types.js";
import { type Contents, FileSystem, type Files, type Seen, contentsOf, knownBytes } from "./files.js";
import { type Fill, WASI_NAMES, type WasiOptions, addOptions } from "./options.js";
import { WasiSnapshot } from "./snapshot.js";
import { Input, type Output, inputOf, outputOf } from "./streams.js";

const WASI_OPTIONS = known<WasiOptions>(WASI_NAMES);

/** The module that programs import from. */
const MODULE = "wasi_snapshot_preview1";

/** What programs import of a system. */
export interface WasiImports {
  /** Its functions by name, each served within the engine. */
  readonly wasi_snapshot_preview1: { readonly [name: string]: (...args: unknown[]) => never };
}

/** Random bytes that are given at once, so that who asks for few does not ask often. */
const RANDOM_BYTES = 4_096;

/** The longest time that timers can wait, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

const NOTHING = new Uint8Array();

/**
 * The system that a program of WASI preview 1 sees, for guests of one sandbox.
 *
 * What a program calls of it is served within the engine. JavaScript comes in where something has to be waited for: standard
 * input, a time, a lazy file, or whoever takes the output. So `guest.exports` and `callSync` work as long as nothing of that
 * happens, and end with an `AsyncImportError` where it does.
 */
export class Wasi {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  /** @internal */
  readonly engine: Engine;
  private readonly held: Held;
  private readonly fileSystem = new FileSystem();
  private readonly fill: Fill | undefined;
  private readonly input: Input | undefined;
  private readonly stdout: Output;
  private readonly stderr: Output;
  private functions: object | undefined;
  /** The hand-over that is under way. */
  private delivering: Promise<void> | undefined;
  /** What a sink threw meanwhile, for who is next. */
  private failure: { readonly error: unknown } | undefined;
  private exit: WasiError | undefined;
  /** Files that are handed over together, by the numbers of their bytes. */
  private readonly written = new Map<number, Uint8Array>();

  /** Makes a system for guests of a sandbox, or of a module's. */
  constructor(of: Sandbox | Guest["module"], given?: WasiOptions) {
    if (!(of instanceof Sandbox) && !(of instanceof Module))
      throw new TypeError("this is neither a sandbox nor a module, of this copy of `guestbox`");
    const engine = (this.engine = of.engine);
    const options = optionsOf(given, WASI_OPTIONS);
    const draft = engine.use((host) => host.draft_wasi());
    let handle: number;
    try {
      this.fill = addOptions(options, this.fileSystem, (part, name, value = NOTHING, number = 0) =>
        engine.use(() => draft.add(part, name, value, number)),
      );
      handle = engine.use((host) => host.new_wasi(draft));
    } finally {
      if (engine.isLive) draft.free();
    }
    this.held = engine.net.watch(this, "wasi", handle, drop);
    let input: Input | Uint8Array;
    try {
      this.stdout = outputOf("stdout", options.stdout);
      this.stderr = outputOf("stderr", options.stderr);
      input = inputOf(options.stdin);
    } catch (error) {
      this.held.dispose();
      throw error;
    }
    if (input instanceof Input) {
      this.input = input;
    } else {
      this.give(Wait.INPUT, input);
      if (input.length > 0) this.give(Wait.INPUT);
    }
  }

  /** What a program imports. Functions of your own may be put in the place of some of these. */
  imports(): WasiImports {
    return { [MODULE]: (this.functions ??= this.makeFunctions()) } as unknown as WasiImports;
  }

  private makeFunctions(): object {
    const functions = Object.create(null) as object;
    const names = JSON.parse(this.engine.use((host) => host.wasi_functions())) as string[];
    names.forEach((name, number) => {
      const function_ = (): never => {
        throw new TypeError(`\`${name}\` is served within the engine; give it to a guest as an import`);
      };
      noteSystemFunction(function_, { system: this, number });
      constant(functions, name, function_, true);
    });
    return Object.freeze(functions);
  }

  /** Calls `_initialize` of a reactor, if it exports that, before anything else of it is called. */
  async initialize(guest: Guest<object>, options?: PaceOptions): Promise<void> {
    const isThere = guest.module.exports.some(({ name, kind }) => name === "_initialize" && kind === "function");
    if (isThere) await (guest as unknown as Guest).call("_initialize", [], options);
  }

  /**
   * What the directories that can be written to have become: copies, by the names of the mounts and the paths in them. It can
   * be given as `files` again.
   */
  get files(): Files {
    const { engine } = this;
    const handle = this.handle();
    try {
      return this.fileSystem.files(
        (mount) => JSON.parse(engine.use((host) => host.wasi_look(handle, mount))) as Seen[],
        (path) => engine.use((host) => host.wasi_file(handle, path)),
      );
    } finally {
      if (engine.isLive) engine.use((host) => host.wasi_look(handle, undefined));
    }
  }

  /**
   * What the system is now. With `guest.snapshot()` it is all that the program's next call depends on.
   *
   * What was written is handed over, not kept. Throws a `SnapshotError` "busy" while a call waits for the system, for input or a
   * time.
   */
  snapshot(): WasiSnapshot {
    const { engine } = this;
    const handle = this.handle();
    return WasiSnapshot.of(
      engine,
      engine.use((host) => host.wasi_snapshot(handle)),
    );
  }

  /**
   * Makes the system what it, or another one of the same `files`, was when a snapshot was taken, by the snapshot or by its bytes.
   *
   * Limits and streams stay its own: what was written before is handed over as ever, and what `stdin` gave since then is not given again. Where it is refused,
   * by a `SnapshotError` or `RestoreError`, it is as it was.
   */
  restore(snapshot: Bytes | WasiSnapshot): void {
    const { engine } = this;
    const handle = this.handle();
    if (snapshot instanceof WasiSnapshot) {
      const kept = snapshot.handleIn(engine);
      engine.use((host) => host.wasi_restore(handle, kept));
      return;
    }
    const bytes = bytesOf("the snapshot", snapshot);
    // Far too many are not copied to where the engine reads them: that memory never shrinks.
    const maximum = engine.use((host) => host.wasi_snapshot_bytes_limit(handle));
    if (bytes.length > maximum) {
      throw new SnapshotError("limit", `snapshot refused: ${bytes.length} bytes are more than the system may have, ${maximum}`);
    }
    engine.use((host) => host.wasi_restore_bytes(handle, bytes));
  }

  /** All limits, as a plain object: it can be written as JSON, and be given as `limits`. */
  get limits(): Required<WasiLimitNumbers> {
    const handle = this.handle();
    const limits = JSON.parse(this.engine.use((host) => host.wasi_limits(handle))) as [string, number][];
    return Object.fromEntries(limits) as unknown as Required<WasiLimitNumbers>;
  }

  /** Counts output from nothing again, for the limit `outputBytes`: between two requests to a reactor. */
  forgetOutput(): void {
    this.give(Wait.OUTPUT);
  }

  /** Lets go of the system, reads no more input and gives back the streams for output. Guests go on, without input. */
  dispose(): void {
    if (this.held.value === undefined || !this.engine.isLive) return;
    this.handOverOutput();
    this.held.dispose();
    this.input?.end();
    this.stdout.end();
    this.stderr.end();
  }

  /** @internal */
  handle(): number {
    this.engine.check();
    const handle = this.held.value;
    if (handle === undefined) throw new DisposedError("torn-down", "the WASI system was disposed of");
    return handle;
  }

  /** @internal */
  wait(kind: Wait): Waiting | undefined {
    // Only then: who takes the output may have others put theirs into the exchange.
    const word = this.word();
    const written = this.deliver();
    switch (kind) {
      case Wait.FILE:
        return this.loading(this.fileSystem.load(word));
      case Wait.FOREVER:
        throw new WasiError("stuck", "the program waits for what can never happen");
      case Wait.INPUT:
        return waiting(this.read());
      case Wait.OUTPUT:
        return written && waiting(written);
      case Wait.UNTIL:
        return this.sleep(word, false);
      case Wait.UNTIL_INPUT:
        return this.sleep(word, true);
      case Wait.TURN:
        return waiting(yieldToEventLoop());
      default:
        this.giveRandom(word);
        return undefined;
    }
  }

  /** @internal */
  waitSync(kind: Wait): boolean {
    if (kind === Wait.OUTPUT) return this.deliver() === undefined;
    if (kind === Wait.RANDOM) {
      this.giveRandom(this.word());
      return true;
    }
    if (kind !== Wait.FILE) return false;
    const contents = this.fileSystem.load(this.word());
    if (isThenable(contents)) {
      void Promise.resolve(contents).catch(() => {});
      return false;
    }
    this.give(Wait.FILE, contentsOf("what was loaded", contents));
    return true;
  }

  /** @internal */
  exited(code: number, fuelUsed: bigint): WasiError {
    return (this.exit = new WasiError("exit", `the program exited with code ${code}`, undefined, { code, fuelUsed }));
  }

  /** @internal */
  hasEndedWith(error: unknown): error is WasiError {
    return error !== undefined && error === this.exit;
  }

  /** @internal */
  deliver(): Promise<void> | undefined {
    const { failure } = this;
    if (failure !== undefined) {
      this.failure = undefined;
      throw failure.error;
    }
    if (this.delivering !== undefined) return this.delivering;
    const slow = this.handOver();
    if (slow === undefined) return undefined;
    const delivering = (this.delivering = this.handOverAfter(slow));
    delivering.catch((error: unknown) => (this.failure = { error }));
    return delivering;
  }

  private async handOverAfter(slow: PromiseLike<unknown>): Promise<void> {
    try {
      for (let next: PromiseLike<unknown> | undefined = slow; next !== undefined; next = this.handOver()) await next;
    } finally {
      this.delivering = undefined;
    }
  }

  /** Hands over what was written, until somebody takes his time. */
  private handOver(): PromiseLike<unknown> | undefined {
    for (;;) {
      const kind = this.take();
      if (kind === Taken.WRITTEN) return this.handOverFile();
      if (kind === Taken.NOTHING) {
        this.written.clear();
        return undefined;
      }
      const taken = this.writeOut(kind);
      if (isThenable(taken)) return taken;
    }
  }

  /** Has the engine take what was written next. */
  private take(): Taken {
    const handle = this.held.value;
    return handle === undefined ? Taken.NOTHING : this.engine.use((host) => host.wasi_take(handle));
  }

  /** What was taken. */
  private bytes(): Uint8Array {
    const handle = this.handle();
    return this.engine.use((host) => host.wasi_taken(handle));
  }

  private writeOut(kind: Taken): unknown {
    return (kind === Taken.STDOUT ? this.stdout : this.stderr).write(this.bytes());
  }

  /** Hands over a file. There may be many, so that others have their turn in between. */
  private async handOverFile(): Promise<void> {
    const handle = this.handle();
    const place = JSON.parse(this.engine.use((host) => host.wasi_place(handle))) as [string, string, number, boolean];
    const [mount, path, number, isFirst] = place;
    if (isFirst) this.written.clear();
    const bytes = knownBytes(this.written, number, () => this.bytes());
    await this.fileSystem.written(mount, path, bytes);
    await yieldToEventLoop();
  }

  /** Hands over all output, and waits for nobody. */
  private handOverOutput(): void {
    try {
      for (let kind = this.take(); kind === Taken.STDOUT || kind === Taken.STDERR; kind = this.take()) {
        const taken = this.writeOut(kind);
        if (isThenable(taken)) taken.then(undefined, () => {});
      }
    } catch {
      // Who disposes of it does not ask what becomes of the rest.
    }
  }

  /** Gives the engine what is waited for. */
  private give(kind: Wait, bytes: Uint8Array = NOTHING): void {
    const handle = this.handle();
    this.engine.use((host) => host.wasi_give(handle, kind, bytes));
  }

  /** What the exchange says of what is waited for: a token, a number of bytes or of nanoseconds. */
  private word(): number {
    this.engine.refresh();
    return Number(this.engine.u64[0]);
  }

  private giveRandom(length: number): void {
    const bytes = new Uint8Array(Math.max(length, RANDOM_BYTES));
    (this.fill as Fill)(bytes);
    this.give(Wait.RANDOM, bytes);
  }

  private loading(contents: Contents | PromiseLike<Contents>): Waiting | undefined {
    const give = (loaded: Contents): void => this.give(Wait.FILE, contentsOf("what was loaded", loaded));
    if (isThenable(contents)) return waiting(contents.then(give));
    give(contents);
    return undefined;
  }

  /** Reads a piece of the input. */
  private async read(isStopped?: () => boolean): Promise<void> {
    const { input } = this;
    const bytes = input === undefined ? NOTHING : await input.read();
    if (isStopped?.()) return;
    input?.taken();
    this.give(Wait.INPUT, bytes);
  }

  /** Waits for a time, or for input if that comes first. */
  private sleep(nanoseconds: number, forInput: boolean): Waiting {
    const milliseconds = Math.ceil(nanoseconds / 1e6);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isStopped = false;
    const time = new Promise<void>((resolve) => {
      timer = setTimeout(
        () => {
          // Of a time that is further away it is asked again.
          if (milliseconds <= LONGEST_TIMER && !isStopped) this.give(Wait.UNTIL);
          isStopped = true;
          resolve();
        },
        Math.min(milliseconds, LONGEST_TIMER),
      );
    });
    const stop = (): void => {
      isStopped = true;
      clearTimeout(timer);
    };
    return { promise: forInput ? Promise.race([time, this.read(() => isStopped)]) : time, stop };
  }
}

disposable(Wasi);
shown(Wasi, ({ engine }) => (engine.isLive ? MODULE : "disposed of"));

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_wasi(handle));

const waiting = (promise: PromiseLike<unknown>): Waiting => ({ promise, stop: () => undefined });
