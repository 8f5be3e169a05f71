/** `GET /api/v1/machines/{name}/ports/{port}`: a connection to a port of one's own machine, as a WebSocket. */
import { whenAborted } from "../clock.ts";
import { AgentAwayError, type Opening } from "../agent/agent.ts";
import { MachineError } from "../protocol/machines.ts";
import {
  BrokenOffError,
  join,
  PORT_CLOSE,
  PORT_SUBPROTOCOL,
  type PortStream,
} from "../protocol/port_stream.ts";
import { acceptSocket, type TerminalSocket } from "../terminal/socket.ts";
import { away, Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import type { Identity } from "./identity.ts";
import { identifyOpening, takeTurn } from "./upgrade.ts";

/** Names need no escapes. */
const PORT_PATH = /^\/api\/v1\/machines\/([a-z][a-z0-9-]*)\/ports\/(\d{1,5})$/;
const MOST_PORT = 65_535;

/** Which port of whose machine. */
export interface PortWish {
  readonly identity: Identity;
  readonly machine: string;
  readonly port: number;
}

/**
 * Has a port connected for as long as its user may have it: `use` ends when the stream does.
 *
 * @param gone aborted when nobody wants it any more
 * @throws {MachineError | AgentAwayError | Refusal} where there is no connection
 */
export async function withPort(
  { identity, machine, port }: PortWish,
  gateway: Gateway,
  gone: AbortSignal,
  use: (stream: PortStream) => Promise<void>,
): Promise<void> {
  const { agent, logins, accounts, leaving, terminals } = gateway;
  const { principal: { name: user }, ended, isLogin } = identity;
  using account = isLogin ? null : logins.follow(user);
  if (accounts.endingOf(user) !== null) throw ended401();
  const login = [...ended ? [ended] : [], ...account ? [account.changed] : []];
  const over = AbortSignal.any([gone, leaving, ...login]);
  const served = {};
  terminals.add(served);
  try {
    await using stream = await agent.machines.connect(user, machine, port, over);
    using _cut = whenAborted(over, () => void stream[Symbol.asyncDispose]());
    await use(stream);
  } catch (error) {
    if (leaving.aborted) throw new Refusal("leaving", "The gateway is being restarted.");
    if (login.some(({ aborted }) => aborted)) throw ended401();
    throw error;
  } finally {
    terminals.delete(served);
  }
}

/** What an upgrade asks for; null where that is no port. */
export function portIn({ path }: Caller): Pick<PortWish, "machine" | "port"> | null {
  const [, name, port] = PORT_PATH.exec(path ?? "") ?? [];
  if (name === undefined) return null;
  return { machine: name, port: Number(port) };
}

/** @throws {Refusal} before anything is answered */
export async function admitPort(
  caller: Caller,
  { machine, port }: Pick<PortWish, "machine" | "port">,
  gateway: Gateway,
): Promise<PortWish> {
  const identity = await identifyOpening(caller, PORT_SUBPROTOCOL, gateway);
  if (port < 1 || port > MOST_PORT) throw new Refusal(400, `A port is from 1 to ${MOST_PORT}.`);
  await takeTurn(gateway.openings.of(identity.principal.name), caller, gateway);
  return { identity, machine, port };
}

/** Serves it until both sides have ended, or says in its close why there is nothing. Never throws. */
export async function servePort(opening: Opening, wish: PortWish, gateway: Gateway): Promise<void> {
  const { carried, clock, counted } = gateway;
  const user = wish.identity.principal.name;
  const parts = { allowance: carried.of(user), clock, subprotocol: PORT_SUBPROTOCOL };
  const socket = acceptSocket(opening, parts);
  try {
    const client = new SocketStream(socket);
    await withPort(wish, gateway, socket.closed, (stream) => join(client, stream));
    await socket.close(PORT_CLOSE.ended);
  } catch (error) {
    const { code, reason } = closeOf(error);
    if (code === PORT_CLOSE.failed && !(error instanceof BrokenOffError)) {
      counted.of(user).info("a connection to a port failed", { user, error });
    }
    await socket.close(code, reason);
  }
}

/** The same without an upgrade. @throws {Refusal} 426 */
export function openPort(): never {
  const message = `This address speaks WebSocket only (subprotocol ${PORT_SUBPROTOCOL}).`;
  throw new Refusal("upgrade", message, { upgrade: "websocket", connection: "upgrade" });
}

function ended401(): Refusal {
  return new Refusal("log-in", "Your log-in has ended.");
}

function closeOf(error: unknown): { code: number; reason: string } {
  const { message: reason } = error instanceof AgentAwayError ? away() : error as Error;
  if (error instanceof AgentAwayError) return { code: PORT_CLOSE.unable, reason };
  if (error instanceof Refusal) {
    return { code: error.status === 401 ? PORT_CLOSE.loginEnded : PORT_CLOSE.restarting, reason };
  }
  if (!(error instanceof MachineError)) {
    return { code: PORT_CLOSE.failed, reason: "The connection broke off." };
  }
  const { kind } = error;
  return { code: PORT_CLOSE[kind === "conflict" ? "refused" : kind], reason };
}

/** A client's WebSocket. Who has it closes it, with a code. */
class SocketStream implements PortStream {
  readonly #messages: AsyncGenerator<Uint8Array, void, void>;

  constructor(private readonly socket: TerminalSocket) {
    this.#messages = socket[Symbol.asyncIterator]();
  }

  async read(): Promise<Uint8Array | null> {
    const { value } = await this.#messages.next();
    if (!value) throw new BrokenOffError();
    return value.length === 0 ? null : value;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.socket.send(bytes);
  }

  closeWrite(): Promise<void> {
    return this.socket.send(new Uint8Array());
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
