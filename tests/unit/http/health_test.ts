/** Proves that liveness and readiness are two things, and that nobody makes Docker work by asking. */
import { PROFILE } from "../sessions/scripted.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { LocalAgent, type LocalAgentParts } from "../../../lib/agent/local.ts";
import { Health } from "../../../lib/http/health.ts";
import { logTo, PRIORITY } from "../../../lib/log.ts";
import type { CountingLog } from "../../../lib/log/counting.ts";
import type { Maintenance } from "../../../lib/sessions/maintenance.ts";
import type { SessionFiles } from "../../../lib/sessions/files/files.ts";
import type { Registry } from "../../../lib/sessions/registry.ts";
import type { Drain } from "../../../lib/sessions/drain_file.ts";
import { ManualClock } from "../../support/manual_clock.ts";

class Stage {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly events: string[] = [];
  pings = 0;
  answers = true;
  hasImage = true;
  writes = true;
  startsFail = false;
  diskIsLow = false;
  drain: Drain | null = null;
  readonly health: Health;

  constructor() {
    // deno-lint-ignore no-this-alias -- for the getters
    const stage = this;
    const so = (is: boolean) => is ? Promise.resolve() : Promise.reject(new Error("scripted"));
    const log = logTo(({ level, text, fields }) => {
      this.lines.push(`<${PRIORITY[level]}>${text}`);
      this.events.push(...fields.filter(([name]) => name === "event").map(([, event]) => event));
    });
    const agent = new LocalAgent({
      runs: { begin: () => Promise.reject(new Error("nothing runs here")) },
      machines: {} as LocalAgentParts["machines"], // nobody asks for them
      engine: {
        ping: () => {
          this.pings++;
          return so(this.answers);
        },
        hasImage: () => Promise.resolve(this.hasImage),
        usage: () => Promise.resolve(null),
      },
      registry: {
        get startsFail() {
          return stage.startsFail;
        },
        diskIsLow: () => Promise.resolve(stage.diskIsLow),
      } as unknown as Registry,
      maintenance: {
        get drain() {
          return stage.drain;
        },
      } as unknown as Maintenance,
      choices: () => [
        { name: "default", title: "test:latest", groups: null, profile: PROFILE },
      ],
      labels: () => [],
      maxTotal: () => 50,
      files: null as unknown as SessionFiles,
      tryWriting: () => so(this.writes),
      clock: this.clock,
      counted: null as unknown as CountingLog,
    });
    this.health = new Health({ agent, clock: this.clock, log });
  }

  /** The statuses and the reason of both, a second later. */
  async ask(): Promise<[live: number, ready: number, reason: string | undefined]> {
    await this.clock.advance(1_000);
    const [live, ready] = [await this.health.showLive(), await this.health.showReady()];
    const { reason } = await ready.json();
    return [live.status, ready.status, reason];
  }
}

Deno.test("a gateway that works may still be unable to start a session, and says why", async () => {
  const stage = new Stage();
  assertEquals(await stage.ask(), [200, 200, undefined]);
  stage.hasImage = false;
  assertEquals(await stage.ask(), [200, 503, "The image of new sessions is missing."]);
  stage.hasImage = true;
  stage.writes = false;
  assertEquals(await stage.ask(), [200, 503, "The state directory cannot be written to."]);
  stage.writes = true;
  stage.startsFail = true;
  assertEquals(await stage.ask(), [200, 503, "Shells fail to start; the log says why."]);
  stage.startsFail = false;
  stage.diskIsLow = true;
  assertEquals(await stage.ask(), [200, 503, "The disk of Docker's data is nearly full."]);
  stage.diskIsLow = false;
  stage.drain = { sinceMs: 0, endsAtMs: null, message: "" };
  assertEquals(await stage.ask(), [200, 503, "The gateway is being drained."]);
  stage.drain = null;
  stage.answers = false;
  assertEquals(await stage.ask(), [503, 503, "The Docker Engine does not answer."]);
  stage.answers = true;
  assertEquals(await stage.ask(), [200, 200, undefined]);
});

Deno.test("a thousand who ask within a second are answered by one look", async () => {
  const stage = new Stage();
  await stage.clock.advance(1_000);
  const asked = Array.from({ length: 1_000 }, () => stage.health.showLive());
  assertEquals(new Set((await Promise.all(asked)).map(({ status }) => status)), new Set([200]));
  assertEquals(stage.pings, 1);
  await stage.clock.advance(1_000);
  await stage.health.showLive();
  assertEquals(stage.pings, 2);
});

Deno.test("the log tells when it changes, not each time somebody asks", async () => {
  const stage = new Stage();
  stage.answers = false;
  for (let i = 0; i < 5; i++) await stage.ask();
  stage.answers = true;
  await stage.ask();
  assertMatch(
    stage.lines.join("\n"),
    /^<4>health: The Docker Engine does not answer\.\n<4>readiness: .*\n<5>health: all is well again\n<5>readiness: all is well again$/,
  );
  assertEquals(stage.events, ["engine-away", "engine-back"]);
});
