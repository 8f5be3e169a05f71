/** `ttygate user invite|pending|approve|refuse`: who may register, through the admin socket. */
import * as v from "valibot";
import { parseDuration } from "../../config/units.ts";
import { NewRegistrationInviteShape, RegistrationListShape } from "../../protocol/registration.ts";
import { ask } from "../admin_socket.ts";
import { adminSocketOf } from "../admin_place.ts";
import { type CommandContext, parseCommandArgs, UsageError } from "../command.ts";

const VERBS = ["invite", "pending", "approve", "refuse"] as const;
type Verb = typeof VERBS[number];

export function isRegistrationVerb(verb: string): verb is Verb {
  return (VERBS as readonly string[]).includes(verb);
}

/** Runs one of them. @returns the exit status */
export async function registrations(
  verb: Verb,
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { flags, options: { expires }, positionals: [name = ""] } = parseCommandArgs([...args], {
    flags: ["json"],
    options: verb === "invite" ? ["expires"] : [],
    positionals: verb === "approve" || verb === "refuse" ? ["NAME"] : [],
  });
  const order = verb === "invite" ? orderOf(expires) : undefined;
  const { answer, lines } = await askFor(verb, { name, order }, await adminSocketOf(context));
  if (flags["json"]) context.print(JSON.stringify(answer));
  else for (const line of lines) context.print(line);
  return 0;
}

async function askFor(
  verb: Verb,
  { name, order }: { readonly name: string; readonly order: unknown },
  socket: string,
): Promise<{ answer: unknown; lines: readonly string[] }> {
  const path = `/api/v1/registrations/${encodeURIComponent(name)}`;
  switch (verb) {
    case "invite": {
      const invites = "/api/v1/invites";
      const answer = await ask(socket, NewRegistrationInviteShape, "POST", invites, order);
      const until = `for one account, until ${answer.expires}; this link is shown this once:`;
      return { answer, lines: [until, `  https://THIS-GATEWAY${answer.path}`] };
    }
    case "pending": {
      const list = await ask(socket, RegistrationListShape, "GET", "/api/v1/registrations");
      const line = ({ user, from, created }: typeof list.registrations[number]) =>
        [user, created, from].join("\t");
      return { answer: list.registrations, lines: list.registrations.map(line) };
    }
    case "approve":
      await ask(socket, v.null(), "POST", `${path}/approve`);
      return { answer: { user: name, approved: true }, lines: [`${name} may log in`] };
    case "refuse":
      await ask(socket, v.null(), "DELETE", path);
      return { answer: { user: name, approved: false }, lines: [`${name} is refused`] };
  }
}

function orderOf(expires: string | undefined): { seconds?: number } {
  if (expires === undefined) return {};
  const ms = parseDuration(expires);
  if (ms === undefined) {
    throw new UsageError(`--expires takes a time such as 7d or 12h, not ${expires}`);
  }
  return { seconds: Math.ceil(ms / 1000) };
}
