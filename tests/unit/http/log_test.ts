/** The live log through the gateway: its own lines and its agent's, filtered, and gone on with after a cut. */
import { assert, assertEquals } from "@std/assert";
import type { LogLine } from "../../../lib/protocol/log.ts";
import { TestGateway } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());

/** One who follows, until it is disposed of. */
class Follower implements AsyncDisposable {
  readonly lines: LogLine[] = [];
  readonly gaps: unknown[] = [];
  id = "";
  #rest = "";
  readonly #reader: ReadableStreamDefaultReader<string>;

  private constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(query = "", headers: Record<string, string> = {}): Promise<Follower> {
    const authorization = `Basic ${btoa("root:rooted")}`;
    const url = `${gateway.origin}/api/v1/admin/log${query}`;
    const response = await fetch(url, { headers: { authorization, ...headers } });
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    return new Follower(response.body!);
  }

  /** Reads until there is such a line. */
  async see(test: (line: LogLine) => boolean): Promise<LogLine> {
    while (!this.lines.some(test)) {
      const { value, done } = await this.#reader.read();
      assert(!done, "the stream ended");
      const parts = (this.#rest + value).split("\n\n");
      this.#rest = parts.pop()!;
      for (const part of parts) this.#take(part);
    }
    return this.lines.find(test)!;
  }

  #take(part: string): void {
    const fields = new Map(
      part.split("\n").map((line) => [
        line.slice(0, line.indexOf(":")),
        line.slice(line.indexOf(":") + 2),
      ]),
    );
    this.id = fields.get("id") ?? this.id;
    const data = fields.get("data");
    if (data === undefined) return;
    if (fields.get("event") === "gap") this.gaps.push(JSON.parse(data));
    else this.lines.push(JSON.parse(data));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }
}

const isLogin = (name: string) => ({ event, user }: LogLine) => event === "login" && user === name;

Deno.test("the gateway's lines and its agent's are one stream, which goes on after a cut", async () => {
  let id: string;
  {
    await using follower = await Follower.open();
    const cookie = await gateway.logIn();
    const line = await follower.see(isLogin("alice"));
    assertEquals([line.node, line.level], ["gateway", "info"]);
    await using terminal = await TestTerminal.open(gateway, { cookie });
    const start = await follower.see(({ event }) => event === "session-start");
    assertEquals([start.session, start.user], [terminal.session, "alice"]);
    assert(start.node !== "gateway", "the agent's own name");
    terminal.type("exit\r");
    await follower.see(({ event }) => event === "session-end");
    // Nobody sees how people show who they are.
    const all = JSON.stringify(follower.lines);
    for (const secret of ["wonderland", cookie.split(".")[1]!]) assert(!all.includes(secret));
    await follower.see(({ event, by }) => event === "log-follow" && by === "root");
    ({ id } = follower);
  }
  await gateway.logIn("bob", "builder");
  await gateway.logged(/logged in user=bob/);
  await using again = await Follower.open("", { "last-event-id": id });
  await again.see(isLogin("bob"));
  await again.see(({ event, by }) => event === "log-follow" && by === "root");
  assertEquals(again.gaps, []);
  assertEquals(again.lines.some(isLogin("alice")), false, "told twice");
});

Deno.test("it is filtered, and what cannot be asked for is refused", async () => {
  await gateway.logIn("bob", "builder");
  await (await gateway.postLogin({ username: "bob", password: "wrong" })).body?.cancel();
  await using follower = await Follower.open("?user=bob&level=notice&node=gateway");
  const line = await follower.see(() => true);
  assertEquals([line.event, line.user], ["login-refused", "bob"]);
  for (const query of ["?level=loud", "?after=../../etc"]) {
    const response = await fetch(`${gateway.origin}/api/v1/admin/log${query}`, {
      headers: { authorization: `Basic ${btoa("root:rooted")}` },
    });
    assertEquals([query, response.status], [query, 400]);
    await response.body?.cancel();
  }
});
