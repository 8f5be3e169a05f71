/** Which bodies are read as JSON, and what is said of the others. */
import { assertEquals, assertRejects } from "@std/assert";
import * as v from "valibot";
import { Refusal } from "../../../lib/http/answers.ts";
import { readJson } from "../../../lib/http/body.ts";

const SCHEMA = v.strictObject({ text: v.pipe(v.string(), v.minLength(1, "There is no text.")) });

function read(body: string, type: string | null = "application/json"): Promise<{ text: string }> {
  const request = new Request("http://x/", { method: "POST", body });
  if (type === null) request.headers.delete("content-type");
  else request.headers.set("content-type", type);
  return readJson(request, SCHEMA);
}

Deno.test("JSON is read that says so and fits its schema", async () => {
  for (const type of ["application/json", "application/json; charset=utf-8", "Application/JSON"]) {
    assertEquals(await read('{"text":"ä"}', type), { text: "ä" });
  }
});

Deno.test("any other body is refused in words", async () => {
  const cases: readonly [number, string, () => Promise<unknown>][] = [
    [415, "The request must be JSON, and say so", () => read('{"text":"a"}', null)],
    [415, "The request must be JSON, and say so", () => read('{"text":"a"}', "text/plain")],
    [415, "The request must be JSON, and say so", () => read('{"text":"a"}', "application/jsonp")],
    [400, "The request is not JSON.", () => read("{")],
    [400, "The request is not JSON.", () => read("")],
    [400, "There is no text.", () => read('{"text":""}')],
    [413, "The request is over 16384 bytes.", () => read(`{"text":"${"a".repeat(16 * 1024)}"}`)],
  ];
  for (const [status, words, reading] of cases) {
    const refusal = await assertRejects(reading, Refusal, words);
    assertEquals(refusal.status, status);
  }
});
