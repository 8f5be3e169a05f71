/** The real Engine for a test: its containers carry a label of their own, and none outlives the test. */
import { type ContainerCreate, Docker, DockerError, type HijackedStream } from "deno-docker-api";
import { dockerEvent } from "../support/docker_event.ts";
import { testImage } from "../support/image.ts";

const decoder = new TextDecoder();

export class Engine implements AsyncDisposable {
  readonly docker = new Docker({
    socketPath: Deno.env.get("TTYGATE_DOCKER_SOCKET") || "/run/docker.sock",
  });
  readonly id = crypto.randomUUID().slice(0, 8);
  readonly label = `ttygate.test=${this.id}`;
  readonly #since = Date.now() / 1000;
  readonly labels = { "ttygate.test": this.id };

  /** Makes a container with a terminal that runs a shell script. */
  async create(script: string, spec: Partial<ContainerCreate> = {}): Promise<string> {
    const { Id } = await this.docker.containers.create({
      Image: testImage(),
      Cmd: ["/bin/sh", "-c", script],
      Tty: true,
      OpenStdin: true,
      Labels: this.labels,
      StopTimeout: 0,
      ...spec,
      HostConfig: { NetworkMode: "none", ...spec.HostConfig },
    }, { name: `ttygate-test-${crypto.randomUUID()}` });
    return Id;
  }

  /** Resolves with the exit status once the container has ended, since this engine was made. */
  async exitCode(container: string, since = this.#since): Promise<number> {
    const { Actor } = await dockerEvent(this.docker, { container, action: "die", since });
    return Number(Actor.Attributes.exitCode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { containers, networks } = this.docker;
    for (const { Id } of await containers.list({ all: true, labels: [this.label] })) {
      await containers.remove(Id, { force: true }).catch(unlessGone);
    }
    for (const { Id } of await networks.list({ labels: [this.label] })) {
      await networks.remove(Id).catch(unlessGone);
    }
    this.docker[Symbol.dispose]();
  }
}

function unlessGone(error: unknown): void {
  if (error instanceof DockerError && (error.isNotFound || error.isRemovalInProgress)) return;
  throw error;
}

/** Reads until the text has come, or to the end; gives all that was read. */
export async function readUntil(stream: HijackedStream, text: string): Promise<string> {
  let seen = "";
  while (!seen.includes(text)) {
    const bytes = await stream.read();
    if (bytes === null) throw new Error(`The stream ended before "${text}": ${seen}`);
    seen += decoder.decode(bytes, { stream: true });
  }
  return seen;
}

export async function readToEnd(stream: HijackedStream): Promise<string> {
  let seen = "";
  for (let bytes; (bytes = await stream.read()) !== null;) seen += decoder.decode(bytes);
  return seen;
}
