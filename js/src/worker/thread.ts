/** Within the worker: a sandbox, and what it is asked to do. */
import { InvokeError } from "../base/errors.js";
import type { Guest as GuestOfSandbox } from "../guest.js";
import type { Allocation } from "../heap.js";
import type { Value } from "../host/value.js";
import { Sandbox } from "../sandbox.js";
import type { Module, Outcome, OutOfFuel } from "../types.js";
import type { Port } from "./port.js";
import { type Act, type Acts, type Ended, type Failure, type FromWorker, type Given, type Of, type ToWorker, failureOf } from "./wire.js";

/** What a call that was aborted is rejected with, and so what its signal says here. */
const ABORTED = Symbol("aborted");

/** What an import threw outside, which never comes in. */
class Thrown {
  constructor(readonly serve: number) {}
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Serves the sandbox that is outside of this worker. */
export function serve(port: Port): void {
  const thread = new Thread(port);
  port.listen((message: ToWorker) => thread.hear(message));
}

class Thread {
  private sandbox: Sandbox | undefined;
  private readonly modules = new Kept<Module>();
  private readonly guests = new Kept<GuestOfSandbox>();
  private readonly rooms = new Kept<Allocation>();
  private readonly outcomes = new Kept<OutOfFuel>();
  /** Acts that a signal may end. */
  private readonly controllers = new Map<number, AbortController>();
  /** Calls of imports that are served outside. */
  private readonly served = new Map<number, Waiting>();
  private serves = 0;

  constructor(private readonly port: Port) {}

  hear(message: ToWorker): void {
    switch (message.kind) {
      case "ask":
        void this.answer(message);
        break;
      case "abort":
        this.controllers.get(message.ask)?.abort(ABORTED);
        break;
      case "served":
        this.settle(message);
    }
  }

  private async answer({ ask, act, args, hasSignal }: Of<ToWorker, "ask">): Promise<void> {
    const controller = hasSignal ? new AbortController() : undefined;
    if (controller !== undefined) this.controllers.set(ask, controller);
    try {
      const value = await this.perform(act, args, controller?.signal);
      // What was read is a copy already.
      this.say({ kind: "value", ask, value }, act === "memory" && value instanceof Uint8Array ? [value.buffer] : []);
    } catch (error) {
      // That a value cannot be cloned is an error as well.
      this.say({ kind: "failure", ask, failure: this.failureOf(error) });
    }
    this.controllers.delete(ask);
  }

  private say(message: FromWorker, transfer: readonly ArrayBufferLike[] = []): void {
    this.port.post(message, transfer);
  }

  private failureOf(error: unknown): Failure {
    if (error === ABORTED) return { kind: "aborted" };
    return error instanceof Thrown ? { kind: "thrown", serve: error.serve } : failureOf(error);
  }

  private perform(act: Act, args: readonly unknown[], signal: AbortSignal | undefined): unknown {
    const perform = this.acts(signal)[act] as (...args: readonly unknown[]) => unknown;
    return perform(...args);
  }

  private acts(signal: AbortSignal | undefined): { readonly [A in Act]: (...args: Parameters<Acts[A]>) => unknown } {
    const paced = (options: object): object => (signal === undefined ? options : { ...options, signal });
    return {
      load: async (options) => void (this.sandbox = await Sandbox.load(options)),
      compile: async (bytes, options) => {
        const module = await (this.sandbox as Sandbox).compileAsync(bytes, options);
        const { imports, exports } = module;
        return { id: this.modules.keep(module), imports, exports };
      },
      instantiate: async (module, supply, given, options) => {
        const guest = await this.modules.get(module).instantiateAsync<object, object>(this.importsOf(supply, given), paced(options));
        return this.guests.keep(guest as unknown as GuestOfSandbox);
      },
      call: (guest, name, args, options) => this.guests.get(guest).call(name, args, paced(options)),
      tryCall: async (guest, name, args, options) => this.ended(await this.guests.get(guest).tryCall(name, args, paced(options))),
      resume: async (id, fuel, options) => {
        const outcome = await this.outcomes.get(id).resume(fuel, paced(options));
        this.outcomes.take(id);
        return this.ended(outcome);
      },
      allocate: (guest, contents) => {
        const room = this.guests.get(guest).allocate(contents);
        return { id: this.rooms.keep(room), pointer: room.pointer, length: room.length };
      },
      memory: (guest, act, args) => {
        const { mainMemory } = this.guests.get(guest);
        return (mainMemory[act] as (...args: readonly unknown[]) => unknown).apply(mainMemory, [...args]);
      },
      readString: (guest, pointer, length, options) => this.guests.get(guest).readString(pointer, length, options),
      free: (room) => this.rooms.take(room)?.freeAsync(),
      disposeModule: (module) => this.modules.take(module)?.dispose(),
      disposeGuest: (guest) => this.guests.take(guest)?.dispose(),
      abort: (outcome) => this.outcomes.take(outcome)?.abort(),
    };
  }

  private ended(outcome: Outcome): Ended {
    const { status, fuelUsed } = outcome;
    if (status === "ok") return { status, value: outcome.value, fuelUsed };
    if (status === "trap") return { status, trap: failureOf(outcome.trap), fuelUsed };
    const { frames } = outcome;
    return { status, id: this.outcomes.keep(outcome), fuelUsed, frames: [...frames], leftOut: frames.leftOut };
  }

  /** Imports whose functions are those of the supply outside. */
  private importsOf(supply: number, given: readonly Given[]): object {
    const imports = new Map<string, Map<string, unknown>>();
    given.forEach(([module, name, isFunction, value], at) => {
      const fields = imports.get(module) ?? new Map<string, unknown>();
      imports.set(module, fields);
      fields.set(name, isFunction ? (...args: Value[]) => this.serveOutside(supply, at, args) : value);
    });
    return imports;
  }

  private serveOutside(supply: number, at: number, args: readonly Value[]): Promise<unknown> {
    const serve = ++this.serves;
    return new Promise((resolve, reject) => {
      this.say({ kind: "serve", serve, supply, at, args });
      this.served.set(serve, { resolve, reject });
    });
  }

  private settle({ serve, value, threw }: Of<ToWorker, "served">): void {
    const waiting = this.served.get(serve);
    this.served.delete(serve);
    if (threw) waiting?.reject(new Thrown(serve));
    else waiting?.resolve(value);
  }
}

/** Things that are known outside by numbers. */
class Kept<T> {
  private readonly things = new Map<number, T>();
  private kept = 0;

  keep(thing: T): number {
    this.things.set(++this.kept, thing);
    return this.kept;
  }

  get(id: number): T {
    const thing = this.things.get(id);
    if (thing === undefined) throw new InvokeError("call-over", "the call was resumed or ended before");
    return thing;
  }

  /** The thing, which is not kept any more. */
  take(id: number): T | undefined {
    const thing = this.things.get(id);
    this.things.delete(id);
    return thing;
  }
}
