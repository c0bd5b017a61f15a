/* The articles that people talk about, on any page of the publisher. */

import style from "./articles-style.js";

const own = new CSSStyleSheet();
own.replaceSync(style);

/* What stands in the slot stays where the list can't be had. */
export const fill = async (slot, { home, sheet, ask, given, dress }) => {
  const query = new URLSearchParams();
  const wanted = {
    __proto__: null, site: given(slot, "site"), order: given(slot, "order"),
    limit: given(slot, "limit"), locale: slot.lang,
  };
  for (const name in wanted) if (wanted[name]) query.set(name, wanted[name]);
  const { response } = await ask(`/embed/articles?${query}`, "document");
  const list = response.querySelector(".articles");
  const root = slot.attachShadow({ __proto__: null, mode: "open" });
  root.adoptedStyleSheets = [sheet, own];
  dress(list, list.lang);
  root.append(list);
};
