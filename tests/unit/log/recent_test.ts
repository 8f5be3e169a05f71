import { assertEquals } from "@std/assert";
import { logTo } from "../../../lib/log.ts";
import { Recent } from "../../../lib/log/recent.ts";

Deno.test("what happened lately is known by its event, and no kind pushes another out", () => {
  let seconds = 0;
  const recent = new Recent(() => new Date(seconds++ * 1000));
  const log = logTo((entry) => recent.take(entry));
  log.info("no event");
  log.notice("session ended", { event: "session-end", user: "alice", reason: "exit" });
  for (let i = 0; i < 1_000; i++) {
    log.warning("log-in refused", { event: "login-refused", why: "x".repeat(500) });
  }
  const all = recent.newest(100);
  assertEquals(all.length, 21);
  assertEquals(all.at(-1), {
    at: "1970-01-01T00:00:00.000Z",
    event: "session-end",
    level: "notice",
    text: "session ended user=alice reason=exit",
  });
  assertEquals(all[0]!.text.length, 300);
  assertEquals(recent.newest(1), [all[0]]);
});
