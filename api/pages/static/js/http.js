// The JSON API: reading, changing, and its errors (problem+json) as objects that a form can show.

import { pick, t } from "./text.js";

const TIMEOUT_MS = 15000;

/** The server answered with an error. */
export class ProblemError extends Error {
  constructor(status, problem) {
    super(pick(problem.title_vi, problem.title) || problem.detail || t("error.http", { status }));
    this.status = status;
    this.problem = problem;
  }
}

/** No answer: off line, server down, time-out. */
export class OfflineError extends Error {
  constructor() { super(t("error.offline")); }
}

async function answered(path, init) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
  } catch {
    throw new OfflineError();
  }
  if ([502, 503, 504].includes(response.status) && init.method === undefined) throw new OfflineError();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  const body = isJson ? await response.json().catch(() => ({})) : {};
  if (!response.ok) throw new ProblemError(response.status, body ?? {});
  return body;
}

export function read(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== ""));
  const text = query.toString();
  return answered(text ? `${path}?${text}` : path, { headers: { Accept: "application/json" } });
}

/** Read all pages of a list, up to `limit` items. */
export async function readAll(path, parameters = {}, limit = 5000) {
  const items = [];
  let cursor;
  do {
    const answer = await read(path, { limit: 500, ...parameters, cursor });
    items.push(...answer.items);
    cursor = answer.next;
  } while (cursor && items.length < limit);
  return items;
}

export function change(method, path, body, key) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-Nhip-Request": "1" };
  if (key) headers["Idempotency-Key"] = key;
  return answered(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** The whole of a problem in one line: what it is and the particulars. */
export function inWords(error) {
  const detail = error.problem?.detail;
  return detail && detail !== error.message ? `${error.message} (${detail})` : error.message;
}

/** The faults of a problem as [{field, message}]; field is the last part of the name the API gives. */
export function faults(error) {
  const list = error.problem?.errors;
  if (!Array.isArray(list) || list.length === 0) return [{ field: "", message: inWords(error) }];
  return list.map((item) => ({ field: String(item.field ?? "").split(".").pop(), message: message(item) }));
}

function message(item) {
  const parts = [];
  if (item.found !== undefined && item.found !== null) parts.push(t("error.found", { found: item.found }));
  if (item.expected) parts.push(t("error.expected", { expected: item.expected }));
  return parts.join("; ");
}
