import { assertEquals, assertRejects } from "@std/assert";
import { InstanceBusyError, leasedSessions, Leases } from "../../lib/sessions/leases.ts";
import type { Clock } from "../../lib/types.ts";

/** A clock on which all waiting is over at once. */
function hurriedClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    timer(delayMs, callback) {
      nowMs += delayMs;
      const id = setTimeout(callback, 0);
      return { [Symbol.dispose]: () => clearTimeout(id) };
    },
  };
}

async function inTempDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("leasedSessions() names the leases of a live gateway", () =>
  inTempDir(async (dir) => {
    await using leases = await Leases.acquire(dir, "one");
    await using _a = await leases.take("aaa", "alice");
    {
      await using _b = await leases.take("bbb", "bob");
      assertEquals(await leasedSessions(dir, "one"), new Set(["aaa", "bbb"]));
    }
    assertEquals(await leasedSessions(dir, "one"), new Set(["aaa"]));
    assertEquals(await leasedSessions(dir, "two"), new Set());
  }));

Deno.test("leases of a gateway that is gone are void, and the next gateway removes them", () =>
  inTempDir(async (dir) => {
    const gone = await Leases.acquire(dir, "one");
    await gone.take("aaa", "alice");
    await gone[Symbol.asyncDispose]();
    assertEquals(await leasedSessions(dir, "one"), new Set());
    await using _next = await Leases.acquire(dir, "one");
    assertEquals(await leasedSessions(dir, "one"), new Set());
  }));

Deno.test("a second gateway of an instance is refused; of another instance it is not", () =>
  inTempDir(async (dir) => {
    await using _first = await Leases.acquire(dir, "one");
    await using _other = await Leases.acquire(dir, "two");
    await assertRejects(
      () => Leases.acquire(dir, "one", hurriedClock()),
      InstanceBusyError,
      'second gateway of instance "one"',
    );
  }));

Deno.test("the lock ends with its process, also when that is killed", () =>
  inTempDir(async (dir) => {
    const script = `
      import { Leases } from ${
      JSON.stringify(new URL("../../lib/sessions/leases.ts", import.meta.url).href)
    };
      const leases = await Leases.acquire(${JSON.stringify(dir)}, "one");
      await leases.take("aaa", "alice");
      console.log("held");
      setInterval(() => {}, 1000);
    `;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-read", "--allow-write", "--allow-env", "-"],
      cwd: new URL("../..", import.meta.url).pathname,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(script));
    await writer.close();
    const output = process.stdout.getReader();
    await output.read();
    assertEquals(await leasedSessions(dir, "one"), new Set(["aaa"]));
    process.kill("SIGKILL");
    await process.status;
    await output.cancel();
    assertEquals(await leasedSessions(dir, "one"), new Set());
  }));
