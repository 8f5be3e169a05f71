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
  login: withoutPrograms(() => import("./client/login.ts")),
  logout: withoutPrograms(() => import("./client/logout.ts")),
  whoami: withoutPrograms(() => import("./client/whoami.ts")),
  list: withoutPrograms(() => import("./client/list.ts")),
  create: withoutPrograms(() => import("./client/create.ts")),
  show: withoutPrograms(() => import("./client/show.ts")),
  start: withoutPrograms(() => import("./client/start.ts")),
  stop: withoutPrograms(() => import("./client/stop.ts")),
  rename: withoutPrograms(() => import("./client/rename.ts")),
  delete: withoutPrograms(() => import("./client/delete.ts")),
  restore: withoutPrograms(() => import("./client/restore.ts")),
  shell: () => import("./client/shell.ts"), // which sets the terminal by stty(1)
  run: withoutPrograms(() => import("./client/run.ts")),
  cp: withoutPrograms(() => import("./client/cp.ts")),
  forward: withoutPrograms(() => import("./client/forward.ts")),
  menu: () => import("./client/menu.ts"), // which opens shells as well
  token: withoutPrograms(() => import("./client/token.ts")),
  key: withoutPrograms(() => import("./client/key.ts")),
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
