/** What a gateway that has been taken over can do at an agent's listener, which is nothing. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { Agent } from "../../../lib/agent/agent.ts";
import { NOTHING } from "../../../lib/protocol/overview.ts";
import type { SessionInfo } from "../../../lib/protocol/resources.ts";
import { AgentServer } from "../../../lib/agent/server.ts";
import { noFiles } from "../../../lib/sessions/files/no_files.ts";
import { createLog } from "../../../lib/log.ts";
import { until } from "../../support/gateway.ts";

const SESSION = { id: "abc", user: "alice" } as SessionInfo;

const STATUS = {
  ready: 0,
  maxTotal: 1,
  draining: false,
  image: "",
  images: [],
  labels: [],
  swarm: null,
  sessions: [],
};

/** An agent that notes what it is asked, behind a listener on a socket of its own. */
class Stage implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly visits: { user: string; dismissed: AbortSignal }[] = [];
  readonly lines: string[] = [];
  readonly #held = new AsyncDisposableStack();
  path = "";

  static async open(): Promise<Stage> {
    const stage = new Stage();
    const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    stage.#held.defer(() => Deno.remove(home, { recursive: true }));
    stage.path = join(home, "agent.sock");
    const note = <T>(what: string, answer: T) => {
      stage.asked.push(what);
      return Promise.resolve(answer);
    };
    const drain = { draining: false, since: null, endsAt: null, message: "", sessions: 0 };
    const agent: Agent = {
      log: null,
      machines: {} as Agent["machines"], // nobody asks for them
      serve: ({ connection }, { user }, dismissed) => {
        stage.visits.push({ user, dismissed });
        const over = Promise.withResolvers<void>();
        connection.on("close", () => over.resolve());
        connection.on("end", () => connection.end());
        connection.resume();
        dismissed.addEventListener("abort", () => connection.destroy());
        return over.promise;
      },
      list: () => note("list", [SESSION]),
      watch: () => note("watch", undefined),
      end: (id, { reason }) => note(`end ${id} ${reason}`, id === "abc" ? "ended" : "unknown"),
      counts: () => Promise.reject(new Error("a secret of the agent's own")),
      status: () => note("status", STATUS),
      overview: () => note("overview", NOTHING),
      whyNotLive: () => note("live", null),
      whyNotReady: () => note("ready", null),
      drain: () => note("drain", drain),
      beginDrain: ({ message }) => note(`drain ${message}`, drain),
      cancelDrain: () => note("cancel", drain),
      broadcast: (text, session) => note(`broadcast ${text} ${session ?? "all"}`, 1),
      files: noFiles("There are none."),
    };
    const log = createLog((line) => stage.lines.push(line), {
      prefix: false,
      clock: () => new Date(),
    });
    const listener = stage.#held.use(new AgentServer(agent, log));
    await new Promise<void>((resolve) => listener.server.listen(stage.path, resolve));
    return stage;
  }

  /** Says something on a connection of its own. @returns all that is answered until it is over */
  async say(...pieces: readonly (string | Uint8Array)[]): Promise<string> {
    const socket = await this.dial();
    for (const piece of pieces) socket.write(piece);
    let answer = "";
    socket.on("data", (chunk) => answer += chunk);
    await new Promise<void>((resolve) => {
      socket.on("close", () => resolve());
      socket.on("end", () => socket.end());
    });
    return answer;
  }

  /** Sends one request, whose connection is to end with it. @returns status and body */
  async ask(method: string, path: string, body?: unknown): Promise<[number, string]> {
    const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
    const length = new TextEncoder().encode(text).length;
    const answer = await this.say(
      `${method} ${path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n` +
        `content-length: ${length}\r\n\r\n${text}`,
    );
    const [, status = "0"] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
    return [Number(status), answer.slice(answer.indexOf("\r\n\r\n") + 4)];
  }

  dial(): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = connect({ path: this.path, allowHalfOpen: true }, () => resolve(socket));
    socket.on("error", reject);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

function visitOf(visit: unknown): string {
  return new TextEncoder().encode(JSON.stringify(visit)).toBase64({ alphabet: "base64url" });
}

const VISIT = {
  user: "alice",
  remote: "192.0.2.7",
  source: "192.0.2.7",
  winsize: { cols: 80, rows: 24 },
  resume: null,
};

