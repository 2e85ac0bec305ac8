// Health of the gateways: on line, last heard, readings today, what was set aside and why.

import { byId, el, every, show } from "./dom.js";
import { OfflineError, read, readAll } from "./http.js";
import { reached } from "./shell.js";
import { age, moment, named, number, span, t, ZONE } from "./text.js";

const REFRESH_S = 10;
const ROWS = window.innerWidth < 768 ? 15 : 100; // on a phone a row is a card
const GATEWAYS_MAX = 10_000;
const SKEW_SHOWN_S = 60; // readings wait for their batch; less than that says nothing about the clock
const FLOOD_SHOWN_MS = 86_400_000;
const COLUMNS = ["gateway", "state", "last_heard", "sensors", "today", "set_aside", "gaps", "skew"];

let rows = [];
let limit = ROWS;

const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: ZONE }).format(Date.now());

async function load() {
  try {
    const [gateways, tallies, reasons] = await Promise.all([
      readAll("/api/v1/gateways", {}, GATEWAYS_MAX), talliesToday(), openReasons(),
    ]);
    reached(true);
    rows = gateways.filter((item) => !item.retired_at).map((item) => ({ ...item, today: tallies.get(item.code), reasons: reasons.get(item.code) ?? new Map() }));
    draw();
  } catch (error) {
    reached(!(error instanceof OfflineError));
    if (rows.length === 0) byId("count").textContent = error.message;
  }
}

async function talliesToday() {
  const sums = new Map();
  for (const item of await readAll("/api/v1/accounting", { from: today() }, 50_000)) sums.set(item.gateway, (sums.get(item.gateway) ?? 0) + item.stored);
  return sums;
}

async function openReasons() {
  const counts = new Map();
  for (const item of await readAll("/api/v1/quarantine/summary", { limit: 10_000 }, 10_000)) {
    if (!counts.has(item.gateway)) counts.set(item.gateway, new Map());
    const mine = counts.get(item.gateway);
    mine.set(item.reason, (mine.get(item.reason) ?? 0) + item.readings);
  }
  return counts;
}

function state(item) {
  if (item.archive) return el("span", { class: "state" }, t("gateways.archive"));
  if (item.online) return [el("span", { class: "state on" }, `● ${t("gateways.online")}`), item.status_at ? [el("br"), el("small", {}, t("gateways.since", { time: moment(item.status_at) }))] : ""];
  return el("span", { class: "state off" }, `○ ${t(item.last_seen_at ? "gateways.offline" : "gateways.never")}`);
}

function skew(item) {
  if (item.clock_skew_s === null || item.clock_skew_s === undefined) return "–";
  return Math.abs(item.clock_skew_s) < SKEW_SHOWN_S ? t("gateways.skew_none") : t(item.clock_skew_s > 0 ? "gateways.skew_behind" : "gateways.skew_ahead", { span: span(Math.abs(item.clock_skew_s)) });
}

// A gateway that was held back within the last day; before that it is history, and the ledger tells it.
function floods(item) {
  if (!item.throttled_at || Date.now() - Date.parse(item.throttled_at) > FLOOD_SHOWN_MS) return "";
  const note = t("gateways.floods_note", { n: number(item.throttled_count), age: age(item.throttled_at) });
  return [el("br"), el("strong", { class: "state off" }, `▲ ${t("gateways.floods")}`), el("br"), el("small", {}, note)];
}

function draw() {
  const wanted = byId("search").value.trim().toLowerCase();
  const which = byId("state").value;
  const found = rows.filter((item) => (!wanted || item.code.includes(wanted) || item.name.toLowerCase().includes(wanted))
    && (!which || (which === "online") === (item.online === true)));
  found.sort((one, other) => Number(one.online === true) - Number(other.online === true) || one.code.localeCompare(other.code));
  const text = rows.length === 0 ? t("gateways.none") : t("gateways.count", { shown: number(found.length), total: number(rows.length), online: number(rows.filter((item) => item.online).length) });
  if (byId("count").textContent !== text) byId("count").textContent = text;
  const table = byId("gateways");
  show(table.tHead, el("tr", {}, COLUMNS.map((name) => el("th", { scope: "col" }, t(`gateway_column.${name}`)))));
  const cell = (name, ...content) => el("td", { data: { label: t(`gateway_column.${name}`) } }, el("div", {}, content));
  show(table.tBodies[0], found.slice(0, limit).map((item) => el(
    "tr", {},
    cell("gateway", el("strong", {}, item.name), item.name === item.code ? "" : [el("br"), item.code]), cell("state", state(item), floods(item)),
    cell("last_heard", item.last_seen_at ? [age(item.last_seen_at), el("br"), el("small", {}, moment(item.last_seen_at))] : "–"),
    cell("sensors", number(item.sensors)), cell("today", number(item.today ?? 0)),
    cell("set_aside", item.reasons.size === 0 ? "–" : [...item.reasons].map(([reason, count]) => el("div", {}, el("a", { href: `/quarantine?gateway=${encodeURIComponent(item.code)}&reason=${reason}` }, `${named("reason", reason)}: ${number(count)}`)))),
    cell("gaps", number(item.gap_count ?? 0)), cell("skew", skew(item)),
  )));
  byId("more").hidden = found.length <= limit;
}

byId("state").value = new URLSearchParams(location.search).get("state") ?? "";
byId("search").addEventListener("input", draw);
byId("state").addEventListener("change", draw);
byId("more").addEventListener("click", () => { limit += ROWS; draw(); });
every(REFRESH_S, load);
