/** Who asks, their tokens, and users, as the OpenAPI document tells them. */
import {
  DeviceAnswerShape,
  DeviceOrderShape,
  DeviceStartShape,
  DeviceTakeShape,
  LoginListShape,
} from "../../protocol/account.ts";
import {
  InviteOrderShape,
  NewRegistrationInviteShape,
  PasswordOrderShape,
  RegisteredShape,
  RegisterOrderShape,
  RegistrationInviteListShape,
  RegistrationListShape,
} from "../../protocol/registration.ts";
import {
  KeyListShape,
  KeyOrderShape,
  KeyShape,
  LockListShape,
  MeShape,
  NewTokenShape,
  RefreshShape,
  TokenListShape,
  TokenOrderShape,
  UserListShape,
} from "../../protocol/resources.ts";
import { answer, type Operations, PAGES } from "./operation.ts";

export const ACCOUNTS: Operations = {
  "GET /api/v1/me": {
    id: "showMe",
    summary: "Says who asks, and what they may",
    answers: { 200: answer("It is they.", MeShape) },
  },
  "PUT /api/v1/me/password": {
    id: "changePassword",
    summary:
      "Changes one's own password, which ends one's other log-ins; not for who comes by a token",
    body: { json: [PasswordOrderShape] },
    answers: { 204: answer("It is changed.") },
    problems: ["weak-password", "forbidden", "conflict", "too-fast", "log-in-busy"],
  },
  "GET /api/v1/logins": {
    id: "listLogins",
    summary: "Lists where one is logged in by a browser; not for who comes by a token",
    answers: { 200: answer("The log-ins.", LoginListShape) },
    problems: ["forbidden"],
  },
  "DELETE /api/v1/logins/:id": {
    id: "endLogin",
    summary: "Ends a log-in, and cuts off what goes on by it",
    answers: { 204: answer("It has ended.") },
    problems: ["forbidden", "not-found"],
  },
  "GET /api/v1/tokens": {
    id: "listTokens",
    summary: "Lists one's tokens; not for who comes by one",
    query: PAGES,
    answers: { 200: answer("The tokens.", TokenListShape) },
    problems: ["forbidden"],
  },
  "POST /api/v1/tokens": {
    id: "createToken",
    summary: "Makes a token; not for who comes by one",
    body: { json: [TokenOrderShape] },
    answers: { 201: answer("The token, which is told this once.", NewTokenShape) },
    problems: ["forbidden", "token-exists", "too-many-tokens"],
  },
  "DELETE /api/v1/tokens/:id": {
    id: "revokeToken",
    summary: "Revokes a token, and cuts off what goes on by it",
    answers: { 204: answer("It is worth nothing now.") },
    problems: ["forbidden", "not-found"],
  },
  "GET /api/v1/keys": {
    id: "listKeys",
    summary: "Lists one's public keys for SSH; not for who comes by a token",
    query: PAGES,
    answers: { 200: answer("The keys.", KeyListShape) },
    problems: ["forbidden"],
  },
  "POST /api/v1/keys": {
    id: "addKey",
    summary: "Adds a public key for SSH; not for who comes by a token",
    body: { json: [KeyOrderShape] },
    answers: { 201: answer("What is known of it.", KeyShape) },
    problems: ["forbidden", "key-exists", "too-many-keys"],
  },
  "DELETE /api/v1/keys/:id": {
    id: "removeKey",
    summary: "Removes a public key, and cuts off what goes on by it",
    answers: { 204: answer("It opens nothing now.") },
    problems: ["forbidden", "not-found"],
  },
  "POST /api/v1/device": {
    id: "startDevice",
    summary: "Asks to log in: a person lets the program in at /device, by the code that it shows",
    body: { json: [DeviceOrderShape] },
    answers: {
      201: answer("The code, and the secret that is traded for the token.", DeviceStartShape),
    },
    problems: ["too-fast"],
  },
  "POST /api/v1/device/token": {
    id: "takeDevice",
    summary: "Says what the person has said; the token is told once",
    body: { json: [DeviceTakeShape] },
    answers: { 200: answer("It waits, was refused, or here is the token.", DeviceAnswerShape) },
    problems: ["not-found", "too-many-tokens"],
  },
  "POST /api/v1/register": {
    id: "register",
    summary:
      "Makes an account of one's own, or asks for it, where `registration.mode` is not `off`",
    body: { json: [RegisterOrderShape] },
    answers: { 201: answer("It is made, or waits for an administrator.", RegisteredShape) },
    problems: [
      ...["user-name", "weak-password", "invitation", "no-registration"] as const,
      ...["name-taken", "too-fast", "unavailable", "full"] as const,
    ],
  },
  "GET /api/v1/invites": {
    id: "listInvites",
    summary: "Lists the invitations to register that are good still",
    answers: { 200: answer("The invitations.", RegistrationInviteListShape) },
  },
  "POST /api/v1/invites": {
    id: "createInvite",
    summary: "Invites one person to register",
    body: { json: [InviteOrderShape] },
    answers: {
      201: answer("The invitation; its token is told this once.", NewRegistrationInviteShape),
    },
    problems: ["full"],
  },
  "DELETE /api/v1/invites/:id": {
    id: "removeInvite",
    summary: "Takes an invitation back",
    answers: { 204: answer("It is worth nothing now.") },
    problems: ["not-found"],
  },
  "GET /api/v1/registrations": {
    id: "listRegistrations",
    summary: "Lists the accounts that wait for an administrator",
    answers: { 200: answer("The accounts.", RegistrationListShape) },
  },
  "POST /api/v1/registrations/:name/approve": {
    id: "approveRegistration",
    summary: "Lets an account log in",
    answers: { 204: answer("It may.") },
    problems: ["not-found", "name-taken", "unavailable", "full"],
  },
  "DELETE /api/v1/registrations/:name": {
    id: "refuseRegistration",
    summary: "Refuses an account that waits",
    answers: { 204: answer("It is forgotten.") },
    problems: ["not-found"],
  },
  "GET /api/v1/admin/log": {
    id: "sendLog",
    summary: "Tells what the gateway and its nodes log, by server-sent events until one leaves",
    query: {
      user: { says: "Lines about this user, or what they did.", text: true },
      session: { says: "Lines about this session.", text: true },
      node: { says: "Lines of this node; gateway for the gateway's own process.", text: true },
      level: {
        says: "The least important level: error, warning, notice, info, debug.",
        text: true,
      },
      after: { says: "As Last-Event-ID, for those who cannot send that.", text: true },
    },
    answers: {
      200: {
        says: "Events line and gap; Last-Event-ID goes on behind one.",
        bytes: ["text/event-stream"],
      },
    },
    problems: ["too-fast"],
  },
  "GET /api/v1/locks": {
    id: "listLocks",
    summary: "Lists the names that failed log-ins have locked",
    answers: { 200: answer("The locks.", LockListShape) },
  },
  "GET /api/v1/users": {
    id: "listUsers",
    summary: "Lists who has an account, and who is locked",
    query: PAGES,
    answers: { 200: answer("The users.", UserListShape) },
  },
  "POST /api/v1/users/:name/lock": {
    id: "lockUser",
    summary: "Lets nobody log in by a name, and ends what goes on by it; never one's own",
    answers: { 200: answer("What that has done.", RefreshShape) },
    problems: ["not-found", "conflict", "unavailable"],
  },
  "POST /api/v1/users/:name/unlock": {
    id: "unlockUser",
    summary: "Takes that back, and forgets the failed log-ins of the name",
    answers: { 200: answer("What that has done.", RefreshShape) },
    problems: ["not-found", "unavailable"],
  },
  "POST /api/v1/users/:name/refresh": {
    id: "refreshUser",
    summary: "Applies what a user's entry says now, and forgets the failed log-ins of the name",
    answers: { 200: answer("What that has done.", RefreshShape) },
  },
};
