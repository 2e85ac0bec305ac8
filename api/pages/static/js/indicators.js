// The evaluator's page: one indicator, one subject, one span; chart, table, method, the same data as files.

import { BANDS, band, bandName } from "./aqi.js";
import { drawChart } from "./chart.js";
import { byId, el, options, show } from "./dom.js";
import { OfflineError, read, readAll } from "./http.js";
import { reached } from "./shell.js";
import { clock, day, dayMonth, month, named, number, percent, pick, t, unitName, year, ZONE, zoneOf } from "./text.js";
import { indicatorValue, isAqi, isShare } from "./values.js";

const PAGE_SIZE = 500;
const POINTS_MAX = 4000;
const ROWS = window.innerWidth < 768 ? 12 : 100; // on a phone a row is a card
// How far back a first look goes, by period, in days.
const FIRST_LOOK_DAYS = { hour: 1, day: 30, month: 365, year: 3652 };
// The widest first: an evaluator begins with the city.
const KINDS = ["area", "site", "sensor"];
const FIRST_LOOK = "vn_aqi_hour";
const LISTS = { area: "/api/v1/areas", site: "/api/v1/sites", sensor: "/api/v1/sensors" };

const state = new URLSearchParams(location.search);
const subjects = new Map();
let indicators = [];
let asked = 0;
let shown = { items: [], next: null };

const value = (name) => byId(name).value;
const indicator = () => indicators.find((item) => item.code === value("indicator"));
const localDate = (instant) => new Intl.DateTimeFormat("en-CA", { timeZone: ZONE }).format(instant);

async function subjectsOf(kind) {
  if (!subjects.has(kind)) subjects.set(kind, await readAll(LISTS[kind]));
  return subjects.get(kind);
}

function subjectLabel(item, kind) {
  if (kind === "sensor") return item.code;
  return `${pick(item.name, item.name_en)}${kind === "area" ? ` (${named("area_kind", item.kind)})` : ""}`;
}

function chooseIndicator() {
  const services = new Map();
  for (const item of indicators) {
    if (!services.has(item.service)) services.set(item.service, []);
    services.get(item.service).push({ value: item.code, label: pick(item.title_vi, item.title_en) });
  }
  const wanted = [state.get("indicator"), FIRST_LOOK].find((code) => indicators.some((item) => item.code === code));
  options(byId("indicator"), [...services].map(([service, items]) => ({ label: named("service", service), items })), wanted ?? indicators[0].code);
}

/** Keep a choice where it is possible, else take the first that is. */
function choose(select, items, wanted) {
  options(byId(select), items, items.some((item) => item.value === wanted) ? wanted : items[0]?.value);
}

async function fill(from) {
  if (from === "start") chooseIndicator();
  const chosen = indicator();
  if (["start", "indicator"].includes(from)) {
    choose("kind", KINDS.filter((kind) => chosen.subject_kinds.includes(kind)).map((kind) => ({ value: kind, label: t(`kind.${kind}`) })), from === "start" ? kindInAddress() : value("kind"));
    choose("period", chosen.periods.map((period) => ({ value: period, label: t(`period.${period}`) })), from === "start" ? state.get("period") : value("period"));
  }
  if (["start", "indicator", "kind"].includes(from)) {
    const kind = value("kind");
    const list = await subjectsOf(kind);
    const before = from === "start" ? state.get(kind) : value("subject");
    choose("subject", list.map((item) => ({ value: item.code, label: subjectLabel(item, kind) })), list.find((item) => item.code === before || String(item.id) === before)?.code);
  }
  if (from === "start") {
    byId("to").value = state.get("to") ?? localDate(Date.now() + 86_400_000);
    byId("from").value = state.get("from") ?? localDate(Date.now() - FIRST_LOOK_DAYS[value("period")] * 86_400_000);
  } else if (from === "indicator" || from === "period") {
    widen();
  }
}

/** A span shorter than one period would show nothing. */
function widen() {
  const days = (new Date(value("to")) - new Date(value("from"))) / 86_400_000;
  const wanted = FIRST_LOOK_DAYS[value("period")];
  if (!(days >= Math.min(wanted, 2)) || (days > 62 && value("period") === "hour")) {
    byId("from").value = localDate(new Date(value("to")).getTime() - (wanted + 1) * 86_400_000);
  }
  if (days < wanted && value("period") !== "hour") byId("from").value = localDate(new Date(value("to")).getTime() - wanted * 86_400_000);
}

const kindInAddress = () => Object.keys(LISTS).find((kind) => state.has(kind));

function query() {
  return { [value("kind")]: value("subject"), period: value("period"), from: value("from"), to: value("to") };
}

