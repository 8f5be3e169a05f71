/** bash in a container marks its prompts and commands, and is otherwise as ever. */
import { assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

const A = "\x1b]133;A\x07", C = "\x1b]133;C\x07";
const D = (status: number) => `\x1b]133;D;${status}\x07`;
// deno-lint-ignore no-control-regex
const MARKS = /\x1b\]133;[^\x07]*\x07/g;

let gateway: TestGateway, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    env: {
      TTYGATE_CONTAINER_PROMPT_MARKS: "on",
      TTYGATE_IMAGE_PLAIN_PROMPT_MARKS: "off",
      TTYGATE_IMAGE_NOBODY_USER: "65534:65534",
      TTYGATE_IMAGE_BARE_COMMAND: "/bin/sh,-c,rm -r /etc/profile.d /etc/bash.bashrc; exec bash",
      TTYGATE_IMAGE_DASH_COMMAND: "/bin/sh",
    },
  });
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => gateway[Symbol.asyncDispose]());

/** A shell that shows its prompt; `exit` ends it. */
async function open(image = "default"): Promise<TestTerminal> {
  const terminal = await TestTerminal.open(gateway, { cookie, query: { image } });
  await terminal.see(/[#$] $/);
  return terminal;
}

async function exit(terminal: TestTerminal, status = 0): Promise<void> {
  terminal.type("exit\r");
  assertEquals((await terminal.event("ended")).exitCode, status);
}

/** Types a line, and returns the marks that come with it, up to the next prompt. */
async function marksOf(terminal: TestTerminal, line: string): Promise<string> {
  const from = terminal.output.length;
  terminal.type(`${line}\r`);
  await terminal.see(/\n[^\n]*[#$] $/, from);
  return (terminal.output.slice(from).match(MARKS) ?? []).join("");
}

Deno.test("prompts, outputs and how commands ended are marked", async () => {
  await using terminal = await open();
  assertEquals(terminal.output.match(MARKS), [D(0), A]);
  assertEquals(await marksOf(terminal, "true"), C + D(0) + A);
  assertEquals(await marksOf(terminal, "(exit 7)"), C + D(7) + A);
  assertEquals(await marksOf(terminal, ""), D(7) + A);
  await exit(terminal, 7);
});

for (const image of ["nobody", "bare"]) {
  Deno.test(`so are they in the container of ${image}`, async () => {
    await using terminal = await open(image);
    assertEquals(await marksOf(terminal, "false"), C + D(1) + A);
    await exit(terminal, 1);
  });
}

for (const image of ["plain", "dash"]) {
  Deno.test(`nothing is marked in that of ${image}`, async () => {
    await using terminal = await open(image);
    assertEquals(await marksOf(terminal, "true"), "");
    assertEquals(terminal.output.match(MARKS), null);
    await exit(terminal);
  });
}

Deno.test("statuses, unset variables, errors that end, and history are as without marks", async () => {
  await using terminal = await open();
  await marksOf(terminal, "(exit 9)");
  assertEquals(await terminal.run("echo $?"), "0"); // of the echo before it on the line
  await marksOf(terminal, "(exit 9)");
  await marksOf(terminal, "seen=$?");
  assertEquals(await terminal.run("echo $seen"), "9");
  await marksOf(terminal, "set -eu");
  assertEquals(await terminal.run("echo lives"), "lives");
  assertEquals(await terminal.run("history | grep -c 'printf'"), "1"); // that very line
  assertEquals(
    await terminal.run("bash -c 'echo plain' | od -c | head -n 1"),
    "0000000   p   l   a   i   n  \\n",
  );
  await exit(terminal);
});

Deno.test("a person's own settings count", async () => {
  await using terminal = await open();
  await marksOf(terminal, "PS1='mine $ '");
  assertEquals(await marksOf(terminal, "true"), C + D(0) + A);
  await marksOf(terminal, "PROMPT_COMMAND='echo own' PS0=");
  assertEquals(await marksOf(terminal, "true"), "");
  assertEquals(await terminal.run("echo 1"), "1");
  await terminal.see(/\r\nown\r\n/);
  await exit(terminal);
});
