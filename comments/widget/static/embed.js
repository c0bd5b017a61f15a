/* The comments of a page: finds each slot, fills it and keeps it fresh. Whoever does more than read
   gets act.js as well. This runs on pages of others: it leaves no global, sends no cookie, makes no
   markup from strings, and uses no method of Array, which old libraries replace. */
(() => {
  "use strict";

  const { release, style, words } = "GIVEN";
  const home = new URL(document.currentScript.src).origin;
  const SLOTS = "[data-comments], comments-thread";
  const COUNTS = "[data-comments-count]";
  const LISTS = "[data-comments-articles]";
  const WATCHED = ["data-comments", "data-comments-count", "data-comments-articles", "data-site", "data-article", "data-url",
    "site", "article", "url", "lang"];
  const LINKED = /^#(comment-(\d+))$/;
  const SOON = 15000;
  const SETTLED = 2000;
  const MOST_COUNTS = 100;

  const threads = new Map();
  const page = { __proto__: null, home, threads, rest: 0 };
  const begun = new WeakSet();
  const counted = new WeakMap();
  const listed = new WeakSet();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);

  const ask = (path, type) => new Promise((done, failed) => {
    const call = new XMLHttpRequest();
    call.open("GET", home + path);
    call.responseType = type;
    call.timeout = 20000;
    call.onload = () => (call.status === 200 && call.response ? done : failed)(call);
    call.onerror = call.ontimeout = () => failed(call);
    call.send();
  });

  let acting;
  const rest = () => (acting ||= import(`${home}/embed/${release}/act.js`).catch((error) => {
    acting = null;
    throw error;
  }));
  const arriving = location.hash.startsWith("#comments-code=")
    ? rest().then((act) => act.arrive(home)).catch(() => {}) : null;

  const kept = (site) => {
    try {
      return localStorage.getItem(`comments:${site}`);
    } catch {
      return null; // the browser forbids it: nothing is kept, and people can still read
    }
  };

  const given = (slot, name) => slot.getAttribute(`data-${name}`) || slot.getAttribute(name) || "";

  const address = () => {
    const link = document.querySelector("link[rel=canonical]");
    return (link && link.href) || location.href.split("#")[0];
  };

  /* When. */

  const say = new Map();
  const ago = (then, lang) => {
    if (!say.has(lang)) {
      say.set(lang, {
        ago: new Intl.RelativeTimeFormat(lang, { numeric: "auto" }),
        day: new Intl.DateTimeFormat(lang, { dateStyle: "medium" }),
        full: new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "short" }),
      });
    }
    const words = say.get(lang);
    const minutes = Math.round((Date.now() - then) / 60000);
    const short = minutes < 1 ? words.ago.format(0, "second")
      : minutes < 60 ? words.ago.format(-minutes, "minute")
        : minutes < 1440 ? words.ago.format(-Math.round(minutes / 60), "hour")
          : minutes < 43200 ? words.ago.format(-Math.round(minutes / 1440), "day")
            : words.day.format(then);
    return { short, full: words.full.format(then) };
  };

  const dress = (part, tag) => {
    const lang = navigator.language.startsWith(tag) ? navigator.language : tag;
    for (const time of part.querySelectorAll("time")) {
      const { short, full } = ago(new Date(time.dateTime), lang);
      if (time.textContent !== short) time.textContent = short;
      time.title = full;
    }
  };

  /* One slot. */

  const begin = (slot) => {
    const alone = document.querySelectorAll(SLOTS).length === 1;
    const url = given(slot, "url") || (alone ? address() : "");
    const article = given(slot, "article") || given(slot, "url") || address();
    const site = given(slot, "site");
    const id = `${site}\n${article}\n${given(slot, "url")}\n${slot.lang}`;
    const known = threads.get(slot);
    if (known && known.id === id) return;
    if (isArriving(slot)) return;
    const root = begun.has(slot) ? slot.shadowRoot : enter(slot);
    if (!root) return;
    root.adoptedStyleSheets = [sheet];
    const thread = {
      id, slot, root, site, article, url, home, sort: "", writes: 0,
      threads, ask, dress, mark, show, compare,
    };
    thread.path = (more) => {
      const query = new URLSearchParams();
      const wanted = { __proto__: null, site, article, url, sort: thread.sort, locale: slot.lang, ...more };
      for (const name in wanted) if (wanted[name]) query.set(name, wanted[name]);
      return `/embed/thread?${query}`;
    };
    threads.set(slot, thread);
    const included = !known && root.querySelector(".thread > script");
    if (included) ready(thread, included.parentElement);
    else wait(thread);
    if (LINKED.test(location.hash) || arriving) return fill(thread);
    near.unobserve(slot);
    near.observe(slot);
  };

  /* What a server included may still be on its way, the end of it at least. */
  const isArriving = ({ shadowRoot }) => document.readyState === "loading" && shadowRoot
    && !shadowRoot.querySelector("script, slot");

  /* The shadow root of a slot that is new to us; nothing where another copy of this script is. */
  const enter = (slot) => {
    const included = slot.shadowRoot;
    if (included && included.adoptedStyleSheets.length) return null;
    const root = included || slot.attachShadow({ __proto__: null, mode: "open" });
    root.addEventListener("click", (event) => clicked(threads.get(slot), event));
    begun.add(slot);
    return root;
  };

  const wait = (thread) => {
    const view = document.createElement("div");
    view.className = "thread wait";
    view.append(document.createElement("slot"));
    put(thread, view);
  };

  const put = (thread, view) => {
    const old = thread.root.querySelector(".thread");
    if (old) old.remove();
    thread.root.append(view);
    thread.view = view;
  };

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      fill(threads.get(entry.target));
    }
  }, { __proto__: null, rootMargin: "800px 0px" });

  const fill = (thread) => (thread.words ? compare(thread).catch(() => {}) : load(thread));

  const load = async (thread) => {
    try {
      const call = await ask(thread.path(), "document");
      if (threads.get(thread.slot) === thread) show(thread, call);
    } catch {
      if (threads.get(thread.slot) === thread) fail(thread);
    }
  };

  const show = (thread, call) => {
    thread.tag = call.getResponseHeader("ETag");
    put(thread, call.response.querySelector(".thread"));
    ready(thread, thread.view);
  };

  const ready = async (thread, view) => {
    thread.view = view;
    thread.words = JSON.parse(view.querySelector("script").textContent);
    dress(view, view.lang);
    await arriving;
    try {
      if (kept(thread.site) || given(thread.slot, "token") || window.commentsConfig) await (await rest()).identify(thread);
    } catch {
      // Reading goes on without the rest of the script.
    }
    if ("live" in view.dataset) setTimeout(live, SETTLED);
    point(thread);
  };

  /* Who stays for a moment is told of what is new. */
  const live = () => import(`${home}/embed/${release}/live.js`).then((it) => it.follow(page)).catch(() => {});

  const fail = (thread) => {
    const lang = (thread.slot.lang || document.documentElement.lang || navigator.language).slice(0, 2);
    const [what, again] = words[lang] || words.en;
    const view = document.createElement("div");
    const note = document.createElement("p");
    const fault = document.createElement("span");
    const button = document.createElement("button");
    view.className = "thread";
    note.className = "notice";
    note.setAttribute("role", "alert");
    fault.className = "fault";
    fault.textContent = what;
    button.dataset.act = "retry";
    button.textContent = again;
    note.append(fault, button);
    view.append(note);
    put(thread, view);
    page.rest = 0;
    console.error(
      `Comments of site "${thread.site}", article "${thread.article}", could not be loaded from ${home}. `
      + `Check that the site's key is right, that its settings list ${location.origin} under "Web `
      + `addresses where comments may appear", and that this page's Content-Security-Policy allows `
      + `${home} in connect-src.`,
    );
  };

  /* Links to one comment. */

  const mark = (thread, comment) => {
    for (const old of thread.root.querySelectorAll(".at")) old.classList.remove("at");
    for (let fold = comment.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
      fold.classList.add("all");
    }
    comment.classList.add("at");
    comment.scrollIntoView({ __proto__: null, block: "center" });
    comment.focus({ __proto__: null, preventScroll: true });
  };

  const point = async (thread) => {
    const link = LINKED.exec(location.hash);
    if (!link) return;
    const comment = thread.root.getElementById(link[1]);
    if (comment) mark(thread, comment);
    else await rest().then((act) => act.fetchLinked(thread, link[2])).catch(() => {});
  };

  const clicked = async (thread, event) => {
    const link = event.target.closest("[data-act]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.dataset.act === "retry") return load(thread);
    let act;
    try {
      act = await rest();
    } catch {
      return link.href && location.assign(link.href);
    }
    act.does(thread, link);
  };

  /* What is new. */

  let looked = Date.now();
  const look = async () => {
    if (document.hidden) return;
    looked = Date.now();
    for (const [slot, thread] of threads) {
      if (!slot.isConnected) threads.delete(slot);
      else if (thread.words) await compare(thread).catch(() => {});
      else if (thread.view.querySelector(".fault")) await load(thread);
    }
  };

  const compare = async (thread, more) => {
    dress(thread.view, thread.view.lang);
    const { writes } = thread;
    const call = await ask(thread.path(more), "document");
    const tag = call.getResponseHeader("ETag");
    const isOurs = threads.get(thread.slot) === thread && writes === thread.writes;
    if (tag === thread.tag || !isOurs) return false;
    const act = await rest();
    await act.changed(thread, call.response.querySelector(".thread"));
    thread.tag = tag;
    return true;
  };

  const again = () => setTimeout(() => {
    if (Date.now() - looked < page.rest) again();
    else look().finally(again);
  }, SOON + SOON * Math.random());

  /* Numbers of comments. */

  const count = () => {
    const asked = new Map();
    for (const span of document.querySelectorAll(COUNTS)) {
      const site = given(span, "site");
      const article = given(span, "article") || given(span, "url");
      if (!article || counted.get(span) === site + article) continue;
      counted.set(span, site + article);
      if (!asked.has(site)) asked.set(site, new Map());
      const spans = asked.get(site);
      if (!spans.has(article)) spans.set(article, new Set());
      spans.get(article).add(span);
    }
    asked.forEach(countSite);
  };

  const countSite = (articles, site) => {
    let part = new Map();
    const flush = async () => {
      const query = new URLSearchParams({ __proto__: null, site });
      const wanted = part;
      part = new Map();
      wanted.forEach((_, article) => query.append("article", article));
      const { response } = await ask(`/api/v1/counts?${query}`, "json");
      wanted.forEach((spans, article) => spans.forEach((span) => {
        const lang = span.closest("[lang]");
        span.textContent = Number(response.counts[article]).toLocaleString(lang ? lang.lang : undefined);
      }));
    };
    articles.forEach((spans, article) => {
      part.set(article, spans);
      if (part.size === MOST_COUNTS) flush().catch(() => {});
    });
    if (part.size) flush().catch(() => {});
  };

  /* Articles that people talk about. */

  const list = (slot) => {
    if (listed.has(slot)) return;
    listed.add(slot);
    import(`${home}/embed/${release}/articles.js`)
      .then((it) => it.fill(slot, { home, sheet, ask, given, dress }))
      .catch((error) => console.error("The articles could not be listed.", slot, error));
  };

  /* Slots that are there, and those that come later. */

  let due = 0;
  const find = () => {
    due = 0;
    for (const slot of document.querySelectorAll(SLOTS)) {
      try {
        begin(slot);
      } catch (error) {
        console.error("Comments can't be shown in this element; take a section or a div.", slot, error);
      }
    }
    count();
    document.querySelectorAll(LISTS).forEach(list);
  };
  new MutationObserver(() => { due ||= setTimeout(find, 20); }).observe(document, {
    __proto__: null, subtree: true, childList: true, attributeFilter: WATCHED,
  });
  document.addEventListener("DOMContentLoaded", find);
  addEventListener("hashchange", () => threads.forEach(point));
  addEventListener("online", look);
  document.addEventListener("comments:token", () => rest().then((act) => act.hand(threads)).catch(() => {}));
  document.addEventListener("visibilitychange", () => { if (Date.now() - looked > SOON) look(); });
  find();
  again();
})();
