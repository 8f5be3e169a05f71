/** Programs as people use them, with real keys, mouse and fingers, on a desk and on a phone. */
import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { PROGRAMS_IMAGE } from "../support/image.ts";
import { Seat } from "../support/seat.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser;

/** Somebody new for each, who finds no terminal of another's that failed. */
const PEOPLE = Array.from({ length: 12 }, (_, i) => `user${i}`);
const people = PEOPLE.values();

Deno.test.beforeAll(async () => {
  gateway = owned.use(
    await TestGateway.start({
      users: Object.fromEntries(PEOPLE.map((name) => [name, name])),
      env: {
        TTYGATE_CONTAINER_IMAGE: PROGRAMS_IMAGE,
        TTYGATE_CONTAINER_CPUS: "2",
        TTYGATE_CONTAINER_PROMPT_MARKS: "on",
        TTYGATE_SESSION_RECONNECT_GRACE: "30s",
      },
    }),
  );
  browser = owned.use(await TestBrowser.launch());
});

Deno.test.afterAll(() => owned.disposeAsync());

const DEVICES = {
  "80x24": { viewport: { width: 900, height: 600 } },
  "a phone": {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    reducedMotion: "reduce", // a swipe ends with the finger
  },
} as const;

/** One program; `as` is the size that it sees first. */
type Scene = (seat: Seat, tab: TestTab) => Promise<void>;

