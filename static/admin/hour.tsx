/** Charts of the last hour: sessions, and what they used together. */
/// <reference lib="dom" />
import { useEffect, useRef } from "preact/hooks";
import type { Sample } from "../../lib/protocol/overview.ts";
import { size } from "./words.ts";
import { say } from "./say.ts";

interface Chart {
  readonly title: string;
  readonly of: (sample: Sample) => number;
  readonly words: (value: number) => string;
  /** Between two lines of its scale, the least. */
  readonly step: number;
}

const number = (value: number) => String(Math.round(value * 100) / 100);
const CHARTS: readonly Chart[] = [
  { title: say.sessions, of: ({ sessions }) => sessions, words: number, step: 1 },
  { title: say.cpu, of: ({ cpu }) => cpu, words: number, step: 0.25 },
  { title: say.memory, of: ({ memory }) => memory, words: size, step: 1024 ** 2 },
];

export function Hour({ history }: { readonly history: readonly Sample[] }) {
  return (
    <section id="hour">
      <h2>{say.hour}</h2>
      {history.length < 2 ? <p class="muted">{say.noFigures}</p> : (
        <div class="charts">
          {CHARTS.map((chart) => <Line key={chart.title} chart={chart} history={history} />)}
        </div>
      )}
    </section>
  );
}

function Line({ chart, history }: { readonly chart: Chart; readonly history: readonly Sample[] }) {
  const { title, of, words, step } = chart;
  const place = useRef<HTMLDivElement>(null);
  const values = history.map(of);
  const now = words(values.at(-1)!), most = words(Math.max(...values));
  useEffect(() => {
    const times = history.map(({ at }) => Date.parse(at) / 1000);
    const over = new AbortController();
    // With what draws it, which nobody needs who has just opened the page.
    void import("./chart.ts").then(({ drawChart }) => {
      if (!over.signal.aborted) {
        drawChart(place.current!, { times, values, words, step }, over.signal);
      }
    });
    return () => over.abort();
  }, [history.at(-1)!.at]);
  return (
    <figure>
      <figcaption>
        {title} <b>{now}</b> <span class="muted">{say.atMost(most)}</span>
      </figcaption>
      <div
        ref={place}
        role="img"
        aria-label={say.chart(title, now, most)}
      />
    </figure>
  );
}
