/** A file in a session's container that takes all that is typed, to be compared with what was sent. */
import { DOCKER_SOCKET } from "./gateway.ts";
import type { TestTab } from "./tab.ts";

const FILE = "/tmp/intake";

export class Intake {
  private constructor(private readonly tab: TestTab, private readonly container: string) {}

  /** From now on what is typed goes into the file, without an echo. */
  static async open(tab: TestTab): Promise<Intake> {
    await tab.type(`clear; stty -echo; echo tak''ing; cat >${FILE}; stty echo; echo tak''en\n`);
    await tab.see(/^taking$/m);
    return new Intake(tab, `ttygate-${await tab.session()}`);
  }

  /**
   * How many bytes it has so far, seen from outside: by no exec, which Docker 20.10 never finishes
   * when the container is paused just then.
   */
  async bytes(): Promise<number> {
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path: DOCKER_SOCKET } });
    const url = `http://docker/v1.41/containers/${this.container}/archive?path=${FILE}`;
    const { headers } = await fetch(url, { method: "HEAD", client });
    return JSON.parse(atob(headers.get("x-docker-container-path-stat")!)).size;
  }

  /** Ends the file, and returns what a command prints of it. */
  async close(command = "cat"): Promise<string> {
    await this.tab.press("Control+D");
    await this.tab.see(/^taken\n[^\n]*[#$]$/m);
    return await this.tab.run(`${command} <${FILE}`);
  }
}
