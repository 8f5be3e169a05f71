/** What terminals may run in: who is offered what, and what becomes of the choice. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TestGateway } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";
import type { Choice } from "../../../lib/types.ts";
import { PROFILE } from "../sessions/scripted.ts";

const choice = (name: string, title: string, groups: Choice["groups"] = null): Choice => ({
  ...{ name, title, groups },
  profile: name === "default" ? PROFILE : { ...PROFILE, image: `${name}:1` },
});

const held = new AsyncDisposableStack();
const machine = held.use(
  new Machine({
    choices: [
      choice("default", "Debian"),
      choice("python", "Python 3"),
      choice("staff", "For staff", ["teachers", "staff"]),
    ],
    labels: ["gpu"],
  }),
);
const gateway = held.use(
  await TestGateway.start({
    agent: machine,
    users: { alice: "wonderland", bob: "builder" },
    groups: "admin: root\nstaff: bob\n",
    env: {
      TTYGATE_IMAGE_PYTHON_LABELS: "gpu",
      TTYGATE_IMAGE_EU_LABELS: "gpu,eu",
    },
  }),
);
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();
const bob = await gateway.logIn("bob", "builder");

async function namesFor(cookie: string): Promise<string[]> {
  const response = await fetch(`${gateway.origin}/api/v1/images`, { headers: { cookie } });
  const { images } = await response.json();
  return images.map(({ name, title, ...rest }: Record<string, string>) => {
    assertEquals(rest, {});
    return `${name}: ${title}`;
  });
}

async function imageOf(cookie: string, query: Record<string, string>): Promise<string> {
  await using terminal = await TestTerminal.connect(gateway, { cookie, query });
  const { image } = await terminal.event("ready");
  terminal.type("exit\r");
  await terminal.closed;
  return image;
}

Deno.test("everybody sees what they may have, the default first", async () => {
  assertEquals(await namesFor(alice), ["default: Debian", "python: Python 3"]);
  assertEquals(await namesFor(bob), [
    "default: Debian",
    "python: Python 3",
    "staff: For staff",
  ]);
});

Deno.test("a terminal runs in what was asked for, and in the default when nothing was", async () => {
  assertEquals(await imageOf(alice, {}), PROFILE.image);
  assertEquals(await imageOf(alice, { image: "default" }), PROFILE.image);
  assertEquals(await imageOf(alice, { image: "python" }), "python:1");
  assertEquals(await imageOf(bob, { image: "staff" }), "staff:1");
});

Deno.test("what nobody offers, or not to this person, is not found", async () => {
  for (const image of ["node", "python:1", "", "staff", "eu", "\u0000", "x".repeat(255)]) {
    const connecting = TestTerminal.connect(gateway, { cookie: alice, query: { image } });
    const { status, body } = await assertRejects(() => connecting, Refused);
    assertEquals(status, 404, image);
    assertMatch(body, /^There is no image /);
  }
});

Deno.test("a name that is too long is refused", async () => {
  for (const name of ["image", "node"]) {
    const query = { [name]: "x".repeat(256) };
    const connecting = TestTerminal.connect(gateway, { cookie: alice, query });
    assertEquals((await assertRejects(() => connecting, Refused)).status, 400);
  }
});

Deno.test("an agent refuses by itself what it does not offer", async () => {
  const request = {
    user: "mallory",
    winsize: { cols: 80, rows: 24 },
    progress: () => {},
    signal: new AbortController().signal,
  };
  for (const wish of [{ image: "node" }, { image: "staff" }, { image: "staff", groups: ["x"] }]) {
    await assertRejects(
      () => machine.registry.open({ ...request, ...wish }),
      Error,
      `This server does not offer ${wish.image}.`,
    );
  }
});
