/** Root in a container puts programs of its own in the place of those that files are copied with. */
import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

/** No answer to others may take longer meanwhile; this machine may be busy. */
const OTHERS_MS = 3_000;

let held: AsyncDisposableStack, gateway: TestGateway, terminal: TestTerminal;

Deno.test.beforeAll(async () => {
  held = new AsyncDisposableStack();
  gateway = held.use(await TestGateway.start());
});

Deno.test.afterAll(() => held.disposeAsync());

let commands = 0;

async function shell(line: string): Promise<void> {
  const mark = `done-${commands++}`;
  terminal.type(`${line}; printf '%s-%s\\n' ${mark} "$?"\r`);
  await terminal.see(new RegExp(`${mark}-0\r\n`));
}

/** Puts a script in the place of a program, asks for something, and measures what others feel. */
async function play(program: string, script: string, path: string, init: RequestInit = {}) {
  const cookie = await gateway.logIn();
  await using opened = terminal = await TestTerminal.open(gateway, { cookie });
  await shell("mkdir /d && echo x > /d/x");
  const text = btoa(script);
  await shell(`rm -f "$(command -v ${program})"; printf %s ${text} | base64 -d > /bin/${program}`);
  await shell(`chmod +x /bin/${program}`);
  const headers = { cookie, origin: gateway.origin };
  const url = `${gateway.origin}/api/v1/sessions/${opened.session}/files${path}`;
  const asked = fetch(url, { ...init, headers }).then(async (response) => {
    const bytes = await response.bytes().catch(() => null);
    return { status: response.status, bytes };
  }, () => ({ status: 0, bytes: null })); // it was cut before its first byte
  let worstMs = 0, phase: "under way" | "over" = "under way";
  asked.finally(() => phase = "over");
  while (phase === "under way") {
    const begunMs = performance.now();
    await (await fetch(`${gateway.origin}/healthz`)).text();
    worstMs = Math.max(worstMs, performance.now() - begunMs);
  }
  assert(worstMs < OTHERS_MS, `others waited for ${worstMs} ms`);
  const ended = fetch(`${gateway.origin}/api/v1/sessions/${opened.session}`, {
    ...{ method: "DELETE", headers },
  });
  assertEquals((await ended).status, 204);
  return await asked;
}

Deno.test("a find that says one endless word and fails", async () => {
  const script = "#!/bin/sh\nhead -c 4000000 /dev/zero | tr '\\0' a\nexit 1\n";
  assertEquals((await play("find", script, "/d?list")).status, 501);
});

Deno.test("a find that says more than is listened to, names that are long, and times that are none", async () => {
  const script = "#!/bin/bash\n" +
    'm=$(printf "%s\\n" "$@" | sed -n "s/^\\([0-9a-f-]\\{36\\}\\) .*/\\1/p" | head -1)\n' +
    'long=$(head -c 2000000 /dev/zero | tr "\\0" "\\1")\n' +
    'printf "%s 81a4 5 60 /d/%s\\n" "$m" "$long"\n' +
    'printf "%s 81a4 5 -99999999999999999999 /d/old\\n" "$m"\n';
  const { status, bytes } = await play("find", script, "/d?list");
  assertEquals(status, 200);
  const { entries } = JSON.parse(new TextDecoder().decode(bytes!));
  assertEquals(entries.map(({ name }: { name: string }) => name), ["old"]);
});

Deno.test("a stat that tells a size which no file has", async () => {
  const script = `#!/bin/sh\necho ${"9".repeat(50)} 1-2-3\n`;
  const { status, bytes } = await play("stat", script, "/d/x");
  assertEquals([status, new TextDecoder().decode(bytes!)], [200, "x\n"]);
});

Deno.test("a stat that says a long word in the place of a number", async () => {
  const script = "#!/bin/sh\nhead -c 60000 /dev/zero | tr '\\0' a\n";
  assertEquals((await play("stat", script, "/d/x")).status, 501);
});

Deno.test("a tar with a header that would be read for hours", async () => {
  const header = "#!/usr/bin/perl\n" +
    'my $n = 1048576; my $b = pack("a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a247", "x", "0000644", ' +
    '"0000000", "0000000", sprintf("%011o", $n), "00000000000", "", "x", "", "ustar", "00", "");\n' +
    'my $s = 0; $s += ord for split //, $b; substr($b, 148, 8) = sprintf("%06o\\0 ", $s);\n' +
    'print $b, "1\\n" x ($n / 2 - 1), "1 ";\n';
  assertEquals((await play("tar", header, "/d")).bytes, null);
});
