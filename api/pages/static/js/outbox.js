// Registrations on their way: kept on this device until the server has them. Each step has an Idempotency-Key of its
// own, so that a double tap, a lost answer or a second attempt next day creates one sensor.

import { change, faults, OfflineError, ProblemError, read } from "./http.js";

const DATABASE = "nhip";
const STORE = "registrations";
const KEPT_DONE_MS = 24 * 3600 * 1000;

let opening = null;
const memory = new Map(); // where the browser refuses storage (private windows)

function open() {
  opening ??= new Promise((resolve) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
    request.onblocked = () => resolve(null);
  });
  return opening;
}

async function inStore(mode, work) {
  const database = await open().catch(() => null);
  if (database === null) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

async function keep(item) {
  memory.set(item.id, item);
  await inStore("readwrite", (store) => store.put(item)).catch(() => undefined);
}

export async function forget(id) {
  memory.delete(id);
  await inStore("readwrite", (store) => store.delete(id)).catch(() => undefined);
}

/** All registrations, oldest first. A sent one that nobody looked at any more is forgotten after a day. */
export async function pending() {
  const stored = (await inStore("readonly", (store) => store.getAll()).catch(() => undefined)) ?? [];
  for (const item of stored) if (!memory.has(item.id)) memory.set(item.id, item);
  for (const item of [...memory.values()]) {
    if (item.state === "done" && Date.now() - item.created > KEPT_DONE_MS) await forget(item.id);
  }
  return [...memory.values()].sort((one, other) => one.created - other.created);
}

/** `crypto.randomUUID` exists on https and localhost only; a technician may be on plain http in a local network. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Put a registration in; `body` = {gateway: {code, name}|null, site: {...}|null, sensor: {...}}. */
export async function put(id, body) {
  const known = memory.get(id);
  const item = {
    id, body, created: known?.created ?? Date.now(), state: "waiting", faults: [],
    // What an attempt before has created stays created; what was refused gets a new key, as its body has changed.
    keys: known?.keys ?? { gateway: uuid(), site: uuid(), sensor: id }, made: known?.made ?? {},
  };
  await keep(item);
  return item;
}

let sending = Promise.resolve();

/** Send one registration; answers with the item in its new state. One at a time in all tabs of this browser. */
export function send(item) {
  const work = () => (navigator.locks ? navigator.locks.request("nhip-outbox", () => attempt(item)) : attempt(item));
  const mine = sending.then(work, work);
  sending = mine.catch(() => undefined);
  return mine;
}

/** Send whatever waits. */
export async function sendAll() {
  const sent = [];
  for (const item of await pending()) {
    if (item.state !== "waiting" && item.state !== "sending") continue;
    const result = await send(item);
    sent.push(result);
    if (result.state === "waiting") break; // off line or logged out: the next ones would fare no better
  }
  return sent;
}

async function attempt(item) {
  item.state = "sending";
  item.login = false;
  await keep(item);
  let step = "gateway";
  try {
    if (item.body.gateway && !item.made.gateway) {
      item.made.gateway = await createGateway(item);
      await keep(item);
    }
    step = "site";
    if (item.body.site && !item.made.site) {
      item.made.site = await change("POST", "/api/v1/sites", item.body.site, item.keys.site);
      await keep(item);
    }
    step = "sensor";
    const sensor = { ...item.body.sensor, ...(item.made.site ? { site: item.made.site.code } : {}) };
    item.made.sensor = await change("POST", "/api/v1/sensors", sensor, item.keys.sensor);
    item.state = "done";
    item.faults = [];
  } catch (error) {
    failed(item, step, error);
  }
  await keep(item);
  return item;
}

function failed(item, step, error) {
  if (error instanceof OfflineError || (error instanceof ProblemError && (error.status >= 500 || error.status === 429))) {
    item.state = "waiting";
    item.faults = [{ field: "", message: error.message }];
  } else if (error instanceof ProblemError && error.status === 401) {
    item.state = "waiting";
    item.login = true;
    item.faults = [{ field: "", message: error.message }];
  } else if (error instanceof ProblemError) {
    item.state = "refused";
    item.step = step;
    item.faults = faults(error);
    item.keys[step] = uuid();
  } else {
    throw error;
  }
}

async function createGateway(item) {
  try {
    return await change("POST", "/api/v1/gateways", item.body.gateway, item.keys.gateway);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 409) throw error;
    // Somebody registered the gateway meanwhile: it is there, which is what matters here.
    return read(`/api/v1/gateways/${encodeURIComponent(item.body.gateway.code)}`);
  }
}
