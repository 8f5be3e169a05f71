/** That Prometheus can read `/metrics`, whatever nodes say. */
import { assert, assertEquals } from "@std/assert";
import { metricsText } from "../../../lib/http/metrics.ts";
import { sumOf } from "../../../lib/protocol/counts.ts";
import { counts, node } from "../protocol/counts.ts";

const figures = { counts: counts(), events: [], nodes: [node], isLive: true, isReady: false };

function values(text: string, pattern: RegExp): string[] {
  return text.split("\n").filter((line) => pattern.test(line));
}

Deno.test("each line is a comment or a sample, and no series comes twice", () => {
  const events = [{ event: "login", why: "", count: 1 }];
  const hostile = counts({ events: [...events, { event: 'x"} 1\\', why: "\n", count: 1 }] });
  const text = metricsText({ ...figures, counts: hostile, events });
  const lines = text.trimEnd().split("\n").filter((line) => !line.startsWith("#"));
  const sample = /^[a-z_]+(\{([a-z]+="([^"\\\n]|\\["\\n])*",?)*\})? [\d.e+-]+$/;
  assertEquals(lines.filter((line) => !sample.test(line)), []);
  const series = lines.map((line) => line.slice(0, line.lastIndexOf(" ")));
  assertEquals(series.length, new Set(series).size);
  assertEquals(values(text, /event="login"/), ['ttygate_events_total{event="login",why=""} 2']);
});

Deno.test("a histogram's buckets hold what is up to each bound, and the last one all", () => {
  const seconds = { buckets: [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4], sum: 7.5 };
  const text = metricsText({ ...figures, counts: counts({ echo: seconds }) });
  const lines = values(text, /^ttygate_echo_seconds/);
  assertEquals(lines.slice(0, 2), [
    'ttygate_echo_seconds_bucket{le="0.001"} 1',
    'ttygate_echo_seconds_bucket{le="0.002"} 3',
  ]);
  assertEquals(lines.slice(-3), [
    'ttygate_echo_seconds_bucket{le="+Inf"} 7',
    "ttygate_echo_seconds_sum 7.5",
    "ttygate_echo_seconds_count 7",
  ]);
});

Deno.test("reasons that have not come up yet are 0", () => {
  const text = metricsText({ ...figures, counts: sumOf([]) });
  assert(text.includes('\nttygate_sessions_ended_total{reason="oom"} 0\n'));
  assert(text.includes('\nttygate_sessions_refused_total{reason="server"} 0\n'));
});

Deno.test("refusals have their reasons, and what the engine did not start is one", () => {
  const events = [
    { event: "session-refused", why: "user", count: 3 },
    { event: "session-failed", why: "", count: 2 },
    { event: "login-refused", why: "denied", count: 9 },
  ];
  const text = metricsText({ ...figures, counts: counts({ events }) });
  assertEquals(values(text, /^ttygate_sessions_refused_total.* [1-9]/), [
    'ttygate_sessions_refused_total{reason="user"} 3',
    'ttygate_sessions_refused_total{reason="engine"} 2',
  ]);
});

Deno.test("whether it is well, and its nodes, are gauges", () => {
  const away = { ...node, name: "east", state: "away" as const, sessions: null };
  const text = metricsText({ ...figures, nodes: [node, away] });
  assertEquals(values(text, /^ttygate_(engine_up|ready|node_\w+)[ {]/), [
    "ttygate_engine_up 1",
    "ttygate_ready 0",
    'ttygate_node_up{node="west"} 1',
    'ttygate_node_up{node="east"} 0',
    'ttygate_node_sessions{node="west"} 1',
    'ttygate_node_sessions{node="east"} 0',
    'ttygate_node_sessions_max{node="west"} 5',
    'ttygate_node_sessions_max{node="east"} 5',
  ]);
});
