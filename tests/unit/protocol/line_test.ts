/** What nodes say of themselves and of others is shown in terminals and metrics: it must be harmless. */
import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import { StatusShape } from "../../../lib/protocol/nodes.ts";
import { CountsShape } from "../../../lib/protocol/counts.ts";
import { SessionShape } from "../../../lib/protocol/resources.ts";

const HARM = "\x1b[2J\x07\r\n\u202eevil\x9b";
const HARMLESS = "[2J evil";

const session = {
  ...{ id: "a", user: HARM, image: HARM, container: HARM, remote: HARM, phase: "live" },
  ...{ started: "2026-01-01T00:00:00.000Z", attached: false },
  ...{ idleSeconds: 0, outputBytes: 0, offset: 0 },
};

Deno.test("a session that a node tells of moves no cursor", () => {
  const { user, image, container, remote } = v.parse(SessionShape, session);
  assertEquals([user, image, container, remote], Array(4).fill(HARMLESS));
  assert(!v.is(SessionShape, { ...session, user: "x".repeat(256) }));
});

Deno.test("nor does what it says of itself", () => {
  const { image, images, labels, sessions } = v.parse(StatusShape, {
    ...{ ready: 0, maxTotal: 1, draining: false, image: HARM },
    images: [{ name: HARM, title: HARM }],
    labels: [HARM],
    sessions: [{ id: HARM, user: HARM }],
  });
  assertEquals([image, labels, sessions[0]!.user, images[0]!.title], [
    ...[HARMLESS, [HARMLESS], HARMLESS, HARMLESS],
  ]);
});

Deno.test("its counts are of a bounded number of kinds, each a word", () => {
  const counts = { sessions: 0, attached: 0, ready: 0, draining: false, started: 0 };
  const ended = { 'x"} 1\nroot_is_here 1\n': 1 };
  const parsed = v.parse(CountsShape, { ...counts, ended, events: [] });
  assertEquals(Object.keys(parsed.ended), ['x"} 1 root_is_here 1']);
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`reason${i}`, 1]));
  assert(!v.is(CountsShape, { ...counts, ended: many, events: [] }));
});
