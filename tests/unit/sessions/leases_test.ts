import { join } from "node:path";
import { assertEquals, assertRejects } from "@std/assert";
import {
  InstanceBusyError,
  leasedSessions,
  Leases,
  sweepRight,
} from "../../../lib/sessions/leases.ts";
import type { LeaseRecord } from "../../../lib/sessions/lease_record.ts";
import type { Clock } from "../../../lib/types.ts";
import { until } from "../../support/gateway.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { PROFILE } from "./scripted.ts";

const NOTHING = new Uint8Array();

function record(user: string): LeaseRecord {
  const output = { bytes: NOTHING, end: 0 };
  return {
    user,
    profile: PROFILE,
    startedAt: 1,
    activeAt: 1,
    output,
    greetingBytes: 0,
    inputBytes: 0,
    viewers: 0,
    keptMs: 0,
    left: false,
  };
}

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
    await using _a = await leases.take("aaa", record("alice"));
    {
      await using _b = await leases.take("bbb", record("bob"));
      assertEquals(await leasedSessions(dir, "one"), new Set(["aaa", "bbb"]));
    }
    assertEquals(await leasedSessions(dir, "one"), new Set(["aaa"]));
    assertEquals(await leasedSessions(dir, "two"), new Set());
  }));

Deno.test("leases of a gateway that is gone are void, once it has had time to come back", () =>
  inTempDir(async (dir) => {
    const gone = await Leases.acquire(dir, "one");
    await gone.take("aaa", record("alice"));
    await gone[Symbol.asyncDispose]();
    assertEquals(await leasedSessions(dir, "one", hurriedClock()), new Set());
    assertEquals(await leasedSessions(dir, "none", new ManualClock()), new Set());
  }));

Deno.test("leasedSessions() spares the sessions of a gateway that is just being restarted", () =>
  inTempDir(async (dir) => {
    const gone = await Leases.acquire(dir, "one");
    await gone.take("aaa", record("alice"));
    await gone[Symbol.asyncDispose]();
    const clock = new ManualClock();
    const leased = leasedSessions(dir, "one", clock);
    await until(() => clock.pending === 1);
    await using _next = await Leases.acquire(dir, "one");
    await clock.advance(50);
    assertEquals(await leased, new Set(["aaa"]));
  }));

Deno.test("what a gateway left in order is spared for a while, also when no other comes", () =>
  inTempDir(async (dir) => {
    const gone = await Leases.acquire(dir, "one");
    const left = await gone.take("aaa", record("alice"));
    await left.write({ ...record("alice"), left: true });
    await gone.take("bbb", record("bob"));
    await gone[Symbol.asyncDispose]();
    const leased = () => leasedSessions(dir, "one", hurriedClock());
    assertEquals(await leased(), new Set(["aaa"]));
    {
      using right = await sweepRight(dir, "one", hurriedClock());
      await right.forget();
    }
    assertEquals(await leased(), new Set(["aaa"]));
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await Deno.utime(`${dir}/instances/one/leases/aaa`, anHourAgo, anHourAgo);
    assertEquals(await leased(), new Set());
  }));

Deno.test("the next gateway inherits what was last written of each session", () =>
  inTempDir(async (dir) => {
    const gone = await Leases.acquire(dir, "one");
    const lease = await gone.take("aaa", record("alice"));
    const output = { bytes: new Uint8Array([0, 10, 255]), end: 5000 };
    await lease.write({ ...record("alice"), activeAt: 2, output });
    await using _ended = await gone.take("bbb", record("bob"));
    await _ended[Symbol.asyncDispose]();
    await gone[Symbol.asyncDispose]();
    await using next = await Leases.acquire(dir, "one");
    assertEquals([...next.inherited], [["aaa", { ...record("alice"), activeAt: 2, output }]]);
    await next.drop("aaa");
    assertEquals(await leasedSessions(dir, "one"), new Set());
  }));

Deno.test("a gateway that starts during a sweep inherits what the sweep left", () =>
  inTempDir(async (dir) => {
    const gone = await Leases.acquire(dir, "one");
    await gone.take("aaa", record("alice"));
    await gone[Symbol.asyncDispose]();
    const clock = new ManualClock();
    const right = await sweepRight(dir, "one", hurriedClock());
    const starting = Leases.acquire(dir, "one", clock);
    await until(() => clock.pending === 1); // it has its own lock, and waits for the sweep's
    assertEquals(await right.leased(), new Set(["aaa"]), "it is there already");
    right[Symbol.dispose]();
    await clock.advance(50);
    await using next = await starting;
    assertEquals([...next.inherited.keys()], ["aaa"]);
  }));

Deno.test("a sweep forgets the sessions of a gateway that does not come back, and no others", () =>
  inTempDir(async (dir) => {
    const gone = await Leases.acquire(dir, "one");
    await gone.take("aaa", record("alice"));
    {
      using right = await sweepRight(dir, "one");
      await right.forget();
      assertEquals(await right.leased(), new Set(["aaa"]));
    }
    await gone[Symbol.asyncDispose]();
    {
      using right = await sweepRight(dir, "one", hurriedClock());
      assertEquals(await right.leased(), new Set());
      await right.forget();
    }
    await using next = await Leases.acquire(dir, "one");
    assertEquals(next.inherited.size, 0);
  }));

Deno.test("a sweep makes no files where no gateway has been", () =>
  inTempDir(async (dir) => {
    using right = await sweepRight(dir, "one");
    assertEquals(await right.leased(), new Set());
    await right.forget();
    assertEquals(await Array.fromAsync(Deno.readDir(dir)), []);
  }));

Deno.test("a record that is no record is nobody's", () =>
  inTempDir(async (dir) => {
    const leases = join(dir, "instances", "one", "leases");
    await Deno.mkdir(leases, { recursive: true });
    for (const [name, text] of [["aaa", "alice\n"], ["bbb", ""], ["ccc", '{"user":1}\n']]) {
      await Deno.writeTextFile(join(leases, name!), text!);
    }
    await Deno.writeTextFile(join(leases, "ddd.new"), "half");
    await using next = await Leases.acquire(dir, "one");
    assertEquals(next.inherited.size, 0);
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
      JSON.stringify(new URL("../../../lib/sessions/leases.ts", import.meta.url).href)
    };
      const leases = await Leases.acquire(${JSON.stringify(dir)}, "one");
      const output = { bytes: new Uint8Array(), end: 0 };
      await leases.take("aaa", { ...${JSON.stringify(record("alice"))}, output });
      console.log("held");
      setInterval(() => {}, 1000);
    `;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-read", "--allow-write", "--allow-env", "-"],
      cwd: new URL("../../..", import.meta.url).pathname,
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
    assertEquals(await leasedSessions(dir, "one", hurriedClock()), new Set());
  }));
