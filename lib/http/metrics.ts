/** `/metrics` for Prometheus. */
import {
  type Counts,
  ECHO_SECONDS,
  type Histogram,
  START_SECONDS,
  sumOfEvents,
} from "../protocol/counts.ts";
import type { NodeInfo } from "../protocol/nodes.ts";
import { SECURITY_HEADERS } from "./pages.ts";
import type { Call } from "./router.ts";

/** What is told. */
export interface Figures {
  readonly counts: Counts;
  /** What the gateway itself saw others do. */
  readonly events: Readonly<Counts["events"]>;
  readonly nodes: readonly NodeInfo[];
  /** Whether `/healthz` and `/readyz` answer 200. */
  readonly isLive: boolean;
  readonly isReady: boolean;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number, labels?: Labels];

/** Why sessions end and are refused: each begins with 0, so that the first is seen to be one more. */
const ENDS = [
  ...["exit", "idle", "away", "lifetime", "killed", "stopped", "oom", "disk", "engine"],
  "shutdown",
];
const REFUSALS = ["user", "server", "shutdown", "limit", "engine"];

/**
 * `GET /metrics`, for admins, in Prometheus's text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export async function showMetrics({ gateway }: Call): Promise<Response> {
  const { agent, fleet, health, counted } = gateway;
  const [counts, nodes, isLive, isReady] = await Promise.all([
    agent.counts(),
    fleet.nodes(),
    health.isLive(),
    health.isReady(),
  ]);
  const text = metricsText({ counts, nodes, isLive, isReady, events: counted.totals });
  return new Response(text, {
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
    },
  });
}

/** The same as text; pure. */
export function metricsText({ counts, events, nodes, isLive, isReady }: Figures): string {
  const joined = nodes.filter(({ kind }) => kind !== "invited");
  const all = sumOfEvents([...events, ...counts.events]);
  const { poolHits, poolMisses, starts, echo } = counts;
  const families = [
    gauge("engine_up", "1 while the Docker Engine of this machine answers, as /healthz says.", [
      [isLive ? 1 : 0],
    ]),
    gauge("ready", "1 while a new session could start, as /readyz says.", [[isReady ? 1 : 0]]),
    gauge("sessions", "Live sessions.", [[counts.sessions]]),
    gauge("sessions_attached", "Live sessions that a client follows.", [[counts.attached]]),
    gauge("pool_ready", "Shells kept ready that nobody uses yet.", [[counts.ready]]),
    gauge("draining", "1 while an administrator drains the gateway: no session can begin.", [
      [counts.draining ? 1 : 0],
    ]),
    gauge(
      "node_up",
      "1 while a node is there, 0 while it is away.",
      joined.map(({ name, state }) => [state === "online" ? 1 : 0, { node: name }]),
    ),
    gauge(
      "node_sessions",
      "Live sessions of a node, or those that it had when it was last there.",
      joined.map(({ name, sessions }) => [sessions ?? 0, { node: name }]),
    ),
    gauge(
      "node_sessions_max",
      "How many sessions a node may have.",
      joined.map(({ name, maxTotal }) => [maxTotal ?? 0, { node: name }]),
    ),
    counter("sessions_started_total", "Sessions started.", [[counts.started]]),
    counter(
      "sessions_ended_total",
      "Sessions ended, by reason.",
      byReason({ ...zeros(ENDS), ...counts.ended }),
    ),
    counter(
      "sessions_refused_total",
      "Sessions that did not begin, by reason.",
      byReason({ ...zeros(REFUSALS), ...refusals(all) }),
    ),
    histograms(
      "session_start_seconds",
      "From the request for a session to its first output.",
      START_SECONDS,
      starts.filter(({ stage }) => stage === "all")
        .map(({ start, seconds }) => [seconds, { start }]),
    ),
    histograms(
      "session_start_stage_seconds",
      "The stages of that.",
      START_SECONDS,
      starts.filter(({ stage }) => stage !== "all")
        .map(({ start, stage, seconds }) => [seconds, { start, stage }]),
    ),
    counter("pool_claims_total", "Sessions that wanted a ready shell, by whether one was there.", [
      [poolHits, { result: "hit" }],
      [poolMisses, { result: "miss" }],
    ]),
    histograms(
      "echo_seconds",
      "From a key's arrival at the agent to the first output after it; a sample.",
      ECHO_SECONDS,
      [[echo]],
    ),
    counter("input_bytes_total", "Input that shells took.", [[counts.inputBytes]]),
    counter("output_bytes_total", "Output of shells.", [[counts.outputBytes]]),
    counter(
      "engine_errors_total",
      "What the Docker Engine did not do, by the call and by its answer: none, or refused.",
      counts.engineErrors.map(({ call, answer, count }) => [count, { call, answer }]),
    ),
    counter(
      "events_total",
      "What others did, by the journal's TTYGATE_EVENT and TTYGATE_WHY.",
      all.map(({ event, why, count }) => [count, { event, why }]),
    ),
  ];
  return families.flat().join("\n") + "\n";
}

function zeros(reasons: readonly string[]): Record<string, number> {
  return Object.fromEntries(reasons.map((reason) => [reason, 0]));
}

function byReason(counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([reason, count]) => [count, { reason }]);
}

/** The journal has an event of its own for what the engine would not start. */
function refusals(events: Counts["events"]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { event, why, count } of events) {
    if (event !== "session-failed" && event !== "session-refused") continue;
    const reason = event === "session-failed" ? "engine" : why;
    counts[reason] = (counts[reason] ?? 0) + count;
  }
  return counts;
}

function gauge(name: string, help: string, samples: readonly Sample[]): string[] {
  return family("gauge", name, help, samples.map(([value, labels]) => sample(name, value, labels)));
}

function counter(name: string, help: string, samples: readonly Sample[]): string[] {
  return family(
    "counter",
    name,
    help,
    samples.map(([value, labels]) => sample(name, value, labels)),
  );
}

function histograms(
  name: string,
  help: string,
  bounds: readonly number[],
  all: readonly (readonly [seconds: Histogram, labels?: Labels])[],
): string[] {
  const lines = all.flatMap(([{ buckets, sum }, labels = {}]) => {
    let below = 0;
    const upTo = buckets.map((count, i) => {
      const le = i < bounds.length ? String(bounds[i]) : "+Inf";
      return sample(`${name}_bucket`, below += count, { ...labels, le });
    });
    return [...upTo, sample(`${name}_sum`, sum, labels), sample(`${name}_count`, below, labels)];
  });
  return family("histogram", name, help, lines);
}

function family(type: string, name: string, help: string, lines: readonly string[]): string[] {
  return [`# HELP ttygate_${name} ${help}`, `# TYPE ttygate_${name} ${type}`, ...lines];
}

function sample(name: string, value: number, labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${quoted(value)}`);
  return `ttygate_${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

/** The value of a label: nodes, too, say what is in it. */
function quoted(value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `"${escaped}"`;
}
