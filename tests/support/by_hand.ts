/** Installs ttygate from the checkout on a test's server, where no package is what is tested. */
import { testImage } from "./image.ts";
import type { SystemdServer } from "./systemd_server.ts";

/** The group `docker` comes with Docker; a server without one shares a socket from outside. */
export const INSTALL_PROGRAM = `
getent group docker >/dev/null ||
  groupadd --non-unique --gid "$(stat -c %g /run/docker.sock)" docker

useradd --system --user-group --home-dir /var/lib/ttygate --shell /usr/sbin/nologin ttygate
install -d -o root -g ttygate -m 2750 /etc/ttygate
ln -s /opt/ttygate/scripts/ttygate /usr/local/bin/ttygate
`;
export const INSTALL_UNITS = `
install -m 0644 -t /etc/systemd/system /opt/ttygate/systemd/*
install -D -m 0644 -t /usr/local/share/ttygate /opt/ttygate/scripts/packaging/egress.nft
systemctl daemon-reload
`;

/** From outside the server is reached by its address. */
const LISTEN = "[Socket]\nListenStream=\nListenStream=8080\n";

/** How what is installed differs from the default. */
export interface InstallOptions {
  /** More lines of the configuration, the sections [docker] and [container] excepted. */
  readonly config?: string;
  readonly container?: string;
}

/** What `installByHand` wrote into /etc/ttygate/ttygate.toml. */
export interface Installed {
  readonly config: string;
  /** The gateway's, from outside the server. */
  readonly origin: string;
}

/** Installs the program and the units, and starts the socket and the timer; nobody can log in yet. */
export async function installByHand(
  server: SystemdServer,
  { config: more = "", container = "" }: InstallOptions = {},
): Promise<Installed> {
  const config = `[docker]\ninstance = "${server.instance}"\n[container]\n` +
    `image = "${testImage()}"\n${container}${more}`;
  await server.run(INSTALL_PROGRAM);
  await server.run(INSTALL_UNITS);
  await server.write("/etc/ttygate/ttygate.toml", config);
  await server.write("/etc/systemd/system/ttygate.socket.d/listen.conf", LISTEN);
  await server.run(
    "systemctl daemon-reload && systemctl enable --now ttygate.socket ttygate-sweep.timer " +
      "ttygate-egress.service",
  );
  return { config, origin: `http://${server.address}:8080` };
}

/** Adds a user on the server and logs in from outside; resolves to the `Cookie` header. */
export async function addUserAndLogIn(
  server: SystemdServer,
  origin: string,
  name: string,
): Promise<string> {
  await server.run(`ttygate user add ${name}`, "wonderland\n");
  return await logIn(origin, name);
}

/** Logs in from outside; resolves to the `Cookie` header. */
export async function logIn(origin: string, name: string, password = "wonderland") {
  const response = await postLogin(origin, name, password);
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
  if (response.status !== 303 || !cookie) throw new Error(`log-in answered ${response.status}`);
  return cookie;
}

/** Sends the log-in form. */
export async function postLogin(origin: string, username: string, password: string) {
  const response = await fetch(`${origin}/login`, {
    method: "POST",
    body: new URLSearchParams({ username, password }),
    headers: { origin },
    redirect: "manual",
  });
  await response.body?.cancel();
  return response;
}
