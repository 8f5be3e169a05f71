/** The words of those who make their own account, in Chinese. */
import type { RegisteringWords } from "./en.ts";

export const zh: RegisteringWords = {
  title: "注册 – ttygate",
  about: "为您在浏览器中的终端创建账户。",
  register: "注册",
  working: "正在注册…",
  registerInstead: "注册账户",
  logInInstead: "使用已有账户登录",
  invitation: "邀请码",
  least: (count) => `密码至少 ${count} 个字符。`,
  approval: "每个账户都须经管理员批准。",
  waits: "您的账户正在等待管理员批准。批准后即可登录。",
  tries: (wait) => `注册人数过多。请在 ${wait}后重试。`,
  faults: {
    off: "此处不开放注册。",
    name: "用户名为 1 到 64 个字符，可用 A-Z a-z 0-9 . _ @ -，且不能以 - 开头。",
    password: "此密码不可用：为空、过长或含有控制字符。",
    "own-name": "密码不能与用户名相同。",
    common: "此密码属于最常用的一万个密码，最先被人尝试。",
    taken: "此用户名已被使用，或与他人的相似。请另选一个。",
    invite: "此邀请无效、已被使用或已过期。请另要一个。",
    full: "没有更多账户的空间。请联系管理员。",
    changed: "账户已被更改。请重新登录。",
    unwritable: "目前无法注册。原因见服务器日志。",
  },
};
