/** `/metrics` for Prometheus. */
import { SECURITY_HEADERS } from "./pages.ts";
import type { Call } from "./router.ts";

/**
 * `GET /metrics`, for admins, in Prometheus's text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export async function showMetrics({ gateway }: Call): Promise<Response> {
  const counts = await gateway.agent.counts();
  const nodes = (await gateway.fleet.nodes()).filter(({ kind }) => kind !== "invited");
  const lines = [
    "# HELP ttygate_sessions Live sessions.",
    "# TYPE ttygate_sessions gauge",
    `ttygate_sessions ${counts.sessions}`,
    "# HELP ttygate_sessions_attached Live sessions that a client follows.",
    "# TYPE ttygate_sessions_attached gauge",
    `ttygate_sessions_attached ${counts.attached}`,
    "# HELP ttygate_pool_ready Shells kept ready that nobody uses yet.",
    "# TYPE ttygate_pool_ready gauge",
    `ttygate_pool_ready ${counts.ready}`,
    "# HELP ttygate_draining 1 while an administrator drains the gateway: no session can begin.",
    "# TYPE ttygate_draining gauge",
    `ttygate_draining ${counts.draining ? 1 : 0}`,
    "# HELP ttygate_node_up 1 while a node is there, 0 while it is away.",
    "# TYPE ttygate_node_up gauge",
    ...nodes.map(({ name, state }) =>
      `ttygate_node_up{node=${quoted(name)}} ${state === "online" ? 1 : 0}`
    ),
    "# HELP ttygate_node_sessions Live sessions of a node, or those that it had when it was last there.",
    "# TYPE ttygate_node_sessions gauge",
    ...nodes.map(({ name, sessions }) =>
      `ttygate_node_sessions{node=${quoted(name)}} ${sessions ?? 0}`
    ),
    "# HELP ttygate_sessions_started_total Sessions started.",
    "# TYPE ttygate_sessions_started_total counter",
    `ttygate_sessions_started_total ${counts.started}`,
    "# HELP ttygate_sessions_ended_total Sessions ended, by reason.",
    "# TYPE ttygate_sessions_ended_total counter",
    ...Object.entries(counts.ended).map(([reason, count]) =>
      `ttygate_sessions_ended_total{reason=${quoted(reason)}} ${count}`
    ),
    "# HELP ttygate_events_total What others did, by the journal's TTYGATE_EVENT and TTYGATE_WHY.",
    "# TYPE ttygate_events_total counter",
    ...[...gateway.counted.totals, ...counts.events].map(({ event, why, count }) =>
      `ttygate_events_total{event=${quoted(event)},why=${quoted(why)}} ${count}`
    ),
  ];
  return new Response(lines.join("\n") + "\n", {
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
    },
  });
}

/** The value of a label: nodes, too, say what is in it. */
function quoted(value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `"${escaped}"`;
}
