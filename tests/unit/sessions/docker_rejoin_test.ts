/** What is heard and read when a terminal is joined again, from containers that a test plays. */
import { assertEquals } from "@std/assert";
import type { Docker } from "deno-docker-api";
import { rejoin } from "../../../lib/sessions/docker_rejoin.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
/** As Docker is joined. */
const apart = { joint: false, signal: new AbortController().signal };

/** A container whose log and stream say what a test has them say, at the n-th look at the log. */
class Played {
  readonly calls: string[] = [];
  readonly #chunks: Uint8Array[] = [];
  #arrived = Promise.withResolvers<void>();
  #looks = 0;

  constructor(private readonly play: (look: number, played: Played) => string) {}

  /** The stream's next output. */
  print(text: string): void {
    this.#chunks.push(bytesOf(text));
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** The Docker client's verbs that a rejoining uses. */
  get containers(): Docker["containers"] {
    const done = (call: string) => () => Promise.resolve(void this.calls.push(call));
    return {
      unpause: done("unpause"),
      pause: done("pause"),
      logs: () => Promise.resolve(bytesOf(this.play(++this.#looks, this))),
      attach: () => Promise.resolve(this.#stream()),
    } as unknown as Docker["containers"];
  }

  #stream() {
    const close = () => Promise.resolve();
    const read = async () => {
      while (this.#chunks.length === 0) await this.#arrived.promise;
      return this.#chunks.shift()!;
    };
    return { read, close, [Symbol.asyncDispose]: close };
  }
}

Deno.test("a shell that prints nothing is joined without being paused", async () => {
  const played = new Played(() => "one\n");
  const { heard, log } = await rejoin(played.containers, "c", apart);
  assertEquals([textOf(heard), textOf(log)], ["", "one\n"]);
  assertEquals(played.calls, ["unpause"]);
});

Deno.test("a log that is ahead of a stream that is still silent is waited for", async () => {
  const played = new Played((look, played) => {
    if (look === 6) played.print("two\nthree\n");
    return look === 1 ? "one\n" : "one\ntwo\nthree\n";
  });
  const { heard, log } = await rejoin(played.containers, "c", apart);
  assertEquals([textOf(heard), textOf(log)], ["two\nthree\n", "one\ntwo\nthree\n"]);
  assertEquals(played.calls, ["unpause", "pause", "unpause"]);
});

Deno.test("a log that is behind the stream is read until it has what was heard", async () => {
  const played = new Played((look) => look < 6 ? "one\n" : "one\ntwo\n");
  played.print("two\n$ ");
  const { heard, log } = await rejoin(played.containers, "c", apart);
  assertEquals([textOf(heard), textOf(log)], ["two\n$ ", "one\ntwo\n"]);
});

Deno.test("what came to the log late, and was printed before anybody listened, holds nobody up for good", async () => {
  const played = new Played((look) => look === 1 ? "one\n" : "one\ntwo\n");
  const { heard, log } = await rejoin(played.containers, "c", apart);
  assertEquals([textOf(heard), textOf(log)], ["", "one\ntwo\n"]);
  assertEquals(played.calls.at(-1), "unpause");
});
