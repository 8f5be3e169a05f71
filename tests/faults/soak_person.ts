/** A person of a soak: one session after another, with a bad network and little patience. */
import { Follower, SessionGone } from "./follower.ts";
import type { Pace } from "./numbers.ts";
import type { Random } from "./random.ts";
import { pause, type World } from "./soak_world.ts";

/** How long a person tries to get in, or waits for the next line. */
const PATIENCE_MS = 45_000;
const RETRY_MS = 200;

/** How a session is to end. */
type Plan = "exit" | "docker kill" | "ended by API";

/** Opens sessions until the soak is over, and follows each to its end. */
export async function live(world: World, random: Random): Promise<void> {
  while (!world.over) {
    const count = random.between(100, 600);
    const pace = random.pick({ slow: 1, bursts: 1 });
    const opened = await open(world, pace === "slow" ? count : 6 * count);
    if (opened === null) return;
    await using person = opened;
    world.book.opened++;
    const visit = new Visit(world, person, pace, random);
    try {
      const count = await visit.follow();
      world.enter(person.session, person.tally(count));
    } catch (error) {
      world.findings.push(`session ${person.session}: ${error}; ${person.story.join(", ")}`);
    }
    world.book.startedOver += person.startedOver;
  }
}

/** Tries until the gateway lets the person in; null when it does not. */
async function open(world: World, count: number): Promise<Follower | null> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  let why: unknown;
  while (performance.now() < giveUpMs) {
    try {
      return await Follower.begin(world, world.cookie, { count });
    } catch (error) {
      why = error;
      if (world.over) return null;
      await pause(RETRY_MS);
    }
  }
  world.findings.push(`no session could be opened: ${why}`);
  return null;
}

/** One session of a person. */
class Visit {
  readonly #plan: Plan;
  /** After how many lines the person, or somebody else, ends it. */
  readonly #endAt: number;
  readonly #status: number;
  #phase: "running" | "ending" = "running";

  constructor(
    private readonly world: World,
    private readonly person: Follower,
    private readonly pace: Pace,
    private readonly random: Random,
  ) {
    this.#plan = random.pick({ "exit": 6, "docker kill": 1, "ended by API": 1 });
    this.#endAt = this.#plan === "exit" ? person.count : random.between(1, person.count);
    this.#status = random.between(0, 100);
  }

  /**
   * Follows the session to its end.
   *
   * @returns how many lines there should be
   */
  async follow(): Promise<number> {
    const { person, random } = this;
    let patienceMs = performance.now() + PATIENCE_MS;
    for (let lines = -1;;) {
      if (person.lines > lines) {
        lines = person.lines;
        patienceMs = performance.now() + PATIENCE_MS;
      }
      if (performance.now() > patienceMs) throw new Error(`it stands still after ${lines} lines`);
      if (person.lines === 0) person.go(this.pace);
      if (person.lines >= this.#endAt) await this.#end();
      await Promise.race([person.terminal.closed, pause(random.between(50, 800))]);
      if (person.ended !== null) return this.#judge(person.ended);
      try {
        if (person.closed) await person.comeBack(this.world);
        else if (this.#phase === "running") await this.#disturb();
      } catch (error) {
        if (error instanceof SessionGone) return this.#judge(null);
        await pause(RETRY_MS);
      }
    }
  }

  /** Something that persons, browsers and networks do. */
  async #disturb(): Promise<void> {
    const { world, person, random } = this;
    const fault = random.pick({
      "none": 6,
      "client cut": 2,
      "reload": 1,
      "second tab": 1,
      "client not reading": 1,
    });
    if (fault === "none") return;
    world.note(fault);
    switch (fault) {
      case "client cut":
        return await person.comeBack(world);
      case "reload":
        return await person.comeBack(world, "the start");
      case "second tab":
        return await person.takeOver(world);
      case "client not reading":
        person.terminal.pause();
        await pause(random.between(200, 2_000));
        return person.terminal.resume();
      default:
        fault satisfies never;
    }
  }

  /** Ends it as planned; tried again until the end is known. */
  async #end(): Promise<void> {
    const { world, person } = this;
    if (this.#phase === "running" && this.#plan !== "exit") world.note(this.#plan);
    this.#phase = "ending";
    switch (this.#plan) {
      case "exit":
        return person.terminal.type(`exit ${this.#status}\n`);
      case "docker kill": {
        const { containers } = world.place.gateway.docker;
        return await containers.kill(`ttygate-${person.session}`).catch(() => {});
      }
      case "ended by API": {
        const url = `${world.origin}/api/v1/sessions/${person.session}`;
        const headers = { cookie: world.cookie, origin: world.origin };
        const asked = fetch(url, { method: "DELETE", headers });
        return await asked.then((response) => response.body?.cancel(), () => {});
      }
      default:
        this.#plan satisfies never;
    }
  }

  /** What the end means: null is "gone", as after an end that no gateway saw. */
  #judge(ended: { reason: string; exitCode: number | null } | null): number {
    const { person } = this;
    const told = ended === null ? "gone" : `${ended.reason} ${ended.exitCode}`;
    const expected: Record<Plan, RegExp> = {
      "exit": new RegExp(`^exit ${this.#status}$`),
      // While the line to it, or the event stream, is cut, nobody learns that it was no exit.
      "docker kill": /^(killed|engine|exit 137)/,
      "ended by API": /^killed/,
    };
    const asPlanned = expected[this.#plan].test(told);
    if (this.#phase === "running" || !(asPlanned || told === "gone")) {
      throw new Error(`it ended as "${told}", with the plan "${this.#plan} ${this.#status}"`);
    }
    return this.#plan === "exit" ? person.count : person.lines;
  }
}