function checkDates() {
  const [from, to] = [value("from"), value("to")];
  const fault = !from || !to
    ? t("check.missing", { field: t(from ? "indicators.to" : "indicators.from"), found: "", expected: t("expect.date") })
    : from >= to ? t("check.wrong", { field: t("indicators.to"), found: to, expected: t("expect.after", { from }) }) : "";
  byId("dates-error").textContent = fault;
  for (const name of ["from", "to"]) byId(name).toggleAttribute("aria-invalid", false);
  if (fault) byId(from ? "to" : "from").setAttribute("aria-invalid", "true");
  return !fault;
}

async function load({ remember = true } = {}) {
  if (!checkDates()) return;
  if (!value("subject")) { note(t("indicators.no_subject")); return; }
  const mine = ++asked;
  const parameters = query();
  if (remember) history.replaceState(null, "", `?${new URLSearchParams({ indicator: value("indicator"), ...parameters })}`);
  note(t("indicators.loading"));
  try {
    const found = { items: [], next: null };
    do {
      const answer = await read(`/api/v1/indicators/${value("indicator")}/values`, { ...parameters, limit: PAGE_SIZE, cursor: found.next });
      found.items.push(...answer.items);
      found.next = answer.next;
    } while (found.next && found.items.length < POINTS_MAX);
    if (mine !== asked) return; // a later choice overtook this answer
    reached(true);
    shown = found;
    draw(parameters);
  } catch (error) {
    if (mine !== asked) return;
    reached(!(error instanceof OfflineError));
    byId("result").hidden = true;
    note(error.problem?.detail ? `${error.message}: ${error.problem.detail}` : error.message);
  }
}

function note(text) {
  byId("result-status").textContent = text;
}

function periodName(item, short = false) {
  const zone = zoneOf(item.period_start);
  const format = { hour: clock, day: short ? dayMonth : day, month, year }[value("period")];
  const name = format(item.period_start, zone);
  return value("period") === "hour" && !short ? `${name}–${clock(item.period_end, zone)} ${day(item.period_start, zone)}` : name;
}

const aqi = () => isAqi(indicator());
const valueText = (item) => indicatorValue(item.value, indicator(), item.unit);
const bandText = (item) => (aqi() && item.value !== null ? ` · ${bandName(band(item.value))}` : "");

function describe(item) {
  if (item.value === null || item.value === undefined) return `${periodName(item)}: ${t("indicators.no_value")}${item.note ? ` (${named("note", item.note)})` : ""}`;
  return `${periodName(item)}: ${valueText(item)}${bandText(item)}${item.provisional ? ` · ${t("indicators.provisional")}` : ""}`;
}

function summaryOf(items) {
  const known = items.filter((item) => item.value !== null && item.value !== undefined);
  if (known.length === 0) return t("indicators.summary_none", { n: number(items.length) });
  const by = (pickOne) => known.reduce((best, item) => (pickOne(item.value, best.value) ? item : best));
  const [low, high] = [by((a, b) => a < b), by((a, b) => a > b)];
  const parts = [low.value === high.value ? t("indicators.summary_same", { n: number(items.length), known: number(known.length), value: valueText(low) }) : t("indicators.summary", {
    n: number(items.length), known: number(known.length), low: valueText(low), low_at: periodName(low), high: valueText(high), high_at: periodName(high),
  })];
  const judged = items.filter((item) => item.verdict);
  if (judged.length) parts.push(t("indicators.summary_verdict", { met: number(judged.filter((item) => item.verdict === "đạt").length), judged: number(judged.length) }));
  return parts.join(" ");
}

function draw(parameters) {
  const { items } = shown;
  const chosen = indicator();
  note(items.length === 0 ? t("indicators.nothing") : shown.next ? t("indicators.cut", { n: number(items.length) }) : "");
  byId("result").hidden = items.length === 0;
  showMethod(chosen);
  if (items.length === 0) return;
  const subject = byId("subject").selectedOptions[0].textContent;
  byId("result-title").textContent = `${pick(chosen.title_vi, chosen.title_en)} · ${subject}`;
  byId("summary").textContent = summaryOf(items);
  const limits = items.map((item) => item.limit).filter((limit) => limit !== null && limit !== undefined);
  drawChart(byId("chart"), withGaps(items), {
    title: byId("result-title").textContent, summary: t(aqi() ? "indicators.chart_note_aqi" : "indicators.chart_note"),
    describe: (point) => (point.item ? describe(point.item) : `${point.label}: ${t("indicators.no_value")}`),
    limit: limits.length ? { value: limits.at(-1), label: t("indicators.limit", { limit: indicatorValue(limits.at(-1), chosen) }) } : null,
    floor: 0, tick: isShare(chosen) ? percent : undefined, empty: t("indicators.no_value_at_all"),
  });
  if (aqi()) byId("chart").append(legend());
  const address = `/api/v1/indicators/${chosen.code}/values?${new URLSearchParams(parameters)}`;
  for (const format of ["json", "csv", "xlsx"]) byId(`as-${format}`).href = `${address}&format=${format}`;
  drawTable(items);
}

