// Makes the registration page open without network: its shell and files from a cache, its lists from the last visit.
// VERSION and FILES are put in front of this file by the server.
/* global VERSION, FILES */

const SHELL = `nhip-shell-${VERSION}`;
const DATA = "nhip-data";
const PAGE = "/register";
// Lists that the form needs; everything else of the API is asked fresh or not at all.
const LISTS = ["/api/v1/quantities", "/api/v1/gateways", "/api/v1/sites", "/api/v1/areas"];
const NETWORK_MS = 5000;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(SHELL);
    await cache.addAll(FILES);
    await cache.add(new Request(PAGE, { cache: "reload" }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("nhip-shell-") && name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(cacheFirst(event.request));
  else if (event.request.mode === "navigate" && url.pathname === PAGE) event.respondWith(networkFirst(event.request, SHELL, PAGE));
  else if (LISTS.includes(url.pathname)) event.respondWith(networkFirst(event.request, DATA, url.pathname + url.search));
});

async function cacheFirst(request) {
  return (await caches.match(request)) ?? fetch(request);
}

async function networkFirst(request, cacheName, key) {
  const cache = await caches.open(cacheName);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(NETWORK_MS) });
    if (response.ok) await cache.put(key, response.clone());
    if (response.ok || response.status < 500) return response;
    return (await cache.match(key)) ?? response;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  }
}
