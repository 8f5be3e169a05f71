/** Proves that notifications reach a real datagram socket, and that nothing else can go wrong. */
import { assertEquals } from "@std/assert";
import { createNotify, notify } from "../../../lib/systemd/notify.ts";
import { receiver } from "../../support/service_manager.ts";

Deno.test("notify() sends all assignments in one datagram and leaves no file behind", async () => {
  const dir = await Deno.makeTempDir();
  try {
    using manager = receiver(`${dir}/notify`);
    const notify = createNotify(`${dir}/notify`);
    assertEquals(await notify("READY=1", "STATUS=2 sessions"), true);
    assertEquals(await manager.next(), "READY=1\nSTATUS=2 sessions");
    assertEquals(await notify("STOPPING=1"), true);
    assertEquals(await manager.next(), "STOPPING=1");
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["notify"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("notify() reaches a socket in the abstract namespace", async () => {
  const name = `ttygate-test-${crypto.randomUUID()}`;
  using manager = receiver(`\0${name}`);
  assertEquals(await createNotify(`@${name}`)("WATCHDOG=1"), true);
  assertEquals(await manager.next(), "WATCHDOG=1");
});

Deno.test("notify() lets no assignment smuggle another one in", async () => {
  const name = `ttygate-test-${crypto.randomUUID()}`;
  using manager = receiver(`\0${name}`);
  await createNotify(`@${name}`)("STATUS=user a\nREADY=1");
  assertEquals(await manager.next(), "STATUS=user a READY=1");
});

Deno.test("notify() does nothing without a socket, and never throws", async () => {
  for (const socket of [undefined, "", "@", "/", "vsock:2:1234", "relative", "/no/such/socket"]) {
    assertEquals(await createNotify(socket)("READY=1"), false);
  }
});

Deno.test("notify() finds the manager's socket in NOTIFY_SOCKET", async () => {
  const name = `ttygate-test-${crypto.randomUUID()}`;
  using manager = receiver(`\0${name}`);
  const before = Deno.env.get("NOTIFY_SOCKET");
  try {
    Deno.env.delete("NOTIFY_SOCKET");
    assertEquals(await notify("READY=1"), false);
    Deno.env.set("NOTIFY_SOCKET", `@${name}`);
    assertEquals(await notify("READY=1"), true);
    assertEquals(await manager.next(), "READY=1");
  } finally {
    if (before === undefined) Deno.env.delete("NOTIFY_SOCKET");
    else Deno.env.set("NOTIFY_SOCKET", before);
  }
});
