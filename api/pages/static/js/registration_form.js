// The form of a sensor: choices, draft, checks, and the bodies for the API.

import { byId, el, options, show } from "./dom.js";
import { read } from "./http.js";
import { codeFrom, distanceM, pastedPair, typedNumber } from "./places.js";
import { named, number, pick, span, t, unitName } from "./text.js";

const DRAFT = "nhip.register.draft";
const INTERVALS_S = [1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600];
const BLUR_MS = 250;
const NEW_SITE = "+";
const NEAREST_COUNT = 8;
const SITE_KINDS = ["air_station", "water_station", "pump", "feeder", "light", "road", "bin", "gauge", "noise_station", "pole", "other"];
// The kind of place where a service's sensors usually stand.
const KIND_OF_SERVICE = {
  air: "air_station", water: "water_station", electricity: "feeder", lighting: "light", traffic: "road", waste: "bin", flood_noise: "gauge",
};
const FIELDS = ["gateway", "gateway_name", "name", "quantity", "unit", "interval", "interval_other", "averaged", "latitude", "longitude",
  "site", "site_name", "site_kind", "site_area"];
// What the API calls a field of ours, by the step that was refused.
const API_FIELDS = {
  gateway: { code: "gateway", name: "gateway_name", gateway: "gateway" },
  site: { name: "site_name", kind: "site_kind", area: "site_area", latitude: "latitude", longitude: "longitude", code: "site_name" },
  sensor: { gateway: "gateway", name: "name", sensor: "name", code: "name", quantity: "quantity", unit: "unit", interval_s: "interval", site: "site", latitude: "latitude", longitude: "longitude" },
};

const form = () => byId("form");
const field = (name) => form().elements.namedItem(name);

/** Make the form live. `lists` = {quantities, gateways, sites, areas}. */
export class RegistrationForm {
  constructor(lists) {
    this.lists = lists;
    this.known = new Map(lists.gateways.map((gateway) => [gateway.code, gateway]));
    this.fillChoices();
    form().addEventListener("input", (event) => this.changed(event.target));
    // A moment later: a message that appears between press and release would move the button away from the finger.
    form().addEventListener("focusout", ({ target }) => { if (target.name && target.value) setTimeout(() => this.checkOne(target.name), BLUR_MS); });
  }

  fillChoices() {
    const services = new Map();
    for (const quantity of this.lists.quantities) {
      if (!services.has(quantity.service)) services.set(quantity.service, []);
      services.get(quantity.service).push({ value: quantity.code, label: pick(quantity.title_vi, quantity.title_en) });
    }
    options(field("quantity"), [{ value: "", label: t("register.choose") },
      ...[...services].map(([service, items]) => ({ label: named("service", service), items }))]);
    options(field("interval"), [...INTERVALS_S.map((seconds) => ({ value: seconds, label: span(seconds) })), { value: "other", label: t("register.interval_other") }], 60);
    options(field("site_kind"), SITE_KINDS.map((kind) => ({ value: kind, label: t(`site_kind.${kind}`) })));
    const kinds = new Set(["ward", "commune", "special_zone"]);
    const areas = [...this.lists.areas].sort((one, other) => Number(kinds.has(other.kind)) - Number(kinds.has(one.kind)) || one.name.localeCompare(other.name, "vi"));
    options(field("site_area"), [{ value: "", label: t("register.choose") }, ...areas.map((area) => ({ value: area.code, label: `${pick(area.name, area.name_en)} (${named("area_kind", area.kind)})` }))], areas.length === 1 ? areas[0].code : "");
    show(byId("gateway-codes"), this.lists.gateways.map((gateway) => el("option", { value: gateway.code }, gateway.name)));
    this.fillSites();
    this.fillUnits();
  }

  /** Begin with what is known: {gateway, name, unit}. */
  begin({ gateway = "", name = "", unit = "", value = null }) {
    form().reset();
    this.gatewaySites = null;
    field("gateway").value = gateway;
    field("name").value = name;
    const guess = this.guessQuantity(name, unit);
    if (guess) field("quantity").value = guess.code;
    this.fillUnits(unit);
    this.fillSites();
    this.heard = unit || value !== null ? { unit, value } : null;
    this.clearFaults();
    this.dependents();
    this.saveDraft();
  }

