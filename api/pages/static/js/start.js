// The start page: what the city measures now.

import { BANDS, band, bandAdvice, bandName } from "./aqi.js";
import { drawChart } from "./chart.js";
import { byId, el, every, options, show } from "./dom.js";
import { OfflineError, read } from "./http.js";
import { reached } from "./shell.js";
import { age, clock, clockSeconds, day, month, named, number, pick, quantityValue, t, year, zoneOf } from "./text.js";
import { indicatorValue, isAqi } from "./values.js";

const POLL_S = 2;
const INDICATORS_S = 10;
const HOUR_MS = 3_600_000;
const TILES_MAX = 10;
const OFFLINE_NAMED_MAX = 3;
const STALE_HOURS = 6;
const STALLED_MS = 600_000;
const AIR = "vn_aqi_hour";
const DAY_HOURS = 24;

const seen = { offline: [], ready: [], quarantine: [], air: [], computed: null, kinds: "", station: localChoice() };
let quantities = new Map();
let indicators = new Map();

function localChoice() {
  try { return localStorage.getItem("nhip.start.station"); } catch { return null; }
}

// Figures, alerts and latest values: every two seconds

async function poll() {
  try {
    const overview = await read("/api/v1/overview");
    reached(true);
    byId("live").classList.add("on");
    const text = t("start.live", { time: clockSeconds(new Date()) });
    if (byId("live-text").textContent !== text) byId("live-text").textContent = text;
    showFigures(overview);
    showAlerts(overview);
    showOthers(overview.highlights);
    showLatest(overview.latest);
  } catch (error) {
    byId("live").classList.remove("on");
    byId("live-text").textContent = t("start.not_live");
    reached(!(error instanceof OfflineError));
  }
}

function showFigures(overview) {
  const { gateways_online: online, gateways_total: total, quarantined_open: quarantined } = overview;
  const figures = [
    ["rate", overview.readings_per_s === null ? "…" : number(overview.readings_per_s, overview.readings_per_s < 10 ? 1 : 0), t("start.today", { n: number(overview.readings_today) })],
    ["gateways", [number(online), el("small", {}, ` / ${number(total)}`)], total === 0 ? el("a", { href: "/register" }, t("start.first_gateway")) : el("a", { href: "/gateways" }, t("start.see")), online < total],
    ["sensors", number(overview.sensors), t("start.at_sites", { sites: number(overview.sites), areas: number(overview.areas) })],
    ["quarantine", number(quarantined), el("a", { href: "/quarantine" }, t(quarantined ? "start.see" : "start.nothing_set_aside"))],
    ["services", seen.ready.length ? t("start.services_bad") : t("start.services_good"), seen.ready.length ? seen.ready.join(", ") : t("start.backlog", { n: number(overview.dirty_hours) }), seen.ready.length > 0],
  ];
  show(byId("figures"), figures.map(([name, value, note, bad]) => el(
    "div", { class: bad ? "bad" : null, data: { figure: name } }, el("dt", {}, t(`figure.${name}`)), el("dd", {}, value), el("dd", { class: "note" }, note),
  )));
}

/** What is wrong now, in words, with since when. */
function showAlerts(overview) {
  const list = [];
  const offline = overview.gateways_total - overview.gateways_online;
  if (offline > 0) list.push(el("li", { class: "bad", data: { kind: "offline" } }, offlineText(offline), " ", el("a", { href: "/gateways?state=offline" }, t("start.see"))));
  const rising = overview.quarantined_open - (seen.quarantine[0]?.count ?? overview.quarantined_open);
  if (rising > 0) list.push(el("li", { data: { kind: "quarantine" } }, t("alert.quarantine", { n: number(rising), since: clock(seen.quarantine[0].at) }), " ", el("a", { href: "/quarantine" }, t("start.see"))));
  if (overview.readings_per_s === 0 && overview.sensors > 0) list.push(el("li", { class: "bad", data: { kind: "silent" } }, newestText(overview.latest)));
  if (overview.readings_per_s > 0 && seen.computed && Date.now() - new Date(seen.computed) > STALLED_MS) {
    list.push(el("li", { class: "bad", data: { kind: "stalled" } }, t("alert.stalled", { since: `${clock(seen.computed)} ${day(seen.computed)}`, n: number(overview.dirty_hours) })));
  }
  for (const fault of seen.ready) list.push(el("li", { class: "bad", data: { kind: fault } }, fault));
  if (overview.gateways_total === 0 && overview.sensors === 0) list.push(el("li", { data: { kind: "empty" } }, t("alert.empty"), " ", el("a", { href: "/register" }, t("start.link_register"))));
  show(byId("alert-list"), list);
  // Counts change all the time; those who hear the page are told when something begins or ends.
  const kinds = list.map((item) => item.dataset.kind).join();
  if (kinds !== seen.kinds) byId("alert-news").textContent = list.map((item) => item.textContent).join(" ");
  seen.kinds = kinds;
  seen.quarantine.push({ at: Date.now(), count: overview.quarantined_open });
  // Ten minutes: what rose before that is on the quarantine page, not news.
  while (seen.quarantine.length && Date.now() - seen.quarantine[0].at > 600_000) seen.quarantine.shift();
}

