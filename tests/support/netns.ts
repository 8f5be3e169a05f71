/** A network namespace of its own for a test, standing for a machine or a network; needs root. */
import { until } from "./gateway.ts";
import { type Outcome, run } from "./run.ts";

/** One end of a link: in which namespace, and its addresses. */
export interface LinkEnd {
  readonly ns: Netns;
  readonly name: string;
  readonly addresses: readonly string[];
}

/** A namespace with its loopback up; disposing it ends what listens in it. */
export class Netns implements AsyncDisposable {
  readonly #listeners: Deno.ChildProcess[] = [];

  private constructor(readonly name: string) {}

  static async make(what: string): Promise<Netns> {
    const ns = new Netns(`ttygate-${what}-${crypto.randomUUID().slice(0, 8)}`);
    await command("ip", ["netns", "add", ns.name]);
    await ns.run("ip link set lo up");
    return ns;
  }

  /** Connects two of them by a cable. */
  static async link(one: LinkEnd, other: LinkEnd): Promise<void> {
    await command("ip", [
      ...["link", "add", one.name, "netns", one.ns.name, "type", "veth"],
      ...["peer", "name", other.name, "netns", other.ns.name],
    ]);
    for (const { ns, name, addresses } of [one, other]) {
      for (const address of addresses) {
        // Without "nodad" an IPv6 address is not there for a second.
        await ns.run(
          `ip address add ${address} dev ${name} ${address.includes(":") ? "nodad" : ""}`,
        );
      }
      await ns.run(`ip link set ${name} up`);
    }
  }

  /** Runs a shell script in it and returns what it printed; throws when it fails. */
  async run(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.try(script);
    if (code !== 0) throw new Error(`"${script}" ended with ${code}: ${stderr}${stdout}`);
    return stdout.trimEnd();
  }

  try(script: string): Promise<Outcome> {
    return run("nsenter", [`--net=/run/netns/${this.name}`, "sh", "-ec", script]);
  }

  /** Runs a TypeScript program in it until the end; resolves when it has printed "ready". */
  async serve(program: string): Promise<void> {
    const path = await Deno.makeTempFile({ prefix: "ttygate-test-", suffix: ".ts" });
    await Deno.writeTextFile(path, program);
    const child = new Deno.Command("nsenter", {
      args: [
        ...[`--net=/run/netns/${this.name}`, Deno.execPath(), "run", "--quiet", "--no-config"],
        ...["--no-lock", "--unstable-net", "--allow-all", path],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#listeners.push(child);
    let said = "";
    void child.stdout.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (text) => void (said += text) })).catch(() => {});
    await until(() => said.includes("ready"));
    await Deno.remove(path);
  }

  /** Answers connections on these ports of every address with a word. */
  listen(...ports: number[]): Promise<void> {
    return this.serve(`
for (const port of ${JSON.stringify(ports)}) {
  const listener = Deno.listen({ hostname: "::", port });
  (async () => {
    for await (const socket of listener) {
      socket.write(new TextEncoder().encode("hello\\n")).then(() => socket.close(), () => {});
    }
  })();
}
console.log("ready");
`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#listeners) {
      child.kill("SIGKILL");
      await child.status;
    }
    await command("ip", ["netns", "delete", this.name]);
  }
}

async function command(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`"${program} ${args.join(" ")}" ended with ${code}: ${stderr}`);
}