  guessQuantity(name, unit) {
    const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "_");
    const fits = (quantity) => !unit || quantity.units.includes(unit);
    return this.lists.quantities
      .filter((quantity) => fits(quantity) && (plain === quantity.code || plain.startsWith(`${quantity.code}_`) || plain.startsWith(quantity.code)))
      .sort((one, other) => other.code.length - one.code.length)[0];
  }

  /** Where the gateway's other sensors stand, the next one most likely stands too. */
  async usualSite(gateway) {
    if (!this.known.has(gateway)) return;
    const { items } = await read("/api/v1/sensors", { gateway, limit: 50 }).catch(() => ({ items: [] }));
    const sites = new Set(items.map((sensor) => sensor.site));
    if (field("gateway").value !== gateway) return; // meanwhile it is about another one
    this.gatewaySites = sites;
    this.fillSites();
    if (sites.size === 1 && !field("site").value) [field("site").value] = sites;
    this.dependents();
    this.saveDraft();
  }

  quantity() { return this.lists.quantities.find((item) => item.code === field("quantity").value); }

  fillUnits(preferred) {
    const quantity = this.quantity();
    const units = quantity ? quantity.units : [];
    const wanted = units.includes(preferred) ? preferred : units.includes(field("unit").value) ? field("unit").value : quantity?.unit;
    options(field("unit"), units.map((code) => ({ value: code, label: unitName(code) ? `${unitName(code)}${unitName(code) === code ? "" : ` (${code})`}` : t("register.no_unit", { code }) })), wanted);
    byId("unit-hint").textContent = quantity ? t("register.unit_hint", { unit: unitName(quantity.unit) || quantity.unit }) : "";
  }

  position() {
    const [latitude, longitude] = [typedNumber(field("latitude").value), typedNumber(field("longitude").value)];
    return latitude === null || longitude === null ? null : { latitude, longitude };
  }

  fillSites() {
    const here = this.position();
    const chosen = field("site").value;
    let sites = [...this.lists.sites].sort((one, other) => one.name.localeCompare(other.name, "vi"));
    const label = (site) => `${pick(site.name, site.name_en)} (${t(`site_kind.${site.kind}`)})`;
    const groups = [];
    if (here) {
      const placed = sites.filter((site) => site.latitude !== null && site.longitude !== null)
        .map((site) => ({ site, far: distanceM(here, site) })).sort((one, other) => one.far - other.far).slice(0, NEAREST_COUNT);
      groups.push({ label: t("register.nearest"), items: placed.map(({ site, far }) => ({ value: site.code, label: `${metres(far)} · ${label(site)}` })) });
      const shown = new Set(placed.map(({ site }) => site.code));
      sites = sites.filter((site) => !shown.has(site.code));
    }
    const near = sites.filter((site) => this.gatewaySites?.has(site.code));
    if (near.length) {
      groups.push({ label: t("register.gateway_sites"), items: near.map((site) => ({ value: site.code, label: label(site) })) });
      sites = sites.filter((site) => !near.includes(site));
    }
    groups.push({ label: t("register.all_sites"), items: sites.map((site) => ({ value: site.code, label: label(site) })) });
    options(field("site"), [{ value: "", label: t("register.choose") }, { value: NEW_SITE, label: t("register.new_site") }, ...groups.filter((group) => group.items.length)], chosen);
  }

  /** Show and hide what depends on other answers. */
  dependents() {
    const code = field("gateway").value.trim();
    const known = this.known.get(code);
    byId("gateway-name-field").hidden = !code || known !== undefined;
    byId("gateway-hint").textContent = !code ? t("register.gateway_hint") : known ? known.name : t("register.gateway_new");
    byId("interval-other-field").hidden = field("interval").value !== "other";
    byId("new-site").hidden = field("site").value !== NEW_SITE;
    const heard = byId("heard-now");
    heard.hidden = !this.heard;
    heard.textContent = this.heard ? t("register.heard_value", { value: `${number(this.heard.value)} ${unitName(this.heard.unit)}`.trim() }) : "";
  }

  changed(target) {
    if (target.name === "quantity") {
      this.fillUnits(this.heard?.unit);
      const service = this.quantity()?.service;
      if (service) field("site_kind").value = KIND_OF_SERVICE[service] ?? "other";
    }
    if (target.name === "latitude" || target.name === "longitude") {
      const pair = pastedPair(target.value);
      if (pair) [field("latitude").value, field("longitude").value] = pair;
      this.fillSites();
    }
    if (target.getAttribute("aria-invalid")) this.checkOne(target.name);
    this.dependents();
    this.saveDraft();
  }

  place({ latitude, longitude }) {
    field("latitude").value = latitude.toFixed(6);
    field("longitude").value = longitude.toFixed(6);
    this.fillSites();
    this.checkOne("latitude");
    this.checkOne("longitude");
    this.saveDraft();
  }

  // Drafts: what was typed survives a closed tab, an empty battery, a reload without network.
  saveDraft() {
    const draft = Object.fromEntries(FIELDS.map((name) => [name, field(name).type === "checkbox" ? field(name).checked : field(name).value]));
    try {
      localStorage.setItem(DRAFT, JSON.stringify({ ...draft, heard: this.heard ?? null, id: this.id ?? null }));
      byId("draft-status").textContent = t("register.draft_kept");
    } catch {
      byId("draft-status").textContent = "";
    }
  }

  /** Put the kept draft back; false when there is none. */
  restoreDraft(draft = storedDraft()) {
    if (!draft) return false;
    this.heard = draft.heard ?? null;
    this.id = draft.id ?? undefined;
    for (const name of ["quantity", "latitude", "longitude"]) field(name).value = draft[name] ?? "";
    this.fillUnits(draft.unit);
    this.fillSites();
    for (const name of FIELDS) {
      if (field(name).type === "checkbox") field(name).checked = draft[name] === true;
      else field(name).value = draft[name] ?? "";
    }
    this.clearFaults();
    this.dependents();
    return true;
  }

  // Checks: each says the field, what was found, what is expected.
  faultOf(name) {
    const value = field(name).value.trim();
    const label = labelOf(name);
    const wrong = (expected) => t(value ? "check.wrong" : "check.missing", { field: label, found: value, expected });
    const checks = {
      gateway: () => !/^[a-z0-9-]{1,64}$/.test(value) && wrong(t("expect.gateway")),
      gateway_name: () => !byId("gateway-name-field").hidden && !value && wrong(t("expect.gateway_name")),
      name: () => (value.length < 1 || value.length > 64) && wrong(t("expect.name")),
      quantity: () => !value && wrong(t("expect.quantity")),
      unit: () => !value && wrong(t("expect.unit")),
      interval_other: () => field("interval").value === "other" && !(typedNumber(value) > 0) && wrong(t("expect.interval")),
      latitude: () => this.coordinateFault(value, 90) && wrong(t("expect.latitude")),
      longitude: () => this.coordinateFault(value, 180) && wrong(t("expect.longitude")),
      site: () => !value && wrong(t("expect.site")),
      site_name: () => field("site").value === NEW_SITE && !value && wrong(t("expect.site_name")),
      site_area: () => field("site").value === NEW_SITE && !value && wrong(t("expect.site_area")),
    };
    return (checks[name] ?? (() => false))() || "";
  }

  coordinateFault(value, limit) {
    const other = [field("latitude").value.trim(), field("longitude").value.trim()];
    if (other.every((text) => text === "")) return false; // the position may stay unknown, half of one may not
    const typed = typedNumber(value);
    return typed === null || Math.abs(typed) > limit;
  }

  checkOne(name) {
    const fault = this.faultOf(name);
    setFault(name, fault);
    return fault;
  }

  /** Check all; focus goes to the summary when something is wrong. */
  check() {
    const list = FIELDS.map((name) => ({ name, message: this.checkOne(name) })).filter((item) => item.message);
    this.showSummary(list);
    return list.length === 0;
  }

  /** Show the faults that the server found at `step`. */
  refuse(step, list) {
    const mapped = list.map((item) => ({ name: API_FIELDS[step]?.[item.field], message: item.message }));
    for (const item of mapped) if (item.name) setFault(item.name, item.message);
    this.showSummary(mapped.map((item) => ({ ...item, message: item.name ? `${labelOf(item.name)}: ${item.message}` : item.message })));
  }

  showSummary(list) {
    const box = byId("form-errors");
    box.hidden = list.length === 0;
    show(box, list.length ? [t("check.summary"), el("ul", {}, list.map(({ message }) => el("li", {}, message)))] : []);
    if (list.length) { box.focus(); box.scrollIntoView({ block: "start" }); }
  }

  clearFaults() {
    for (const name of FIELDS) setFault(name, "");
    byId("form-errors").hidden = true;
  }

  /** What to send: {gateway, site, sensor}. */
  body() {
    const code = field("gateway").value.trim();
    const where = this.position() ?? {};
    const interval = field("interval").value === "other" ? typedNumber(field("interval_other").value) : Number(field("interval").value);
    const newSite = field("site").value === NEW_SITE;
    return {
      gateway: this.known.has(code) ? null : { code, name: field("gateway_name").value.trim() },
      site: newSite ? { code: codeFrom(field("site_name").value), name: field("site_name").value.trim(), kind: field("site_kind").value, area: field("site_area").value, ...where } : null,
      sensor: {
        gateway: code, name: field("name").value.trim(), quantity: field("quantity").value, unit: field("unit").value, interval_s: interval,
        averaging_s: field("averaged").checked ? interval : 0, ...(newSite ? {} : { site: field("site").value }), ...where,
      },
    };
  }
}

export function storedDraft() {
  try {
    return JSON.parse(localStorage.getItem(DRAFT) ?? "null");
  } catch {
    return null;
  }
}

export function dropDraft() {
  try { localStorage.removeItem(DRAFT); } catch { /* a browser without storage has none to drop */ }
}

function setFault(name, message) {
  const input = field(name);
  const place = byId(`${input.id}-error`);
  if (place && place.textContent !== message) place.textContent = message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function labelOf(name) {
  return field(name).labels?.[0]?.textContent.trim() ?? name;
}

function metres(far) {
  return far < 1000 ? `${number(Math.round(far))} m` : `${number(far / 1000, 1)} km`;
}
