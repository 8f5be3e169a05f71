/** Proves that the gateway's service goes over to an agent of its own and back, on a server. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { addUserAndLogIn, installByHand } from "../support/by_hand.ts";
import { bootDockerServer } from "../support/docker_server.ts";
import { until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

const DOCS = new URL("../../docs/operation.md", import.meta.url);
/** What an installation adds to the units for it. */
const SPLIT = `
cd /opt/ttygate/scripts/packaging
systemd-sysusers "$PWD/sysusers.conf"
install -D -m 0644 agent-gateway.conf /usr/local/lib/systemd/system/ttygate.service.d/agent.conf
install -D -m 0644 agent-sweep.conf /usr/local/lib/systemd/system/ttygate-sweep.service.d/agent.conf
install -D -m 0644 installed.toml /usr/local/share/ttygate/installed.toml
systemctl daemon-reload
`;
/** The most that `systemd-analyze security` may find, of 10. */
const EXPOSURES = { "ttygate": 0.3, "ttygate-agent": 1.0 };

Deno.test("a gateway is changed over to an agent of its own under an open session", async (t) => {
  await using server = await bootDockerServer();
  const { config, origin } = await installByHand(server);
  const cookie = await addUserAndLogIn(server, origin, "alice");
  const state = (unit: string) => server.property(unit, "ActiveState");
  const pid = (unit: string) => server.property(`${unit}.service`, "MainPID");
  const uid = async (unit: string) => await server.run(`stat -c %u /proc/${await pid(unit)}`);
  const comeBack = ({ session, offset }: TestTerminal) =>
    TestTerminal.open({ origin }, { cookie, query: { session, offset } });

  const first = await TestTerminal.open({ origin }, { cookie });
  await first.run("kept=yes");

  await t.step("its session goes on at the agent", async () => {
    await server.run(SPLIT);
    await server.run("systemctl restart ttygate.service");
    await first.closed;
    await using after = await comeBack(first);
    assertEquals(await after.run("echo $kept"), "yes");
    assertEquals((await server.try("test -e /var/lib/ttygate/instances")).code, 1);
  });

  await t.step(
    "the gateway is in no group that may reach Docker, nor the agent's user",
    async () => {
      assertEquals(await server.groups("ttygate"), ["ttygate"]);
      assertEquals(await server.groups("ttygate-agent"), ["docker", "ttygate", "ttygate-agent"]);
      const [gateway, agent] = await Promise.all(["ttygate", "ttygate-agent"].map(uid));
      assertNotEquals(gateway, agent);
      const { code } = await server.try(
        "setpriv --reuid ttygate --regid ttygate --init-groups docker ps",
      );
      assertNotEquals(code, 0);
    },
  );

  for (const [unit, most] of Object.entries(EXPOSURES)) {
    await t.step(`the exposure of ${unit}.service is at most ${most}`, async () => {
      const text = await server.run(`systemd-analyze security --no-pager ${unit}.service`);
      const exposure = Number(/Overall exposure level for \S+: (\d+\.\d+)/.exec(text)?.[1]);
      assert(exposure <= most, text);
    });
  }

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

  await t.step("a reload reaches both", async () => {
    const reloaded = async (unit: string) =>
      (await server.journal(`_SYSTEMD_UNIT=${unit}.service`)).some((line) =>
        line.startsWith("reloaded the configuration")
      );
    await server.run("systemctl reload ttygate.service");
    await until(async () => await reloaded("ttygate") && await reloaded("ttygate-agent"));
    await until(async () => await state("ttygate-agent.service") === "active");
  });

  await t.step("a stop ends the sessions, says so, and stops both", async () => {
    await using before = await comeBack(first);
    await server.run("systemctl stop ttygate.service");
    assertEquals((await before.event("ended")).reason, "shutdown");
    assertEquals((await before.closed).code, 1000);
    assertEquals(await server.run("docker ps --all --quiet"), "");
    assertEquals(await state("ttygate-agent.service"), "inactive");
    await until(async () => await state("ttygate-agent.socket") === "inactive");
  });

  await t.step("and back to one process, as the documentation says", async () => {
    const { toml, commands } = await recipe();
    await server.write("/etc/ttygate/ttygate.toml", `${toml}\n${config}`);
    await server.run(commands);
    await using terminal = await TestTerminal.open({ origin }, { cookie });
    assertEquals(await terminal.run("echo $((6 * 7))"), "42");
    assertEquals(await state("ttygate-agent.service"), "inactive");
    await server.run("systemctl start ttygate-sweep.service");
    assertEquals(await terminal.run("echo spared"), "spared");
  });
});

/** What the page has people write and run. */
async function recipe() {
  const text = await Deno.readTextFile(DOCS);
  const section = text.slice(
    text.indexOf("## A gateway without Docker"),
    text.indexOf("## People"),
  );
  const block = (kind: string) =>
    new RegExp(`\`\`\`${kind}\n([\\s\\S]*?)\`\`\``).exec(section)![1]!;
  return { toml: block("toml"), commands: block("sh") };
}
