/** The dialog of one's keys for SSH: there where the gateway takes SSH, and nowhere else. */
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import { SSH_ENV, SshHome, sshPort } from "../support/ssh_client.ts";

Deno.test("a key that is added in the page opens a shell by SSH, and none once it is removed", async () => {
  await using machine = new Machine();
  await using gateway = await TestGateway.start({ agent: machine, env: SSH_ENV });
  await using browser = await TestBrowser.launch();
  await using home = new SshHome();
  const port = await sshPort(gateway);
  const key = await home.makeKey("id_page", "-t", "ed25519");
  const line = await Deno.readTextFile(`${key}.pub`);
  const cookie = await gateway.logIn();
  await using person = await browser.person({
    ...{ origin: gateway.origin, cookie },
    tolerate: /status of 400/, // of what is no key
  });
  const tab = await person.openTerminal();
  const { page } = tab;
  const openDialog = async () => {
    await tab.press("Control+Shift+P");
    await page.getByRole("dialog", { name: "Commands" }).waitFor();
    await tab.type("ssh keys");
    await tab.press("Enter");
  };
  await openDialog();
  const dialog = page.getByRole("dialog", { name: "SSH keys" });
  const field = dialog.getByLabel("Public key");
  await field.fill("no key at all");
  await dialog.getByRole("button", { name: "Add the key" }).click();
  await dialog.getByText(/That is no public key of SSH/).waitFor();
  await field.fill(line);
  await dialog.getByRole("button", { name: "Add the key" }).click();
  await dialog.getByText("The key was added.").waitFor();
  await dialog.getByText(/^alice@id_page – ssh-ed25519 SHA256:\S+ – never used$/).waitFor();
  assertEquals(await field.inputValue(), "");
  await page.evaluate(axe.source);
  const wrong = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id }) => id);
  });
  assertEquals(wrong, []);
  {
    await using client = home.open(port, "alice", ["-tt"], { key });
    await client.see(/# $/);
    await client.type("exit\r");
    assertEquals(await client.status(), 0);
  }
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "hidden" });
  await openDialog();
  await dialog.getByText(/ – last used /).waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await dialog.getByText("The key was removed, and what went on by it has ended.").waitFor();
  await field.and(page.locator(":focus")).waitFor();
  await using refused = home.open(port, "alice", ["-tt"], { key });
  assertEquals(await refused.status(), 255);
  await tab.press("Escape");
  await tab.type("exit\n");
  await tab.phase("ended");
});

Deno.test("where the gateway takes no SSH, the page offers no keys", async () => {
  await using machine = new Machine();
  await using gateway = await TestGateway.start({ agent: machine });
  await using browser = await TestBrowser.launch();
  const cookie = await gateway.logIn();
  await using person = await browser.person({ origin: gateway.origin, cookie });
  const tab = await person.openTerminal();
  await tab.press("Control+Shift+P");
  const commands = tab.page.getByRole("dialog", { name: "Commands" });
  await commands.waitFor();
  await tab.type("ssh keys");
  await commands.getByText("Nothing is called that.").waitFor();
  await tab.press("Escape");
  await tab.type("exit\n");
  await tab.phase("ended");
});
