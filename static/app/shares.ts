/** The links to one terminal, as the gateway's API has them. */
/// <reference lib="dom" />
import type { NewShare, ShareInfo, ShareList, ShareOrder } from "../../lib/protocol/resources.ts";
import { askGateway } from "./ask_gateway.ts";

export class Shares {
  readonly #base: string;
  readonly #path: string;

  /** @param base where the gateway is */
  constructor(base: string, session: string) {
    this.#base = base;
    this.#path = `${base}/api/v1/sessions/${encodeURIComponent(session)}/shares`;
  }

  /** @throws {Refused} */
  async list(): Promise<readonly ShareInfo[]> {
    const { shares }: ShareList = await (await this.#ask("GET")).json();
    return shares;
  }

  /** Makes a link, which is told this once. @throws {Refused} */
  async create(order: ShareOrder): Promise<string> {
    const { token }: NewShare = await (await this.#ask("POST", "", order)).json();
    return `${new URL(`${this.#base}/shared`, location.href)}#${token}`;
  }

  /** Ends one, which cuts off all who came by it. @throws {Refused} */
  async end(id: string): Promise<void> {
    await this.#ask("DELETE", `/${id}`);
  }

  #ask(method: string, path = "", body?: unknown): Promise<Response> {
    return askGateway(this.#path + path, method, body);
  }
}
