/** The kinds of refusals, by names that programs tell apart and that stay (RFC 9457, section 3.1.1). */

/** By name: the status, and what it says. The first of a status stands for all others that have it. */
export const PROBLEMS = {
  "bad-request": [400, "the request is not understood: the same again is refused again"],
  "file-broken": [400, "what came is not whole, or is no tar"],
  "user-name": [400, "a user name cannot be like that"],
  "weak-password": [400, "the password cannot be, or is too easy to guess"],
  "log-in": [401, "the request does not say who asks"],
  "credentials": [401, "the user name or the password is wrong"],
  "token": [401, "the token was revoked, or has expired"],
  "forbidden": [403, "who asks may not"],
  "administrators": [403, "only administrators may"],
  "scope": [403, "the token is not for that: it has not the scope"],
  "origin": [403, "it comes from another site, or has neither `Origin` nor Basic nor token"],
  "file-denied": [403, "the terminal's user may not do that with the file"],
  "unapproved": [403, "the account waits for an administrator"],
  "invitation": [403, "the invitation is none, was used, or has expired"],
  "not-found": [404, "there is no such thing, or it is somebody else's"],
  "no-registration": [404, "nobody registers here: `registration.mode` is `off`"],
  "session": [404, "there is no such session, or none any more"],
  "machine": [404, "there is no such machine of one's own, or it is deleted"],
  "file-missing": [404, "there is no such file"],
  "method": [405, "the address takes other methods, those in `Allow`"],
  "too-slow": [408, "the request took too long to come"],
  "conflict": [409, "something else is in the way: `detail` says what"],
  "taken-over": [409, "another client has the session now; the next request takes it back"],
  "input-number": [409, "another byte of input is expected, the one in `Ttygate-Input`"],
  "name-taken": [409, "the name is somebody's, or looks like somebody's"],
  "token-exists": [409, "there is a token of that name"],
  "too-many-tokens": [409, "one must be revoked first"],
  "key-exists": [409, "the key is there already, or one of that name"],
  "too-many-keys": [409, "one must be removed first"],
  "too-many-machines": [409, "one must be deleted first, or it is too soon after many were"],
  "port-closed": [409, "nothing listens on that port of the machine"],
  "file-exists": [409, "there is a file of that name; `replace` takes its place"],
  "file-kind": [409, "it is a folder where a file is needed, or none where one is"],
  "ended": [410, "the session has ended: `reason` and `exitCode` say how"],
  "length": [411, "an upload says its `Content-Length`"],
  "file-changed": [412, "the file is another by now than `If-Match` names"],
  "too-large": [413, "the request is too large"],
  "file-large": [413, "the upload is over `session.upload`"],
  "media-type": [415, "JSON is sent as `application/json`"],
  "host": [421, "the gateway does not answer to that name"],
  "upgrade": [426, "the address speaks WebSocket of version 13 alone"],
  "too-fast": [429, "too much is asked at once: again after `Retry-After`"],
  "too-many-streams": [429, "as many streams of events as one may follow are open"],
  "limit": [429, "there are too many sessions: `limit` says whose, `user` or `server`"],
  "locked": [429, "too many log-ins have failed: again after `Retry-After`"],
  "file-busy": [429, "as many files as may be are under way"],
  "head": [431, "the head of the request is too long"],
  "failed": [500, "the gateway could not answer; its log says why"],
  "unable": [501, "the image, or the machine, cannot do it"],
  "unavailable": [503, "not now: the same again later"],
  "agent-away": [503, "what has the terminals does not answer"],
  "leaving": [503, "the gateway is restarted, stopped or drained"],
  "engine": [503, "the Docker Engine could not start a terminal"],
  "log-in-busy": [503, "nothing is wrong with the log-in: again after `Retry-After`"],
  "input-waits": [503, "the program reads no input now; the same again"],
  "full": [507, "there is no room"],
} as const satisfies Readonly<Record<string, readonly [status: number, says: string]>>;

export type ProblemName = keyof typeof PROBLEMS;

export const PROBLEM_NAMES = Object.keys(PROBLEMS) as ProblemName[];

/** What stands in `type`. */
export function problemType(name: ProblemName): string {
  return `urn:ttygate:${name}`;
}

/** The `type` of a refusal of which only the status is known. */
export function typeOfStatus(status: number): string {
  const name = PROBLEM_NAMES.find((name) => PROBLEMS[name][0] === status);
  return name ? problemType(name) : "about:blank";
}
