/** Proves that people read what the administrator has to say, at the log-in and at the prompt. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

const BANNER = "The lab's <b>server</b>.\nUse is logged.";

for (const [kind, size] of [["cold", "0"], ["ready", "1"]] as const) {
  Deno.test(`a ${kind} shell's first output is the message of the day, from offset 0`, async () => {
    await using gateway = await TestGateway.start({
      env: {
        TTYGATE_GATEWAY_BANNER: BANNER,
        TTYGATE_SESSION_MOTD: "\x1b[1mWelcome\x1b[m\nFiles here do not stay.",
        TTYGATE_POOL_SIZE: size,
        // The prompt of a ready shell has long been drawn when somebody comes.
        TTYGATE_CONTAINER_COMMAND: "/bin/sh",
      },
    });
    if (size !== "0") await gateway.haveContainers(1);
    const page = await fetch(`${gateway.origin}/login`);
    assertMatch(
      await page.text(),
      /<p class="banner">The lab&#39;s &lt;b&gt;server&lt;\/b&gt;\.\nUse is logged\.<\/p>/,
    );
    const failed = await gateway.postLogin({ username: "alice", password: "wrong" });
    assertMatch(await failed.text(), /Use is logged/);

    const cookie = await gateway.logIn();
    await using terminal = await TestTerminal.open(gateway, { cookie });
    await terminal.see(/# $/);
    const greeting = "\x1b[1mWelcome\x1b[m\r\nFiles here do not stay.\r\n";
    assert(terminal.output.startsWith(greeting), terminal.output);
    const { offset, stages } = await terminal.event("ready");
    assertEquals(offset, 0);
    assert(stages.prompt !== null, "the prompt has been waited for, not the greeting");
    assertEquals(await terminal.run("echo works"), "works");
  });
}
