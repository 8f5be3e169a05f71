/** The log-in page and the terminal page as responses, and the headers that keep them safe. */
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

interface Page {
  /** As configured, with or without its last slash. */
  readonly basePath: string;
  readonly assets: Assets;
}

export interface LoginPage extends Page {
  /** The administrator's words to everybody; may be empty. */
  readonly banner?: string;
  /** A sentence shown above the form. */
  readonly error?: string;
  /** What was typed as the user name before. */
  readonly username?: string;
  /** Where to go after the log-in; checked by the handler of the form. */
  readonly next: string;
}

export interface TerminalPage extends Page {
  readonly user: string;
}

/** Fills `[[name]]` with escaped values and `[[asset:name]]` with addresses. */
function render(
  { assets, basePath }: Page,
  template: string,
  values: Readonly<Record<string, string>>,
): string {
  return assets.template(template).replace(/\[\[([^\]]+)\]\]/g, (_, name: string) => {
    if (name.startsWith("asset:")) return escape(assets.url(name.slice(6), basePath));
    const value = values[name];
    if (value === undefined) throw new Error(`Cannot render ${template}: no value for ${name}`);
    return escape(value);
  });
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&${ENTITIES[char as keyof typeof ENTITIES]};`);
}

function html(body: string, status: number): Response {
  return new Response(body, {
    status,
    headers: {
      ...SECURITY_HEADERS,
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
    },
  });
}

/** The log-in form; `status` is 200, 401 after a wrong password, 429 while locked, 503 when busy. */
export function loginPage(page: LoginPage, status = 200): Response {
  const { basePath, banner = "", error = "", username = "", next } = page;
  const body = render(page, "login.html", {
    title: error === "" || status >= 500 ? "Log in – ttygate" : "Log-in failed – ttygate",
    base: basePrefix(basePath),
    banner,
    error,
    username,
    next,
    // The first thing there is to type.
    focusUsername: username === "" ? "autofocus" : "",
    focusPassword: username === "" ? "" : "autofocus",
  });
  return html(body, status);
}

/** The terminal. */
export function terminalPage(page: TerminalPage): Response {
  const body = render(page, "terminal.html", { base: basePrefix(page.basePath), user: page.user });
  return html(body, 200);
}
