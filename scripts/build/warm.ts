/** Fills the program's code cache, so that already its first start need not compile it. */
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { moveCodeCache } from "../../lib/cli/code_cache.ts";
import { RUN_FLAGS } from "./program.ts";
import { run, say } from "./tools.ts";

/** What the program is run for: each loads what it needs, the first of them every command. */
const RUNS: readonly { readonly args: readonly string[]; readonly stdin?: string }[] = [
  { args: ["--help"] },
  { args: ["user", "add", "somebody"], stdin: "a password\n" },
  { args: ["version"] },
];

/** Deno notes what it compiled beside the program, whose end may come first. */
const ROUNDS_MAX = 6;

/** The longest that a gateway may take to answer, in milliseconds. */
const ANSWER_MS = 20_000;

/**
 * Puts `deno` and `cache/` into a program's directory, as if it had already run at `place`.
 *
 * @throws {Error} when the program does not run
 */
export async function warm(dir: string, place: string): Promise<void> {
  say("filling its code cache");
  await Deno.copyFile(Deno.execPath(), `${dir}/deno`);
  await Deno.chmod(`${dir}/deno`, 0o755);
  const scratch = await Deno.makeTempDir({ prefix: "ttygate-build-" });
  const env = {
    DENO_DIR: `${scratch}/cache`,
    DENO_NO_UPDATE_CHECK: "1",
    TTYGATE_AUTH_HTPASSWD: `${scratch}/htpasswd`,
    TTYGATE_GATEWAY_STATE_DIR: `${scratch}/state`,
    TTYGATE_GATEWAY_ADMIN_SOCKET: `${scratch}/admin.sock`,
    TTYGATE_GATEWAY_LISTEN: `${scratch}/web.sock`,
    // None answers there: it only serves its log-in page.
    TTYGATE_DOCKER_SOCKET: `${scratch}/docker.sock`,
  };
  const program = ["run", ...RUN_FLAGS, `${dir}/main.js`];
  try {
    await Deno.writeTextFile(`${scratch}/htpasswd`, "");
    // What none of the runs comes to, such as a terminal, is compiled at least.
    const all = modulesOf(dir).map((module) => `await import("${module}");\n`).join("");
    await Deno.writeTextFile(`${scratch}/all.js`, `${all}Deno.exit(0);\n`);
    for (let round = 0; !isWarm(dir, env.DENO_DIR); round++) {
      if (round === ROUNDS_MAX) throw new Error("Deno does not keep the compiled program");
      for (const { args, stdin = "" } of RUNS) {
        await run(`${dir}/deno`, [...program, ...args], { env, stdin });
        await Deno.writeTextFile(`${scratch}/htpasswd`, "");
      }
      await serveOnce(`${dir}/deno`, [...program, "serve"], env);
      await run(`${dir}/deno`, ["run", ...RUN_FLAGS, `${scratch}/all.js`], { env });
    }
    await Deno.mkdir(`${dir}/cache`);
    await moveCodeCache({ source: env.DENO_DIR, target: `${dir}/cache`, from: dir, to: place });
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

function modulesOf(dir: string): string[] {
  return [...Deno.readDirSync(dir)].filter(({ name }) => name.endsWith(".js"))
    .map(({ name }) => pathToFileURL(`${dir}/${name}`).href);
}

/** Whether the code of every module of the program is kept. */
function isWarm(dir: string, cache: string): boolean {
  try {
    using database = new DatabaseSync(`${cache}/v8_code_cache_v2`, { readOnly: true });
    const kept = database.prepare("SELECT specifier FROM codecache").all()
      .map(({ specifier }) => specifier);
    return modulesOf(dir).every((module) => kept.includes(module));
  } catch {
    return false; // nothing has run yet
  }
}

/** Runs a gateway until it has answered once. */
async function serveOnce(
  deno: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const child = new Deno.Command(deno, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  const deadline = Date.now() + ANSWER_MS;
  using client = Deno.createHttpClient({
    proxy: { transport: "unix", path: env["TTYGATE_GATEWAY_LISTEN"]! },
  });
  try {
    for (;;) {
      try {
        const answer = await fetch("http://127.0.0.1/login", { client });
        await answer.body?.cancel();
        return;
      } catch (cause) {
        if (Date.now() > deadline) {
          child.kill("SIGKILL");
          throw new Error(`the bundled gateway does not answer: ${await said}`, { cause });
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  } finally {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await child.status;
    await said;
  }
}
