/** What an attack is: bounded work of a stranger, or of someone with an account, on one gateway. */
import { connect, type Socket } from "node:net";

/** Whom it is played on. */
export interface Victim {
  /** "http://127.0.0.1:8080". */
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  /** The `Cookie` header of the attacker's own account; "" for attacks that need none. */
  readonly cookie: string;
  /** The name of somebody else's account. */
  readonly other: string;
}

/** How it is played. */
export interface Play {
  /** The attacker's own address, such as "127.0.0.2". */
  readonly from: string;
  /** How many times the size at which the attack was first seen to work. */
  readonly scale: number;
  /** Aborted when the time is up. */
  readonly signal: AbortSignal;
}

/** One attack. */
export interface Attack {
  /** What is done, in a few words. */
  readonly summary: string;
  /** Whether the attacker has an account; sessions that it opens are ended by its connections. */
  readonly account: boolean;
  /** Plays it until the signal is aborted or all is done; returns what it did and got, in numbers. */
  play(victim: Victim, play: Play): Promise<Readonly<Record<string, number>>>;
}

/** Opens a connection from the attacker's address; errors are left to its "close". */
export function connectFrom({ hostname, port }: Victim, { from, signal }: Play): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: hostname, port, localAddress: from, noDelay: true });
  const end = () => socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  socket.once("connect", () => resolve(socket));
  socket.on("error", reject);
  socket.on("close", () => {
    signal.removeEventListener("abort", end);
    reject(new Error("the connection was closed"));
  });
  return promise;
}

/** Resolves when a connection is over. */
export function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (socket.destroyed) resolve();
  socket.once("close", () => resolve());
  return promise;
}

/** Resolves after so long, or when the time is up. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, delayMs);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  });
}

/** The first lines of a request, such as "GET /login", without the empty one. */
export function headOf({ hostname, port }: Victim, what: string): string {
  return `${what} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n`;
}

/** Does something over and over until the time is up; what fails is tried again. */
export async function repeatedly({ signal }: Play, what: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await what();
    } catch {
      await pause(50 + Math.random() * 450, signal);
    }
  }
}