function legend() {
  return el("ul", { class: "legend" }, BANDS.map(([low, high], index) => el("li", {}, el("span", { class: `swatch aqi-${index + 1}`, "aria-hidden": "true" }), `${low}–${high} ${bandName(index + 1)}`)));
}

/** Periods without any value in between become gaps, so that the axis tells the truth about time. */
function withGaps(items) {
  const points = [];
  let before = null;
  for (const item of items) {
    if (before) {
      const length = new Date(before.period_end) - new Date(before.period_start);
      const missing = Math.round((new Date(item.period_start) - new Date(before.period_end)) / length);
      for (let index = 0; index < Math.min(missing, 400); index += 1) points.push({ label: "", value: null });
    }
    points.push({ label: periodName(item, true), value: item.value, open: item.provisional, band: aqi() ? band(item.value) : 0, item });
    before = item;
  }
  return points;
}

function drawTable(items) {
  const responsible = items.some((item) => item.responsible);
  const verdict = items.some((item) => item.verdict);
  const heads = [["period", false], ["value", true], ...(responsible ? [["responsible", false]] : []), ["n", true], ["completeness", true],
    ...(verdict ? [["verdict", false]] : []), ["quality", false], ["revision", true], ["note", false]];
  show(byId("table").tHead, el("tr", {}, heads.map(([name, numeric]) => el("th", { scope: "col", class: numeric ? "num" : null }, t(`column.${name}`)))));
  const rows = [...items].reverse().slice(0, Number(byId("table").dataset.rows ?? ROWS));
  const cells = (item) => ({
    period: periodName(item),
    value: [valueText(item), aqi() && item.value !== null ? [" ", el("span", { class: `swatch aqi-${band(item.value)}`, "aria-hidden": "true" }), ` ${bandName(band(item.value))}`] : ""],
    responsible: item.responsible ? named("quantity", item.responsible) : "",
    n: number(item.n), completeness: percent(item.completeness),
    verdict: item.verdict ? el("span", { class: item.verdict === "đạt" ? "verdict-met" : "verdict-not" }, named("verdict", item.verdict)) : "",
    quality: t(`quality.${item.quality}`), revision: number(item.revision), note: item.note ? named("note", item.note) : "",
  });
  show(byId("table").tBodies[0], rows.map((item) => {
    const texts = cells(item);
    return el("tr", {}, heads.map(([name, numeric]) => el(
      "td", { class: [numeric ? "num" : "", texts[name] === "" ? "blank" : ""].join(" ").trim() || null, data: { label: t(`column.${name}`) } }, el("div", {}, texts[name]),
    )));
  }));
  byId("more").hidden = rows.length >= items.length;
}

function showMethod(chosen) {
  byId("method").hidden = false;
  const facts = [
    ["unit", unitName(chosen.unit) || t("method.index")], ["formula", pick(chosen.formula_vi, chosen.formula_en)],
    ["completeness_rule", pick(chosen.completeness_rule_vi, chosen.completeness_rule_en)], ["source", chosen.source], ["version", chosen.method_version],
  ];
  show(byId("method-facts"), facts.filter(([, text]) => text).map(([name, text]) => [el("dt", {}, t(`method.${name}`)), el("dd", {}, text)]));
}

byId("choice").addEventListener("submit", (event) => event.preventDefault());
byId("choice").addEventListener("change", async (event) => {
  await fill(event.target.name);
  delete byId("table").dataset.rows;
  await load();
});
byId("more").addEventListener("click", () => {
  byId("table").dataset.rows = String(Number(byId("table").dataset.rows ?? ROWS) * 4);
  drawTable(shown.items);
});
let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width || shown.items.length === 0) return; // a phone's address bar changes the height only
  width = window.innerWidth;
  draw(query());
});

async function start() {
  try {
    indicators = (await read("/api/v1/indicators")).items;
    if (indicators.length === 0) { note(t("indicators.none_yet")); return; }
    await fill("start");
    await load({ remember: location.search !== "" });
  } catch (error) {
    reached(!(error instanceof OfflineError));
    note(error.message);
  }
}

await start();
