/** Answers that are no pages: JSON, problems, redirects. */
import { SECURITY_HEADERS } from "./pages.ts";
import { type ProblemName, PROBLEMS, problemType, typeOfStatus } from "./problems.ts";

/** A refusal with its status and a sentence for the one who sent the request. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  /** The URI by which programs know what kind it is. */
  readonly type: string;

  /** @param kind its name, or the status of one that has no name of its own */
  constructor(
    kind: ProblemName | number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    /** What a problem says besides (RFC 9457, section 3.2). */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    const isNamed = typeof kind === "string";
    this.status = isNamed ? PROBLEMS[kind][0] : kind;
    this.type = isNamed ? problemType(kind) : typeOfStatus(kind);
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  507: "Insufficient Storage",
};

/** The reason phrase of a status. */
export function titleOf(status: number): string {
  return TITLES[status] ?? "Error";
}

/** What is told of an error that the log alone knows. */
export function failed(): Refusal {
  return new Refusal(500, "The gateway could not answer. Its log says why.");
}

/** What is told of an address that leads nowhere. */
export function nothingHere(): Refusal {
  return new Refusal(404, "There is nothing at this address.");
}

/** What is told while the agent of the terminals does not answer. */
export function away(): Refusal {
  const message = "The terminals of this server cannot be reached. Try again in a minute.";
  return new Refusal("agent-away", message, { "retry-after": "5" });
}

/** JSON. */
export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body) + "\n", {
    status,
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "application/json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/** A refusal as `application/problem+json` (RFC 9457). */
export function problem({ type, status, message, headers, more }: Refusal): Response {
  const body = { type, title: titleOf(status), status, detail: message, ...more };
  return new Response(JSON.stringify(body) + "\n", {
    status,
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/** A refusal as a line of text. */
export function text({ status, message, headers }: Refusal): Response {
  return new Response(message + "\n", {
    status,
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/** 303: look there with GET. */
export function seeOther(location: string, headers: Headers = new Headers()): Response {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) headers.set(name, value);
  headers.set("location", location);
  headers.set("cache-control", "no-store");
  return new Response(null, { status: 303, headers });
}

/** A path of the gateway as the browser sees it. */
export function pathBelow(basePath: string, path: string): string {
  return basePath === "/" ? path : basePath + path;
}

/**
 * Where to go after the log-in: the wanted place if it is a path of this origin, else the front
 * page. It is parsed as a browser would, so that `//evil`, `/\evil` and `/.//evil` stay out.
 */
export function safeNext(next: string | null, basePath: string): string {
  const front = pathBelow(basePath, "/");
  const here = "http://gateway.invalid";
  const url = next?.startsWith("/") ? URL.parse(next, here) : null;
  if (url?.origin !== here) return front;
  const path = url.pathname + url.search + url.hash;
  return path.startsWith("//") ? front : path;
}
