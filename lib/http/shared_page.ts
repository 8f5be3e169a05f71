/** `GET /shared`: a guest's page, which finds behind the # of its address whose terminal it shows. */
import { languageOf } from "../words/mod.ts";
import { sharedPage } from "./pages.ts";
import type { KnownCall } from "./router.ts";

export function showShared({ caller, principal, gateway }: KnownCall): Response {
  const language = languageOf(caller.headers.get("accept-language"));
  return sharedPage({ ...gateway, user: principal.name, language });
}
