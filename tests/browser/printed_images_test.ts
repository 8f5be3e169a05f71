/** Images that programs print, sixel and iTerm's, and what no page should take. */
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { deflateSync } from "node:zlib";
import { crc32 } from "node:zlib";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { PROGRAMS_IMAGE } from "../support/image.ts";
import { Scripted } from "../support/scripted.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(
    await TestGateway.start({
      env: { TTYGATE_CONTAINER_IMAGE: PROGRAMS_IMAGE, TTYGATE_CONTAINER_CPUS: "2" },
    }),
  );
  browser = owned.use(await TestBrowser.launch());
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A page whose gateway is played. */
async function played(
  test: (tab: TestTab, server: Scripted) => Promise<void>,
  tolerate?: RegExp,
): Promise<void> {
  const { origin } = gateway;
  await using alice = await browser.person({ origin, cookie, ...(tolerate && { tolerate }) });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  await test(tab, server);
}

/** Prints, and waits until all of it is drawn. */
async function print(server: Scripted, text: string): Promise<void> {
  const before = server.acked ?? 0;
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 60_000) server.print(bytes.subarray(at, at + 60_000));
  await until(() => server.acked === before + bytes.length, 60_000);
}

const RED = /^2[45]\d,0,0,255$/, NONE = "0,0,0,0";

/** A red sixel of so many times 6 rows. */
function sixel(width: number, sixRows: number): string {
  const row = `#1!${width}~-`;
  return `\x1bP0;1q"1;1;${width};${6 * sixRows}#1;2;100;0;0${row.repeat(sixRows)}\x1b\\`;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A red PNG (https://www.w3.org/TR/png-3/) as iTerm's inline image. */
function inlinePng(width: number, height: number, said = ""): string {
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, 2, 0, 0, 0], 8);
  const row = [0, ...Array.from({ length: width }, () => [255, 0, 0]).flat()];
  const pixels = deflateSync(Uint8Array.from(Array.from({ length: height }, () => row).flat()));
  const signature = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk("IHDR", head), chunk("IDAT", pixels), chunk("IEND", new Uint8Array())];
  const png = Uint8Array.from([signature, ...parts].flatMap((part) => [...part]));
  return `\x1b]1337;File=inline=1;size=${png.length}${said}:${png.toBase64()}\x07`;
}

/** The colour of a pixel among what is drawn of images; the middle of a cell if that is asked. */
function pixel({ page }: TestTab, x: number, y: number): Promise<string> {
  return page.evaluate(([x, y]) => {
    const canvas = document.querySelector<HTMLCanvasElement>("canvas.xterm-image-layer");
    if (!canvas) return "0,0,0,0";
    // A canvas of one's own, as reading one slows it down.
    const own = new OffscreenCanvas(1, 1).getContext("2d")!;
    own.drawImage(canvas, -x!, -y!);
    return own.getImageData(0, 0, 1, 1).data.join(",");
  }, [x, y]);
}

async function assertRed(tab: TestTab, x = 5, y = 5): Promise<void> {
  let seen = "";
  await until(async () => RED.test(seen = await pixel(tab, x, y))).catch(() => {});
  assertMatch(seen, RED);
}

Deno.test("what comes with images is loaded with the first, and output goes on in its order", async () => {
  await played(async (tab, server) => {
    const fetched: string[] = [];
    tab.page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
    await print(server, "plain\r\n\x1b]0;title\x07");
    assertEquals(fetched, []);
    await print(server, `\x1b[H${sixel(30, 4)}`);
    await assertRed(tab);
    await print(server, "\x1b[2J\x1b[H");
    await until(async () => await pixel(tab, 5, 5) === NONE);
    // Byte by byte, as a slow line cuts it.
    for (const byte of new TextEncoder().encode(`\x1b[H${sixel(30, 4)}\r\nafter`)) {
      server.print(Uint8Array.of(byte));
    }
    await tab.see(/^after$/m);
    await assertRed(tab);
    assertEquals(await pixel(tab, 35, 5), NONE);
    assertEquals(fetched.length, 1);
    assertMatch(fetched[0]!, /\/image\.\w+\.js$/);
  });
});

