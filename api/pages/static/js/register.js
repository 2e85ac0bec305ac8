// The technician's page: pick what is heard, fill in the form, see the first valid reading.

import { byId, el, every, show } from "./dom.js";
import { watch } from "./first_reading.js";
import { OfflineError, read, readAll } from "./http.js";
import { forget, pending, put, send, sendAll, uuid } from "./outbox.js";
import { whereAmI } from "./places.js";
import { dropDraft, RegistrationForm, storedDraft } from "./registration_form.js";
import { wireLogIn } from "./session.js";
import { reached, who } from "./shell.js";
import { age, moment, number, quantityValue, t } from "./text.js";

const STEPS = ["pick", "form", "wait"];
const GATEWAYS_SHOWN = 12;
const SEND_EVERY_S = 15;

let form = null;
let current = null;
let stopWatching = () => undefined;
let stopHearing = () => undefined;

function showStep(step, { focus = true } = {}) {
  current = step;
  stopWatching();
  stopHearing();
  for (const name of ["login", ...STEPS]) byId(`step-${name}`).hidden = name !== step;
  const at = STEPS.indexOf(step);
  for (const item of byId("steps").children) {
    const index = STEPS.indexOf(item.dataset.step);
    item.classList.toggle("done", index < at);
    if (index === at) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
  if (focus) {
    byId(`step-${step}`).querySelector("h2").focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }
  if (step === "pick") hear();
}

/** Go to a step so that the phone's back button leads back. */
function go(step, state = {}) {
  const address = state.sensor ? `?sensor=${state.sensor}` : "/register";
  // Back from the result leads to the choice, not into a form that has been sent.
  if (current === "form" && step === "wait") history.replaceState({ step, ...state }, "", address);
  else history.pushState({ step, ...state }, "", address);
  showStep(step);
}

window.addEventListener("popstate", (event) => {
  const step = event.state?.step ?? "pick";
  if (step === "wait" && event.state.sensor) showSensor(event.state.sensor);
  else showStep(step === "wait" ? "pick" : step);
});

// Step 1

function hear() {
  stopHearing = every(3, async () => {
    try {
      const { items } = await read("/api/v1/unknown", { limit: 50 });
      reached(true);
      showHeard(items);
    } catch (error) {
      reached(!(error instanceof OfflineError));
    }
  });
  showGateways();
}

function showHeard(items) {
  const list = byId("heard");
  if (items.length === 0) {
    show(list, el("li", { class: "waiting" }, t("register.nothing_heard")));
    return;
  }
  const inside = list.contains(document.activeElement) ? document.activeElement.dataset.pick : undefined;
  list.replaceChildren(...items.map((item) => el("li", {}, el(
    "button", { type: "button", data: { pick: `${item.gateway}/${item.sensor ?? ""}` }, on: { click: () => fill(item) } },
    el("span", { class: "main" }, item.sensor ?? t("register.unnamed")),
    el("span", { class: "v" }, item.last_value === null || item.last_value === undefined ? "" : quantityValue(item.last_value, item.last_unit)),
    el("span", { class: "sub" }, t("register.heard_from", { gateway: item.gateway, count: number(item.count) })),
    el("span", { class: "age" }, age(item.last_heard_at)),
  ))));
  // The list is drawn anew every few seconds: who is in it with the keyboard stays where they are.
  if (inside) [...list.querySelectorAll("button")].find((button) => button.dataset.pick === inside)?.focus();
}

function showGateways() {
  const wanted = byId("gateway-search").value.trim().toLowerCase();
  const found = form.lists.gateways.filter((item) => !wanted || item.code.includes(wanted) || item.name.toLowerCase().includes(wanted));
  show(
    byId("gateway-list"),
    found.slice(0, GATEWAYS_SHOWN).map((item) => el("li", {}, el(
      "button", { type: "button", data: { gateway: item.code } },
      el("span", { class: "main" }, item.name), el("span", { class: "v" }),
      el("span", { class: "sub" }, [item.code === item.name ? null : item.code, t("register.sensor_count", { n: number(item.sensors) })].filter(Boolean).join(" · ")), el("span", { class: "age" }, item.last_seen_at ? age(item.last_seen_at) : ""),
    ))),
    found.length > GATEWAYS_SHOWN ? el("li", { class: "hint" }, t("register.more_gateways", { n: number(found.length - GATEWAYS_SHOWN) })) : null,
    found.length === 0 ? el("li", { class: "hint" }, t("register.no_gateway")) : null,
  );
}

byId("gateway-search").addEventListener("input", showGateways);
byId("gateway-list").addEventListener("click", (event) => {
  const code = event.target.closest("button")?.dataset.gateway;
  if (code) fill({ gateway: code });
});
byId("new-gateway").addEventListener("click", () => fill({}));

// Step 2

function fill(item) {
  form.id = uuid();
  form.begin({ gateway: item.gateway, name: item.sensor ?? "", unit: item.last_unit ?? "", value: item.last_value ?? null });
  form.usualSite(item.gateway);
  go("form");
}

byId("locate").addEventListener("click", async () => {
  const status = byId("locate-status");
  byId("locate").disabled = true;
  status.textContent = t("register.locating");
  try {
    const here = await whereAmI();
    form.place(here);
    status.textContent = t("register.located", { metres: number(Math.round(here.accuracy_m)) });
  } catch (error) {
    status.textContent = error.message;
  } finally {
    byId("locate").disabled = false;
  }
});

byId("back").addEventListener("click", () => go("pick"));

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!form.check()) return;
  const button = byId("save");
  button.disabled = true; // against double taps; the key of the form is against whatever gets past
  button.textContent = t("register.saving");
  try {
    form.id ??= uuid();
    const item = await put(form.id, form.body());
    await settle(await send(item));
  } finally {
    button.disabled = false;
    button.textContent = t("register.save");
  }
});

