/** Makes static/screenshot.png from the real page: a shell in a fresh container, at work. */
import { TestBrowser } from "../tests/support/browser.ts";
import { TestGateway } from "../tests/support/gateway.ts";

const TARGET = new URL("../static/screenshot.png", import.meta.url).pathname;
const MOST_BYTES = 200_000;

const LINES = [
  "head -n 3 /etc/os-release",
  "apt-get -qq install figlet >/dev/null 2>&1",
  `echo -e "\\e[1;92m$(figlet 'a fresh shell')\\e[m"`,
  "ls --color /",
  `for i in {0..110}; do printf "\\e[48;2;$i;$((190-i));170m "; done; echo -e '\\e[m'`,
];

await using gateway = await TestGateway.start({ users: { alice: "wonderland" } });
await using browser = await TestBrowser.launch();
await using alice = await browser.person({
  origin: gateway.origin,
  cookie: await gateway.logIn(),
  viewport: { width: 1000, height: 480 },
  deviceScaleFactor: 2,
});
const tab = await alice.openTerminal();
tab.page.setDefaultTimeout(120_000);
await tab.run("apt-get -qq update");
await tab.type("clear\n");
await tab.see(/^\S+[#$]$/);
for (const [index, line] of LINES.entries()) {
  await tab.type(`${line}\n`);
  // So many lines that begin with a prompt, and another prompt at the end.
  await tab.see(new RegExp(`^(?:root@\\S+[#$][^]*?\\n){${index + 1}}root@\\S+[#$]$`));
}
await tab.page.screenshot({ path: TARGET });
const { size } = await Deno.stat(TARGET);
if (size > MOST_BYTES) throw new Error(`${TARGET} has ${size} bytes, over ${MOST_BYTES}`);
console.error(`wrote ${TARGET}, ${size} bytes`);
