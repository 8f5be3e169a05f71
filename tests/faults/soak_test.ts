import { assertEquals } from "@std/assert";

const SOAK = new URL("soak.ts", import.meta.url).pathname;
/** The same choices each time; `deno task soak` makes others. */
const SECONDS = 30, SEED = 656199521;

for (const apart of [null, "dialled"]) {
  const where = apart ? ", with an agent that dials," : "";
  Deno.test(`${SECONDS} s of random faults${where} lose no byte and leave nothing behind`, async () => {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--unstable-net",
        "--allow-all",
        SOAK,
        `--seconds=${SECONDS}`,
        `--seed=${SEED}`,
        ...(apart === null ? [] : [`--apart=${apart}`]),
      ],
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    assertEquals(code, 0);
  });
}
