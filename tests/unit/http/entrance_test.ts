/** Connections on loopback, with a clock moved by hand and scripted parts behind them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BlockList, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { systemClock } from "../../../lib/clock.ts";
import { blockListOf } from "../../../lib/http/caller.ts";
import { type Connection, Entrance, HELLO_MS } from "../../../lib/http/entrance.ts";
import type { Gateway } from "../../../lib/http/gateway.ts";
import { Places } from "../../../lib/http/places.ts";
import { HttpServer } from "../../../lib/http/server.ts";
import { createLog } from "../../../lib/log.ts";
import { CountingLog } from "../../../lib/log/counting.ts";
import type { Clock } from "../../../lib/types.ts";
import { makeCertificate } from "../../support/certificate.ts";
import { until } from "../../support/gateway.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { rawHttp } from "../../support/raw_http.ts";

/** What an entrance needs of a gateway. */
function scripted(clock: Clock) {
  const logged: string[] = [];
  const log = createLog((line) => logged.push(line), { prefix: false, clock: () => new Date(0) });
  /** Who waits for a turn while nobody has one. */
  const waiting = new Set<() => void>();
  const parts = {
    turns: "enough" as "enough" | "none",
    waitingElsewhere: 0,
    trustedProxies: blockListOf(["127.0.0.1"]) as BlockList,
  };
  const gateway = {
    clock,
    log,
    basePath: "/",
    counted: new CountingLog(log, clock),
    places: new Places(100),
    fairQueue: {
      enter: () => parts.turns === "enough",
      waiting: () => parts.waitingElsewhere + waiting.size,
      wait(_source: string, work: () => void) {
        waiting.add(work);
        return { [Symbol.dispose]: () => void waiting.delete(work) };
      },
    },
    get trustedProxies() {
      return parts.trustedProxies;
    },
    hosts: { require() {} },
    noticed: { look() {} },
    health: { showLive: () => new Response("fine\n") },
  } as unknown as Gateway;
  return { gateway, parts, waiting, logged };
}

