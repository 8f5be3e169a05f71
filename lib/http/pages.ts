/** The pages as responses, and the headers that keep them safe. */
import type { AuthRefusal } from "../auth/stack.ts";
import type { RegistrationMode } from "../auth/registrar.ts";
import type { RegistrationFault } from "../auth/registration_error.ts";
import type { Known } from "../protocol/nodes.ts";
import type { Language } from "../words/mod.ts";
import { REGISTERING, type RegisteringWords } from "../words/registering/mod.ts";
import { SHARING } from "../words/sharing/mod.ts";
import { TERMINAL, type TerminalWords } from "../words/terminal/mod.ts";
import { type Assets, basePrefix } from "./assets.ts";

const ENTITIES = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "#39" };

/**
 * For every page and every error. No inline script or style runs, nothing comes from elsewhere, no
 * other site can frame a page or keep a handle on its window.
 *
 * The referrer policy is not `no-referrer`, which would make the browser send `Origin: null` with
 * the log-in form (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy":
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
    "magnetometer=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/**
 * Images in the terminal are decoded by WebAssembly. That lets the page's own scripts compile modules,
 * and nobody else's, and no text become a script (https://www.w3.org/TR/CSP3/#directive-script-src).
 */
const TERMINAL_HEADERS = {
  ...SECURITY_HEADERS,
  "content-security-policy": SECURITY_HEADERS["content-security-policy"]!
    .replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"),
};

interface Page {
  /** As configured, with or without its last slash. */
  readonly basePath: string;
  readonly assets: Assets;
  readonly language: Language;
}

export interface LoginPage extends Page {
  /** The administrator's words to everybody; may be empty. */
  readonly banner?: string;
  /** Why the last attempt was refused, which is told above the form. */
  readonly refusal?: AuthRefusal["reason"];
  /** In how many seconds another attempt is heard, where the refusal is for a time. */
  readonly retryAfter?: number;
  /** What was typed as the user name before. */
  readonly username?: string;
  /** Where to go after the log-in; checked by the handler of the form. */
  readonly next: string;
  /** Whether people may make their own account. */
  readonly registers?: boolean;
}

export interface RegisterPage extends Page {
  readonly banner?: string;
  readonly mode: RegistrationMode;
  readonly minLength: number;
  readonly next: string;
  /** Why there is no account, which is told above the form. */
  readonly fault?: RegistrationFault;
  /** In how many seconds another try is heard. */
  readonly retryAfter?: number;
  /** An account was asked for. */
  readonly state?: "waiting";
  /** What was typed before. */
  readonly username?: string;
  readonly invite?: string;
}

export interface TerminalPage extends Page {
  readonly user: string;
  /** Whether the administrator's page is for them. */
  readonly admin?: boolean;
  /** Whether they may want to add keys for SSH. */
  readonly takesSsh?: boolean;
  /** What the page would ask for first; null where it has to ask. */
  readonly known: Known | null;
}

/** For somebody whose own it is not. */
export interface SharedPage extends Page {
  readonly user: string;
}

export interface AdminPage extends Page {
  readonly user: string;
  /** `registration.mode`. */
  readonly registration: string;
}

export interface MachinesPage extends Page {
  readonly user: string;
  /** Whether the administrator's page is for them. */
  readonly admin: boolean;
}

/**
 * Fills `[[name]]` with escaped values, `[[asset:name]]` with addresses, `[[say:name]]` with words. A line that
 * has `[[part:name]]` is there once for each part of that script.
 */
export function render(
  { assets, basePath, language }: Page,
  template: string,
  values: Readonly<Record<string, string>>,
): string {
  const whole = assets.template(template).replace(
    /^.*\[\[part:([^\]]+)\]\].*\n/gm,
    (line: string, name: string) =>
      assets.partsOf(name, basePath).map((part) => line.replace(`[[part:${name}]]`, part)).join(""),
  );
  return whole.replace(/\[\[([^\]]+)\]\]/g, (_, name: string) => {
    if (name.startsWith("asset:")) return escape(assets.url(name.slice(6), basePath));
    const isWords = name.startsWith("say:");
    const value = isWords ? saying(name.slice(4), TERMINAL[language]) : values[name];
    if (value === undefined) throw new Error(`Cannot render ${template}: no value for ${name}`);
    return escape(value);
  });
}

function saying(name: string, words: TerminalWords): string | undefined {
  const text = words[name as keyof TerminalWords];
  return typeof text === "string" ? text : undefined;
}

