/** What a session is made from: a choice, and a command in the place of its shell. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { VisitShape } from "../../../lib/agent/wire.ts";
import { profileFor } from "../../../lib/sessions/choice.ts";
import * as v from "valibot";
import { PROFILE, settingsWith } from "./scripted.ts";

Deno.test("a command takes the place of the shell, and all else stays as it is", () => {
  const settings = settingsWith();
  assertStrictEquals(profileFor({}, settings), settings.profile);
  const command = ["/bin/sh", "-c", "make test"];
  assertEquals(profileFor({ command }, settings), { ...PROFILE, command });
  assertEquals(profileFor({ image: "default", command }, settings), { ...PROFILE, command });
});

Deno.test("an agent is told the command of a visit, of so many words and bytes", () => {
  const visit = (command?: readonly string[]) => ({
    ...{ user: "alice", groups: [], remote: "::1", source: "::/64", resume: null, command },
    winsize: { cols: 80, rows: 24 },
  });
  const read = (command?: readonly string[]) => v.safeParse(VisitShape, visit(command));
  assertEquals(v.parse(VisitShape, visit(["sh", "-c", "date"])).command, ["sh", "-c", "date"]);
  assertEquals(v.parse(VisitShape, visit()).command, undefined);
  assertEquals(read([]).success, false);
  assertEquals(read(["x".repeat(4097)]).success, false);
  assertEquals(read(Array(17).fill("x")).success, false);
});
