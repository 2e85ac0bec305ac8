// The log-in page.

import { byId, el, show } from "./dom.js";
import { logOut, session, wireLogIn } from "./session.js";
import "./shell.js";
import { named, t } from "./text.js";

// Only a path of our own: an address of somebody else's in the link must not lead people away after logging in.
function next() {
  const asked = new URLSearchParams(location.search).get("next") ?? "/";
  const target = new URL(asked, location.origin);
  return target.origin === location.origin && target.pathname !== "/login" ? target.pathname + target.search : "/";
}

wireLogIn(byId("login"), () => location.assign(next()));

const who = await session();
if (who) {
  show(byId("session"), el("p", { class: "notice good" }, t("login.already", { name: who.actor, role: named("role", who.role) })));
  byId("session").append(el("p", {}, el("button", { type: "button", on: { click: async () => { await logOut(); location.reload(); } } }, t("shell.log_out"))));
}
byId("key").focus();