Deno.test("an inline PNG is drawn, in the size that is asked for", async () => {
  await played(async (tab, server) => {
    await print(server, `\x1b[H${inlinePng(10, 10, ";width=50px;height=30px")}`);
    await assertRed(tab, 45, 25);
    assertEquals(await pixel(tab, 55, 25), NONE);
    await print(server, "\x1b[2J\x1b[H.");
    await until(async () => await pixel(tab, 45, 25) === NONE);
  });
});

Deno.test("programs are told that there are images, and how large cells are", async () => {
  await played(async (_tab, server) => {
    server.print("\x1b[c");
    await until(() => server.typed === "\x1b[?62;4;9;22c");
    server.print("\x1b[16t\x1b[14t\x1b[18t\x1b[?1;1;0S");
    for (const answer of [/\[6;\d+;\d+t/, /\[4;\d+;\d+t/, /\[8;\d+;\d+t/, /\[\?1;0;256S/]) {
      await until(() => answer.test(server.typed));
    }
  });
});

const HOSTILE: Readonly<Record<string, string>> = {
  "a sixel that says it is huge": `\x1bP0;1q"1;1;100000;100000#1;2;100;0;0#1!100000~\x1b\\`,
  "a sixel of more pixels than are taken": sixel(9000, 200),
  "a sixel that never ends": `\x1bP0;1q${"#1!9~-".repeat(2_000_000)}\x1b\\`,
  "a sixel of one pixel's width and endless height": sixel(1, 40_000),
  "a PNG that says it is huge": inlinePng(1, 1).replace(/size=\d+/, "size=999999999"),
  "a PNG drawn hugely": inlinePng(1, 1, ";width=99999px;height=99999px"),
  "a PNG drawn endlessly high": inlinePng(
    1,
    1,
    ";width=1px;height=999999px;preserveAspectRatio=0",
  ),
  "what is no PNG": `\x1b]1337;File=inline=1;size=9:${btoa("\x89PNG\r\n\x1a\n!")}\x07`,
  "a PNG that breaks off": `\x1b]1337;File=inline=1;size=40:${
    btoa(atob(inlinePng(9, 9).split(":")[1]!.slice(0, -1)).slice(0, 40))
  }\x07`,
};

for (const [what, output] of Object.entries(HOSTILE)) {
  Deno.test(`${what} is left out, and the terminal goes on`, async () => {
    await played(async (tab, server) => {
      await print(server, `\x1b[H${output}lives`);
      await tab.see(/lives/);
      assertEquals(await pixel(tab, 5, 5), NONE);
      await print(server, `\x1b[2J\x1b[H${sixel(30, 4)}`);
      await assertRed(tab);
    }, /SIXEL: |could not be decoded/);
  });
}

Deno.test("a flood of images ends with the last one, and the page lives", async () => {
  await played(async (tab, server) => {
    for (let i = 0; i < 60; i++) await print(server, sixel(1600, 150) + "\r\n");
    await print(server, `\x1b[2J\x1b[H${sixel(30, 4)}\r\nlast`);
    await tab.see(/^last$/m);
    await assertRed(tab);
  });
});

Deno.test("img2sixel's image is there in a container, and again after a reload", async () => {
  await using alice = await browser.person({ origin: gateway.origin, cookie });
  const tab = await alice.openTerminal();
  const png = inlinePng(40, 40).split(":")[1]!.slice(0, -1);
  await tab.type(
    `base64 -d > /tmp/red.png <<< ${png}; clear; img2sixel /tmp/red.png; echo do''ne\n`,
  );
  await tab.see(/^done$/m);
  await assertRed(tab);
  await tab.page.reload();
  await tab.see(/^done$/m);
  await assertRed(tab);
  const [session] = await gateway.containers();
  assert(session);
  await tab.type("exit\n");
  await tab.phase("ended");
});
