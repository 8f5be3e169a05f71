/** From connecting to the first byte when systemd has to start the packaged gateway. */
import { PACKAGE } from "../../support/build.ts";
import { bootDockerServer } from "../../support/docker_server.ts";
import { until } from "../../support/gateway.ts";
import type { Lab } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { median } from "../stats.ts";
import type { Figure } from "../table.ts";

const PORT = 8080;
/** Starts in one round. */
const STARTS = 10;

const INSTALL = `
DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install /root/ttygate.deb
printf '[pool]\\nsize = 0\\n' > /etc/ttygate/ttygate.toml
mkdir -p /etc/systemd/system/ttygate.socket.d
printf '[Socket]\\nListenStream=\\nListenStream=0.0.0.0:${PORT}\\n' \
  > /etc/systemd/system/ttygate.socket.d/listen.conf
systemctl daemon-reload
systemctl restart ttygate.socket
`;

export async function measureActivation(lab: Lab): Promise<Figure[]> {
  lab.say("installing the package on a server with systemd");
  await using server = await bootDockerServer();
  await server.bring(PACKAGE, "/root/ttygate.deb");
  await server.run(INSTALL);
  const rounds = new Rounds();
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`first byte from a gateway that systemd starts, round ${round} of ${lab.rounds}`);
    const samples: number[] = [];
    for (let i = 0; i < lab.amount(STARTS, 1); i++) {
      await server.run("systemctl stop ttygate.service");
      const state = () => server.property("ttygate.service", "ActiveState");
      await until(async () => await state() === "inactive");
      samples.push(await firstByte(server.address));
    }
    rounds.add("ttygate", ...samples);
  }
  return [rounds.figure("connect to first byte when systemd starts the gateway", "ms", median)];
}

async function firstByte(hostname: string): Promise<number> {
  const from = performance.now();
  using connection = await Deno.connect({ hostname, port: PORT });
  const request = `GET /login HTTP/1.1\r\nHost: ${hostname}:${PORT}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const bytes = new Uint8Array(1024);
  const count = await connection.read(bytes);
  const tookMs = performance.now() - from;
  const answer = new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`the gateway answered: ${answer}`);
  return tookMs;
}
