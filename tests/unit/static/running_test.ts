import { assertEquals } from "@std/assert";
import { describe, ownOf } from "../../../static/running.ts";
import { inWords } from "../../../static/words.ts";

const LISTED = {
  id: "a",
  own: true,
  phase: "live" as const,
  attached: false,
  started: "2026-01-01T00:00:00.000Z",
  idleSeconds: 30,
  offset: 7,
};
const NOW = Date.parse("2026-01-01T00:05:00Z");

Deno.test("ownOf() keeps the person's own sessions that live: those that nobody looks at first, and the one used last", () => {
  const listed = [
    { ...LISTED, id: "old", idleSeconds: 90 },
    { ...LISTED, id: "another's", own: false },
    { ...LISTED, id: "ending", phase: "ending" as const },
    { ...LISTED, id: "shown", attached: true, idleSeconds: 0 },
    { ...LISTED, id: "new" },
  ];
  assertEquals(ownOf(listed, NOW).map(({ id }) => id), ["new", "old", "shown"]);
});

Deno.test("ownOf() says the age by the server's clock, and never below zero", () => {
  assertEquals(ownOf([LISTED], NOW), [
    { id: "a", attached: false, ageSeconds: 300, idleSeconds: 30, offset: 7, about: "" },
  ]);
  assertEquals(ownOf([LISTED], 0)[0]!.ageSeconds, 0);
});

Deno.test("inWords() uses the largest unit that fits, rounded down", () => {
  assertEquals(
    [0, 1, 59.9, 60, 119, 3599, 3600, 86_399, 86_400, 200_000].map(inWords),
    [
      "0 seconds",
      "1 second",
      "59 seconds",
      "1 minute",
      "1 minute",
      "59 minutes",
      "1 hour",
      "23 hours",
      "1 day",
      "2 days",
    ],
  );
});

Deno.test("describe() says what choosing a session does, and how old and how quiet it is", () => {
  const session = {
    id: "a",
    attached: false,
    ageSeconds: 300,
    idleSeconds: 120,
    offset: 0,
    about: "",
  };
  assertEquals(describe(session), {
    action: "Continue",
    facts: "started 5 minutes ago, quiet for 2 minutes",
  });
  assertEquals(describe({ ...session, attached: true, ageSeconds: 59, idleSeconds: 59 }), {
    action: "Bring it here",
    facts: "open in another window, started just now, used just now",
  });
});

Deno.test("sessions are told apart by title, last line and machine", () => {
  const about = (some: Partial<typeof LISTED> & Record<string, string>) =>
    ownOf([{ ...LISTED, ...some }], NOW)[0]!.about;
  assertEquals(
    about({ title: "vim a.c", lastLine: "-- INSERT --", node: "west" }),
    "vim a.c · -- INSERT -- · on west",
  );
  assertEquals(about({ title: "root@t1: ~", lastLine: "root@t1:~#" }), "root@t1: ~");
  assertEquals(about({ title: "", lastLine: "made 41 files" }), "made 41 files");
});
