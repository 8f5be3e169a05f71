/** `ttygate agent join`: trades an invitation for an identity by which this machine's agent dials. */
import * as v from "valibot";
import { identityFile, readIdentity, writeIdentity } from "../nodes/identity.ts";
import { newKey } from "../nodes/keys.ts";
import { JoinedShape } from "../protocol/nodes.ts";
import { type CommandContext, parseCommandArgs, UsageError } from "./command.ts";
import { askHidden, firstLine } from "./secret.ts";

/** How long the gateway may take. */
const ANSWER_MS = 15_000;

/** @throws {UsageError | Error} in a sentence, with nothing changed here */
export async function join(args: readonly string[], context: CommandContext): Promise<void> {
  const { options: { ca: caFile }, positionals: [given] } = parseCommandArgs(args, {
    options: ["ca"],
    positionals: ["URL"],
  });
  const url = addressOf(given!);
  const { config: { agent: { stateDir } } } = await context.config();
  const path = identityFile(stateDir);
  const ca = caFile === undefined ? "" : await readCa(caFile);
  const before = await readIdentity(path).catch(() => null);
  if (url.startsWith("http:")) {
    context.printError(
      "ttygate: warning: without TLS anyone on the way can read what people type; use https://",
    );
  }
  const question = "The token that 'ttygate node invite' printed:";
  const token =
    (Deno.stdin.isTerminal() ? await askHidden((ask) => ask(question)) : await firstLine()).trim();
  if (token === "") throw new UsageError("there is no token");
  const { privateKey, publicKey } = await newKey();
  const { id, name, gatewayKey } = await trade(url, { token, publicKey }, ca);
  try {
    await writeIdentity(path, { format: 1, url, id, name, privateKey, gatewayKey, ca });
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? `${stateDir} is missing; start the agent once, or make it`
      : (cause as Error).message;
    throw new Error(`cannot keep the identity: ${why}; then join with another token`, { cause });
  }
  if (before !== null) context.print(`this machine was ${before.name} of ${before.url} before`);
  context.print(`this machine is ${name} of ${url} now; the agent that runs here dials by itself`);
}

/** @throws {UsageError} where the text is no address of a gateway */
function addressOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search + url.hash + url.username) {
    throw new UsageError(`URL is the address of a gateway, such as https://shell.example.org`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/$/, "");
}

async function readCa(path: string): Promise<string> {
  const text = await Deno.readTextFile(path);
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(`--ca: ${path} has no certificate in PEM`);
  }
  return text;
}

async function trade(
  url: string,
  order: { readonly token: string; readonly publicKey: string },
  ca: string,
): Promise<v.InferOutput<typeof JoinedShape>> {
  using client = Deno.createHttpClient({ ...ca !== "" && { caCerts: [ca] } });
  let response: Response;
  try {
    response = await fetch(`${url}/agent/join`, {
      method: "POST",
      client,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(order),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    const why = (error as Error).cause ?? error;
    throw new Error(`cannot reach ${url}: ${(why as Error).message}`, { cause: error });
  }
  const text = await response.text();
  if (!response.ok) throw new Error(`the gateway refused: ${text.trim().slice(0, 500)}`);
  const parsed = v.safeParse(JoinedShape, JSON.parse(text));
  if (!parsed.success) throw new Error(`what answers at ${url} is no gateway`);
  return parsed.output;
}
