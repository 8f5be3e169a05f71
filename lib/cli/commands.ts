/** The subcommands, each loaded only when it is run. */
import type { Loader } from "./command.ts";

/** Every subcommand, in the order in which `--help` lists them. */
export const commands: Readonly<Record<string, Loader>> = {
  serve: withoutPrograms(() => import("./serve.ts")),
  agent: () => import("./agent.ts"), // which gives it up itself, unless it offers shells
  sweep: withoutPrograms(() => import("./sweep.ts")),
  user: () => import("./user.ts"),
  session: () => import("./session.ts"),
  node: () => import("./node.ts"),
  drain: () => import("./drain.ts"),
  broadcast: () => import("./broadcast.ts"),
  doctor: () => import("./doctor.ts"),
  config: () => import("./config.ts"),
  install: () => import("./install.ts"),
  uninstall: () => import("./uninstall.ts"),
  version: () => import("./version.ts"),
};

/** Other commands ask systemd by busctl(1); what serves strangers gives up to run any program. */
function withoutPrograms(load: Loader): Loader {
  return () => {
    Deno.permissions.revokeSync({ name: "run" });
    return load();
  };
}
