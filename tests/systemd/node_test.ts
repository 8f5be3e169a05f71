/** Proves that a server becomes a node by what docs/nodes.md prints, and stays one after a restart. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { INSTALL_PROGRAM, INSTALL_UNITS } from "../support/by_hand.ts";
import { bootDockerServer } from "../support/docker_server.ts";
import { TestGateway, ttygate, until } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import { TestTerminal } from "../support/terminal.ts";

const DOCS = new URL("../../docs/nodes.md", import.meta.url);
const UNIT = "ttygate-agent.service";

/** The commands of a block, but for joining; this systemd has no `edit --stdin` yet. */
async function documented(begin: string): Promise<string> {
  const text = await Deno.readTextFile(DOCS);
  const [, block] = new RegExp(`\`\`\`sh\\n(${begin}[^]*?)\`\`\``).exec(text)!;
  const commands = block!.replace(/^sudo ttygate agent join .*\n/m, "").replaceAll("sudo ", "");
  const dropIns = `/etc/systemd/system/${UNIT}.d`;
  const edited = commands.replace(
    /^systemctl edit --stdin --drop-in=(\w+\.conf) ttygate-agent\.service/m,
    `install -d ${dropIns} && cat >${dropIns}/$1`,
  ).replace(/^END$/m, "END\nsystemctl daemon-reload");
  assert(edited !== commands);
  return edited;
}

Deno.test("a server behind a gateway becomes its node", async () => {
  await using server = await bootDockerServer();
  await using gateway = await TestGateway.start({
    env: {
      TTYGATE_GATEWAY_LISTEN: `${server.gateway}:0`,
      TTYGATE_GATEWAY_AGENT: "none",
      TTYGATE_GATEWAY_HOSTS: server.gateway,
    },
    groups: "staff: alice\n",
  });
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await ttygate(args, { env: gateway.env });
    assertEquals([code, stderr], [0, ""]);
    return stdout;
  };
  await server.run(INSTALL_PROGRAM);
  await server.run(INSTALL_UNITS);
  await server.run("systemd-sysusers /opt/ttygate/scripts/packaging/sysusers.conf");
  const config =
    `[docker]\ninstance = "${server.instance}"\n[container]\nimage = "${testImage()}"\n`;
  await server.write("/etc/ttygate/ttygate.toml", config);
  await server.run(await documented("sudo systemctl disable"));

  const { token } = JSON.parse(await cli("node", "invite", "west", "--json"));
  const said = await server.run(`ttygate agent join ${gateway.origin} 2>&1`, `${token}\n`);
  assertMatch(said, /this machine is west of http/);
  const owned = await server.run("stat -c '%U %a' /var/lib/ttygate-agent/identity.json");
  assertEquals(owned.trim(), "ttygate-agent 600");

  const online = () =>
    until(async () =>
      JSON.parse(await cli("node", "list", "--json"))
        .some(({ name, state }: Record<string, string>) => name === "west" && state === "online")
    );
  await online();
  const cookie = await gateway.logIn();
  const first = await TestTerminal.open(gateway, { cookie });
  await first.run("kept=yes");
  const { session } = first;
  await server.run(`systemctl restart ${UNIT}`);
  await first.closed;
  await online();
  await using back = await TestTerminal.open(gateway, {
    cookie,
    query: { session, offset: first.offset },
  });
  assertEquals(await back.run("echo $kept"), "yes");
  // Nobody can reach it: but on loopback, where containerd does, nothing listens.
  const listening = "awk '$4 == \"0A\" && $2 !~ /^0100007F/' /proc/net/tcp /proc/net/tcp6"; // proc(5), net/tcp
  assertEquals(await server.run(listening), "");
  back.type("exit\r");
  await back.closed;

  // Its own shell, from now on.
  const shell = `[agent]\nshell = "host"\nshell_groups = ["staff"]\n`;
  await server.write("/etc/ttygate/ttygate.toml", config + shell);
  await server.run(await documented("sudo systemctl edit --stdin --drop-in=shell"));
  await online();
  await using own = await TestTerminal.open(gateway, { cookie, query: { image: "host" } });
  assertEquals(await own.run("id -un"), "nobody");
  assertEquals(await own.run("uname -n"), await server.run("uname -n").then((name) => name.trim()));
  const unit = `ttygate-shell-${server.instance}-${own.session}.service`;
  const properties = "CPUQuotaPerSecUSec,MemoryMax,MemorySwapMax,TasksMax,BindsTo,NoNewPrivileges";
  assertEquals(
    (await server.run(`systemctl show -p ${properties} ${unit}`)).trim().split("\n").sort(),
    [
      `BindsTo=${UNIT}`,
      "CPUQuotaPerSecUSec=500ms",
      "MemoryMax=209715200",
      "MemorySwapMax=0",
      "NoNewPrivileges=yes",
      "TasksMax=128",
    ],
  );
  own.resize(120, 40);
  await until(async () => await own.run("stty size") === "40 120");
  own.type("exit 4\r");
  assertEquals((await own.event("ended")).exitCode, 4);

  const sleeping = async () =>
    Number(
      await server.run(
        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'sleep 765[4]' | wc -l",
      ),
    );
  // A program that minds nothing ends with its agent, and with its session.
  for (const end of [`systemctl kill -s KILL ${UNIT}`, `ttygate session kill`] as const) {
    await online();
    const last = await TestTerminal.open(gateway, { cookie, query: { image: "host" } });
    last.type("trap '' HUP TERM; setsid sleep 7654 & sleep 7654\r");
    await until(async () => await sleeping() === 2);
    if (end.startsWith("systemctl")) await server.run(end);
    else await cli("session", "kill", last.session);
    await last.closed;
    await until(async () => await sleeping() === 0);
  }
  assertEquals((await server.run("systemctl list-units -q 'ttygate-shell-*'")).trim(), "");
});