async function settle(item) {
  await showOutbox();
  if (item.state === "refused") {
    form.saveDraft();
    form.refuse(item.step, item.faults);
  } else if (item.state === "done") {
    dropDraft();
    form.id = undefined;
    await showDone(item);
  } else if (item.login) {
    dropDraft(); // it waits in the outbox and is sent after the log-in
    showStep("login");
  } else {
    dropDraft();
    form.id = undefined;
    go("pick");
    byId("outbox").scrollIntoView({ block: "start" });
  }
}

// Step 3

async function showDone(item) {
  await refreshLists();
  go("wait", { sensor: item.made.sensor.id });
  showCredential(item.made.gateway);
  await forget(item.id); // with it the password: it is shown, and kept nowhere
  begin(item.made.sensor);
}

function begin(sensor) {
  stopWatching = watch(sensor, form.lists.quantities.find((item) => item.code === sensor.quantity));
}

async function showSensor(id) {
  showStep("wait");
  byId("credential").hidden = true;
  try {
    begin(await read(`/api/v1/sensors/${id}`));
  } catch (error) {
    show(byId("first"), el("p", { class: "error" }, error.message));
  }
}

/** The password of a new gateway: shown now, never again. */
function showCredential(gateway) {
  const box = byId("credential");
  box.hidden = gateway?.password === undefined;
  if (box.hidden) return;
  if (gateway.password === null) { // an answer before this one got lost on the way, and the password with it
    box.replaceChildren(el("p", { class: "notice warn" }, t("register.credential_lost", { gateway: gateway.code })));
    return;
  }
  box.replaceChildren(
    el("h3", {}, t("register.credential")),
    el("p", { class: "hint" }, t("register.credential_once")),
    el("dl", {}, box.dataset.mqtt ? [el("dt", {}, t("register.credential_server")), el("dd", {}, box.dataset.mqtt)] : "", el("dt", {}, t("register.credential_user")), el("dd", {}, gateway.username), el("dt", {}, t("register.credential_password")), el("dd", {}, gateway.password)),
    gateway.credential_active === false ? el("p", { class: "hint" }, t("register.credential_waits")) : "",
  );
}

byId("again").addEventListener("click", () => go("pick"));

// What has not been sent yet

