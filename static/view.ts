/** The page around the terminal, drawn from the phase. */
/// <reference lib="dom" />
import type { TerminalEvent } from "../lib/types.ts";
import { Banner } from "./banner.ts";
import { isStopped, type Phase, type Stopped } from "./phase.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;
type Starting = Extract<Phase, { name: "starting" }>;

function find<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`Cannot draw the page: it has no element #${id}`);
  return element as E;
}

const MEBI = 1024 ** 2;

/** A size in binary units, as the configuration writes them: 209715200 is "200 MB". */
function size(bytes: number): string {
  const [value, unit] = bytes < 1024 * MEBI ? [bytes / MEBI, "MB"] : [bytes / (1024 * MEBI), "GB"];
  return `${Math.round(value * 10) / 10} ${unit}`;
}

function stageText({ progress }: Starting): string {
  switch (progress.stage) {
    case "pull": {
      const what = `Pulling ${progress.image ?? "the image"}`;
      return progress.percent === undefined
        ? `${what}…`
        : `${what} – ${Math.floor(progress.percent)} %`;
    }
    case "create":
      return "Creating a fresh container…";
    case "start":
      return "Starting it…";
    case "prompt":
      return "Waiting for the shell…";
  }
}

export class View {
  readonly terminal = find("terminal");
  readonly logout = find<HTMLButtonElement>("logout");
  readonly action = find<HTMLButtonElement>("new-session");
  readonly banner: Banner;
  readonly #stage = find("stage");
  readonly #stageText = find("stage-text");
  readonly #progress = find<HTMLProgressElement>("stage-progress");
  readonly #ended = find("ended");
  readonly #live = find("live");
  #stageName = "";

  constructor() {
    this.banner = new Banner(find("banner"), (text) => this.#announce(text));
  }

  /** Makes the page look like `phase`. */
  draw(phase: Phase): void {
    document.documentElement.dataset.phase = phase.name;
    const waiting = phase.name === "connecting" || phase.name === "starting";
    this.#stage.hidden = !waiting;
    this.#ended.hidden = !isStopped(phase);

    if (phase.name === "connecting") this.#drawStage("connecting", "Connecting…");
    else if (phase.name === "starting") {
      const { progress } = phase;
      this.#drawStage(
        progress.stage,
        stageText(phase),
        "percent" in progress ? progress.percent : undefined,
      );
    } else if (isStopped(phase)) this.#drawStopped(phase);

    if (phase.name === "reconnecting") this.banner.show("Connection lost — reconnecting…");
  }

  /** Shows what `ready` says about the session. */
  drawSession({ session, image, user, limits }: Ready): void {
    document.documentElement.dataset.session = session;
    find("user").textContent = user;
    find("image").textContent = image;
    find("limits").textContent = [
      `${limits.cpus} CPU`,
      size(limits.memory),
      `${limits.pids} processes`,
      ...(limits.disk === null ? [] : [`${size(limits.disk)} disk`]),
    ].join(" · ");
  }

  #drawStage(name: string, text: string, percent?: number): void {
    this.#stageText.textContent = text;
    if (percent === undefined) this.#progress.removeAttribute("value");
    else this.#progress.value = percent;
    if (name !== this.#stageName) this.#announce(text); // not each per cent
    this.#stageName = name;
  }

  #drawStopped({ message, detail, action, enter }: Stopped): void {
    this.banner.clear();
    find("ended-message").textContent = message;
    find("ended-reason").textContent = `${detail} ${enter}`.trim();
    this.action.textContent = action;
    this.#announce(`${message} ${enter}`);
    this.action.focus({ preventScroll: true });
  }

  #announce(text: string): void {
    this.#live.textContent = text;
  }
}
