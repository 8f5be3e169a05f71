/** The shapes that rooms and the browser share; no code. */

/** A terminal's size in character cells, each 1 to 65535. */
export interface Winsize {
  readonly cols: number;
  readonly rows: number;
}

/** Who a login, a Basic credential or a token speaks for. */
export interface Principal {
  readonly name: string;
  /** A member of the group `admin`. */
  readonly admin: boolean;
  /** What the token lets its holder do that they came by; absent where they came by none. */
  readonly scopes?: readonly ("read" | "shell" | "machines" | "admin")[];
  /** The id of that token. */
  readonly token?: string;
}

/** What one session's container may use. */
export interface Limits {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly diskBytes: number;
}

/** What a session's container is made from. */
export interface Profile {
  readonly image: string;
  readonly command: readonly string[];
  readonly limits: Limits;
  /** The name of a Docker network, made when it is missing; "none" for none. */
  readonly network: string;
  /** An OCI runtime known to the engine; "" for its default. */
  readonly runtime: string;
  /** The user inside the container; "" for the image's own. */
  readonly user: string;
  /** Whether bash in it marks its prompts and commands; not of a profile that an older version wrote. */
  readonly promptMarks?: boolean | undefined;
  /** Whether it is a shell of the machine itself, in no container. */
  readonly onHost?: boolean;
  /** The id of the named machine in which it is a shell. */
  readonly machine?: string;
  /** Whether that is no shell but the place of a command without a terminal. */
  readonly run?: boolean;
}

/** One of the things that a session may run in. */
export interface Choice {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Whose members may have it; null for everybody. */
  readonly groups: readonly string[] | null;
  readonly profile: Profile;
}

/** Why a session ended. */
export type EndReason =
  | "exit"
  | "idle"
  | "lifetime"
  | "killed"
  | "oom"
  | "disk"
  | "limit"
  | "engine"
  | "shutdown"
  | "replaced"
  | "unshared";

/** How far the start of a session has come. */
export interface StartProgress {
  readonly stage: "pull" | "create" | "start";
  /** While pulling: how much has come, 0 to 100. */
  readonly percent?: number;
  /** While pulling: what is being pulled. */
  readonly image?: string;
}

/** Milliseconds that each stage of a start took; `prompt` is null when no output came in time. */
export interface StartStages {
  readonly create: number;
  readonly attach: number;
  readonly start: number;
  readonly prompt: number | null;
}

/** A container's use of its limits, for the `stats` event. */
export interface Usage {
  /** CPUs in use, 1 being one whole processor. */
  readonly cpu: number;
  readonly memory: number;
  readonly memoryLimit: number;
  readonly pids: number;
}

/** What somebody may do who is at a terminal beside its own user: an administrator watches. */
export type GuestRole = "watch" | "type" | "admin";

/** Somebody who is there beside the session's own user. */
export interface Guest {
  readonly name: string;
  readonly role: GuestRole;
}

/** What the server tells a client besides output; JSON in an event frame. */
export type TerminalEvent =
  | ({ readonly type: "progress" } & StartProgress)
  | {
    readonly type: "ready";
    readonly session: string;
    /** The offset of the next output byte. */
    readonly offset: number;
    /**
     * Up to where a viewer has acknowledged the output: what a program asked of the terminal before
     * it has been answered. Under another gateway than the one before it is the output's end then.
     */
    readonly seen: number;
    /**
     * How many bytes of input the session has dealt with, from all its viewers: what a client sent
     * beyond that was lost on the way. After a crash it is beyond all that any client counts.
     */
    readonly input: number;
    /** How many viewers the session has had, this one included: a gap was somebody else. */
    readonly viewer: number;
    readonly user: string;
    readonly image: string;
    /** The machine that it is on, where the gateway has several. */
    readonly node?: string;
    /** Bytes for `memory` and `disk`; `disk` is null where the engine cannot limit it. */
    readonly limits: {
      readonly cpus: number;
      readonly memory: number;
      readonly pids: number;
      readonly disk: number | null;
    };
    /** Seconds without input after which the session ends. */
    readonly idleTimeout: number;
    /** Seconds that it outlives its last viewer; agents before 0.4 do not say it. */
    readonly grace?: number;
    /**
     * Seconds for which the person wants it kept without anybody there, 0 where nobody asked, and the
     * most that may be; who says the second understands the message `detach`.
     */
    readonly kept?: number;
    readonly detachMax?: number;
    /** Seconds until its longest lifetime is over; who says it understands the message `keep`. */
    readonly endsIn?: number;
    /** Seconds since its start; agents before 0.4 do not say it. */
    readonly age?: number;
    readonly stages: StartStages;
    /**
     * Where output before `offset` is missing: what a client writes to its terminal after it has
     * reset it, so that modes which a program set there hold. No part of the output; absent where
     * nothing differs from a terminal that was reset.
     */
    readonly modes?: string;
    /** What the client may do that is a guest; absent for the session's own user. */
    readonly guest?: GuestRole;
    /** The size of the terminal, for guests, who do not choose it; absent while it is not known. */
    readonly size?: Winsize;
  }
  /** Who is there beside the session's own user: all of them, each time one comes or goes. */
  | { readonly type: "guests"; readonly guests: readonly Guest[] }
  /** For guests: the terminal has another size. */
  | ({ readonly type: "size" } & Winsize)
  /**
   * The session is there: the answer to an empty input message, and what a client is told that must
   * wait with its input. `input` as in `ready`.
   */
  | { readonly type: "alive"; readonly input: number }
  /** Seconds left until the session ends for want of input. */
  | { readonly type: "idle"; readonly remaining: number }
  | ({ readonly type: "stats" } & Usage)
  /** The session stands still, as its container is paused or the engine is away; or it goes on. */
  | { readonly type: "paused" | "resumed" }
  /**
   * A message of the administrator's; "" takes the one before back. `endsIn` is in how many seconds
   * the terminals end, null where they do not.
   */
  | { readonly type: "notice"; readonly text: string; readonly endsIn: number | null }
  /**
   * Output from one offset up to another was dropped, as the person interrupted it. Or a guest was too
   * slow for it: then `modes` is there, as in `ready`.
   */
  | {
    readonly type: "skip";
    readonly from: number;
    readonly to: number;
    readonly modes?: string;
  }
  | {
    readonly type: "ended";
    readonly reason: EndReason;
    /** The shell's exit status, null when it did not exit by itself. */
    readonly exitCode: number | null;
    /** A sentence for the person. */
    readonly message: string;
    /** With the reason "limit": whose limit. At that of the server a place may get free any time. */
    readonly limit?: "server" | "user";
  };

/** Time, passed in so that no test sleeps. */
export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls back once after so many milliseconds (at most 2^31 - 1), unless disposed before. */
  timer(delayMs: number, callback: () => void): Disposable;
}
