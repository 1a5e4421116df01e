// Keeps the chat page's shell for when the station cannot be reached: box and hotlines show with everything down.
//
// What is kept was fetched without cookies, so it is nobody's: no message, no name, no token of a session.
// It is used only when the station does not answer; while it does, nothing here stands between.

export type {};
declare const self: ServiceWorkerGlobalScope;

const CACHE = "station-chat";

interface Keep {
  /** The page's address with its language, and no fragment. */
  shell: string;
  assets: string[];
}

async function keep({ shell, assets }: Keep): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const url of assets) if (!(await cache.match(url))) await cache.add(url);
  const page = await fetch(shell, { credentials: "omit", cache: "no-store" });
  if (page.ok) await cache.put(shell, page);
  const wanted = new Set(assets.map((url) => new URL(url, self.location.origin).href));
  for (const request of await cache.keys()) {
    const { pathname, href } = new URL(request.url);
    if (pathname.startsWith("/assets/") && !wanted.has(href)) await cache.delete(request);
  }
}

async function page(request: Request): Promise<Response> {
  const kept = async (): Promise<Response | undefined> => {
    const cache = await caches.open(CACHE);
    const { searchParams } = new URL(request.url);
    const lang = searchParams.get("lang");
    return (lang ? await cache.match(`/chat?lang=${lang}`) : undefined) ?? cache.match("/chat", { ignoreSearch: true });
  };
  try {
    const answer = await fetch(request);
    return answer.status < 500 ? answer : ((await kept()) ?? answer);
  } catch (unreached) {
    const answer = await kept();
    if (answer) return answer;
    throw unreached;
  }
}

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const data = event.data as Partial<Keep> | null;
  if (typeof data?.shell !== "string" || !Array.isArray(data.assets)) return;
  // Half a cache is better than none; the next visit tries again.
  event.waitUntil(keep({ shell: data.shell, assets: data.assets }).catch(() => undefined));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname === "/chat") event.respondWith(page(request));
  else if (pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
