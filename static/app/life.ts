/** What befalls a page: it is left, comes back, is hidden, and the network with it. */
/// <reference lib="dom" />

/** What a page does about it. */
export interface Life {
  /** The network is back, which may be another one. */
  online(): void;
  /** The person looks again. */
  seen(): void;
  /** The page goes. */
  left(): void;
  /** Whether something runs that would be cut off, so that the browser asks first. */
  isBusy(): boolean;
}

export function followLife({ online, seen, left, isBusy }: Life): void {
  addEventListener("online", online);
  document.addEventListener("visibilitychange", () => document.hidden || seen());
  addEventListener("pagehide", left);
  // What the browser kept of the page has no connection any more.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  addEventListener("beforeunload", (event) => {
    if (isBusy()) event.preventDefault();
  });
}
