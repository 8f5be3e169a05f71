/** `GET /api/v1/admin/log`: what the gateway and its nodes log, as server-sent events. */
import type { LogSource } from "../agent/agent.ts";
import { sleep } from "../clock.ts";
import {
  LEVELS,
  type LogEntry,
  type LogGap,
  type LogLine,
  type LogPart,
  type LogPlace,
} from "../protocol/log.ts";
import { Refusal } from "./answers.ts";
import { eventOf, eventStream, type Stay, stayOf, STREAM_HEADERS } from "./event_stream.ts";
import type { Gateway } from "./gateway.ts";
import type { KnownCall } from "./router.ts";

/** How many may follow at once: each asks every node. */
const FOLLOWERS = 16;
/** How often it is looked which nodes are there, and whether who follows still may. */
const LOOK_MS = 2_000;
/** How soon one is asked again that does not answer, or has nothing to say. */
const AGAIN_MS = 3_000;
/** Where everything is known up to, and how long that may be. */
const ID =
  /^[a-z][a-z0-9-]{0,63}~[\w-]{1,64}\.\d{1,15}(,[a-z][a-z0-9-]{0,63}~[\w-]{1,64}\.\d{1,15})*$/;
const ID_CHARS = 16_000;
/** What the gateway's own process is called among the nodes. */
const GATEWAY = "gateway";

let followers = 0;

/** Up to where the log of each process is known. */
type Places = Map<string, LogPlace>;

export function sendLog(call: KnownCall): Response {
  const { caller, request, principal, gateway } = call;
  const wanted = filterOf(caller.query);
  const places = placesOf(request.headers.get("last-event-id") ?? caller.query.get("after"));
  if (caller.method === "HEAD") return new Response(null, { headers: STREAM_HEADERS });
  if (followers >= FOLLOWERS) {
    const message = "Too many follow the log. Close one of its pages.";
    throw new Refusal("too-fast", message, { "retry-after": "5" });
  }
  const stay = stayOf(call, true);
  const fields = { by: principal.name, remote: caller.remote };
  gateway.log.notice("somebody follows the log", { event: "log-follow", ...fields });
  followers++;
  return eventStream(followed({ gateway, wanted, places, stay }), () => {
    followers--;
    stay[Symbol.dispose]();
  });
}

interface Followed {
  readonly gateway: Gateway;
  readonly wanted: (line: LogLine) => boolean;
  readonly places: Places;
  readonly stay: Stay;
}

/** Asks each process for more once what it said last has been sent: nothing piles up here. */
async function* followed({ gateway, wanted, places, stay }: Followed) {
  const { clock } = gateway, { over, mayStay } = stay;
  const asked = new Map<string, Promise<readonly [string, LogPart | null]>>();
  while (!over.aborted && mayStay()) {
    for (const [node, source] of await sourcesOf(gateway)) {
      if (asked.has(node)) continue;
      const answer = source.read(places.get(node) ?? null, over).catch(async () => {
        await sleep(AGAIN_MS, clock, over);
        return null;
      });
      asked.set(node, answer.then((part) => [node, part] as const));
    }
    const late = new AbortController();
    const look = sleep(LOOK_MS, clock, late.signal).then(() => null);
    const said = await Promise.race([look, ...asked.values()]);
    late.abort();
    if (said === null) {
      yield ": here\n\n";
      continue;
    }
    const [node, part] = said;
    asked.delete(node);
    if (part === null) continue;
    yield textOf(node, part, places, wanted);
  }
}

/** What one process said, and up to where that goes. */
function textOf(
  node: string,
  { place, missed, lines }: LogPart,
  places: Places,
  wanted: (line: LogLine) => boolean,
): string {
  let text = "";
  if (missed !== 0) text += eventOf("gap", JSON.stringify({ node, missed } satisfies LogGap));
  lines.forEach((entry: LogEntry, index) => {
    const line: LogLine = { node, ...entry };
    places.set(node, { ...place, number: place.number - lines.length + 1 + index });
    if (wanted(line)) text += eventOf("line", JSON.stringify(line), idOf(places));
  });
  places.set(node, place);
  // Without data it is no event, and moves the client on all the same.
  return `${text}id: ${idOf(places)}\n\n`;
}

/** The processes that are there: the gateway's own, its agent's where that is another, the nodes'. */
async function sourcesOf({ tail, fleet }: Gateway): Promise<Map<string, LogSource>> {
  const sources = new Map<string, LogSource>([[GATEWAY, tail]]);
  for (const { name, state } of await fleet.nodes()) {
    if (state !== "online") continue;
    const { log } = fleet.agentOf(name);
    if (log !== null && name !== GATEWAY) sources.set(name, log);
  }
  return sources;
}

/** What of it is asked for. @throws {Refusal} 400 */
function filterOf(query: URLSearchParams): (line: LogLine) => boolean {
  const level = query.get("level");
  const least = LEVELS.findIndex((name) => name === (level ?? "debug"));
  if (least < 0) throw new Refusal(400, `There is no level ${level}: say ${LEVELS.join(", ")}.`);
  const [user, session, node] = ["user", "session", "node"].map((name) => query.get(name));
  return (line) =>
    LEVELS.indexOf(line.level) <= least &&
    (!user || line.user === user || line.by === user) &&
    (!session || line.session === session) &&
    (!node || line.node === node);
}

/** @throws {Refusal} 400 */
function placesOf(id: string | null): Places {
  if (!id) return new Map();
  if (id.length > ID_CHARS || !ID.test(id)) {
    throw new Refusal(400, "Last-Event-ID is none that this stream has told.");
  }
  return new Map(
    id.split(",").map((part) => {
      const [node = "", place = ""] = part.split("~");
      const [boot = "", number] = place.split(".");
      return [node, { boot, number: Number(number) }];
    }),
  );
}

function idOf(places: Places): string {
  return Array.from(places, ([node, { boot, number }]) => `${node}~${boot}.${number}`).join(",");
}