function offlineText(count) {
  const names = seen.offline.slice(0, OFFLINE_NAMED_MAX).map((item) => t("alert.offline_one", {
    gateway: item.name || item.code, since: item.last_seen_at ? `${clock(item.last_seen_at)} ${day(item.last_seen_at)}` : t("age.never"),
  }));
  const more = count - names.length;
  if (names.length && more > 0) names.push(t("alert.and_more", { n: number(more) }));
  return t("alert.offline", { n: number(count) }) + (names.length ? ` ${names.join("; ")}.` : "");
}

function newestText(latest) {
  const newest = latest.map((item) => item.received_at).filter(Boolean).sort().at(-1);
  return newest ? t("alert.silent", { since: `${clockSeconds(newest)} ${day(newest)}` }) : t("alert.nothing_yet");
}

const PERIOD_NAMES = { hour: (item, zone) => `${clock(item.period_start, zone)}–${clock(item.period_end, zone)}`, day: (item, zone) => day(item.period_start, zone), month: (item, zone) => month(item.period_start, zone), year: (item, zone) => year(item.period_start, zone) };

function showOthers(highlights) {
  const tiles = highlights.filter((item) => item.indicator !== AIR).map((item) => {
    const indicator = indicators.get(item.indicator) ?? { code: item.indicator, unit: item.unit };
    const aqi = isAqi(indicator);
    const when = PERIOD_NAMES[item.period](item, zoneOf(item.period_start));
    const address = `/indicators?indicator=${item.indicator}&${item.subject_kind}=${encodeURIComponent(item.subject)}&period=${item.period}`;
    return el(
      "a", { class: "tile plain", href: address },
      el("div", { class: "value" }, indicatorValue(item.value, indicator)),
      el("div", { class: "text" }, el("strong", {}, pick(item.title_vi, item.title_en)),
        aqi ? el("span", { class: "band" }, bandName(band(item.value))) : "",
        el("span", {}, `${item.subject_name} · ${when}${item.provisional ? ` · ${t("start.so_far")}` : ""}`),
        item.verdict ? el("span", { class: item.verdict === "đạt" ? "verdict-met" : "verdict-not" }, named("verdict", item.verdict)) : ""),
    );
  });
  show(byId("others"), tiles.length ? tiles : el("p", { class: "waiting" }, t("start.waiting_indicators")));
}

function showLatest(latest) {
  const groups = new Map();
  for (const item of latest) {
    if (item.ts === null) continue;
    const service = quantities.get(item.quantity)?.service ?? "other";
    if (!groups.has(service)) groups.set(service, []);
    groups.get(service).push(item);
  }
  const cards = [...groups].map(([service, items]) => el(
    "div", { class: "card" }, el("h3", {}, named("service", service)),
    el("ul", { class: "readings" }, items.map((item) => el(
      "li", {}, el("span", {}, quantityTitle(item)), el("span", { class: "v" }, readingText(item)),
      el("span", { class: "where" }, item.site_name), el("span", { class: "age" }, age(item.ts)),
    ))),
  ));
  show(byId("latest"), cards.length ? cards : el("p", { class: "waiting" }, t("start.waiting_readings")));
}

function quantityTitle(item) {
  const quantity = quantities.get(item.quantity);
  return quantity ? pick(quantity.title_vi, quantity.title_en) : item.quantity;
}

function readingText(item) {
  if (item.state !== 0) return named("device_state", item.state);
  if (item.flag === 4 || item.flag === 9) return named("flag", item.flag);
  if (quantities.get(item.quantity)?.kind === "state") return named(`state.${item.quantity}`, item.value);
  return quantityValue(item.value, item.unit);
}

// Air by station, the chart, readiness, who is off line: every ten seconds

async function pollIndicators() {
  if (indicators.size === 0) await loadWords(); // processing makes them known at its first start
  await Promise.all([pollAir(), pollReadiness(), pollOffline()]);
}

async function pollAir() {
  try {
    const { items } = await read(`/api/v1/indicators/${AIR}/values`, { period: "hour", from: new Date(Date.now() - STALE_HOURS * HOUR_MS).toISOString(), limit: 1000 });
    seen.computed = items.map((item) => item.computed_at).sort().at(-1) ?? null;
    showStations(items);
    await showChart();
  } catch (error) {
    if (error.status !== 404) throw error; // the indicator is made known by processing at its first start
  }
}

