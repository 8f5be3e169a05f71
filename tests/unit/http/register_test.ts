/** Registering through a real gateway, by the API, by the form and by command, without Docker. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestGateway, ttygate } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";

const held = new AsyncDisposableStack();
Deno.test.afterAll(() => held.disposeAsync());
const start = async (mode: string) =>
  held.use(
    await TestGateway.start({
      agent: held.use(new Machine()),
      users: { alice: "wonderland", root: "rooted" },
      env: { TTYGATE_REGISTRATION_MODE: mode },
    }),
  );
const GOOD = "a good long password";

async function register(gateway: TestGateway, body: unknown) {
  const response = await fetch(`${gateway.origin}/api/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

async function submit(gateway: TestGateway, form: Record<string, string>) {
  const response = await fetch(`${gateway.origin}/register`, {
    method: "POST",
    headers: { origin: gateway.origin, "accept-language": "de" },
    body: new URLSearchParams(form),
    redirect: "manual",
  });
  return { status: response.status, page: await response.text(), headers: response.headers };
}

async function user(gateway: TestGateway, ...args: string[]) {
  const outcome = await ttygate(["user", ...args], { env: gateway.env });
  assertEquals(outcome.code, 0, outcome.stderr);
  return outcome.stdout;
}

Deno.test("where nobody registers there is neither page nor link nor answer", async () => {
  const gateway = await start("off");
  const { status, body } = await register(gateway, { username: "carol", password: GOOD });
  assertEquals([status, body.type], [404, "urn:ttygate:no-registration"]);
  const page = await fetch(`${gateway.origin}/register`);
  assertEquals(page.status, 404);
  await page.body?.cancel();
  const login = await (await fetch(`${gateway.origin}/login`)).text();
  assertMatch(login, /class="instead" hidden/);
});

Deno.test("everybody registers where it is open, logs in, and hears what is wrong", async () => {
  const gateway = await start("open");
  const made = await register(gateway, { username: "carol", password: GOOD });
  assertEquals([made.status, made.body], [201, { user: "carol", state: "made" }]);
  await gateway.logIn("carol", GOOD);
  const answers = await Promise.all([
    register(gateway, { username: "car0l", password: GOOD }),
    register(gateway, { username: "dave", password: "password1" }),
    register(gateway, { username: "a b", password: GOOD }),
    register(gateway, { username: 1 }),
  ]);
  assertEquals(answers.map(({ status, body }) => [status, body.type.split(":")[2]]), [
    [409, "name-taken"],
    [400, "weak-password"],
    [400, "user-name"],
    [400, "bad-request"],
  ]);
  const german = await submit(gateway, { username: "alice", password: GOOD });
  assertEquals(german.status, 409);
  assertMatch(german.page, /Diesen Namen oder einen, der so aussieht, hat schon jemand/);
  const form = await submit(gateway, { username: "erin", password: GOOD, next: "/shared" });
  assertEquals([form.status, form.headers.get("location")], [303, "/shared"]);
  assertMatch(form.headers.getSetCookie()[0]!, /^ttygate=/);
  await gateway.logged(/somebody registered .*user=erin/);
  assert(!gateway.log.includes(GOOD));
});

Deno.test("too many tries from one address are told to wait", async () => {
  const gateway = await start("open");
  let last;
  do last = await register(gateway, { username: "-", password: GOOD }); while (last.status === 400);
  assertEquals([last.status, last.body.type], [429, "urn:ttygate:too-fast"]);
  assert(Number(last.headers.get("retry-after")) > 0);
});

Deno.test("an invitation of the command line lets one person in", async () => {
  const gateway = await start("invite");
  const invitation = JSON.parse(await user(gateway, "invite", "--expires", "1h", "--json"));
  assertEquals(invitation.path, `/register#${invitation.token}`);
  assertEquals((await register(gateway, { username: "carol", password: GOOD })).status, 403);
  const order = { username: "carol", password: GOOD, invite: invitation.token };
  assertEquals((await register(gateway, order)).status, 201);
  const again = await register(gateway, { ...order, username: "dave" });
  assertEquals([again.status, again.body.type], [403, "urn:ttygate:invitation"]);
  const kept = await Deno.readTextFile(
    join(gateway.env["TTYGATE_GATEWAY_STATE_DIR"]!, "invites.json"),
  );
  assert(!kept.includes(invitation.token) && !gateway.log.includes(invitation.token));
});

Deno.test("an account waits for an administrator, which only the right password is told", async () => {
  const gateway = await start("approval");
  const asked = await register(gateway, { username: "carol", password: GOOD });
  assertEquals([asked.status, asked.body.state], [201, "waiting"]);
  const logIn = async (password: string) => {
    const response = await gateway.postLogin({ username: "carol", password });
    return [response.status, await response.text()] as const;
  };
  const [status, page] = await logIn(GOOD);
  assertEquals(status, 403);
  assertMatch(page, /Your account waits for an administrator/);
  const [wrongStatus, wrongPage] = await logIn("a wrong long password");
  assertEquals(wrongStatus, 401);
  assert(!wrongPage.includes("waits"));
  assertMatch(await user(gateway, "pending"), /^carol\t\S+\t127\.0\.0\.1$/m);
  await user(gateway, "approve", "carol");
  await gateway.logIn("carol", GOOD);
  assertEquals((await register(gateway, { username: "dave", password: GOOD })).status, 201);
  await user(gateway, "refuse", "dave");
  assertEquals((await gateway.postLogin({ username: "dave", password: GOOD })).status, 401);
  const alice = await fetch(`${gateway.origin}/api/v1/registrations`, {
    headers: { cookie: await gateway.logIn() },
  });
  assertEquals(alice.status, 403);
  await alice.body?.cancel();
});

Deno.test("people change their own password, which ends their other log-ins", async () => {
  const gateway = await start("off");
  const [cookie, other] = [await gateway.logIn(), await gateway.logIn()];
  const put = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${gateway.origin}/api/v1/me/password`, {
      method: "PUT",
      headers: { cookie, origin: gateway.origin, "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const refused = [
    await put({ current: "wrong", new: GOOD }),
    await put({ current: "wonderland", new: "short" }),
    await put({ current: "wonderland", new: GOOD }, { origin: "https://evil.example" }),
  ];
  assertEquals(refused.map(({ status }) => status), [401, 400, 403]);
  await Promise.all(refused.map(({ body }) => body?.cancel()));
  const changed = await put({ current: "wonderland", new: GOOD });
  assertEquals(changed.status, 204);
  const fresh = changed.headers.getSetCookie()[0]!.split(";")[0]!;
  const statusOf = async (cookie: string) => {
    const response = await fetch(`${gateway.origin}/api/v1/me`, { headers: { cookie } });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await Promise.all([fresh, cookie, other].map(statusOf)), [200, 401, 401]);
  await gateway.logIn("alice", GOOD);
  assertEquals(
    (await gateway.postLogin({ username: "alice", password: "wonderland" })).status,
    401,
  );
});
