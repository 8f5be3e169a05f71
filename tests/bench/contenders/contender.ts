/** What every contender's client is: a terminal in a container, reached the contender's way. */

/** Takes output as it arrives. */
export type Sink = (bytes: Uint8Array) => void;

/** An open terminal. */
export interface BenchTerminal {
  /** Sends bytes as typed. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Falls silent as a stuck client does: "reading" no more, or only "acking" no more. */
  stall(what: "reading" | "acking"): void;
  close(): Promise<void>;
}

/** Where a terminal is opened; plain data, so that a process of its own can do it. */
export type Target =
  | {
    readonly kind: "raw";
    readonly socket: string;
    readonly instance: string;
    readonly network: string;
    readonly image: string;
    readonly unlimited: boolean;
  }
  | {
    readonly kind: "ttygate";
    readonly origin: string;
    readonly cookie: string;
    /** The named machine in which a shell is opened; absent for a fresh container. */
    readonly machine?: string;
  }
  | { readonly kind: "docker"; readonly command: string }
  | { readonly kind: "ttyd"; readonly host: string }
  | { readonly kind: "wetty"; readonly host: string };

/** The size of every terminal. */
export const WINSIZE = { cols: 80, rows: 24 } as const;