function showStations(items) {
  const newest = new Map();
  for (const item of items) if (item.value !== null || !newest.has(item.subject.code)) newest.set(item.subject.code, item);
  const stations = [...newest.values()].filter((item) => item.subject.kind === "site");
  stations.sort((one, other) => (other.value ?? -1) - (one.value ?? -1) || one.subject.name.localeCompare(other.subject.name, "vi"));
  seen.air = stations;
  const tiles = stations.slice(0, TILES_MAX).map((item) => {
    const grade = band(item.value);
    return el(
      "a", { class: "tile", href: `/indicators?indicator=${AIR}&site=${encodeURIComponent(item.subject.code)}&period=hour` },
      el("div", { class: `value aqi-${grade}` }, number(item.value)),
      el("div", { class: "text" },
        el("strong", {}, item.subject.name), el("span", { class: "band" }, item.value === null ? named("note", item.note ?? "no_data") : bandName(grade)),
        item.value === null ? "" : el("span", {}, [item.responsible ? t("start.responsible", { quantity: named("quantity", item.responsible) }) : null,
          `${clock(item.period_start)}–${clock(item.period_end)}`, item.provisional ? t("start.so_far") : null].filter(Boolean).join(" · ")),
        grade ? el("span", {}, bandAdvice(grade)) : ""),
    );
  });
  show(byId("air"), tiles.length ? tiles : el("p", { class: "waiting" }, t("start.waiting_air")));
  fillStations(stations);
}

function fillStations(stations) {
  const select = byId("station");
  const sorted = [...stations].sort((one, other) => one.subject.name.localeCompare(other.subject.name, "vi"));
  const choices = sorted.map((item) => ({ value: item.subject.code, label: item.subject.name }));
  if (!choices.some((choice) => choice.value === seen.station)) seen.station = stations[0]?.subject.code ?? null;
  if (choices.map((choice) => choice.value).join() !== [...select.options].map((option) => option.value).join()) options(select, choices, seen.station);
  select.disabled = choices.length === 0;
  byId("chart-part").hidden = choices.length === 0;
}

let drawn = "";

async function showChart() {
  const name = byId("station").selectedOptions[0]?.textContent ?? "";
  const from = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - (DAY_HOURS - 1) * HOUR_MS);
  const items = seen.station === null ? [] : (await read(`/api/v1/indicators/${AIR}/values`, { site: seen.station, period: "hour", from: from.toISOString() })).items;
  const fingerprint = JSON.stringify([seen.station, window.innerWidth, items.map((item) => [item.period_start, item.value, item.provisional])]);
  if (fingerprint === drawn) return;
  drawn = fingerprint;
  const byHour = new Map(items.map((item) => [new Date(item.period_start).getTime(), item]));
  const points = Array.from({ length: DAY_HOURS }, (_, index) => {
    const at = from.getTime() + index * HOUR_MS;
    const item = byHour.get(at);
    return { label: clock(at), value: item?.value ?? null, open: item?.provisional ?? false, band: band(item?.value), at };
  });
  drawChart(byId("chart"), points, {
    title: t("start.chart_of", { station: name }), summary: chartSummary(points, name), floor: 0, empty: t("start.waiting_air"),
    describe: (point) => `${clock(point.at)}–${clock(point.at + HOUR_MS)}: ${point.value === null ? t("indicators.no_value") : `VN_AQI ${number(point.value)} · ${bandName(point.band)}${point.open ? ` · ${t("start.so_far")}` : ""}`}`,
  });
  byId("chart").firstChild.append(el("ul", { class: "legend" }, BANDS.map(([low, high], index) => el("li", {}, el("span", { class: `swatch aqi-${index + 1}`, "aria-hidden": "true" }), `${low}–${high} ${bandName(index + 1)}`))));
}

function chartSummary(points, station) {
  const known = points.filter((point) => point.value !== null);
  if (known.length === 0) return t("start.chart_empty");
  const high = known.reduce((best, point) => (point.value > best.value ? point : best));
  const low = known.reduce((best, point) => (point.value < best.value ? point : best));
  return t("start.chart_summary", {
    station, hours: number(known.length), high: number(high.value), high_band: bandName(high.band), high_at: clock(high.at), low: number(low.value), low_band: bandName(low.band), low_at: clock(low.at),
  });
}

async function pollReadiness() {
  try {
    const response = await fetch("/readyz");
    const answer = await response.json();
    seen.ready = response.ok ? [] : [t("alert.not_ready", { why: answer.database ?? answer.detail ?? "" })];
  } catch { /* without any answer the bar at the top says so */ }
}

async function pollOffline() {
  try {
    const { items } = await read("/api/v1/gateways", { limit: 500 });
    seen.offline = items.filter((item) => item.online !== true && !item.retired_at).sort((one, other) => (other.last_seen_at ?? "").localeCompare(one.last_seen_at ?? ""));
  } catch { /* the figures already say how many */ }
}

byId("station").addEventListener("change", () => {
  seen.station = byId("station").value;
  try { localStorage.setItem("nhip.start.station", seen.station); } catch { /* the choice lasts as long as the page */ }
  showChart();
});
window.addEventListener("resize", () => { if (seen.air.length) showChart(); });

async function loadWords() {
  const byCode = async (path) => new Map((await read(path)).items.map((item) => [item.code, item]));
  try {
    [quantities, indicators] = await Promise.all([byCode("/api/v1/quantities"), byCode("/api/v1/indicators")]);
  } catch { /* codes are shown instead of titles */ }
}

await loadWords();
every(POLL_S, poll);
every(INDICATORS_S, () => pollIndicators().catch(() => undefined));
