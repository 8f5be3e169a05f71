/** People who make their own account, invitations to do so, and those who wait, as the API tells them. */
import * as v from "valibot";

const Time = v.pipe(v.string(), v.isoTimestamp());
const Typed = v.pipe(v.string(), v.maxLength(500));

/** `POST /api/v1/register`. */
export const RegisterOrderShape = v.strictObject({
  username: Typed,
  password: Typed,
  /** The token of an invitation, where one is needed. */
  invite: v.optional(Typed),
});

/** Its answer: a user that may log in, or one that waits for an administrator. */
export const RegisteredShape = v.object({
  user: v.string(),
  state: v.picklist(["made", "waiting"]),
});
export type Registered = Readonly<v.InferOutput<typeof RegisteredShape>>;

/** One of `GET /api/v1/registrations`. */
const RegistrationShape = v.object({ user: v.string(), from: v.string(), created: Time });
export const RegistrationListShape = v.object({ registrations: v.array(RegistrationShape) });
export type RegistrationList = v.InferOutput<typeof RegistrationListShape>;

/** `POST /api/v1/invites`. */
export const InviteOrderShape = v.strictObject({
  /** For how many seconds it is good. */
  seconds: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(60, "An invitation is good for a minute at least."),
      v.maxValue(90 * 86_400, "An invitation is good for 90 days at most."),
    ),
    7 * 86_400,
  ),
});

/** One of `GET /api/v1/invites`. */
const RegistrationInviteShape = v.object({ id: v.string(), created: Time, expires: Time });
export const RegistrationInviteListShape = v.object({ invites: v.array(RegistrationInviteShape) });
export type RegistrationInvite = Readonly<v.InferOutput<typeof RegistrationInviteShape>>;
export type RegistrationInviteList = v.InferOutput<typeof RegistrationInviteListShape>;

/** The answer to an order: with the token, and the path of its link, which are told this once. */
export const NewRegistrationInviteShape = v.object({
  ...RegistrationInviteShape.entries,
  token: v.string(),
  path: v.string(),
});
export type NewRegistrationInvite = Readonly<v.InferOutput<typeof NewRegistrationInviteShape>>;

/** `PUT /api/v1/me/password`. */
export const PasswordOrderShape = v.strictObject({ current: Typed, new: Typed });
