/** The gateway's JSON API, as far as the page of one's machines uses it. */
/// <reference lib="dom" />
import type { MachineInfo } from "../../lib/protocol/machines.ts";
import type { ImageList } from "../../lib/protocol/nodes.ts";
import { say as common } from "../admin/say.ts";
import { request } from "../request.ts";
import type { Wish } from "./command.ts";

const ANSWER_MS = 10_000;

export class Api {
  /** The gateway is below `base`. */
  constructor(private readonly base: string) {}

  get events(): string {
    return `${this.base}/api/v1/events?own&usage`;
  }

  /** What a machine may run in. @throws {Refused} */
  async images(): Promise<ImageList["images"]> {
    const { images }: ImageList = await (await this.#ask("GET", "/images")).json();
    return images;
  }

  /** @throws {Refused} 401 where the log-in is over */
  async me(): Promise<void> {
    await this.#ask("GET", "/me");
  }

  /** One, with the states that it was in. @throws {Refused} */
  async show(name: string): Promise<MachineInfo> {
    return await (await this.#ask("GET", `/machines/${name}`)).json();
  }

  /** @throws {Refused} */
  async create({ name, image, node }: Wish): Promise<void> {
    const wish = { ...image && { image }, ...node && { node } };
    await this.#ask("PUT", `/machines/${name}`, wish);
  }

  /** @throws {Refused} */
  async act(name: string, verb: "start" | "stop" | "restore"): Promise<void> {
    await this.#ask("POST", `/machines/${name}/${verb}`);
  }

  /** @throws {Refused} */
  async rename(name: string, to: string): Promise<void> {
    await this.#ask("PATCH", `/machines/${name}`, { name: to });
  }

  /** @throws {Refused} */
  async remove(name: string): Promise<void> {
    await this.#ask("DELETE", `/machines/${name}`);
  }

  #ask(method: string, path: string, body?: unknown): Promise<Response> {
    return request(`${this.base}/api/v1${path}`, { method, body, withinMs: ANSWER_MS }, common);
  }
}