async function showOutbox() {
  const open = (await pending()).filter((item) => item.state !== "done");
  byId("outbox").hidden = open.length === 0;
  show(byId("outbox-list"), open.map(outboxItem));
  for (const button of byId("outbox-list").querySelectorAll("button")) {
    button.addEventListener("click", () => act(button.dataset.act, open.find((item) => item.id === button.dataset.id)));
  }
}

function outboxItem(item) {
  const { sensor } = item.body;
  const button = (act, label) => el("button", { type: "button", class: "small", data: { act, id: item.id } }, label);
  const state = item.state === "refused" ? t("outbox.refused") : item.login ? t("outbox.login") : t(`outbox.${item.state}`);
  return el(
    "li", {}, el("strong", {}, `${sensor.gateway}.${sensor.name}`), " · ", state, el("br"),
    el("span", { class: "hint" }, t("outbox.since", { time: moment(item.created) })),
    item.faults.length ? el("p", { class: "error" }, item.faults.map((fault) => [fault.field, fault.message].filter(Boolean).join(": ")).join(" · ")) : "",
    el("div", { class: "actions" }, item.state === "refused" ? button("edit", t("outbox.edit")) : button("send", t("outbox.send")), button("drop", t("outbox.drop"))),
  );
}

async function act(what, item) {
  if (!item) return;
  if (what === "send") await settleQuietly(await send(item));
  if (what === "drop" && window.confirm(t("outbox.confirm", { sensor: `${item.body.sensor.gateway}.${item.body.sensor.name}` }))) await forget(item.id);
  if (what === "edit") {
    const { sensor, site, gateway } = item.body;
    form.id = item.id;
    form.restoreDraft({
      ...sensor, id: item.id, interval: "other", interval_other: String(sensor.interval_s), averaged: sensor.averaging_s > 0, gateway_name: gateway?.name,
      latitude: sensor.latitude === undefined ? "" : String(sensor.latitude), longitude: sensor.longitude === undefined ? "" : String(sensor.longitude),
      site: site ? "+" : sensor.site, site_name: site?.name, site_kind: site?.kind, site_area: site?.area,
    });
    go("form");
    form.refuse(item.step, item.faults);
  }
  await showOutbox();
}

async function settleQuietly(item) {
  if (item.login) showStep("login");
  else if (item.state === "done") await refreshLists();
}

async function sendWaiting() {
  if (!navigator.onLine) return;
  const sent = await sendAll();
  if (sent.length === 0) return;
  await showOutbox();
  const done = sent.findLast((item) => item.state === "done");
  if (!done) return;
  if (current === "pick") await showDone(done); // nobody is in the middle of something else
  else await refreshLists();
}

window.addEventListener("online", sendWaiting);

// Beginning

async function loadLists() {
  const [quantities, gateways, sites, areas] = await Promise.all([
    read("/api/v1/quantities"), readAll("/api/v1/gateways"), readAll("/api/v1/sites"), readAll("/api/v1/areas"),
  ]);
  return { quantities: quantities.items, gateways, sites, areas };
}

async function refreshLists() {
  try {
    form.lists = await loadLists();
    form.known = new Map(form.lists.gateways.map((gateway) => [gateway.code, gateway]));
  } catch { /* the lists of before still serve */ }
}

async function start() {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/register-worker.js", { scope: "/register" }).catch(() => undefined);
  wireLogIn(byId("login"), () => location.reload());
  if ((await who) === null) {
    showStep("login", { focus: false });
    return;
  }
  try {
    form = new RegistrationForm(await loadLists());
  } catch (error) {
    reached(!(error instanceof OfflineError));
    show(byId("step-pick"), el("p", { class: "notice bad" }, error.message));
    byId("step-pick").hidden = false;
    return;
  }
  await showOutbox();
  const sensor = new URLSearchParams(location.search).get("sensor");
  const draft = storedDraft();
  if (sensor) {
    history.replaceState({ step: "wait", sensor }, "");
    await showSensor(sensor);
  } else if (draft?.gateway || draft?.name) {
    history.replaceState({ step: "pick" }, "");
    form.restoreDraft(draft);
    go("form");
  } else {
    history.replaceState({ step: "pick" }, "");
    showStep("pick", { focus: false });
  }
  every(SEND_EVERY_S, sendWaiting);
}

await start();
