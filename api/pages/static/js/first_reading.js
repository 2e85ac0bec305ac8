// After saving: wait for the first valid reading and show it, or say why it does not come.

import { byId, el, every, show, svg } from "./dom.js";
import { read } from "./http.js";
import { reached } from "./shell.js";
import { age, clockSeconds, moment, named, number, pick, quantityValue, span, t } from "./text.js";

const COUNTING = [1, 2, 3]; // QARTOD: good, not evaluated, suspect
const SUSPECT = 3;
const MEASURING = 0;
const HINTS_AFTER_S = 6;

/** Watch `sensor`; `quantity` is its entry of /api/v1/quantities. Returns a function that ends watching. */
export function watch(sensor, quantity) {
  const started = Date.now();
  let arrived = false;
  let round = 0;
  const place = byId("first");
  place.classList.remove("ok", "doubt");
  place.setAttribute("aria-live", "polite");
  show(byId("hints"));
  showWaiting(place, sensor);
  return every(1, async () => {
    try {
      const status = await read(`/api/v1/sensors/${sensor.id}/status`);
      reached(true);
      const reading = status.last_reading;
      if (reading && COUNTING.includes(reading.flag) && reading.state === MEASURING) {
        showReading(place, sensor, quantity, reading);
        // The first value is announced; a screen reader need not speak of each that follows.
        if (arrived) place.setAttribute("aria-live", "off");
        arrived = true;
        if (round === 0 || round % 5 === 0) show(byId("hints"));
      } else {
        await showHints(sensor, reading, (Date.now() - started) / 1000);
      }
      round += 1;
    } catch (error) {
      reached(false);
      if (!arrived) show(byId("hints"), el("li", {}, error.message));
    }
  });
}

function title(sensor) {
  return el("p", {}, el("strong", {}, sensor.code));
}

function showWaiting(place, sensor) {
  show(place, el("div", { class: "spinner", "aria-hidden": "true" }), title(sensor), el("p", { class: "waiting-text" }, t("register.waiting_first")));
}

function showReading(place, sensor, quantity, reading) {
  const doubt = reading.flag === SUSPECT;
  place.classList.toggle("ok", !doubt);
  place.classList.toggle("doubt", doubt);
  const mark = doubt ? "M32 16v20M32 47v1" : "M18 33l10 10 19-21";
  show(
    place,
    svg("svg", { class: "tick", viewBox: "0 0 64 64", "aria-hidden": "true" }, svg("circle", { cx: 32, cy: 32, r: 28 }), svg("path", { d: mark })),
    el("p", {}, t(doubt ? "register.first_doubtful" : "register.first_arrived")),
    el("p", { class: "big" }, quantityValue(reading.value, sensor.stored_unit)),
    el("p", {}, `${quantity ? pick(quantity.title_vi, quantity.title_en) : sensor.quantity} · ${sensor.code}`),
    el("p", {}, t("register.measured_at", { time: moment(reading.ts) })),
    el("p", {}, t("register.received_at", { time: clockSeconds(reading.received_at) })),
    el("p", {}, el("strong", {}, t("register.quality", { quality: named("flag", reading.flag) }))),
    doubt && quantity ? el("p", {}, t("register.doubt", { low: number(quantity.range_min), high: quantityValue(quantity.range_max, quantity.unit) })) : "",
  );
}

async function showHints(sensor, reading, waited) {
  const hints = [];
  if (reading) {
    const quality = reading.state === MEASURING ? named("flag", reading.flag) : named("device_state", reading.state);
    hints.push(el("li", { class: "bad" }, t("hint.flagged", { quality, value: quantityValue(reading.value, sensor.stored_unit), time: moment(reading.ts) })));
  }
  if (waited > HINTS_AFTER_S) {
    const [rows, gateway] = await Promise.all([
      read("/api/v1/quarantine", { gateway: sensor.gateway, sensor: sensor.name, status: "open", limit: 20 }).then((answer) => answer.items, () => []),
      read(`/api/v1/gateways/${encodeURIComponent(sensor.gateway)}`).catch(() => null),
    ]);
    hints.push(...quarantineHints(rows), ...gatewayHints(gateway, rows));
    hints.push(el("li", { class: "plain" }, t("hint.waited", { span: span(waited), interval: span(sensor.interval_s) })));
  }
  show(byId("hints"), hints);
}

function quarantineHints(rows) {
  const newest = new Map();
  for (const row of rows) if (!newest.has(row.reason)) newest.set(row.reason, row);
  return [...newest.values()].map((row) => el(
    "li", { class: "bad" },
    t("hint.quarantined", { reason: named("reason", row.reason), detail: row.detail ?? "", age: age(row.received_at) }), " ",
    named("hint_for", row.reason) === row.reason ? "" : named("hint_for", row.reason),
  ));
}

function gatewayHints(gateway, rows) {
  if (!gateway || rows.length > 0) return [];
  if (!gateway.last_seen_at) return [el("li", { class: "bad" }, t("hint.never_heard", { gateway: gateway.code }))];
  if (gateway.online === false) return [el("li", { class: "bad" }, t("hint.offline", { gateway: gateway.code, age: age(gateway.last_seen_at) }))];
  return [el("li", {}, t("hint.heard_other", { gateway: gateway.code, age: age(gateway.last_seen_at) }))];
}
