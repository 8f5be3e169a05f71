import { assertEquals } from "@std/assert";
import { Rounds } from "./rounds.ts";
import { markdown, number } from "./table.ts";

Deno.test("the table has a row a figure, a column a contender and the machine below", () => {
  const rounds = { raw: [1, 3, 2], ttygate: [20, 20, 20] };
  const table = markdown([{ label: "echo", unit: "ms", rounds }], {
    columns: ["raw", "ttygate", "docker"],
    machine: "a machine",
  });
  assertEquals(table.split("\n"), [
    "| median of the rounds (lowest–highest) | raw Docker attach | ttygate | `docker run -it` |",
    "| --- | ---: | ---: | ---: |",
    "| echo, ms | 2.00 (1.00–3.00) | 20.0 | – |",
    "",
    "a machine",
    "",
  ]);
});

Deno.test("number() keeps three digits that count", () => {
  const all = [0, 0.0123, 0.5, 1.234, 12.34, 123.4, 12345, -1.234, -0.0001].map(number);
  assertEquals(all, ["0", "0.012", "0.500", "1.23", "12.3", "123", "12345", "−1.23", "0.000"]);
});

Deno.test("a quantile that one round is too short for is that of all rounds together", () => {
  const rounds = new Rounds();
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  rounds.add("raw", ...hundred);
  rounds.add("raw", ...hundred.map((sample) => sample + 100));
  assertEquals(rounds.quantile("echo", "ms", 0.99).rounds, { raw: [99, 199] });
  assertEquals(rounds.quantile("echo", "ms", 0.995).rounds, { raw: [199] });
});
