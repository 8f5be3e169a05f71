/** A gateway that is stopped and started again in the same place, as often as a test likes. */
import { TestAgent } from "./agent.ts";
import { DockerRelay } from "./docker_relay.ts";
import { DOCKER_SOCKET, TestGateway } from "./gateway.ts";
import { joinNode, untilOnline } from "./node_place.ts";
import { Relay } from "./relay.ts";
import type { Link } from "./slow_line.ts";
import { TlsFront } from "./tls_front.ts";

type Signal = "SIGUSR2" | "SIGKILL" | "SIGTERM";

/** An agent in a process of its own. */
interface Apart {
  readonly agent: TestAgent;
  /** Through which the gateway asks it; null where it dials. */
  readonly link: DockerRelay | null;
  /** Through which it dials the gateway. */
  readonly line: Relay | null;
}

export class Restarted implements AsyncDisposable {
  #front: TlsFront | null = null;

  private constructor(
    public gateway: TestGateway,
    readonly apart: Apart | null,
    private readonly options: { home: string; instance: string; env: Record<string, string> },
  ) {}

  /** Starts it with these settings; its directory goes with it. */
  static async start(
    env: Record<string, string> = {},
    { apart: how = null, link: slow, tls = false }: {
      readonly apart?: "socket" | "dialled" | null;
      /** How slow the line is by which an agent dials. */
      readonly link?: Link;
      /** Whether it dials by TLS. */
      readonly tls?: boolean;
    } = {},
  ): Promise<Restarted> {
    await using made = new AsyncDisposableStack();
    const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    made.defer(() => Deno.remove(home, { recursive: true }));
    const instance = `test-${crypto.randomUUID().slice(0, 8)}`;
    let apart: Apart | null = null;
    if (how !== null) {
      const agent = made.use(await TestAgent.start({ env, instance }));
      const link = how === "socket" ? made.use(await DockerRelay.start(agent.socket)) : null;
      const line = how === "dialled" ? made.use(new Relay("", slow)) : null;
      apart = { agent, link, line };
      env = { ...env, ...agent.forGateway, TTYGATE_GATEWAY_AGENT: link?.path ?? "none" };
    }
    const options = { home, instance, env };
    const restarted = new Restarted(await TestGateway.start(options), apart, options);
    if (apart?.line) {
      const { gateway } = restarted;
      if (tls) {
        const front = made.use(await TlsFront.start(gateway.host));
        apart.line.target = front.host;
        const way = { url: `https://${apart.line.host}`, options: ["--ca", front.certificate] };
        await joinNode(gateway, apart.agent, "west", way);
        restarted.#front = front;
      } else {
        apart.line.target = gateway.host;
        await joinNode(gateway, apart.agent, "west", { url: apart.line.origin });
      }
    }
    made.move();
    return restarted;
  }

  /** Where its leases are. */
  get leases(): string {
    const home = this.apart?.agent.home ?? this.options.home;
    return `${home}/state/instances/${this.options.instance}/leases`;
  }

  /** With what a sweep finds them, and Docker. */
  get sweepEnv(): Record<string, string> {
    if (this.apart === null) return this.gateway.env;
    const { env, home } = this.apart.agent;
    return {
      ...this.gateway.env,
      TTYGATE_DOCKER_SOCKET: env["TTYGATE_DOCKER_SOCKET"] ?? DOCKER_SOCKET,
      TTYGATE_AGENT_STATE_DIR: `${home}/state`,
    };
  }

  /** Ends the gateway; `meanwhile` happens while there is none. */
  async restart(
    signal: Signal,
    meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> {
    await this.gateway.stop(signal);
    await meanwhile();
    this.gateway.docker[Symbol.dispose]();
    this.gateway = await TestGateway.start(this.options);
    if (this.#front) this.#front.target = this.gateway.host;
    else if (this.apart?.line) this.apart.line.target = this.gateway.host;
    await this.untilDialled();
  }

  /** Waits until an agent that dials is there. */
  async untilDialled(): Promise<void> {
    if (this.apart?.line) await untilOnline(this.gateway, "west");
  }

  /** Ends the agent that is apart and starts it again. */
  async restartAgent(signal: Signal): Promise<void> {
    await this.apart!.agent.stop(signal);
    await this.apart!.agent.begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await this.apart?.link?.[Symbol.asyncDispose]();
    await this.apart?.line?.[Symbol.asyncDispose]();
    await this.#front?.[Symbol.asyncDispose]();
    await this.apart?.agent[Symbol.asyncDispose]();
    await Deno.remove(this.options.home, { recursive: true });
  }
}
