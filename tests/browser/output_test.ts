import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ env: { TTYGATE_SESSION_RECONNECT_GRACE: "0s" } }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A page whose gateway is played. */
async function played(test: (tab: TestTab, server: Scripted) => Promise<void>): Promise<void> {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await test(tab, server);
}

/** Prints pieces, each when the one before has been drawn. */
async function printInTurn(server: Scripted, pieces: readonly Uint8Array[]): Promise<void> {
  let offset = server.acked ?? 0;
  for (const piece of pieces) {
    server.print(piece);
    offset += piece.length;
    await until(() => server.acked === offset);
  }
}

Deno.test("no character is lost, wherever its bytes are cut", async () => {
  await played(async (tab, server) => {
    const text = "A—B … ’ € 日本 👍 é";
    const bytes = new TextEncoder().encode(text);
    for (const cut of [...bytes.keys()].slice(1)) {
      await printInTurn(server, [bytes.subarray(0, cut), bytes.subarray(cut)]);
      await printInTurn(server, [new TextEncoder().encode("\r\n")]);
    }
    await printInTurn(server, [...bytes].map((byte) => Uint8Array.of(byte)));
    assertEquals(
      await tab.rows().then((rows) => rows.filter((row) => row !== text && row !== "")),
      [],
    );
    assertEquals((await tab.screen()).split("\n").length, bytes.length);
  });
});

Deno.test("bytes that are no UTF-8 are seen as such, and what stands beside them is whole", async () => {
  await played(async (tab, server) => {
    const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
    await printInTurn(server, [
      bytes("a\xffb\r\n"),
      bytes("c\xe2"),
      bytes("\x1b[1md\x1b[0m\r\n"),
      bytes("e\x9b31mf\r\n"), // CSI as one byte has no meaning in UTF-8
      bytes("g\xc2\x9b2Ch\r\n"), // and as a character it has
    ]);
    assertEquals(await tab.screen(), "a\ufffdb\nc\ufffdd\ne\ufffd31mf\ng  h");
  });
});

Deno.test("a title is one line of bounded length, without what turns text round", async () => {
  await played(async (tab, server) => {
    const title = () => tab.page.title();
    server.print("\x1b]2;vim \u202egpj.txt\u2066\tx\x07");
    await until(async () => await title() === "vim gpj.txt x – ttygate");
    for (const length of [2_000, 5_000_000]) {
      server.print("\x1b]2;short\x07");
      await until(async () => await title() === "short – ttygate");
      const text = `${length} `.padEnd(length, "x");
      for (let i = 0; i < length; i += 50_000) {
        server.print((i === 0 ? "\x1b]0;" : "") + text.slice(i, i + 50_000));
      }
      server.print("\x07");
      await until(async () => await title() === `${text.slice(0, 199)}… – ttygate`);
    }
    server.print("\x1b]2;\x07");
    await until(async () => await title() === "ttygate");
  });
});

Deno.test("sequences beyond reason do not stop the terminal", async () => {
  await played(async (tab, server) => {
    for (
      const final of ["b", "S", "T", "L", "M", "I", "Z", "@", "P", "X", "A", "B", "C", "D", "G"]
    ) {
      server.print(`\x1b[Ha\x1b[2147483647${final}`);
    }
    const link = `https://example.com/${"x".repeat(60_000)}`;
    server.print("\x1b[H\x1b[2J\x1b]8;;");
    for (let i = 0; i < 100; i++) server.print(link);
    server.print("\x1b\\link\x1b]8;;\x1b\\ goes on\x1b[3b\r\n");
    await tab.see(/^link goes onnnn$/);
  });
});

Deno.test("neither heaps of marks nor a program that asks and asks take the terminal away", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  await tab.type(
    "m=$(printf '\\u0301%.0s' {1..5000}); for i in {1..200}; do printf $m; done; clear\n",
  );
  // The shell that follows must not find all those answers.
  const asks = "trap 'stty -echo; timeout 2 cat >/dev/null; exit' INT; " +
    "while :; do printf '\\e[6n\\e[6n\\e[6n\\e[6n'; done";
  await tab.type(`echo as''king; bash -c "${asks}"; stty echo; clear; echo still''here\n`);
  await tab.see(/\d+;\d+R[^]*\d+;\d+R/);
  await tab.press("Control+C");
  await tab.see(/^stillhere$/m);
});

Deno.test("of 60,000 dashes none is lost", async () => {
  const viewport = { width: 1700, height: 6400 }; // all of them are on the screen
  await using alice = await browser.person({ origin, cookie, viewport });
  const tab = await alice.openTerminal();
  await tab.type("clear; printf '—%.0s' {1..60000}; echo; echo do''ne\n");
  await tab.see(/^done$/m);
  const dashes = (await tab.screen()).match(/—/g) ?? [];
  assertEquals(dashes.length, 60_000);
});
