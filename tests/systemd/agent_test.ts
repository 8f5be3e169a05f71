/** Proves what docs/operation.md says of a gateway without Docker, on a server where it is done. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { addUserAndLogIn, installByHand } from "../support/by_hand.ts";
import { bootDockerServer } from "../support/docker_server.ts";
import { until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

const DOCS = new URL("../../docs/operation.md", import.meta.url);
const SYSUSERS = "/opt/ttygate/scripts/packaging/sysusers.conf";
/** The most that `systemd-analyze security` may find, of 10. */
const EXPOSURE = 1.0;

Deno.test("a gateway is changed over to an agent of its own under an open session", async (t) => {
  await using server = await bootDockerServer();
  const { config, origin } = await installByHand(server);
  await server.run(`systemd-sysusers ${SYSUSERS}`);
  const cookie = await addUserAndLogIn(server, origin, "alice");
  const pid = (unit: string) => server.property(`${unit}.service`, "MainPID");
  const of = async (unit: string, what: string) =>
    await server.run(`sed -n 's/^${what}:\\s*//p' /proc/${await pid(unit)}/status`);
  const comeBack = ({ session, offset }: TestTerminal) =>
    TestTerminal.open({ origin }, { cookie, query: { session, offset } });
  const dockerGroup = await server.run("getent group docker | cut -d: -f3");

  const first = await TestTerminal.open({ origin }, { cookie });
  await first.run("kept=yes");

  await t.step("its session goes on at the agent", async () => {
    const { toml, dropIns, commands } = await recipe();
    await server.write("/etc/ttygate/ttygate.toml", `${toml}\n${config}`);
    assertEquals(Object.keys(dropIns).length, 2);
    for (const [path, text] of Object.entries(dropIns)) await server.write(path, text);
    await server.run(commands);
    await first.closed;
    await using after = await comeBack(first);
    assertEquals(await after.run("echo $kept"), "yes");
    assertEquals((await server.try("test -e /var/lib/ttygate/instances")).code, 1);
  });

  await t.step(
    "the gateway is in no group that may reach Docker, nor the agent's user",
    async () => {
      const groups = (await of("ttygate", "Groups")).split(" ");
      assert(!groups.includes(dockerGroup), groups.join(" "));
      assert((await of("ttygate-agent", "Groups")).split(" ").includes(dockerGroup));
      assertNotEquals(await of("ttygate", "Uid"), await of("ttygate-agent", "Uid"));
      const { code } = await server.try(
        "setpriv --reuid ttygate --regid ttygate --init-groups docker ps",
      );
      assertNotEquals(code, 0);
    },
  );

  await t.step(`the agent's exposure is at most ${EXPOSURE}`, async () => {
    const text = await server.run("systemd-analyze security --no-pager ttygate-agent.service");
    const exposure = Number(/Overall exposure level for \S+: (\d+\.\d+)/.exec(text)?.[1]);
    assert(exposure <= EXPOSURE, text);
  });

  await t.step("a restart of the gateway freezes no shell", async () => {
    await using before = await comeBack(first);
    const [gateway, agent] = [await pid("ttygate"), await pid("ttygate-agent")];
    const began = await server.run("date +%s.%N");
    await server.run("systemctl restart ttygate.service");
    await before.closed;
    await using after = await comeBack(before);
    assertEquals(await after.run("echo $kept"), "yes");
    assertNotEquals(await pid("ttygate"), gateway);
    assertEquals(await pid("ttygate-agent"), agent);
    const pauses = await server.run(
      `docker events --since ${began} --until "$(date +%s.%N)" --filter event=pause`,
    );
    assertEquals(pauses, "");
  });

  await t.step("a restart of the agent ends none", async () => {
    await using before = await comeBack(first);
    await server.run("systemctl restart ttygate-agent.service");
    await before.closed;
    await using after = await comeBack(before);
    assertEquals(await after.run("echo $kept"), "yes");
  });

  await t.step("a sweep removes what nobody has, and spares the sessions", async () => {
    const orphan = await server.run(
      `docker create --label ttygate.instance=${server.instance} ttygate/base:latest`,
    );
    await server.run("systemctl start ttygate-sweep.service");
    assertEquals((await server.try(`docker inspect ${orphan}`)).code, 1);
    await using after = await comeBack(first);
    assertEquals(await after.run("echo $kept"), "yes");
  });

  await t.step("the agent's stop ends the sessions and leaves no container", async () => {
    await using before = await comeBack(first);
    await server.run("systemctl stop ttygate-agent.service");
    assertEquals((await before.event("ended")).reason, "shutdown");
    await until(async () => (await server.run("docker ps --all --quiet")) === "");
  });
});

/** What the page has people write and run. */
async function recipe() {
  const text = await Deno.readTextFile(DOCS);
  const section = text.slice(
    text.indexOf("## A gateway without Docker"),
    text.indexOf("## People"),
  );
  const dropIns = Object.fromEntries(
    section.matchAll(/^`(\/\S+\.conf)`:\n\n```ini\n([\s\S]*?)```/gm).map(([, path, body]) =>
      [path!, body!] as const
    ),
  );
  const block = (kind: string) =>
    new RegExp(`\`\`\`${kind}\n([\\s\\S]*?)\`\`\``).exec(section)![1]!;
  return { toml: block("toml"), dropIns, commands: block("sh") };
}
