/** The pages to log in and to register: it shows its work, the password to who asks, Caps Lock, and what is left of a lock. */
/// <reference lib="dom" />
import { applyGround, followSystem } from "./app/look.ts";
import { Preferred } from "./app/preferences.ts";
import { shortly } from "./notice.ts";
import { words } from "./words.ts";

const COUNT_MS = 500;

class LoginPage {
  readonly #form = document.querySelector("form")!;
  readonly #error = document.querySelector<HTMLElement>("#error")!;
  readonly #username = document.querySelector<HTMLInputElement>("#username")!;
  readonly #password = document.querySelector<HTMLInputElement>("#password")!;
  readonly #show = document.querySelector<HTMLButtonElement>("#show")!;
  readonly #caps = document.querySelector<HTMLElement>("#caps")!;
  readonly #button = document.querySelector<HTMLButtonElement>("#log-in")!;
  /** The page's own word: there is one to log in, and one to register. */
  readonly #ready = this.#button.textContent.trim();
  #isSent = false;
  #isCapsLock = false;
  /** Whom the gateway does not hear now; another name may be tried. */
  #locked: string | undefined;

  constructor() {
    this.#form.addEventListener("submit", () => {
      this.#reveal(false);
      this.#send(true);
    });
    // A browser may bring back the page as it was left, and fill in again what was typed.
    addEventListener("pageshow", ({ persisted }) => this.#send(this.#isSent && !persisted));
    // Who stopped the log-in may try again; not every browser tells of it, but then they type.
    globalThis.navigation?.addEventListener("navigateerror", () => this.#send(false));
    this.#form.addEventListener("input", () => this.#send(false));

    this.#show.hidden = false;
    // A press with mouse or finger leaves the focus, and the keyboard of a phone, where they are.
    this.#show.addEventListener("mousedown", (event) => event.preventDefault());
    this.#show.addEventListener("click", () => this.#reveal(this.#password.type === "password"));

    for (const type of ["keydown", "keyup", "mousedown"] as const) {
      addEventListener(type, (event) => this.#look(event));
    }
    for (const type of ["focus", "blur"] as const) {
      this.#password.addEventListener(type, () => this.#warn());
    }

    // What stands behind the # is never sent; the page that is gone on to may need it.
    const invite = document.querySelector<HTMLInputElement>("#invite");
    if (invite === null) this.#form.action += location.hash;
    else invite.value ||= location.hash.slice(1);

    const { retryAfter, refusal } = this.#form.dataset;
    const isKnown = refusal === "locked" || refusal === "busy" || refusal === "slowed";
    if (isKnown) this.#count(Number(retryAfter), words[refusal]);
  }

  #send(isSent: boolean): void {
    this.#isSent = isSent;
    this.#draw();
  }

  #draw(): void {
    this.#button.textContent = this.#isSent ? this.#button.dataset["working"]! : this.#ready;
    this.#button.ariaBusy = String(this.#isSent);
    this.#button.disabled = this.#isSent || this.#username.value === this.#locked;
  }

  /** Says that Caps Lock is on, to who types the password. */
  #warn(): void {
    const warns = this.#isCapsLock && document.activeElement === this.#password;
    const text = warns ? words.capsLock : "";
    // Written again, it would be spoken again.
    if (this.#caps.textContent !== text) this.#caps.textContent = text;
  }

  /** Shows the password or hides it, and leaves the caret where it is. */
  #reveal(isShown: boolean): void {
    const { selectionStart: start, selectionEnd: end, selectionDirection } = this.#password;
    this.#password.type = isShown ? "text" : "password";
    this.#show.ariaPressed = String(isShown);
    // Elsewhere this would fetch the focus, in some browsers.
    if (document.activeElement !== this.#password) return;
    this.#password.setSelectionRange(start, end, selectionDirection ?? undefined);
  }

  #look(event: KeyboardEvent | MouseEvent): void {
    // What a password manager fills in comes with events that are no real keys.
    if (!("getModifierState" in event)) return;
    this.#isCapsLock = event.getModifierState("CapsLock");
    this.#warn();
  }

  /** Tells how long to wait, to the second. */
  #count(seconds: number, why: (wait: string) => string): void {
    // The clock that goes on while a computer sleeps.
    const endMs = Date.now() + seconds * 1000;
    this.#locked = this.#username.value;
    this.#error.ariaLive = "off"; // not each second
    const tell = () => {
      const left = Math.ceil((endMs - Date.now()) / 1000);
      // On one line, wherever the sentence wraps.
      if (left > 0) return this.#say(why(shortly(left).replaceAll(" ", "\u00a0")));
      clearInterval(timer);
      this.#locked = undefined;
      this.#error.ariaLive = "assertive";
      this.#error.className = "over";
      this.#say(words.tryNow);
      this.#draw();
    };
    const timer = setInterval(tell, COUNT_MS);
    tell();
    this.#draw();
  }

  #say(text: string): void {
    if (this.#error.textContent !== text) this.#error.textContent = text;
  }
}

new LoginPage();
// Last: where a browser keeps nothing, asking for it fails.
const preferred = new Preferred();
preferred.follow(applyGround);
followSystem(() => applyGround(preferred.now));
