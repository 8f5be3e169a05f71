/** `ttygate forward`: ports here that lead to ports of one's machine on a gateway elsewhere. */
import { LocalPort, RemotePort } from "../../client/port_connection.ts";
import { MachineShape } from "../../protocol/machines.ts";
import { join } from "../../protocol/port_stream.ts";
import { type Command, type CommandContext, parseCommandArgs, UsageError } from "../command.ts";
import { apiOf, ownAccount, partsOf } from "./account.ts";
import { pathOf } from "./machines.ts";

/** How many ports lead there at most, and how many connections each has at a time. */
const MAPPINGS = 16, CONNECTIONS = 64;
/** As shells have it for a program that Ctrl-C ended. */
const INTERRUPTED = 130;
const HOST = "127.0.0.1";

/** A port here, 0 for a free one, and the machine's. */
interface Mapping {
  readonly here: number;
  readonly there: number;
}

export const command: Command = {
  name: "forward",
  summary: "has ports here lead to ports of a machine there",
  help: `
Usage: ttygate forward NAME PORT[:PORT]... [--json]

Listens on 127.0.0.1 and connects each who comes with the machine's own localhost, until Ctrl-C.
Nobody but programs on this computer gets there. A machine that is stopped is not started.

  8000       port 8000 here leads to port 8000 of the machine
  8000:3000  to its port 3000
  0:3000     from a free port here, which is told
`,
  async run(args, context) {
    const optional = Array.from({ length: MAPPINGS - 1 }, () => "PORT");
    const { flags, positionals: [name, ...ports] } = parseCommandArgs(args, {
      ...{ flags: ["json"], positionals: ["NAME", "PORT"], optional },
    });
    const mappings = ports.map(mappingOf);
    const account = await ownAccount();
    using api = apiOf(account);
    const { state } = await api.ask(MachineShape, "GET", pathOf(name!));
    if (state !== "running") {
      throw new Error(`${name} is ${state}; 'ttygate start ${name}' starts it`);
    }
    const connect = (port: number) =>
      RemotePort.open(partsOf(account), `${pathOf(name!)}/ports/${port}`);
    return await forward(connect, { name: name!, mappings, isJson: flags["json"]! }, context);
  },
};

async function forward(
  connect: (port: number) => Promise<RemotePort>,
  { name, mappings, isJson }: {
    readonly name: string;
    readonly mappings: readonly Mapping[];
    readonly isJson: boolean;
  },
  { print, printError }: CommandContext,
): Promise<number> {
  using held = new DisposableStack();
  const open = new Set<LocalPort>();
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  for (
    const [signal, status] of [["SIGINT", INTERRUPTED], ["SIGTERM", 0], ["SIGHUP", 0]] as const
  ) {
    const stop = () => end(status);
    Deno.addSignalListener(signal, stop);
    held.defer(() => Deno.removeSignalListener(signal, stop));
  }
  const listeners = mappings.map(({ here, there }) => {
    const listener = held.use(listen(here));
    const { port } = listener.addr as Deno.NetAddr;
    return { listener, port, there };
  });
  for (const { port, there } of listeners) {
    const told = { listen: `${HOST}:${port}`, machine: name, port: there };
    print(isJson ? JSON.stringify(told) : `${HOST}:${port} leads to port ${there} of ${name}`);
  }
  const serve = async (connection: Deno.TcpConn, port: number, there: number) => {
    const local = new LocalPort(connection);
    open.add(local);
    try {
      await join(local, await connect(there));
    } catch (error) {
      if (open.has(local)) printError(`ttygate: ${HOST}:${port}: ${(error as Error).message}`);
    } finally {
      open.delete(local);
      await local[Symbol.asyncDispose]();
    }
  };
  const accept = async ({ listener, port, there }: typeof listeners[number]) => {
    for await (const connection of listener) {
      if (open.size < CONNECTIONS) void serve(connection, port, there);
      else connection.close();
    }
  };
  for (const listener of listeners) accept(listener).catch(() => {}); // it is closed at the end
  const status = await ended;
  const left = [...open];
  open.clear();
  await Promise.all(left.map((local) => local[Symbol.asyncDispose]()));
  return status;
}

/** @throws {Error} where somebody else listens there */
function listen(port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: HOST, port });
  } catch (cause) {
    const isTaken = cause instanceof Deno.errors.AddrInUse;
    const why = isTaken ? "something listens there already" : (cause as Error).message;
    throw new Error(`cannot listen on ${HOST}:${port}: ${why}; take another port, or 0`);
  }
}

/** @throws {UsageError} */
function mappingOf(text: string): Mapping {
  const [, first, second = first] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text) ?? [];
  const [here, there] = [Number(first), Number(second)];
  if (here <= 65535 && there >= 1 && there <= 65535) return { here, there };
  throw new UsageError(`${text} is no port, such as 8000 or 8000:3000`);
}
