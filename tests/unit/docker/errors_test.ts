import { assertEquals, assertStringIncludes } from "@std/assert";
import { refused, unreachable } from "../../../lib/docker/errors.ts";

Deno.test("an error says what could not be done, Docker's message and the status", () => {
  const error = refused(
    "start container abc",
    404,
    '{"message":"No such container: abc"}',
    "Not Found",
  );
  assertEquals(error.message, "Cannot start container abc: No such container: abc (404)");
  assertEquals(error.status, 404);
  assertEquals(error.dockerMessage, "No such container: abc");
  assertEquals([error.isNotFound, error.isConflict], [true, false]);
});

Deno.test("an error's message falls back on the body's text, then the status's", () => {
  assertEquals(refused("x", 502, "<html>bad\n", "Bad Gateway").dockerMessage, "<html>bad");
  assertEquals(refused("x", 500, '{"other":1}', "Oops").dockerMessage, '{"other":1}');
  assertEquals(refused("x", 500, "null", "Oops").dockerMessage, "null");
  assertEquals(refused("x", 500, "", "Oops").dockerMessage, "Oops");
  assertEquals(refused("x", 500, "", "").dockerMessage, "the Engine gave no reason");
});

Deno.test("isRemovalInProgress is for a removal under way, not for every conflict", () => {
  const message = "removal of container abc is already in progress";
  assertEquals(refused("x", 409, JSON.stringify({ message }), "").isRemovalInProgress, true);
  assertEquals(refused("x", 409, "the name is taken", "").isRemovalInProgress, false);
});

Deno.test("an unreachable Engine's error names the socket and how to mend it", () => {
  const cases: [cause: unknown, words: string][] = [
    [new Deno.errors.NotFound("no"), "is the Docker Engine installed and running?"],
    [new Deno.errors.ConnectionRefused("no"), "nothing listens"],
    [new Deno.errors.PermissionDenied("no"), "group docker"],
    [
      new TypeError("fetch failed", { cause: new Error("Permission denied (os error 13)") }),
      "group docker",
    ],
    [new Error("connection closed before message completed"), "was lost"],
  ];
  for (const [cause, words] of cases) {
    const error = unreachable("ping the Docker Engine", "/run/d.sock", cause);
    assertStringIncludes(error.message, "Cannot ping the Docker Engine: ");
    assertStringIncludes(error.message, "/run/d.sock");
    assertStringIncludes(error.message, words);
    assertEquals(error.cause, cause);
    assertEquals(error.socketPath, "/run/d.sock");
  }
});
