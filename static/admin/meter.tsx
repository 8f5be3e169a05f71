/** How much of a limit is used: a bar, and per cent. */
/// <reference lib="dom" />
import { levelOf } from "../status.ts";

interface Props {
  /** What is measured, and whose. */
  readonly label: string;
  readonly used: number;
  readonly limit: number;
}

export function Meter({ label, used, limit }: Props) {
  if (limit <= 0) return null;
  const percent = Math.min(100, Math.round(100 * used / limit));
  return (
    <span class="meter" data-level={levelOf(used / limit)}>
      <meter max={100} value={percent} aria-label={label} />
      {percent} %
    </span>
  );
}
