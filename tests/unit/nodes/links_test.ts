/** Who may call as a node, and what one that means harm can do: nothing to anybody else. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { systemClock } from "../../../lib/clock.ts";
import { Dialler, type DiallerParts, retryMs } from "../../../lib/nodes/dialler.ts";
import type { Identity } from "../../../lib/nodes/identity.ts";
import { newKey, randomText, sign } from "../../../lib/nodes/keys.ts";
import {
  CONTROL_PROTOCOL,
  HEADER,
  signedBy,
  STREAM_PROTOCOL,
} from "../../../lib/protocol/nodes.ts";
import { until } from "../../support/gateway.ts";
import { Switchboard } from "../../support/switchboard.ts";

const STATUS = {
  ...{ ready: 0, maxTotal: 5, draining: false, image: "test", sessions: [] },
  ...{ images: [], labels: [], swarm: null },
};

function dial(board: Switchboard, identity: Identity, parts: Partial<DiallerParts> = {}): Dialler {
  const serve = (stream: Duplex) => void stream.on("data", () => {});
  const status = () => STATUS;
  return new Dialler({ identity, status, serve, clock: systemClock, log: board.log, ...parts });
}

/** Says something to the switchboard byte for byte; what it answers is in `heard`. */
class Stranger implements Disposable {
  heard = "";
  over = false;
  readonly #socket;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port) });
    this.#socket.on("data", (chunk: Uint8Array) => this.heard += new TextDecoder().decode(chunk));
    this.#socket.on("close", () => this.over = true);
    this.#socket.on("error", () => {});
  }

  call(protocol: string, headers: Record<string, string>): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.say(
      `GET /agent HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n` +
        `${lines.join("")}\r\n`,
    );
  }

  say(text: string): void {
    this.#socket.write(text);
  }

  header(name: string): string {
    return new RegExp(`^${name}: (.*)\r$`, "m").exec(this.heard)![1]!;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** A call that has been answered with 101. */
async function answered(board: Switchboard, id: string, challenge: string): Promise<Stranger> {
  const stranger = new Stranger(board.url);
  const headers = { [HEADER.node]: id, [HEADER.link]: "1", [HEADER.challenge]: challenge };
  stranger.call(CONTROL_PROTOCOL, headers);
  await until(() => stranger.heard.includes("\r\n\r\n"));
  assertMatch(stranger.heard, /^HTTP\/1\.1 101 /);
  return stranger;
}

Deno.test("a node that proves who it is has a link, and says how it is when that changes", async () => {
  await using board = await Switchboard.start();
  const identity = await board.join("west");
  let maxTotal = 5;
  await using dialler = dial(board, identity, { status: () => ({ ...STATUS, maxTotal }) });
  await until(() => board.links.all.length === 1 && dialler.phase === "linked");
  const [link] = board.links.all;
  assertEquals([link!.node.name, link!.remote], ["west", "192.0.2.9"]);
  maxTotal = 7;
  await until(() => link!.status.maxTotal === 7);
});

Deno.test("a stranger, a wrong key and a replayed proof are refused; the node stays linked", async () => {
  await using board = await Switchboard.start();
  const identity = await board.join("west");
  await using dialler = dial(board, identity);
  await until(() => dialler.phase === "linked");
  const [link] = board.links.all;

  using unknown = new Stranger(board.url);
  unknown.call(CONTROL_PROTOCOL, { [HEADER.node]: "nobody", [HEADER.link]: "1" });
  await until(() => unknown.over);
  assertMatch(unknown.heard, /^HTTP\/1\.1 404 /);

  const own = randomText();
  const other = await newKey();
  const proofs = [
    "",
    await sign(other.privateKey, new TextEncoder().encode("x")),
    // The node's own signature, of another call.
    await sign(
      identity.privateKey,
      signedBy("node", { node: identity.id, challenges: [randomText(), own] }),
    ),
  ];
  for (const signature of proofs) {
    using stranger = await answered(board, identity.id, own);
    stranger.say(JSON.stringify({ type: "proof", signature, status: STATUS }) + "\n");
    await until(() => stranger.over);
    assert(!stranger.heard.includes("welcome"));
  }
  assertEquals(board.links.all, [link!]);
});

Deno.test("noise, floods and lines that do not end close the connection that they came by", async () => {
  await using board = await Switchboard.start();
  const identity = await board.join("west");
  await using dialler = dial(board, identity);
  await until(() => dialler.phase === "linked");
  const [link] = board.links.all;
  for (const noise of ["{}\n", "\x00\xff\n", '{"type":"status"}\n', "x".repeat(1024 * 1024 + 1)]) {
    using stranger = await answered(board, identity.id, randomText());
    stranger.say(noise);
    await until(() => stranger.over);
  }
  assertEquals(board.links.all, [link!]);
});

Deno.test("a stream shows the secret of a link that is there", async () => {
  await using board = await Switchboard.start();
  const identity = await board.join("west");
  await using dialler = dial(board, identity);
  await until(() => dialler.phase === "linked");
  const [link] = board.links.all;
  for (const secret of ["", randomText(), `${link!.secret}x`]) {
    using stranger = new Stranger(board.url);
    stranger.call(STREAM_PROTOCOL, { [HEADER.node]: identity.id, [HEADER.secret]: secret });
    await until(() => stranger.over);
    assertMatch(stranger.heard, /^HTTP\/1\.1 403 /);
  }
});

Deno.test("a node parks a few streams and no more", async () => {
  await using board = await Switchboard.start();
  const identity = await board.join("west");
  await using dialler = dial(board, identity);
  await until(() => dialler.phase === "linked");
  const [link] = board.links.all;
  const strangers = Array.from({ length: 20 }, () => new Stranger(board.url));
  try {
    for (const stranger of strangers) {
      stranger.call(STREAM_PROTOCOL, {
        [HEADER.node]: identity.id,
        [HEADER.secret]: link!.secret,
      });
    }
    await until(() => strangers.filter(({ over }) => over).length >= 20 - 16);
    assert(strangers.some(({ over }) => !over));
  } finally {
    for (const stranger of strangers) stranger[Symbol.dispose]();
  }
});

Deno.test("a newer call of a node takes the place of the older one, whose streams are cut", async () => {
  await using board = await Switchboard.start();
  const identity = await board.join("west");
  const cut = Promise.withResolvers<void>();
  await using older = dial(board, identity, {
    serve: (stream) => void stream.on("close", () => cut.resolve()),
    random: () => 1e6, // it does not call again while the test lasts
  });
  await until(() => older.phase === "linked");
  const [before] = board.links.all;
  await using newer = dial(board, identity);
  await until(() => newer.phase === "linked");
  await cut.promise;
  assertEquals(board.links.all.length, 1);
  assert(board.links.all[0] !== before);
});

Deno.test("a gateway without the key that was pinned is told nothing", async () => {
  await using board = await Switchboard.start();
  const { publicKey: gatewayKey } = await newKey();
  const identity = { ...await board.join("west"), gatewayKey };
  await using dialler = dial(board, identity);
  await until(() => dialler.phase === "away");
  assertEquals(board.links.all, []);
  assertMatch(board.lines.join("\n"), /not the gateway that this machine joined/);
});

Deno.test("a node that is removed is cut off at once, and refused from then on", async () => {
  await using board = await Switchboard.start();
  const identity = await board.join("west");
  await using dialler = dial(board, identity);
  await until(() => dialler.phase === "linked");
  await board.roster.remove("west");
  board.links.forget(identity.id);
  await until(() => dialler.phase === "away");
  assertEquals(board.links.all, []);
  assertMatch(board.lines.join("\n"), /it answers 404 Refused: This gateway knows no such node/);
});

Deno.test("an agent calls again soon for a minute, and each 8 s then", () => {
  const waits = [0, 1, 3, 120, 121, 130, 10_000].map((failures) => retryMs(failures, 1));
  assertEquals(waits, [100, 200, 500, 500, 1000, 8000, 8000]);
  assertEquals(retryMs(130, 0), 4000);
});

Deno.test("an agent of another time is refused with both versions", async () => {
  await using board = await Switchboard.start();
  const { id } = await board.join("west");
  using stranger = new Stranger(board.url);
  stranger.call(CONTROL_PROTOCOL, { [HEADER.node]: id, [HEADER.version]: "0.0.7" });
  await until(() => stranger.over);
  assertMatch(stranger.heard, /The agent is ttygate 0\.0\.7, which the gateway, ttygate \d/);
});