/** An entrance of its own on a port of loopback. */
async function open(tls: { cert: string; key: string } | null = null) {
  const clock = new ManualClock();
  const { waiting, parts, gateway } = scripted(clock);
  const entrance = new Entrance({ listener: "web", gateway, tls, speak() {} });
  const admitted = Promise.withResolvers<Socket>();
  const server = createServer({ pauseOnConnect: true }, (raw) => {
    entrance.admit(raw, "tcp");
    admitted.resolve(raw);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const client = connect({ host: "127.0.0.1", port });
  client.on("error", () => {});
  const raw = await admitted.promise;
  return {
    ...{ clock, entrance, client, raw, parts, waiting },
    connection: () => entrance.connections[0] as Connection,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      raw.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

Deno.test("a proxy's connection that has waited for many turns keeps nothing of them", async () => {
  await using stage = await open();
  const { entrance, raw, parts, waiting } = stage;
  parts.turns = "none";
  const before = raw.listenerCount("close");
  for (let request = 0; request < 30; request++) {
    const assigned = entrance.assignClient(stage.connection(), "192.0.2.1");
    for (const work of waiting) work();
    await assigned;
    entrance.releaseClient(stage.connection());
  }
  assertEquals([raw.listenerCount("close"), waiting.size], [before, 0]);
  // And who hangs up while it waits does not wait for ever.
  const assigned = entrance.assignClient(stage.connection(), "192.0.2.1");
  raw.destroy();
  await assigned;
  assertEquals(waiting.size, 0);
});

Deno.test("a handshake that drips is cut HELLO_MS after the connection was made", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await makeCertificate(dir, "localhost");
    const read = (end: string) => Deno.readTextFile(`${dir}/localhost.${end}`);
    await using stage = await open({ cert: await read("crt"), key: await read("key") });
    const { clock, client, raw } = stage;
    let readBytes = 0;
    for (const byte of [0x16, 0x03, 0x01, 0x02, 0x00]) {
      client.write(Uint8Array.of(byte));
      await until(() => raw.bytesRead > readBytes);
      readBytes = raw.bytesRead;
      await clock.advance((HELLO_MS - 1) / 5);
      assert(!raw.destroyed);
    }
    await clock.advance(1);
    assert(raw.destroyed);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("who has said something is no longer bound by HELLO_MS", async () => {
  await using stage = await open();
  const { clock, client, raw } = stage;
  assertEquals(clock.pending, 1);
  client.write("GET / HTTP/1.1\r\n");
  await until(() => clock.pending === 0);
  await clock.advance(2 * HELLO_MS);
  assert(!raw.destroyed);
});

Deno.test("an address with very many connections that wait for a turn gets no more of them", async () => {
  const { gateway, parts, waiting, logged } = scripted(systemClock);
  Object.assign(parts, { turns: "none", trustedProxies: blockListOf([]), waitingElsewhere: 198 });
  const target = { transport: "tcp", hostname: "127.0.0.1", port: 0 } as const;
  await using server = await HttpServer.listen(target, { listener: "web", gateway, tls: null });
  const { port } = new URL(`http://${server.address}`);
  const clients = [1, 2, 3].map(() => connect({ host: "127.0.0.1", port: Number(port) }));
  const closed = clients.map((client) =>
    new Promise<void>((resolve) => client.on("error", () => {}).on("close", () => resolve()))
  );
  await Promise.race(closed);
  await until(() => waiting.size === 2);
  assertEquals(gateway.places.taken, 2);
  assertMatch(logged[0]!, /a connection was refused: its address has its share of them/);
  for (const client of clients) client.destroy();
});

Deno.test("a fault of the gateway's own is 500 and logged; what fetch has no words for is 400", async () => {
  const { gateway, parts, logged } = scripted(systemClock);
  const target = { transport: "tcp", hostname: "127.0.0.1", port: 0 } as const;
  await using server = await HttpServer.listen(target, { listener: "web", gateway, tls: null });
  const ask = (method: string) =>
    rawHttp(server.address, `${method} /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  assertEquals((await ask("GET")).status, 200);
  assertEquals((await ask("TRACE")).status, 400);
  assertEquals(logged, []);
  // Asked for each request: it breaks between the connection and its request.
  let asked = 0;
  Object.defineProperty(parts, "trustedProxies", {
    get() {
      if (++asked % 2 === 0) throw new Error("out of order");
      return blockListOf([]);
    },
  });
  const { status, text } = await ask("GET");
  assertEquals(status, 500);
  assertMatch(text, /The gateway could not answer\. Its log says why\./);
  assertEquals(logged.length, 1);
  assertMatch(logged[0]!, /a request failed error="out of order"/);
});

Deno.test("requests that a proxy sends ahead each count for their own client, until they are answered", async () => {
  const { gateway } = scripted(systemClock);
  const spoken: (string | null)[] = [];
  const { places } = gateway;
  const speak = places.speak.bind(places);
  places.speak = (guest, source) => {
    if (guest.source !== source) spoken.push(source);
    return speak(guest, source);
  };
  const seen: (string | null)[] = [];
  Object.assign(gateway, {
    health: {
      async showLive() {
        await Promise.resolve();
        seen.push(spoken.at(-1)!);
        return new Response("fine\n");
      },
    },
  });
  const target = { transport: "tcp", hostname: "127.0.0.1", port: 0 } as const;
  await using server = await HttpServer.listen(target, { listener: "web", gateway, tls: null });
  const request = (client: string, end = "") =>
    `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${client}\r\n${end}\r\n`;
  const clients = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  const all = clients.map((client, at) => request(client, at === 2 ? "Connection: close\r\n" : ""));
  await rawHttp(server.address, all.join(""));
  assertEquals(seen, clients);
  await until(() => places.taken === 0);
});