const SCENES: Readonly<Record<string, Scene>> = {
  "vim inserts, follows mouse and window, and leaves the screen as it was": async (seat, tab) => {
    await tab.type("vim -Nu NONE +'set mouse=a ruler' /tmp/new\n");
    await tab.see(/^~$/m);
    await tab.type("ione two three");
    await tab.press("Enter");
    await tab.page.keyboard.insertText("日本語 😀 é");
    await tab.press("Escape");
    await tab.see(/^one two three\n日本語 😀 é\n~\n/);
    await seat.point("two");
    await tab.see(/ 1,[567] /);
    await tab.type("ciwTWO");
    await tab.press("Escape");
    await tab.see(/^one TWO three\n[^]* 1,7 +All$/);
    await seat.reload();
    await seat.size(seat.cols + 5, seat.rows - 3);
    await tab.type(":echo &columns &lines\n");
    await tab.see(new RegExp(`^${seat.cols} ${seat.rows}`, "m"));
    await seat.point("one");
    await tab.see(/ 1,[123] /); // the mouse is where it is after a reload and another size
    await tab.type(":wq\n");
    await tab.prompt();
    assertEquals(await tab.run("cat /tmp/new"), "one TWO three\n日本語 😀 é");
  },

  "less pages, searches and scrolls, and the shell's screen is there again": async (seat, tab) => {
    await tab.type("clear; echo be''fore; seq 1000 | less\n");
    await tab.see(/^1\n2\n/);
    await seat.scroll(-2);
    await tab.see(/^(?!1\n)\d+\n/);
    await tab.type("/777\n");
    await tab.see(/^777\n/);
    const last = 777 + seat.rows - 2;
    await tab.see(new RegExp(`^${last}\n:$`, "m"));
    await seat.reload();
    await seat.size(seat.cols, seat.rows + 4);
    await tab.see(new RegExp(`^${last + 4}\n:$`, "m"));
    await tab.type("q");
    await tab.see(/^before\n[^\n]*[#$]$/);
  },

  "htop follows clicks and the window": async (seat, tab) => {
    await tab.type("htop -d 100\n");
    await tab.see(/PID USER[^]*F1Help/);
    await seat.point("F5Tree");
    await tab.see(/F5List/);
    await seat.reload(/Load average:.*|Uptime:.*|\d+(\.\d+)?[KMG]?/g, / +/g);
    await seat.size(seat.cols + 4, seat.rows - 4);
    await until(async () => /^F1Help/.test((await tab.rows())[seat.rows - 1]!));
    await seat.point("F1Help");
    await tab.see(/^htop \d/m);
    await tab.press("Escape");
    await tab.see(/F1Help/);
    await tab.press("F10");
    await tab.prompt();
  },

  "mc draws its frames, and follows clicks, keys and the window": async (seat, tab) => {
    await tab.type("mkdir -p /tmp/mc/sub && cd /tmp/mc && touch one two && clear && mc\n");
    const drawn = async () => {
      const half = seat.cols >> 1;
      const rows = await tab.rows();
      const at = (row: string, ...columns: number[]) => columns.map((i) => row[i]).join("");
      const frames = rows.map((row) => at(row, 0, half - 1, half, seat.cols - 1));
      return frames[1] === "┌┐┌┐" && frames.filter((row) => row === "││││").length > 5 &&
        rows.at(-1)!.startsWith(" 1Help");
    };
    await until(drawn);
    await seat.point(/ two /);
    await tab.see(/│ ?two +│/);
    await tab.press("F3"); // to see that very file
    await tab.see(/\/tmp\/mc\/two/);
    await tab.press("F3");
    await until(drawn);
    await seat.reload();
    await seat.point("/sub", 2);
    await tab.see(/<─ \/tmp\/mc\/sub /);
    await seat.size(seat.cols + 6, seat.rows - 4);
    await until(drawn);
    await tab.press("Control+O");
    await tab.see(/[#$]$/);
    await tab.press("Control+O");
    await until(drawn);
    await tab.press("F10");
    await tab.prompt();
    assertEquals(await tab.run("pwd; cd"), "/tmp/mc");
  },

  "tmux splits, scrolls and is attached again, on whatever window": async (seat, tab) => {
    await tab.type("tmux -f /dev/null new -s work\n");
    await tab.see(/^\[work\] 0:/m);
    await tab.type("tmux set -g mouse on; tmux split-window -h; clear; seq 200\n");
    const full = new RegExp(`^200 +│`, "m");
    await tab.see(full);
    await seat.scroll(4);
    await tab.see(/\[\d+\/\d+\]│/);
    await until(async () => !full.test(await tab.screen()));
    // What is still to be scrolled on a busy machine comes first; at the end it is left by itself.
    await until(async () => {
      await seat.scroll(-1);
      return full.test(await tab.screen());
    });
    await seat.reload(/^\[work\].*/gm); // its program and the time
    await seat.size(seat.cols - 3, seat.rows - 5);
    await until(async () => /^\[work\]/.test((await tab.rows())[seat.rows - 1]!));
    await seat.point(/│[^ ]*[#$]/);
    await tab.type("echo in the ri''ght\n");
    await tab.see(/│in the right/);
    await tab.press("Control+B");
    await tab.type("d");
    await tab.see(/\[detached/);
    await tab.type("tmux attach\n");
    await tab.see(/│in the right/);
    await tab.type("tmux kill-server\n");
    await tab.see(/\[(server )?exited\]/);
  },

  "bash edits lines of wide characters, also where they are broken": async (seat, tab) => {
    await tab.type("PS1='$ '; clear; echo rea''dy\n");
    await tab.see(/^ready\n\$$/);
    const wide = "日本語".repeat(Math.ceil(seat.cols / 6)) + "😀";
    await tab.page.keyboard.insertText(`echo ${wide}é`);
    await tab.type("Z");
    for (let i = 0; i < 3; i++) await tab.press("ArrowLeft");
    await tab.press("Backspace");
    await tab.type("Y");
    await tab.press("Home");
    await tab.press("Control+F");
    await tab.type("c");
    await tab.press("Control+D");
    await tab.press("End");
    await tab.type("!");
    const edited = `ec${"ho " + wide}`;
    const characters = [...edited];
    characters.splice(-2, 1, "Y");
    const line = `${characters.join("")}éZ!`;
    const shown = async () => (await tab.rows()).slice(1).join("").trimEnd();
    await until(async () => await shown() === `$ ${line}`).catch(async () =>
      assertEquals(await shown(), `$ ${line}`)
    );
    await seat.reload();
    await seat.size(seat.cols - 7, seat.rows - 1);
    await tab.press("Enter");
    await until(async () => (await tab.rows()).join("").includes(line.slice("echo ".length) + "$"));
  },
};

for (const [device, options] of Object.entries(DEVICES)) {
  const isPhone = "isMobile" in options;
  for (const [what, scene] of Object.entries(SCENES)) {
    Deno.test(`${device}: ${what}`, async () => {
      const name = people.next().value!;
      const cookie = await gateway.logIn(name, name);
      await using person = await browser.person({ origin: gateway.origin, cookie, ...options });
      const tab = await person.openTerminal();
      const seat = new Seat(tab, isPhone);
      await seat.measure();
      if (!isPhone) await seat.size(80, 24);
      await scene(seat, tab);
      await tab.type("exit\n");
      await tab.phase("ended");
    });
  }
}
