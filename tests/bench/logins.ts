/** A process of its own that logs users in at a steady rate; ends with its input. */

const [origin, password, rate, ...users] = Deno.args as [string, string, string, ...string[]];
const answers: Record<number, number> = {};
let turn = 0;

async function logIn(): Promise<void> {
  const username = users[turn++ % users.length]!;
  const response = await fetch(`${origin}/login`, {
    method: "POST",
    body: new URLSearchParams({ username, password }),
    headers: { origin },
    redirect: "manual",
  });
  await response.body?.cancel();
  answers[response.status] = (answers[response.status] ?? 0) + 1;
}

const timer = setInterval(() => void logIn().catch(() => {}), 1000 / Number(rate));
console.log("storming");
for await (const _ of Deno.stdin.readable) { /* Nothing is said to it. */ }
clearInterval(timer);
console.log(JSON.stringify(answers));
Deno.exit();
