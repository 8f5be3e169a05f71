import { assertEquals } from "@std/assert";
import { OutputQueue } from "../../../../static/terminal/queue.ts";

/** A terminal that draws when the test says so. */
class Drawing {
  readonly written: string[] = [];
  readonly #callbacks: (() => void)[] = [];

  write(text: string | Uint8Array, drawn?: () => void): void {
    this.written.push(`${text}`);
    if (drawn) this.#callbacks.push(drawn);
  }

  /** Draws one piece; whether there was one. */
  draw(): boolean {
    const callback = this.#callbacks.shift();
    callback?.();
    return callback !== undefined;
  }
}

Deno.test("output goes on in its order, no more of it at a time than the terminal needs", () => {
  const terminal = new Drawing();
  const queue = new OutputQueue(terminal);
  const text = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join("");
  const drawn: string[] = [];
  queue.push(text, () => drawn.push("first"));
  queue.push("end", () => drawn.push("second"));
  assertEquals(terminal.written.join("").length, 64 * 1024);
  while (terminal.draw());
  assertEquals(terminal.written.join(""), `${text}end`);
  assertEquals(drawn, ["first", "second"]);
});

Deno.test("what is dropped counts as drawn, and leaves nothing but what it set for good", () => {
  const terminal = new Drawing();
  const queue = new OutputQueue(terminal);
  const drawn: string[] = [];
  queue.push("a".repeat(64 * 1024), () => drawn.push("first"));
  queue.push("gone \x1b[31mred\x1b[2;3H\x1b[?10", () => drawn.push("second"));
  queue.push("49h\x1b(0also gone\r\n\x1b]0;title\x07", () => drawn.push("third"));
  queue.drop();
  queue.push("after");
  while (terminal.draw());
  assertEquals(terminal.written.slice(16), ["\x18\x1b[31m\x1b[?1049h\x1b(0", "after"]);
  assertEquals(drawn, ["first", "second", "third"]);
  queue.drop(); // of nothing
  assertEquals(terminal.written.length, 18);
});

Deno.test("output that is held back goes on in its order", async () => {
  const terminal = new Drawing();
  const queue = new OutputQueue(terminal);
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.push("before");
  queue.hold(promise);
  queue.push("one");
  queue.push("two");
  assertEquals(terminal.written, ["before"]);
  resolve();
  await promise;
  await Promise.resolve(); // what waits for it comes after
  assertEquals(terminal.written, ["before", "one", "two"]);
});
