/* What changes while somebody reads: for each site one stream of events for all its threads on the
   page. An event names an article and its version; what is new is fetched as embed.js does by itself
   from time to time, which it goes on doing where no stream can be had. */

const MOST = 20; // articles that one stream tells of
const RESTING = 120000; // how long the page may not ask by itself while it is told
const LONGEST = 120000;
const TRIES = 4;

const streams = new Map();
let page;
let due = 0;

/* The threads of the page are others than before, or there is no stream yet. */
export const follow = (given) => {
  page = given;
  due ||= setTimeout(sync, 200);
};

const sync = () => {
  due = 0;
  const wanted = document.hidden ? new Map() : questions();
  streams.forEach((stream, site) => {
    if (stream.question !== wanted.get(site)) close(stream);
  });
  wanted.forEach((question, site) => {
    const stream = streams.get(site) || { __proto__: null, site, fails: 0, until: 0 };
    streams.set(site, stream);
    stream.question = question;
    if (!stream.source && !stream.timer) openLater(stream);
  });
  rest();
};

/* What to ask for, by site: the articles of the threads that are shown, and their addresses. */
const questions = () => {
  const places = new Map();
  page.threads.forEach((thread) => {
    if (!thread.words || !thread.slot.isConnected) return;
    if (!places.has(thread.site)) places.set(thread.site, new Map());
    const names = places.get(thread.site);
    thread.isTold = names.has(thread.article) || names.size < MOST;
    if (thread.isTold) names.set(thread.article, thread.url);
  });
  const asked = new Map();
  places.forEach((names, site) => {
    const query = new URLSearchParams({ __proto__: null, site });
    names.forEach((url, article) => {
      query.append("article", article);
      query.append("url", url);
    });
    asked.set(site, `${page.home}/embed/events?${query}`);
  });
  return asked;
};

const openLater = (stream) => {
  stream.timer = setTimeout(open, Math.max(0, stream.until - Date.now()), stream);
};

const open = (stream) => {
  stream.timer = 0;
  const source = new EventSource(stream.question);
  source.addEventListener("article", ({ data }) => {
    stream.fails = 0;
    stream.isTelling = true;
    rest();
    hear(stream.site, JSON.parse(data));
  });
  source.onerror = () => {
    const isRefused = source.readyState === EventSource.CLOSED;
    close(stream);
    stream.until = Date.now() + patience(stream, isRefused);
    openLater(stream);
    rest();
  };
  stream.source = source;
};

const close = (stream) => {
  if (stream.source) stream.source.close();
  clearTimeout(stream.timer);
  stream.source = null;
  stream.timer = 0;
  stream.isTelling = false;
};

/* Never all readers at once: seconds after a stream broke off, minutes after one was refused. */
const patience = (stream, isRefused) => {
  stream.fails += 1;
  const most = isRefused ? LONGEST : Math.min(1000 * 2 ** stream.fails, LONGEST);
  return most * (1 + Math.random());
};

/* The page asks less often by itself while every thread on it is told of. */
const rest = () => {
  let isTold = true;
  page.threads.forEach((thread) => {
    const stream = streams.get(thread.site);
    if (!thread.words) isTold &&= !thread.view.querySelector(".fault");
    else if (!thread.isTold || !stream || !stream.isTelling) isTold = false;
  });
  page.rest = isTold ? RESTING : 0;
};

const hear = (site, edition) => page.threads.forEach((thread) => {
  if (thread.site !== site || thread.article !== edition.article || !thread.words) return;
  thread.edition = edition;
  bring(thread, TRIES);
});

/* Soon, and once for all that is told until then. */
const bring = (thread, tries) => {
  if (thread.bringing || isShown(thread)) return;
  thread.bringing = setTimeout(async () => {
    const { version, open: isOpen } = thread.edition;
    const isHere = thread.slot.isConnected && page.threads.get(thread.slot) === thread;
    if (isHere && !isShown(thread)) {
      // Under an address of this edition, since a cache may still hold the one before.
      await thread.compare(thread, { fresh: `${version}-${Number(isOpen)}` }).catch(() => {});
    }
    thread.bringing = 0;
    if (isHere && tries > 1) bring(thread, tries - 1);
  }, 300 + 1000 * Math.random());
};

const isShown = ({ view, edition }) => {
  const shown = Number(view.dataset.version);
  const isSame = shown === edition.version && view.dataset.open === String(Number(edition.open));
  return isSame || shown > edition.version;
};

document.addEventListener("visibilitychange", sync);
