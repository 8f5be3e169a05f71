/** One's own account, as the API tells it: where one is logged in, and programs that ask to. */
import * as v from "valibot";

const Time = v.pipe(v.string(), v.isoTimestamp());

/** One of `GET /api/v1/logins`. */
const LoginShape = v.object({
  id: v.string(),
  /** When, from which address and by what browser; null where that is not known. */
  created: v.nullable(Time),
  from: v.nullable(v.string()),
  browser: v.nullable(v.string()),
  expires: Time,
  /** Whether it is the one that asks. */
  current: v.boolean(),
});
export type LoginInfo = Readonly<v.InferOutput<typeof LoginShape>>;
export const LoginListShape = v.object({ logins: v.array(LoginShape) });
export type LoginList = v.InferOutput<typeof LoginListShape>;

const Name = v.pipe(
  v.string(),
  v.regex(
    /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]{1,60}$/u,
    "A name has 1 to 60 characters on one line.",
  ),
);

/** `POST /api/v1/device`: what the program, or its machine, is called. */
export const DeviceOrderShape = v.strictObject({ name: Name });

/** Its answer: the code that a person types at `path`, and the secret that the token is taken with. */
export const DeviceStartShape = v.object({
  code: v.string(),
  device: v.string(),
  path: v.string(),
  /** For how long the code is good, and how often to ask. */
  seconds: v.number(),
  interval: v.number(),
});
export type DeviceStart = Readonly<v.InferOutput<typeof DeviceStartShape>>;

/** `POST /api/v1/device/token`. */
export const DeviceTakeShape = v.strictObject({
  device: v.pipe(v.string(), v.maxLength(100, "That is no secret of a device.")),
});

/** Its answer: what the person has said; a token is told this once. */
export const DeviceAnswerShape = v.variant("state", [
  v.object({ state: v.picklist(["waiting", "refused"]) }),
  v.object({ state: v.literal("allowed"), user: v.string(), id: v.string(), token: v.string() }),
]);
export type DeviceAnswer = Readonly<v.InferOutput<typeof DeviceAnswerShape>>;
