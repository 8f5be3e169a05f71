/** Programs that log in by a code: `/api/v1/device` for them, the page `/device` for the person. */
import { TokenError } from "../auth/tokens.ts";
import {
  type DeviceAnswer,
  DeviceOrderShape,
  type DeviceStart,
  DeviceTakeShape,
} from "../protocol/account.ts";
import { DEVICE } from "../words/device/mod.ts";
import { languageOf } from "../words/mod.ts";
import { json, pathBelow, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import { readForm } from "./login.ts";
import { basePrefix } from "./assets.ts";
import { html, render } from "./pages.ts";
import type { Call, KnownCall } from "./router.ts";

/** How often a program asks, in seconds, and for how long it is logged in. */
const INTERVAL_S = 2, DAYS_MS = 90 * 24 * 60 * 60_000;
const TOKEN_SCOPES = ["read", "shell", "machines"] as const;

/** `POST /api/v1/device`: a code for a person, and a secret to take the token with. */
export async function startDevice({ caller, request, gateway }: Call): Promise<Response> {
  const { name } = await readJson(request, DeviceOrderShape);
  const { remote, source } = caller;
  const { devices, counted, basePath, clock } = gateway;
  const started = devices.start({ name, remote, source });
  if ("waitMs" in started) {
    const seconds = Math.ceil(started.waitMs / 1000);
    throw new Refusal("too-fast", "Too many programs ask to log in. Try again in a minute.", {
      "retry-after": `${seconds}`,
    });
  }
  counted.of(source).info("a program asks to log in", { event: "device", remote });
  const { device: { code, expiresMs }, secret } = started;
  const seconds = Math.floor((expiresMs - clock.now()) / 1000);
  const answer: DeviceStart = {
    ...{ code, device: secret, seconds, interval: INTERVAL_S },
    path: pathBelow(basePath, "/device"),
  };
  return json(answer, 201);
}

/** `POST /api/v1/device/token`: what the person has said; the token is told once. */
export async function takeDevice({ caller, request, gateway }: Call): Promise<Response> {
  const { device } = await readJson(request, DeviceTakeShape);
  const { devices, stack, tokens, log } = gateway;
  const taken = devices.take(device);
  if (taken === null) throw new Refusal(404, "The code has expired. Start again.");
  const principal = taken.state === "allowed" ? stack.principalOf(taken.user) : null;
  if (principal === null) {
    const state = taken.state === "waiting" ? "waiting" : "refused";
    return json({ state } satisfies DeviceAnswer);
  }
  const user = principal.name;
  const order = { user, scopes: [...TOKEN_SCOPES], forMs: DAYS_MS };
  const name = `ttygate login on ${taken.name}`.slice(0, 40);
  const other = `${name} ${new Date().toISOString().slice(0, 19)}`;
  const create = (name: string) => tokens.create({ ...order, name });
  try {
    const { token, secret } = await create(name).catch((error) => {
      if (error instanceof TokenError && error.kind === "taken") return create(other);
      throw error;
    });
    const fields = { user, token: token.id, remote: caller.remote };
    log.notice("a token was made for a program that a person let in", {
      event: "token",
      ...fields,
    });
    return json({ state: "allowed", user, id: token.id, token: secret } satisfies DeviceAnswer);
  } catch (error) {
    if (error instanceof TokenError) throw new Refusal("too-many-tokens", error.message);
    throw error;
  }
}

/** `GET /device`: asks for the code, which stands in no address. */
export function showDevice(call: KnownCall): Response {
  return page(call, { state: "ask" });
}

/** `POST /device`: shows what waits with the code, and takes what the person says of it. */
export async function submitDevice(call: KnownCall): Promise<Response> {
  const { caller, request, principal: { name: user }, gateway: { devices, log } } = call;
  const form = await readForm(request);
  const found = devices.find(form.get("code") ?? "", user);
  if (found === "often") return page(call, { state: "ask", error: "tries" }, 429);
  if (found === null) return page(call, { state: "ask", error: "unknown" }, 404);
  const { code, name, remote } = found;
  const said = form.get("answer");
  if (said !== "allow" && said !== "refuse") {
    return page(call, { state: "compare", code, name, remote });
  }
  const isAllowed = said === "allow";
  devices.decide(code, isAllowed ? { state: "allowed", user } : { state: "refused" });
  const what = isAllowed ? "was let in" : "was refused";
  const fields = { event: "device", user, remote: caller.remote, from: remote } as const;
  log.notice(`a program that asks to log in ${what} by a person`, fields);
  return page(call, { state: isAllowed ? "allowed" : "refused" });
}

type Shown =
  | { readonly state: "ask"; readonly error?: "unknown" | "tries" }
  | { readonly state: "compare"; readonly code: string; readonly name: string; remote: string }
  | { readonly state: "allowed" | "refused" };

function page({ caller, principal, gateway }: KnownCall, shown: Shown, status = 200): Response {
  const language = languageOf(caller.headers.get("accept-language"));
  const { basePath, assets } = gateway;
  const words = DEVICE[language];
  const { title, about, code: codeWord, next, compare, caution, allow, refuse } = words;
  const isAsked = shown.state === "ask", isCompared = shown.state === "compare";
  const body = render({ basePath, assets, language }, "device.html", {
    ...{ title, about, codeWord, next, compare, caution, allow, refuse },
    base: basePrefix(basePath),
    error: isAsked && shown.error ? words[shown.error] : "",
    done: isAsked || isCompared ? "" : words[shown.state],
    ask: isAsked ? "" : "hidden",
    decide: isCompared ? "" : "hidden",
    code: isCompared ? shown.code : "",
    asks: isCompared ? words.asks(shown.name, shown.remote, principal.name) : "",
  });
  return html(body, status);
}
