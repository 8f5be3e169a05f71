import { assert, assertEquals } from "@std/assert";
import { cpuSeconds, family, memoryBytes } from "./process.ts";

Deno.test("a family is a process with all that descend from it, while they live", async () => {
  const child = new Deno.Command("sh", { args: ["-c", "cat; true"], stdin: "piped" }).spawn();
  const spawned = () => family([child.pid]).length === 2;
  while (!spawned()) await new Promise((resolve) => setTimeout(resolve, 5));
  assert(family([Deno.pid]).includes(child.pid));
  assert(memoryBytes(family([child.pid])) > memoryBytes([child.pid]));
  await child.stdin.close();
  await child.status;
  assertEquals(memoryBytes([child.pid]), 0);
  assertEquals(cpuSeconds([child.pid]), 0);
  assert(cpuSeconds([Deno.pid]) > 0);
});
