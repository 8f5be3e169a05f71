import { assertEquals, assertMatch } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";

/** What a browser logs by itself when it is refused. */
const REFUSED = /^WebSocket connection to .* failed|^Failed to load resource: .*(400|421|426|503)/;

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start());
  browser = owned.use(await TestBrowser.launch());
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** Answers of a gateway that lets nobody open a terminal; those not given are the gateway's own. */
type Answers = (path: string) => Response | undefined;

/** A proxy in front of the gateway that passes no WebSocket on. */
function proxy(answers: Answers): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const isUpgrade = request.headers.get("upgrade") === "websocket";
    const headers = { cookie, ...(isUpgrade ? { "sec-websocket-version": "13" } : {}) };
    return answers(pathname) ?? fetch(gateway.origin + pathname, { headers, redirect: "manual" });
  });
}

function problem(status: number, detail: string): Response {
  const headers = { "content-type": "application/problem+json" };
  return new Response(JSON.stringify({ title: "No", status, detail }), { status, headers });
}

/** What a page tells that cannot open a terminal. */
async function told(answers: Answers): Promise<string> {
  await using front = proxy(answers);
  const origin = `http://127.0.0.1:${front.addr.port}`;
  await using alice = await browser.person({ origin, cookie, tolerate: REFUSED });
  const tab = await alice.open();
  await tab.phase("refused");
  assertEquals((await tab.choices()).texts, ["Try again"]);
  return await tab.text(".ended-message");
}

Deno.test("a page behind a proxy that passes no WebSocket on says so", async () => {
  const sentence = await told(() => undefined);
  assertMatch(sentence, /^The proxy in front of ttygate does not pass WebSockets \(Upgrade\)\. /);
});

Deno.test("a page that is refused for a reason that nobody tells says what it may be", async () => {
  const answers = (path: string) =>
    path === "/terminal" ? new Response(null, { status: 400 }) : undefined;
  assertEquals(
    await told(answers),
    "The server answers, but no terminal can be opened from here.",
  );
});

Deno.test("a host that the gateway does not answer to is told at once, and a busy one after some tries", async () => {
  for (
    const [status, sentence] of [
      [421, "This server does not answer to that name."],
      [503, "This server is busy."],
    ] as const
  ) {
    const answers = (path: string) =>
      path === "/api/v1/sessions" ? problem(status, sentence) : undefined;
    assertEquals(await told(answers), sentence);
  }
});
