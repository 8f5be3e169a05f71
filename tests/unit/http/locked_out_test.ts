/** What becomes of the logins and terminals of those who may not log in any more. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { htpasswdLine, TestGateway, ttygate, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";

const machine = new Machine();
const gateway = await TestGateway.start({
  agent: machine,
  users: { bob: "builder", carol: "changes" },
});
Deno.test.afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
});

const haveContainers = (count: number) => until(() => machine.engine.containers.size === count);

async function statusOf(path: string, cookie: string): Promise<number> {
  const response = await fetch(gateway.origin + path, { headers: { cookie }, redirect: "manual" });
  await response.body?.cancel();
  return response.status;
}

for (
  const [verb, user, password, stdin] of [
    ["passwd", "carol", "changes", "changed-now\n"],
    ["lock", "carol", "changed-now", ""],
    ["remove", "bob", "builder", ""],
  ] as const
) {
  Deno.test(`'ttygate user ${verb}' ends the user's logins, and terminals opened by Basic`, async () => {
    const cookie = await gateway.logIn(user, password);
    await using terminal = await TestTerminal.open(gateway, { cookie });
    const basic = `${user}:${password}`;
    await using scripted = await TestTerminal.open(gateway, { basic, origin: false });
    const { code, stdout, stderr } = await ttygate(["user", verb, user], {
      env: gateway.env,
      stdin,
    });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await statusOf("/api/v1/sessions", cookie), 401);
    for (const viewer of [terminal, scripted]) {
      assertEquals((await viewer.closed).code, 4401);
      const ended = viewer.events.filter(({ type }) => type === "ended");
      if (verb === "passwd") assertEquals(ended, []);
      else {
        const message = `Your account was ${verb}${
          verb === "lock" ? "ed" : "d"
        } by an administrator.`;
        assertEquals(ended, [{ type: "ended", reason: "killed", exitCode: null, message }]);
      }
    }
    const again = TestTerminal.connect(gateway, { basic, origin: false });
    assertEquals((await assertRejects(() => again, Refused)).status, 401);
    if (verb === "passwd") {
      assertMatch(
        stdout,
        /changed; logins with the old one are over; 2 sessions of the user's go on; '.* --user carol'/,
      );
      const killed = await ttygate(["session", "kill", "--user", user, "--json"], {
        env: gateway.env,
      });
      assertEquals(JSON.parse(killed.stdout).ended.toSorted(), [
        ...[terminal.session, scripted.session].toSorted(),
      ]);
    } else assertMatch(stdout, /; 2 sessions ended\n$/);
    await haveContainers(0);
  });
}

Deno.test("a user locked or removed by whatever edits the file is out, away or not, and hears why", async () => {
  const path = join(gateway.home, "htpasswd");
  const [text, line] = [await Deno.readTextFile(path), await htpasswdLine("greta", "garbo")];
  const edits: [string, () => Promise<void>][] = [
    // In place, as htpasswd(1) does it, and by another file, as most editors do.
    ["locked", () => Deno.writeTextFile(path, text + line.replace(":", ":!"))],
    ["removed", async () => {
      await Deno.writeTextFile(`${path}.new`, text);
      await Deno.rename(`${path}.new`, path);
    }],
  ];
  for (const [what, edit] of edits) {
    await Deno.writeTextFile(path, text + line);
    const cookie = await gateway.logIn("greta", "garbo");
    await using attached = await TestTerminal.open(gateway, { cookie });
    {
      await using _away = await TestTerminal.open(gateway, { cookie });
    }
    await haveContainers(2);
    await edit();
    const { reason, message } = await attached.event("ended");
    assertEquals([reason, message], ["killed", `Your account was ${what} by an administrator.`]);
    assertEquals((await attached.closed).code, 4401);
    await haveContainers(0);
    assertEquals(await statusOf("/", cookie), 303);
  }
  await Deno.writeTextFile(path, text);
});
