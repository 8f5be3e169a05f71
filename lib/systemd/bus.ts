/** Reads properties over the system's message bus, as `systemctl show` and `timedatectl` do. */
import { concat } from "../bytes.ts";
import {
  type BusMember,
  type BusMessage,
  type BusValue,
  decodeMessage,
  encodeCall,
  HEAD_BYTES,
  messageBytes,
} from "./bus_message.ts";

const SYSTEM_BUS = "/run/dbus/system_bus_socket";
/** The largest message that is read; properties are small. */
const MESSAGE_BYTES = 1024 * 1024;
const READ_BYTES = 16 * 1024;

/** A connection to the bus (https://dbus.freedesktop.org/doc/dbus-specification.html). */
export class Bus implements Disposable {
  readonly #conn: Deno.UnixConn;
  #waiting: Uint8Array<ArrayBuffer> = new Uint8Array();
  #serial = 0;
  /** Settles when the call before is over: one waits for its answer at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(conn: Deno.UnixConn) {
    this.#conn = conn;
  }

  /**
   * @param signal ends the attempt
   * @throws {Error} when there is no bus, or it does not let this user in
   */
  static async connect(signal: AbortSignal, path = SYSTEM_BUS): Promise<Bus> {
    const bus = new Bus(await Deno.connect({ transport: "unix", path }));
    const hangUp = () => bus[Symbol.dispose]();
    signal.addEventListener("abort", hangUp, { once: true });
    try {
      await bus.#logIn();
      return bus;
    } catch (error) {
      hangUp();
      throw error;
    } finally {
      signal.removeEventListener("abort", hangUp);
    }
  }

  /**
   * Asks for one property.
   *
   * @param signal closes the connection
   * @throws {Error} with the bus's words when the property, its object or its service is not there
   */
  get(property: BusMember, signal: AbortSignal): Promise<BusValue> {
    const value = this.#turn.then(() => this.#get(property, signal));
    this.#turn = value.catch(() => {});
    return value;
  }

  async #get(property: BusMember, signal: AbortSignal): Promise<BusValue> {
    const hangUp = () => this[Symbol.dispose]();
    signal.addEventListener("abort", hangUp, { once: true });
    try {
      signal.throwIfAborted();
      const { destination, path } = property;
      const call = { destination, path, interface: "org.freedesktop.DBus.Properties", name: "Get" };
      const [value] = await this.#call(call, [property.interface, property.name]);
      return value ?? "";
    } finally {
      signal.removeEventListener("abort", hangUp);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }

  async #logIn(): Promise<void> {
    const uid = [...String(Deno.uid())].map((digit) => digit.charCodeAt(0).toString(16)).join("");
    await this.#write(new TextEncoder().encode(`\0AUTH EXTERNAL ${uid}\r\n`));
    let answer = "";
    while (!answer.endsWith("\r\n")) answer += latin1(await this.#take(1));
    if (!answer.startsWith("OK ")) throw new Error(`the bus says ${answer.trim()}`);
    await this.#write(new TextEncoder().encode("BEGIN\r\n"));
    const name = "org.freedesktop.DBus";
    await this.#call({
      destination: name,
      path: "/org/freedesktop/DBus",
      interface: name,
      name: "Hello",
    });
  }

  /** Calls a method whose arguments are strings. */
  async #call(method: BusMember, args: readonly string[] = []): Promise<readonly BusValue[]> {
    const serial = ++this.#serial;
    await this.#write(encodeCall(serial, method, args));
    while (true) {
      const { answers, failed, body } = await this.#message();
      if (answers !== serial) continue; // such as a signal
      if (failed) throw new Error(String(body[0] ?? "the bus refuses"));
      return body;
    }
  }

  async #message(): Promise<BusMessage> {
    const head = await this.#take(HEAD_BYTES);
    const length = messageBytes(head);
    if (length > MESSAGE_BYTES) throw new Error(`the bus sends over ${MESSAGE_BYTES} bytes`);
    return decodeMessage(concat([head, await this.#take(length - HEAD_BYTES)]));
  }

  async #take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#waiting.length < count) {
      const buffer = new Uint8Array(READ_BYTES);
      const read = await this.#conn.read(buffer);
      if (read === null) throw new Error("the bus hung up");
      this.#waiting = concat([this.#waiting, buffer.subarray(0, read)]);
    }
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return taken;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }
}

/** The path at which systemd shows a unit, such as ".../unit/ttygate_2esocket". */
export function unitPath(unit: string): string {
  const escaped = unit.replaceAll(
    /[^A-Za-z0-9]/g,
    (char) => `_${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `/org/freedesktop/systemd1/unit/${escaped}`;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
