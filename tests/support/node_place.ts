/** A gateway and the machines that dial it: what a test of nodes does over and over. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import type { TestAgent } from "./agent.ts";
import { TestGateway, ttygate, until } from "./gateway.ts";

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly sessions: number | null;
}

/** How a node reaches its gateway. */
interface Way {
  /** An address that leads to it; its own unless given. */
  readonly url?: string;
  /** Of `ttygate agent join`. */
  readonly options?: readonly string[];
}

async function cli(gateway: TestGateway, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ttygate(args, { env: gateway.env });
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

/** Makes an agent a node, and waits until it is there. */
export async function joinNode(
  gateway: TestGateway,
  agent: TestAgent,
  name: string,
  { url = gateway.origin, options = [] }: Way = {},
): Promise<void> {
  const { token } = JSON.parse(await cli(gateway, ["node", "invite", name, "--json"]));
  const env = { ...agent.env, TTYGATE_AGENT_STATE_DIR: join(agent.home, "state") };
  const { code, stdout } = await ttygate(["agent", "join", url, ...options], {
    env,
    stdin: `${token}\n`,
  });
  assertEquals(code, 0);
  assertMatch(stdout, new RegExp(`this machine is ${name} of http`));
  await untilOnline(gateway, name);
}

/** Waits until a node is there. */
export async function untilOnline(gateway: TestGateway, name: string): Promise<void> {
  await until(async () => {
    const nodes: Listed[] = JSON.parse(await cli(gateway, ["node", "list", "--json"]));
    return nodes.some((node) => node.name === name && node.state === "online");
  });
}

/** A gateway without an agent of its own, in a place that outlives it. */
export class NodePlace implements AsyncDisposable {
  readonly home = Deno.makeTempDirSync({ prefix: "ttygate-test-" });
  #gateway: TestGateway | null = null;

  get gateway(): TestGateway {
    return this.#gateway!;
  }

  async begin(env: Record<string, string> = {}): Promise<TestGateway> {
    const none = { TTYGATE_GATEWAY_AGENT: "none", TTYGATE_DOCKER_SOCKET: join(this.home, "none") };
    const listen = { TTYGATE_GATEWAY_LISTEN: this.#gateway?.host ?? "127.0.0.1:0" };
    const groups = "admin: root,alice\n";
    this.#gateway = await TestGateway.start({
      home: this.home,
      groups,
      env: { ...none, ...listen, ...env },
    });
    return this.#gateway;
  }

  cli(...args: string[]): Promise<string> {
    return cli(this.gateway, args);
  }

  async nodes(): Promise<Listed[]> {
    return JSON.parse(await this.cli("node", "list", "--json"));
  }

  join(agent: TestAgent, name: string, way: Way = {}): Promise<void> {
    return joinNode(this.gateway, agent, name, way);
  }

  online(name: string): Promise<void> {
    return untilOnline(this.gateway, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    await Deno.remove(this.home, { recursive: true });
  }
}
