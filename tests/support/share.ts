/** Shares as the page makes and takes them: by the API, with a cookie. */
import { assertEquals } from "@std/assert";

/** Makes a share of a session of one's own. @returns its id and its token */
export async function shareOf(
  { origin }: { readonly origin: string },
  cookie: string,
  session: string,
  order: { readonly kind: "watch" | "type"; readonly seconds: number | null },
): Promise<{ id: string; token: string }> {
  const response = await post(origin, cookie, `sessions/${session}/shares`, order);
  assertEquals(response.status, 201);
  return await response.json();
}

/** Trades a token for the right to come. @returns the answer's status */
export async function claim(
  { origin }: { readonly origin: string },
  cookie: string,
  token: string,
): Promise<number> {
  const response = await post(origin, cookie, "shares/claim", { token });
  await response.body?.cancel();
  return response.status;
}

function post(origin: string, cookie: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${origin}/api/v1/${path}`, {
    method: "POST",
    headers: { origin, cookie, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
