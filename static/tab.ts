/** The session that this tab shows, kept over a reload of the page. */
/// <reference lib="dom" />

const KEY = "ttygate.session";

/** What a page that is loaded again needs to know of the one before it. */
export interface TabSession {
  readonly id: string;
  /** The offset of the next output byte: what came before it has been drawn here once. */
  readonly offset: number;
}

export function remember({ id, offset }: TabSession): void {
  sessionStorage.setItem(KEY, `${offset} ${id}`);
}

export function remembered(): TabSession | undefined {
  const [, offset, id] = /^(\d+) (.+)$/.exec(sessionStorage.getItem(KEY) ?? "") ?? [];
  return id === undefined ? undefined : { id, offset: Number(offset) };
}

export function forget(): void {
  sessionStorage.removeItem(KEY);
}
