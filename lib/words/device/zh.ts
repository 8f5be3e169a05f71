/** The words of the page that lets another program log in, in Chinese. */
import type { DeviceWords } from "./en.ts";

export const zh: DeviceWords = {
  title: "允许程序登录 – ttygate",
  about: "无法询问密码的程序会显示一个代码。",
  code: "代码",
  next: "下一步",
  compare: "程序显示的是这个代码吗？",
  asks: (name, address, user) => `${name}（来自 ${address}）要以您（${user}）的身份登录。`,
  caution: "仅当您刚刚亲自启动它时才允许。它可以在 90 天内使用您的终端和机器。",
  allow: "允许",
  refuse: "拒绝",
  allowed: "它可以登录了。您可以关闭此页面。",
  refused: "它不能登录。您可以关闭此页面。",
  unknown: "没有程序在等待此代码。它可能已过期：请在那里重新开始。",
  tries: "错误的代码太多。请几分钟后再试。",
};
