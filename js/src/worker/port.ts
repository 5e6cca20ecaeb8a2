/** What messages go through between a sandbox and its worker, whichever runtime has made that: a Web Worker or a thread of Node's. */

/** What of a worker is used, or within it of what is outside. */
export interface WorkerLike {
  /** Sends a message. */
  postMessage(message: unknown): void;
}

/** A port as Node has them, and as the web does. */
interface AnyPort {
  postMessage(message: unknown, transfer: readonly ArrayBufferLike[]): void;
  on?(event: "message" | "error" | "exit", heard: (value: unknown) => void): unknown;
  addEventListener?(event: "message" | "error" | "messageerror", heard: (event: { data?: unknown; message?: unknown }) => void): void;
  terminate?(): unknown;
  ref?(): void;
  unref?(): void;
}

/** A worker as it is seen from outside, or what is outside as a worker sees it. */
export class Port {
  private readonly port: AnyPort;

  constructor(worker: object) {
    this.port = worker as AnyPort;
  }

  post(message: object, transfer: readonly ArrayBufferLike[] = []): void {
    this.port.postMessage(message, transfer);
  }

  /** Hears each message. */
  listen(hear: (message: never) => void): void {
    const { port } = this;
    if (port.on !== undefined) port.on("message", (message) => hear(message as never));
    else port.addEventListener?.("message", (event) => hear(event.data as never));
  }

  /** Is told once the worker has ended by itself, or something in it has gone wrong. */
  watch(ended: (reason: string) => void): void {
    const { port } = this;
    if (port.on !== undefined) {
      port.on("error", (error) => ended(error instanceof Error ? error.message : String(error)));
      port.on("exit", (code) => ended(`it ended with ${String(code)}`));
      return;
    }
    const said = ({ message }: { message?: unknown }): void => ended(typeof message === "string" ? message : "its script did not load");
    port.addEventListener?.("error", said);
    port.addEventListener?.("messageerror", said);
  }

  /** Whether the worker keeps its process alive, where it can be had otherwise. */
  hold(isHeld: boolean): void {
    if (isHeld) this.port.ref?.();
    else this.port.unref?.();
  }

  /** Ends the worker at once, whatever it does. */
  terminate(): void {
    void this.port.terminate?.();
  }
}
