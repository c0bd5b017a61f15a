/* The forms in a thread: write, reply, edit, delete, report. What was typed outlives a failed
   request, a reload and a token that has ended. */

import { draftOf, keepDraft, keepToken, placesOf, random, tokenOf } from "./kept.js";
import {
  announce, below, button, commentOf, complain, counted, dressOwn, find, foldOf, headingOf, made,
  rootsOf, send, tell,
} from "./page.js";
import { signIn } from "./signing.js";
import { enter, isVouched } from "./vouching.js";
import { leave, renew } from "./weaving.js";

const NEAR = 200; // characters before the limit, from where on they are counted down
const ROWS = 24;

/* Unfold a form in its place, or go to it. `comment` is what is answered, edited and so on. */
export const unfold = (thread, kind, comment) => {
  const place = comment ? `${kind}:${comment.dataset.comment}` : kind;
  const known = thread.root.querySelector(`form[data-place="${place}"]`);
  if (known) return known;
  const isText = kind === "write" || kind === "reply" || kind === "edit";
  const template = thread.view.querySelector(`template[data-form=${isText ? "write" : kind}]`);
  const form = document.importNode(template.content, true).querySelector("form");
  form.dataset.place = place;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(thread, form);
  });
  form.addEventListener("keydown", (event) => pressed(thread, form, event));
  form.addEventListener("click", (event) => clicked(thread, form, event));
  if (isText) fill(thread, form, kind, comment);
  setIn(thread, form, kind, comment);
  if (isText) measure(thread, form);
  return form;
};

/* Not `elements.body`, which a property on Object.prototype would hide. */
const fieldOf = (form, name) => form.elements.namedItem(name);

export const focusIn = (form) => {
  const field = form.querySelector("textarea[name=body], input[type=radio]") || form.querySelector("button");
  field.focus();
};

const setIn = (thread, form, kind, comment) => {
  if (kind === "write") {
    const start = thread.view.querySelector(":scope > .start");
    start.hidden = true;
    start.after(form);
  } else if (kind === "edit") {
    comment.querySelector(".body").hidden = true;
    comment.querySelector(".body").after(form);
  } else comment.after(form);
};

const fill = (thread, form, kind, comment) => {
  const draft = draftOf(thread, form.dataset.place);
  const area = fieldOf(form, "body");
  area.value = draft ? draft.text : (kind === "edit" && thread.me.editable[comment.dataset.comment]) || "";
  if (kind === "reply") form.querySelector(".label").textContent = thread.words.reply;
  area.addEventListener("input", () => typed(thread, form));
  area.parentElement.after(made("p", "", { className: "do names" }));
  if (draft) keepDraft(thread, form.dataset.place, { ...draft, isOpen: true });
  label(thread, form);
};

/* The words on the button, which say whether one must sign in first. */
export const label = (thread, form) => {
  const [kind] = form.dataset.place.split(":");
  const isKnown = Boolean(tokenOf(thread.site));
  const main = form.querySelector("[data-send]");
  main.dataset.words ||= main.textContent;
  const words = { write: main.dataset.words, reply: thread.words.postReply, edit: thread.words.save };
  if (!words[kind]) return;
  const guest = form.querySelectorAll("[data-guest]");
  for (const part of guest) part.hidden = isKnown || kind === "edit";
  main.textContent = isKnown || kind === "edit" || guest.length ? words[kind] : thread.words.signInToPost;
  form.querySelector("[data-do=preview]").hidden = !isKnown;
};

/* The key goes with the words: a text that was sent and then changed is another one. */
const typed = (thread, form) => {
  const { place } = form.dataset;
  const text = fieldOf(form, "body").value;
  const old = draftOf(thread, place);
  const key = old && !old.isSent ? old.key : random();
  keepDraft(thread, place, text.trim() ? { text, key, isOpen: true } : null);
  form.querySelector("[data-seen]").hidden = true;
  measure(thread, form);
  suggest(thread, form);
};

