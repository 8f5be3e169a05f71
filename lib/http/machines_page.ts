/** `GET /machines`: the page of one's machines, which follows the API's events. */
import { machinesPage } from "./pages.ts";
import type { KnownCall } from "./router.ts";
import { languageOf } from "../words/mod.ts";

export function showMachines({ caller, principal, gateway }: KnownCall): Response {
  const language = languageOf(caller.headers.get("accept-language"));
  const { name: user, admin } = principal;
  return machinesPage({ ...gateway, user, admin, language });
}