function opening(headers: Readonly<Record<string, string>>, path = "/v1/terminal"): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `GET ${path} HTTP/1.1\r\nhost: agent\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
    `sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n${lines}\r\n`;
}

Deno.test("each verb takes what it is for, and 400 with a reason for anything else", async () => {
  await using stage = await Stage.open();
  assertEquals((await stage.ask("GET", "/v1/sessions"))[0], 200);
  const killed = { reason: "killed", exitCode: null, message: "Enough." };
  assertEquals(await stage.ask("POST", "/v1/sessions/abc/end", killed), [
    200,
    '{"answer":"ended"}',
  ]);
  const bad: readonly [method: string, path: string, body: unknown][] = [
    ["POST", "/v1/sessions/abc/end", { reason: "exit", exitCode: 0, message: "It lies." }],
    ["POST", "/v1/sessions/abc/end", { ...killed, message: "x".repeat(3000) }],
    ["POST", "/v1/sessions/abc/end", "no json"],
    ["POST", "/v1/sessions/abc/end", undefined],
    ["POST", "/v1/drain", { endsAt: -1, message: "" }],
    ["POST", "/v1/drain", { endsAt: "now" }],
    ["POST", "/v1/broadcast", { text: 7 }],
    ["POST", "/v1/visits/nobody/dismiss", { why: "because" }],
  ];
  for (const [method, path, body] of bad) {
    assertEquals((await stage.ask(method, path, body))[0], 400, `${path} ${JSON.stringify(body)}`);
  }
  const killedTwice = stage.asked.filter((what) => what.startsWith("end"));
  assertEquals(killedTwice, ["end abc killed"]);
});

Deno.test("what is no verb is 404, another version is named, and a long body is cut", async () => {
  await using stage = await Stage.open();
  for (
    const [method, path] of [
      ["GET", "/v1/containers"],
      ["PUT", "/v1/sessions"],
      ["POST", "/v1/sessions/abc/exec"],
      ["GET", "/v1/__proto__"],
      ["GET", "/v1/toString"],
      ["GET", "/v1//sessions"],
      ["GET", "/../etc/passwd"],
    ] as const
  ) {
    assertEquals((await stage.ask(method, path))[0], 404, path);
  }
  const said = await stage.say(
    "GET /v2/sessions HTTP/1.1\r\nhost: agent\r\nttygate-version: 9.1.0\r\nconnection: close\r\n\r\n",
  );
  assertMatch(said, /^HTTP\/1\.1 404 /);
  assertMatch(said, /This agent is ttygate \d+\.\d+\.\d+ and the gateway ttygate 9\.1\.0/);
  assertEquals((await stage.ask("POST", "/v1/broadcast", "x".repeat(100_000)))[0], 413);
  assertEquals(stage.asked, []);
});

Deno.test("why a verb failed is in the agent's log, and the gateway hears no more than that", async () => {
  await using stage = await Stage.open();
  const [status, said] = await stage.ask("GET", "/v1/counts");
  assertEquals(status, 500);
  assert(!said.includes("secret"), said);
  assertMatch(stage.lines.join("\n"), /a secret of the agent's own/);
});

Deno.test("a visit must be whole and have an id of its own; what is wrong costs nobody else anything", async () => {
  await using stage = await Stage.open();
  const good = { "ttygate-visit": visitOf(VISIT), "ttygate-visit-id": "one" };
  const one = await stage.dial();
  one.write(opening(good));
  await until(() => stage.visits.length === 1);
  const bad: readonly [headers: Record<string, string>, path?: string][] = [
    [good], // the same id again
    [{ "ttygate-visit": good["ttygate-visit"] }],
    [{ "ttygate-visit-id": "two" }],
    [{ "ttygate-visit-id": "two", "ttygate-visit": "%%%" }],
    [{ "ttygate-visit-id": "two", "ttygate-visit": visitOf({ ...VISIT, user: "" }) }],
    [{ "ttygate-visit-id": "two", "ttygate-visit": visitOf({ ...VISIT, user: "x".repeat(300) }) }],
    [{
      "ttygate-visit-id": "two",
      "ttygate-visit": visitOf({ ...VISIT, winsize: { cols: 0, rows: 24 } }),
    }],
    [{
      "ttygate-visit-id": "two",
      "ttygate-visit": visitOf({ ...VISIT, resume: { session: "abc", offset: -1 } }),
    }],
    [{
      "ttygate-visit-id": "two",
      "ttygate-visit": visitOf({ ...VISIT, resume: { session: "abc", offset: 2 ** 60 } }),
    }],
    [{ ...good, "ttygate-visit-id": "two" }, "/v1/sessions"],
    [{ ...good, "ttygate-visit-id": "two" }, "/terminal"],
  ];
  for (const [headers, path] of bad) {
    assertMatch(await stage.say(opening(headers, path)), /^HTTP\/1\.1 40[04] /, path);
  }
  assertEquals(stage.visits.map(({ user, dismissed }) => [user, dismissed.aborted]), [
    ["alice", false],
  ]);
  assertEquals(await stage.ask("POST", "/v1/visits/two/dismiss", { why: "restart" }), [
    200,
    '{"answer":false}',
  ]);
  assertEquals(await stage.ask("POST", "/v1/visits/one/dismiss", { why: "restart" }), [
    200,
    '{"answer":true}',
  ]);
  assert(stage.visits[0]!.dismissed.aborted);
  one.destroy();
});

Deno.test("garbage, and heads without an end, end their own connection alone", async () => {
  await using stage = await Stage.open();
  const noise = crypto.getRandomValues(new Uint8Array(20_000));
  await stage.say(noise);
  await stage.say("GET /v1/sessions HTTP/1.1\r\n" + "x: y\r\n".repeat(10_000));
  await stage.say(
    "POST /v1/broadcast HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  );
  // Hung up in the middle of everything.
  for (const part of ["GET /v1/se", opening({ "ttygate-visit-id": "x" }).slice(0, 60)]) {
    const socket = await stage.dial();
    socket.write(part);
    socket.destroy();
  }
  assertEquals((await stage.ask("GET", "/v1/sessions"))[0], 200);
});

Deno.test("who asks before the answer has come is cut off, and no other waits for it", async () => {
  await using stage = await Stage.open();
  await stage.say("GET /v1/sessions HTTP/1.1\r\nhost: a\r\n\r\n".repeat(20_000));
  assertEquals((await stage.ask("GET", "/v1/live"))[0], 200);
  assert(stage.asked.filter((what) => what === "list").length < 10);
});
