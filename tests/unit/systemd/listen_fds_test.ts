/** Proves how passed sockets are taken from the environment. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { takeListenFds } from "../../../lib/systemd/listen_fds.ts";

const PID = 4711;

type Variables = Readonly<Record<string, string>>;

function environment(variables: Variables): Map<string, string> {
  return new Map(Object.entries(variables));
}

Deno.test("takeListenFds() numbers the sockets from 3 and gives their names", () => {
  const env = environment({ LISTEN_PID: "4711", LISTEN_FDS: "2", LISTEN_FDNAMES: "web:admin" });
  assertEquals(takeListenFds(env, PID), [{ fd: 3, name: "web" }, { fd: 4, name: "admin" }]);
});

Deno.test("takeListenFds() calls sockets unknown when no names were passed", () => {
  const env = environment({ LISTEN_PID: "4711", LISTEN_FDS: "1" });
  assertEquals(takeListenFds(env, PID), [{ fd: 3, name: "unknown" }]);
});

Deno.test("takeListenFds() leaves another process's sockets alone", () => {
  const others: readonly Variables[] = [
    {},
    { LISTEN_FDS: "1" },
    { LISTEN_PID: "1", LISTEN_FDS: "1" },
    { LISTEN_PID: "4711" },
    { LISTEN_PID: "4711", LISTEN_FDS: "0", LISTEN_FDNAMES: "" },
  ];
  for (const variables of others) {
    assertEquals(takeListenFds(environment(variables), PID), []);
  }
});

Deno.test("takeListenFds() removes the variables, so that a second call finds nothing", () => {
  const env = environment({
    LISTEN_PID: "4711",
    LISTEN_FDS: "1",
    LISTEN_FDNAMES: "web",
    HOME: "/",
  });
  assertEquals(takeListenFds(env, PID).length, 1);
  assertEquals(takeListenFds(env, PID), []);
  assertEquals([...env.keys()], ["HOME"]);
});

Deno.test("takeListenFds() refuses variables that contradict themselves", () => {
  const wrong: readonly Variables[] = [
    { LISTEN_FDS: "x" },
    { LISTEN_FDS: "-1" },
    { LISTEN_FDS: "1.5" },
    { LISTEN_FDS: "" },
    { LISTEN_FDS: "1e3" },
    { LISTEN_FDS: "100000" },
    { LISTEN_FDS: "2", LISTEN_FDNAMES: "one" },
    { LISTEN_FDS: "1", LISTEN_FDNAMES: "one:two" },
  ];
  for (const variables of wrong) {
    const env = environment({ LISTEN_PID: "4711", ...variables });
    const error: Error = assertThrows(() => takeListenFds(env, PID), Error);
    assert(error.message.startsWith("Cannot take the passed sockets: "), error.message);
  }
});
