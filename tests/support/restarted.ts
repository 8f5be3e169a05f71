/** A gateway that is stopped and started again in the same place, as often as a test likes. */
import { TestGateway } from "./gateway.ts";

export class Restarted implements AsyncDisposable {
  private constructor(
    public gateway: TestGateway,
    private readonly options: { home: string; instance: string; env: Record<string, string> },
  ) {}

  /** Starts it with these settings; its directory goes with it. */
  static async start(env: Record<string, string> = {}): Promise<Restarted> {
    const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const options = { home, instance: `test-${crypto.randomUUID().slice(0, 8)}`, env };
    return new Restarted(await TestGateway.start(options), options);
  }

  /** Where its leases are. */
  get leases(): string {
    return `${this.options.home}/state/instances/${this.options.instance}/leases`;
  }

  /** Ends the gateway; `meanwhile` happens while there is none. */
  async restart(
    signal: "SIGUSR2" | "SIGKILL" | "SIGTERM",
    meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> {
    await this.gateway.stop(signal);
    await meanwhile();
    this.gateway.docker[Symbol.dispose]();
    this.gateway = await TestGateway.start(this.options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await Deno.remove(this.options.home, { recursive: true });
  }
}
