/** `GET /admin`: the administrator's page, which asks the API for all that it shows. */
import { adminPage } from "./pages.ts";
import type { KnownCall } from "./router.ts";
import { languageOf } from "../words/mod.ts";

export function showAdmin({ caller, principal, gateway }: KnownCall): Response {
  const language = languageOf(caller.headers.get("accept-language"));
  const registration = gateway.registrar.mode;
  return adminPage({ ...gateway, user: principal.name, language, registration });
}
