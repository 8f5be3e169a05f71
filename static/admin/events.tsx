/** What happened lately, as the journal has it. */
/// <reference lib="dom" />
import type { EventInfo } from "../../lib/protocol/overview.ts";
import { Table } from "./table.tsx";
import { span } from "./words.ts";
import { say } from "./say.ts";

/** The most that are shown: who wants more looks into the journal. */
const SHOWN = 25;

interface Props {
  readonly events: readonly EventInfo[];
  readonly atMs: number;
}

export function Events({ events, atMs }: Props) {
  const hasNodes = events.some(({ node }) => node !== undefined);
  return (
    <Table
      id="events"
      title={say.events}
      heads={[say.when, ...hasNodes ? [say.node] : [], say.event, say.what]}
      none={say.noEvents}
    >
      {events.slice(0, SHOWN).map(({ at, event, level, text, node }) => (
        <tr key={`${at} ${text}`} data-event={event}>
          <td title={new Date(at).toLocaleString()}>{ago(atMs - Date.parse(at))}</td>
          {hasNodes && <td>{node}</td>}
          <td class={["error", "warning"].includes(level) ? "warning" : ""}>{event}</td>
          <td class="text">{text}</td>
        </tr>
      ))}
    </Table>
  );
}

function ago(ms: number): string {
  return ms < 5_000 ? say.now : say.ago(span(ms / 1000));
}
