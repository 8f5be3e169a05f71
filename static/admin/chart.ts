/** Draws a line over time, in the page's own colours. */
/// <reference lib="dom" />
import uPlot from "uplot";

const HEIGHT_PX = 110;

/** Up to 8 TB. */
const STEPS = 24;

/** What is drawn. */
export interface Drawn {
  /** In Unix seconds. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly words: (value: number) => string;
  /** Between two lines of the scale, the least; twice as far each time. */
  readonly step: number;
}

/** Draws it, and again where the page's colours or its width change; until the signal is aborted. */
export function drawChart(place: HTMLElement, drawn: Drawn, signal: AbortSignal): void {
  let chart: uPlot | undefined;
  const draw = () => {
    chart?.destroy();
    chart = plot(place, drawn);
  };
  const looks = new MutationObserver(draw);
  looks.observe(document.documentElement, { attributeFilter: ["class"] });
  const widths = new ResizeObserver(() => {
    chart?.setSize({ width: place.clientWidth, height: HEIGHT_PX });
  });
  widths.observe(place);
  signal.addEventListener("abort", () => {
    looks.disconnect();
    widths.disconnect();
    chart?.destroy();
  });
  draw();
}

function plot(place: HTMLElement, { times, values, words, step }: Drawn): uPlot {
  const style = getComputedStyle(place);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const font = `11px ${color("--sans")}`;
  const axis = { stroke: color("--muted"), font, grid: { stroke: color("--line"), width: 1 } };
  const clock = (time: number) =>
    new Date(time * 1000).toLocaleTimeString([], { timeStyle: "short" });
  return new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, Number.MIN_VALUE)] } },
      axes: [
        { ...axis, ticks: { show: false }, space: 90, size: 22, values: (_, at) => at.map(clock) },
        {
          ...axis,
          ticks: { show: false },
          incrs: Array.from({ length: STEPS }, (_, i) => step * 2 ** i),
          space: 30,
          size: 56,
          values: (_, at) => at.map(words),
        },
      ],
      series: [{}, { stroke: color("--accent"), width: 2, points: { show: false } }],
    },
    [[...times], [...values]],
    place,
  );
}
