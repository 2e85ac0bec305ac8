// What every page does: session in the head, and words when the connection is gone.

import { byId } from "./dom.js";
import { showSession } from "./session.js";
import { clockSeconds, t } from "./text.js";

let lostSince = null;

/** Tell whether the last attempt to reach the server succeeded. */
export function reached(success) {
  const bar = byId("connection");
  if (success) lostSince = null;
  else lostSince ??= new Date();
  bar.hidden = lostSince === null;
  const text = lostSince === null ? "" : t("shell.lost", { since: clockSeconds(lostSince) });
  if (bar.textContent !== text) bar.textContent = text;
}

export const who = showSession();
