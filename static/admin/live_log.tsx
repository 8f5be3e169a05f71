/** What the gateway and its nodes log, while somebody follows it. */
/// <reference lib="dom" />
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { LEVELS, type LogGap, type LogLine } from "../../lib/protocol/log.ts";
import { say } from "./say.ts";

/** The most lines that are shown. */
const LINES = 500;
/** How soon it is asked for again where the gateway has refused it. */
const AGAIN_MS = 3_000;

type Phase = "off" | "following" | "paused";
type Row = LogLine | LogGap;

interface Filter {
  readonly level: string;
  readonly user: string;
  readonly session: string;
  readonly node: string;
}

const ALL: Filter = { level: "info", user: "", session: "", node: "" };

export function LiveLog({ base }: { readonly base: string }) {
  const phase = useSignal<Phase>("off"), filter = useSignal(ALL), isCut = useSignal(false);
  const rows = useSignal<readonly Row[]>([]);
  /** What was told last, from which it goes on. */
  const last = useRef("");
  const take = (row: Row, id: string) => {
    last.current = id || last.current;
    rows.value = [...rows.value, row].slice(-LINES);
  };
  useEffect(() => {
    if (phase.value !== "following") return;
    const given = Object.entries({ ...filter.value, after: last.current }).filter(([, to]) => to);
    const query = new URLSearchParams(given);
    return follow(`${base}/api/v1/admin/log?${query}`, { take, isCut, last });
  }, [phase.value, filter.value]);

  const choose = (part: Partial<Filter>) => {
    rows.value = [];
    last.current = "";
    filter.value = { ...filter.value, ...part };
  };
  return (
    <section id="log">
      <h2 id="log-title">{say.log}</h2>
      <form class="tell" onSubmit={(event) => event.preventDefault()}>
        <label>
          {say.level}{" "}
          <select onChange={(event) => choose({ level: event.currentTarget.value })}>
            {LEVELS.map((level) => (
              <option key={level} value={level} selected={level === filter.value.level}>
                {say.levels[level]}
              </option>
            ))}
          </select>
        </label>
        {(["user", "session", "node"] as const).map((part) => (
          <input
            key={part}
            type="text"
            class="narrow"
            aria-label={say.only[part]}
            placeholder={say.only[part]}
            autocomplete="off"
            spellcheck={false}
            onChange={(event) => choose({ [part]: event.currentTarget.value.trim() })}
          />
        ))}
        <button
          type="button"
          onClick={() => phase.value = phase.value === "following" ? "paused" : "following"}
        >
          {phase.value === "following" ? say.pause : say.follow}
        </button>
        <p role="status">{isCut.value ? say.logCut : phase.value === "paused" ? say.paused : ""}</p>
      </form>
      {phase.value !== "off" && <Rows rows={rows.value} />}
    </section>
  );
}

/** Follows until the function that it returns is called. */
function follow(
  url: string,
  { take, isCut, last }: {
    take(row: Row, id: string): void;
    readonly isCut: Signal<boolean>;
    readonly last: { readonly current: string };
  },
): () => void {
  let source: EventSource, again: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    const from = new URL(url, location.href);
    if (last.current) from.searchParams.set("after", last.current);
    source = new EventSource(from);
    source.onopen = () => isCut.value = false;
    source.onerror = () => {
      isCut.value = true; // the browser comes again by itself, but where it was refused
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS);
    };
    for (const kind of ["line", "gap"]) {
      source.addEventListener(kind, ({ data, lastEventId }) => take(JSON.parse(data), lastEventId));
    }
  };
  open();
  return () => {
    clearTimeout(again);
    source.close();
    isCut.value = false;
  };
}

function Rows({ rows }: { readonly rows: readonly Row[] }) {
  const box = useRef<HTMLDivElement>(null), isAtEnd = useRef(true);
  // Who has scrolled up reads something.
  useLayoutEffect(() => {
    if (isAtEnd.current) box.current!.scrollTop = box.current!.scrollHeight;
  }, [rows]);
  return (
    <div
      ref={box}
      class="lines"
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-labelledby="log-title"
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) =>
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 8}
    >
      {rows.length === 0 && <p class="muted">{say.noLines}</p>}
      {rows.map((row, index) =>
        "text" in row
          ? (
            <p key={index} class={["error", "warning"].includes(row.level) ? "warning" : ""}>
              <time dateTime={row.at}>{new Date(row.at).toLocaleTimeString()}</time>{" "}
              <span class="muted">{row.node}</span> {row.text}
            </p>
          )
          : <p key={index} class="warning">{say.gap(row.node, row.missed)}</p>
      )}
    </div>
  );
}