/** Why a log-in was refused, in a sentence. */
function refusalIn(words: TerminalWords, reason: AuthRefusal["reason"], seconds: number): string {
  const text = words[reason];
  return typeof text === "string" ? text : text(words.wait(seconds));
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&${ENTITIES[char as keyof typeof ENTITIES]};`);
}

export function html(body: string, status: number, headers = SECURITY_HEADERS): Response {
  return new Response(body, {
    status,
    headers: {
      ...headers,
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
      "vary": "accept-language",
    },
  });
}

/** The log-in form; `status` is 200, 401 after a wrong password, 429 while locked, 503 when busy. */
export function loginPage(page: LoginPage, status = 200): Response {
  const { basePath, banner = "", refusal, retryAfter, username = "", next, language } = page;
  const words = TERMINAL[language];
  const body = render(page, "login.html", {
    title: refusal === undefined || status >= 500 ? words.logInTitle : words.logInFailedTitle,
    base: basePrefix(basePath),
    banner,
    error: refusal === undefined ? "" : refusalIn(words, refusal, retryAfter ?? 0),
    refusal: refusal ?? "",
    retryAfter: String(retryAfter ?? ""),
    username,
    next,
    // The first thing there is to type.
    focusUsername: username === "" ? "autofocus" : "",
    focusPassword: username === "" ? "" : "autofocus",
    register: REGISTERING[language].registerInstead,
    registers: page.registers ? "" : "hidden",
  });
  return html(body, status);
}

/** Why there is no account, in a sentence. */
function faultIn(
  words: RegisteringWords,
  fault: RegistrationFault,
  minLength: number,
  wait: string,
): string {
  if (fault === "short") return words.least(minLength);
  return fault === "tries" ? words.tries(wait) : words.faults[fault];
}

/** The form for an account of one's own. */
export function registerPage(page: RegisterPage, status: number): Response {
  const { basePath, banner = "", mode, minLength, next, fault, retryAfter = 0, language } = page;
  const { username = "", invite = "", state } = page;
  const words = REGISTERING[language];
  const body = render(page, "register.html", {
    ...{ title: words.title, about: words.about, register: words.register },
    ...{ working: words.working, invitation: words.invitation, logIn: words.logInInstead },
    base: basePrefix(basePath),
    banner,
    error: fault === undefined
      ? ""
      : faultIn(words, fault, minLength, TERMINAL[language].wait(retryAfter)),
    waits: state === "waiting" ? words.waits : "",
    form: state === "waiting" ? "hidden" : "",
    invited: mode === "invite" ? "" : "hidden",
    needsInvite: mode === "invite" ? "required" : "",
    least: mode === "approval"
      ? `${words.least(minLength)} ${words.approval}`
      : words.least(minLength),
    ...{ username, invite, next },
  });
  return html(body, status);
}

/** What a browser installs the terminal by (https://www.w3.org/TR/appmanifest/). */
export function webManifest(page: Omit<Page, "language">): Response {
  const body = render({ ...page, language: "en" }, "app.webmanifest", {
    base: basePrefix(page.basePath),
  });
  return new Response(body, {
    headers: {
      "cache-control": "public, max-age=3600",
      "content-type": "application/manifest+json",
      "x-content-type-options": "nosniff",
    },
  });
}

/** The terminal. */
export function terminalPage(page: TerminalPage): Response {
  const { basePath, user, admin = false, takesSsh = false, known } = page;
  const body = render(page, "terminal.html", {
    base: basePrefix(basePath),
    user,
    admin: admin ? "" : "hidden",
    known: known === null ? "" : JSON.stringify(known),
    ssh: takesSsh ? "open" : "",
  });
  return html(body, 200, TERMINAL_HEADERS);
}

/** A terminal that is somebody else's. */
export function sharedPage(page: SharedPage): Response {
  const { sharedTerminal, ownTerminals } = SHARING[page.language];
  const values = { base: basePrefix(page.basePath), user: page.user, sharedTerminal, ownTerminals };
  return html(render(page, "shared.html", values), 200, TERMINAL_HEADERS);
}

/** The page of one's machines. */
export function machinesPage(page: MachinesPage): Response {
  const { basePath, user, admin } = page;
  const values = { base: basePrefix(basePath), user, admin: admin ? "" : "hidden" };
  return html(render(page, "machines.html", values), 200);
}

/** The administrator's page. */
export function adminPage(page: AdminPage): Response {
  const { user, registration } = page;
  return html(
    render(page, "admin.html", { base: basePrefix(page.basePath), user, registration }),
    200,
  );
}
