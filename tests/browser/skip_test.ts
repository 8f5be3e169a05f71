import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { WebSocketRoute } from "playwright-core";
import { decodeClientFrame, encodeEvent, encodeOutput } from "../../lib/terminal/frame.ts";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";

const gateway = await TestGateway.start();
const browser = await TestBrowser.launch();
const { origin } = gateway;
const cookie = await gateway.logIn();

Deno.test("the page passes over a skip, draws what follows whole, and acknowledges by offset", async () => {
  await using alice = await browser.person({ origin, cookie });
  let server: WebSocketRoute | undefined;
  const acks: number[] = [];
  await alice.context.routeWebSocket(/\/terminal\?/, (socket) => {
    server = socket;
    socket.onMessage((message) => {
      const frame = decodeClientFrame(message as Buffer);
      if (frame.type === "ack") acks.push(frame.offset);
    });
  });
  const tab = await alice.open();
  await until(() => server !== undefined);
  const send = (message: Uint8Array) => server!.send(Buffer.from(message));
  const print = (text: string) => send(encodeOutput(new TextEncoder().encode(text)));
  send(encodeEvent({
    type: "ready",
    session: "scripted",
    offset: 0,
    input: 0,
    viewer: 1,
    user: "alice",
    image: "none",
    limits: { cpus: 1, memory: 1, pids: 1, disk: null },
    idleTimeout: 900,
    stages: { create: 0, attach: 0, start: 0, prompt: 0 },
  }));
  const flood = "flood\r\n\x1b[3"; // the skip begins inside a sequence
  print(flood);
  await until(() => acks.at(-1) === flood.length);
  const [from, to] = [flood.length, flood.length + 1_000_000];
  send(encodeEvent({ type: "skip", from, to }));
  await until(() => acks.at(-1) === to);
  print("mended\r\n$ ");
  await until(() => acks.at(-1) === to + 10);
  assertEquals(await tab.screen(), "flood\nmended\n$");
  assertEquals(await tab.text("#banner"), "1000000 bytes of output were skipped");
});

Deno.test("the browser and the gateway leave nothing behind", async () => {
  await browser[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});
