/** What goes wrong between a caller and a Docker Engine, as sentences with Docker's own words in them. */

interface Details {
  /** The HTTP status; left out when no answer came. */
  readonly status?: number;
  readonly dockerMessage?: string;
  readonly cause?: unknown;
}

/** A call that failed; every error of this library except an abort and a wrong argument is one. */
export class DockerError extends Error {
  override readonly name: string = "DockerError";
  /** The HTTP status of the Engine's answer, null when it was not an answer that failed. */
  readonly status: number | null;
  /** Docker's own message, "" when it said nothing. */
  readonly dockerMessage: string;

  constructor(message: string, { status, dockerMessage, cause }: Details = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status ?? null;
    this.dockerMessage = dockerMessage ?? "";
  }

  /** The container, image or network does not exist (404). */
  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** The name is taken, or the state does not allow it (409). */
  get isConflict(): boolean {
    return this.status === 409;
  }

  /** Somebody else's removal of the same container is under way. */
  get isRemovalInProgress(): boolean {
    return this.isConflict && /removal of container .* is already in progress/.test(this.message);
  }
}

/** No Engine answers at the socket, or the connection to it was lost before the answer was whole. */
export class DockerUnreachableError extends DockerError {
  override readonly name = "DockerUnreachableError";
  readonly socketPath: string;

  constructor(message: string, socketPath: string, cause?: unknown) {
    super(message, { cause });
    this.socketPath = socketPath;
  }
}

/** The Engine and this library have no API version in common. */
export class DockerVersionError extends DockerError {
  override readonly name = "DockerVersionError";
}

/** A hijacked stream that was reset, is closed, or was written to faster than it takes. */
export class DockerStreamError extends DockerError {
  override readonly name = "DockerStreamError";
}

/** What the library was about to do, as it follows "Cannot": "start container abc". */
export type Doing = string;

/** The error for an answer whose status says that the call failed. */
export function refused(
  doing: Doing,
  status: number,
  body: string,
  statusText: string,
): DockerError {
  const dockerMessage = messageIn(body) || statusText || "the Engine gave no reason";
  return new DockerError(`Cannot ${doing}: ${dockerMessage} (${status})`, {
    status,
    dockerMessage,
  });
}

/** The error for a connection that could not be made or did not last. */
export function unreachable(
  doing: Doing,
  socketPath: string,
  cause: unknown,
): DockerUnreachableError {
  const why = reasons[osError(cause)];
  const sentence = why
    ? why(socketPath)
    : `the connection to ${socketPath} was lost before the answer was whole; ` +
      `is the Docker Engine still running?`;
  return new DockerUnreachableError(`Cannot ${doing}: ${sentence}`, socketPath, cause);
}

/** Docker's message in an error body: JSON with `message`, or plain text from older paths. */
function messageIn(body: string): string {
  try {
    const { message } = JSON.parse(body);
    if (typeof message === "string") return message.trim();
  } catch {
    // Not JSON: a proxy's page, or attach, which answers in plain text.
  }
  return body.trim();
}

const ENOENT = 2, EACCES = 13, ECONNREFUSED = 111;

const reasons: Record<number, (socketPath: string) => string> = {
  [ENOENT]: (path) => `there is no socket at ${path}; is the Docker Engine installed and running?`,
  [ECONNREFUSED]: (path) => `nothing listens at ${path}; is the Docker Engine running?`,
  [EACCES]: (path) =>
    `permission to use ${path} was denied; run this as root, or join the group docker (usermod -aG docker USER)`,
};

/** The errno of a failed connect: `fetch` gives it only in words, `Deno.connect` as a class. */
function osError(cause: unknown): number {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (error instanceof Deno.errors.NotFound) return ENOENT;
    if (error instanceof Deno.errors.PermissionDenied) return EACCES;
    if (error instanceof Deno.errors.ConnectionRefused) return ECONNREFUSED;
    const said = /\(os error (\d+)\)/.exec(error.message)?.[1];
    if (said) return Number(said);
  }
  return 0;
}
