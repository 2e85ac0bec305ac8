// Who is logged in, logging in and out.

import { byId, el, show } from "./dom.js";
import { change, OfflineError, ProblemError, read } from "./http.js";
import { named, t } from "./text.js";

/** {actor, role, permissions} of the session, null when nobody is logged in, undefined when the server cannot be asked. */
export async function session() {
  try {
    const answer = await read("/api/v1/session");
    return answer.role ? answer : null;
  } catch (error) {
    return error instanceof OfflineError ? undefined : null;
  }
}

export const logIn = (key) => change("POST", "/api/v1/session", { key });

export async function logOut() {
  await change("DELETE", "/api/v1/session");
  // What was kept for work off line belongs to the session that ended.
  if ("caches" in window) for (const name of await caches.keys()) if (name.startsWith("nhip-data")) await caches.delete(name);
}

/** Make a log-in form work; `done` runs after success. */
export function wireLogIn(form, done) {
  const field = form.elements.namedItem("key");
  const error = byId("key-error");
  const complain = (text) => {
    error.textContent = text;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const key = field.value.trim();
    if (!key) { complain(t("login.missing")); return; }
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    try {
      const who = await logIn(key);
      field.value = "";
      field.removeAttribute("aria-invalid");
      error.textContent = "";
      await done(who);
    } catch (problem) {
      complain(reason(problem));
    } finally {
      button.disabled = false;
    }
  });
}

function reason(problem) {
  if (problem instanceof OfflineError) return problem.message;
  if (problem instanceof ProblemError && problem.status === 401) return t("login.wrong");
  return problem.message;
}

/** Show in the head of the page who is logged in. */
export async function showSession() {
  const who = await session();
  const place = byId("who");
  if (!place) return who;
  if (who === undefined) return who;
  if (who === null) {
    const next = encodeURIComponent(location.pathname + location.search);
    show(place, el("a", { class: "tool", href: `/login?next=${next}` }, t("shell.log_in")));
    return who;
  }
  place.replaceChildren(el("button", {
    type: "button", title: `${who.actor} · ${named("role", who.role)}`,
    on: { click: async () => { await logOut(); location.reload(); } },
  }, t("shell.log_out")));
  return who;
}
