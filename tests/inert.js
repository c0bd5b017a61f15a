/* In every page that a Watch opens: tells what runs, and says what the page is made of. */
(() => {
  "use strict";

  const TEXTS = ".body, .words, .prose, .panel > [dir=auto]";
  const IN_TEXTS = "a b blockquote br code del em i li ol p pre q s strong sub sup ul".split(" ");
  const ON_TEXTS = ["a href", "a rel", "ol start"];
  const REL = "nofollow ugc noopener noreferrer";
  const NOWHERE = `applet, audio, base, embed, frame, iframe, img, marquee, math, meta[http-equiv],
    object, picture, source, style, svg, track, video`;
  const ADDRESSES = ["action", "background", "cite", "data", "formaction", "href", "ping", "poster",
    "src", "srcset", "xlink:href"];

  const tell = (what) => window.tellOfPage(`${what} ran`);
  for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => tell(name);
  Object.defineProperty(window, "__pwned", { set: () => tell("a script") });

  const parsed = (html) => {
    const { body } = document.implementation.createHTMLDocument("");
    body.innerHTML = html;
    return body.innerHTML;
  };

  const target = (element, name) => {
    const address = element.getAttribute(name) ?? "";
    return URL.canParse(address, location.href) ? new URL(address, location.href) : location;
  };

  const faults = function* (element, origins) {
    const tag = element.localName;
    const isOurs = (name) => origins.includes(target(element, name).origin);
    const isInText = Boolean(element.parentElement?.closest(TEXTS));
    if (element.matches(NOWHERE)) yield "element";
    if (tag === "script" && !element.type.endsWith("json") && !isOurs("src")) yield "script";
    if (tag === "form" && !isOurs("action")) yield "form";
    if (isInText && !IN_TEXTS.includes(tag)) yield "element of a text";
    if (isInText && tag === "a" && element.rel !== REL) yield "link that vouches";
    for (const { name } of element.attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc") yield "attribute";
      if (isInText && !ON_TEXTS.includes(`${tag} ${name}`)) yield "attribute of a text";
      if (ADDRESSES.includes(name) && !/^(https?|mailto):$/.test(target(element, name).protocol)) {
        yield "address";
      }
    }
    if (element.matches(TEXTS) && parsed(element.innerHTML) !== element.innerHTML) yield "unstable";
  };

  const look = (origins) => {
    const seen = { found: [], texts: [], names: [], said: [] };
    const walk = (root) => {
      for (const element of root.querySelectorAll("*")) {
        for (const fault of faults(element, origins)) {
          seen.found.push(`${fault}: ${element.outerHTML.slice(0, 200)}`);
        }
        if (element.matches(TEXTS) && element.innerHTML) seen.texts.push(element.innerHTML);
        if (element.matches(".name bdi, bdi.name")) seen.names.push(element.textContent);
        if (typeof element.value === "string") seen.said.push(element.value);
        for (const { value } of element.attributes) seen.said.push(value);
        for (const { nodeType, data } of element.childNodes) if (nodeType === 3) seen.said.push(data);
        if (element.shadowRoot) walk(element.shadowRoot);
        if (element.content instanceof DocumentFragment) walk(element.content);
      }
    };
    walk(document);
    return seen;
  };

  window.inert = { look, parsed };
})();
