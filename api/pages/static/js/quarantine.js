// What was set aside, why, and what an operator can do about it.

import { byId, el, every, show } from "./dom.js";
import { change, inWords, OfflineError, read, readAll } from "./http.js";
import { reached, who } from "./shell.js";
import { uuid } from "./outbox.js";
import { age, moment, named, number, pick, quantityValue, t } from "./text.js";

const PAGE = 100;
const REFRESH_S = 10;
const GROUPS_MAX = 10_000;
const COLUMNS = ["received", "gateway", "reason", "value", "act"];

const asked = new URLSearchParams(location.search);
let reason = asked.get("reason") ?? "";
const gateway = asked.get("gateway") ?? "";
const opened = new Set();
let pages = 1;
let mayAct = false;

async function load() {
  try {
    const items = [];
    let cursor;
    for (let page = 0; page < pages && (page === 0 || cursor); page += 1) {
      const answer = await read("/api/v1/quarantine", { status: "open", reason, gateway, limit: PAGE, cursor });
      items.push(...answer.items);
      cursor = answer.next;
    }
    reached(true);
    drawRows(items);
    byId("more").hidden = !cursor;
    await Promise.all([drawUnknown(), drawReasons()]);
  } catch (error) {
    reached(!(error instanceof OfflineError));
    byId("outcome").textContent = inWords(error);
  }
}

/** How many open rows of each reason. */
async function drawReasons() {
  const items = await readAll("/api/v1/quarantine/summary", { gateway, limit: GROUPS_MAX }, GROUPS_MAX);
  const counts = new Map(reason ? [[reason, 0]] : []);
  for (const item of items) counts.set(item.reason, (counts.get(item.reason) ?? 0) + item.count);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const more = items.length >= GROUPS_MAX ? "+" : "";
  const chip = (code, label, count) => el("button", { type: "button", class: "small", "aria-pressed": String(reason === code), data: { reason: code } }, `${label}: ${number(count)}${more}`);
  show(byId("reasons"), items.length || reason ? [chip("", t("quarantine.all"), all), [...counts].sort((one, other) => other[1] - one[1]).map(([code, count]) => chip(code, named("reason", code), count))] : "");
}

async function drawUnknown() {
  const { items } = await read("/api/v1/unknown", { limit: 50 });
  const waiting = items.reduce((sum, item) => sum + item.count, 0);
  show(byId("unknown"), waiting ? el("p", { class: "notice warn" }, t("quarantine.unknown", { sensors: number(items.length), readings: number(waiting) }), " ", el("a", { href: "/register" }, t("quarantine.register"))) : "");
}

function drawRows(items) {
  const table = byId("rows");
  show(table.tHead, el("tr", {}, COLUMNS.map((name) => el("th", { scope: "col" }, t(`quarantine_column.${name}`)))));
  const cell = (name, ...content) => el("td", { data: { label: t(`quarantine_column.${name}`) } }, el("div", {}, content));
  show(table.tBodies[0], items.map((item) => el(
    "tr", {},
    cell("received", age(item.received_at), el("br"), el("small", {}, moment(item.received_at))),
    cell("gateway", el("strong", {}, item.gateway), item.sensor ? [el("br"), item.sensor] : ""),
    cell("reason", el("strong", {}, pick(item.reason_vi, item.reason_en)), el("br"), el("small", {}, item.detail), payload(item)),
    cell("value", item.last_value === null ? t("quarantine.readings", { n: number(item.reading_count) }) : [quantityValue(item.last_value, item.last_unit), el("br"), el("small", {}, moment(item.last_ts))]),
    cell("act", actions(item)),
  )));
  const text = items.length ? "" : t(reason || gateway ? "quarantine.none_of_these" : "quarantine.none");
  if (byId("outcome").dataset.done !== "1") byId("outcome").textContent = text;
}

/** The message as it came; it stays open while the page renews itself. */
function payload(item) {
  const box = el("details", {}, el("summary", {}, t("quarantine.payload")), el("pre", {}, item.payload));
  box.open = opened.has(item.id);
  box.addEventListener("toggle", () => { if (box.open) opened.add(item.id); else opened.delete(item.id); });
  return box;
}

function actions(item) {
  if (!mayAct) return el("small", {}, t("quarantine.operators"));
  if (item.replay_requested_at) return el("small", {}, t("quarantine.requested", { age: age(item.replay_requested_at) }));
  const button = (what) => el("button", { type: "button", class: "small", data: { act: what, id: item.id } }, t(`quarantine.${what}`));
  return el("div", { class: "buttons" }, button("replay"), button("discard"));
}

byId("rows").addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { act, id } = button.dataset;
  if (act === "discard" && !window.confirm(t("quarantine.confirm"))) return;
  button.disabled = true;
  const outcome = byId("outcome");
  outcome.dataset.done = "1";
  try {
    await change("POST", `/api/v1/quarantine/${id}/${act}`, {}, uuid());
    outcome.textContent = t(act === "replay" ? "quarantine.replay_done" : "quarantine.discard_done", { id });
  } catch (error) {
    outcome.textContent = inWords(error);
    button.disabled = false;
  }
  await load();
});

byId("reasons").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  reason = button.dataset.reason;
  pages = 1;
  delete byId("outcome").dataset.done;
  history.replaceState(null, "", `?${new URLSearchParams({ ...(gateway && { gateway }), ...(reason && { reason }) })}`);
  load();
});
byId("more").addEventListener("click", () => { pages += 1; load(); });

const session = await who;
mayAct = session?.permissions?.includes("resolve quarantine") ?? false;
every(REFRESH_S, load);
