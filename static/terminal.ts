/** The terminal page. */
/// <reference lib="dom" />
import "./csp.ts"; // first: xterm finds the page as these leave it
import "./hidden.ts";
import "./terminal/frames.ts";
import { Page } from "./tabs/page.ts";
import { followKeyboard } from "./viewport.ts";

followKeyboard();
new Page();