/* Whose name is begun behind an @, among the people that the page shows. */
const suggest = (thread, form) => {
  const area = fieldOf(form, "body");
  const end = area.selectionStart;
  const found = /(^|[\s(])@([^@\n]{0,40})$/.exec(area.value.slice(Math.max(0, end - 42), end));
  const names = new Map();
  const begun = found && found[2].toLowerCase();
  for (const { textContent: name } of found ? thread.root.querySelectorAll(".by .name") : []) {
    if (names.size === 5 || !name.toLowerCase().startsWith(begun) || name.toLowerCase() === begun) continue;
    names.set(name, button(name, "", { onclick: () => {
      area.setRangeText(`${name} `, end - begun.length, end, "end");
      area.focus();
      typed(thread, form);
    } }));
  }
  form.querySelector(".names").replaceChildren(...names.values());
};

const measure = (thread, form) => {
  const area = fieldOf(form, "body");
  const line = form.querySelector("[data-left]");
  let left = Number(area.dataset.most);
  for (const _ of area.value.trim()) left -= 1;
  const { over, left: some } = thread.words;
  line.textContent = left > NEAR ? "" : counted(thread, left < 0 ? over : some, Math.abs(left));
  if (left < 0 && !line.classList.contains("over")) announce(thread, line.textContent);
  line.classList.toggle("over", left < 0);
  while (area.scrollHeight > area.clientHeight + 4 && area.rows < ROWS) area.rows += 1;
};

const pressed = (thread, form, event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(thread, form);
  else if (event.key === "Escape") fold(thread, form);
  else return;
  event.preventDefault();
};

const clicked = (thread, form, event) => {
  const pressed = event.target.closest("[data-do]");
  if (!pressed) return;
  if (pressed.dataset.do === "cancel") fold(thread, form);
  else if (pressed.dataset.do === "enter") submit(thread, form, signIn);
  else preview(thread, form);
};

/* Put a form away and go back to where it came from; what was typed is there when it comes again. */
const fold = (thread, form) => {
  const [kind, id] = form.dataset.place.split(":");
  const draft = draftOf(thread, form.dataset.place);
  if (draft) keepDraft(thread, form.dataset.place, { ...draft, isOpen: false });
  remove(thread, form);
  const from = id ? find(thread, id).querySelector(`[data-act=${kind}]`) : thread.view.querySelector(".write");
  (from || headingOf(thread)).focus();
};

const remove = (thread, form) => {
  const [kind, id] = form.dataset.place.split(":");
  form.remove();
  const start = thread.view.querySelector(":scope > .start");
  if (kind === "write" && start) start.hidden = false;
  if (kind === "edit") find(thread, id).querySelector(".body").hidden = false;
};

const preview = async (thread, form) => {
  const body = { __proto__: null, site: thread.site, body: fieldOf(form, "body").value };
  const call = await sent(thread, form, ["POST", "/api/v1/preview", body], () => preview(thread, form));
  if (!call) return;
  const seen = form.querySelector("[data-seen]");
  seen.hidden = false;
  seen.querySelector(".body").replaceChildren(...call.response.querySelector("[data-preview]").childNodes);
  announce(thread, seen.querySelector(".body").textContent);
};

/* Send, and answer with the call if it went well; else say beside the form what to do. */
const sent = async (thread, form, request, again) => {
  const main = form.querySelector("[data-send]");
  if (form.hasAttribute("aria-busy")) return null;
  form.setAttribute("aria-busy", "true");
  main.setAttribute("aria-disabled", "true");
  tell(thread, form);
  const call = await send(thread, ...request).catch(() => null);
  form.removeAttribute("aria-busy");
  main.removeAttribute("aria-disabled");
  if (call && call.status < 300) return call;
  if (call && call.status === 401) await askAgain(thread, form, again);
  else complain(thread, form, call);
  return null;
};

const askAgain = async (thread, form, again) => {
  const resume = async () => {
    await thread.identify(thread);
    return again();
  };
  if (isVouched(thread) && await enter(thread, true)) return resume();
  keepToken(thread.site, "");
  thread.forget(thread);
  const go = async () => (await signIn(thread, form)) && resume();
  return tell(thread, form, thread.words.expired, button(thread.words.signIn, "", { onclick: go }));
};

/* Whoever has no account, where the site takes guests: the answer tells once how they come back. */
const visit = async (thread, form) => {
  const body = { __proto__: null, site: thread.site };
  for (const name of ["name", "email"]) body[name] = fieldOf(form, name).value;
  form.dataset.key ||= random(); // an answer that was lost made a guest already
  const call = await sent(thread, form, ["POST", "/api/v1/guests", body, form.dataset.key]);
  if (!call) return false;
  thread.way = call.response.querySelector("[data-token]");
  keepToken(thread.site, thread.way.dataset.token);
  return true;
};

const submit = async (thread, form, come = fieldOf(form, "name") ? visit : signIn) => {
  const [kind, id] = form.dataset.place.split(":");
  if (kind === "report" && !fieldOf(form, "reason").value) return tell(thread, form, thread.words.reason);
  if (!tokenOf(thread.site)) {
    if (!await come(thread, form)) return null;
    // What is read of them before they post must not come after, and take that off the page.
    await thread.identify(thread);
  }
  return SENDING[kind](thread, form, id);
};

/* What a page says of its article only fills blanks, and must not keep anybody from posting. */
const factsOf = ({ slot, site, article, url }) => {
  const facts = { __proto__: null, site, article };
  const [title, section] = [slot.dataset.title, slot.dataset.section];
  const published = new Date(slot.dataset.published || NaN);
  if (/^https?:/.test(url) && url.length <= 2000) facts.url = url;
  if (title) facts.title = title.trim().slice(0, 300);
  if (section) facts.section = section.trim().slice(0, 120);
  if (!Number.isNaN(published.getTime())) facts.published_at = published.toISOString();
  return facts;
};

const post = async (thread, form, parent) => {
  const { place } = form.dataset;
  const text = fieldOf(form, "body").value;
  const draft = draftOf(thread, place) || { text, key: random() };
  keepDraft(thread, place, { ...draft, isSent: true });
  const body = factsOf(thread);
  body.body = text;
  if (parent) body.parent = Number(parent);
  if (fieldOf(form, "website").value) body.website = fieldOf(form, "website").value;
  const request = ["POST", "/api/v1/comments", body, draft.key];
  const call = await sent(thread, form, request, () => post(thread, form, parent));
  if (!call) return;
  keepDraft(thread, place, null);
  remove(thread, form);
  show(thread, call, parent);
};

const edit = async (thread, form, id) => {
  const body = { __proto__: null, body: fieldOf(form, "body").value };
  const call = await sent(thread, form, ["PATCH", `/api/v1/comments/${id}`, body], () => edit(thread, form, id));
  if (!call) return;
  keepDraft(thread, form.dataset.place, null);
  remove(thread, form);
  show(thread, call);
};

/* Show one's own comment as the answer draws it, and go to it. */
const show = async (thread, call, parent) => {
  const item = call.response.querySelector("li");
  const fresh = commentOf(item);
  const { comment: id, status } = fresh.dataset;
  const there = find(thread, id);
  if (there) renew(thread, there, fresh);
  else {
    const above = parent && find(thread, parent);
    const list = above ? below(thread, above.closest("li")) : rootsOf(thread.view);
    if (above || thread.sort === "oldest") list.append(item);
    else list.prepend(item);
    thread.dress(item, thread.view.lang);
    dressOwn(thread, fresh);
  }
  const comment = find(thread, id);
  if (status !== "published") comment.closest("li").dataset.own = "";
  if (thread.way) comment.after(thread.way);
  thread.way = null;
  thread.mark(thread, comment);
  announce(thread, saidIn(call));
  await follow(thread);
};

const saidIn = (call) => call.response.querySelector("[data-said]").textContent;

/* See what else changed: the number of comments, and what may be edited now. A cache may still hold
   the page as it was before, and an answer that is on its way may be older than what was written. */
const follow = async (thread) => {
  thread.writes += 1;
  const isNew = await thread.compare(thread, { fresh: random() }).catch(() => false);
  if (!isNew) await thread.identify(thread);
};

const erase = async (thread, form, id) => {
  const call = await sent(thread, form, ["DELETE", `/api/v1/comments/${id}`], () => erase(thread, form, id));
  if (!call) return;
  remove(thread, form);
  const item = find(thread, id).closest("li");
  if (foldOf(item)) {
    renew(thread, find(thread, id), commentOf(call.response.querySelector("li")));
    find(thread, id).focus();
  } else {
    const next = item.nextElementSibling || item.previousElementSibling;
    leave(thread, item);
    (next ? commentOf(next) : headingOf(thread)).focus();
  }
  announce(thread, thread.words.deleted);
  await follow(thread);
};

const report = async (thread, form, id) => {
  const body = { __proto__: null, reason: fieldOf(form, "reason").value, text: fieldOf(form, "text").value };
  const path = `/api/v1/comments/${id}/reports`;
  const call = await sent(thread, form, ["POST", path, body], () => report(thread, form, id));
  if (!call) return;
  remove(thread, form);
  const note = made("p", thread.words.reported, { className: "state" });
  note.dataset.mine = "";
  find(thread, id).append(note);
  find(thread, id).focus();
  announce(thread, thread.words.reported);
};

const SENDING = { write: post, reply: post, edit, delete: erase, report };

/* The drafts that lay open when the page was left. */
export const reopen = (thread) => {
  for (const place of placesOf(thread)) {
    const [kind, id] = place.split(":");
    const comment = id ? find(thread, id) : null;
    const isPossible = kind === "edit"
      ? Boolean(thread.me) && Object.hasOwn(thread.me.editable, id)
      : Boolean(thread.view.querySelector(":scope > .start"));
    if (draftOf(thread, place).isOpen && isPossible && (!id || comment)) unfold(thread, kind, comment);
  }
};
